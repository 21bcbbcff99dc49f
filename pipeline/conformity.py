"""Whether a user's configuration file has the shape of the shipped one: no key that nothing reads, no other types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.overlay import BadSettings, Overlay, called, nearest, read_toml

# Tables whose keys are names that a person chooses, by file; "" is the whole file. Each of their entries may hold
# what any shipped entry holds.
_FREELY_NAMED: Mapping[str, frozenset[str]] = {
    "events.toml": frozenset({""}),
    "speakers.toml": frozenset({"camps", "party", "officials"}),
    "places.toml": frozenset(
        {"division_words", "district_words", "countries", "divisions", "districts", "places", "towns"}
    ),
}


def refuse_strange_keys(overlay: Overlay, name: str) -> None:
    """Raises `BadSettings` for a key of the user's file `name` that the shipped file does not know, and for a value
    of another type than there."""
    user = overlay.user and overlay.user / name
    if user and user.is_file():
        free = _FREELY_NAMED.get(name, frozenset())
        _compare(read_toml(user), read_toml(overlay.shipped / name), str(user), "", free)


def _compare(found: Mapping[str, Any], known: Mapping[str, Any], where: str, inside: str, free: frozenset[str]) -> None:
    if inside in free:
        known = dict.fromkeys(found, _union(known.values()))
    for key, value in found.items():
        dotted = f"{inside}.{key}" if inside else key
        if key not in known:
            raise BadSettings(f"{where}: unknown key {dotted!r}{nearest(key, known)}")
        _same_type(value, known[key], where, dotted)
        if isinstance(value, dict):
            _compare(value, known[key], where, dotted, free)
        elif isinstance(value, list) and known[key] and isinstance(known[key][0], dict):
            for number, entry in enumerate(value):
                _same_type(entry, {}, where, f"{dotted}[{number}]")
                _compare(entry, _union(known[key]), where, f"{dotted}[{number}]", free)


def _union(entries: Any) -> Any:
    """All that any of the entries holds; for entries that are no tables, one of them."""
    merged: dict[str, Any] = {}
    last: Any = merged
    for last in entries:
        if isinstance(last, dict):
            merged |= last
    return merged or last


def _same_type(value: Any, like: Any, where: str, dotted: str) -> None:
    if type(value) is not type(like) and not (isinstance(like, float) and type(value) is int):
        raise BadSettings(f"{where}: {dotted} has to be {called(like)}, not {called(value)} ({value!r})")
