"""Servers that do wrong: a table of what each does and what has to come of it, over a real connection."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fault_server import (
    FEED,
    GZIP,
    GZIP_HEAD,
    OTHER,
    PIECE,
    PLAIN_HEAD,
    Fault,
    FaultServer,
    answer,
    bomb,
    chunked,
    dripping,
    endless,
    in_turn,
    packed,
    raw,
    redirect,
    reset,
    says,
    silent,
    stays_open,
    unchanged_for,
)
from feed_server import item, rss
from hostile_documents import DOCUMENTS

from connectors.feed_http import HttpFeed
from connectors.http_fetch import Fetcher, Limits
from connectors.public_addresses import networks
from connectors.worker_process import Worker
from pipeline.outlets import Watched
from pipeline.polling import Polled, Pollers
from pipeline.ports import Poll, Rejected, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
DEADLINE = 1.5
LIMITS = Limits(seconds=DEADLINE, body=4 << 20)
LOOPBACK = networks(["127.0.0.0/8"])
SLOW = "no complete answer within"
NOT_HTTP = "does not speak HTTP correctly"
LARGE = "larger than 4,194,304 bytes"
PRIVATE = "no public address"
NO_ADDRESS = "is no address"
LATIN = rss(item("خبر", "https://outlet.example/1")).encode("windows-1256", "replace")
ARABIC = "الجيش ينسحب من البوكمال"

# Name → the fault, and what one poll gives: so many articles, or words of why the feed cannot be read now.
FAULTS: dict[str, tuple[Fault, int | str]] = {
    # What is well, as a measure of the rest.
    "well": (says(FEED), 1),
    "well in chunks": (raw(chunked([FEED[:100], FEED[100:]])), 1),
    "well without a length": (raw(PLAIN_HEAD + FEED), 1),
    "well in gzip": (says(packed(FEED), GZIP), 1),
    "gzip in two members and padding": (says(packed(FEED[:100]) + packed(FEED[100:]) + b"\0" * 512, GZIP), 1),
    "body of another type": (says(FEED, "Content-Type: image/png"), 1),
    "type of nonsense": (says(FEED, "Content-Type: ;;;charset=\x00\xff"), NOT_HTTP),
    "two lengths that agree": (says(FEED, f"Content-Length: {len(FEED)}"), 1),
    "early hints first": (raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(FEED)), 1),
    # Time.
    "silence": (silent, SLOW),
    "silence after the status": (stays_open(b"HTTP/1.1 200 OK\r\n"), SLOW),
    "silence in the body": (stays_open(answer(FEED, length=len(FEED) + 1)), SLOW),
    "a byte at a time": (dripping(PLAIN_HEAD), SLOW),
    "a header a byte at a time": (dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), SLOW),
    "headers without end": (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), SLOW),
    "continue without end": (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), SLOW),
    "gzip a byte at a time": (dripping(GZIP_HEAD + packed(FEED)[:50], b"\0"), f"{SLOW}|is not"),
    # Size.
    "endless body": (endless(PLAIN_HEAD, b" " * PIECE), LARGE),
    "endless chunks": (endless(chunked([], b""), b"1000\r\n" + b" " * 0x1000 + b"\r\n"), LARGE),
    "endless gzip of nothing": (endless(GZIP_HEAD, packed(b"") * 100), f"{LARGE}|{SLOW}"),
    "gzip bomb": (says(bomb(), GZIP), LARGE),
    "gzip bomb in a chunk": (raw(chunked([bomb()]).replace(b"Connection", GZIP.encode() + b"\r\nConnection")), LARGE),
    "gzip bomb in gzip": (says(packed(bomb()), "Content-Encoding: gzip, gzip"), "coded as"),
    "a header of 1 MB": (says(FEED, "X-Long: " + "x" * (1 << 20)), NOT_HTTP),
    "5,000 headers": (says(FEED, *(f"X-{number}: {'x' * 40}" for number in range(5_000))), NOT_HTTP),
    "a length beyond the limit": (says(FEED, length=1 << 40), f"{LARGE}|{NOT_HTTP}"),
    "feed padded to just within": (says(FEED + b" " * ((4 << 20) - len(FEED))), 1),
    # Coding.
    "brotli unasked": (says(b"x", "Content-Encoding: br"), "coded as"),
    "deflate unasked": (says(b"x", "Content-Encoding: deflate"), "coded as"),
    "gzip that is none": (says(FEED, GZIP), "is not"),
    "gzip cut short": (says(packed(FEED)[:-20], GZIP), "ends in the middle"),
    "gzip with a wrong sum": (says(packed(FEED)[:-8] + b"\0" * 8, GZIP), "is not"),
    "gzip twice, told once": (says(gzip.compress(packed(FEED)), GZIP), "."),
    # Speech.
    "nothing at all": (raw(b""), NOT_HTTP),
    "zeros": (raw(b"\0" * 1000), NOT_HTTP),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), NOT_HTTP),
    "TLS on a plain port": (raw(b"\x15\x03\x01\x00\x02\x02\x28"), NOT_HTTP),
    "HTTP 0.9": (raw(FEED), NOT_HTTP),
    "a status of letters": (raw(b"HTTP/1.1 abc OK\r\n\r\n"), NOT_HTTP),
    "a status of 999": (says(FEED, status="999 Blocked"), "answered 999"),
    "a body cut short": (says(FEED[:50], length=5_000), NOT_HTTP),
    "a connection broken off": (reset, f"no connection|{NOT_HTTP}"),
    "chunks of nonsense": (raw(chunked([], b"zz\r\nxx\r\n")), NOT_HTTP),
    "chunks without end mark": (raw(chunked([FEED], b"")), NOT_HTTP),
    "a chunk of negative length": (raw(chunked([], b"-1\r\nx\r\n")), NOT_HTTP),
    "lengths that disagree": (says(FEED, "Content-Length: 1"), NOT_HTTP),
    "a length of letters": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + FEED), NOT_HTTP),
    "a header without a name": (raw(b"HTTP/1.1 200 OK\r\n: x\r\n\r\n" + FEED), NOT_HTTP),
    "switching protocols": (raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), f"answered 101|{NOT_HTTP}"),
    # Redirects.
    "redirect loop": (redirect("/redirect%20loop"), "more than 5 redirects"),
    "redirect to a file": (redirect("file:///etc/passwd"), "only http and https"),
    "redirect to gopher": (redirect("gopher://127.0.0.1:6379/_INFO"), "only http and https"),
    "redirect to data": (redirect("data:text/xml,<rss/>"), "only http and https"),
    "redirect to a private address": (redirect("http://10.0.0.1/"), PRIVATE),
    "redirect to metadata": (redirect("http://169.254.169.254/latest/meta-data/"), PRIVATE),
    "redirect to a mapped address": (redirect("http://[::ffff:10.0.0.1]/"), PRIVATE),
    "redirect to NAT64": (redirect("http://[64:ff9b::7f00:1]/"), PRIVATE),
    "redirect to a number": (redirect("http://2130706433/"), NO_ADDRESS),
    "redirect to hexadecimal": (redirect("http://0x7f000001/"), NO_ADDRESS),
    "redirect to octal": (redirect("http://0177.0.0.1/"), NO_ADDRESS),
    "redirect to three numbers": (redirect("http://127.0.1/"), NO_ADDRESS),
    "redirect to bad Punycode": (redirect("http://xn--/feed"), "no Punycode"),
    "redirect to an empty label": (redirect("http://outlet..example/"), "is empty"),
    "redirect to an overlong label": (redirect(f"http://{'a' * 64}.example/"), "more than 63"),
    "redirect to an overlong name": (redirect(f"http://{'abcdefgh.' * 32}example/"), "more than 253"),
    "redirect to a control character": (redirect("http://outlet%00.example/"), "cannot be a part"),
    "redirect to no IPv6": (redirect("http://[::1"), NO_ADDRESS),
    "redirect to port 0": (redirect("http://outlet.example:0/"), "no port 0"),
    "redirect to port 99999": (redirect("http://outlet.example:99999/"), "no port 99999"),
    "redirect to nowhere": (says(b"", status="302 Found"), "answered 302"),
    "redirect of 1 MB": (redirect("/" + "x" * (1 << 20)), NOT_HTTP),
    # Statuses.
    "no content": (says(b"", status="204 No Content"), "answered 204"),
    "a part": (says(FEED, status="206 Partial Content"), "answered 206"),
    "not modified unasked": (says(b"", status="304 Not Modified"), "answered 304"),
    "forbidden": (says(FEED, status="403 Forbidden"), "answered 403"),
    "not found": (says(FEED, status="404 Not Found"), "answered 404"),
    "gone": (says(FEED, status="410 Gone"), "gone for good"),
    "too many requests": (says(b"", "Retry-After: 120", status="429 Too Many Requests"), "answered 429"),
    "an error": (says(FEED, status="500 Internal Server Error"), "answered 500"),
    "away": (says(b"", "Retry-After: soon", status="503 Service Unavailable"), "answered 503"),
    # Documents.
    "a page where the feed was": (says(b"<!DOCTYPE html><html>Just a moment...</html>"), "HTML|no feed|page"),
    "an empty document": (says(b""), "empty"),
    "a picture": (says(b"\x89PNG\r\n\x1a\n" + b"\0" * 500), "."),
    "windows-1256 called UTF-8": (says(rss(item("خبر")).replace("utf-8", "x").encode("windows-1256")), 1),
    "windows-1256 called UTF-8 in the header": (says(LATIN, "Content-Type: text/xml; charset=utf-8"), 1),
    "UTF-8 called windows-1256": (says(FEED.replace(b"utf-8", b"windows-1256")), 1),
    "UTF-8 called windows-1256 in the header": (says(FEED, "Content-Type: text/xml; charset=windows-1256"), 1),
    "an encoding that does not exist": (says(FEED.replace(b"utf-8", b"undefined")), 1),
    "a byte that is no UTF-8": (says(FEED.replace("ملخص".encode(), b"\xff")), 1),
    "a title in windows-1256 twice over": (says(rss(item("خبر".encode().decode("windows-1256"))).encode()), 1),
    "a feed cut short": (says(FEED[:-40]), 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(time_limit=3.0) as one:
        yield one


@pytest.fixture(scope="module")
def outcomes(worker: Worker) -> dict[str, tuple[Poll | Exception, float]]:
    """What one poll of each came to, and the seconds that it took; sixteen at once."""
    faults = {name.replace(" ", "%20"): fault for name, (fault, _) in FAULTS.items()}
    with FaultServer(faults) as server, ThreadPoolExecutor(16) as pool:

        def polled(name: str) -> tuple[Poll | Exception, float]:
            begun = time.monotonic()
            outcome: Poll | Exception
            try:
                outcome = feed_at(server, name, worker).poll("", NOW)
            except Exception as error:  # noqa: BLE001 - what is raised is the outcome
                outcome = error
            return outcome, time.monotonic() - begun

        return dict(zip(FAULTS, pool.map(polled, FAULTS), strict=True))


def feed_at(server: FaultServer, name: str, worker: Worker) -> HttpFeed:
    address = f"{server.url}/{name.replace(' ', '%20')}"
    return HttpFeed("س", address, fetcher=Fetcher(LIMITS, LOOPBACK), worker=worker)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_comes_to_what_the_table_says(
    outcomes: dict[str, tuple[Poll | Exception, float]], name: str
) -> None:
    expected, (outcome, seconds) = FAULTS[name][1], outcomes[name]
    if isinstance(expected, int):
        assert isinstance(outcome, Poll), outcome
        assert len(outcome.articles) == expected
    else:
        assert isinstance(outcome, Rejected if name == "gone" else Unreachable), outcome
        assert re.search(expected, str(outcome)), outcome
        assert str(outcome).startswith("س (http://127.0.0.1:"), "the feed is named"
    assert seconds < 30


@pytest.mark.parametrize(
    ("name", "lasting"),
    [
        ("forbidden", True),
        ("not found", True),
        ("redirect to a private address", True),
        ("redirect to bad Punycode", True),
        ("too many requests", False),
        ("an error", False),
        ("silence", False),
        ("a page where the feed was", False),
    ],
)
def test_only_a_refusal_that_will_last_is_called_so(
    outcomes: dict[str, tuple[Poll | Exception, float]], name: str, lasting: bool
) -> None:
    outcome, _ = outcomes[name]
    assert isinstance(outcome, Unreachable)
    assert outcome.lasting is lasting


def test_the_table_holds_sixty_faults_and_more() -> None:
    assert len([name for name in FAULTS if not name.startswith("well")]) >= 60


@pytest.mark.parametrize("name", ["100,000 entries", "a billion laughs", "a title of 50 MB", "a file as an entity"])
def test_a_hostile_document_comes_through_the_wire_to_what_reading_it_comes_to(worker: Worker, name: str) -> None:
    hostile = DOCUMENTS[name]
    with FaultServer({"feed": says(packed(hostile.body()), GZIP)}) as server:
        feed = HttpFeed("س", f"{server.url}/feed", fetcher=Fetcher(allowed=LOOPBACK), worker=worker)
        if hostile.articles is None:
            with pytest.raises(Unreachable, match=r"15,728,640"):
                feed.poll("", NOW)
        else:
            assert len(feed.poll("", NOW).articles) <= hostile.articles


def test_a_hostile_feed_among_a_thousand_delays_no_other_by_more_than_the_workers_limit() -> None:
    limit, hostile = 3.0, DOCUMENTS["an author that a pattern takes quadratic time for"]
    assert hostile.takes_its_time
    faults = {"well": says(FEED), "hostile": says(hostile.body()), "silence": silent}
    with FaultServer(faults) as server, Worker(time_limit=limit) as worker:
        feeds = {name: feed_at(server, name, worker) for name in faults}
        feeds["well"].poll("", NOW)  # so that the worker has started
        pollers = Pollers()
        for number in range(1_000):
            name = {100: "hostile", 200: "silence"}.get(number, "well")
            pollers.ask(Watched(feeds[name], timedelta(minutes=5)), "", NOW)
        came: list[Polled] = []
        longest, last = 0.0, time.monotonic()
        while len(came) < 1_000 and time.monotonic() < last + 30:
            if some := pollers.wait(1.0):
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
                came += some
        pollers.close()
    assert sum(isinstance(polled.outcome, Poll) for polled in came) == 998
    assert [str(polled.outcome)[-21:] for polled in came if polled.watched.feed is feeds["hostile"]] == [
        "more than 3 s to read"
    ]
    # While the worker reads the hostile one, all others stand still, and no longer.
    assert longest < limit + 2.0


# Faults that show only over several polls.


def polls(fault: Fault, number: int, worker: Worker) -> list[Poll | Exception]:
    """So many polls, one after the other, each with the memory of the last that went well."""
    came: list[Poll | Exception] = []
    memory = ""
    with FaultServer({"feed": fault}) as server:
        feed = feed_at(server, "feed", worker)
        for _ in range(number):
            try:
                poll = feed.poll(memory, NOW)
                memory = poll.memory
                came.append(poll)
            except (Unreachable, Rejected) as error:
                came.append(error)
    return came


def shown(came: list[Poll | Exception]) -> list[int | str]:
    return [len(one.articles) if isinstance(one, Poll) else re.sub(r"\D", "", str(one)[-6:]) for one in came]


def test_a_server_that_comes_and_goes_is_read_when_it_is_there(worker: Worker) -> None:
    statuses = ["500 Error", "429 Too Many Requests", "403 Forbidden", "404 Not Found"]
    fault = in_turn(says(FEED, "ETag: x"), *(says(b"", status=status) for status in statuses), says(OTHER))
    assert shown(polls(fault, 7, worker)) == [1, "500", "429", "403", "404", 1, 0]


def test_a_validator_that_stays_while_the_feed_changes_is_found_out_within_a_day(worker: Worker) -> None:
    lies = in_turn(unchanged_for('"1"', FEED), *[unchanged_for('"1"', OTHER)] * 2)
    came = shown(polls(lies, 27, worker))
    assert came[0] == 1 and sum(1 for one in came[1:] if one) == 1


def test_a_page_in_between_costs_one_poll_and_no_article(worker: Worker) -> None:
    fault = in_turn(says(FEED, "ETag: x"), says(b"<html>Just a moment...</html>"), says(OTHER), says(OTHER))
    came = polls(fault, 3, worker)
    assert [isinstance(one, Poll) for one in came] == [True, False, True]
    assert shown(came)[2] == 1


def test_a_validator_of_a_hundred_kilobytes_is_not_sent_back_whole(worker: Worker) -> None:
    sent: list[str] = []

    def fault(connection: object, head: str) -> None:
        sent.append(head)
        says(FEED, f'ETag: "{"x" * 50_000}"')(connection, head)  # type: ignore[arg-type]

    polls(fault, 2, worker)
    assert len(sent[1]) < 2_000


# Permanent redirects.


@pytest.mark.parametrize(
    ("statuses", "asked", "moved"),
    [
        (["301 Moved Permanently"] * 9, 3, True),
        (["308 Permanent Redirect"] * 9, 3, True),
        (["302 Found"] * 9, 6, False),
        (["307 Temporary Redirect"] * 9, 6, False),
        (["301 Moved Permanently", "302 Found"] * 9, 6, False),
    ],
    ids=["301", "308", "302", "307", "now and then"],
)
def test_a_permanent_redirect_is_believed_after_three_polls(
    worker: Worker, statuses: list[str], asked: int, moved: bool
) -> None:
    faults = {"feed": in_turn(*(redirect("/new", status) for status in statuses)), "new": says(FEED)}
    memory = ""
    with FaultServer(faults) as server:
        feed = feed_at(server, "feed", worker)
        for _ in range(6):
            poll = feed.poll(memory, NOW)
            memory = poll.memory
        assert (server.asked["feed"], server.asked["new"]) == (asked, 6)
        assert poll.moved == (f"{server.url}/new" if moved else "")


def test_the_old_address_is_asked_again_when_the_new_one_fails(worker: Worker) -> None:
    moves = in_turn(*[redirect("/new", "301 Moved Permanently")] * 3, says(OTHER))
    memory, articles = "", 0
    with FaultServer({"feed": moves, "new": in_turn(*[says(FEED)] * 4, says(b"", status="404 Not Found"))}) as server:
        feed = feed_at(server, "feed", worker)
        for _ in range(6):
            poll = feed.poll(memory, NOW)
            memory, articles = poll.memory, articles + len(poll.articles)
        assert (server.asked["feed"], server.asked["new"], articles, poll.moved) == (5, 5, 2, "")
