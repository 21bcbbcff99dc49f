"""A small map without tiles: a place, a graticule and the larger towns around it, as numbers for an SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.core.places import Place

WIDTH, HEIGHT = 360.0, 220.0
_DEGREES = 1.6
_MOST = 8
_LABEL_ROOM = 22.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A town on the map, in pixels from its upper left corner."""

    x: float
    y: float
    place: Place


def around(place: Place, places: Iterable[Place]) -> list[Dot]:
    """The place first, then the largest towns near it whose names do not meet; [] where its position is unknown.

    Equirectangular: 1.6 degrees of latitude above and below, longitude shortened by the cosine of the latitude.
    """
    if place.lat is None or place.lon is None:
        return []
    dots = [Dot(WIDTH / 2, HEIGHT / 2, place)]
    near = (
        other
        for other in places
        if other.level == "town" and other.lat is not None and other.lon is not None and other.id != place.id
    )
    scale = HEIGHT / 2 / _DEGREES
    shrink = math.cos(math.radians(place.lat))
    inside: list[Dot] = []
    for other in near:
        assert other.lat is not None and other.lon is not None
        x = WIDTH / 2 + (other.lon - place.lon) * scale * shrink
        y = HEIGHT / 2 - (other.lat - place.lat) * scale
        if 30 < x < WIDTH - 30 and 22 < y < HEIGHT - 10:
            inside.append(Dot(round(x, 1), round(y, 1), other))
    for dot in sorted(inside, key=lambda dot: (-dot.place.population, dot.place.id)):
        apart = all(abs(dot.y - other.y) > _LABEL_ROOM or abs(dot.x - other.x) > 90 for other in dots)
        if apart and len(dots) <= _MOST:
            dots.append(dot)
    return dots
