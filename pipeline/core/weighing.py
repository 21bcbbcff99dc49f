"""Weighing: from the reversals of a place to its alerts, one for each turn, with origins, standing and evidence."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.alerts import Alert, State
from pipeline.core.article import digest
from pipeline.core.cast import shared_words
from pipeline.core.claims import Claim
from pipeline.core.happenings import Event
from pipeline.core.pairs import Rules, theme_of
from pipeline.core.places import Place
from pipeline.core.reversals import Reversal
from pipeline.core.sketch import COPY, resemblance

# Which kind an alert bears when several pairs show the same turn: the most telling first.
_RANK = {"correction": 0, "admission": 1, "self": 2, "camp": 3, "denial": 4, "rival": 5, "development": 6}


def alerts_of(
    found: Sequence[Reversal], claims: Sequence[Claim], events: Sequence[Event], rules: Rules
) -> tuple[Alert, ...]:
    """One alert a turn: the same place, topic and direction within the window is one, however many report it."""
    turns: list[list[Reversal]] = []
    for reversal in found:
        turn = next((turn for turn in turns if _one_turn(turn[0], reversal, rules)), None)
        if turn is None:
            turns.append([reversal])
        else:
            turn.append(reversal)
    alerts: dict[str, Alert] = {}
    for turn in turns:
        alert = _alert(turn, turns, claims, events, rules)
        alerts.setdefault(alert.id, alert)
    return tuple(alerts.values())


def _one_turn(first: Reversal, second: Reversal, rules: Rules) -> bool:
    one, two = rules.kinds[first.later.kind], rules.kinds[second.later.kind]
    if (one.topic, first.direction) != (two.topic, second.direction) or _place(first).id != _place(second).id:
        return False
    if abs(second.later.evidence.published - first.later.evidence.published) > rules.reach(one):
        return False
    if not one.person:
        return True
    theme, other = theme_of(first.later, one), theme_of(second.later, two)
    return theme is None or other is None or theme.id == other.id or bool(shared_words(theme, other))


def _place(reversal: Reversal) -> Place:
    """The more exact of the two places: a denial for a whole district meets a claim for a town in it."""
    earlier, later = reversal.earlier.place, reversal.later.place
    return earlier if later.id in earlier.within else later


def _theme_key(turn: Sequence[Reversal], rules: Rules) -> str:
    """A word that names the person concerned, for kinds that concern one; "" otherwise."""
    words: frozenset[str] | None = None
    for reversal in turn:
        kind = rules.kinds[reversal.later.kind]
        one, two = theme_of(reversal.earlier, rules.kinds[reversal.earlier.kind]), theme_of(reversal.later, kind)
        if not kind.person or one is None or two is None:
            continue
        shared = shared_words(one, two)
        words = shared if words is None else (words & shared or words)
    return min(words, default="") if words else ""


def _alert(
    turn: Sequence[Reversal],
    turns: Sequence[Sequence[Reversal]],
    claims: Sequence[Claim],
    events: Sequence[Event],
    rules: Rules,
) -> Alert:
    # The words that turned it first, so that a repetition never takes their place; among them the most telling pair.
    best = min(
        turn,
        key=lambda r: (
            _one_report(r),
            r.later.evidence.published,
            _RANK[r.kind],
            r.earlier.evidence.published,
            -r.confidence,
            (r.earlier.evidence.part == "title") + (r.later.evidence.part == "title"),
            -_themes_shared(r, rules),
            r.earlier.evidence.span,
            r.later.evidence.span,
            r.earlier.id,
            r.later.id,
        ),
    )
    kind, place = rules.kinds[best.later.kind], _place(best)
    first = min(reversal.later.evidence.published for reversal in turn)
    supporting = _supporting(best, claims, rules)
    outlets = tuple(dict.fromkeys(claim.evidence.outlet for claim in supporting))
    count = origins(supporting)
    return Alert(
        id=digest("alert", place.id, kind.topic, str(best.direction), f"{first:%Y-%m}", _theme_key(turn, rules)),
        kind=best.kind,
        rule=best.rule,
        confidence=_confidence(best, count),
        place=place,
        event=_event_id(best.later, events),
        earlier=best.earlier,
        later=best.later,
        same_report=_one_report(best),
        outlets=outlets,
        origins=count,
        state=_state(best, turns, supporting, claims, rules),
        explanation=rules.wording.explain(
            kind=best.kind,
            rule=best.rule,
            place=place,
            earlier=best.earlier,
            later=best.later,
            same_report=_one_report(best),
            outlets=outlets,
            origins=count,
        ),
    )


def _themes_shared(reversal: Reversal, rules: Rules) -> int:
    one = theme_of(reversal.earlier, rules.kinds[reversal.earlier.kind])
    two = theme_of(reversal.later, rules.kinds[reversal.later.kind])
    return len(shared_words(one, two)) if one is not None and two is not None else 0


def _one_report(reversal: Reversal) -> bool:
    return reversal.earlier.evidence.article_id == reversal.later.evidence.article_id and (
        reversal.earlier.revision == reversal.later.revision
    )


def _supporting(best: Reversal, claims: Sequence[Claim], rules: Rules) -> list[Claim]:
    """All claims that say what either side says, in the order of time."""
    return [claim for claim in claims if _says(claim, best.earlier, rules) or _says(claim, best.later, rules)]


def _says(claim: Claim, side: Claim, rules: Rules) -> bool:
    one, two = rules.kinds[claim.kind], rules.kinds[side.kind]
    near = abs(claim.evidence.published - side.evidence.published) <= rules.reach(two)
    return (
        near
        and claim.place.id == side.place.id
        and claim.polarity == side.polarity
        and (one.topic, one.sign) == (two.topic, two.sign)
    )


def origins(claims: Sequence[Claim]) -> int:
    """How many independent sources stand behind claims: a relaying agency and copies of one text count once."""
    groups: list[tuple[set[str], list[Claim]]] = []
    for claim in claims:
        sources = set(claim.relayed_through) or {claim.evidence.outlet}
        for names, members in groups:
            if names & sources or any(resemblance(claim.sketch, other.sketch) >= COPY for other in members):
                names |= sources
                members.append(claim)
                break
        else:
            groups.append((sources, [claim]))
    return len(groups)


def _confidence(best: Reversal, count: int) -> float:
    """The rule's confidence; less for a place in doubt, more for a second independent origin."""
    value = best.confidence - (0.1 if best.later.place.provisional else 0.0) + (0.02 if count > 2 else 0.0)
    return round(min(0.99, value), 2)


def _event_id(claim: Claim, events: Sequence[Event]) -> str:
    return next((event.id for event in events if claim.id in event.claims), "")


def _state(
    best: Reversal,
    turns: Sequence[Sequence[Reversal]],
    supporting: Sequence[Claim],
    claims: Sequence[Claim],
    rules: Rules,
) -> State:
    """Where the matter stands after all that is known."""
    topic, turned = rules.kinds[best.later.kind].topic, best.later.evidence.published
    for turn in turns:
        other = turn[0]
        if rules.kinds[other.later.kind].topic == topic and _place(other).id == _place(best).id:
            later = max(reversal.later.evidence.published for reversal in turn)
            if other.direction != best.direction and later > turned:
                return "reversed again"
    after = [claim for claim in supporting if claim.evidence.published > turned]
    if any(_says(claim, best.earlier, rules) for claim in after):
        return "contested"
    if len({claim.voice for claim in supporting if _says(claim, best.later, rules)}) > 1 and after:
        return "confirmed"
    return "open"
