"""The phrases that alerts are told in: which there are, in two languages, with which blanks, and their filling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from string import Formatter
from typing import Any, Literal, get_args

from pipeline.core.alerts import ReversalKind, State
from pipeline.core.claims import Modality, Polarity

Language = Literal["ar", "en"]
LANGUAGES: tuple[Language, ...] = ("ar", "en")


# A rule may bring words of its own; those that have none are told by the kind of reversal.
_OPEN_SECTION = "rules"

_PLAIN_LABELS = (
    "alert between camp claim confidence earlier event gloss later one_report open_report outlet own_voice "
    "place repeat speaker state reach through unknown_event unread why"
)
# Every section, its keys, and the blanks that each phrase may use.
_BLANKS: Mapping[str, Mapping[str, str]] = {
    "kinds": dict.fromkeys(get_args(ReversalKind), ""),
    "states": dict.fromkeys(get_args(State), ""),
    "polarities": dict.fromkeys(get_args(Polarity), ""),
    "modalities": dict.fromkeys(get_args(Modality), ""),
    "stances": dict.fromkeys(
        ("reported", "admitted", "pending", *(f"{p}-{m}" for p in get_args(Polarity) for m in get_args(Modality))),
        "what",
    ),
    "rules": dict.fromkeys((f"default-{kind}" for kind in get_args(ReversalKind)), ""),
    "verdicts": {
        "contrary": "why",
        "development": "why",
        "same_report": "",
        "counts": "outlets origins",
    },
    "sides": {
        "first": "stance speaker what carried when",
        "then": "stance speaker what carried when",
        "join": "kind place first then verdict counts",
        "by": "speaker",
        "nobody": "outlet",
        "of_side": "speaker camp",
        "what": "event parties",
        "what_at": "event parties place",
        "same_matter": "",
        "parties_both": "actor object",
        "parties_one": "actor",
        "parties_of": "object",
        "carried": "outlet",
        "relayed": "outlet relays",
        "undated": "moment",
    },
    "counts.outlets": dict.fromkeys(("one", "two", "few", "many", "other"), "n"),
    "counts.origins": dict.fromkeys(("one", "two", "few", "many", "other"), "n"),
    "counts.hours": dict.fromkeys(("one", "two", "few", "many", "other"), "n"),
    "counts.days": dict.fromkeys(("one", "two", "few", "many", "other"), "n"),
    "labels": {
        **dict.fromkeys(
            _PLAIN_LABELS.split(),
            "",
        ),
        "title": "kind place",
        "outlets_origins": "outlets origins",
        "quoted": "sentence",
        "gap": "outlet span since until",
        "and": "first last",
        "percent": "n",
        "moment": "weekday day month year time",
    },
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Templates by "section.key" and language, the calendar's names, and Arabic names by camp id."""

    entries: Mapping[str, Mapping[str, str]]
    weekdays: Mapping[str, tuple[str, ...]]
    months: Mapping[str, tuple[str, ...]]
    camps_ar: Mapping[str, str]

    @classmethod
    def from_toml(cls, data: Mapping[str, Any]) -> Phrases:
        """The phrases of a parsed `wording.toml`.

        Raises `ValueError` naming the entry that is missing, unknown (with the nearest known one) or wrong.
        """
        tops = {section.split(".")[0] for section in _BLANKS} | {"weekdays", "months", "camps_ar"}
        _refuse_unknown(data, tops, "")
        entries: dict[str, Mapping[str, str]] = {}
        for section, keys in _BLANKS.items():
            table = _table(data, section)
            if section != _OPEN_SECTION:
                _refuse_unknown(table, set(keys), f"{section}.")
            for key in (*keys, *(key for key in table if key not in keys)):
                entries[f"{section}.{key}"] = _entry(f"{section}.{key}", table, key, keys.get(key, ""))
        return cls(entries, _calendar(data, "weekdays", 7), _calendar(data, "months", 12), _names(data, "camps_ar"))

    def fill(self, key: str, language: Language, **values: str) -> str:
        """The phrase with its blanks filled. Raises `KeyError` for an unknown phrase."""
        return self.entries[key][language].format(**values)


def _table(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found: Any = data
    for name in section.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise ValueError(f"wording: section [{section}] is missing")
    return found


def _entry(where: str, table: Mapping[str, Any], key: str, blanks: str) -> Mapping[str, str]:
    entry = table.get(key)
    if not isinstance(entry, Mapping):
        raise ValueError(f'wording: {where} is missing: write {{ ar = "…", en = "…" }}')
    _refuse_unknown(entry, set(LANGUAGES), f"{where}.")
    for language in LANGUAGES:
        words = entry.get(language)
        if not isinstance(words, str) or not words:
            raise ValueError(f"wording: {where}.{language} has to be a text that is not empty")
        try:
            used = {name for _, name, _, _ in Formatter().parse(words) if name is not None}
        except ValueError as error:
            raise ValueError(f"wording: {where}.{language}: {error}") from None
        if unknown := used - set(blanks.split()):
            raise ValueError(f"wording: {where}.{language} uses {{{min(unknown)}}}; it may use: {blanks or 'none'}")
    return {language: entry[language] for language in LANGUAGES}


def _calendar(data: Mapping[str, Any], section: str, length: int) -> Mapping[str, tuple[str, ...]]:
    table = _table(data, section)
    for language in LANGUAGES:
        names = table.get(language)
        if not isinstance(names, list) or len(names) != length or not all(isinstance(n, str) and n for n in names):
            raise ValueError(f"wording: {section}.{language} has to list {length} names")
    return {language: tuple(table[language]) for language in LANGUAGES}


def _names(data: Mapping[str, Any], section: str) -> Mapping[str, str]:
    table = _table(data, section)
    for key, name in table.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"wording: {section}.{key} has to be a text that is not empty")
    return dict(table)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], prefix: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"wording: unknown entry {prefix}{key}{hint}")
