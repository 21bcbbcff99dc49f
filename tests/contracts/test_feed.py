"""What every `Feed` promises, tried on each adapter over the same three articles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from feed_server import FeedServer, item, rss

from connectors.feed_http import HttpFeed
from connectors.feed_xml import FileFeed
from connectors.http_fetch import Fetcher
from connectors.public_addresses import networks
from connectors.recorded import RecordedFeed
from pipeline.ports import Feed, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
OUTLET = "عنب بلدي"


@dataclass(frozen=True)
class Report:
    title: str
    url: str
    published: datetime | None


REPORTS = [
    Report("الجيش السوري ينسحب من البوكمال", "https://outlet.example/1", NOW - timedelta(hours=20)),
    Report("قائد القوة الروسية ينفي الانسحاب", "https://outlet.example/2", NOW - timedelta(hours=10)),
]
ANOTHER = Report("قناة حميميم تقر بالانسحاب", "https://outlet.example/3", NOW - timedelta(hours=1))


@dataclass(frozen=True)
class Source:
    """A feed together with the two hands that change what it shows: `show` reports, or `hide` it altogether."""

    feed: Feed
    show: Callable[[list[Report], bool], None]
    hide: Callable[[], None]


@pytest.fixture(params=["recorded", "file", "http"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    if request.param == "recorded":
        path = tmp_path / "articles.jsonl"
        yield Source(
            RecordedFeed(path), lambda reports, bad: path.write_text(_json_lines(reports, bad)) and None, path.unlink
        )
    elif request.param == "file":
        path = tmp_path / "feed.xml"
        yield Source(
            FileFeed(path, OUTLET), lambda reports, bad: path.write_text(_rss(reports, bad)) and None, path.unlink
        )
    else:
        with FeedServer() as server:
            yield Source(
                HttpFeed(OUTLET, f"{server.url}/feed", fetcher=Fetcher(allowed=networks(["127.0.0.0/8"]))),
                lambda reports, bad: server.documents.update({"/feed": _rss(reports, bad)}),
                server.documents.clear,
            )


def test_all_that_the_source_shows_is_returned(source: Source) -> None:
    source.show(REPORTS, False)
    poll = source.feed.poll("", NOW)
    assert [(article.title, article.url, article.published) for article in poll.articles] == [
        (report.title, report.url, report.published) for report in REPORTS
    ]
    assert {article.outlet for article in poll.articles} == {OUTLET}
    assert not poll.skipped


def test_times_are_aware_and_fetched_is_the_time_of_the_poll(source: Source) -> None:
    source.show(REPORTS, False)
    for article in source.feed.poll("", NOW).articles:
        assert article.published.tzinfo is UTC
        assert article.fetched == NOW


def test_what_is_unchanged_may_be_left_out_but_a_new_article_is_never_lost(source: Source) -> None:
    source.show(REPORTS, False)
    first = source.feed.poll("", NOW)
    unchanged = source.feed.poll(first.memory, NOW)
    assert {article.id for article in unchanged.articles} <= {article.id for article in first.articles}
    source.show([*REPORTS, ANOTHER], False)
    later = source.feed.poll(unchanged.memory, NOW)
    assert ANOTHER.title in [article.title for article in later.articles]


def test_an_article_keeps_its_id_from_poll_to_poll(source: Source) -> None:
    source.show(REPORTS, False)
    first = source.feed.poll("", NOW)
    again = source.feed.poll("", NOW + timedelta(hours=1))
    assert [article.id for article in first.articles] == [article.id for article in again.articles]


def test_an_empty_memory_shows_everything_again(source: Source) -> None:
    source.show(REPORTS, False)
    source.feed.poll("", NOW)
    assert len(source.feed.poll("", NOW).articles) == len(REPORTS)


def test_a_memory_that_is_not_its_own_costs_nothing(source: Source) -> None:
    source.show(REPORTS, False)
    for memory in ("nonsense", "[]", "{}", "null", '{"url": 3}', '{"url": "x", "etag": []}', "\x00"):
        assert len(source.feed.poll(memory, NOW).articles) == len(REPORTS)


def test_one_bad_entry_never_costs_its_neighbours(source: Source) -> None:
    source.show(REPORTS, True)
    poll = source.feed.poll("", NOW)
    assert [article.title for article in poll.articles] == [report.title for report in REPORTS]
    (skipped,) = poll.skipped
    assert skipped.where and skipped.reason


def test_a_source_that_is_away_is_unreachable_and_comes_back(source: Source) -> None:
    source.show(REPORTS, False)
    source.hide()
    with pytest.raises(Unreachable) as caught:
        source.feed.poll("", NOW)
    assert str(caught.value)
    source.show(REPORTS, False)
    assert len(source.feed.poll("", NOW).articles) == len(REPORTS)


def test_the_name_tells_a_person_which_source_it_is(source: Source) -> None:
    assert "feed" in source.feed.name or "articles.jsonl" in source.feed.name


def test_an_article_without_a_date_is_dated_by_the_poll_and_says_so(tmp_path: Path) -> None:
    # Recorded articles must have a date, so this promise binds the feeds of XML alone.
    undated = rss(item("خبر بلا تاريخ", "https://outlet.example/9", published=""))
    path = tmp_path / "feed.xml"
    path.write_text(undated)
    with FeedServer() as server:
        server.documents["/feed"] = undated
        fetcher = Fetcher(allowed=networks(["127.0.0.0/8"]))
        for feed in (FileFeed(path, OUTLET), HttpFeed(OUTLET, f"{server.url}/feed", fetcher=fetcher)):
            (article,) = feed.poll("", NOW).articles
            assert (article.published, article.date_source) == (NOW, "assumed")


def _json_lines(reports: list[Report], bad: bool) -> str:
    lines = [
        json.dumps(
            {"outlet": OUTLET, "url": report.url, "title": report.title, "text": "", "published": str(report.published)}
        )
        for report in reports
    ]
    return "\n".join([*lines[:1], *(["{ not JSON"] if bad else []), *lines[1:]])


def _rss(reports: list[Report], bad: bool) -> str:
    items = [item(report.title, report.url, published=str(report.published)) for report in reports]
    return rss(*items[:1], *([item("", "https://outlet.example/empty")] if bad else []), *items[1:])
