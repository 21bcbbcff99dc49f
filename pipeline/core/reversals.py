"""Reversals: which two claims cannot both stand, by which rule, and of what kind the turn is.

`RULES` is the table; `reversals` applies it to all claims of one place and topic. The verdict is a function of the
set of claims, so the order in which reports arrive changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.core.alerts import ReversalKind
from pipeline.core.claims import Claim, Party
from pipeline.core.events import EventKind, EventKinds
from pipeline.core.speakers import same_party, shared_words
from pipeline.core.wording import Wording


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging needs to know: the event kinds, and how far apart two claims may be about one happening."""

    kinds: EventKinds
    wording: Wording
    window: timedelta = timedelta(days=14)

    def reach(self, kind: EventKind) -> timedelta:
        """The longest time between two claims of this kind that may concern one happening."""
        return timedelta(days=kind.days) if kind.days is not None else self.window


@dataclass(frozen=True, slots=True)
class Reversal:
    """Two claims that cannot both stand. `direction` is the way the later one moves its topic: +1 or -1."""

    kind: ReversalKind
    rule: str
    confidence: float
    earlier: Claim
    later: Claim
    direction: int


@dataclass(frozen=True, slots=True)
class _Pair:
    rules: Rules
    earlier: Claim
    later: Claim

    @property
    def kinds(self) -> tuple[EventKind, EventKind]:
        return self.rules.kinds[self.earlier.kind], self.rules.kinds[self.later.kind]

    @property
    def aligned(self) -> bool:
        """Both claims speak of the same turn of things: two withdrawals, a loss and a withdrawal."""
        first, second = self.kinds
        if first.topic == second.topic and first.sign == second.sign:
            return True
        # The town's fall for one is its capture by another.
        converse = second.id in first.converse or first.id in second.converse
        return converse and not _camps_agree(self.earlier.actor, self.later.actor)

    @property
    def opposed(self) -> bool:
        """Their kinds cannot hold at once: a withdrawal and control."""
        first, second = self.kinds
        if second.id in first.opposes or first.id in second.opposes:
            return True
        # Two camps cannot both hold one place.
        one, two = self.earlier.actor, self.later.actor
        known = one is not None and two is not None and bool(one.camp) and bool(two.camp)
        return first.exclusive and second.exclusive and known and not _camps_agree(one, two)

    @property
    def polarities(self) -> tuple[str, str]:
        return self.earlier.polarity, self.later.polarity

    @property
    def one_camp(self) -> bool:
        return _one_camp(self.earlier, self.later)


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    confidence: float
    applies: Callable[[_Pair], bool]


# In order: the first that applies decides. Confidences are the editors' priors until the judge is calibrated.
RULES: tuple[_Rule, ...] = (
    _Rule("correction", 0.95, lambda p: p.aligned and _corrects(p) and p.polarities[0] != p.polarities[1]),
    _Rule(
        "admission",
        0.95,
        lambda p: (
            p.aligned
            and p.polarities == ("denied", "affirmed")
            and p.earlier.explicit
            and p.later.explicit
            and p.one_camp
        ),
    ),
    _Rule(
        "denial",
        0.9,
        lambda p: p.aligned and p.polarities == ("affirmed", "denied") and p.later.explicit,
    ),
    _Rule(
        "turn",
        0.85,
        lambda p: p.aligned and p.polarities == ("denied", "affirmed") and p.one_camp and not p.earlier.pending,
    ),
    _Rule(
        "admission-to-the-contrary",
        0.8,
        lambda p: p.opposed and p.polarities == ("affirmed", "affirmed") and p.one_camp and p.later.explicit,
    ),
    _Rule(
        "negation",
        0.75,
        lambda p: p.aligned and p.polarities == ("affirmed", "denied") and not p.later.explicit,
    ),
    _Rule(
        "state",
        0.7,
        lambda p: (
            p.opposed
            and p.polarities == ("affirmed", "affirmed")
            and p.kinds[1].aspect == "state"
            and p.kinds[0].aspect == "event"
        ),
    ),
    _Rule(
        "contest",
        0.6,
        lambda p: (
            p.aligned
            and p.polarities == ("denied", "affirmed")
            and p.earlier.explicit
            and _named(p.later)
            and not p.one_camp
        ),
    ),
)


def reversals(claims: Sequence[Claim], rules: Rules) -> list[Reversal]:
    """All reversals among the claims of one topic, ordered by the time of their later side."""
    ordered = sorted((claim for claim in claims if _weighable(claim)), key=_order)
    found: list[Reversal] = []
    for number, first in enumerate(ordered):
        for second in ordered[number + 1 :]:
            if second.evidence.published - first.evidence.published > rules.reach(rules.kinds[first.kind]):
                break
            reversal = _judge(*_in_time(first, second), ordered, rules)
            if reversal is not None:
                found.append(reversal)
    return sorted(found, key=lambda reversal: _order(reversal.later))


def _judge(earlier: Claim, later: Claim, claims: Sequence[Claim], rules: Rules) -> Reversal | None:
    if earlier.polarity == later.polarity and earlier.kind == later.kind:
        return None
    pair = _Pair(rules, earlier, later)
    rule = next((rule for rule in RULES if rule.applies(pair)), None)
    if rule is None or not _may_meet(pair):
        return None
    one_report = earlier.evidence.article_id == later.evidence.article_id and earlier.revision == later.revision
    if one_report and not pair.one_camp:
        # A rival's claim and its denial side by side is ordinary reporting.
        return None
    if not one_report and _already_said(earlier, later, claims, rules):
        return None
    sign = rules.kinds[later.kind].sign * (1 if later.polarity == "affirmed" else -1)
    return Reversal(_kind(pair, rule.name, one_report), rule.name, rule.confidence, earlier, later, sign)


