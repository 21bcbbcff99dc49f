"""What the SQLite index takes from a document: the text to search, the places, the times and what one filters by.

The bodies are those of `pipeline.shapes`: articles, claims, events and alerts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.core.arabic import fold
from pipeline.ports import Document

_LARGEST_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place that a document names, with the names that the gazetteer has for it."""

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the index stores it.

    `first` and `last` bound its time (equal where it has one), in ISO 8601, UTC, to the microsecond, so that they
    sort as text. `facets` are (filter, value) pairs. `body` is UTF-8 JSON.
    """

    collection: str
    id: str
    version: int
    first: str
    last: str
    title: str
    text: str
    places: tuple[NamedPlace, ...]
    facets: tuple[tuple[str, str], ...]
    body: bytes


def entry(document: Document) -> Entry:
    """Raises `ValueError` saying what the document lacks."""
    body = document.body
    if not document.id or not _is_storable(document.id):
        raise ValueError("the id is empty or not UTF-8")
    if not 0 <= document.version <= _LARGEST_VERSION:
        raise ValueError(f"version {document.version} is out of range")
    try:
        data = json.dumps(body, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    first, last = _times(document.collection, body)
    places = tuple(_places(body))
    return Entry(
        collection=document.collection,
        id=document.id,
        version=document.version,
        first=first,
        last=last,
        title=_string(body, "title") if document.collection == "articles" else "",
        text=_string(body, "text") if document.collection == "articles" else "\n".join(_sayings(body)),
        places=places,
        facets=tuple((name, value.encode("utf-8", "replace").decode("utf-8")) for name, value in _facets(body, places)),
        body=data,
    )


def _times(collection: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """An event lasts from its first to its last report; an alert has the time of its later side."""
    if collection == "events":
        return _time(body, "first"), _time(body, "last")
    moment = _time(_object(body, "later") if collection == "alerts" else body, "published")
    return moment, moment


def _time(body: Mapping[str, Any], name: str) -> str:
    text = _string(body, name)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {text!r} is not a time in ISO 8601 with a zone") from error


def _sayings(body: Mapping[str, Any]) -> Iterable[str]:
    """The words of a claim, an event or an alert: its sentences first, then who speaks and acts, then the rest."""
    sides = [body, *(body[side] for side in ("earlier", "later") if isinstance(body.get(side), Mapping))]
    for name in ("sentence", "speaker", "actor", "object", "relayed_through"):
        yield from (side[name] for side in sides if isinstance(side.get(name), str))
    explanation = body.get("explanation")
    if isinstance(explanation, Mapping):
        yield from (text for text in explanation.values() if isinstance(text, str))
    yield from (body["kind"],) if isinstance(body.get("kind"), str) else ()


def _places(body: Mapping[str, Any]) -> Iterable[NamedPlace]:
    for place in [*_list(body, "places"), *([body["place"]] if body.get("place") is not None else [])]:
        if not isinstance(place, Mapping):
            raise ValueError("place: not an object")
        names = (place.get("name"), place.get("name_en"))
        yield NamedPlace(_string(place, "id"), tuple(name for name in names if isinstance(name, str) and name))


def _facets(body: Mapping[str, Any], places: Iterable[NamedPlace]) -> Iterable[tuple[str, str]]:
    for place in places:
        yield "place", place.id
        yield from (("place", fold(name)) for name in place.names)
    for name in ("kind", "outlet"):
        values = [body.get(name), *_list(body, f"{name}s")]
        yield from ((name, value.strip()) for value in values if isinstance(value, str))


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise ValueError(f"{name}: not a list")
    return value


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: missing or not an object")
    return value


def _string(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name}: missing or not a text")
    return value


def _is_storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
