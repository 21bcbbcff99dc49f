"""Documents of RSS and Atom as outlets send them: right, broken, mislabelled, and hostile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from feed_server import item, rss
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.clean_text import clean, text_of_markup
from connectors.feed_xml import FileFeed, ParsedFeed, parse_feed, path_of
from connectors.worker_process import Worker
from pipeline.ports import Rejected, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
URL = "https://outlet.example/feeds/all.xml"
SENTENCE = "أعلن الجيش السوري السيطرة على مدينة البوكمال في ريف دير الزور الشرقي"

Parse = Callable[..., ParsedFeed]


@pytest.fixture(scope="module")
def parse() -> Iterator[Parse]:
    with Worker() as worker:

        def run(document: str | bytes, content_type: str = "", url: str = URL) -> ParsedFeed:
            body = document.encode() if isinstance(document, str) else document
            return parse_feed(body, url=url, outlet="عنب بلدي", fetched=NOW, content_type=content_type, worker=worker)

        yield run


# Formats


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>وكالة</title><entry><id>tag:outlet.example,2017:1</id>
<title type="html">&lt;b&gt;انسحاب&lt;/b&gt; من البوكمال</title><link rel="alternate" href="/news/1"/>
<published>2017-11-13T10:00:00+02:00</published><updated>2017-11-13T20:00:00Z</updated>
<summary>ملخص</summary><content type="html">&lt;p&gt;النص الكامل&lt;/p&gt;</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>وكالة</title></channel>
<item rdf:about="https://outlet.example/news/1"><title>انسحاب من البوكمال</title>
<link>https://outlet.example/news/1</link><description>النص الكامل</description>
<dc:date>2017-11-13T10:00:00+02:00</dc:date></item></rdf:RDF>"""
RSS = rss(
    item(
        "انسحاب من البوكمال",
        "https://outlet.example/news/1",
        "ملخص",
        "Mon, 13 Nov 2017 10:00:00 +0200",
        content="<![CDATA[<p>النص الكامل</p>]]>",
    ),
    title="وكالة",
)


@pytest.mark.parametrize(("document", "format"), [(ATOM, "Atom 1.0"), (RDF, "RSS 1.0"), (RSS, "RSS 2.0")])
def test_each_format_gives_the_same_article(parse: Parse, document: str, format: str) -> None:
    feed = parse(document)
    (article,) = feed.entries
    assert (feed.format, feed.title, list(feed.skipped)) == (format, "وكالة", [])
    assert (article.title, article.url, article.text, article.published, article.date_source) == (
        "انسحاب من البوكمال",
        "https://outlet.example/news/1",
        "النص الكامل",
        datetime(2017, 11, 13, 8, tzinfo=UTC),
        "feed",
    )