def _kind(pair: _Pair, rule: str, one_report: bool) -> ReversalKind:
    earlier, later = pair.earlier, pair.later
    own = same_party(earlier.speaker, later.speaker)
    if rule == "correction":
        return "correction"
    if one_report:
        return "self" if own else "camp"
    if pair.one_camp:
        if later.polarity == "affirmed" and earlier.polarity == "denied":
            return "admission"
        return "self" if own else ("admission" if rule == "admission-to-the-contrary" else "camp")
    return "denial" if later.polarity == "denied" else "rival"


def _weighable(claim: Claim) -> bool:
    """News in the lead, of what is said to have happened, with a date that somebody gave."""
    return (
        claim.lead
        and not claim.background
        and claim.evidence.dated
        and (claim.modality in ("stated", "alleged") or (claim.polarity == "denied" and claim.explicit))
    )


def _may_meet(pair: _Pair) -> bool:
    return _places_meet(pair) and _parties_meet(pair)


def _places_meet(pair: _Pair) -> bool:
    """The same place, or a denial for a whole area against a claim for a part of it."""
    earlier, later = pair.earlier, pair.later
    if earlier.place.id == later.place.id:
        return True
    affirmed, denied = (earlier, later) if later.polarity == "denied" else (later, earlier)
    return denied.place.id in affirmed.place.within and denied.place.level not in ("country", "region", "division")


def _parties_meet(pair: _Pair) -> bool:
    first, second = pair.kinds
    one, two = theme_of(pair.earlier, first), theme_of(pair.later, second)
    if first.person or second.person:
        return one is not None and two is not None and bool(shared_words(one, two) or one.id == two.id)
    one, two = pair.earlier.actor, pair.later.actor
    if (
        one is None
        or two is None
        or _camps_agree(one, two)
        or first.sign != second.sign
        or first.converse
        or second.converse
    ):
        return True
    if first.exclusive and second.exclusive and first.id != second.id:
        return True
    return not (one.camp and two.camp)


def _camps_agree(one: Party | None, two: Party | None) -> bool:
    return one is not None and two is not None and (one.id == two.id or bool(one.camp and one.camp == two.camp))


def theme_of(claim: Claim, kind: EventKind) -> Party | None:
    """The party whom the happening concerns."""
    return claim.object if kind.theme == "object" else claim.actor


def _one_camp(earlier: Claim, later: Claim) -> bool:
    if earlier.speaker is None or later.speaker is None:
        return False
    if earlier.speaker.camp or later.speaker.camp:
        return earlier.speaker.camp == later.speaker.camp
    return same_party(earlier.speaker, later.speaker)


def _corrects(pair: _Pair) -> bool:
    """An outlet takes back its own report: a later revision of it, or a denial in its own voice."""
    earlier, later = pair.earlier, pair.later
    if earlier.speaker is not None and later.speaker is not None:
        return False
    if earlier.evidence.article_id == later.evidence.article_id:
        return earlier.revision < later.revision
    return earlier.evidence.outlet == later.evidence.outlet and later.speaker is None and later.retraction


def _named(claim: Claim) -> bool:
    return claim.speaker is not None and bool(claim.speaker.camp) and claim.modality == "stated"


def _already_said(earlier: Claim, later: Claim, claims: Sequence[Claim], rules: Rules) -> bool:
    """Whether the later side's word was known when the earlier side spoke: then nothing is turned round.

    It was when the same voice stood in the earlier side's own report, or when the later side is only a reporter's
    assertion that some reporter had made before.
    """
    kind = rules.kinds[later.kind]
    reporter = later.speaker is None and later.polarity == "affirmed"
    for claim in claims:
        other = rules.kinds[claim.kind]
        if claim.polarity != later.polarity or (other.topic, other.sign) != (kind.topic, kind.sign):
            continue
        if claim.place.id != later.place.id or claim.evidence.article_id == later.evidence.article_id:
            continue
        if claim.evidence.article_id == earlier.evidence.article_id and claim.voice == later.voice:
            return True
        if reporter and claim.evidence.published <= earlier.evidence.published:
            return True
    return False


def _in_time(first: Claim, second: Claim) -> tuple[Claim, Claim]:
    """Earlier and later. At one time, a camp denies before it admits, and others claim before they are denied."""
    if first.evidence.article_id == second.evidence.article_id and first.revision != second.revision:
        return (first, second) if first.revision < second.revision else (second, first)
    if first.evidence.published != second.evidence.published:
        return first, second
    if first.polarity == second.polarity:
        # At one time, what is openly admitted answers what was maintained; a state answers what is said to happen.
        return (first, second) if second.explicit or not first.explicit else (second, first)
    denial_first = _one_camp(first, second)
    if (first.polarity == "denied") == denial_first:
        return first, second
    return second, first


def _order(claim: Claim) -> tuple[datetime, int, str, str, str]:
    return claim.evidence.published, claim.revision, claim.evidence.article_id, str(claim.evidence.span), claim.id
