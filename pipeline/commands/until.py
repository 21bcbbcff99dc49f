"""How a command that stays is ended by a signal, and how it tells whoever watches it that it is well."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from pipeline.notify import Notifier
from pipeline.ports import Unreachable

_STATUS_SECONDS = 60.0

_log = logging.getLogger(__name__)


def ended_by_signal(notifier: Notifier) -> threading.Event:
    """Set by SIGTERM and SIGINT."""
    stop = threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        _log.info("ending on %s", signal.Signals(number).name)
        notifier.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def notifier() -> Notifier:
    return Notifier(os.environ)


class Heartbeat:
    """Tells the service manager that work goes on, and now and then what `tell` has to say of it."""

    def __init__(self, notifier: Notifier, tell: Callable[[], str]) -> None:
        self._notifier = notifier
        self._tell = tell
        self._alive_at = self._told_at = float("-inf")

    def __call__(self) -> None:
        now = time.monotonic()
        # Half of half of the manager's patience: a beat may come a second late.
        if self._notifier.watchdog_seconds is not None and now - self._alive_at >= self._notifier.watchdog_seconds / 2:
            self._notifier.alive()
            self._alive_at = now
        if now - self._told_at >= _STATUS_SECONDS:
            self._notifier.status(self._status())
            self._told_at = now

    def _status(self) -> str:
        try:
            return self._tell()
        except Unreachable as error:
            return str(error)
