"""Outlets: who publishes, where his feed is, and whose side he is near."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet of `config/outlets.toml`.

    `name` is the Arabic name that a newspaper prints. `feed` is an http or https address, a `file:` address, or the
    path of a file. `home` is the outlet's front page. `country` is ISO 3166 ("SY"), "" for an outlet of none.
    `allegiance` is the id of the camp that the outlet speaks for or is near, or "independent". `interval_minutes` is
    the time between two polls, None for the service's own. `full_text` asks for the pages behind summaries.
    """

    id: str
    name: str
    feed: str
    name_en: str = ""
    home: str = ""
    country: str = ""
    allegiance: str = "independent"
    interval_minutes: float | None = None
    full_text: bool = False


def outlets_from_toml(data: Mapping[str, Any]) -> list[Outlet]:
    """The outlets of a parsed `outlets.toml`: `[[outlet]]` tables, in their order.

    Raises `ValueError` naming the outlet, the key and what would do: a key or table that is not known (with the
    nearest known one), a value of the wrong kind, an address that cannot be one, an id, name or feed used twice.
    """
    for key in data:
        if key != "outlet":
            raise ValueError(f"{key!r} is not known in outlets.toml{_nearest(key, ['outlet'])}")
    tables = data.get("outlet", [])
    if not isinstance(tables, list):
        raise ValueError("outlet: write each outlet as a table [[outlet]]")
    outlets = [_outlet(table, number) for number, table in enumerate(tables, 1)]
    for key in ("id", "name", "feed"):
        seen: dict[str, Outlet] = {}
        for outlet in outlets:
            other = seen.setdefault(getattr(outlet, key), outlet)
            if other is not outlet:
                raise ValueError(f"outlet {outlet.id!r}: its {key} {getattr(outlet, key)!r} is used twice")
    return outlets


_KINDS: Mapping[str, tuple[type, ...]] = {"interval_minutes": (int, float), "full_text": (bool,)}
_FIELDS = {field.name: field.default is MISSING for field in fields(Outlet)}
"""Name → whether it is required."""


def _outlet(table: Any, number: int) -> Outlet:
    if not isinstance(table, dict):
        raise ValueError(f"outlet {number}: write it as a table [[outlet]]")
    where = f"outlet {table.get('id', number)!r}"
    for key, value in table.items():
        if key not in _FIELDS:
            raise ValueError(f"{where}: {key!r} is not known{_nearest(key, list(_FIELDS))}")
        kinds = _KINDS.get(key, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"{where}: {key} has to be {_KIND_WORDS[kinds[0]]}, not {value!r}")
    for key, required in _FIELDS.items():
        if required and not str(table.get(key, "")).strip():
            raise ValueError(f"{where}: {key} is missing or empty")
    outlet = Outlet(**table)
    _check(outlet, where)
    return outlet


_KIND_WORDS: Mapping[type, str] = {str: "a string", int: "a number", bool: "true or false"}


def _check(outlet: Outlet, where: str) -> None:
    for key in ("id", "allegiance"):
        if not _ID.fullmatch(getattr(outlet, key)):
            raise ValueError(f"{where}: {key} {getattr(outlet, key)!r} has to be small letters, digits and hyphens")
    if outlet.country and not _COUNTRY.fullmatch(outlet.country):
        raise ValueError(f"{where}: country {outlet.country!r} has to be two capital letters, as in 'SY'")
    if outlet.interval_minutes is not None and not 0 < outlet.interval_minutes <= 1440:
        raise ValueError(f"{where}: interval_minutes {outlet.interval_minutes} has to be above 0 and at most 1440")
    if "://" in outlet.feed or ":" in outlet.feed.split("/")[0]:
        _check_address(outlet.feed, ("http", "https", "file"), f"{where}: feed")
    if outlet.home:
        _check_address(outlet.home, ("http", "https"), f"{where}: home")


def _check_address(address: str, schemes: tuple[str, ...], where: str) -> None:
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as problem:
        raise ValueError(f"{where} {address!r} is no address: {problem}") from None
    if address.partition(":")[0] not in schemes:
        raise ValueError(f"{where} {address!r} has to begin with one of {', '.join(f'{name}:' for name in schemes)}")
    if any(character.isspace() for character in address):
        raise ValueError(f"{where} {address!r} holds a space")
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise ValueError(f"{where} {address!r} names no file of this machine, as file:///path/feed.xml does")
        return
    if not named:
        raise ValueError(f"{where} {address!r} names no host")
    if parts.username is not None or parts.password is not None:
        # The address is not repeated here: it holds a secret.
        raise ValueError(f"{where}: an address with a user or a password is not taken, since addresses are shown")


def _nearest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
