"""The index in Elasticsearch: months of articles behind an alias; claims, events and alerts in their own.

Both classes do the same work (`elasticsearch_work`): people's commands wait for the one, a stream awaits the other.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from elasticsearch import AsyncElasticsearch, Elasticsearch

from connectors.elasticsearch_calls import Credentials, connection, do, do_async
from connectors.elasticsearch_work import IndexWork
from connectors.query_words import PlacesOf
from pipeline.ports import Collection, Document, Hit, Query, Skipped

_TIMEOUT = 30.0
_PATIENCE = 60.0


def _no_places(text: str) -> list[tuple[int, int, str]]:
    return []


class ElasticsearchIndex:
    """The port `Index` over the server at `url`; threads may share it. Nothing is asked of the server before a call.

    `templates` is the folder `config/index`, `stop_words` and `overrides` (`override_table`'s) complete its analysis.
    `credentials` are (user, password) or an API key; `certificates` a file of trusted authorities. `places_of`,
    `marks` and `width` are as for the SQLite index. A server that is away or busy is asked again for `patience`
    seconds, then the call raises `Unreachable`; what had been put by then may be put again. The first `put` installs
    the templates and writes indices anew that were made with another analysis.

    An article whose changed text has a date of another month leaves the index of the month before. Only an older
    revision that arrives after a newer one of another month stays; a search shows the newer.

    Raises `ValueError` for an address or template that cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        templates: Path,
        stop_words: Iterable[str],
        overrides: Mapping[str, str],
        credentials: Credentials = None,
        certificates: Path | None = None,
        places_of: PlacesOf = _no_places,
        marks: tuple[str, str] = ("**", "**"),
        width: int = 240,
        patience: float = _PATIENCE,
        prefix: str = "naqid",
    ) -> None:
        self._work = IndexWork(
            url, templates, frozenset(stop_words), overrides, places_of, marks, width, patience, prefix
        )
        self._client = Elasticsearch(**connection(url, credentials, certificates, _TIMEOUT))
        self._preparing = threading.Lock()

    def put(self, documents: Sequence[Document]) -> list[Skipped]:
        with self._preparing:
            if self._work.known is None:
                self._work.known = do(self._work.prepare(), self._client)
        return do(self._work.put(documents), self._client)

    def search(self, query: Query) -> list[Hit]:
        return do(self._work.search(query), self._client)

    def count(self, collection: Collection) -> int:
        return do(self._work.count(collection), self._client)

    def close(self) -> None:
        self._client.close()


class AsyncElasticsearchIndex:
    """The same for an event loop, as `ElasticsearchIndex` in all else."""

    def __init__(
        self,
        url: str,
        *,
        templates: Path,
        stop_words: Iterable[str],
        overrides: Mapping[str, str],
        credentials: Credentials = None,
        certificates: Path | None = None,
        places_of: PlacesOf = _no_places,
        marks: tuple[str, str] = ("**", "**"),
        width: int = 240,
        patience: float = _PATIENCE,
        prefix: str = "naqid",
    ) -> None:
        self._work = IndexWork(
            url, templates, frozenset(stop_words), overrides, places_of, marks, width, patience, prefix
        )
        self._client = AsyncElasticsearch(**connection(url, credentials, certificates, _TIMEOUT))
        self._preparing = asyncio.Lock()

    async def put(self, documents: Sequence[Document]) -> list[Skipped]:
        async with self._preparing:
            if self._work.known is None:
                self._work.known = await do_async(self._work.prepare(), self._client)
        return await do_async(self._work.put(documents), self._client)

    async def search(self, query: Query) -> list[Hit]:
        return await do_async(self._work.search(query), self._client)

    async def count(self, collection: Collection) -> int:
        return await do_async(self._work.count(collection), self._client)

    async def close(self) -> None:
        await self._client.close()
