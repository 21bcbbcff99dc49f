"""Timelines: short stories of two to four reports, half of them reversals, half look-alikes that must stay silent.

They were written blind to the rules. `lab/timelines/held` is never mended against: what it shows is what to expect.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lab.corpora import ROOT
from lab.stories import articles_of
from pipeline.assembly import Assembly
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.arabic import fold
from pipeline.core.dossier import Dossier, follow

FOLDER = ROOT / "lab" / "timelines"
Timeline = Mapping[str, Any]


def timelines(part: str) -> list[Timeline]:
    """The timelines of a part, "dev" or "held", each with its reports under "article"."""
    files = sorted((FOLDER / part).glob("*.toml"))
    return [timeline for path in files for timeline in tomllib.loads(path.read_text(encoding="utf-8"))["timeline"]]


def alerts_in(assembly: Assembly, timeline: Timeline) -> list[Alert]:
    """The alerts that stand after the last report."""
    dossiers: dict[str, Dossier] = {}
    standing: dict[str, Alert] = {}
    for article in articles_of(timeline):
        claims = assembly.reader.read(article).claims
        for division in dict.fromkeys(claim.division for claim in claims):
            own = [claim for claim in claims if claim.division == division]
            followed = follow(dossiers.get(division), own, assembly.rules)
            dossiers[division] = followed.dossier
            standing |= {alert.id: alert for alert in followed.alerts}
    return [alert for alert in standing.values() if alert.state != "resolved" and alert.kind not in UNANNOUNCED]


def found(timeline: Timeline, alerts: Sequence[Alert]) -> bool:
    """Whether an alert joins the two reports that the timeline is about."""
    expected = timeline["expected"]
    sides = expected["earlier"], expected["later"]
    return any((alert.earlier.evidence.url, alert.later.evidence.url) == sides for alert in alerts)


def measured(assembly: Assembly, part: str) -> tuple[dict[str, object], dict[str, list[Alert]]]:
    """The figures of a part, and the alerts of each timeline by its id.

    `exact` are reversals found with an expected kind and place; `beside` alerts that join two other reports.
    """
    every = timelines(part)
    alerts = {timeline["id"]: alerts_in(assembly, timeline) for timeline in every}
    reversals = [timeline for timeline in every if "expected" in timeline]
    silent = [timeline for timeline in every if "expected" not in timeline]
    hits = [timeline for timeline in reversals if found(timeline, alerts[timeline["id"]])]
    rules = Counter(alert.rule for timeline in reversals for alert in alerts[timeline["id"]])
    false = Counter(alert.rule for timeline in silent for alert in alerts[timeline["id"]])
    figures: dict[str, object] = {
        "part": part,
        "reversals": len(reversals),
        "found": len(hits),
        "exact": sum(_exact(timeline, alerts[timeline["id"]]) for timeline in hits),
        "beside": sum(not found(timeline, [alert]) for timeline in reversals for alert in alerts[timeline["id"]]),
        "silent": len(silent),
        "silent_alerting": sum(bool(alerts[timeline["id"]]) for timeline in silent),
        "rules": {rule: [rules[rule], false[rule]] for rule in sorted({*rules, *false})},
    }
    return figures, alerts


def _exact(timeline: Timeline, alerts: Sequence[Alert]) -> bool:
    expected = timeline["expected"]
    place = fold(expected["place"])
    return any(
        found(timeline, [alert])
        and alert.kind in expected["kind"]
        and (place in fold(alert.place.name) or fold(alert.place.name) in place)
        for alert in alerts
    )
