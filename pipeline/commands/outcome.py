"""What a replay came to: the alerts and events, in their final state, that given articles take part in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipeline import codec
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.dossier import Event
from pipeline.ports import Log, Record, Topic

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Concluded:
    """Alerts by the time of their later side, without developments and those that the reports no longer support
    ("resolved"); events by their first time, without those that others have taken up."""

    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]


def concluded(log: Log, articles: Collection[str]) -> Concluded:
    """What the log came to say about the articles of these ids. A dossier would not do: it forgets what is old."""
    alerts = {record.key: codec.alert_from_bytes(record.value) for record in _records(log, "alerts")}
    ours = {
        claim.id
        for record in _records(log, "claims")
        for claim in codec.claims_from_bytes(record.value).claims
        if claim.evidence.article_id in articles
    }
    told = [alert for alert in alerts.values() if alert.kind not in UNANNOUNCED and alert.state != "resolved"]
    about_ours = [alert for alert in told if {alert.earlier.id, alert.later.id} & ours]
    events = [event for event in _events(log) if not ours.isdisjoint(event.claims)]
    return Concluded(
        tuple(sorted(about_ours, key=lambda alert: (alert.later.evidence.published, alert.id))),
        tuple(sorted(events, key=lambda event: (event.first, event.id))),
    )


def _events(log: Log) -> Iterator[Event]:
    """The events that still hold a claim: where events were joined, the log keeps the one that was taken up."""
    events: dict[str, Event] = {}
    holder: dict[str, str] = {}
    for record in _records(log, "events"):
        event = codec.event_from_bytes(record.value)
        events[event.id] = event
        holder.update(dict.fromkeys(event.claims, event.id))
    for id in sorted(set(holder.values())):
        yield events[id]


def _records(log: Log, topic: Topic) -> Iterator[Record]:
    """The records of a topic, each version of a thing after the one before."""
    position = ""
    while stored := log.read(topic, position, _AT_ONCE):
        for one in stored:
            yield one.record
        position = stored[-1].position
