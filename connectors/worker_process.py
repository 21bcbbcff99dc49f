"""A process of its own for work on hostile bytes: limited in time and memory, killed when it exceeds them.

Alarms inside a process do not stop lxml or a regular expression; only the kernel does.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import logging
import os
import queue
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.ports import Rejected, Unreachable

TIME_LIMIT = 10.0
"""Seconds of wall-clock time that one task may take."""
MEMORY_LIMIT = 1 << 30
"""Bytes of address space that the process may take."""
REPLY_LIMIT = 64 << 20
"""Bytes of one reply. A small input that grows into more than this is an attack."""

# Tasks that the shared workers do at once.
_SHARED = max(2, min(4, os.cpu_count() or 2))
_PYTHON = (sys.executable, "-P", "-B", "-W", "ignore", "-m")
_START_LIMIT = 60.0
# Parsers leak and fragment; a fresh process now and then is cheaper than finding each leak.
_TASKS_IN_A_LIFE = 1000


class Worker:
    """One long-lived process that runs one task at a time and is replaced when a task costs it its life.

    A task is a function named "module:function" that takes a mapping of JSON-ready arguments and a body of bytes and
    returns something JSON-ready. Nothing but JSON comes back, so a process that was taken over cannot reach this one.
    Threads may share a worker; they wait for each other. The process inherits no environment beyond its import path,
    and ends when this process ends, however that happens.
    """

    def __init__(self, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._tasks = 0

    def call(self, task: str, arguments: dict[str, Any], body: bytes = b"") -> Any:
        """The task's result.

        Raises `Rejected`, with the reason in words, when the task refused its input, failed, or had to be killed;
        `Unreachable` when no process could be started.
        """
        request = json.dumps({"task": task, "arguments": arguments, "limit": self._time_limit}).encode()
        with self._lock:
            try:
                channel = self._begin(request)
                deadline = time.monotonic() + self._time_limit
                _send(channel, body, deadline)
                reply = _receive(channel, deadline, REPLY_LIMIT)
            except TimeoutError:
                self._stop()
                raise Rejected(f"it took more than {self._time_limit:g} s to read") from None
            except _TooLong as problem:
                self._stop()
                raise Rejected(f"it grew to {problem.length:,} bytes in reading, more than {REPLY_LIMIT:,}") from None
            except (EOFError, OSError):
                raise Rejected(self._cause_of_death()) from None
            except BaseException:
                # Left in the middle of an exchange, the channel would answer the next task with this one's reply.
                self._stop()
                raise
            self._tasks += 1
            answer = json.loads(reply)
            # After running out of memory a process is in no state to go on.
            if self._tasks >= _TASKS_IN_A_LIFE or "memory" in answer:
                self._stop()
        if "memory" in answer:
            raise Rejected(f"it took more than {self._memory_limit >> 20:,} MiB of memory to read")
        if "rejected" in answer:
            raise Rejected(answer["rejected"])
        return answer["result"]

    def close(self) -> None:
        """End the process. A later `call` starts a new one."""
        with self._lock:
            self._stop()

    def abandon(self) -> None:
        """End the process at once, even in the middle of another thread's task, which then fails."""
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, request: bytes) -> socket.socket:
        """Hand over the request and wait until the task's module is imported, which its time does not include."""
        for attempt in (1, 2):
            channel = self._channel or self._start()
            try:
                deadline = time.monotonic() + _START_LIMIT
                _send(channel, request, deadline)
                _receive(channel, deadline, 16)
            except (EOFError, OSError) as problem:
                # It may have died between two tasks (the kernel was short of memory): not this task's fault.
                cause = self._cause_of_death()
                if attempt == 2:
                    raise Unreachable(f"the worker process does not start: {cause}") from problem
            else:
                return channel
        raise AssertionError("two attempts end in a channel or an error")

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[1])
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*_PYTHON, "connectors.worker_process", str(theirs.fileno()), str(self._memory_limit)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    # A secret of this process is of no use to a parser.
                    env={"PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]), "PYTHONUTF8": "1"},
                )
        except OSError as problem:
            ours.close()
            raise Unreachable(f"the worker process does not start: {problem}") from problem
        self._channel, self._tasks = ours, 0
        return ours

    def _stop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _cause_of_death(self) -> str:
        process = self._process
        if process is None:
            return "the process that reads it is gone"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        status = process.returncode
        self._stop()
        if status is None:
            return "the process that reads it went silent"
        if status == -signal.SIGALRM:
            return f"it took more than {self._time_limit:g} s to read"
        return f"the process that reads it ended with {_status_in_words(status)}"


