"""What an index on Elasticsearch does, as steps that a sync or an async client performs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elasticsearch import ApiError

from connectors.elasticsearch_bulk import deleting, perform, storing
from connectors.elasticsearch_calls import Call, Patience, Work, patiently, reason_of, shown, told
from connectors.elasticsearch_documents import Row, body_of, row
from connectors.elasticsearch_query import request
from connectors.elasticsearch_setup import indices_of, prepare
from connectors.elasticsearch_templates import load_templates
from connectors.query_words import Asked, PlacesOf, asked
from connectors.sqlite_documents import entry
from pipeline.core.analysis import Analyzer
from pipeline.ports import Collection, Document, Hit, Query, Skipped, Unreachable

_PAGE = 1000


class IndexWork:
    """What an index does, as steps for either client. `known` holds the indices there are, None before `prepare`."""

    def __init__(
        self,
        url: str,
        templates: Path,
        stop_words: frozenset[str],
        overrides: Mapping[str, str],
        places_of: PlacesOf,
        marks: tuple[str, str],
        width: int,
        patience: float,
        prefix: str,
    ) -> None:
        self._where = shown(url)
        self._templates = load_templates(templates, stop_words, overrides, prefix)
        self._analyzer = Analyzer(stop_words, overrides)
        self._places_of = places_of
        self._marks = marks
        self._width = width
        self._patience = patience
        self.known: set[str] | None = None

    def prepare(self) -> Work[set[str]]:
        try:
            return (yield from prepare(self._templates, self._where, Patience(self._patience)))
        except ApiError as error:
            raise Unreachable(f"{self._where} cannot be prepared: {told(error)}") from error

    def put(self, documents: Sequence[Document]) -> Work[list[Skipped]]:
        known = self.known if self.known is not None else set()
        rows: list[Row] = []
        skipped: list[Skipped] = []
        for document in documents:
            try:
                rows.append(row(document))
            except ValueError as error:
                where = f"{document.collection} {document.id}".encode("utf-8", "backslashreplace").decode("utf-8")
                skipped.append(Skipped(where, str(error)))
        patience = Patience(self._patience)
        try:
            stored = (storing(made, self._home(made)) for made in rows)
            skipped += yield from perform(stored, known, self._where, patience)
            yield from self._leave_other_months([made for made in rows if made.month and made.version], known, patience)
        except ApiError as error:
            raise Unreachable(f"{self._where}: {told(error)}") from error
        return skipped

    def search(self, query: Query) -> Work[list[Hit]]:
        wished = asked(query.words, self._analyzer, self._places_of)
        body = request(query, wished, self._places_of)
        if body is None or query.limit <= 0:
            return []
        hits: list[Mapping[str, Any]] = []
        while len(hits) < query.limit:
            size = min(query.limit - len(hits), _PAGE)
            page = {**body, "size": size, "search_type": "dfs_query_then_fetch"}
            if hits:
                page["search_after"] = hits[-1]["sort"]
            answer = yield from self._asked_of("search", query.collection, page, refreshed=bool(hits))
            found = answer["hits"]["hits"]
            hits += found
            if len(found) < size:
                break
        newest = {hit["_id"]: hit for hit in sorted(hits, key=lambda hit: int(hit["_version"]))}
        return [self._hit(query.collection, hit, wished) for hit in hits if newest[hit["_id"]] is hit]

    def count(self, collection: Collection) -> Work[int]:
        answer = yield from self._asked_of("count", collection, {})
        return int(answer["count"])

    def _asked_of(
        self, name: str, collection: Collection, arguments: Mapping[str, Any], refreshed: bool = False
    ) -> Work[Any]:
        """What the server answers; with all that was put before. No index yet is an empty one."""
        patience = Patience(self._patience)
        all_indices = {"index": self._templates.alias(collection), "ignore_unavailable": True}
        try:
            if not refreshed:
                yield from patiently(Call("indices.refresh", all_indices), self._where, patience)
            answer = yield from patiently(Call(name, {**all_indices, **arguments}), self._where, patience)
        except ApiError as error:
            raise Unreachable(f"{self._where}: {told(error)}") from error
        failures = answer["_shards"].get("failures")
        if failures:
            raise Unreachable(f"{self._where}: {reason_of(failures[0].get('reason'))}")
        return answer

    def _hit(self, collection: Collection, hit: Mapping[str, Any], wished: Asked) -> Hit:
        body = body_of(hit["_source"])
        made = entry(Document(collection, hit["_id"], hit["_version"], body))
        return Hit(made.id, body, wished.snippet(made, self._analyzer, self._marks, self._width))

    def _home(self, made: Row) -> str:
        return self._templates.index(made.collection, made.month)

    def _leave_other_months(self, revised: Sequence[Row], known: set[str], patience: Patience) -> Work[None]:
        """An earlier text whose date was of another month is deleted there; of two, the higher version stays."""
        if not revised:
            return
        indices = yield from indices_of("articles", self._templates, self._where, patience)
        asked_for = [
            {"_index": index, "_id": made.id, "_source": False}
            for made in revised
            for index in indices
            if index != self._home(made)
        ]
        if not asked_for:
            return
        answer = yield from patiently(Call("mget", {"docs": asked_for}), self._where, patience)
        versions = {made.id: made for made in revised}
        superseded = []
        for found in answer["docs"]:
            if "error" in found:
                raise Unreachable(f"{self._where}: {reason_of(found['error'])}")
            if found["found"]:
                made = versions[found["_id"]]
                newer = found["_version"] > made.version
                index = self._home(made) if newer else found["_index"]
                superseded.append(deleting(made.id, made.version, index))
        yield from perform(superseded, known, self._where, patience)
