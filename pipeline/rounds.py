"""A service's rounds: each of its works in turn, until it is told to stop; what cannot be reached rests for a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pipeline.patience import Patience
from pipeline.ports import Unreachable

IDLE_SECONDS = 1.0

_LONGEST_TROUBLE = timedelta(seconds=30)

_log = logging.getLogger(__name__)


def make_rounds(
    works: Mapping[str, Callable[[], object]],
    wait: Callable[[float], object],
    clock: Callable[[], datetime],
    stop: threading.Event,
    heartbeat: Callable[[], None],
) -> None:
    """Do the works, by their names in messages, again and again until `stop` is set.

    `wait` is called between rounds with how many seconds it may take, `heartbeat` after every work. A work that raises
    `Unreachable` is tried again, ever more slowly, and keeps no other waiting.
    """
    trouble = Patience(_LONGEST_TROUBLE)
    while not stop.is_set():
        for name, work in works.items():
            _attempt(name, work, trouble, clock())
            heartbeat()
        wait(IDLE_SECONDS)


def _attempt(name: str, work: Callable[[], object], trouble: Patience, now: datetime) -> None:
    if trouble.rests_until(name, now) is not None:
        return
    try:
        work()
    except Unreachable as error:
        until = trouble.failed(name, now, error.retry_after)
        _log.warning("%s goes on at %s: %s", name, until.isoformat(timespec="seconds"), error)
    else:
        trouble.succeeded(name)
