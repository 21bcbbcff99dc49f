"""The desk in an SQLite file: what people have acknowledged, judged and muted."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from connectors.sqlite_database import Database
from pipeline.ports import Decision, Mark, Unreachable

_APPLICATION_ID = 0x6E61716B
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE decision (mark TEXT NOT NULL, subject TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, "
    "PRIMARY KEY (mark, subject)) STRICT, WITHOUT ROWID",
)
_PATIENCE_SECONDS = 5.0


class SqliteDesk:
    """A port `Desk`. The file is opened for each call, so that the page and a command can both decide.

    The first decision makes it. Raises `ValueError` for a file of another program, and `Unreachable`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, mark: Mark, subject: str, value: str, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError(f"a decision's time needs a time zone: {now.isoformat()}")
        row = (mark, subject, value, now.astimezone(UTC).isoformat(timespec="microseconds"))
        self._write("INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?)", row)

    def remove(self, mark: Mark, subject: str) -> None:
        self._write("DELETE FROM decision WHERE mark = ? AND subject = ?", (mark, subject))

    def decisions(self, mark: Mark) -> list[Decision]:
        if not self._path.exists():
            return []
        with closing(self._opened(read_only=True)) as database, database.reading() as connection:
            rows = connection.execute(
                "SELECT subject, value, at FROM decision WHERE mark = ? ORDER BY at, subject", (mark,)
            ).fetchall()
        return [Decision(subject, value, datetime.fromisoformat(at)) for subject, value, at in rows]

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _write(self, statement: str, values: tuple[str, ...]) -> None:
        def work() -> None:
            with closing(self._opened(read_only=False)) as database, database.transaction() as connection:
                connection.execute(statement, values)

        _patiently(work)

    def _opened(self, read_only: bool) -> Database:
        return Database(
            self._path, application_id=_APPLICATION_ID, version=_VERSION, schema=_SCHEMA, read_only=read_only
        )


def _patiently(work: Callable[[], None]) -> None:
    """Do it once whoever else is writing has ended; each holds the file for some milliseconds."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            work()
        except Unreachable:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
