"""Feeds over HTTP: what is asked, what each answer means, and that no server can hold, flood or misuse naqid."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from feed_server import Document, FeedServer, Request, item, rss

from connectors.article_pages import Pages
from connectors.feed_http import HttpFeed
from connectors.http_fetch import Fetcher, Limits
from connectors.public_addresses import may_connect, networks
from connectors.worker_process import Worker
from pipeline.ports import Poll, Rejected, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
LOOPBACK = networks(["127.0.0.0/8"])
FEED = rss(item("الجيش ينسحب من البوكمال", "https://outlet.example/1", "ملخص"))
CHANGED = rss(item("الجيش ينفي انسحابه من البوكمال", "https://outlet.example/2", "ملخص"))


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as one:
        yield one


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as one:
        yield one


@pytest.fixture
def feed(server: FeedServer, worker: Worker) -> HttpFeed:
    limits = Limits(seconds=2.0, body=1 << 20)
    return HttpFeed("س", f"{server.url}/feed", fetcher=Fetcher(limits, LOOPBACK), worker=worker)


def titles(poll: Poll) -> list[str]:
    return [article.title for article in poll.articles]


# What is asked


def test_the_request_names_naqid_and_offers_gzip_alone(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = FEED
    feed.poll("", NOW)
    (request,) = server.requests
    assert request.headers["user-agent"].startswith("naqid/")
    assert request.headers["accept-encoding"] == "gzip"
    assert "cookie" not in request.headers


@pytest.mark.parametrize("validators", [{"etag": '"1"'}, {"modified": "Mon, 13 Nov 2017 10:00:00 GMT"}])
def test_an_unchanged_feed_is_asked_for_conditionally(
    server: FeedServer, feed: HttpFeed, validators: dict[str, str]
) -> None:
    server.documents["/feed"] = Document(FEED, **validators)
    first = feed.poll("", NOW)
    second = feed.poll(first.memory, NOW)
    assert (len(first.articles), len(second.articles)) == (1, 0)
    asked = server.requests[1].headers
    assert asked.get("if-none-match") == validators.get("etag")
    assert asked.get("if-modified-since") == validators.get("modified")


def test_a_changed_feed_is_read_again(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = Document(FEED, etag='"1"')
    first = feed.poll("", NOW)
    server.documents["/feed"] = Document(CHANGED, etag='"2"')
    assert titles(feed.poll(first.memory, NOW)) == ["الجيش ينفي انسحابه من البوكمال"]


def test_the_same_bytes_without_validators_are_not_read_twice(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = FEED
    first = feed.poll("", NOW)
    assert titles(feed.poll(first.memory, NOW)) == []


def test_a_validator_that_lies_is_found_out(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = Document(FEED, etag='"never changes"')
    memory = feed.poll("", NOW).memory
    server.documents["/feed"] = Document(CHANGED, etag='"never changes"')
    for _ in range(30):
        poll = feed.poll(memory, NOW)
        memory = poll.memory
        if poll.articles:
            break
    assert titles(poll) == ["الجيش ينفي انسحابه من البوكمال"]


def test_a_memory_of_another_address_is_not_used(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = Document(FEED, etag='"1"')
    memory = json.loads(feed.poll("", NOW).memory)
    assert len(feed.poll(json.dumps({**memory, "url": "https://other.example/"}), NOW).articles) == 1


def test_a_validator_cannot_smuggle_a_header(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = Document(FEED, etag='"1"')
    memory = json.loads(feed.poll("", NOW).memory)
    assert len(feed.poll(json.dumps({**memory, "body": "", "etag": '"1"\r\nX-Evil: 1'}), NOW).articles) == 1
    assert "x-evil" not in server.requests[-1].headers


# What answers mean


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 403, 404, 418, 429, 500, 502, 503])
def test_a_status_that_gives_no_feed_is_tried_again_later(server: FeedServer, feed: HttpFeed, status: int) -> None:
    server.documents["/feed"] = Document(b"", status=status)
    with pytest.raises(Unreachable, match=str(status)):
        feed.poll("", NOW)


def test_a_feed_that_is_gone_for_good_is_rejected(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = Document(b"", status=410)
    with pytest.raises(Rejected, match="410"):
        feed.poll("", NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999999", 86_400.0),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300.0),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("١٢٠", None),
        ("Mon, 99 Foo 2017 99:99:99 GMT", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_a_server_asks_for_is_handed_on(
    server: FeedServer, feed: HttpFeed, status: int, header: str, seconds: float | None
) -> None:
    sent = header.encode().decode("latin-1")
    server.documents["/feed"] = Document(b"", status=status, headers={"Retry-After": sent})
    with pytest.raises(Unreachable) as caught:
        feed.poll("", NOW)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("body", ["<!DOCTYPE html><html>Just a moment...</html>", "", "{}", "<opml/>"])
def test_a_page_where_the_feed_was_does_not_end_the_outlet(server: FeedServer, feed: HttpFeed, body: str) -> None:
    server.documents["/feed"] = Document(FEED, etag='"1"')
    memory = feed.poll("", NOW).memory
    server.documents["/feed"] = body
    with pytest.raises(Unreachable):
        feed.poll(memory, NOW)
    server.documents["/feed"] = Document(CHANGED, etag='"2"')
    assert len(feed.poll(memory, NOW).articles) == 1


def test_the_name_and_the_errors_hold_no_key_of_the_address(server: FeedServer, worker: Worker) -> None:
    address = f"http://reader:hunter2@127.0.0.1:{server.port}/feed?key=s3cret"
    feed = HttpFeed("س", address, fetcher=Fetcher(allowed=LOOPBACK), worker=worker)
    with pytest.raises(Unreachable) as caught:
        feed.poll("", NOW)
    for words in (feed.name, str(caught.value)):
        assert "hunter2" not in words and "s3cret" not in words and "/feed" in words


@pytest.mark.parametrize(
    "address", ["ftp://outlet.example/feed", "file:///etc/passwd", "outlet.example/feed", "http://"]
)
def test_an_address_that_is_not_of_the_web_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="not an http or https address"):
        HttpFeed("س", address)


# Redirects


def test_redirects_are_followed_and_links_resolve_against_the_last_address(server: FeedServer, feed: HttpFeed) -> None:
    for number, status in enumerate((301, 302, 303, 307, 308)):
        server.documents[f"/{number or 'feed'}"] = Document(status=status, headers={"Location": f"{number + 1}"})
    server.documents["/5"] = rss(item("خبر", "/news/1"))
    (article,) = feed.poll("", NOW).articles
    assert article.url == f"{server.url}/news/1"


def test_nobody_listening_is_unreachable(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    feed = HttpFeed("س", f"http://127.0.0.1:{port}/", fetcher=Fetcher(allowed=LOOPBACK), worker=worker)
    with pytest.raises(Unreachable, match="no connection"):
        feed.poll("", NOW)


# Addresses


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001::1", "2001:db8::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%1", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "nonsense", "", "2130706433", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_behind_the_internet_is_refused(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"])
def test_an_address_of_the_internet_is_taken(address: str) -> None:
    assert may_connect(address)


def test_a_laboratory_may_be_allowed() -> None:
    allowed = networks(["127.0.0.0/8", "fd00::/8"])
    assert may_connect("127.0.0.1", allowed) and may_connect("fd00::1", allowed)
    assert not may_connect("10.0.0.1", allowed)
    assert allowed[0] == ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "017700000001"],
)
def test_no_spelling_of_this_machine_is_connected_to(server: FeedServer, worker: Worker, host: str) -> None:
    server.documents["/feed"] = FEED
    feed = HttpFeed("س", f"http://{host}:{server.port}/feed", worker=worker)
    with pytest.raises(Unreachable, match=r"no public address|is no IP address as it is written"):
        feed.poll("", NOW)
    assert server.requests == []


def test_a_name_that_leads_both_outside_and_inside_is_refused(
    server: FeedServer, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolving_to(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    feed = HttpFeed("س", f"http://outlet.example:{server.port}/feed", worker=worker)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1, which is no public address"):
        feed.poll("", NOW)


def test_the_address_that_was_looked_at_is_the_one_connected_to(
    server: FeedServer, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A name that answers differently each time: only its first answer counts.
    asked = _resolving_to(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    server.documents["/feed"] = FEED
    feed = HttpFeed("س", f"http://outlet.example:{server.port}/feed", fetcher=Fetcher(allowed=LOOPBACK), worker=worker)
    assert len(feed.poll("", NOW).articles) == 1
    assert asked == ["outlet.example"]
    assert server.requests[0].headers["host"] == f"outlet.example:{server.port}"


def test_a_name_that_leads_elsewhere_at_the_next_hop_is_looked_at_again(
    server: FeedServer, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _resolving_to(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    server.documents["/feed"] = Document(status=302, headers={"Location": "/again"})
    server.documents["/again"] = FEED
    feed = HttpFeed("س", f"http://outlet.example:{server.port}/feed", fetcher=Fetcher(allowed=LOOPBACK), worker=worker)
    with pytest.raises(Unreachable, match=r"10\.0\.0\.1, which is no public address"):
        feed.poll("", NOW)
    assert (len(asked), server.asked("/again")) == (2, [])


def test_a_resolver_that_does_not_answer_is_left_at_the_deadline(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[tuple[object, ...]]:
        time.sleep(1)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    feed = HttpFeed("س", "http://outlet.example/feed", fetcher=Fetcher(Limits(seconds=0.2)), worker=worker)
    with pytest.raises(Unreachable, match="no complete answer"):
        feed.poll("", NOW)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for outlet.example that nobody vouches for, and its key."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl is not installed, so no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=outlet.example"),
            *("-addext", "subjectAltName=DNS:outlet.example", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [
        ("outlet.example", True, ""),
        ("outlet.example", False, "CERTIFICATE_VERIFY_FAILED"),
        ("other.example", True, "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_a_server_is_believed_only_with_a_certificate_of_its_name(
    certificate: tuple[Path, Path],
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    trusted: bool,
    words: str,
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    _resolving_to(monkeypatch, ["127.0.0.1"])
    with FeedServer(tls) as server:
        server.documents["/feed"] = FEED
        fetcher = Fetcher(Limits(seconds=5.0), LOOPBACK)
        feed = HttpFeed("س", f"https://{host}:{server.port}/feed", fetcher=fetcher, worker=worker)
        if words:
            with pytest.raises(Unreachable, match=words):
                feed.poll("", NOW)
            assert server.requests == []
        else:
            assert len(feed.poll("", NOW).articles) == 1


# Pages of articles


PARAGRAPH = "أعلن الجيش السوري انسحاب وحداته من مدينة البوكمال في ريف دير الزور بعد هجوم مضاد شنه التنظيم ليلا. "
PAGE = f"<html><head><title>الجيش ينسحب</title></head><body><article><p>{PARAGRAPH * 4}</p></article></body></html>"


@pytest.fixture
def full(server: FeedServer, worker: Worker) -> HttpFeed:
    server.documents["/feed"] = rss(item("الجيش ينسحب", "/1", "ملخص"))
    server.documents["/1"] = Document(PAGE, content_type="text/html; charset=utf-8")
    fetcher = Fetcher(Limits(seconds=5.0), LOOPBACK)
    pages = Pages(fetcher, worker, gap=0.0)
    return HttpFeed("س", f"{server.url}/feed", fetcher=fetcher, worker=worker, pages=pages)


def test_the_page_stands_in_for_a_summary(full: HttpFeed) -> None:
    (article,) = full.poll("", NOW).articles
    assert article.text.startswith("أعلن الجيش السوري") and "ملخص" not in article.text


def test_a_page_is_fetched_once_while_its_entry_stays_the_same(server: FeedServer, full: HttpFeed) -> None:
    first = full.poll("", NOW)
    server.documents["/feed"] = rss(item("خبر آخر", "/2", content="نص كامل"), item("الجيش ينسحب", "/1", "ملخص"))
    second = full.poll(first.memory, NOW)
    assert titles(second) == ["خبر آخر"]
    assert len(server.asked("/1")) == 1


def test_a_page_is_fetched_again_when_its_entry_changes(server: FeedServer, full: HttpFeed) -> None:
    first = full.poll("", NOW)
    server.documents["/feed"] = rss(item("الجيش ينفي انسحابه", "/1", "ملخص"))
    second = full.poll(first.memory, NOW)
    assert second.articles[0].id == first.articles[0].id
    assert second.articles[0].content_hash != first.articles[0].content_hash


@pytest.mark.parametrize(
    "page", [Document(status=404), Document("<html></html>"), Document("<p>قصير</p>", status=500), "<p>لا</p>"]
)
def test_the_summary_stays_where_the_page_gives_no_more(
    server: FeedServer, full: HttpFeed, page: Document | str
) -> None:
    server.documents["/1"] = page
    poll = full.poll("", NOW)
    assert [article.text for article in poll.articles] == ["ملخص"]


def test_without_full_text_no_page_is_fetched(server: FeedServer, feed: HttpFeed) -> None:
    server.documents["/feed"] = rss(item("الجيش ينسحب", "/1", "ملخص"))
    feed.poll("", NOW)
    assert server.asked("/1") == []


def test_a_page_on_a_private_address_is_not_fetched(server: FeedServer, full: HttpFeed) -> None:
    server.documents["/feed"] = rss(item("خبر", "http://10.0.0.1/1", "ملخص"))
    poll = full.poll("", NOW)
    assert titles(poll) == ["خبر"]
    assert "no public address" in poll.skipped[0].reason


def test_no_more_than_twenty_pages_are_fetched_at_once_and_no_article_is_lost(
    server: FeedServer, full: HttpFeed
) -> None:
    def page(request: Request) -> Document:
        return Document(PAGE.replace("الجيش", f"الجيش {request.path[1:]}"), content_type="text/html")

    for number in range(30):
        server.documents[f"/{number}"] = page
    server.documents["/feed"] = rss(*(item(f"خبر {number}", f"/{number}", "ملخص") for number in range(30)))
    poll = full.poll("", NOW)
    assert len(poll.articles) == 30
    assert sum(article.text == "ملخص" for article in poll.articles) == 10


def _resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name lead to these addresses, the last answer repeated; the names asked for are listed."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host in {address for answer in answers for address in answer}:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
