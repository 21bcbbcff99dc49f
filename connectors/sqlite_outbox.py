"""The outbox in SQLite: which notices wait, which posting was begun and never ended, and what became of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.sqlite_database import Damaged, Database, checksum, is_damage
from pipeline.core.alerts import Alert
from pipeline.ports import Notice, Rejected

# The alert stands apart from its fate, each with its own checksum: a notice can then be given up without touching,
# or vouching for, the bytes of a damaged alert.
SCHEMA = (
    "CREATE TABLE notice_alert (number INTEGER PRIMARY KEY, alert BLOB NOT NULL, checksum BLOB NOT NULL)",
    """CREATE TABLE notice (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        fate TEXT NOT NULL,
        due TEXT NOT NULL,
        begun INTEGER NOT NULL,
        doubtful INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL,
        checksum BLOB NOT NULL
    )""",
    "CREATE INDEX notice_unsettled ON notice (number) WHERE fate NOT IN ('posted', 'given up')",
)
_SETTLED = ("posted", "given up")
_COLUMNS = "number, id, fate, due, begun, doubtful, attempts, reason, checksum"
# A fate that damage has made unreadable is among them: `take` then finds it and says so.
_SELECT_WAITING = f"SELECT {_COLUMNS} FROM notice WHERE fate NOT IN ('posted', 'given up') ORDER BY number"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice not yet posted.

    `attempts` counts how often posting was begun, `reason` says why it last failed, `due` is the time before which
    it is not tried again (ISO 8601 in UTC, "" for at once), `repeat` whether the channel may have it already.
    """

    id: str
    attempts: int
    reason: str
    due: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A notice without its alert, and the checksum `stored` with it.

    `begun`: a posting was begun and has no outcome. `doubtful`: one ended without an outcome, so the channel may
    have the notice.
    """

    number: int
    id: str
    fate: str = "waiting"
    due: str = ""
    begun: int = 0
    doubtful: int = 0
    attempts: int = 0
    reason: str = ""
    stored: bytes = b""

    @property
    def checksum(self) -> bytes:
        return checksum(
            self.number, self.id, self.fate, self.due, self.begun, self.doubtful, self.attempts, self.reason
        )


class SqliteOutbox:
    """The port `Outbox` over an open `Database` that holds `SCHEMA`. One announcer takes at a time.

    A notice that can no longer be read is given up, with the damage as its reason, and `take` raises `Rejected`
    naming it, once; the next `take` goes on with the others. An outcome of an unknown id raises `ValueError`; of a
    settled notice, it changes nothing.
    """

    def __init__(
        self, database: Database, to_bytes: Callable[[Alert], bytes], from_bytes: Callable[[bytes], Alert]
    ) -> None:
        self._database = database
        self._to_bytes = to_bytes
        self._from_bytes = from_bytes

    def put(self, notices: Sequence[Notice]) -> None:
        with self._database.transaction() as connection:
            self.put_within(connection, notices)

    def put_within(self, connection: sqlite3.Connection, notices: Sequence[Notice]) -> None:
        """`put` as a part of the caller's transaction."""
        for notice in notices:
            row = _find(connection, notice.id)
            if row is None:
                number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM notice").fetchone()[0]
                row = _Row(number, notice.id, doubtful=int(notice.repeat))
            elif row.fate in _SETTLED:
                continue
            elif row.checksum != row.stored:
                # Whether it was posted can no longer be known; the fresh text makes the rest whole again.
                row = _Row(row.number, notice.id, doubtful=1)
            else:
                row = replace(row, doubtful=row.doubtful | int(notice.repeat))
            alert = self._to_bytes(notice.alert)
            connection.execute(
                "REPLACE INTO notice_alert VALUES (?, ?, ?)", (row.number, alert, checksum(row.number, row.id, alert))
            )
            _write(connection, row)

    def take(self, now: datetime) -> Notice | None:
        with self._database.transaction() as connection:
            row = _oldest_due(connection, _moment(now))
            if row is None:
                return None
            try:
                notice = self._read(connection, row)
            except Rejected as error:
                fault = error
                _write(connection, _Row(row.number, row.id, fate="given up", reason=_storable(str(error))))
            else:
                _write(connection, replace(row, begun=1, doubtful=int(notice.repeat), attempts=row.attempts + 1))
                return notice
        raise fault

    def done(self, id: str) -> None:
        self._settle(id, lambda row: replace(row, fate="posted", begun=0))

    def later(self, id: str, at: datetime, reason: str, *, uncertain: bool = False) -> None:
        self._settle(
            id,
            lambda row: replace(
                row,
                due=_moment(at),
                begun=0,
                doubtful=row.doubtful | int(uncertain),
                reason=_storable(reason),
            ),
        )

    def give_up(self, id: str, reason: str) -> None:
        self._settle(id, lambda row: replace(row, fate="given up", begun=0, reason=_storable(reason)))

    def counts(self) -> dict[str, int]:
        with self._database.reading() as connection:
            found = dict(connection.execute("SELECT fate, count(*) FROM notice GROUP BY fate").fetchall())
        settled = {fate: found.pop(fate, 0) for fate in _SETTLED}
        return {"waiting": sum(found.values()), **settled}

    def waiting(self, limit: int = 100) -> list[Waiting]:
        """The notices that wait, oldest first. Of a damaged one, the reason says so."""
        with self._database.reading() as connection:
            rows = [_Row(*values) for values in connection.execute(f"{_SELECT_WAITING} LIMIT ?", (limit,))]
        return [
            Waiting(row.id, row.attempts, row.reason, row.due, bool(row.begun or row.doubtful))
            if row.checksum == row.stored
            else Waiting(_storable(row.id), 0, _damage(row), "", True)
            for row in rows
        ]

    def _read(self, connection: sqlite3.Connection, row: _Row) -> Notice:
        if row.checksum != row.stored:
            raise Damaged(_damage(row))
        try:
            found = connection.execute("SELECT alert, checksum FROM notice_alert WHERE number = ?", (row.number,))
            alert, stored = found.fetchone() or (b"", b"")
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            raise Damaged(f"outbox, notice {row.id}: the alert cannot be read ({error})") from error
        if checksum(row.number, row.id, alert) != stored:
            raise Damaged(f"outbox, notice {row.id}: the alert is not what was written")
        try:
            decoded = self._from_bytes(alert)
        except ValueError as error:
            raise Rejected(f"outbox, notice {row.id}: {error}") from error
        return Notice(row.id, decoded, repeat=bool(row.begun or row.doubtful))

    def _settle(self, id: str, change: Callable[[_Row], _Row]) -> None:
        with self._database.transaction() as connection:
            row = _find(connection, id)
            if row is None:
                raise ValueError(f"the outbox holds no notice {id}")
            if row.checksum != row.stored:
                raise Damaged(_damage(row))
            if row.fate == "waiting":
                _write(connection, change(row))