class Workers:
    """Several workers behind one `call`: a task that costs its worker its time holds up none but those beyond their
    number. The worker used last is taken first, so that no more processes start than are busy at once."""

    def __init__(self, number: int) -> None:
        self._all = [Worker() for _ in range(number)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        for worker in self._all:
            self._idle.put(worker)

    def call(self, task: str, arguments: dict[str, Any], body: bytes = b"") -> Any:
        """As `Worker.call`."""
        worker = self._idle.get()
        try:
            return worker.call(task, arguments, body)
        finally:
            self._idle.put(worker)

    def abandon(self) -> None:
        """End every process at once."""
        for worker in self._all:
            worker.abandon()


def shared_workers() -> Workers:
    """The workers of this process for callers that bring none: started at their first task, ended at exit."""
    global _shared
    with _shared_lock:
        # A forked child must not speak into its parent's channel.
        if _shared is None or _shared[0] != os.getpid():
            _shared = (os.getpid(), Workers(_SHARED))
            atexit.register(_shared[1].abandon)
        return _shared[1]


_shared: tuple[int, Workers] | None = None
_shared_lock = threading.Lock()


def _status_in_words(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


class _TooLong(Exception):
    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


def _send(channel: socket.socket, data: bytes, deadline: float | None) -> None:
    for part in (len(data).to_bytes(8, "big"), data):
        channel.settimeout(_remaining(deadline))
        channel.sendall(part)


def _receive(channel: socket.socket, deadline: float | None, limit: int) -> bytes:
    length = int.from_bytes(_receive_exactly(channel, 8, deadline), "big")
    if length > limit:
        raise _TooLong(length)
    return _receive_exactly(channel, length, deadline)


def _receive_exactly(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < length:
        channel.settimeout(_remaining(deadline))
        part = channel.recv(min(1 << 20, length - len(data)))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _serve(channel: socket.socket) -> None:
    """The worker's side: answer tasks until the other end is closed."""
    while True:
        request = json.loads(_receive(channel, None, REPLY_LIMIT))
        module, _, function = request["task"].partition(":")
        task = getattr(importlib.import_module(module), function)
        _send(channel, b"ready", None)
        body = _receive(channel, None, 1 << 40)
        # The kernel's default for SIGALRM ends the process even inside C code: should the other side have died
        # in the meantime, nobody else would end it.
        signal.setitimer(signal.ITIMER_REAL, request["limit"] + 1)
        answer = _answer(task, request["arguments"], body)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(channel, answer, None)


def _answer(task: Any, arguments: dict[str, Any], body: bytes) -> bytes:
    try:
        return _written({"result": task(arguments, body)})
    except Rejected as refusal:
        return _written({"rejected": str(refusal)})
    except MemoryError:
        return b'{"memory": true}'
    except Exception as problem:  # noqa: BLE001  a parser fails on hostile bytes in any way it likes
        return _written({"rejected": f"the parser failed on it ({type(problem).__name__}: {str(problem)[:200]})"})


def _written(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")


def _main(descriptor: int, memory_limit: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Both reach a whole group of processes; the parent decides, and its end is this process's end.
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    with socket.socket(fileno=descriptor) as channel, contextlib.suppress(EOFError, ConnectionError):
        _serve(channel)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
