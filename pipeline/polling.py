"""A bounded number of threads that poll feeds; whoever asked collects what came, in his own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.outlets import Watched
from pipeline.ports import Poll


@dataclass(frozen=True, slots=True)
class Polled:
    """The outcome of one poll: what it gave, or what it raised."""

    watched: Watched
    outcome: Poll | Exception


class Pollers:
    """Threads that poll. They are daemons: a server that never answers must not hold up the end of the service."""

    def __init__(self, threads: int) -> None:
        self._asked: queue.SimpleQueue[Callable[[], Polled] | None] = queue.SimpleQueue()
        self._came: queue.SimpleQueue[Polled] = queue.SimpleQueue()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._work, name=f"poller-{number}", daemon=True).start()

    def ask(self, watched: Watched, memory: str, now: datetime) -> None:
        """Have a feed polled; its outcome comes from `wait`."""
        self._asked.put(lambda: _poll(watched, memory, now))

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
        for _ in range(self._threads):
            self._asked.put(None)

    def _work(self) -> None:
        while (task := self._asked.get()) is not None:
            self._came.put(task())


def _poll(watched: Watched, memory: str, now: datetime) -> Polled:
    try:
        return Polled(watched, watched.feed.poll(memory, now))
    except Exception as error:  # noqa: BLE001 - handed over to be recorded; a dead thread would end all polling
        return Polled(watched, error)
