"""The page's data as JSON: the shapes of the command line, an OpenAPI description, health and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pipeline.core.alerts import UNANNOUNCED
from pipeline.ports import Collection, Query
from pipeline.web.pages import House

_MOST = 200
_FILTERS = ("q", "place", "kind", "outlet")
_TIMES = ("since", "until")


class Api:
    """The handlers under /api, /healthz and /metrics."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def collection(self, request: Request) -> Response:
        """Documents of a collection, best or newest first. 400 for a filter that is none."""
        name = request.path_params["collection"]
        if name not in get_args(Collection):
            raise HTTPException(404)
        query = _query(name, request.query_params)
        hits = await run_in_threadpool(self._house.index.search, query)
        return JSONResponse([{**hit.body, "snippet": hit.snippet} if hit.snippet else dict(hit.body) for hit in hits])

    async def document(self, request: Request) -> Response:
        """One document by its id."""
        name = request.path_params["collection"]
        if name not in get_args(Collection):
            raise HTTPException(404)
        hits = await run_in_threadpool(self._house.index.search, Query(name, ids=(request.path_params["id"],), limit=1))
        if not hits:
            raise HTTPException(404)
        return JSONResponse(dict(hits[0].body))

    async def health(self, request: Request) -> Response:
        """What `naqid status --json` prints."""
        return JSONResponse(dict(await run_in_threadpool(self._house.health)))

    async def healthz(self, request: Request) -> Response:
        """Whether the index answers."""
        await run_in_threadpool(self._house.index.count, "alerts")
        return PlainTextResponse("well\n")

    async def metrics(self, request: Request) -> Response:
        """Numbers for Prometheus."""
        standing = await run_in_threadpool(self._house.health)
        return Response(_metrics(standing), media_type=CONTENT_TYPE_LATEST)

    async def description(self, request: Request) -> Response:
        """The OpenAPI description of all this."""
        return JSONResponse(DESCRIPTION)


def _query(collection: Literal["articles", "claims", "events", "alerts"], asked: Mapping[str, str]) -> Query:
    strange = sorted(set(asked) - {*_FILTERS, *_TIMES, "limit"})
    if strange:
        raise HTTPException(400, f"{strange[0]}: no such filter; there are {', '.join((*_FILTERS, *_TIMES, 'limit'))}")
    limit = asked.get("limit", "20")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= _MOST):
        raise HTTPException(400, f"limit: a number from 1 to {_MOST}")
    words, place, kind, outlet = (asked.get(name, "")[:500] for name in _FILTERS)
    without = tuple(sorted(UNANNOUNCED)) if collection == "alerts" else ()
    return Query(
        collection,
        words,
        place=place,
        kind=kind,
        without=without,
        outlet=outlet,
        since=_time(asked, "since"),
        until=_time(asked, "until"),
        limit=int(limit),
    )


def _time(asked: Mapping[str, str], name: str) -> datetime | None:
    if name not in asked:
        return None
    try:
        moment = datetime.fromisoformat(asked[name])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise HTTPException(400, f"{name}: a time in ISO 8601, such as 2017-11-13T09:00Z") from None


def _metrics(standing: Mapping[str, Any]) -> bytes:
    registry = CollectorRegistry()
    backlog = Gauge("naqid_backlog", "Records waiting for a step", ["step"], registry=registry)
    for step, count in standing["backlog"].items():
        backlog.labels(step).set(count)
    outbox = Gauge("naqid_notices", "Notices of the outbox by their fate", ["fate"], registry=registry)
    for fate, count in standing["outbox"].items():
        outbox.labels(fate).set(count)
    documents = Gauge("naqid_documents", "Documents of the index", ["collection"], registry=registry)
    for collection, count in standing["index"].items():
        documents.labels(collection).set(count)
    Gauge("naqid_rejected", "Inputs that could not be used", registry=registry).set(standing["rejected"])
    failing = sum(1 for outlet in standing["outlets"] if outlet["last_error"])
    outlets = Gauge("naqid_outlets", "Outlets by how they do", ["state"], registry=registry)
    outlets.labels("failing").set(failing)
    outlets.labels("well").set(len(standing["outlets"]) - failing)
    return generate_latest(registry)


def _parameter(name: str, where: str, told: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "description": told,
        "required": where == "path",
        "schema": schema or {"type": "string"},
    }


_COLLECTION = _parameter("collection", "path", "what to look at", type="string", enum=list(get_args(Collection)))
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_ANSWER = {"200": {"description": "found", "content": _OBJECT}, "404": {"description": "nothing there"}}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "naqid", "version": "1", "description": "Reversals in Arabic news, with their evidence."},
    "paths": {
        "/api/{collection}": {
            "get": {
                "summary": "Documents, best first; the newest where no words are asked for",
                "parameters": [
                    _COLLECTION,
                    _parameter("q", "query", "words, all of which have to be there", type="string", maxLength=500),
                    _parameter("place", "query", "a place's name or id", type="string", maxLength=500),
                    _parameter("kind", "query", "a kind of event or of alert", type="string", maxLength=500),
                    _parameter("outlet", "query", "an outlet's name", type="string", maxLength=500),
                    _parameter("since", "query", "from this time on", type="string", format="date-time"),
                    _parameter("until", "query", "before this time", type="string", format="date-time"),
                    _parameter("limit", "query", "at most so many", type="integer", minimum=1, maximum=_MOST),
                ],
                "responses": {
                    "200": {
                        "description": "found",
                        "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
                    },
                    "400": {"description": "a filter that is none, with what is wrong"},
                    "404": {"description": "no such collection"},
                },
            }
        },
        "/api/{collection}/{id}": {
            "get": {
                "summary": "One document",
                "parameters": [_COLLECTION, _parameter("id", "path", "its id", type="string", minLength=1)],
                "responses": _ANSWER,
            }
        },
        "/api/health": {
            "get": {
                "summary": "How the service stands",
                "responses": {"200": {"description": "its standing", "content": _OBJECT}},
            }
        },
    },
}
