"""How alerts fare on Baly et al. (2018): articles of one claim against one another, and the claim against each article.

The articles bear no dates, so each pair is tried in both orders, nine days apart at the most. True is a pair of one
agreeing and one disagreeing article; every other pair that raises an alert counts as false, discussing ones too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from lab.corpora import baly_claims
from pipeline.assembly import Assembly
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.article import make_article
from pipeline.core.claims import Claim
from pipeline.core.dossier import follow

_FIRST = datetime(2017, 6, 1, tzinfo=UTC)
_APART = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class PairAlert:
    """What two articles of one claim raised, and whether they are an agreeing and a disagreeing one."""

    claim: str
    stances: tuple[str, str]
    alert: Alert

    @property
    def true(self) -> bool:
        return set(self.stances) == {"agree", "disagree"}


def pair_alerts(assembly: Assembly) -> tuple[list[PairAlert], int, int]:
    """The pairs of articles that alert; how many claims have both sides; how many pairs agree with each other."""
    found: list[PairAlert] = []
    both = agreeing = 0
    for judged in baly_claims():
        claims = [_claims(assembly, article.url, "\n".join(article.sentences)) for article in judged.articles]
        stances = [article.stance for article in judged.articles]
        both += {"agree", "disagree"} <= set(stances)
        for one, other in combinations(range(len(claims)), 2):
            agreeing += stances[one] == stances[other] == "agree"
            alert = _between(assembly, claims[one], claims[other]) or _between(assembly, claims[other], claims[one])
            if alert is not None:
                found.append(PairAlert(judged.id, (stances[one], stances[other]), alert))
    return found, both, agreeing


def claim_alerts(assembly: Assembly) -> tuple[list[PairAlert], int]:
    """The articles that alert against the claim's own sentence, reported first; how many claims are disagreed with."""
    found: list[PairAlert] = []
    disagreed = 0
    for judged in baly_claims():
        stated = _claims(assembly, f"https://example.org/{judged.id}", judged.text)
        disagreed += any(article.stance == "disagree" for article in judged.articles)
        for article in judged.articles:
            alert = _between(assembly, stated, _claims(assembly, article.url, "\n".join(article.sentences)))
            if alert is not None:
                found.append(PairAlert(judged.id, ("agree", article.stance), alert))
    return found, disagreed


def measured(assembly: Assembly) -> tuple[dict[str, object], Sequence[PairAlert]]:
    """The figures, and the alerts behind them for a person to read."""
    pairs, both, agreeing = pair_alerts(assembly)
    sentence, disagreed = claim_alerts(assembly)
    true = [pair for pair in pairs if pair.true]
    figures: dict[str, object] = {
        "pairs_alerting": len(pairs),
        "true_pairs": len(true),
        "precision": round(len(true) / len(pairs), 3) if pairs else None,
        "claims_found": len({pair.claim for pair in true}),
        "claims_with_both_sides": both,
        "agreeing_pairs": agreeing,
        "agreeing_pairs_alerting": sum(pair.stances == ("agree", "agree") for pair in pairs),
        "claim_against_agreeing": sum(pair.stances[1] == "agree" for pair in sentence),
        "claim_against_discussing": sum(pair.stances[1] == "discuss" for pair in sentence),
        "claims_disagreed_with_found": len({pair.claim for pair in sentence if pair.stances[1] == "disagree"}),
        "claims_disagreed_with": disagreed,
        "rules": _by_rule(pairs),
    }
    return figures, [*pairs, *sentence]


def _by_rule(pairs: Sequence[PairAlert]) -> dict[str, list[int]]:
    """True and all pairs by the rule that decided."""
    names = sorted({pair.alert.rule for pair in pairs})
    return {
        name: [sum(p.true for p in pairs if p.alert.rule == name), sum(p.alert.rule == name for p in pairs)]
        for name in names
    }


def _claims(assembly: Assembly, url: str, text: str) -> Sequence[Claim]:
    article = make_article(outlet=url, url=url, title="", text=text, published=_FIRST, fetched=_FIRST)
    return assembly.reader.read(article).claims


def _between(assembly: Assembly, earlier: Sequence[Claim], later: Sequence[Claim]) -> Alert | None:
    """The surest alert whose sides stand one in each report, the second report coming later."""
    second = [replace(c, evidence=replace(c.evidence, published=c.evidence.published + _APART)) for c in later]
    alerts: list[Alert] = []
    for division in {claim.division for claim in earlier} & {claim.division for claim in second}:
        dossier = follow(None, [c for c in earlier if c.division == division], assembly.rules).dossier
        followed = follow(dossier, [c for c in second if c.division == division], assembly.rules)
        alerts += [alert for alert in followed.alerts if not alert.same_report and alert.kind not in UNANNOUNCED]
    standing = (alert for alert in alerts if alert.state != "resolved")
    return max(standing, key=lambda alert: alert.confidence, default=None)


def rationales(assembly: Assembly) -> dict[str, object]:
    """How many sentences that tell an article's stance give a claim, and one of the right polarity.

    A claim of the same topic is looked for in the stance sentence and in the claim's own sentence: right is the same
    polarity and direction where the article agrees, another of the two where it disagrees.
    """
    figures: dict[str, object] = {}
    for stance in ("agree", "disagree"):
        total = read = compared = right = 0
        for judged in baly_claims():
            own = _happenings(assembly, judged.id, judged.text)
            for article in judged.articles:
                if article.stance != stance:
                    continue
                for sentence in article.rationale:
                    total += 1
                    found = _happenings(assembly, judged.id, sentence)
                    read += bool(found)
                    pairs = [
                        (one, two) for one in own for two in found if _topic(assembly, one) == _topic(assembly, two)
                    ]
                    compared += bool(pairs)
                    same = [_side(assembly, one) == _side(assembly, two) for one, two in pairs]
                    right += bool(pairs) and (any(same) if stance == "agree" else not all(same))
        figures |= {
            f"{stance}_sentences": total,
            f"{stance}_read": round(read / total, 3),
            f"{stance}_comparable": compared,
            f"{stance}_right": round(right / compared, 3) if compared else None,
        }
    return figures


def _happenings(assembly: Assembly, name: str, text: str) -> list[Claim]:
    article = make_article(
        outlet="baly", url=f"https://example.org/{name}", title="", text=text, published=_FIRST, fetched=_FIRST
    )
    reading = assembly.reader.read(article)
    return [*reading.claims, *reading.asides]


def _topic(assembly: Assembly, claim: Claim) -> str:
    return assembly.kinds[claim.kind].topic


def _side(assembly: Assembly, claim: Claim) -> int:
    """Which way the claim moves its topic."""
    return assembly.kinds[claim.kind].sign * (1 if claim.polarity == "affirmed" else -1)
