"""WebSub against a hub of our own on the loopback interface: asked, verified, signed, renewed; and what is refused."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from feed_server import Document, FeedServer, item, rss

from connectors.feed_http import HttpFeed
from connectors.http_fetch import Fetcher, Limits
from connectors.public_addresses import networks
from connectors.sqlite_log import SqliteLog
from connectors.websub import QUIET, Subscriptions
from connectors.websub_callback import listening
from connectors.websub_links import hub_of
from connectors.worker_process import Worker
from pipeline.collecting import Collector, Rota
from pipeline.outlets import Watched
from pipeline.ports import Hub

NOW = datetime(2017, 11, 14, tzinfo=UTC)
FETCHER = Fetcher(Limits(seconds=5.0), networks(["127.0.0.0/8"]))
TOPIC = "https://outlet.example/feed"


@dataclass
class LoopbackHub:
    """A hub that asks back as the recommendation says, unless `status` or `lease` tell it otherwise."""

    status: int = 202
    lease: str = "432000"
    asked: list[dict[str, str]] = field(default_factory=list)
    verified: list[int] = field(default_factory=list)

    def __enter__(self) -> LoopbackHub:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                hub.asked.append({name: values[0] for name, values in form.items()})
                self.send_response(hub.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if hub.status == 202:
                    hub.verified.append(hub.ask_back(hub.asked[-1])[0])

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def ask_back(self, form: dict[str, str], **changed: str) -> tuple[int, bytes]:
        asked = {"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "abc"} | changed
        asked.setdefault("hub.lease_seconds", self.lease)
        return request("GET", f"{form['hub.callback']}?{urlencode(asked)}")


def request(method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


def signed(secret: str, body: bytes, method: str = "sha256") -> str:
    return f"{method}=" + hmac.new(secret.encode(), body, method).hexdigest()


class House:
    """Subscriptions with their callback, whose clock the test moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.subscriptions = Subscriptions("http://127.0.0.1:1/websub", FETCHER, lambda: self.now)

    def subscribed(self, hub: LoopbackHub, feed: str = "س") -> dict[str, str]:
        before = len(hub.verified) if hub.status == 202 else len(hub.asked)
        self.subscriptions.offered(feed, Hub(hub.url, TOPIC), self.now)
        until(lambda: len(hub.verified if hub.status == 202 else hub.asked) > before)
        return hub.asked[-1]


def until(reached: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    with listening(house.subscriptions, "127.0.0.1", 0) as port:
        house.subscriptions._callback = f"http://127.0.0.1:{port}"
        yield house


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as one:
        yield one


# What the hub and naqid say to each other


def test_a_subscription_is_asked_for_verified_and_spares_polling(house: House, hub: LoopbackHub) -> None:
    assert house.subscriptions.rest("س", NOW) == timedelta(0)
    form = house.subscribed(hub)
    assert (form["hub.mode"], form["hub.topic"], form["hub.lease_seconds"]) == ("subscribe", TOPIC, "432000")
    assert len(form["hub.secret"]) == 64 and len(form["hub.secret"].encode()) < 200
    assert hub.verified == [200]
    assert house.subscriptions.rest("س", NOW) == QUIET
    assert hub.ask_back(form) == (200, b"abc")


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.topic": "https://other.example/feed"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
        {"hub.challenge": "x" * 2000},
    ],
    ids=["topic", "unsubscribe", "mode", "challenge"],
)
def test_a_question_about_what_was_not_asked_for_is_refused(
    house: House, hub: LoopbackHub, changed: dict[str, str]
) -> None:
    status, body = hub.ask_back(house.subscribed(hub), **changed)
    assert status in (400, 404) and body == b""


