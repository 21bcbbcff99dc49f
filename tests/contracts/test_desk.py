"""What every desk promises (`pipeline.ports.Desk`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from pipeline.ports import Decision, Desk

Open = Callable[[], Desk]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_nothing_is_decided_at_first(open_desk: Open) -> None:
    assert open_desk().decisions("muted") == []


def test_decisions_come_back_in_the_order_of_their_times_after_reopening(open_desk: Open) -> None:
    desk = open_desk()
    desk.put("label", "second", "true", NOON + timedelta(hours=1))
    desk.put("label", "first", "false", NOON)
    desk.close()
    assert open_desk().decisions("label") == [
        Decision("first", "false", NOON),
        Decision("second", "true", NOON + timedelta(hours=1)),
    ]


def test_a_mark_of_a_subject_is_kept_once_and_marks_do_not_mix(open_desk: Open) -> None:
    desk = open_desk()
    desk.put("label", "a", "true", NOON)
    desk.put("label", "a", "false", NOON + timedelta(seconds=1))
    desk.put("muted", "a", "yes", NOON)
    assert [one.value for one in desk.decisions("label")] == ["false"]
    assert [one.value for one in desk.decisions("muted")] == ["yes"]


def test_what_is_taken_back_is_gone_and_what_was_never_there_is_no_matter(open_desk: Open) -> None:
    desk = open_desk()
    desk.put("muted", "a", "yes", NOON)
    desk.remove("muted", "a")
    desk.remove("muted", "never there")
    assert desk.decisions("muted") == []


def test_times_of_any_zone_are_one_moment(open_desk: Open) -> None:
    desk = open_desk()
    desk.put("label", "a", "true", NOON.astimezone(timezone(timedelta(hours=3))))
    assert desk.decisions("label")[0].at == NOON


def test_two_that_are_open_at_once_both_decide(open_desk: Open) -> None:
    one, other = open_desk(), open_desk()
    one.put("label", "a", "true", NOON)
    other.put("label", "b", "true", NOON)
    assert [decision.subject for decision in one.decisions("label")] == ["a", "b"]
