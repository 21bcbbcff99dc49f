"""Outlets as the service watches them: how often each feed is polled, and how each is doing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.patience import wait_after
from pipeline.ports import Feed, Poll, Rejected, Unreachable
from pipeline.wire import from_bytes, to_bytes

LONGEST = timedelta(hours=1)
"""A feed that keeps failing is asked this often (or at its own interval, where that is longer), and never dropped."""

LONGEST_ASKED_FOR = timedelta(days=1)
"""The longest that an outlet may ask naqid to stay away."""

_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """A feed that is polled every `interval`."""

    feed: Feed
    interval: timedelta


@dataclass(frozen=True, slots=True)
class OutletStatus:
    """How a feed is doing. Times are aware, None for never; `last_error` is "" and `failures` 0 while all is well.

    `articles` is what the last poll that succeeded showed, `skipped` what of it could not be used.
    """

    last_success: datetime | None = None
    last_error: str = ""
    failed_at: datetime | None = None
    failures: int = 0
    next_poll: datetime | None = None
    articles: int = 0
    skipped: int = 0

    def due(self, now: datetime) -> bool:
        """Whether to poll now. A next poll beyond any wait that is ever set comes from a wrong clock: poll."""
        return self.next_poll is None or not now < self.next_poll <= now + 2 * LONGEST_ASKED_FOR

    def succeeded(self, poll: Poll, now: datetime, interval: timedelta) -> OutletStatus:
        return OutletStatus(
            last_success=now,
            failed_at=self.failed_at,
            next_poll=now + min(interval, LONGEST_ASKED_FOR),
            articles=len(poll.articles),
            skipped=len(poll.skipped),
        )

    def failed(self, error: Exception, now: datetime, interval: timedelta) -> OutletStatus:
        """After a poll that raised: `Unreachable` doubles the wait, anything else waits the longest at once."""
        failures = self.failures + 1
        longest = max(LONGEST, interval)
        wait = wait_after(failures, interval, longest) if isinstance(error, Unreachable) else longest
        asked_for = getattr(error, "retry_after", None)
        if isinstance(asked_for, int | float) and math.isfinite(asked_for):
            wait = max(wait, timedelta(seconds=min(asked_for, LONGEST_ASKED_FOR.total_seconds())))
        return replace(
            self,
            last_error=told(error),
            failed_at=now,
            failures=failures,
            next_poll=now + min(wait, LONGEST_ASKED_FOR),
        )


def told(error: Exception) -> str:
    """What a person is told of an error. Only the ports' own errors promise that they hold no secret."""
    if isinstance(error, Unreachable | Rejected):
        return " ".join(str(error).split())[:_REASON_LENGTH]
    return f"unexpected {type(error).__name__}"


def status_to_bytes(status: OutletStatus) -> bytes:
    return to_bytes(status)


def status_from_bytes(data: bytes) -> OutletStatus:
    """Raises `ValueError` naming the field that is wrong."""
    return from_bytes(OutletStatus, data)
