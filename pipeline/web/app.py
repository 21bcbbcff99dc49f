"""The page as an ASGI app (Starlette): which address leads to which handler, behind the guard."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.ports import Rejected, Unreachable
from pipeline.secret import Secret
from pipeline.web.api import Api
from pipeline.web.guard import Guard
from pipeline.web.pages import House, Pages


def make_app(house: House, hosts: Collection[str], token: Secret | None = None) -> Starlette:
    """The app. `hosts` are the names under which it answers; `token` is asked for where there is one."""
    pages, api = Pages(house), Api(house)

    async def failed(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 503
        if request.url.path.startswith("/api/"):
            detail = error.detail if isinstance(error, HTTPException) else str(error)
            return JSONResponse({"error": detail}, status)
        return await pages.refused(request, error)

    return Starlette(
        routes=[
            Route("/", pages.alerts),
            Route("/alert/{id}", pages.alert),
            Route("/event/{id}", pages.event),
            Route("/place/{id}", pages.place),
            Route("/place/{id}/geojson", pages.geojson),
            Route("/search", pages.search),
            Route("/health", pages.health),
            Route("/decide", pages.decide, methods=["POST"]),
            Route("/healthz", api.healthz),
            Route("/metrics", api.metrics),
            Route("/api/openapi.json", api.description),
            Route("/api/health", api.health),
            Route("/api/{collection}", api.collection),
            Route("/api/{collection}/{id:path}", api.document),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(Guard, hosts=hosts, token=token)],
        exception_handlers={HTTPException: failed, Unreachable: failed, Rejected: failed},
    )
