"""What every outbox promises (`pipeline.ports.Outbox`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ports import Notice

NOW = datetime(2017, 11, 13, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Open = Callable[[], Any]
Make = Callable[..., Notice]


@pytest.fixture
def shared_outbox(open_outbox: Open) -> Any:
    """One open outbox for all examples of a property."""
    return open_outbox()


def test_an_empty_outbox_gives_nothing_and_counts_nothing(open_outbox: Open) -> None:
    outbox = open_outbox()
    assert outbox.take(NOW) is None
    assert outbox.counts() == {"waiting": 0, "posted": 0, "given up": 0}


def test_a_notice_is_taken_whole_and_once_done_never_again(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a", "text")])
    assert outbox.take(NOW) == notice("a", "text", repeat=False)
    outbox.done("a")
    assert outbox.take(NOW) is None
    assert outbox.counts() == {"waiting": 0, "posted": 1, "given up": 0}


def test_notices_are_taken_oldest_first(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("b"), notice("a")])
    outbox.put([notice("c")])
    taken = []
    while found := outbox.take(NOW):
        taken.append(found.id)
        outbox.done(found.id)
    assert taken == ["b", "a", "c"]


def test_a_waiting_notice_is_replaced_by_the_newer_text_and_keeps_its_turn(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a", "one outlet"), notice("b")])
    outbox.put([notice("a", "two outlets")])
    assert outbox.counts()["waiting"] == 2
    assert outbox.take(NOW) == notice("a", "two outlets")


@pytest.mark.parametrize("outcome", ["posted", "given up"])
def test_a_settled_notice_stays_so_when_it_is_put_again(open_outbox: Open, notice: Make, outcome: str) -> None:
    outbox = open_outbox()
    outbox.put([notice("a", "one")])
    assert outbox.take(NOW)
    if outcome == "posted":
        outbox.done("a")
    else:
        outbox.give_up("a", "no such channel")
    outbox.put([notice("a", "two")])
    assert outbox.take(NOW + 1000 * HOUR) is None
    assert outbox.counts() == {"waiting": 0, "posted": 0, "given up": 0} | {outcome: 1}


def test_a_notice_taken_without_an_outcome_comes_back_as_a_possible_repeat(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a"), notice("b")])
    assert outbox.take(NOW) == notice("a", repeat=False)
    outbox.close()
    outbox = open_outbox()
    assert outbox.take(NOW) == notice("a", repeat=True)
    assert outbox.take(NOW) == notice("a", repeat=True)
    outbox.done("a")
    assert outbox.take(NOW) == notice("b", repeat=False)


def test_a_notice_put_off_waits_for_its_time_and_lets_others_pass(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a"), notice("b")])
    assert outbox.take(NOW) == notice("a")
    outbox.later("a", NOW + HOUR, "rate limited")
    assert outbox.take(NOW) == notice("b")
    outbox.done("b")
    assert outbox.take(NOW + HOUR - timedelta(microseconds=1)) is None
    assert outbox.take(NOW + HOUR) == notice("a")


def test_a_refused_posting_is_no_possible_repeat(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a")])
    assert outbox.take(NOW)
    outbox.later("a", NOW, "unreachable")
    assert outbox.take(NOW) == notice("a", repeat=False)


def test_a_posting_of_uncertain_outcome_is_a_possible_repeat(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a")])
    outbox.take(NOW)
    outbox.later("a", NOW, "no answer came", uncertain=True)
    assert outbox.take(NOW) == notice("a", repeat=True)


def test_once_a_possible_repeat_always_one(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a")])
    outbox.take(NOW)
    assert outbox.take(NOW) == notice("a", repeat=True)
    outbox.later("a", NOW, "unreachable")
    assert outbox.take(NOW) == notice("a", repeat=True)


def test_a_newer_text_keeps_that_posting_was_begun(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a", "one")])
    assert outbox.take(NOW)
    outbox.put([notice("a", "two")])
    assert outbox.take(NOW) == notice("a", "two", repeat=True)


def test_a_notice_put_as_a_possible_repeat_is_one(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a", repeat=True)])
    assert outbox.take(NOW) == notice("a", repeat=True)


def test_a_newer_text_does_not_hurry_a_notice_put_off(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a")])
    outbox.take(NOW)
    outbox.later("a", NOW + HOUR, "rate limited")
    outbox.put([notice("a", "newer")])
    assert outbox.take(NOW) is None
    assert outbox.take(NOW + HOUR) == notice("a", "newer")


def test_times_of_any_zone_mean_the_same_moment(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice("a")])
    outbox.take(NOW)
    damascus = timezone(timedelta(hours=2))
    outbox.later("a", (NOW + HOUR).astimezone(damascus), "rate limited")
    assert outbox.take(NOW.astimezone(damascus)) is None
    assert outbox.take((NOW + HOUR).astimezone(timezone(-5 * HOUR))) == notice("a")


def test_outcomes_survive_reopening(open_outbox: Open, notice: Make) -> None:
    outbox = open_outbox()
    outbox.put([notice(id) for id in "abcd"])
    outbox.take(NOW)
    outbox.done("a")
    outbox.give_up("b", "no such channel")
    outbox.later("c", NOW + HOUR, "rate limited")
    outbox.close()
    outbox = open_outbox()
    assert outbox.counts() == {"waiting": 2, "posted": 1, "given up": 1}
    assert outbox.take(NOW) == notice("d")


@pytest.mark.parametrize("outcome", ["done", "later", "give_up"])
def test_an_outcome_of_an_unknown_notice_is_an_error_that_names_it(open_outbox: Open, outcome: str) -> None:
    outbox = open_outbox()
    arguments = {"done": (), "later": (NOW, "reason"), "give_up": ("reason",)}[outcome]
    with pytest.raises(ValueError, match="nobody"):
        getattr(outbox, outcome)("nobody", *arguments)


@dataclass
class Modelled:
    """What a plain reading of the port says of one notice."""

    due: datetime = NOW
    fate: str = "waiting"
    begun: bool = False
    doubtful: bool = False


@given(
    operations=st.lists(
        st.tuples(
            st.sampled_from(["put", "take", "done", "later", "give up", "an hour passes"]), st.sampled_from("abc")
        ),
        max_size=25,
    )
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_course_of_events_ends_as_a_plain_model_says(
    shared_outbox: Any, notice: Make, operations: list[tuple[str, str]]
) -> None:
    prefix = str(shared_outbox.counts())  # tells the examples' notices apart
    before = shared_outbox.counts()
    now = NOW
    model: dict[str, Modelled] = {}
    for operation, letter in operations:
        id = f"{prefix} {letter}"
        known = model.get(id, Modelled(fate="unknown"))
        if operation == "an hour passes":
            now += HOUR
        elif operation == "put":
            shared_outbox.put([notice(id)])
            model.setdefault(id, Modelled())
        elif operation == "take":
            due = [key for key, value in model.items() if value.fate == "waiting" and value.due <= now]
            found = shared_outbox.take(now)
            assert (found.id if found else None) == (due[0] if due else None)
            if found:
                taken = model[due[0]]
                taken.doubtful, taken.begun = taken.doubtful or taken.begun, True
                assert found.repeat == taken.doubtful
        elif known.fate != "unknown":
            settle = {
                "done": lambda id=id: shared_outbox.done(id),
                "later": lambda id=id, at=now + 2 * HOUR: shared_outbox.later(id, at, "unreachable"),
                "give up": lambda id=id: shared_outbox.give_up(id, "refused"),
            }
            settle[operation]()
            if known.fate == "waiting":
                known.begun = False
                known.fate = {"done": "posted", "give up": "given up", "later": "waiting"}[operation]
                known.due = now + 2 * HOUR if operation == "later" else known.due
    after = shared_outbox.counts()
    fates = [modelled.fate for modelled in model.values()]
    assert {fate: after[fate] - before[fate] for fate in after} == {fate: fates.count(fate) for fate in after}
    for id in model:
        shared_outbox.give_up(id, "the example is over")
