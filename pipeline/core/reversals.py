"""Reversals: which two claims cannot both stand, by which rule, and of what kind the turn is.

`RULES` is the table; `reversals` applies it to all claims of one topic. The verdict is a function of the set of
claims, so the order in which reports arrive changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.core.alerts import ReversalKind
from pipeline.core.cast import same_party
from pipeline.core.claims import Claim
from pipeline.core.pairs import Pair, Rules

Turn = Literal["affirmed, then denied", "denied, then affirmed", "contraries affirmed", "polarity turned"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its conditions. None means that a condition is not asked for.

    `turn` is what happened to the polarity; of "contraries affirmed" the kinds oppose one another, of the others
    they agree. `explicit` conditions ask for a verb of denying or admitting.
    """

    name: str
    confidence: float
    turn: Turn
    one_camp: bool | None = None
    earlier_explicit: bool | None = None
    later_explicit: bool | None = None
    takes_back: bool = False
    state_after_event: bool = False
    not_yet: bool | None = None
    """Whether the earlier side said "not yet": what then comes to pass reverses nothing."""
    pinned: bool = False
    """Whether it must be known of both sides who acts, or the place must be one spot."""
    holder_says: bool = False
    """Whether, of who holds a place, it must be the holder who says so."""
    vouched: bool = False
    """Whether a speaker of the later side, of a happening that does not recur in a small place, does as well."""
    later_named: bool = False
    """Whether the later side must be a speaker with a camp who states it."""


# In order: the first that applies decides. Confidences are the editors' priors until the judge is calibrated.
RULES: tuple[Rule, ...] = (
    Rule("correction", 0.95, "polarity turned", takes_back=True),
    Rule("admission", 0.95, "denied, then affirmed", one_camp=True, earlier_explicit=True, later_explicit=True),
    Rule("denial", 0.90, "affirmed, then denied", later_explicit=True),
    Rule("turn", 0.85, "denied, then affirmed", one_camp=True, not_yet=False),
    Rule("admission-to-the-contrary", 0.80, "contraries affirmed", one_camp=True, later_explicit=True),
    Rule("negation", 0.75, "affirmed, then denied", later_explicit=False, pinned=True, vouched=True),
    Rule("state", 0.70, "contraries affirmed", state_after_event=True, pinned=True, holder_says=True),
    Rule("contest", 0.60, "denied, then affirmed", one_camp=False, earlier_explicit=True, later_named=True),
)


# Of what happens often at one place, two sentences tell the same when they share so many words.
_SAME_MATTER = 2


@dataclass(frozen=True, slots=True)
class Reversal:
    """Two claims that cannot both stand. `direction` is the way the later one moves its topic: +1 or -1."""

    kind: ReversalKind
    rule: str
    confidence: float
    earlier: Claim
    later: Claim
    direction: int


def reversals(claims: Sequence[Claim], rules: Rules) -> list[Reversal]:
    """All reversals among the claims of one topic, ordered by the time of their later side."""
    ordered = sorted((claim for claim in claims if _weighable(claim)), key=_order)
    found: list[Reversal] = []
    for first, second in _candidates(ordered, rules):
        if abs(second.evidence.published - first.evidence.published) > rules.reach(rules.kinds[first.kind]):
            continue
        reversal = _judge(_in_time(first, second, rules), ordered, rules)
        if reversal is not None:
            found.append(reversal)
    return sorted(found, key=lambda reversal: (_order(reversal.later), _order(reversal.earlier)))


def _candidates(ordered: Sequence[Claim], rules: Rules) -> Iterator[tuple[Claim, Claim]]:
    """The pairs that a rule could apply to, each once and in order: most claims of a topic only agree."""
    denied = [claim for claim in ordered if claim.polarity == "denied"]
    affirmed = [claim for claim in ordered if claim.polarity == "affirmed"]
    for one in denied:
        for other in affirmed:
            yield (one, other) if _order(one) < _order(other) else (other, one)
    present = {claim.kind for claim in affirmed}
    contrary = {
        name for name in present if rules.kinds[name].exclusive or not present.isdisjoint(_opponents(name, rules))
    }
    contending = [claim for claim in affirmed if claim.kind in contrary]
    for number, one in enumerate(contending):
        yield from ((one, other) for other in contending[number + 1 :])


def _opponents(name: str, rules: Rules) -> set[str]:
    return set(rules.kinds[name].opposes) | {kind.id for kind in rules.kinds if name in kind.opposes}


