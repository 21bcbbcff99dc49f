"""Feeds like those of outlets, damaged in ways that depend on a seed alone, and what reading them comes to."""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from connectors.feed_xml import parse_feed
from connectors.worker_process import TIME_LIMIT, Worker
from pipeline.ports import Rejected

NOW = datetime(2017, 11, 14, tzinfo=UTC)
URL = "https://outlet.example/feeds/all"

_RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>وكالة الأنباء</title><link>https://outlet.example/</link>
<item><title>معارك قرب الميادين &amp; غارات</title><link>/news/2</link><guid>https://outlet.example/?p=2</guid>
<pubDate>13 تشرين الثاني 2017 10:22 م</pubDate><description>قال &lt;b&gt;ناشطون&lt;/b&gt;&#160;إن.</description>
</item></channel></rss>"""
_RSS_WITH_MORE = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>وكالة</title>
<item><title><![CDATA[الجيش ينفي انسحابه من البوكمال]]></title><link>https://outlet.example/news/1?a=1&amp;b=2</link>
<guid isPermaLink="false">tag:outlet.example,2017:1</guid><pubDate>Mon, 13 Nov 2017 10:22:05 +0300</pubDate>
<dc:creator><![CDATA[<desk@outlet.example>]]></dc:creator><category>سوريا</category><description>ملخص</description>
<content:encoded><![CDATA[<p>نفى قائد القوات انسحاب الجيش.</p><img src="/1.jpg"><!-- x -->]]></content:encoded>
<media:content url="https://cdn.outlet.example/1.jpg"><media:title>صورة</media:title></media:content>
</item></channel></rss>"""
_ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar" xml:base="https://outlet.example/"><title>وكالة</title>
<link rel="self" href="/feed"/><id>urn:x:1</id>
<entry><title type="html">الجيش &lt;i&gt;ينفي&lt;/i&gt;</title><link rel="alternate" href="news/1"/><id>urn:x:1:1</id>
<published>2017-11-13T10:22:05+02:00</published><author><name>مراسل</name></author><summary>ملخص الخبر</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>نفى.</p></div></content></entry></feed>"""
_RDF = """<?xml version="1.0" encoding="windows-1256"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://outlet.example/"><title>وكالة</title></channel>
<item rdf:about="https://outlet.example/news/1"><title>الجيش ينفي انسحابه</title>
<link>https://outlet.example/news/1</link><description>نفى قائد القوات.</description>
<dc:date>2017-11-13T10:22:05+03:00</dc:date></item></rdf:RDF>"""
_JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "وكالة", "home_page_url": "https://outlet.example/",
"items": [{"id": "1", "url": "/news/1", "title": "الجيش ينفي", "content_html": "<p>نفى قائد القوات.</p>",
"date_published": "2017-11-13T10:22:05+03:00", "authors": [{"name": "مراسل"}], "tags": ["سوريا"]},
{"id": 2, "external_url": "https://outlet.example/news/2", "content_text": "خبر آخر", "summary": "ملخص"}]}"""
_SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://outlet.example/news/1</loc><news:news><news:publication><news:name>وكالة</news:name>
</news:publication><news:publication_date>2017-11-13</news:publication_date><news:title>الجيش ينفي</news:title>
</news:news></url></urlset>"""
# Most outlets send RSS. One entry is enough: what breaks an entry is what is looked for.
_DOCUMENTS = (_RSS, _RSS, _RSS, _RSS, _RSS_WITH_MORE, _RSS_WITH_MORE, _ATOM, _ATOM, _RDF, _JSON, _SITEMAP)
_CODECS = ("utf-8",) * 12 + ("cp1256", "utf-16", "utf-16-le", "iso8859-6", "utf-8-sig")
_PIECES = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *("<", ">", "&", '"', "'", "/", "=", "]]>", "<![CDATA[", "<!--", "-->", "--", "<?", "?>", "<?xml"),
        *("<!DOCTYPE", "<!DOCTYPE r [<!ENTITY a 'b'>]>", "<!ENTITY", "&a;", "&amp;amp;", "&#x110000;", "&#0;", "&;"),
        *("&#xD800;", "&#xFFFE;", "&nbsp;", "&#99999999999999999999;", "&#x;", "\\u0000", "\0", "\x0b", "\x1b"),
        *("\x85", "\ufffe", "\ud800", "\u202e", "\u2066", "\u200f", "\ufeff", "\U000e0041", "ط§ظ„", "Ø§Ù„", "ÇáÌíÔ"),
        *("xmlns=''", "xmlns:x='y'", "xml:base='http://['", "type='image/png'", "mode='base64'", "rel='enclosure'"),
        *("isPermaLink='true'", "rdf:about=''", "encoding='undefined'", "encoding='utf-16'", "encoding='idna'"),
        *("<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<rss>", "</rss>", "<channel>", "</feed>"),
        *("<link>http://[::1</link>", "<link href='http://['/>", "<link>javascript:1</link>", "<guid>http://[</guid>"),
        *("<link>//x:99999999/</link>", "<author>((a@b.c", "<author>" + "a." * 200, "<pubDate>+9999</pubDate>"),
        *("<itunes:image href='::'/>", "<georss:point>1 x</georss:point>", "<gml:posList>1</gml:posList>"),
        *("<media:thumbnail/>", "<psc:chapter start='x'/>", "<script>", "<svg>", "<a" * 50, "<b>" * 300, "[" * 300),
        *('{"a":' * 50, "1e999", "NaN", "9" * 400, '"items": [', "\\ud800", "null", "%", "%00", "\r", "\r\n\r\n"),
    )
)


def mutated(seed: int) -> tuple[bytes, str]:
    """The seed's document and the content type that it is sent under."""
    chance = random.Random(seed)
    text = chance.choice(_DOCUMENTS)
    body = bytearray(text.encode(chance.choice(_CODECS), "replace"))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 12))):
        chance.choice(_MUTATIONS)(body, chance)
    types = ("", "text/xml", "application/rss+xml; charset=utf-8", "text/xml; charset=windows-1256", "text/html")
    return bytes(body), chance.choice(types)


