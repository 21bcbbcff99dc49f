"""Gaps: spans of time in which an outlet could not be read, kept by the collector, looked up as alerts are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.core.alerts import Alert
from pipeline.ports import Gap, Rejected, State
from pipeline.wire import from_bytes, to_bytes

GAPS = "gaps"
"""The state's table of when outlets could not be read: outlet name → `Unread`."""

SHORTEST_TOLD = timedelta(hours=1)
"""A shorter silence is not worth a line in an alert."""

_KEPT = 500

_log = logging.getLogger(__name__)

GapsBetween = Callable[[Sequence[str], datetime, datetime], Sequence[Gap]]
"""As `gaps_between`, with the state already given."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a poll that failed to the next one that did not."""

    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Unread:
    """When one outlet could not be read: the spans that have ended, the oldest first, and since when it cannot now."""

    spans: tuple[Span, ...] = ()
    since: datetime | None = None
    reason: str = ""

    def failed(self, now: datetime, reason: str) -> Unread:
        return replace(self, since=self.since or now, reason=reason)

    def succeeded(self, now: datetime) -> Unread:
        if self.since is None:
            return self
        return Unread((*self.spans, Span(self.since, now, self.reason))[-_KEPT:])

    def slept(self, since: datetime, until: datetime, reason: str) -> Unread:
        """Note a span in which nobody asked the outlet."""
        return replace(self, spans=(*self.spans, Span(since, until, reason))[-_KEPT:])


def gaps_between(state: State, outlets: Iterable[str], since: datetime, until: datetime) -> list[Gap]:
    """When the outlets of these names could not be read between the two times, as far as these reach.

    Only spans of an hour or more, by their beginnings. Raises `Unreachable` as the state does.
    """
    found: list[Gap] = []
    for outlet in dict.fromkeys(outlets):
        unread = _kept(state, outlet)
        spans = unread.spans
        if unread.since is not None:
            spans = (*spans, Span(unread.since, max(until, unread.since), unread.reason))
        found += [Gap(outlet, span.since, span.until, span.reason) for span in spans]
    return within(found, (), since, until)


def within(gaps: Iterable[Gap], outlets: Collection[str], since: datetime, until: datetime) -> list[Gap]:
    """The parts of gaps between two times, as `gaps_between` tells them; of these outlets where some are named."""
    parts = (
        replace(gap, since=max(gap.since, since), until=min(gap.until, until))
        for gap in gaps
        if not outlets or gap.outlet in outlets
    )
    told = (part for part in parts if part.until - part.since >= SHORTEST_TOLD)
    return sorted(told, key=lambda gap: (gap.since, gap.outlet))


def gaps_of(alert: Alert, between: GapsBetween) -> tuple[Gap, ...]:
    """When outlets of the alert could not be read between its two sides."""
    return tuple(between(alert.outlets, alert.earlier.evidence.published, alert.later.evidence.published))


def no_gaps(outlets: Sequence[str], since: datetime, until: datetime) -> Sequence[Gap]:
    """`GapsBetween` where nobody polls outlets."""
    return ()


def unread_to_bytes(unread: Unread) -> bytes:
    return to_bytes(unread)


def unread_from_bytes(data: bytes) -> Unread:
    """Raises `ValueError` naming the field that is wrong."""
    return from_bytes(Unread, data)


def _kept(state: State, outlet: str) -> Unread:
    try:
        value = state.get(GAPS, outlet)
        return Unread() if value is None else unread_from_bytes(value)
    except (Rejected, ValueError) as damage:
        _log.error("when %s could not be read is forgotten: %s", outlet, damage)
        return Unread()