def test_an_entry_without_content_is_known_to_be_a_summary(parse: Parse) -> None:
    feed = parse(rss(item("أ", "/1", "ملخص"), item("ب", "/2", content="<![CDATA[نص]]>")))
    assert [article.id in feed.summary_only for article in feed.entries] == [True, False]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("<!DOCTYPE html><html><body>عذراً</body></html>", "an HTML page"),
        ("<!-- x --><HTML>", "an HTML page"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "an HTML page"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "no JSON Feed"),
        ('{"items": []}', "no JSON Feed"),
        ("[1, 2", "begins as JSON and is none"),
        ("[" * 100_000, "nested too deeply"),
        ("الصفحة غير موجودة", "text, not XML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "text, not XML"),
        ("<opml><body/></opml>", "neither RSS nor Atom"),
        ("<urlset><url><loc>https://outlet.example/1</loc></url></urlset>", "no news:news"),
        ("<sitemapindex/>", "an index of sitemaps"),
        ("<", "no element of XML"),
        ("<" + "a" * 1_000_000, "no element of XML"),
        (b"x" * (15 * 1024 * 1024 + 1), "more than the 15,728,640"),
    ],
)
def test_what_is_no_feed_is_rejected_in_words(parse: Parse, document: str | bytes, words: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(document)
    assert words in str(caught.value)


def test_a_feed_without_entries_is_a_feed(parse: Parse) -> None:
    assert list(parse(rss()).entries) == []


@pytest.mark.parametrize(
    "before", ["\n\n  ", "\ufeff", "<br />Warning: mysql_connect() in /srv/x.php\n", "Notice: x\n"]
)
def test_what_a_server_prints_before_the_feed_is_passed_over(parse: Parse, before: str) -> None:
    assert len(parse(before + RSS).entries) == 1


@pytest.mark.parametrize(("document", "format"), [(RSS, "RSS 2.0"), (ATOM, "Atom 1.0")])
@pytest.mark.parametrize("broken", ["<rss <!-- ", "<?xml -- <feed", "<<<"])
def test_entries_survive_a_broken_beginning_and_that_is_told(
    parse: Parse, document: str, format: str, broken: str
) -> None:
    start = document.index("<item" if "<item" in document else "<entry")
    feed = parse(broken + document[start:])
    (article,) = feed.entries
    assert (feed.format, article.title) == (format, "انسحاب من البوكمال")
    assert feed.skipped[0].where == f"the beginning of {URL}"


def test_a_feed_cut_off_keeps_the_entries_that_arrived(parse: Parse) -> None:
    whole = rss(*(item(f"خبر {number}", f"/{number}") for number in range(5)))
    cut = whole[: whole.index("<title>خبر 4")]
    assert [article.title for article in parse(cut).entries] == [f"خبر {number}" for number in range(4)]


def test_one_entry_that_breaks_the_parser_costs_no_other(parse: Parse) -> None:
    feed = parse(rss(item("أ", "/1"), item("&#x110000;&#0;&#xD800; ب", "/2"), item("ج", "/3")))
    assert [article.url[-1] for article in feed.entries] == ["1", "2", "3"]


# Dates


@pytest.mark.parametrize(
    ("written", "moment", "source"),
    [
        ("الاثنين، 13 تشرين الثاني 2017 10:22 م", datetime(2017, 11, 13, 22, 22, tzinfo=UTC), "feed"),
        ("24 صفر 1439", datetime(2017, 11, 13, tzinfo=UTC), "hijri"),
        ("30 February 2017 10:00 GMT", NOW, "assumed"),
        ("Mon, 13 Nov 2203 10:22:05 GMT", NOW, "assumed"),
        ("أمس", NOW, "assumed"),
        ("", NOW, "assumed"),
    ],
)
def test_an_article_tells_where_its_date_comes_from(parse: Parse, written: str, moment: datetime, source: str) -> None:
    (article,) = parse(rss(item("خبر", "/1", published=written))).entries
    assert (article.published, article.date_source) == (moment, source)


# Identity and links


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/news/1", "https://outlet.example/news/1"),
        ("1?x=1&amp;y=2", "https://outlet.example/feeds/1?x=1&y=2"),
        ("//cdn.example/1", "https://cdn.example/1"),
        ("https://outlet.example/أخبار/1", "https://outlet.example/أخبار/1"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("https://[::1", ""),
        ("https://outlet.example/" + "x" * 3_000, ""),
    ],
)
def test_a_link_is_resolved_and_leads_to_the_web_or_nowhere(parse: Parse, link: str, url: str) -> None:
    feed = parse(rss(item("خبر", link, guid="g1")))
    (article,) = feed.entries
    assert article.url == url
    assert bool(feed.skipped) == (not url)


def test_a_file_resolves_links_against_the_outlets_front_page(parse: Parse) -> None:
    (article,) = parse(rss(item("خبر", "/news/1")), url="file:///srv/feed.xml").entries
    assert article.url == "https://outlet.example/news/1"


def test_an_article_keeps_its_id_when_guid_title_or_date_change(parse: Parse) -> None:
    before = parse(rss(item("عنوان", "https://outlet.example/1", guid="a")))
    after = parse(rss(item("عنوان آخر", "http://www.outlet.example/1/?utm_source=rss", published="", guid="b")))
    assert before.entries[0].id == after.entries[0].id


def test_entries_that_all_link_to_the_front_page_are_told_apart(parse: Parse) -> None:
    feed = parse(rss(*(item(f"خبر {number}", "https://outlet.example/") for number in range(3))))
    assert len({article.id for article in feed.entries}) == 3


def test_entries_of_a_live_page_are_told_apart_by_guid(parse: Parse) -> None:
    feed = parse(rss(*(item(f"خبر {number}", "/live", guid=f"g{number}") for number in range(3))))
    assert len({article.id for article in feed.entries}) == 3


def test_an_address_of_wordpress_names_an_article_although_its_path_is_the_front_page(parse: Parse) -> None:
    feed = parse(rss(item("أ", "https://outlet.example/?p=1"), item("ب", "https://outlet.example/?p=2")))
    changed = parse(rss(item("عنوان معدل", "https://outlet.example/?p=1")))
    assert changed.entries[0].id == feed.entries[0].id != feed.entries[1].id


def test_of_two_states_of_one_article_the_later_is_taken_and_the_other_reported(parse: Parse) -> None:
    feed = parse(
        rss(
            item("قديم", "/1", published="2017-11-13T08:00:00Z"),
            item("جديد", "/1", published="2017-11-13T09:00:00Z"),
        )
    )
    assert [article.title for article in feed.entries] == ["جديد"]
    assert len(feed.skipped) == 1