def _insert(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    body[place:place] = chance.choice(_PIECES)


def _replace(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    body[place : place + chance.randrange(40)] = chance.choice(_PIECES)


def _flip(body: bytearray, chance: random.Random) -> None:
    if body:
        body[chance.randrange(len(body))] = chance.randrange(256)


def _delete(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    del body[place : place + chance.choice((1, 3, 30, 300))]


def _repeat(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    part = bytes(body[place : place + chance.choice((1, 5, 50, 500))])
    body[place:place] = part * chance.choice((1, 2, 30))


def _move(body: bytearray, chance: random.Random) -> None:
    place, length = chance.randrange(len(body) + 1), chance.choice((1, 10, 100))
    part = bytes(body[place : place + length])
    del body[place : place + length]
    place = chance.randrange(len(body) + 1)
    body[place:place] = part


def _cut(body: bytearray, chance: random.Random) -> None:
    del body[chance.randrange(len(body) + 1) :]


def _swap_names(body: bytearray, chance: random.Random) -> None:
    """One name of the vocabulary in place of another, everywhere or once."""
    old, new = chance.sample(_NAMES, 2)
    body[:] = bytes(body).replace(old, new, chance.choice((1, -1)))


_NAMES = tuple(
    b"item entry title link guid id pubDate description channel rss feed content author summary updated category url"
    b" news rdf:RDF type href".split()
)
_MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_insert, _insert, _insert, _replace, _replace, _flip, _flip, _delete, _repeat, _move, _swap_names, _swap_names),
    _cut,
)


def measured(options: argparse.Namespace) -> dict[str, object]:
    """`--count` feeds from the seed `--start` on, each read as the product reads a feed, in one worker process.

    `refused` counts those that were no longer a feed and were told so in words, `parser_failed` those on which the
    parser raised, `parser_ended` those that cost the worker its life; `uncaught` holds what was raised beside
    `Rejected` and `hangs` what took longer than the worker may: both have to be empty.
    """
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    uncaught: dict[int, str] = {}
    hangs: list[int] = []
    slowest = (0.0, -1)
    begun = time.monotonic()
    with Worker() as worker:
        for seed in range(options.start, options.start + options.count):
            body, content_type = mutated(seed)
            started = time.monotonic()
            counts[_outcome(body, content_type, worker, failures, uncaught, seed)] += 1
            took = time.monotonic() - started
            slowest = max(slowest, (took, seed))
            if took > TIME_LIMIT + 5:
                hangs.append(seed)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "start": options.start,
        "feeds": options.count,
        **{name: counts[name] for name in ("read", "refused", "parser_failed", "parser_ended")},
        "uncaught": uncaught,
        "hangs": hangs,
        "slowest_s": round(slowest[0], 2),
        "slowest_seed": slowest[1],
        "failures": dict(failures.most_common(20)),
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in usage)),
        "wall_s": round(time.monotonic() - begun),
    }


def _outcome(
    body: bytes, content_type: str, worker: Worker, failures: Counter[str], uncaught: dict[int, str], seed: int
) -> str:
    try:
        parse_feed(body, url=URL, outlet="وكالة", fetched=NOW, content_type=content_type, worker=worker)
    except Rejected as refusal:
        reason = str(refusal)
        if "parser failed" in reason:
            failures[reason[:80]] += 1
            return "parser_failed"
        if reason.startswith(("it took more", "it grew", "the process that reads it")):
            failures[reason[:80]] += 1
            return "parser_ended"
        return "refused"
    except Exception as problem:  # noqa: BLE001  that there is none is what is measured
        uncaught[seed] = f"{type(problem).__name__}: {problem}"[:200]
        return "uncaught"
    return "read"
