"""Following: alerts and events as functions of the set of claims, whatever the order and however often they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from claims_by_hand import ARMY, CHANNEL, COMMANDER, NOON, OTHER_TOWN, RIVALS, TOWN, said
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.claims import Claim
from pipeline.core.dossier import KEPT, RETENTION, Dossier, follow
from pipeline.core.pairs import Rules

WITHDRAWN = said("withdraw", "affirmed", report="a")
DENIED = said("withdraw", "denied", report="b", hours=2, speaker=COMMANDER)
DENIED_AGAIN = said("withdraw", "denied", report="c", hours=3, speaker=COMMANDER, outlet="رويترز")
ADMITTED = said("withdraw", "affirmed", report="d", hours=5, speaker=CHANNEL, explicit=True)
ELSEWHERE = said("withdraw", "denied", report="e", hours=6, speaker=ARMY, place=OTHER_TOWN)
HELD = said("hold", "affirmed", report="f", hours=4, speaker=RIVALS, actor=RIVALS)
REPORTS = [[WITHDRAWN], [DENIED], [DENIED_AGAIN], [ADMITTED], [ELSEWHERE], [HELD]]


def carried(reports: Sequence[Sequence[Claim]], rules: Rules) -> Dossier:
    dossier = None
    for report in reports:
        dossier = follow(dossier, report, rules).dossier
    assert dossier is not None
    return dossier


def test_a_denial_and_an_admission_are_two_turns(rules: Rules) -> None:
    alerts = carried(REPORTS, rules).alerts
    assert [(alert.kind, alert.state) for alert in alerts] == [("denial", "reversed again"), ("admission", "open")]


def test_the_same_statement_through_another_outlet_is_evidence_not_an_alert(rules: Rules) -> None:
    before = carried([[WITHDRAWN], [DENIED]], rules)
    followed = follow(before, [DENIED_AGAIN], rules)
    assert followed.raised == frozenset()
    (alert,) = followed.dossier.alerts
    assert (alert.id, alert.later, alert.outlets) == (before.alerts[0].id, DENIED, ("عنب بلدي", "رويترز"))


def test_wire_copies_and_one_agency_count_as_one_origin(rules: Rules) -> None:
    copies = [
        replace(
            said("withdraw", "affirmed", report=f"r{number}", outlet=f"o{number}", hours=number / 10), sketch=(1, 2, 3)
        )
        for number in range(3)
    ]
    through = [
        replace(
            said("withdraw", "denied", report=f"d{number}", outlet=f"p{number}", hours=2, speaker=ARMY),
            relayed_through=("رويترز",),
        )
        for number in range(2)
    ]
    (alert,) = carried([*([copy] for copy in copies), *([one] for one in through)], rules).alerts
    assert (len(alert.outlets), alert.origins) == (5, 2)


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(REPORTS))
def test_the_order_of_arrival_changes_nothing(rules: Rules, order: list[list[Claim]]) -> None:
    expected, got = carried(REPORTS, rules), carried(order, rules)
    assert (got.alerts, got.events, got.claims) == (expected.alerts, expected.events, expected.claims)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report[0].id)
def test_a_redelivered_report_changes_nothing(rules: Rules, report: list[Claim]) -> None:
    dossier = carried(REPORTS, rules)
    followed = follow(dossier, report, rules)
    assert (followed.dossier, followed.events, followed.alerts, followed.raised) == (dossier, (), (), frozenset())


def test_an_alert_that_a_late_report_explains_away_is_resolved(rules: Rules) -> None:
    raised = carried([[WITHDRAWN], [DENIED_AGAIN]], rules)
    assert [alert.state for alert in raised.alerts] == ["open"]
    # It turns out that the first report had held the commander's denial too: ordinary reporting.
    in_the_first = replace(DENIED, evidence=replace(WITHDRAWN.evidence), id="late")
    assert [alert.state for alert in follow(raised, [in_the_first], rules).dossier.alerts] == ["resolved"]


def test_one_event_for_a_battle_and_another_after_a_long_silence(rules: Rules) -> None:
    clash = said("clash", "affirmed", report="g", hours=1)
    much_later = said("clash", "affirmed", report="h", hours=24 * 30)
    events = carried([[WITHDRAWN], [clash], [much_later]], rules).events
    assert [len(event.claims) for event in events] == [2, 1]


def test_a_long_event_keeps_its_name_and_beginning_when_old_claims_are_forgotten(rules: Rules) -> None:
    weekly = [[said("clash", "affirmed", report=f"w{week}", hours=24 * 7 * week)] for week in range(KEPT + 20)]
    dossier = carried(weekly, rules)
    (event,) = dossier.events
    assert (event.first, len(event.claims)) == (NOON, KEPT + 20)
    assert len(dossier.claims) == KEPT


def test_an_alert_older_than_the_memory_is_left_as_it_stands(rules: Rules) -> None:
    dossier = carried([[WITHDRAWN], [DENIED]], rules)
    beyond = RETENTION / timedelta(hours=1) + 24
    later = [said("clash", "affirmed", report=f"z{number}", hours=beyond + number) for number in range(KEPT)]
    followed = follow(dossier, later, rules)
    assert (followed.alerts, followed.dossier.alerts) == ((), ())


def test_a_date_mistyped_by_years_makes_no_dossier_forget(rules: Rules) -> None:
    hourly = [said("clash", "affirmed", report=f"z{number}", hours=number / 10) for number in range(KEPT + 20)]
    dossier = carried([[WITHDRAWN], hourly], rules)
    astray = said("clash", "affirmed", report="astray", hours=24 * 365 * 10)
    assert len(follow(dossier, [astray], rules).dossier.claims) == len(dossier.claims) + 1 == KEPT + 22


def test_claims_of_years_that_come_backwards_still_meet(rules: Rules) -> None:
    yearly = [
        [replace(claim, evidence=replace(claim.evidence, published=claim.evidence.published + year))]
        for year in (timedelta(days=0), timedelta(days=800))
        for claim in (replace(WITHDRAWN, id=f"w{year}"), replace(DENIED, id=f"d{year}"))
    ]
    forwards, backwards = carried(yearly, rules), carried(yearly[::-1], rules)
    assert [alert.id for alert in forwards.alerts] == [alert.id for alert in backwards.alerts]
    assert len(forwards.alerts) == 2


def test_claims_of_another_division_are_refused_by_name(rules: Rules) -> None:
    strange = said("withdraw", "affirmed", place=replace(TOWN, division="div:IQ.01"))
    with pytest.raises(ValueError, match=r"div:IQ\.01.*div:SY\.07"):
        follow(carried([[WITHDRAWN]], rules), [strange], rules)
