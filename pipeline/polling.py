"""A bounded number of threads that poll feeds; whoever asked collects what came, in his own thread."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from pipeline.outlets import Watched
from pipeline.ports import Poll

POLLERS = 32
"""So many feeds are polled at once: most of the time of a poll is spent waiting for the server."""

AT_ONE_HOST = 2
"""So many feeds of one host are polled at once; the others of that host keep no thread waiting."""


@dataclass(frozen=True, slots=True)
class Polled:
    """The outcome of one poll: what it gave, or what it raised, after how many seconds."""

    watched: Watched
    outcome: Poll | Exception
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Task:
    watched: Watched
    memory: str
    now: datetime


class Pollers:
    """Threads that poll. They are daemons: a server that never answers must not hold up the end of the service."""

    def __init__(self, threads: int = POLLERS) -> None:
        self._ready: deque[_Task] = deque()
        self._behind: dict[str, deque[_Task]] = {}
        self._at: Counter[str] = Counter()
        self._closed = False
        self._changed = threading.Condition()
        self._came: queue.SimpleQueue[Polled] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"poller-{number}", daemon=True).start()

    def ask(self, watched: Watched, memory: str, now: datetime) -> None:
        """Have a feed polled; its outcome comes from `wait`."""
        with self._changed:
            self._stand_in_line(_Task(watched, memory, now))

    def wait(self, seconds: float) -> list[Polled]:
        """The polls that have ended, waiting up to so long for the first."""
        came: list[Polled] = []
        try:
            came.append(self._came.get(timeout=seconds))
            while True:
                came.append(self._came.get_nowait())
        except queue.Empty:
            return came

    def close(self) -> None:
        """Let the threads end. Polls under way are forgotten; their feeds show the same again next time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _stand_in_line(self, task: _Task) -> None:
        """Ready where its host has room, else behind the others of its host."""
        host = task.watched.host
        if host and self._at[host] >= AT_ONE_HOST:
            self._behind.setdefault(host, deque()).append(task)
            return
        self._at[host] += 1
        self._ready.append(task)
        self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._closed)
                if self._closed:
                    return
                task = self._ready.popleft()
            self._came.put(_poll(task))
            with self._changed:
                self._left(task.watched.host)

    def _left(self, host: str) -> None:
        self._at[host] -= 1
        if not self._at[host]:
            del self._at[host]
        if behind := self._behind.get(host):
            self._stand_in_line(behind.popleft())
            if not behind:
                del self._behind[host]


def _poll(task: _Task) -> Polled:
    begun = time.monotonic()
    outcome: Poll | Exception
    try:
        outcome = task.watched.feed.poll(task.memory, task.now)
    except Exception as error:  # noqa: BLE001 - handed over to be recorded; a dead thread would end all polling
        outcome = error
    return Polled(task.watched, outcome, time.monotonic() - begun)
