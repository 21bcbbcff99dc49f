"""How long the page takes to make fifty alerts over an index of many articles, beside a page that does nothing.

The articles and alerts are the demo's, many times under other ids: what counts here is how many there are.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lab.corpora import ROOT
from pipeline.assembly import Assembly, assemble
from pipeline.commands.page import house_of
from pipeline.commands.recorded import articles_of
from pipeline.ports import Document, Index, Query
from pipeline.web.app import make_app

_ALERTS = 2_000
_AT_ONCE = 2_000
_TIMES = 15


def measured(count: int) -> dict[str, object]:
    """Milliseconds: of wall time the median of fifteen requests, of processor time the mean, beside a bare page."""
    with tempfile.TemporaryDirectory(prefix="naqid-page-") as scratch:
        return _measured(assemble(None, None, Path(scratch)), count)


def _measured(assembly: Assembly, count: int) -> dict[str, object]:
    articles, _ = articles_of(sorted((ROOT / "config" / "demo").glob("*.jsonl")))
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores)
        driver.ingest(sorted(articles, key=lambda article: article.published))
        driver.drain()
        for lot in _lots(stores.index, count):
            stores.index.put(lot)
    with assembly.open_index() as index:
        app = make_app(house_of(assembly, index), {"testserver"})
        with TestClient(app) as browser, TestClient(_bare()) as bare:
            alerts = _timed(lambda: browser.get("/?lang=en"))
            search = _timed(lambda: browser.get("/search?q=البوكمال"))
            nothing = _timed(lambda: bare.get("/"))
        return {
            "articles": index.count("articles"),
            "alerts": index.count("alerts"),
            "alerts_ms": alerts[0],
            "alerts_cpu_ms": alerts[1],
            "search_ms": search[0],
            "search_cpu_ms": search[1],
            "bare_ms": nothing[0],
            "alerts_by_bare": round(alerts[0] / nothing[0], 1),
        }


def _lots(index: Index, count: int) -> Iterator[list[Document]]:
    """Copies of what the index holds, each an hour after the one before."""
    found = {name: [hit.body for hit in index.search(Query(name))] for name in ("articles", "alerts")}
    begin = datetime(2018, 1, 1, tzinfo=UTC)
    lot: list[Document] = []
    for number in range(count):
        body = found["articles"][number % len(found["articles"])]
        when = (begin + timedelta(minutes=number)).isoformat()
        lot.append(Document("articles", f"copy{number}", 1, {**body, "id": f"copy{number}", "published": when}))
        if number < _ALERTS:
            lot.append(Document("alerts", f"copy{number}", 1, _alert(found["alerts"], number, when)))
        if len(lot) >= _AT_ONCE:
            yield lot
            lot = []
    yield lot


def _alert(alerts: list[Any], number: int, when: str) -> dict[str, Any]:
    body = alerts[number % len(alerts)]
    return {**body, "id": f"copy{number}", "later": {**body["later"], "published": when}}


def _bare() -> Starlette:
    async def nothing(request: Request) -> Response:
        return PlainTextResponse("nothing\n")

    return Starlette(routes=[Route("/", nothing)])


def _timed(ask: Callable[[], Any]) -> tuple[float, float]:
    assert ask().status_code == 200
    walls: list[float] = []
    begun = time.process_time()
    for _ in range(_TIMES):
        at = time.perf_counter()
        ask()
        walls.append(time.perf_counter() - at)
    return round(1000 * statistics.median(walls), 1), round(1000 * (time.process_time() - begun) / _TIMES, 1)
