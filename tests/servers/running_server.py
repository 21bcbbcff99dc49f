"""One server process on the loopback: started until it answers, paused, stopped or killed, and never left behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from server_programs import last_lines

START_SECONDS = 120
STOP_SECONDS = 30


class Failed(Exception):
    """A server did not come up, or went; the message shows the end of its log and where the whole of it lies."""


class Server(ABC):
    """One server process with its data and log in `folder`, a temporary one unless it is given.

    The ports and the data stay the same through `stop`, `kill` and `start`.
    """

    name: str

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix=f"naqid-{self.name}-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.log = self.folder / f"{self.name}.log"
        self.started_in = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            # The folder stays, for the sake of the log that the error names.
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns as soon as the server answers; `started_in` then tells the seconds it took.

        Raises:
            Failed: it ended, or did not answer in time.
        """
        if self.running:
            return
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        command = self._command()
        if setpriv := shutil.which("setpriv"):
            # Whoever started the server may be killed and clear nothing up.
            command = [setpriv, "--pdeathsig", "TERM", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._wrapped(command),
                env=os.environ | self._variables(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that Ctrl-C in a terminal reaches only the one who stops it in good order.
                start_new_session=True,
            )
        while not self._ready(before):
            if not self.running:
                raise Failed(f"{self.name} ended with {self._process.returncode} while starting{self._told(before)}")
            if time.monotonic() - began > START_SECONDS:
                raise Failed(f"{self.name} did not answer within {START_SECONDS} s{self._told(before)}")
            time.sleep(0.05)
        self.started_in = time.monotonic() - began

    def stop(self) -> None:
        """Stops the server as its own scripts would; one that will not end is killed."""
        if self._process is None:
            return
        self._signal_all(signal.SIGCONT)
        self._process.send_signal(signal.SIGTERM)
        if not self._ended():
            self._signal_all(signal.SIGKILL)
            self._ended()
        self._process = None

    def kill(self) -> None:
        """Ends the server at once, as a power cut would."""
        if self._process is not None:
            self._signal_all(signal.SIGKILL)
            self._ended()
            self._process = None

    def pause(self) -> None:
        """The server goes silent: its connections stay open and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _ended(self) -> bool:
        """Waits until the server is gone with every process that it started (Elasticsearch's own is one of those)."""
        until = time.monotonic() + STOP_SECONDS
        while self.running or self._signal_all(0):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def _signal_all(self, number: int) -> bool:
        """Sends to every process of the server; whether there was one."""
        if self._process is None:
            return False
        self._process.poll()
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def _told(self, before: int) -> str:
        log = self.log.read_bytes()[before:].decode("utf-8", "replace")
        return f"; its log, {self.log}, ends so:\n{last_lines(log)}"

    def _wrapped(self, command: list[str]) -> list[str]:
        return command

    def _variables(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def _command(self) -> list[str]:
        """What to run; prepares the data where there is none."""

    @abstractmethod
    def _ready(self, before: int) -> bool:
        """Whether the server, whose log of this start begins at byte `before`, serves."""


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, below those that Linux hands out to outgoing connections.

    A server that is stopped for a while thus finds its port free again.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports
