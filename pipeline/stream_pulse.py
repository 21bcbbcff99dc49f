"""The pulse of a worker: whether its process was stopped so long that its partitions are another's by now.

A process that was halted (SIGSTOP, a suspended machine) goes on in the middle of a line, with work in hand that
somebody else has done meanwhile, and Kafka would take an older dossier from it. So it ends before it sends anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_TICK_SECONDS = 0.5


def boot_seconds() -> float:
    """Seconds since the machine started; they go on while it is suspended, which `time.monotonic` does not count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Pulse:
    """Beats in a thread of its own, so that only a halt of the whole process makes it miss.

    `longest` is in seconds. `halted` hears how long it was, from whichever thread notices first, and is to end the
    process without a further write.
    """

    def __init__(
        self, longest: float, halted: Callable[[float], None], clock: Callable[[], float] = boot_seconds
    ) -> None:
        self._longest = longest
        self._halted = halted
        self._clock = clock
        self._last = clock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Beat until the process ends; once started it goes on."""
        if self._thread is None:
            self._last = self._clock()
            self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
            self._thread.start()

    def check(self) -> None:
        """To be called before anything is sent: a thread that comes too late would not help."""
        missed = self._clock() - self._last
        if missed > self._longest:
            self._halted(missed)

    def beat(self) -> None:
        """Note that the process is running, after a check."""
        self.check()
        self._last = self._clock()

    def _beat(self) -> None:
        while True:
            self.beat()
            time.sleep(_TICK_SECONDS)
