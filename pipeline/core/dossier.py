"""A dossier: all that is known of one first-level division, and what a new report changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.core.alerts import Alert
from pipeline.core.claims import Claim
from pipeline.core.happenings import Event, events_of
from pipeline.core.pairs import Rules
from pipeline.core.places import Place
from pipeline.core.reversals import Reversal, reversals
from pipeline.core.weighing import alerts_of

__all__ = ["Dossier", "Event", "Followed", "follow"]

# Claims older than this beside the newest ones can no longer meet any report: twice the longest window of a kind.
RETENTION = timedelta(days=120)
# So many are kept however old they are: reports of years that come at once then meet in whatever order they come.
KEPT = 300
# The newest few do not count as the newest: a date that was mistyped by years makes no dossier forget.
_STRAYS = 8


@dataclass(frozen=True, slots=True)
class Dossier:
    """The claims, events and alerts of one division. `version` counts the reports that changed it."""

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


def follow(dossier: Dossier | None, claims: Sequence[Claim], rules: Rules) -> Followed:
    """Take in the claims of one article revision for one division.

    Pure, idempotent, and independent of the order of arrival: events and alerts are functions of the set of claims
    of a place and family of kinds, worked out anew for the families that the report touches. Raises `ValueError`
    when the claims are not all of one division.
    """
    divisions = {claim.division for claim in claims}
    if dossier is None:
        if len(divisions) != 1:
            raise ValueError(f"a report's claims must be of one division, not {sorted(divisions)}")
        dossier = Dossier(next(iter(divisions)))
    if divisions - {dossier.division}:
        raise ValueError(f"claims of {sorted(divisions)} do not belong in the dossier of {dossier.division}")
    known = {claim.id for claim in dossier.claims}
    fresh = [claim for claim in claims if claim.id not in known and claim.kind in rules.kinds]
    if not fresh:
        return Followed(dossier)
    everything = _recent((*dossier.claims, *fresh), rules)
    scope = _scope(fresh, everything, rules)
    touched = [claim for claim in everything if scope.holds(claim.kind, claim.place, rules)]
    held = {claim.id for claim in everything}
    events = [_continued(event, dossier.events, held) for event in _events(touched, rules)]
    elsewhere = [event for event in dossier.events if not scope.holds(event.kind, event.place, rules)]
    alerts = alerts_of(_reversals(touched, rules), touched, events, rules)
    # An alert older than the claims that the dossier holds stands in the index as it was.
    remembered = [alert for alert in dossier.alerts if {alert.earlier.id, alert.later.id} <= held]
    apart = [alert for alert in remembered if not scope.holds(alert.later.kind, alert.place, rules)]
    standing = {alert.id for alert in (*alerts, *apart)}
    # Alerts once raised that the fuller set of reports no longer supports.
    gone = [replace(alert, state="resolved") for alert in remembered if alert.id not in standing]
    following = Dossier(
        division=dossier.division,
        claims=everything,
        events=tuple(sorted((*elsewhere, *events), key=lambda event: (event.first, event.id))),
        alerts=tuple(sorted((*apart, *alerts, *gone), key=lambda alert: (alert.later.evidence.published, alert.id))),
        version=dossier.version + 1,
    )
    previous = {alert.id: alert for alert in dossier.alerts}
    before = {event.id: event for event in dossier.events}
    return Followed(
        dossier=following,
        events=tuple(event for event in events if before.get(event.id) != event),
        alerts=tuple(alert for alert in (*alerts, *gone) if previous.get(alert.id) != alert),
        raised=frozenset(alert.id for alert in alerts if alert.id not in previous),
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What new claims can change: the families of their kinds, at their places and at those they contain."""

    families: frozenset[str]
    places: frozenset[str]

    def holds(self, kind: str, place: Place, rules: Rules) -> bool:
        return kind in rules.kinds and rules.kinds[kind].family in self.families and place.id in self.places


def _scope(fresh: Sequence[Claim], claims: Sequence[Claim], rules: Rules) -> _Scope:
    new = {claim.place.id for claim in fresh}
    around = {outer for claim in fresh for outer in claim.place.within}
    inside = {claim.place.id for claim in claims if not new.isdisjoint(claim.place.within)}
    return _Scope(frozenset(rules.kinds[claim.kind].family for claim in fresh), frozenset(new | around | inside))


def _reversals(claims: Sequence[Claim], rules: Rules) -> list[Reversal]:
    topics: dict[str, list[Claim]] = {}
    for claim in claims:
        topics.setdefault(rules.kinds[claim.kind].topic, []).append(claim)
    return [reversal for topic in sorted(topics) for reversal in reversals(topics[topic], rules)]


def _recent(claims: Sequence[Claim], rules: Rules) -> tuple[Claim, ...]:
    """The claims that can still meet others. Those of a kind that the configuration has dropped go too."""
    known = (claim for claim in claims if claim.kind in rules.kinds)
    ordered = sorted(known, key=lambda claim: (claim.evidence.published, claim.id))
    if len(ordered) <= KEPT:
        return tuple(ordered)
    newest = ordered[-_STRAYS].evidence.published
    old = sum(newest - claim.evidence.published > RETENTION for claim in ordered)
    return tuple(ordered[min(old, len(ordered) - KEPT) :])


def _events(claims: Sequence[Claim], rules: Rules) -> list[Event]:
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.place.id, rules.kinds[claim.kind].family), []).append(claim)
    return [event for group in groups.values() for event in events_of(group, rules.kinds, rules.window)]


def _continued(event: Event, before: Sequence[Event], held: set[str]) -> Event:
    """The event with what the dossier has forgotten of it, so that a long one keeps its name and its beginning."""
    for older in before:
        forgotten = [claim for claim in older.claims if claim not in held]
        if forgotten and not set(older.claims).isdisjoint(event.claims):
            articles = tuple(dict.fromkeys((*older.articles, *event.articles)))
            claims = (*forgotten, *event.claims)
            return replace(event, id=older.id, first=older.first, articles=articles, claims=claims)
    return event
