"""Thousands of feeds on the loopback interface, polled by the real collector: how late it is and what it costs."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.assembly import assemble
from pipeline.collecting import Collector, Rota
from pipeline.ports import Feed, Poll, State

INTERVAL_SECONDS = 300
PORTS = 200
_ENTRIES = 20
_NEW_EVERY_MINUTES = 20


def measured(options: argparse.Namespace) -> dict[str, object]:
    """`options.count` feeds for `options.minutes`. The process that serves them is not counted, the parsers are.

    The first round, in which every feed is due at once, is told apart from what follows.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _measured(Path(folder), options.count, options.minutes)


def _measured(folder: Path, count: int, minutes: float) -> dict[str, object]:
    theirs, ours = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    ports = ours.recv()
    _configure(folder, count, ports)
    assembly = assemble(folder, folder / "data")
    lateness = _Lateness()
    feeds = [replace(watched, feed=_Timed(watched.feed, lateness)) for watched in assembly.watched()]
    stop = threading.Event()
    begun = time.monotonic()
    with assembly.open_stores() as stores:
        threading.Timer(minutes * 60, stop.set).start()
        _Watching(stores.log, lateness).run(feeds, lambda: datetime.now(UTC), stop)
        taken = stores.log.size("articles")
    seconds = time.monotonic() - begun
    cores, memory = _cpu_seconds() / seconds, _memory_mb()
    server.terminate()
    return {
        "feeds": count,
        "minutes": round(seconds / 60, 1),
        "polls": lateness.polls,
        "failed": lateness.failed,
        "texts": taken,
        "first_round_seconds": round(lateness.first_round, 1),
        "late_p50_s": _quantile(lateness.seconds, 0.5),
        "late_p99_s": _quantile(lateness.seconds, 0.99),
        "late_max_s": _quantile(lateness.seconds, 1.0),
        "cores": round(cores, 2),
        "memory_mb": round(memory),
    }


def _configure(folder: Path, count: int, ports: Sequence[int]) -> None:
    """A configuration that watches so many feeds, each at its interval however seldom it reports."""
    (folder / "pipeline.toml").write_text(
        f'[collect]\ninterval = {INTERVAL_SECONDS}\nquiet_factor = 1\nallow_networks = ["127.0.0.0/8"]\n'
    )
    outlets = (
        f'[[outlet]]\nid = "o{n}"\nname = "وسيلة {n}"\nfeed = "http://127.0.0.1:{ports[n % PORTS]}/{n}"\n'
        for n in range(count)
    )
    (folder / "outlets.toml").write_text("".join(outlets), encoding="utf-8")


class _Lateness:
    """How long after its time each poll began, from the second of each feed on."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.due: dict[str, datetime] = {}
        self.polls = self.failed = 0
        self.first_round = 0.0
        self._begun = time.monotonic()
        self._lock = threading.Lock()

    def began(self, name: str) -> None:
        with self._lock:
            self.polls += 1
            if name in self.due:
                self.seconds.append((datetime.now(UTC) - self.due[name]).total_seconds())
            else:
                self.first_round = time.monotonic() - self._begun

    def broke(self) -> None:
        with self._lock:
            self.failed += 1


class _Watching(Collector):
    """A collector whose next polls are noted as they are set."""

    def __init__(self, state: State, lateness: _Lateness) -> None:
        super().__init__(state)
        self._lateness = lateness

    def collect(self, rota: Rota, now: datetime) -> None:
        super().collect(rota, now)
        for name, status in self._statuses.items():
            if status.next_poll is not None:
                self._lateness.due[name] = status.next_poll


class _Timed:
    """A feed that notes when it is asked."""

    def __init__(self, feed: Feed, lateness: _Lateness) -> None:
        self._feed = feed
        self._lateness = lateness

    @property
    def name(self) -> str:
        return self._feed.name

    def poll(self, memory: str, now: datetime) -> Poll:
        self._lateness.began(self.name)
        try:
            return self._feed.poll(memory, now)
        except Exception:
            self._lateness.broke()
            raise


def _serve(ready: Connection) -> None:
    """Feeds of twenty entries, of which a new one comes every twenty minutes, at another time in each; with ETags."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            number = int(head.split(" ")[1].lstrip("/"))
            newest = int((time.time() / 60 + number % _NEW_EVERY_MINUTES) // _NEW_EVERY_MINUTES)
            etag = f'"{newest}"'
            if etag in head:
                writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n".encode())
            else:
                body = _document(number, newest)
                fields = f"ETag: {etag}\r\nContent-Length: {len(body)}\r\nConnection: close"
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    async def serve() -> None:
        servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(PORTS)]
        ready.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(serve())


def _document(feed: int, newest: int) -> bytes:
    text = "أعلن الجيش السوري انسحاب وحداته من مدينة البوكمال في ريف دير الزور بعد هجوم مضاد. " * 3
    items = "".join(
        f"<item><title>خبر {number} من {feed}</title><link>https://o{feed}.example/{number}</link>"
        f"<description>{text}</description><pubDate>{_date(number)}</pubDate></item>"
        for number in range(newest, newest - _ENTRIES, -1)
    )
    return f'<rss version="2.0"><channel><title>وسيلة {feed}</title>{items}</channel></rss>'.encode()


def _date(number: int) -> str:
    return format_datetime(datetime.fromtimestamp(number * _NEW_EVERY_MINUTES * 60 - 3600, UTC), usegmt=True)


def _quantile(values: list[float], share: float) -> float | None:
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)], 2) if values else None


def _cpu_seconds() -> float:
    """Of this process, of the parsers that have ended, and of those that live."""
    ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in ended) + sum(_of_parsers(_cpu_of))


def _memory_mb() -> float:
    """The most that this process and the living parsers had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + sum(_of_parsers(_resident_of))


def _of_parsers(figure: Callable[[Path], float]) -> list[float]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == multiprocessing.current_process().pid
                and b"worker_process" in (process / "cmdline").read_bytes()
            ):
                found.append(figure(process))
    return found


def _cpu_of(process: Path) -> float:
    user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100  # clock ticks: 100 a second on Linux


def _resident_of(process: Path) -> float:
    return next(
        int(line.split()[1]) / 1024
        for line in (process / "status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
