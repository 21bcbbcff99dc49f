"""How commands print: JSON one object a line, times in UTC, a progress bar on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def json_line(content: Mapping[str, Any]) -> str:
    """One compact line; Arabic as it is."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things in English: 1 alert, 2 alerts; 1 entry, 2 entries."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def moment(text: str | datetime | None) -> str:
    """A time to the minute in UTC, "never" for none."""
    if text is None:
        return "never"
    there = datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{there.astimezone(UTC):%Y-%m-%d %H:%M}"


def place_name(place: Mapping[str, Any]) -> str:
    """A place of the public shapes by its Arabic name, and the English one where it has one."""
    return f"{place['name']} ({place['name_en']})" if place["name_en"] else str(place["name"])


class Progress:
    """A bar on standard error that grows in place; nothing where that is no terminal."""

    def __init__(self, whole: int, what: str) -> None:
        self._whole = whole
        self._what = what
        self._shown = sys.stderr.isatty() and whole > 0

    def at(self, done: int) -> None:
        if self._shown:
            filled = 30 * done // self._whole
            bar = "█" * filled + "░" * (30 - filled)
            sys.stderr.write(f"\r{bar} {done}/{self._whole} {self._what}")
            sys.stderr.flush()

    def end(self) -> None:
        """Remove the bar."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
