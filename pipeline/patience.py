"""How long to wait before trying again: twice as long after every failure in a row, per name."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)


def wait_after(failures: int, shortest: timedelta = SHORTEST, longest: timedelta = LONGEST) -> timedelta:
    """The wait after so many failures in a row: `shortest` after the first, doubling up to `longest`."""
    # The exponent is capped, since a year of failures would overflow a timedelta.
    return min(shortest * (1 << min(max(failures - 1, 0), 30)), longest)


class Patience:
    """Remembers of each name how often it failed in a row and when it may be tried again."""

    def __init__(self, longest: timedelta = LONGEST) -> None:
        self._longest = longest
        self._failures: dict[str, int] = {}
        self._until: dict[str, datetime] = {}

    def rests_until(self, name: str, now: datetime) -> datetime | None:
        """When `name` may be tried again, None for now."""
        until = self._until.get(name)
        return until if until is not None and until > now else None

    def failed(self, name: str, now: datetime, at_least: float | None = None) -> datetime:
        """Note a failure. Returns when to try again; `at_least` are seconds that the other side asked for."""
        self._failures[name] = self._failures.get(name, 0) + 1
        wait = wait_after(self._failures[name], longest=self._longest)
        self._until[name] = now + max(wait, timedelta(seconds=at_least or 0))
        return self._until[name]

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)
        self._until.pop(name, None)
