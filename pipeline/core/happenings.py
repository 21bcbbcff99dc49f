"""Events: which claims tell of one happening at one place over a span of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.core.article import digest
from pipeline.core.claims import Claim
from pipeline.core.events import EventKinds
from pipeline.core.places import Place


@dataclass(frozen=True, slots=True)
class Event:
    """Claims and articles about one happening at one place; `articles` are URLs, `claims` ids, `first` ≤ `last`."""

    id: str
    kind: str
    place: Place
    first: datetime
    last: datetime
    articles: tuple[str, ...]
    claims: tuple[str, ...]


def events_of(claims: Sequence[Claim], kinds: EventKinds, gap: timedelta) -> list[Event]:
    """The events of one place and family of kinds: a silence longer than `gap` ends one.

    Claims that recall the past belong to an event but do not stretch it.
    """
    ordered = sorted(claims, key=lambda claim: (claim.evidence.published, claim.id))
    groups: list[list[Claim]] = []
    for claim in ordered:
        if groups and claim.evidence.published - groups[-1][-1].evidence.published <= gap:
            groups[-1].append(claim)
        else:
            groups.append([claim])
    return [_event(group, kinds) for group in groups]


def _event(claims: Sequence[Claim], kinds: EventKinds) -> Event:
    first, last = claims[0].evidence.published, claims[-1].evidence.published
    place = claims[0].place
    counted = Counter(claim.kind for claim in claims)
    kind = min(counted, key=lambda name: (-counted[name], name))
    return Event(
        # The month anchors the id, so that a late report of the same days does not rename the event.
        id=digest("event", place.id, kinds[kind].family, f"{first:%Y-%m}"),
        kind=kind,
        place=place,
        first=first,
        last=last,
        articles=tuple(dict.fromkeys(claim.evidence.url for claim in claims)),
        claims=tuple(claim.id for claim in claims),
    )
