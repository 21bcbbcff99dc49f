"""Documents made to break readers of feeds: each ends as it is stated, and the worker serves the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from feed_server import item, rss
from hostile_documents import DOCUMENTS, Hostile

from connectors.feed_xml import ParsedFeed, parse_feed
from connectors.worker_process import Worker
from pipeline.ports import Rejected

NOW = datetime(2017, 11, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    # Time enough for a machine that is busy with other things: what is tested is how reading ends.
    with Worker(time_limit=60) as one:
        yield one


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_ends_as_stated(worker: Worker, name: str) -> None:
    hostile = DOCUMENTS[name]
    if hostile.takes_its_time:
        with Worker(time_limit=1.0) as impatient:
            check(hostile, impatient)
    else:
        check(hostile, worker)


def check(hostile: Hostile, worker: Worker) -> None:
    if hostile.articles is None:
        with pytest.raises(Rejected) as refused:
            parsed(hostile.body(), worker)
        assert hostile.told in str(refused.value)
    else:
        feed = parsed(hostile.body(), worker)
        assert len(feed.entries) == hostile.articles
        assert hostile.told in " ".join(one.reason for one in feed.skipped)
        words = "".join(article.title + article.text for article in feed.entries)
        assert "root:" not in words and "haha" not in words
        assert all(len(article.title) <= 1_000 and len(article.text) <= 200_000 for article in feed.entries)
    assert len(parsed(rss(item("خبر")).encode(), worker).entries) == 1


def parsed(body: bytes, worker: Worker) -> ParsedFeed:
    return parse_feed(body, url="https://outlet.example/feed.xml", outlet="س", fetched=NOW, worker=worker)


def test_a_part_that_is_too_much_for_the_parser_costs_no_other_entry(worker: Worker) -> None:
    heavy = "<item><title>ثقيل</title>" + "<category>x</category>" * 20_000 + "</item>"
    document = rss(item("قبل", "/1"), heavy, item("بعد", "/2"))
    feed = parsed(document.encode(), worker)
    assert [article.title for article in feed.entries] == ["قبل", "بعد"]
    assert feed.skipped[0].where == "entry 2 of https://outlet.example/feed.xml"
    assert "it holds 40,00" in feed.skipped[0].reason


def test_a_head_that_is_too_much_for_the_parser_is_a_reason(worker: Worker) -> None:
    document = rss(item("خبر")).replace("<item>", "<category>x</category>" * 20_000 + "<item>", 1)
    with pytest.raises(Rejected, match="before its first entry it holds"):
        parsed(document.encode(), worker)