def test_an_address_that_is_nobodys_is_refused(house: House, hub: LoopbackHub) -> None:
    form = house.subscribed(hub)
    strange = {**form, "hub.callback": form["hub.callback"][:-2] + "xx"}
    assert hub.ask_back(strange)[0] == 404
    assert request("POST", strange["hub.callback"], b"x")[0] == 410
    assert request("PUT", form["hub.callback"], b"x")[0] == 405
    assert house.subscriptions.news() == set()


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
def test_what_is_signed_with_the_secret_is_a_reason_to_poll(house: House, hub: LoopbackHub, method: str) -> None:
    form = house.subscribed(hub)
    signature = signed(form["hub.secret"], b"<rss/>", method)
    assert request("POST", form["hub.callback"], b"<rss/>", **{"X-Hub-Signature": signature})[0] == 202
    assert house.subscriptions.news() == {"س"}
    assert house.subscriptions.news() == set()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        signed("another secret", b"<rss/>"),
        "sha256=é",
        "md5=" + hashlib.md5(b"<rss/>").hexdigest(),
        "SHA1",
        "sha1",
    ],
)
def test_what_is_not_signed_so_is_passed_over(house: House, hub: LoopbackHub, signature: str) -> None:
    form = house.subscribed(hub)
    if signature == "sha1":
        signature = signed(form["hub.secret"], b"<rss/>", "sha1")
    sent = {"X-Hub-Signature": signature.encode().decode("latin-1")}
    assert request("POST", form["hub.callback"], b"<rss/>", **sent)[0] == 202
    assert house.subscriptions.news() == set()


def test_more_than_a_feed_can_be_is_not_taken(house: House, hub: LoopbackHub) -> None:
    form = house.subscribed(hub)
    body = b" " * (6 << 20)
    with suppress(OSError):
        status, _ = request("POST", form["hub.callback"], body, **{"X-Hub-Signature": signed(form["hub.secret"], body)})
        assert status == 413
    assert house.subscriptions.news() == set()


# Leases


def test_a_lease_is_renewed_under_its_old_address_before_it_ends(house: House, hub: LoopbackHub) -> None:
    first = house.subscribed(hub)
    house.now = NOW + timedelta(days=3)
    house.subscriptions.offered("س", Hub(hub.url, TOPIC), house.now)
    house.now = NOW + timedelta(days=4, hours=1)
    again = house.subscribed(hub)
    assert len(hub.asked) == 2
    assert (again["hub.callback"], again["hub.secret"]) == (first["hub.callback"], first["hub.secret"])
    assert house.subscriptions.rest("س", NOW + timedelta(days=8)) == QUIET


def test_a_lease_that_ended_spares_no_polling_and_takes_nothing(house: House, hub: LoopbackHub) -> None:
    form = house.subscribed(hub)
    house.now = NOW + timedelta(days=6)
    assert house.subscriptions.rest("س", house.now) == timedelta(0)
    signature = {"X-Hub-Signature": signed(form["hub.secret"], b"x")}
    assert request("POST", form["hub.callback"], b"x", **signature)[0] == 410


@pytest.mark.parametrize(
    ("lease", "rest"),
    [("600", timedelta(minutes=8)), ("1", timedelta(minutes=1)), ("soon", QUIET), ("-5", QUIET), ("9" * 400, QUIET)],
)
def test_a_short_lease_is_renewed_in_time_and_a_strange_one_is_bounded(
    house: House, hub: LoopbackHub, lease: str, rest: timedelta
) -> None:
    hub.lease = lease
    house.subscribed(hub)
    assert house.subscriptions.rest("س", NOW) == rest
    assert house.subscriptions.rest("س", NOW + timedelta(days=31)) == timedelta(0)


@pytest.mark.parametrize("status", [400, 403, 404, 500, 301])
def test_a_hub_that_takes_no_subscription_is_asked_again_after_an_hour(
    house: House, hub: LoopbackHub, status: int
) -> None:
    hub.status = status
    house.subscribed(hub)
    house.subscriptions.offered("س", Hub(hub.url, TOPIC), NOW + timedelta(minutes=59))
    assert house.subscriptions.rest("س", NOW) == timedelta(0)
    house.now = NOW + timedelta(minutes=61)
    house.subscribed(hub)
    assert len(hub.asked) == 2


