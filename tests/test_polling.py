"""Polling many feeds: one host's own do not come all at once, and its slowness keeps no other host's waiting."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reports import report

from connectors.sqlite_log import SqliteLog
from pipeline.collecting import Collector, Rota
from pipeline.outlets import OutletStatus, Watched, rhythm_of, status_from_bytes
from pipeline.polling import AT_ONE_HOST, Pollers
from pipeline.ports import Poll, Unreachable

NOW = datetime(2017, 11, 14, tzinfo=UTC)
MINUTES_5 = timedelta(minutes=5)


class Held:
    """A feed whose poll lasts until it is let go."""

    def __init__(self, name: str, go: threading.Event, running: list[str]) -> None:
        self.name = name
        self._go = go
        self._running = running

    def poll(self, memory: str, now: datetime) -> Poll:
        self._running.append(self.name)
        self._go.wait(10)
        return Poll([])


def test_a_host_with_many_feeds_keeps_few_threads_and_no_other_host_waiting() -> None:
    go, running = threading.Event(), list[str]()
    let_through = threading.Event()
    let_through.set()
    pollers = Pollers(4)
    for number in range(50):
        pollers.ask(Watched(Held(f"slow {number}", go, running), MINUTES_5, host="slow.example"), "", NOW)
    for number in range(20):
        quick = Held(f"quick {number}", let_through, running)
        pollers.ask(Watched(quick, MINUTES_5, host=f"{number}.example"), "", NOW)
    came = gathered(pollers, 20)
    assert sorted(came) == sorted(f"quick {number}" for number in range(20))
    assert len([name for name in running if name.startswith("slow")]) == AT_ONE_HOST
    go.set()
    assert len(gathered(pollers, 50)) == 50
    pollers.close()


def gathered(pollers: Pollers, number: int) -> list[str]:
    came: list[str] = []
    until = time.monotonic() + 10
    while len(came) < number and time.monotonic() < until:
        came += [polled.watched.feed.name for polled in pollers.wait(0.1)]
    return came


def reports_every(minutes: float, newest: datetime = NOW) -> Poll:
    return Poll([report(n, "خبر", at=newest - n * timedelta(minutes=minutes)) for n in range(12)])


def test_a_quiet_outlet_is_asked_less_often_and_a_busy_one_at_the_interval() -> None:
    def wait(poll: Poll) -> timedelta:
        status = OutletStatus().succeeded(poll, NOW, MINUTES_5, 4 * MINUTES_5)
        assert status.next_poll is not None
        return status.next_poll - NOW

    assert wait(reports_every(2)) == MINUTES_5
    assert wait(reports_every(24)) == timedelta(minutes=12)
    assert wait(reports_every(600)) == timedelta(minutes=20)
    assert wait(reports_every(2, NOW - timedelta(days=2))) == timedelta(minutes=20), "silent for two days"
    assert wait(Poll([])) == MINUTES_5
    assert rhythm_of(reports_every(2).articles[:4], NOW) is None, "four dates are no rhythm"


def test_the_rhythm_is_remembered_when_nothing_is_new() -> None:
    status = OutletStatus().succeeded(reports_every(24), NOW, MINUTES_5, 4 * MINUTES_5)
    again = status.succeeded(Poll([]), NOW, MINUTES_5, 4 * MINUTES_5)
    assert again.next_poll == NOW + timedelta(minutes=12)


def test_a_refusal_that_lasts_and_a_failure_of_days_come_down_to_once_a_day() -> None:
    refused, down = OutletStatus(), OutletStatus()
    now = NOW
    for _ in range(40):
        refused = refused.failed(Unreachable("404", lasting=True), now, MINUTES_5)
        down = down.failed(Unreachable("timed out"), now, MINUTES_5)
        now += timedelta(hours=1)
    assert refused.next_poll is not None and down.next_poll is not None
    assert refused.next_poll - now == down.next_poll - now == timedelta(hours=23)
    assert (down.failing_since, down.failures) == (NOW, 40)


def test_feeds_that_begin_together_are_spread_over_the_interval_and_then_keep_to_it(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "naqid.db")
    go = threading.Event()
    go.set()
    names = [f"feed {number}" for number in range(40)]
    collector, rota = Collector(log), Rota([Watched(Held(name, go, []), MINUTES_5) for name in names])

    def next_polls(now: datetime) -> list[float]:
        """Have the feeds polled that are due; the minutes until the next poll of each."""
        collector.collect(rota, now)
        until = time.monotonic() + 10
        while len(rota.idle) + len(rota.came) < len(names) and time.monotonic() < until:
            rota.wait(0.1)
        collector.collect(rota, now)
        kept = [status_from_bytes(log.get("outlets", name) or b"").next_poll for name in names]
        return [(moment - now).total_seconds() / 60 for moment in kept if moment is not None]

    first = next_polls(NOW)
    assert [sum(low <= wait < low + 1.5 for wait in first) > 4 for low in (0.5, 2.0, 3.5)] == [True] * 3
    assert next_polls(NOW + MINUTES_5) == [5.0] * 40
    rota.close()
    log.close()
