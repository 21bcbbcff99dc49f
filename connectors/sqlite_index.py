"""The index in one SQLite file: documents as JSON, their words in FTS5 after the project's own Arabic analysis.

It is derived data. After a change of the analysis the words are made anew from the stored documents; a damaged
file is made anew from the articles.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from connectors.query_words import Asked, PlacesOf, asked
from connectors.sqlite_database import Database, checksum
from connectors.sqlite_documents import Entry, entry
from connectors.sqlite_words import expression, place_term, storable, stored
from pipeline.core.analysis import Analyzer
from pipeline.core.arabic import fold
from pipeline.ports import Collection, Document, Hit, Query, Skipped, Unreachable

_APPLICATION_ID = 0x6E_61_71_69  # "naqi"
_VERSION = 1
_COLLECTIONS: tuple[Collection, ...] = get_args(Collection)
_SCHEMA = (
    """CREATE TABLE document (
        number INTEGER PRIMARY KEY,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        first TEXT NOT NULL,
        last TEXT NOT NULL,
        body BLOB NOT NULL,
        checksum BLOB NOT NULL,
        UNIQUE (collection, id)
    )""",
    "CREATE INDEX document_newest ON document (collection, last)",
    "CREATE TABLE facet (document INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (document, name, value)) WITHOUT ROWID",
    # One table a collection: how rare a word is, is a matter of its own collection.
    *(
        f"CREATE VIRTUAL TABLE words_{collection} USING fts5 (title, text, names, tokenize = 'ascii')"
        for collection in _COLLECTIONS
    ),
    "CREATE TABLE made_with (analysis BLOB NOT NULL)",
)
_WEIGHTS = "4.0, 1.0, 2.0"
_CURE = "stop naqid, move the data folder away and run `naqid replay` over the articles, which makes a new one"


def _no_places(text: str) -> list[tuple[int, int, str]]:
    return []


class SqliteIndex:
    """The port `Index` over the file `path`; threads may share it.

    `places_of` tells which places a query names, so that another spelling finds them too. `marks` stand around the
    matching words of a snippet of about `width` characters. One writer at a time; with `read_only`, any number of
    others search while it writes.

    Raises, at opening, `ValueError` when the file is another program's or of a newer format, and `Unreachable`
    when another naqid writes it or when it cannot be opened now; a damaged file is `Unreachable` too, with the
    advice how to make a new one.
    """

    def __init__(
        self,
        path: Path,
        analyzer: Analyzer,
        *,
        places_of: PlacesOf = _no_places,
        marks: tuple[str, str] = ("**", "**"),
        width: int = 240,
        read_only: bool = False,
    ) -> None:
        self._analyzer = analyzer
        self._places_of = places_of
        self._marks = marks
        self._width = width
        self._database = Database(
            path, application_id=_APPLICATION_ID, version=_VERSION, schema=_SCHEMA, read_only=read_only, cure=_CURE
        )
        try:
            self._match_analysis()
        except BaseException:
            self._database.close()
            raise

    def put(self, documents: Sequence[Document]) -> list[Skipped]:
        entries: list[Entry] = []
        skipped: list[Skipped] = []
        for document in documents:
            try:
                entries.append(entry(document))
            except ValueError as error:
                skipped.append(Skipped(storable(f"{document.collection} {document.id}"), str(error)))
        if entries:
            with self._database.transaction() as connection:
                for made in entries:
                    self._put(connection, made)
        return skipped

    def search(self, query: Query) -> list[Hit]:
        wished = asked(query.words, self._analyzer, self._places_of)
        by_words = bool(query.words.strip())
        if query.limit <= 0 or (by_words and not wished.wishes):
            return []
        conditions, values = self._filters(query)
        source, order = "document", "last DESC, id"
        if by_words:
            table = f"words_{query.collection}"
            source = f"{table} JOIN document ON number = {table}.rowid"
            order = f"bm25({table}, {_WEIGHTS}), {order}"
            conditions, values = [f"{table} MATCH ?", *conditions], [expression(wished), *values]
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT collection, id, version, body, checksum FROM {source} "
                f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?",
                (*values, query.limit),
            ).fetchall()
        return [self._hit(row, wished) for row in rows]

    def count(self, collection: Collection) -> int:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT count(*) FROM document WHERE collection = ?", (collection,))
            return int(rows.fetchone()[0])

    def close(self) -> None:
        self._database.close()

    def _put(self, connection: sqlite3.Connection, made: Entry) -> None:
        known = connection.execute(
            "SELECT number, version FROM document WHERE collection = ? AND id = ?", (made.collection, made.id)
        ).fetchone()
        number: int | None = None
        if known is not None:
            number, version = known
            if version > made.version:
                return
            connection.execute("DELETE FROM document WHERE number = ?", (number,))
            connection.execute("DELETE FROM facet WHERE document = ?", (number,))
            connection.execute(f"DELETE FROM words_{made.collection} WHERE rowid = ?", (number,))
        cursor = connection.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                made.collection,
                made.id,
                made.version,
                made.first,
                made.last,
                made.body,
                checksum(made.collection, made.id, made.version, made.body),
            ),
        )
        number = cursor.lastrowid
        connection.executemany(
            "INSERT OR IGNORE INTO facet VALUES (?, ?, ?)", [(number, name, value) for name, value in made.facets]
        )
        self._put_words(connection, number, made)

    def _put_words(self, connection: sqlite3.Connection, number: int | None, made: Entry) -> None:
        names: list[str] = []
        for place in made.places:
            names.append(place_term(place.id))
            for name in place.names:
                names += self._terms(name)
        connection.execute(
            f"INSERT INTO words_{made.collection} (rowid, title, text, names) VALUES (?, ?, ?, ?)",
            (number, stored(self._terms(made.title)), stored(self._terms(made.text)), stored(names)),
        )

    def _terms(self, text: str) -> list[str]:
        return [term.term for term in self._analyzer.analyze(text)]

    def _filters(self, query: Query) -> tuple[list[str], list[object]]:
        conditions: list[str] = ["document.collection = ?"]
        values: list[object] = [query.collection]
        place = query.place.strip()
        places = {place, fold(place)}
        places.update(id for start, end, id in self._places_of(place) if (start, end) == (0, len(place)))
        for name, wished in (("place", places), ("kind", {query.kind}), ("outlet", {query.outlet.strip()})):
            if wished != {""}:
                marks = ", ".join("?" * len(wished))
                conditions.append(
                    "EXISTS (SELECT 1 FROM facet WHERE facet.document = document.number "
                    f"AND facet.name = '{name}' AND facet.value IN ({marks}))"
                )
                values += sorted(storable(value) for value in wished)
        for kind in sorted({*query.without} - {query.kind}):
            conditions.append(
                "NOT EXISTS (SELECT 1 FROM facet WHERE facet.document = document.number "
                "AND facet.name = 'kind' AND facet.value = ?)"
            )
            values.append(storable(kind))
        if query.ids:
            conditions.append("document.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps([storable(id) for id in query.ids]))
        if query.since is not None:
            conditions.append("last >= ?")
            values.append(_moment(query.since))
        if query.until is not None:
            conditions.append("first < ?")
            values.append(_moment(query.until))
        return conditions, values

    def _hit(self, row: tuple[Any, ...], wished: Asked) -> Hit:
        id, body = row[1], self._body(row)
        made = entry(Document(row[0], id, row[2], body))
        return Hit(id, body, wished.snippet(made, self._analyzer, self._marks, self._width))

    def _body(self, row: tuple[Any, ...]) -> Mapping[str, Any]:
        """The document of a row (collection, id, version, body, checksum)."""
        if checksum(*row[:4]) != row[4]:
            name = storable(f"{row[0]} {row[1]}")
            raise Unreachable(f"{self._database.path}: {name} is not what was written: {_CURE}")
        body: Mapping[str, Any] = json.loads(row[3])
        return body

    def _match_analysis(self) -> None:
        """Make the words anew where another analysis made them."""
        analysis = bytes.fromhex(self._analyzer.fingerprint)
        with self._database.reading() as connection:
            made_with = connection.execute("SELECT analysis FROM made_with").fetchall()
        if made_with == [(analysis,)]:
            return
        if self._database.read_only:
            raise Unreachable(
                f"{self._database.path} was made with other settings of the Arabic analysis: "
                "start `naqid run` or `naqid replay` once, which brings it up to date"
            )
        with self._database.transaction() as connection:
            for collection in _COLLECTIONS:
                connection.execute(f"DELETE FROM words_{collection}")
            documents = connection.execute(
                "SELECT collection, id, version, body, checksum, number FROM document ORDER BY number"
            )
            for row in documents:
                made = entry(Document(row[0], row[1], row[2], self._body(row[:5])))
                self._put_words(connection, row[5], made)
            connection.execute("DELETE FROM made_with")
            connection.execute("INSERT INTO made_with VALUES (?)", (analysis,))


def _moment(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError(f"a query's time needs a time zone: {time.isoformat()}")
    return time.astimezone(UTC).isoformat(timespec="microseconds")