def test_a_hub_that_denies_later_ends_the_rest(house: House, hub: LoopbackHub) -> None:
    form = house.subscribed(hub)
    assert hub.ask_back(form, **{"hub.mode": "denied"})[0] == 200
    assert house.subscriptions.rest("س", NOW) == timedelta(0)


def test_a_hub_on_a_private_address_is_not_asked(hub: LoopbackHub) -> None:
    subscriptions = Subscriptions("http://127.0.0.1:1", Fetcher(), lambda: NOW)
    subscriptions.offered("س", Hub(hub.url, TOPIC), NOW)
    time.sleep(0.3)
    assert hub.asked == []


# Which hub a feed offers

ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom">{}<entry><link rel="hub" href="https://evil.example/"/></entry></feed>'
)
LINKS = '<link rel="hub" href="https://hub.example/"/><link rel="self" href="https://a.example/own"/>'


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(time_limit=3.0) as one:
        yield one


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"link": '<https://h.example/>; rel="hub", </own>; rel="self"'}, "", ("https://h.example/", "/own")),
        ({}, ATOM.format(LINKS), ("https://hub.example/", "/own")),
        ({}, rss(item("x")).replace("<channel>", "<channel>" + LINKS), ("https://hub.example/", "/own")),
        ({}, ATOM.format('<link rel="self hub" href="/both"/>'), ("https://a.example/both", "/both")),
        ({}, ATOM.format('<link rel="hub" href="https://hub.example/"/>'), ("https://hub.example/", "/feed")),
        ({}, ATOM.format(""), None),
        ({}, rss(item("x")), None),
        ({}, ATOM.format('<link rel="hub" href="javascript:alert(1)"/>'), None),
        ({"link": "<file:///etc/passwd>; rel=hub"}, "", None),
        ({"link": "<<<;;,,rel"}, "no feed", None),
        ({}, ATOM.format(f'<link rel="hub" href="https://h.example/{"x" * 5000}"/>'), None),
    ],
)
def test_the_hub_is_found_in_the_headers_or_before_the_entries(
    worker: Worker, headers: dict[str, str], body: str, expected: tuple[str, str] | None
) -> None:
    found = hub_of(headers, body.encode(), "https://a.example/feed", worker)
    assert found == (Hub(expected[0], f"https://a.example{expected[1]}") if expected else None)


# All together


def test_a_feed_with_a_hub_is_polled_when_the_hub_tells_and_else_once_an_hour(
    house: House, hub: LoopbackHub, worker: Worker, tmp_path: Path
) -> None:
    log = SqliteLog(tmp_path / "naqid.db")
    with FeedServer() as server:
        server.documents["/feed"] = Document(rss(item("أول", "/1")), headers={"Link": f'<{hub.url}>; rel="hub"'})
        feed = HttpFeed("س", f"{server.url}/feed", fetcher=FETCHER, worker=worker, hubs=True)
        collector = Collector(log, house.subscriptions)
        rota = Rota([Watched(feed, timedelta(minutes=5))])

        def round_at(now: datetime) -> int:
            house.now = now
            before = len(server.requests)
            collector.collect(rota, now)
            rota.wait(2 if len(rota.idle) == 0 else 0)
            collector.collect(rota, now)
            return len(server.requests) - before

        assert round_at(NOW) == 1
        until(lambda: hub.verified == [200])
        assert round_at(NOW + timedelta(minutes=6)) == 1, "subscribed after the first poll had set the second"
        assert round_at(NOW + timedelta(minutes=40)) == 0
        server.documents["/feed"] = rss(item("ثان", "/2"))
        signature = {"X-Hub-Signature": signed(hub.asked[-1]["hub.secret"], b"x")}
        assert request("POST", hub.asked[-1]["hub.callback"], b"x", **signature)[0] == 202
        assert round_at(NOW + timedelta(minutes=41)) == 1
        assert log.size("articles") == 2
        rota.close()
    log.close()