def test_articles_of_one_second_are_all_kept(parse: Parse) -> None:
    assert len(parse(rss(*(item(f"خبر {number}", f"/{number}") for number in range(50)))).entries) == 50


# Words


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("عنوان", "عنوان"),
        ("&lt;b&gt;عنوان&lt;/b&gt;", "عنوان"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;عنوان", "عنوان"),
        ("&amp;quot;عنوان&amp;quot; &amp;amp; آخر", '"عنوان" & آخر'),
        ("عن\u202eوا\u2066ن", "عنوان"),
        ("عن&#x202E;وان", "عنوان"),
        ("عن\x00\x08وان", "عنوان"),
        ("قال: \x93عنوان\x94", "قال: “عنوان”"),
        ("  عنوان \n طويل\t ", "عنوان طويل"),
        ("أقل من 5 &lt; 6", "أقل من 5 < 6"),
    ],
)
def test_a_title_is_one_line_of_clean_words(parse: Parse, markup: str, words: str) -> None:
    (article,) = parse(rss(item(markup, "/1", "نص"))).entries
    assert article.title == words


def test_markup_becomes_lines_of_text() -> None:
    markup = "<h2>عنوان</h2><p>سطر&nbsp;أول<br>سطر <b>ثان</b></p><style>p{}</style><ul><li>بند</li></ul>ذيل<!-- x -->"
    assert text_of_markup(markup) == "عنوان\nسطر أول\nسطر ثان\nبند\nذيل"


@given(st.text(max_size=200))
def test_clean_text_holds_nothing_that_hides_or_reorders(text: str) -> None:
    cleaned = clean(text)
    assert not set(cleaned) & {"\0", "\r", "\u202e", "\u2066", "\ufeff"}
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_what_exceeds_a_limit_is_cut_and_counted(parse: Parse) -> None:
    feed = parse(rss(item("ا" * 5_000, "/1", "ب" * 300_000), *(item(f"خبر {n}", f"/n{n}") for n in range(1_100))))
    assert (len(feed.entries), len(feed.entries[0].title), len(feed.entries[0].text)) == (1_000, 1_000, 200_000)
    reasons = " ".join(one.reason for one in feed.skipped)
    assert "101 entries are beyond the limit" in reasons
    assert "title is cut from 5,000" in reasons and "summary is cut from 300,000" in reasons


def test_an_entry_without_words_is_reported_by_its_number(parse: Parse) -> None:
    feed = parse(rss(item("أ", "/1"), item("", "/2"), item("ج", "/3")))
    assert len(feed.entries) == 2
    assert feed.skipped[0].where == f"entry 2 of {URL}"


# Mutated documents


PIECES = st.sampled_from(
    [
        "<",
        ">",
        "</item>",
        "<item>",
        "&#x110000;",
        "&x;",
        "<![CDATA[",
        "]]>",
        "\x00",
        "\ufffe",
        'xmlns="x"',
        "<title>",
        "<?xml",
        "<!--",
        "<!DOCTYPE",
        "<rss>",
        "</rss>",
        "\ud800",
        "&",
        '"',
        "<link href='http://['/>",
        "<author>((",
    ]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_document_gives_a_feed_or_a_reason(parse: Parse, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from([ATOM, RDF, RSS]))
    for _ in range(data.draw(st.integers(1, 4))):
        place, length = data.draw(st.integers(0, len(document))), data.draw(st.integers(0, 30))
        document = document[:place] + data.draw(PIECES) + document[place + length :]
    try:
        feed = parse(document.encode("utf-8", "surrogatepass"))
    except Rejected as refusal:
        assert "Traceback" not in str(refusal)
    else:
        for article in feed.entries:
            assert article.url == "" or article.url.startswith("http")


# Feeds in files


def test_a_file_that_is_away_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="nowhere"):
        FileFeed(tmp_path / "nowhere.xml", "س").poll("", NOW)


def test_a_file_that_is_no_feed_is_rejected_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<html></html>")
    with pytest.raises(Rejected, match=r"page\.html: this is an HTML page"):
        FileFeed(path, "س").poll("", NOW)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("feeds/a.xml", "feeds/a.xml"),
        ("/srv/a b.xml", "/srv/a b.xml"),
        ("file:///srv/a%20b.xml", "/srv/a b.xml"),
        ("file://localhost/srv/a.xml", "/srv/a.xml"),
        ("FILE:/srv/a.xml", "/srv/a.xml"),
    ],
)
def test_a_file_is_named_by_a_path_or_an_address(address: str, path: str) -> None:
    assert path_of(address) == Path(path)


@pytest.mark.parametrize("address", ["https://outlet.example/a", "file://server/share/a.xml", "ftp://x/a"])
def test_an_address_of_another_machine_is_no_file(address: str) -> None:
    with pytest.raises(ValueError, match="file"):
        path_of(address)
