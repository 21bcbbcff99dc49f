"""The user's list of outlets as a text: outlets are added at its end, and nothing that stands in it is touched."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pipeline.core.outlets import Outlet, outlets_from_toml
from pipeline.core.quoting import clean

_NUMBERS = frozenset({"interval_minutes"})
_FLAGS = frozenset({"full_text"})
_MEANT_EMPTY = frozenset({"", "independent"})


@dataclass(frozen=True, slots=True)
class Addition:
    """A list with what was added: its text, the outlets that are new, how many were there, and what was left out."""

    text: str
    added: tuple[Outlet, ...]
    known: int
    left_out: tuple[tuple[str, str], ...]


def with_outlets(text: str, found: Sequence[tuple[Mapping[str, str], str]]) -> Addition:
    """The TOML `text` and, behind it, each outlet that it lacks: the fields that are told, and the folder it came from.

    An outlet is known by its feed's address. Ids and names that are taken are made others. Raises `ValueError` where
    `text` itself is no list of outlets.
    """
    outlets = outlets_from_toml(tomllib.loads(text))
    ids, names = {outlet.id for outlet in outlets}, {outlet.name for outlet in outlets}
    feeds = {_address(outlet.feed) for outlet in outlets}
    added: list[Outlet] = []
    left_out: list[tuple[str, str]] = []
    known = 0
    pieces = [text if text.endswith("\n") or not text else text + "\n"]
    for told, folder in found:
        if _address(told["feed"]) in feeds:
            known += 1
            continue
        try:
            table = _table(told, ids, names)
            (outlet,) = outlets_from_toml({"outlet": [table]})
            if not told["feed"].startswith(("http://", "https://")):
                raise ValueError("its feed is at no address of the web")
        except ValueError as problem:
            left_out.append((clean(told.get("name") or told["feed"], 100), str(problem)))
            continue
        ids.add(outlet.id)
        names.add(outlet.name)
        feeds.add(_address(outlet.feed))
        added.append(outlet)
        pieces.append(_written(table, clean(folder, 200)))
    whole = "".join(pieces)
    outlets_from_toml(tomllib.loads(whole))
    return Addition(whole, tuple(added), known, tuple(left_out))


def _table(told: Mapping[str, str], ids: set[str], names: set[str]) -> dict[str, Any]:
    """The outlet as a table of `outlets.toml`. Raises `ValueError` for a number that is none."""
    host = urlsplit(told["feed"]).hostname or "outlet"
    slug = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-") or "outlet"
    table: dict[str, Any] = {
        "id": _free(told.get("id", "") or slug, ids, "-{}"),
        "name": _free(clean(told.get("name", ""), 100) or host, names, " ({})"),
        "feed": told["feed"],
    }
    for key in ("name_en", "home", "country", "allegiance", "interval_minutes", "full_text"):
        value = clean(told.get(key, ""), 1000)
        if key in _NUMBERS and value:
            table[key] = float(value)
        elif key in _FLAGS:
            table |= {key: True} if value == "true" else {}
        elif value not in _MEANT_EMPTY:
            table[key] = value
    return table


def _free(wanted: str, taken: set[str], numbered: str) -> str:
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = wanted + numbered.format(number)
    return found


def _written(table: Mapping[str, Any], folder: str) -> str:
    lines = ["", f"# from the folder {folder}"] if folder else [""]
    # A string of JSON is one of TOML, too.
    lines += ["[[outlet]]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _address(feed: str) -> str:
    """A feed's address as two lists may write it: with or without TLS, "www." and a slash at its end."""
    return re.sub(r"^https?://(www\.)?", "", feed.strip()).rstrip("/").lower()
