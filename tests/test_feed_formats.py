"""JSON Feed, news sitemaps and the older dialects: each gives the entries that its standard says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from connectors.feed_entries import FeedDocument, read_feed
from connectors.worker_process import Worker
from pipeline.ports import Rejected

NOW = datetime(2017, 11, 14, tzinfo=UTC)
URL = "https://outlet.example/feeds/all"

Read = Callable[[str], FeedDocument]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    with Worker() as worker:
        yield lambda document: read_feed(document.encode(), url=URL, now=NOW, worker=worker)


def json_feed(*items: object, version: object = "https://jsonfeed.org/version/1.1", **more: object) -> str:
    return json.dumps({"version": version, "title": "وكالة", "items": items, **more}, ensure_ascii=False)


def test_a_json_feed_gives_its_entries(read: Read) -> None:
    item = {
        "id": "7",
        "url": "/news/1",
        "title": "انسحاب من البوكمال",
        "content_html": "<p>النص الكامل</p>",
        "summary": "ملخص",
        "date_published": "2017-11-13T10:00:00+02:00",
    }
    feed = read(json_feed(item, home_page_url="https://outlet.example/"))
    (entry,) = feed.entries
    assert (feed.format, feed.title, feed.home) == ("JSON Feed 1.1", "وكالة", "https://outlet.example/")
    assert (entry.guid, entry.link, entry.title) == ("7", "https://outlet.example/news/1", "انسحاب من البوكمال")
    assert (entry.text, entry.summary_only) == ("النص الكامل", False)
    assert entry.published == datetime(2017, 11, 13, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "field", "value"),
    [
        ({"id": 42}, "guid", "42"),
        ({"id": True}, "guid", ""),
        ({"external_url": "https://other.example/1"}, "link", "https://other.example/1"),
        ({"url": "javascript:alert(1)"}, "link", ""),
        ({"content_text": "سطر\nثان"}, "text", "سطر\nثان"),
        ({"summary": "ملخص"}, "summary_only", True),
        ({"title": ["قائمة"]}, "title", ""),
        ({"content_html": "نص <rss version='2.0'></rss> آخر"}, "text", "نص آخر"),
        ({"title": "عن\u202eوان\u0000"}, "title", "عنوان"),
        ({"date_modified": "2017-11-13T10:00:00Z"}, "published", datetime(2017, 11, 13, 10, tzinfo=UTC)),
        ({"date_published": "2017-02-30T10:00:00Z"}, "published", None),
        ({"date_published": 1510568525}, "published", datetime(2017, 11, 13, 10, 22, 5, tzinfo=UTC)),
    ],
)
def test_a_field_of_json_is_read_as_it_is_meant(read: Read, item: object, field: str, value: object) -> None:
    (entry,) = read(json_feed(item)).entries
    assert getattr(entry, field) == value


def test_an_item_of_json_that_is_no_object_costs_no_other(read: Read) -> None:
    feed = read(json_feed({"id": "1"}, "نص", None, {"id": "2"}))
    assert [entry.guid for entry in feed.entries] == ["1", "2"]
    assert [one.where for one in feed.skipped] == [f"entry 2 of {URL}", f"entry 3 of {URL}"]


@pytest.mark.parametrize("version", ["", None, "1.1", ["https://jsonfeed.org/version/1"]])
def test_json_of_another_kind_is_refused(read: Read, version: object) -> None:
    with pytest.raises(Rejected, match="no JSON Feed"):
        read(json_feed(version=version))


NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><!-- x -->
<url><loc> https://outlet.example/news/1 </loc><lastmod>2017-11-13T12:00:00Z</lastmod><news:news><news:publication>
<news:name>وكالة</news:name><news:language>ar</news:language></news:publication>
<news:publication_date>2017-11-13T10:00:00+02:00</news:publication_date>
<news:title>انسحاب من البوكمال &amp; نفي</news:title></news:news></url>
<url><loc>https://outlet.example/about</loc></url></urlset>"""


def test_a_news_sitemap_gives_its_entries_and_tells_of_pages_that_are_none(read: Read) -> None:
    feed = read(NEWS)
    (entry,) = feed.entries
    assert (feed.format, feed.title) == ("news sitemap", "وكالة")
    assert (entry.link, entry.title) == ("https://outlet.example/news/1", "انسحاب من البوكمال & نفي")
    assert (entry.published, entry.summary_only) == (datetime(2017, 11, 13, 8, tzinfo=UTC), True)
    assert [one.reason for one in feed.skipped] == ["1 of its pages are no news"]


def test_a_news_sitemap_without_its_namespaces_is_read(read: Read) -> None:
    document = '<urlset><url><loc>/1</loc><n:news xmlns:n="urn:x"><n:title>خبر</n:title></n:news></url></urlset>'
    assert [(entry.link, entry.title) for entry in read(document).entries] == [("https://outlet.example/1", "خبر")]


ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>وكالة</title><entry><title>خبر</title>
<link rel="alternate" type="text/html" href="https://outlet.example/1"/><id>tag:outlet.example,2017:1</id>
<issued>2017-11-13T10:00:00+02:00</issued><modified>2017-11-13T11:00:00Z</modified></entry></feed>"""
CDF = """<channel href="https://outlet.example/"><title>وكالة</title>
<item href="https://outlet.example/1" lastmod="2017-11-13T08:00"><title>خبر</title></item></channel>"""
RSS_091 = """<rss version="0.91"><channel><title>وكالة</title><item><title>خبر</title>
<link>https://outlet.example/1</link></item></channel></rss>"""
RSS_090 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>وكالة</title></channel><item><title>خبر</title><link>https://outlet.example/1</link></item></rdf:RDF>"""
ENTRY = """<entry xmlns="http://www.w3.org/2005/Atom"><id>tag:outlet.example,2017:1</id><title>خبر</title>
<link href="https://outlet.example/1"/><updated>2017-11-13T08:00:00Z</updated></entry>"""


@pytest.mark.parametrize(
    ("document", "format", "guid", "dated"),
    [
        (ATOM_03, "Atom 0.3", "tag:outlet.example,2017:1", True),
        (CDF, "CDF", "", True),
        (RSS_091, "RSS 0.91", "", False),
        (RSS_090, "RSS 0.90", "", False),
        (ENTRY, "Atom 1.0", "tag:outlet.example,2017:1", True),
    ],
)
def test_an_older_dialect_gives_its_entries(read: Read, document: str, format: str, guid: str, dated: bool) -> None:
    feed = read(document)
    (entry,) = feed.entries
    assert (feed.format, entry.title, entry.link, entry.guid) == (format, "خبر", "https://outlet.example/1", guid)
    assert entry.published == (datetime(2017, 11, 13, 8, tzinfo=UTC) if dated else None)


def test_elements_of_other_vocabularies_disturb_nothing(read: Read) -> None:
    document = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
    xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>وكالة</title>
    <item><title>خبر</title><itunes:title>غيره</itunes:title><media:title>صورة</media:title>
    <media:content url="https://cdn.example/1.jpg"><media:title>صورة</media:title></media:content>
    <link>https://outlet.example/1</link><media:group><media:text>كلام</media:text></media:group>
    <dc:date>2017-11-13T08:00:00Z</dc:date><description>نص</description><itunes:summary>غيره</itunes:summary>
    <enclosure url="https://cdn.example/1.mp3" type="audio/mpeg" length="1"/></item></channel></rss>"""
    (entry,) = read(document).entries
    assert (entry.title, entry.link, entry.summary) == ("خبر", "https://outlet.example/1", "نص")
    assert entry.published == datetime(2017, 11, 13, 8, tzinfo=UTC)
