"""What the robots.txt of a host allows naqid, remembered for a day (RFC 9309)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.http_fetch import Fetcher
from connectors.web_address import web_address
from connectors.worker_process import Worker, shared_workers
from pipeline.ports import Rejected, Unreachable

AGENT = "naqid"
"""The product token to which a robots.txt speaks."""

_REMEMBERED = timedelta(days=1)
_ASKED_AGAIN = timedelta(minutes=30)
_READ = 500 << 10  # the least that RFC 9309 lets a crawler read
_HOSTS = 200
_LONGEST_DELAY = 30.0
# As a server that has no such file answers; all other answers below 500 mean the same, save "too many requests".
_BUSY = frozenset({429})


@dataclass(frozen=True, slots=True)
class _Kept:
    """A host's rules until a time: the file, b"" where everything is allowed, None where nothing is, and why."""

    rules: bytes | None
    until: datetime
    reason: str = ""


class Robots:
    """The robots.txt of every host asked about; threads may share it."""

    def __init__(self, fetcher: Fetcher, worker: Worker | None = None) -> None:
        self._fetcher = fetcher
        self._worker = worker
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def delay(self, url: str, now: datetime) -> float:
        """How many seconds the host wants between two requests, at most 30; 0 where it says nothing.

        Raises `Rejected` where its rules forbid the address, and `Unreachable` where its server fails to tell them:
        then everything is forbidden (RFC 9309, 2.3.1.4), unless older rules are remembered.
        """
        address = web_address(url)
        host = str(address.copy_with(raw_path=b"/robots.txt", fragment=None, username=None, password=None))
        kept = self._of(host, now)
        if kept.rules is None:
            raise Unreachable(f"its robots.txt cannot be read, so no page of the host is fetched: {kept.reason}")
        if not kept.rules:
            return 0.0
        # Rules are patterns, and those of a stranger may cost any time.
        worker = self._worker or shared_workers()
        told = worker.call("connectors.robots:verdict", {"url": url, "agent": AGENT}, kept.rules)
        if not told["allowed"]:
            raise Rejected("the robots.txt of its host forbids it")
        return float(min(max(told["delay"], 0.0), _LONGEST_DELAY))

    def _of(self, host: str, now: datetime) -> _Kept:
        with self._lock:
            known = self._kept.get(host)
        if known is not None and now < known.until <= now + _REMEMBERED:
            return known
        fresh = self._asked(host, now)
        if fresh.rules is None and known is not None and known.rules is not None:
            fresh = _Kept(known.rules, fresh.until)
        with self._lock:
            self._kept[host] = fresh
            self._kept.move_to_end(host)
            while len(self._kept) > _HOSTS:
                self._kept.popitem(last=False)
        return fresh

    def _asked(self, host: str, now: datetime) -> _Kept:
        try:
            answer = self._fetcher.get(host, {"Accept": "text/plain, */*;q=0.1"})
        except Unreachable as problem:
            return _Kept(None, now + _ASKED_AGAIN, str(problem))
        if answer.status >= 500 or answer.status in _BUSY:
            return _Kept(None, now + _ASKED_AGAIN, f"the server answered {answer.status}")
        return _Kept(answer.body[:_READ] if answer.status == 200 else b"", now + _REMEMBERED)


def verdict(arguments: dict[str, Any], body: bytes) -> dict[str, Any]:
    """For the worker: what the rules in `body` say of an address."""
    from protego import Protego

    rules = Protego.parse(body.decode("utf-8", "replace").removeprefix("\ufeff"))
    agent = arguments["agent"]
    return {"allowed": rules.can_fetch(arguments["url"], agent), "delay": rules.crawl_delay(agent) or 0.0}
