"""What every state promises (`pipeline.ports.State`), a kill at any moment included."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.ports import Consequences, Notice, Record, Unreachable

NOW = datetime(2017, 11, 13, 12, tzinfo=UTC)

# Here the state is also log and outbox: a commit reaches all three.
Open = Callable[[], Any]


def test_an_unknown_consumer_stands_at_the_beginning(open_state: Open) -> None:
    assert open_state().position("read") == ""


def test_an_unknown_key_has_no_value(open_state: Open) -> None:
    assert open_state().get("dossiers", "gn:170792") is None


def test_a_commit_puts_appends_notifies_and_moves_the_consumer(open_state: Open, notice: Callable[..., Notice]) -> None:
    state = open_state()
    claim = Record("claim", "gn:170792", b"claim")
    state.commit("follow", "7", Consequences({("dossiers", "d"): b"dossier"}, [("claims", claim)], [notice("alert")]))
    state.close()
    reopened = open_state()
    assert reopened.get("dossiers", "d") == b"dossier"
    assert [stored.record for stored in reopened.read("claims", "", 10)] == [claim]
    assert reopened.take(NOW) == notice("alert")
    assert reopened.position("follow") == "7"


def test_a_later_value_replaces_the_earlier_one(open_state: Open) -> None:
    state = open_state()
    for value in (b"one", b"two", b""):
        state.commit("follow", "1", Consequences({("dossiers", "d"): value}))
        assert state.get("dossiers", "d") == value


def test_tables_and_consumers_do_not_mix(open_state: Open) -> None:
    state = open_state()
    state.commit("read", "3", Consequences({("dossiers", "d"): b"dossier", ("seen", "d"): b"seen"}))
    state.commit("follow", "2", Consequences())
    assert (state.get("dossiers", "d"), state.get("seen", "d")) == (b"dossier", b"seen")
    assert (state.position("read"), state.position("follow")) == ("3", "2")


def test_a_commit_without_consequences_moves_the_consumer(open_state: Open) -> None:
    state = open_state()
    state.commit("read", "1", Consequences())
    state.commit("read", "2", Consequences())
    assert state.position("read") == "2"


@pytest.mark.parametrize("flaw", ["an unknown topic", "a notice that cannot be stored"])
def test_of_a_commit_that_fails_nothing_is_done(open_state: Open, notice: Callable[..., Notice], flaw: str) -> None:
    state = open_state()
    appends: list[Any] = [("claims", Record("claim", "k", b"claim"))]
    notices = [notice("alert")]
    if flaw == "an unknown topic":
        appends.append(("no such topic", Record("x", "k", b"")))
    else:
        notices.append(notice("broken", explanation="\ud800"))
    with pytest.raises(ValueError):
        state.commit("follow", "1", Consequences({("dossiers", "d"): b"x"}, appends, notices))
    assert state.get("dossiers", "d") is None
    assert state.read("claims", "", 10) == []
    assert state.take(NOW) is None
    assert state.position("follow") == ""


def test_a_closed_state_is_unreachable(open_state: Open) -> None:
    state = open_state()
    state.close()
    with pytest.raises(Unreachable):
        state.commit("read", "1", Consequences())
    with pytest.raises(Unreachable):
        state.get("dossiers", "d")


def commit_for_ever(open_state: Open, notice: Callable[..., Notice], ready: Any) -> None:
    """Commits step after step from where the last process was killed; step n writes n to every place."""
    state = open_state()
    step = int(state.position("follow") or "0")
    ready.set()
    while True:
        step += 1
        value = str(step).encode()
        puts = {("dossiers", f"d{step % 7}"): value * 300, ("last", "step"): value}
        appends: list[Any] = [(topic, Record(f"r{step}", "k", value * 300)) for topic in ("claims", "events")]
        state.commit("follow", str(step), Consequences(puts, appends, [notice(f"n{step}")]))


def test_after_a_kill_at_any_moment_each_commit_is_there_whole_or_not_at_all(
    open_state: Open, notice: Callable[..., Notice]
) -> None:
    chance = random.Random(20171113)
    fork = multiprocessing.get_context("fork")
    steps = 0
    for _ in range(12):
        ready = fork.Event()
        child = fork.Process(target=commit_for_ever, args=(open_state, notice, ready), daemon=True)
        child.start()
        assert ready.wait(20) and child.pid
        time.sleep(chance.uniform(0.001, 0.06))
        os.kill(child.pid, signal.SIGKILL)
        child.join()

        state = open_state()
        step = int(state.position("follow") or "0")
        assert step >= steps
        steps = step
        assert state.get("last", "step") == (str(step).encode() if step else None)
        assert state.get("dossiers", f"d{step % 7}") == (str(step).encode() * 300 if step else None)
        for topic in ("claims", "events"):
            ids = [stored.record.id for stored in state.read(topic, "", 1_000_000)]
            assert ids == [f"r{number}" for number in range(1, step + 1)]
        assert state.counts() == {"waiting": step, "posted": 0, "given up": 0}
        state.close()
    assert steps > 12
