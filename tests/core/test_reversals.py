"""Which two claims reverse one another: a table for the rules, on claims made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from claims_by_hand import ARMY, CHANNEL, COMMANDER, MINISTER, OTHER_TOWN, QUARTER, RIVALS, said

from pipeline.core.claims import Claim, Party
from pipeline.core.pairs import Rules
from pipeline.core.reversals import RULES, reversals

# what was said first, what was said an hour later, kind of the reversal, its rule
TURNS = [
    (
        "a denial of an outlet's report",
        said("withdraw", "affirmed"),
        said("withdraw", "denied", hours=1, speaker=COMMANDER),
        "denial",
        "denial",
    ),
    (
        "a denial of a rival's claim",
        said("withdraw", "affirmed", speaker=RIVALS),
        said("withdraw", "denied", hours=1, speaker=COMMANDER),
        "denial",
        "denial",
    ),
    (
        "an admission by another voice of the camp",
        said("withdraw", "denied", speaker=COMMANDER),
        said("withdraw", "affirmed", hours=1, speaker=CHANNEL, explicit=True),
        "admission",
        "admission",
    ),
    (
        "an assertion by the camp that had denied",
        said("withdraw", "denied", speaker=COMMANDER),
        said("withdraw", "affirmed", hours=1, speaker=CHANNEL),
        "admission",
        "turn",
    ),
    (
        "a speaker who takes it back",
        said("withdraw", "affirmed", speaker=COMMANDER),
        said("withdraw", "denied", hours=1, speaker=COMMANDER),
        "self",
        "denial",
    ),
    (
        "two voices of one camp",
        said("withdraw", "affirmed", speaker=COMMANDER),
        said("withdraw", "denied", hours=1, speaker=CHANNEL),
        "camp",
        "denial",
    ),
    (
        "a loss denied, a withdrawal admitted",
        said("lose", "denied", speaker=ARMY),
        said("withdraw", "affirmed", hours=1, speaker=ARMY, explicit=True),
        "admission",
        "admission",
    ),
    (
        "a plain negation by someone named",
        said("withdraw", "affirmed"),
        said("withdraw", "denied", hours=1, speaker=ARMY, explicit=False),
        "denial",
        "negation",
    ),
    (
        "the rival holds what was taken",
        said("capture", "affirmed", speaker=RIVALS, actor=RIVALS),
        said("hold", "affirmed", hours=1, speaker=ARMY),
        "rival",
        "state",
    ),
    (
        "one denied what another asserts",
        said("withdraw", "denied", speaker=ARMY),
        said("withdraw", "affirmed", hours=1, speaker=RIVALS),
        "rival",
        "contest",
    ),
    (
        "an outlet's retraction",
        said("withdraw", "affirmed"),
        said("withdraw", "denied", hours=1, retraction=True, explicit=False),
        "correction",
        "correction",
    ),
    (
        "a later revision of one article",
        said("withdraw", "affirmed", report="a"),
        said("withdraw", "denied", report="a", revision=1),
        "correction",
        "correction",
    ),
    (
        "a denial for the town against a claim for its quarter",
        said("withdraw", "affirmed", place=QUARTER),
        said("withdraw", "denied", hours=1, speaker=ARMY),
        "denial",
        "denial",
    ),
    (
        "a minister alive in office",
        said("resign", "affirmed", actor=MINISTER),
        said("resign", "denied", hours=1, actor=MINISTER, speaker=MINISTER),
        "denial",
        "denial",
    ),
]

SILENCES = [
    (
        "a town taken, then left",
        said("capture", "affirmed", speaker=ARMY),
        said("withdraw", "affirmed", hours=1, speaker=ARMY),
    ),
    ("the same said again", said("withdraw", "affirmed"), said("withdraw", "affirmed", hours=1, outlet="رويترز")),
    ("another town", said("withdraw", "affirmed"), said("withdraw", "denied", hours=1, speaker=ARMY, place=OTHER_TOWN)),
    ("another army", said("withdraw", "affirmed", actor=RIVALS), said("withdraw", "denied", hours=1, speaker=ARMY)),
    (
        "another minister",
        said("resign", "affirmed", actor=MINISTER),
        said("resign", "denied", hours=1, actor=Party("وزير نقل", "وزير النقل", words=("نقل",)), speaker=ARMY),
    ),
    (
        "a threat",
        said("withdraw", "affirmed", modality="threatened"),
        said("withdraw", "denied", hours=1, speaker=ARMY),
    ),
    ("background", said("withdraw", "affirmed"), said("withdraw", "denied", hours=1, speaker=ARMY, background=True)),
    ("below the lead", said("withdraw", "affirmed"), said("withdraw", "denied", hours=1, speaker=ARMY, lead=False)),
    (
        "not yet, then done",
        said("withdraw", "denied", explicit=False, pending=True, speaker=ARMY),
        said("withdraw", "affirmed", hours=1, speaker=ARMY),
    ),
    ("too long ago", said("withdraw", "affirmed"), said("withdraw", "denied", hours=24 * 15, speaker=ARMY)),
    (
        "a rival's claim and its denial in one report",
        said("withdraw", "affirmed", report="a", speaker=RIVALS),
        said("withdraw", "denied", report="a", speaker=ARMY),
    ),
    (
        "the denial was in the first report",
        said("withdraw", "affirmed", report="a", speaker=RIVALS),
        said("withdraw", "denied", hours=1, speaker=CHANNEL),
    ),
    (
        "an assumed date",
        said("withdraw", "affirmed"),
        replace(
            said("withdraw", "denied", hours=1, speaker=ARMY),
            evidence=replace(said("withdraw", "denied", hours=1).evidence, dated=False),
        ),
    ),
    (
        "a report that is only late",
        said("withdraw", "denied", speaker=ARMY, hours=0.5),
        said("withdraw", "affirmed", hours=1),
    ),
]
_ALREADY_DENIED = said("withdraw", "denied", report="a", speaker=COMMANDER)


@pytest.mark.parametrize(("what", "first", "then", "kind", "rule"), TURNS, ids=[row[0] for row in TURNS])
def test_a_turn_is_found_and_named(rules: Rules, what: str, first: Claim, then: Claim, kind: str, rule: str) -> None:
    (found,) = reversals([then, first], rules)
    assert (found.kind, found.rule, found.earlier, found.later) == (kind, rule, first, then)


@pytest.mark.parametrize(("what", "first", "then"), SILENCES, ids=[row[0] for row in SILENCES])
def test_a_look_alike_is_silent(rules: Rules, what: str, first: Claim, then: Claim) -> None:
    context = [_ALREADY_DENIED] if "in the first report" in what else []
    assert reversals([first, then, *context], rules) == []


def test_every_rule_has_a_turn_that_shows_it() -> None:
    shown = {row[4] for row in TURNS}
    assert {rule.name for rule in RULES} - shown == {"admission-to-the-contrary"}


def test_holding_a_town_and_then_openly_admitting_the_withdrawal_is_an_admission(rules: Rules) -> None:
    held = said("hold", "affirmed", speaker=COMMANDER)
    admitted = said("withdraw", "affirmed", hours=1, speaker=CHANNEL, explicit=True)
    (found,) = reversals([held, admitted], rules)
    assert (found.kind, found.rule) == ("admission", "admission-to-the-contrary")
