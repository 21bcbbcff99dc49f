"""The atlas: what the gazetteer holds, from the configuration's places and the cities of geonames."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.arabic import fold
from pipeline.core.gazetteer import Counts, Entry, Gazetteer
from pipeline.core.placenames import PlaceWords
from pipeline.core.places import Level, Place

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class City:
    """A populated place of geonames. `country` is its ISO code, `admin1` the code of its first-level division."""

    id: int
    name: str
    lat: float
    lon: float
    country: str
    admin1: str
    population: int
    capital: bool
    spellings: tuple[str, ...]


def gazetteer_from(table: Table, cities: Iterable[City]) -> Gazetteer:
    """The gazetteer of the configuration's table and the cities.

    Raises `ValueError` for an entry that refers to a place which does not exist, `KeyError` for a missing table.
    """
    words = PlaceWords(table["cues"], table["words"])
    return Gazetteer(_Atlas(table, cities).entries(), words, _demonyms(table["countries"]))


class _Atlas:
    """The places under construction: what each is called and what lies around it."""

    def __init__(self, table: Table, cities: Iterable[City]) -> None:
        self._table = table
        self._cities = {f"gn:{city.id}": city for city in cities}
        self._inside: dict[str, str] = {}
        self._holders: dict[str, list[str]] = defaultdict(list)
        for kind, prefix in (("districts", "dist:"), ("places", "naqid:")):
            for key, row in table[kind].items():
                self._inside[prefix + key] = row.get("in", "")
                for held in row.get("holds", ()):
                    self._holders[_reference(held)].append(prefix + key)
        self._around: dict[str, tuple[str, ...]] = {}

    def entries(self) -> list[Entry]:
        made = self._countries() + self._divisions() + self._districts() + self._own_places() + self._towns()
        ids = {entry.place.id for entry in made}
        for id, outer in self._inside.items():
            if outer and outer not in ids and outer not in self._cities:
                raise ValueError(f"{id} lies in {outer!r}, which no table has")
        for held, holders in self._holders.items():
            if held not in ids and held not in self._cities:
                raise ValueError(f"{holders[0]} holds {held!r}, which no table has")
        return made

    def _countries(self) -> list[Entry]:
        made: list[Entry] = []
        for code, row in self._table["countries"].items():
            id = f"country:{code}"
            place = Place(id, row["name"], row["en"], *_position(row), level="country", country=id)
            adjectival = set(row.get("adjectival", ()))
            plain = [name for name in (row["name"], *row.get("also", ())) if name not in adjectival]
            made += _entries(place, {**row, "name": plain[0], "also": plain[1:]}) if plain else []
            if adjectival:
                made.append(Entry(place, tuple(sorted(adjectival)), "locative", known=True))
        return made

    def _divisions(self) -> list[Entry]:
        titles = self._table["division_words"]
        made: list[Entry] = []
        for key, row in self._table["divisions"].items():
            id, code = f"div:{key}", key.split(".")[0]
            title = row.get("word", titles.get(code, titles["default"]))
            place = Place(
                id,
                f"{title} {row['name']}".strip(),
                row["en"],
                *self._position(row),
                level="division",
                country=f"country:{code}",
                division=id,
                within=self._within(id),
            )
            made += _entries(place, row)
        return made

    def _districts(self) -> list[Entry]:
        titles = self._table["district_words"]
        made: list[Entry] = []
        for key, row in self._table["districts"].items():
            code = key.split(".")[0]
            title = titles.get(code, titles["default"])
            place = self._place(f"dist:{key}", f"{title} {row['name']}", "district", row)
            # Bare, the name means the town.
            made.append(Entry(place, (row["name"], *row.get("also", ())), "cue", known=True))
        return made

    def _own_places(self) -> list[Entry]:
        made: list[Entry] = []
        for key, row in self._table["places"].items():
            made += _entries(self._place(f"naqid:{key}", row["name"], row["level"], row), row)
        return made

    def _place(self, id: str, name: str, level: Level, row: Table) -> Place:
        within = self._within(id)
        return Place(
            id,
            name,
            row["en"],
            *self._position(row),
            level=level,
            country=next((outer for outer in within if outer.startswith("country:")), ""),
            division=next((outer for outer in within if outer.startswith("div:")), ""),
            within=within,
        )

    def _towns(self) -> list[Entry]:
        corrections = {f"gn:{key}": row for key, row in self._table["towns"].items()}
        for id in corrections:
            if id not in self._cities:
                raise ValueError(f"towns: geonames has no place {id.removeprefix('gn:')!r}")
        ordinary = frozenset(fold(word) for word in self._table["words"]["ordinary"])
        never = frozenset(fold(word) for word in self._table["words"]["never"])
        made: list[Entry] = []
        for id, city in self._cities.items():
            row = corrections.get(id, {})
            spellings = _distinct(city.spellings, never)
            name = row.get("name") or _press_name(city.name, spellings)
            if not name:
                continue
            within = self._within(id)
            division = f"div:{city.country}.{city.admin1}" if city.admin1 else ""
            place = Place(
                id,
                name,
                row.get("en") or _plain_latin(city.name),
                city.lat,
                city.lon,
                level=row.get("level", "town"),
                country=f"country:{city.country}",
                division=division,
                within=within,
                population=city.population,
            )
            if row:
                made += _entries(place, row)
                continue
            by_trust: dict[Counts, list[str]] = defaultdict(list)
            for spelling in spellings:
                by_trust[self._trust(city, spelling, ordinary)].append(spelling)
            made += [Entry(place, tuple(found), counts) for counts, found in by_trust.items()]
        return made

    def _trust(self, city: City, spelling: str, ordinary: frozenset[str]) -> Counts:
        scope = self._table["scope"]
        folded = fold(spelling)
        if folded in ordinary or len(folded) < 3:
            return "cue"
        if city.country in scope["core"]:
            return "always" if " " in folded and city.country != "PS" else "home"
        if city.country in scope["near"]:
            return "home" if city.population >= scope["trusted"] or " " in folded else "cue"
        return "always" if city.capital or city.population >= scope["famous"] else "home"

    def _within(self, id: str) -> tuple[str, ...]:
        """What contains the place, the nearest first: districts, regions, division, country."""
        if id in self._around:
            return self._around[id]
        self._around[id] = ()
        direct = sorted(self._holders.get(id, ()), key=lambda holder: not holder.startswith("dist:"))
        if id in self._inside:
            direct.append(self._inside[id])
        elif id.startswith("div:"):
            direct.append(f"country:{id[4:6]}")
        elif city := self._cities.get(id):
            direct += [f"div:{city.country}.{city.admin1}"] if city.admin1 else []
            direct.append(f"country:{city.country}")
        chain: list[str] = []
        for outer in direct:
            chain += [outer, *self._within(outer)] if outer else []
        # What lies itself in more is nearer.
        self._around[id] = tuple(sorted(dict.fromkeys(chain), key=lambda outer: -len(self._within(outer))))
        return self._around[id]

    def _position(self, row: Table) -> tuple[float | None, float | None]:
        if "seat" in row:
            seat = self._cities.get(_reference(row["seat"]))
            if seat is None:
                raise ValueError(f"{row['name']}: geonames has no place {row['seat']!r} for its seat")
            return (seat.lat, seat.lon)
        return _position(row)


def _position(row: Table) -> tuple[float | None, float | None]:
    at = row.get("at")
    return (at[0], at[1]) if at else (None, None)


def _reference(id: int | str) -> str:
    return f"gn:{id}" if isinstance(id, int) else id


def _entries(place: Place, row: Table) -> list[Entry]:
    """The entries of a row: `bare` says when its name counts, `also_bare` (else `bare`) when its other spellings do."""
    bare = row.get("bare", "always")
    also = row.get("also", ())
    by_trust = {bare: [row["name"]]}
    by_trust.setdefault(row.get("also_bare", bare), []).extend(also)
    return [
        Entry(place, tuple(spellings), counts, known=True)
        for counts, spellings in by_trust.items()
        if spellings and counts != "never"
    ]


def _distinct(spellings: Sequence[str], never: frozenset[str]) -> list[str]:
    """One spelling a folded form, those without the article left out where the name has it."""
    by_form: dict[str, str] = {}
    for spelling in spellings:
        form = fold(spelling)
        # Of two spellings the one with its hamza and its teh marbuta is the press's.
        if form not in by_form or _care(spelling) > _care(by_form[form]):
            by_form[form] = spelling
    return [
        spelling
        for form, spelling in by_form.items()
        if form not in never and "ال" + form not in by_form and form.removeprefix("ال") not in never
    ]


def _care(spelling: str) -> int:
    return sum(spelling.count(letter) for letter in "أإآؤئةى")


def _press_name(latin: str, spellings: Sequence[str]) -> str:
    """Of several spellings the one that agrees with the Latin name on the article, else the first."""
    article = bool(_ARTICLE.match(_plain_latin(latin)))
    return min(spellings, key=lambda spelling: (spelling.startswith("ال") is not article, "ى" in spelling), default="")


_ARTICLE = re.compile(r"(?:A[ltnrsdz]|Ash|Ath|Adh|El)[ -]")


def _plain_latin(name: str) -> str:
    """The name in plain Latin letters: Ālbū Kamāl becomes Albu Kamal."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c) and c not in "‘’ʼ").strip()


def _demonyms(countries: Table) -> dict[str, str]:
    """The folded forms of the adjectives of nationality, with and without the article."""
    forms: dict[str, str] = {}
    for code, row in countries.items():
        written = [fold(stem) + ending for stem in row.get("people", ()) for ending in _NISBA_ENDINGS]
        for form in [*written, *map(fold, row.get("plurals", ()))]:
            for proclitic in ("", "ال", "لل"):
                forms.setdefault(proclitic + form, f"country:{code}")
    return forms


_NISBA_ENDINGS = ("", "ه", "ين", "ون", "ان", "تين", "تان", "ات")