def _judge(pair: Pair, claims: Sequence[Claim], rules: Rules) -> Reversal | None:
    earlier, later = pair.earlier, pair.later
    if earlier.polarity == later.polarity and earlier.kind == later.kind and not pair.opposed:
        return None
    rule = next((rule for rule in RULES if _applies(rule, pair)), None)
    if rule is None or not pair.may_meet:
        return None
    if pair.one_report and not (pair.one_camp and earlier.explicit and later.explicit):
        # A rival's claim and its denial side by side is ordinary reporting.
        return None
    if not pair.one_report and _already_said(pair, claims, rules):
        return None
    direction = pair.second.sign * (1 if later.polarity == "affirmed" else -1)
    return Reversal(_kind(pair, rule), rule.name, rule.confidence, earlier, later, direction)


def _applies(rule: Rule, pair: Pair) -> bool:
    earlier, later = pair.earlier, pair.later
    asked = (
        (rule.one_camp, pair.one_camp),
        (rule.earlier_explicit, earlier.explicit),
        (rule.later_explicit, later.explicit),
        (rule.not_yet, earlier.pending),
    )
    if any(wanted is not None and wanted != given for wanted, given in asked):
        return False
    if rule.pinned and not (pair.pinned or (rule.vouched and pair.vouched)):
        return False
    if rule.holder_says and not pair.holder_says:
        return False
    if rule.takes_back and not pair.takes_back:
        return False
    if rule.state_after_event and (pair.first.aspect, pair.second.aspect) != ("event", "state"):
        return False
    if rule.later_named and not (later.speaker and later.speaker.camp and later.modality == "stated"):
        return False
    return _turned(rule.turn, pair)


def _turned(turn: Turn, pair: Pair) -> bool:
    polarities = (pair.earlier.polarity, pair.later.polarity)
    if turn == "contraries affirmed":
        return pair.opposed and polarities == ("affirmed", "affirmed")
    if turn == "affirmed, then denied":
        return pair.aligned and polarities == ("affirmed", "denied")
    if turn == "denied, then affirmed":
        return pair.aligned and polarities == ("denied", "affirmed")
    return pair.aligned and polarities[0] != polarities[1]


def _kind(pair: Pair, rule: Rule) -> ReversalKind:
    own = same_party(pair.earlier.speaker, pair.later.speaker)
    if rule.takes_back:
        return "correction"
    if pair.one_report:
        return "self" if own else "camp"
    if pair.one_camp:
        if rule.name == "admission-to-the-contrary" or rule.turn == "denied, then affirmed":
            return "admission"
        return "self" if own else "camp"
    return "denial" if pair.later.polarity == "denied" else "rival"


def _weighable(claim: Claim) -> bool:
    """News in the lead, of what is said to have happened, with a date that somebody gave."""
    said = claim.modality in ("stated", "alleged") or (claim.polarity == "denied" and claim.explicit)
    return said and claim.lead and not claim.background and claim.evidence.dated


def _already_said(pair: Pair, claims: Sequence[Claim], rules: Rules) -> bool:
    """Whether the later side's word was known when the earlier side spoke: then nothing is turned round.

    It was when the same voice stood in the earlier side's own report, or when the later side is only a reporter's
    assertion that some reporter had made before.
    """
    earlier, later = pair.earlier, pair.later
    reporter = later.speaker is None and later.polarity == "affirmed"
    for claim in claims:
        kind = rules.kinds[claim.kind]
        same = (kind.topic, kind.sign, claim.polarity) == (pair.second.topic, pair.second.sign, later.polarity)
        if not same or claim.place.id != later.place.id or claim.evidence.article_id == later.evidence.article_id:
            continue
        if pair.second.recurs and len(set(claim.about) & set(later.about)) < _SAME_MATTER:
            continue
        if claim.evidence.article_id == earlier.evidence.article_id and claim.voice == later.voice:
            return True
        if reporter and claim.evidence.published <= earlier.evidence.published:
            return True
    return False


def _in_time(first: Claim, second: Claim, rules: Rules) -> Pair:
    """The pair, earlier before later. At one time a camp denies before it admits; others claim before a denial."""
    ahead = Pair(first, second, rules.kinds[first.kind], rules.kinds[second.kind])
    turned = Pair(second, first, rules.kinds[second.kind], rules.kinds[first.kind])
    if first.evidence.article_id == second.evidence.article_id and first.revision != second.revision:
        return ahead if first.revision < second.revision else turned
    if first.evidence.published != second.evidence.published:
        return ahead
    if first.polarity == second.polarity:
        # What is openly admitted answers what was maintained.
        return ahead if second.explicit or not first.explicit else turned
    return ahead if (first.polarity == "denied") == ahead.one_camp else turned


def _order(claim: Claim) -> tuple[datetime, int, str, str, str]:
    return claim.evidence.published, claim.revision, claim.evidence.article_id, str(claim.evidence.span), claim.id
