"""The pulse of a worker: a halt is noticed before anything is sent, a slow moment is not one."""

from __future__ import annotations

from pipeline.stream_pulse import Pulse


def test_a_halt_is_noticed_at_the_first_check_after_it() -> None:
    now, halts = [100.0], list[float]()
    pulse = Pulse(4.0, halts.append, lambda: now[0])
    for seconds in (0.5, 3.9):
        now[0] += seconds
        pulse.beat()
    assert halts == []
    now[0] += 4.5
    pulse.check()
    assert halts == [4.5]


def test_the_beat_that_comes_first_after_a_halt_hides_nothing() -> None:
    now, halts = [0.0], list[float]()
    pulse = Pulse(4.0, halts.append, lambda: now[0])
    now[0] = 60.0
    pulse.beat()
    assert halts == [60.0]
