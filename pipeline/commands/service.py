"""`naqid run`: the background service, until SIGTERM or SIGINT ends it cleanly."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from types import FrameType

from pipeline.assembly import Stores, assemble
from pipeline.notify import Notifier
from pipeline.overlay import BadSettings
from pipeline.ports import Unreachable

_STATUS_SECONDS = 60.0

_log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> int:
    """Everything that it was doing when the signal came is finished and kept."""
    notifier = Notifier(os.environ)
    stop = threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        _log.info("ending on %s", signal.Signals(number).name)
        notifier.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    assembly = assemble(options.config, options.data)
    watched = assembly.watched()
    if not watched:
        raise BadSettings(f"{assembly.overlay.source('outlets.toml')}: no outlet to watch; add an [[outlet]]")
    channel = assembly.channel(sys.stdout)
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores, [channel], _Heartbeat(notifier, stores, len(watched)))
        print(f"naqid: watching {len(watched)} feeds; alerts go to {channel.name}", file=sys.stderr, flush=True)
        notifier.ready()
        driver.run(watched, lambda: datetime.now(UTC), stop)
    return 0


class _Heartbeat:
    """Tells the service manager that work goes on, and now and then how much there is."""

    def __init__(self, notifier: Notifier, stores: Stores, feeds: int) -> None:
        self._notifier = notifier
        self._stores = stores
        self._feeds = feeds
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
            counts, texts = self._stores.log.counts(), self._stores.log.size("articles")
        except Unreachable as error:
            return str(error)
        return f"{self._feeds} feeds, {texts} texts, alerts: {counts['posted']} posted, {counts['waiting']} waiting"
