"""robots.txt before an article's page: what each answer of its server means, and how often it is asked."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from feed_server import Document, FeedServer, item, rss

from connectors.article_pages import Pages
from connectors.feed_http import HttpFeed
from connectors.http_fetch import Fetcher, Limits
from connectors.public_addresses import networks
from connectors.robots import Robots
from connectors.worker_process import Worker
from pipeline.core.article import Article, make_article
from pipeline.ports import Rejected, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
FETCHER = Fetcher(Limits(seconds=2.0), networks(["127.0.0.0/8"]))
FORBIDDEN = "User-agent: *\nDisallow: /private/\n"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as one:
        yield one


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(time_limit=2.0) as one:
        yield one


def allowed(server: FeedServer, worker: Worker, path: str = "/private/1") -> bool:
    try:
        Robots(FETCHER, worker).delay(server.url + path, NOW)
    except Rejected:
        return False
    return True


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("", "/private/1", True),
        (FORBIDDEN, "/private/1", False),
        (FORBIDDEN, "/news/1", True),
        ("\ufeffUser-agent: *\r\nDisallow: /private/", "/private/1", False),
        ("User-agent: naqid\nDisallow: /\n\nUser-agent: *\nAllow: /", "/news/1", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Naqid\nAllow: /news/", "/news/1", True),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/public/", "/news/public/1", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /أخبار/", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1", False),
        ("<!DOCTYPE html><html><body>Not found</body></html>", "/private/1", True),
        (b"\xff\xfe\x00 no text at all \x00", "/private/1", True),
        ("User-agent: *\n" + "Disallow: /x\n" * 60_000 + "Disallow: /private/", "/private/1", True),
    ],
)
def test_the_rules_of_a_host_are_kept(
    server: FeedServer, worker: Worker, rules: str | bytes, path: str, expected: bool
) -> None:
    server.documents["/robots.txt"] = Document(rules, content_type="text/plain")
    assert allowed(server, worker, path) is expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_host_that_has_no_rules_forbids_nothing(server: FeedServer, worker: Worker, status: int) -> None:
    server.documents["/robots.txt"] = Document(FORBIDDEN, status=status)
    assert allowed(server, worker)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_host_that_fails_to_tell_its_rules_forbids_everything(
    server: FeedServer, worker: Worker, status: int
) -> None:
    server.documents["/robots.txt"] = Document("", status=status)
    with pytest.raises(Unreachable, match=f"robots.txt cannot be read.*{status}"):
        Robots(FETCHER, worker).delay(server.url + "/news/1", NOW)


def test_rules_are_found_behind_redirects_and_count_for_the_host_that_was_asked(
    server: FeedServer, worker: Worker
) -> None:
    server.documents["/robots.txt"] = Document(status=301, headers={"Location": "/rules"})
    server.documents["/rules"] = FORBIDDEN
    assert not allowed(server, worker)


def test_rules_are_asked_for_once_a_day_and_outlive_a_failure(server: FeedServer, worker: Worker) -> None:
    robots = Robots(FETCHER, worker)
    server.documents["/robots.txt"] = FORBIDDEN
    for hours in (0, 1, 23):
        robots.delay(server.url + "/news/1", NOW + timedelta(hours=hours))
    assert len(server.asked("/robots.txt")) == 1
    server.documents["/robots.txt"] = Document("", status=503)
    for hours in (25, 26):
        robots.delay(server.url + "/news/1", NOW + timedelta(hours=hours))
        with pytest.raises(Rejected):
            robots.delay(server.url + "/private/1", NOW + timedelta(hours=hours))
    assert len(server.asked("/robots.txt")) == 3


@pytest.mark.parametrize(
    ("written", "seconds"), [("5", 5.0), ("0.5", 0.5), ("86400", 30.0), ("-3", 0.0), ("soon", 0.0)]
)
def test_the_delay_that_a_host_asks_for_is_kept_within_bounds(
    server: FeedServer, worker: Worker, written: str, seconds: float
) -> None:
    server.documents["/robots.txt"] = f"User-agent: *\nCrawl-delay: {written}\nAllow: /\n"
    assert Robots(FETCHER, worker).delay(server.url + "/news/1", NOW) == seconds


def test_rules_made_to_cost_time_cost_no_more_than_the_workers_limit(server: FeedServer, worker: Worker) -> None:
    server.documents["/robots.txt"] = "User-agent: *\n" + ("Disallow: /" + "a*" * 100 + "b$\n") * 2_000
    begun = time.monotonic()
    with contextlib.suppress(Rejected):
        Robots(FETCHER, worker).delay(server.url + "/" + "a" * 3_000, NOW)
    assert time.monotonic() - begun < 5


SENTENCE = "أعلن الجيش انسحاب وحداته من البوكمال بعد هجوم مضاد. "
PAGE = f"<html><body><article><p>{SENTENCE * 8}</p></article></body></html>"


def test_a_page_that_is_forbidden_is_not_fetched_and_the_summary_stays(server: FeedServer, worker: Worker) -> None:
    server.documents["/robots.txt"] = FORBIDDEN
    server.documents["/private/1"] = server.documents["/news/1"] = Document(PAGE, content_type="text/html")
    server.documents["/feed"] = rss(item("سري", "/private/1", "ملخص"), item("علني", "/news/1", "ملخص"))
    pages = Pages(FETCHER, worker, gap=0.0)
    poll = HttpFeed("س", f"{server.url}/feed", fetcher=FETCHER, worker=worker, pages=pages).poll("", NOW)
    assert [len(article.text) > 100 for article in poll.articles] == [False, True]
    assert server.asked("/private/1") == []
    assert ["robots.txt of its host forbids it" in skipped.reason for skipped in poll.skipped] == [True]


def article(url: str) -> Article:
    return make_article(outlet="س", url=url, title="خبر", text="ملخص", published=NOW, fetched=NOW)


def test_pages_of_one_host_are_fetched_apart_and_those_of_others_meanwhile(server: FeedServer, worker: Worker) -> None:
    pages = Pages(FETCHER, worker, gap=0.4)
    with FeedServer() as other:
        for one in (server, other):
            one.documents["/1"] = one.documents["/2"] = Document(PAGE, content_type="text/html")
        begun = time.monotonic()
        for url in (server.url + "/1", other.url + "/1", server.url + "/2", other.url + "/2"):
            pages.completed(article(url), NOW)
        assert 0.4 <= time.monotonic() - begun < 1.6
