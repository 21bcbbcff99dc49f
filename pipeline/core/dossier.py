"""A dossier: all that is known of one first-level division, and what a new report changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.core.alerts import Alert
from pipeline.core.claims import Claim
from pipeline.core.places import Place


@dataclass(frozen=True, slots=True)
class Event:
    """Claims and articles about one happening at one place over a span of time."""

    id: str
    kind: str
    place: Place
    first: datetime
    last: datetime
    articles: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The claims, events and alerts of one division. `version` counts the changes it has seen."""

    division: str
    claims: tuple[Claim, ...] = ()
    events: tuple[Event, ...] = ()
    alerts: tuple[Alert, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from one report: the next dossier, events and alerts raised or changed, ids of those raised."""

    dossier: Dossier
    events: tuple[Event, ...] = ()
    alerts: tuple[Alert, ...] = ()
    raised: frozenset[str] = frozenset()
