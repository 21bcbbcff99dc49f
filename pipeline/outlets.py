"""Outlets as the service watches them: how often each feed is polled, and how each is doing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from pipeline.core.article import Article
from pipeline.patience import wait_after
from pipeline.ports import Feed, Poll, Rejected, Unreachable
from pipeline.wire import from_bytes, to_bytes

LONGEST = timedelta(hours=1)
"""A feed that fails is asked this often at least, for a day."""

LONGEST_LASTING = timedelta(days=1)
"""One that has failed for a day, or that is refused by its server, comes down to this. It is never dropped."""

LONGEST_ASKED_FOR = timedelta(days=1)
"""The longest that an outlet may ask naqid to stay away."""

_REASON_LENGTH = 300
_DATES_FOR_RHYTHM = 5
_NEWEST = 20


@dataclass(frozen=True, slots=True)
class Watched:
    """A feed that is polled every `interval`; a quiet one less often, at most every `slowest` where that is longer.

    `outlet` is the name that its articles carry, "" for the feed's. Feeds of one `host` are asked a few at a time.
    """

    feed: Feed
    interval: timedelta
    outlet: str = ""
    host: str = ""
    slowest: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class OutletStatus:
    """How a feed is doing. Times are aware, None for never; `last_error` is "" and `failures` 0 while all is well.

    `articles` is what the last poll that succeeded showed, `skipped` what of it could not be used. `failing_since` is
    when the first of the `failures` in a row was. `rhythm` is how many seconds apart its reports come, None where
    nothing shows it. `moved` is where its server says that it lies now; `gone`, that it lies nowhere any more;
    `pushed`, that its hub tells of news.
    """

    last_success: datetime | None = None
    last_error: str = ""
    failed_at: datetime | None = None
    failures: int = 0
    next_poll: datetime | None = None
    articles: int = 0
    skipped: int = 0
    failing_since: datetime | None = None
    rhythm: float | None = None
    moved: str = ""
    gone: bool = False
    pushed: bool = False

    def due(self, now: datetime) -> bool:
        """Whether to poll now. A next poll beyond any wait that is ever set comes from a wrong clock: poll."""
        return self.next_poll is None or not now < self.next_poll <= now + 2 * LONGEST_ASKED_FOR

    def succeeded(
        self,
        poll: Poll,
        now: datetime,
        interval: timedelta,
        slowest: timedelta = timedelta(0),
        rest: timedelta = timedelta(0),
    ) -> OutletStatus:
        """After a poll: the next one follows the outlet's own rhythm, between the two intervals.

        `rest` is how long its hub would tell of news, and the next poll waits so long at least.
        """
        rhythm = rhythm_of(poll.articles, now) or self.rhythm
        # Half of the rhythm: a report is then seen, on average, a quarter of it late.
        wait = min(max(interval, timedelta(seconds=rhythm / 2)), slowest) if rhythm and slowest > interval else interval
        return OutletStatus(
            last_success=now,
            failed_at=self.failed_at,
            next_poll=now + min(max(wait, rest), LONGEST_ASKED_FOR),
            articles=len(poll.articles),
            skipped=len(poll.skipped),
            rhythm=rhythm,
            moved=poll.moved,
            pushed=bool(rest),
        )

    def failed(self, error: Exception, now: datetime, interval: timedelta) -> OutletStatus:
        """After a poll that raised: `Unreachable` doubles the wait, anything else waits the longest at once."""
        failures, since = self.failures + 1, self.failing_since or now
        lasting = getattr(error, "lasting", False) or now - since >= timedelta(days=1)
        longest = max(LONGEST_LASTING if lasting else LONGEST, interval)
        wait = wait_after(failures, interval, longest) if isinstance(error, Unreachable) else longest
        asked_for = getattr(error, "retry_after", None)
        if isinstance(asked_for, int | float) and math.isfinite(asked_for):
            wait = max(wait, timedelta(seconds=min(asked_for, LONGEST_ASKED_FOR.total_seconds())))
        return replace(
            self,
            last_error=told(error),
            failed_at=now,
            failures=failures,
            failing_since=since,
            next_poll=now + min(wait, LONGEST_ASKED_FOR),
            gone=isinstance(error, Rejected),
        )


def rhythm_of(articles: Sequence[Article], now: datetime) -> float | None:
    """How many seconds lie between two reports of the newest, or since the last if that is long ago by comparison.

    None where fewer than five are dated.
    """
    dates = sorted(
        (article.published for article in articles if article.date_source != "assumed" and article.published <= now),
        reverse=True,
    )[:_NEWEST]
    if len(dates) < _DATES_FOR_RHYTHM:
        return None
    between = median((later - earlier).total_seconds() for later, earlier in pairwise(dates))
    return max(between, (now - dates[0]).total_seconds() / _DATES_FOR_RHYTHM)


def told(error: Exception) -> str:
    """What a person is told of an error. Only the ports' own errors promise that they hold no secret."""
    if isinstance(error, Unreachable | Rejected):
        return " ".join(str(error).split())[:_REASON_LENGTH]
    return f"unexpected {type(error).__name__}"


def status_to_bytes(status: OutletStatus) -> bytes:
    return to_bytes(status)


def status_from_bytes(data: bytes) -> OutletStatus:
    """Raises `ValueError` naming the field that is wrong. What an older naqid did not keep is as if new."""
    try:
        kept = json.loads(data)
    except ValueError:
        kept = None
    if isinstance(kept, dict):
        data = json.dumps({**json.loads(to_bytes(OutletStatus())), **kept}).encode()
    return from_bytes(OutletStatus, data)
