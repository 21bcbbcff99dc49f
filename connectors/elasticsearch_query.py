"""A query in Elasticsearch's language. Words become terms here, as in the text there; filters are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.elasticsearch_analysis import LONGEST_TERM
from connectors.elasticsearch_documents import microseconds
from connectors.elasticsearch_templates import FOUND_BY
from connectors.query_words import Asked, PlacesOf, Wish
from pipeline.core.arabic import fold
from pipeline.ports import Query

MOST_TERMS = 200
"""Different terms of one query. A server allows 1,024 clauses at least, and a term is one in each field."""

_FIELDS = ["title^4", "text", f"{FOUND_BY}.words", f"{FOUND_BY}.names^2"]
_NEWEST = [{f"{FOUND_BY}.last": "desc"}, {f"{FOUND_BY}.id": "asc"}]


def request(query: Query, wished: Asked, places_of: PlacesOf) -> dict[str, Any] | None:
    """The search's body but for its size; None where nothing can match.

    Raises `ValueError` for a time without a zone and for a query of too many words.
    """
    by_words = bool(query.words.strip())
    filters = _filters(query, places_of)
    terms = {term for wish in wished.wishes for term in wish.terms}
    if (by_words and not wished.wishes) or any(len(term) > LONGEST_TERM for term in terms):
        return None
    if sum(len(wish.terms) for wish in wished.wishes) > MOST_TERMS:
        raise ValueError(f"a query may have {MOST_TERMS} words at most")
    must = [_wish(wish) for wish in wished.wishes] if by_words else []
    return {
        "query": {"bool": {"must": must, "filter": filters}},
        "sort": [*(["_score"] if by_words else []), *_NEWEST],
        "version": True,
        "track_total_hits": False,
    }


def _wish(wish: Wish) -> dict[str, Any]:
    runs: Sequence[tuple[str, ...]] = [wish.terms] if wish.in_order else [(term,) for term in wish.terms]
    choices: list[dict[str, Any]] = []
    if wish.terms:
        choices.append({"bool": {"must": [_run(run) for run in runs]}})
    if wish.places:
        choices.append({"terms": {f"{FOUND_BY}.places": list(wish.places), "boost": 2.0}})
    return {"bool": {"should": choices, "minimum_should_match": 1}}


def _run(terms: Sequence[str]) -> dict[str, Any]:
    """Terms in a row in one field. They are terms already: white space alone parts them."""
    phrase = {"query": " ".join(terms), "type": "phrase", "fields": _FIELDS, "analyzer": "whitespace", "tie_breaker": 1}
    return {"multi_match": phrase}


def _filters(query: Query, places_of: PlacesOf) -> list[Mapping[str, Any]]:
    filters: list[Mapping[str, Any]] = []
    place = query.place.strip()
    places = {place, fold(place)}
    places.update(id for start, end, id in places_of(place) if (start, end) == (0, len(place)))
    for name, wished in (("places", places), ("kinds", {query.kind}), ("outlets", {query.outlet.strip()})):
        if wished != {""}:
            values = sorted({value.encode("utf-8", "replace").decode("utf-8") for value in wished})
            filters.append({"terms": {f"{FOUND_BY}.{name}": values}})
    if query.ids:
        filters.append({"terms": {"id": [id.encode("utf-8", "replace").decode("utf-8") for id in query.ids]}})
    unwanted = sorted({*query.without} - {query.kind})
    if unwanted:
        filters.append({"bool": {"must_not": [{"terms": {f"{FOUND_BY}.kinds": unwanted}}]}})
    if query.since is not None:
        filters.append({"range": {f"{FOUND_BY}.last": {"gte": microseconds(query.since)}}})
    if query.until is not None:
        filters.append({"range": {f"{FOUND_BY}.first": {"lt": microseconds(query.until)}}})
    return filters
