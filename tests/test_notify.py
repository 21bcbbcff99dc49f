"""How a service tells that it is well: to a real socket that listens as systemd does, and by a file."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.notify import Notifier


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A manager's socket and its name as `NOTIFY_SOCKET` tells it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        if request.param == "file":
            name = str(tmp_path / "notify")
            listening.bind(name)
        else:
            name = f"@naqid-test-{os.getpid()}-{tmp_path.name}"
            listening.bind("\0" + name[1:])
        listening.settimeout(5)
        yield listening, name


def test_each_message_reaches_the_manager(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.alive()
    notifier.status("3 outlets\n2 alerts")
    notifier.stopping()
    received = [listening.recv(1000).decode() for _ in range(4)]
    assert received == ["READY=1", "WATCHDOG=1", "STATUS=3 outlets 2 alerts", "STOPPING=1"]


def test_nothing_is_sent_where_no_manager_asks() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "2000000"})
    notifier.ready()
    assert notifier.watchdog_seconds is None


def test_a_manager_that_went_away_is_told_of_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    assert "could not be told READY" in caplog.text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_of_its_time(variables: dict[str, str], expected: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/nowhere"} | variables).watchdog_seconds == expected


def test_a_heartbeat_touches_its_file_and_is_due_often(tmp_path: Path) -> None:
    beat = tmp_path / "alive"
    notifier = Notifier({"NAQID_HEARTBEAT": str(beat)})
    notifier.ready()
    assert not beat.exists()
    notifier.alive()
    os.utime(beat, (0, 0))
    notifier.alive()
    assert beat.stat().st_mtime > 0
    assert notifier.watchdog_seconds == 10.0


def test_of_a_watchdog_and_a_heartbeat_the_more_frequent_counts(tmp_path: Path) -> None:
    variables = {"NOTIFY_SOCKET": "/nowhere", "NAQID_HEARTBEAT": str(tmp_path / "alive")}
    assert Notifier(variables | {"WATCHDOG_USEC": "4000000"}).watchdog_seconds == 2.0
    assert Notifier(variables | {"WATCHDOG_USEC": "120000000"}).watchdog_seconds == 10.0


def test_a_heartbeat_that_cannot_be_written_is_told_of_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier({"NAQID_HEARTBEAT": str(tmp_path / "missing" / "alive")}).alive()
    assert "could not be written: No such file or directory" in caplog.text