def _find(connection: sqlite3.Connection, id: str) -> _Row | None:
    values = connection.execute(f"SELECT {_COLUMNS} FROM notice WHERE id = ?", (id,)).fetchone()
    return None if values is None else _Row(*values)


def _oldest_due(connection: sqlite3.Connection, moment: str) -> _Row | None:
    """The first notice that may be posted at `moment`, or that is damaged: nobody knows when that one is due."""
    for values in connection.execute(_SELECT_WAITING):
        row = _Row(*values)
        if row.checksum != row.stored or row.due <= moment:
            return row
    return None


def _write(connection: sqlite3.Connection, row: _Row) -> None:
    connection.execute(
        f"INSERT INTO notice ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET "
        "fate = excluded.fate, due = excluded.due, begun = excluded.begun, doubtful = excluded.doubtful, "
        "attempts = excluded.attempts, reason = excluded.reason, checksum = excluded.checksum",
        (
            row.number,
            _storable(row.id),
            row.fate,
            row.due,
            row.begun,
            row.doubtful,
            row.attempts,
            row.reason,
            row.checksum,
        ),
    )


def _damage(row: _Row) -> str:
    return f"outbox, notice {_storable(str(row.id))} (row {row.number}): not what was written"


def _moment(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("a time of the outbox needs a time zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """The text with anything that UTF-8 cannot hold written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
