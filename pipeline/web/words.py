"""The page's own words in two languages (`config/page.toml`), and how a moment is told briefly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.core.phrases import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of `page.toml` by key and language."""

    entries: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_toml(cls, data: Mapping[str, Any]) -> PageWords:
        """Raises `ValueError` naming the entry that lacks a language."""
        entries: dict[str, Mapping[str, str]] = {}
        for key, entry in data["words"].items():
            if not isinstance(entry, Mapping) or any(not entry.get(language) for language in LANGUAGES):
                raise ValueError(f"words.{key}: needs a text for each of {', '.join(LANGUAGES)}")
            entries[key] = entry
        return cls(entries)

    def told(self, key: str, language: Language) -> str:
        """Raises `KeyError` for a word that is not there."""
        return self.entries[key][language]


def language_asked(asked: str, remembered: str, accepted: str) -> Language:
    """The language of a request: asked for in the address, else remembered, else the browser's, else English."""
    for choice in (asked, remembered):
        if choice in LANGUAGES:
            return "ar" if choice == "ar" else "en"
    return "ar" if accepted.strip().lower().startswith("ar") else "en"


def briefly(moment: str) -> str:
    """A time of the index (ISO 8601) as a person reads it in a table: "2017-11-13 11:15"."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M")
