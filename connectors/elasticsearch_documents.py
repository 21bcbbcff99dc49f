"""What Elasticsearch stores of a document: its body as it was put, and beside it what it is found by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.elasticsearch_templates import FOUND_BY
from connectors.sqlite_documents import Entry, entry
from pipeline.ports import Collection, Document

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_ID = 512
# Below this, an outlet's broken clock would make an index a month for centuries.
_FIRST_MONTH = "2000.01"
_EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Row:
    """A document ready to be sent. `month` is that of an article's publication, "" for the other collections."""

    collection: Collection
    id: str
    version: int
    month: str
    source: bytes

    @property
    def where(self) -> str:
        return f"{self.collection} {self.id}"


def row(document: Document) -> Row:
    """Raises `ValueError` saying what the document lacks."""
    made = entry(document)
    if len(document.id.encode()) > _LONGEST_ID:
        raise ValueError(f"the id is longer than {_LONGEST_ID} bytes")
    if FOUND_BY in document.body:
        raise ValueError(f"{FOUND_BY}: is no field of a document")
    # Escaped, so that half a surrogate pair survives: the server stores the text of the JSON as it came.
    source = json.dumps({**document.body, FOUND_BY: _found_by(made, document.body)}, separators=(",", ":"))
    month = _month(made.first) if document.collection == "articles" else ""
    return Row(document.collection, document.id, document.version, month, source.encode("ascii"))


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly: a date of Elasticsearch's has milliseconds. Raises `ValueError` without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a query's time needs a time zone: {moment.isoformat()}")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def body_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """The document's body in what the server returns."""
    return {name: value for name, value in source.items() if name != FOUND_BY}


def _found_by(made: Entry, body: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, list[str]] = {"place": [], "kind": [], "outlet": []}
    for name, value in made.facets:
        values[name].append(value)
    places = [*body.get("places", []), *([body["place"]] if body.get("place") else [])]
    return {
        "id": made.id,
        "first": microseconds(datetime.fromisoformat(made.first)),
        "last": microseconds(datetime.fromisoformat(made.last)),
        "places": values["place"],
        "kinds": values["kind"],
        "outlets": values["outlet"],
        "names": [_storable(name) for place in made.places for name in place.names],
        # An article's words stand in its title and text.
        "words": _storable(made.text) if made.collection != "articles" else "",
        "location": [point for place in places if (point := _point(place)) is not None],
    }


def _point(place: Mapping[str, Any]) -> dict[str, float] | None:
    lat, lon = place.get("lat"), place.get("lon")
    if isinstance(lat, int | float) and isinstance(lon, int | float) and abs(lat) <= 90 and abs(lon) <= 180:
        return {"lat": lat, "lon": lon}
    return None


def _month(moment: str) -> str:
    month = f"{moment[:4]}.{moment[5:7]}"
    return month if month >= _FIRST_MONTH else _EARLIER


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
