"""Contradictions: pairs of whole reports that a model holds to contradict each other, and what is told of them.

Where the rules of `reversals` have no words for what happened, a model compares headline with headline and opening
with opening of reports about one place. It is asked only where the reports share enough words to be about one matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.alerts import Alert, ReversalKind
from pipeline.core.article import digest
from pipeline.core.claims import Claim
from pipeline.core.happenings import Event
from pipeline.core.pairs import Rules
from pipeline.core.places import Place
from pipeline.core.reports import REPORT
from pipeline.core.sketch import COPY, resemblance
from pipeline.core.weighing import origins

# From this probability on a pair stands in the digest, for a person to decide.
DOUBTFUL = 0.5
# How many words reports must share to be compared, by how much happens in a place of this level.
_SHARED = {"country": 4, "region": 4, "division": 3, "district": 2, "town": 2, "part": 2, "site": 2}
# A report is compared with so many others at the most, those that share most words.
_MOST = 6
# So many shared words make two contradictions one matter, and a rule's alert the same as a model's.
_ONE_MATTER = 3


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two reports, by the ids of their claims, and the probability that they cannot both stand."""

    earlier: str
    later: str
    disagree: float


def contradictions(fresh: Sequence[Claim], claims: Sequence[Claim], rules: Rules) -> list[Contradiction]:
    """What the model makes of new reports beside those that are known; nothing where there is no model.

    A pair's verdict depends on its two sentences alone, so the order in which reports arrive changes nothing but
    which pairs are left out where a report meets more than a few others.
    """
    if rules.judge is None:
        return []
    pairs: dict[tuple[str, str], tuple[Claim, Claim]] = {}
    for report in fresh:
        near = [other for other in claims if _comparable(report, other, rules)]
        near.sort(key=lambda other: (-_shared(report, other), other.id))
        for other in near[:_MOST]:
            earlier, later = sorted((report, other), key=lambda claim: (claim.evidence.published, claim.id))
            pairs[earlier.id, later.id] = earlier, later
    opinions = rules.judge.opinions([(one.evidence.sentence, two.evidence.sentence) for one, two in pairs.values()])
    return [
        Contradiction(earlier, later, round(opinion.disagree, 4))
        for (earlier, later), opinion in zip(pairs, opinions, strict=True)
        if opinion.disagree >= DOUBTFUL
    ]


def alerts_by_model(
    found: Sequence[Contradiction],
    claims: Sequence[Claim],
    ruled: Sequence[Alert],
    events: Sequence[Event],
    rules: Rules,
) -> tuple[Alert, ...]:
    """One alert a matter, except where a rule's alert tells of it already; of kind "possible" where it is doubtful."""
    held = {claim.id: claim for claim in claims}
    pairs = [(pair, held[pair.earlier], held[pair.later]) for pair in found]
    pairs.sort(key=lambda item: (item[2].evidence.published, item[1].evidence.published, item[1].id, item[2].id))
    matters: list[list[tuple[Contradiction, Claim, Claim]]] = []
    for pair in pairs:
        matter = next((matter for matter in matters if _one_matter(matter[0][1:], pair[1:], rules)), None)
        if matter is None:
            matters.append([pair])
        else:
            matter.append(pair)
    alerts: dict[str, Alert] = {}
    for matter in matters:
        if not any(_tells(alert, matter) for alert in ruled):
            alert = _alert(matter, claims, events, rules)
            alerts.setdefault(alert.id, alert)
    return tuple(alerts.values())


def _comparable(one: Claim, other: Claim, rules: Rules) -> bool:
    """Whether two reports are worth a model's look: near in time and place, about one matter, not copies."""
    first, second = one.evidence, other.evidence
    if other.kind != REPORT or first.article_id == second.article_id or first.part != second.part:
        return False
    if not (first.dated and second.dated) or abs(first.published - second.published) > rules.window:
        return False
    if not _one_place(one.place, other.place) or first.sentence == second.sentence:
        return False
    wider = max(_SHARED[one.place.level], _SHARED[other.place.level])
    return _shared(one, other) >= wider and resemblance(one.sketch, other.sketch) < COPY


def _one_place(one: Place, other: Place) -> bool:
    return one.id == other.id or one.id in other.within or other.id in one.within


def _shared(one: Claim, other: Claim) -> int:
    return len(set(one.about) & set(other.about))


def _one_matter(first: Sequence[Claim], second: Sequence[Claim], rules: Rules) -> bool:
    if not _one_place(first[1].place, second[1].place):
        return False
    if abs(first[1].evidence.published - second[1].evidence.published) > rules.window:
        return False
    return len(_words(first) & _words(second)) >= _ONE_MATTER


def _words(pair: Iterable[Claim]) -> set[str]:
    return {word for claim in pair for word in claim.about}


def _tells(alert: Alert, matter: Sequence[tuple[Contradiction, Claim, Claim]]) -> bool:
    """Whether a rule's alert is about the same: it joins two of the matter's reports, or quotes much the same words."""
    articles = {claim.evidence.article_id for _, *pair in matter for claim in pair}
    if {alert.earlier.evidence.article_id, alert.later.evidence.article_id} <= articles:
        return True
    later = {pair[2].evidence.article_id for pair in matter}
    return alert.later.evidence.article_id in later


def _alert(
    matter: Sequence[tuple[Contradiction, Claim, Claim]],
    claims: Sequence[Claim],
    events: Sequence[Event],
    rules: Rules,
) -> Alert:
    surest = max(pair[0].disagree for pair in matter)
    # The first of those that are as good as the surest: a repetition never takes the place of the words that turned it.
    _, earlier, later = next(pair for pair in matter if pair[0].disagree >= surest - 0.05)
    place = earlier.place if later.place.id in earlier.place.within else later.place
    first = min(pair[2].evidence.published for pair in matter)
    sides = list({claim.id: claim for _, *pair in matter for claim in pair}.values())
    outlets = tuple(dict.fromkeys(claim.evidence.outlet for claim in sides))
    count = origins(sides)
    kind = _kind(earlier, later, claims) if surest >= rules.sure else "possible"
    key = sorted(set.intersection(*(_words(pair[1:]) for pair in matter)))[:2]
    return Alert(
        id=digest("alert", place.id, REPORT, f"{first:%Y-%m}", *key),
        kind=kind,
        rule="model",
        confidence=round(min(0.99, surest - (0.1 if place.provisional else 0.0)), 2),
        place=place,
        event=_event_of(later, claims, events),
        earlier=earlier,
        later=later,
        same_report=False,
        outlets=outlets,
        origins=count,
        state="open",
        explanation=rules.wording.explain(
            kind=kind,
            rule="model",
            place=place,
            earlier=earlier,
            later=later,
            same_report=False,
            outlets=outlets,
            origins=count,
        ),
    )


def _kind(earlier: Claim, later: Claim, claims: Sequence[Claim]) -> ReversalKind:
    """What the later report does, as far as its claims show."""
    own = [claim for claim in claims if claim.evidence.article_id == later.evidence.article_id and claim.explicit]
    polarities = {claim.polarity for claim in own if claim.lead and not claim.background}
    if polarities == {"denied"}:
        return "denial"
    return "admission" if polarities == {"affirmed"} else "rival"


def _event_of(report: Claim, claims: Sequence[Claim], events: Sequence[Event]) -> str:
    """The event that the report's own claims belong to, "" where none was read."""
    article: Mapping[str, None] = dict.fromkeys(
        claim.id for claim in claims if claim.evidence.article_id == report.evidence.article_id
    )
    return next((event.id for event in events if any(claim in article for claim in event.claims)), "")
