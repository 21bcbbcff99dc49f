"""Places: a gazetteer's entries, and which of them a text names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["country", "region", "division", "district", "town", "part", "site"]


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the gazetteer.

    `id` is stable ("gn:174448", "naqid:hmeimim", "country:SY"). `name` is the Arabic name that a newspaper prints,
    `name_en` the English one. `lat` and `lon` are WGS84 degrees, None where unknown. `country` is "country:XX".
    `division` is the id of the first-level division (governorate, province), "" for countries and for regions
    that span several. `within` lists the ids of all places that contain this one, nearest first.
    """

    id: str
    name: str
    name_en: str
    lat: float | None
    lon: float | None
    level: Level
    country: str = ""
    division: str = ""
    within: tuple[str, ...] = ()
    population: int = 0
    provisional: bool = False


NOWHERE = Place("", "", "", None, None, "region")
"""Where a text does not say where: no gazetteer has it, and no dossier keeps what happened there."""
