"""How a service tells that it is well: systemd's notify protocol, and a file that it touches, for containers."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path

# How often, in seconds, the file of `NAQID_HEARTBEAT` is touched; the image's health check allows much longer.
_BEAT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Notifier:
    """Tells the service manager of `NOTIFY_SOCKET` how the service is, and touches the file of `NAQID_HEARTBEAT`.

    Silent where neither is set. `watchdog_seconds` is how often `alive` has to be called, half of what the manager
    allows; None when nobody watches this process.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # An abstract socket is written with "@" and addressed with a leading NUL.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self.watchdog_seconds = _watchdog_seconds(environment) if path else None
        self._beat = Path(environment["NAQID_HEARTBEAT"]) if environment.get("NAQID_HEARTBEAT") else None
        if self._beat:
            self.watchdog_seconds = min(self.watchdog_seconds or _BEAT_SECONDS, _BEAT_SECONDS)

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")
        if self._beat:
            try:
                self._beat.touch()
            except OSError as error:
                _log.warning("the heartbeat %s could not be written: %s", self._beat, error.strerror)

    def status(self, text: str) -> None:
        self._send("STATUS=" + " ".join(text.split()))

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                # The manager may be slow to read; the work does not wait for it.
                channel.settimeout(1.0)
                channel.sendto(message.encode(), self._address)
        except OSError as error:
            _log.warning("the service manager could not be told %s: %s", message.partition("=")[0], error)


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    meant_for = environment.get("WATCHDOG_PID", "")
    if meant_for and meant_for != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and int(microseconds) else None
