"""Who is said to hold a place over time: spans made from claims of control, contested where two sides claim it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# Two sides that both claim a place within so many days contest it.
_CONTEST = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when the place is said to be held, by whom; several holders contest it. `end` None is open."""

    start: datetime
    end: datetime | None
    holders: tuple[str, ...]

    @property
    def contested(self) -> bool:
        return len(self.holders) > 1


def spans(claims: Iterable[Mapping[str, Any]], signs: Mapping[str, int]) -> list[Span]:
    """The spans in the order of time. `claims` are shapes; `signs` tells for each kind of control who gains or loses.

    A claim counts where it names who acts, or who says so of himself, is stated, and affirmed: what is denied holds
    nothing.
    """
    said = sorted(
        (datetime.fromisoformat(claim["published"]), claim["actor"] or claim["speaker"], signs[claim["kind"]])
        for claim in claims
        if claim["kind"] in signs
        and (claim["actor"] or claim["speaker"])
        and (claim["polarity"], claim["modality"]) == ("affirmed", "stated")
    )
    found: list[Span] = []
    last: dict[str, datetime] = {}
    for when, actor, sign in said:
        if sign > 0:
            last[actor] = when
        else:
            last.pop(actor, None)
        recent = {holder: at for holder, at in last.items() if when - at <= _CONTEST or holder == _latest(last)}
        last = recent
        _begin(found, when, tuple(sorted(recent)))
    return found


def _latest(last: Mapping[str, datetime]) -> str:
    return max(last, key=lambda holder: (last[holder], holder))


def _begin(found: list[Span], when: datetime, holders: Sequence[str]) -> None:
    """End the span before and begin another, where the holders have changed."""
    if found and found[-1].end is None:
        if found[-1].holders == tuple(holders):
            return
        found[-1] = Span(found[-1].start, when, found[-1].holders)
    if holders:
        found.append(Span(when, None, tuple(holders)))
