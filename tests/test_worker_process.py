"""The worker process: what it gives back, what it costs a task to exceed its limits, and that nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.worker_process import Worker, Workers
from pipeline.ports import Rejected, Unreachable

ROOT = Path(__file__).parents[1]
HERE = "test_worker_process"


# The tasks: they run in the worker.


def echo(arguments: dict[str, Any], body: bytes) -> list[Any]:
    return [arguments, len(body)]


def process_id(arguments: dict[str, Any], body: bytes) -> int:
    return os.getpid()


def environment(arguments: dict[str, Any], body: bytes) -> dict[str, str]:
    return dict(os.environ)


def spin(arguments: dict[str, Any], body: bytes) -> None:
    while True:
        pass


def eat_memory(arguments: dict[str, Any], body: bytes) -> int:
    return len(bytearray(4 << 30))


def crash(arguments: dict[str, Any], body: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def break_down(arguments: dict[str, Any], body: bytes) -> None:
    raise KeyError("موضع")


def refuse(arguments: dict[str, Any], body: bytes) -> None:
    raise Rejected("ليست خلاصة")


def grow(arguments: dict[str, Any], body: bytes) -> str:
    return "x" * (70 << 20)


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker() as one:
        yield one


def test_a_task_gets_its_arguments_and_its_body(worker: Worker) -> None:
    assert worker.call(f"{HERE}:echo", {"اسم": [1, None]}, b"x" * 3_000_000) == [{"اسم": [1, None]}, 3_000_000]


def test_one_process_serves_many_tasks(worker: Worker) -> None:
    assert len({worker.call(f"{HERE}:process_id", {}) for _ in range(20)}) == 1


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("eat_memory", "1,024 MiB of memory"),
        ("crash", "SIGSEGV"),
        ("break_down", "KeyError"),
        ("refuse", "ليست خلاصة"),
        ("grow", "it grew to"),
    ],
)
def test_a_task_that_fails_is_rejected_with_the_reason_and_the_next_one_runs(
    worker: Worker, task: str, words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        worker.call(f"{HERE}:{task}", {})
    assert worker.call(f"{HERE}:echo", {}) == [{}, 0]


def test_a_task_that_does_not_end_is_ended() -> None:
    with Worker(time_limit=0.3) as worker, pytest.raises(Rejected, match=r"more than 0\.3 s"):
        worker.call(f"{HERE}:spin", {})


def test_a_process_killed_between_two_tasks_costs_neither(worker: Worker) -> None:
    first = worker.call(f"{HERE}:process_id", {})
    os.kill(first, signal.SIGKILL)
    assert worker.call(f"{HERE}:process_id", {}) != first


def test_a_worker_that_cannot_start_its_task_is_unreachable(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unreachable, match="does not start"):
        worker.call("no_such_module:task", {})
    assert "no_such_module" in capfd.readouterr().err


def test_no_secret_of_the_environment_reaches_the_worker(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAQID_SLACK_WEBHOOK", "https://hooks.example/secret")
    assert "NAQID_SLACK_WEBHOOK" not in worker.call(f"{HERE}:environment", {})


def test_a_closed_worker_leaves_no_process_and_starts_again_when_asked(worker: Worker) -> None:
    first = worker.call(f"{HERE}:process_id", {})
    worker.close()
    assert not _runs(first)
    assert worker.call(f"{HERE}:process_id", {}) != first


@pytest.mark.parametrize("task", ["process_id", "spin"])
def test_a_worker_ends_when_its_parent_is_killed_idle_or_busy(task: str) -> None:
    program = (
        "import sys, threading; sys.path.insert(0, 'tests')\n"
        "from connectors.worker_process import Worker\n"
        "worker = Worker(time_limit=0.5)\n"
        f"print(worker.call('{HERE}:process_id', {{}}), flush=True)\n"
        f"threading.Thread(target=worker.call, args=('{HERE}:{task}', {{}}), daemon=True).start()\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker_id = int(parent.stdout.readline())
        assert _runs(worker_id)
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 20
    while _runs(worker_id) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(worker_id)


def test_a_task_that_takes_its_time_holds_up_no_other_while_a_worker_is_free() -> None:
    workers = Workers(2)
    ended: list[Rejected] = []

    def spin_on() -> None:
        try:
            workers.call(f"{HERE}:spin", {})
        except Rejected as reason:
            ended.append(reason)

    busy = threading.Thread(target=spin_on)
    busy.start()
    try:
        assert [workers.call(f"{HERE}:echo", {"n": n})[0]["n"] for n in range(5)] == [0, 1, 2, 3, 4]
        assert busy.is_alive()
    finally:
        workers.abandon()
        busy.join()
    assert len(ended) == 1


def test_only_as_many_processes_start_as_are_busy_at_once() -> None:
    workers = Workers(4)
    try:
        assert len({workers.call(f"{HERE}:process_id", {}) for _ in range(20)}) == 1
    finally:
        workers.abandon()


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
