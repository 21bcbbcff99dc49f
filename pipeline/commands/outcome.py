"""What a replay came to: the alerts and events, in their final state, that given articles take part in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline import codec, steps
from pipeline.core.alerts import Alert
from pipeline.core.dossier import Dossier, Event
from pipeline.ports import Log, State

_AT_ONCE = 1000


class Memory(Log, State, Protocol):
    """A log that is the driver's memory as well."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """Alerts by the time of their later side, without developments and those that the reports no longer support
    ("resolved"); events by their first time."""

    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]


def concluded(memory: Memory, articles: Collection[str]) -> Concluded:
    """What stands in the dossiers about the articles of these ids."""
    alerts: dict[str, Alert] = {}
    events: dict[str, Event] = {}
    for dossier in _dossiers(memory):
        ours = {claim.id for claim in dossier.claims if claim.evidence.article_id in articles}
        for alert in dossier.alerts:
            sides = {alert.earlier.evidence.article_id, alert.later.evidence.article_id}
            told = alert.kind != "development" and alert.state != "resolved"
            if told and not sides.isdisjoint(articles):
                alerts[alert.id] = alert
        events.update((event.id, event) for event in dossier.events if not ours.isdisjoint(event.claims))
    return Concluded(
        tuple(sorted(alerts.values(), key=lambda alert: (alert.later.evidence.published, alert.id))),
        tuple(sorted(events.values(), key=lambda event: (event.first, event.id))),
    )


def _dossiers(memory: Memory) -> Iterator[Dossier]:
    for division in sorted(_divisions(memory)):
        kept = memory.get(steps.DOSSIERS, division)
        if kept is not None:
            yield codec.dossier_from_bytes(kept)


def _divisions(memory: Memory) -> set[str]:
    divisions: set[str] = set()
    position = ""
    while stored := memory.read("claims", position, _AT_ONCE):
        divisions.update(one.record.key for one in stored)
        position = stored[-1].position
    return divisions
