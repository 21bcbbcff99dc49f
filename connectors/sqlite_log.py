"""The log, the state and the outbox in one SQLite file, so that one transaction can move all three.

Every row carries a checksum, and the records of a topic are numbered without gaps: a record that damage changed or
hid is named when its turn comes, and the reader can go on behind it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import get_args

from connectors import sqlite_outbox
from connectors.sqlite_database import Damaged, Database, checksum, is_damage
from connectors.sqlite_outbox import SqliteOutbox, Waiting
from pipeline import codec
from pipeline.core.alerts import Alert
from pipeline.ports import Consequences, Notice, Record, Rejected, Stored, Topic, Unreachable

_APPLICATION_ID = 0x6E_61_71_6C  # "naql"
_VERSION = 1
_TOPICS: tuple[Topic, ...] = get_args(Topic)
_SCHEMA = (
    *(
        f"CREATE TABLE log_{topic} (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, "
        "value BLOB NOT NULL, checksum BLOB NOT NULL)"
        for topic in _TOPICS
    ),
    "CREATE TABLE log_end (topic TEXT PRIMARY KEY, number INTEGER NOT NULL, checksum BLOB NOT NULL)",
    *(f"INSERT INTO log_end VALUES ('{topic}', 0, x'{checksum(topic, 0).hex()}')" for topic in _TOPICS),
    "CREATE TABLE state (name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL, "
    "UNIQUE (name, key))",
    "CREATE TABLE consumer (name TEXT PRIMARY KEY, position TEXT NOT NULL, checksum BLOB NOT NULL)",
    *sqlite_outbox.SCHEMA,
)


class SqliteLog:
    """The ports `Log`, `State` and `Outbox` over the file `path`; threads may share it.

    One writer at a time, in one process; with `read_only`, any number of others look on while it writes. `append`
    drops a record whose id the topic holds. A damaged record raises `Damaged`, whose `position` lets `read` go on
    behind it; the sound records before it are returned first.

    Raises, at opening, `ValueError` when the file is another program's or of a newer format, and `Unreachable`
    when another naqid writes it or when it cannot be opened now.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        alert_to_bytes: Callable[[Alert], bytes] = codec.alert_to_bytes,
        alert_from_bytes: Callable[[bytes], Alert] = codec.alert_from_bytes,
    ) -> None:
        self._database = Database(
            path, application_id=_APPLICATION_ID, version=_VERSION, schema=_SCHEMA, read_only=read_only
        )
        self._outbox = SqliteOutbox(self._database, alert_to_bytes, alert_from_bytes)

    def append(self, topic: Topic, records: Sequence[Record]) -> None:
        if records:
            with self._database.transaction() as connection:
                _append(connection, [(topic, record) for record in records])

    def read(self, topic: Topic, position: str, limit: int) -> list[Stored]:
        table = _table(topic)
        with self._database.reading() as connection:
            end = _end(connection, topic)
            start = _number(topic, position, end)
            stored: list[Stored] = []
            for number in range(start + 1, min(start + limit, end) + 1):
                try:
                    stored.append(_record(connection, table, topic, number))
                except Damaged:
                    if stored:
                        break
                    raise
        return stored

    def size(self, topic: Topic) -> int:
        """How many records the topic holds."""
        with self._database.reading() as connection:
            return _end(connection, topic)

    def behind(self, topic: Topic, position: str) -> int:
        """How many records of the topic lie after `position`."""
        with self._database.reading() as connection:
            end = _end(connection, topic)
            return end - _number(topic, position, end)

    def get(self, table: str, key: str) -> bytes | None:
        where = f"state, table {table}, key {key}"
        with self._database.reading() as connection:
            row = _row(connection, "SELECT value, checksum FROM state WHERE name = ? AND key = ?", (table, key), where)
        if row is None:
            return None
        value, stored = row
        if checksum(table, key, value) != stored:
            raise Damaged(f"{where}: not what was written")
        assert isinstance(value, bytes)
        return value

    def position(self, consumer: str) -> str:
        where = f"position of the consumer {consumer}"
        with self._database.reading() as connection:
            row = _row(connection, "SELECT position, checksum FROM consumer WHERE name = ?", (consumer,), where)
        if row is None:
            return ""
        position, stored = row
        if checksum(consumer, position) != stored:
            raise Damaged(f"{where}: not what was written")
        assert isinstance(position, str)
        return position

    def commit(self, consumer: str, position: str, consequences: Consequences) -> None:
        with self._database.transaction() as connection:
            for (table, key), value in consequences.puts.items():
                connection.execute(
                    "INSERT INTO state VALUES (?, ?, ?, ?) ON CONFLICT (name, key) DO UPDATE "
                    "SET value = excluded.value, checksum = excluded.checksum",
                    (table, key, value, checksum(table, key, value)),
                )
            _append(connection, consequences.appends)
            self._outbox.put_within(connection, consequences.notices)
            connection.execute(
                "REPLACE INTO consumer VALUES (?, ?, ?)", (consumer, position, checksum(consumer, position))
            )

    def put(self, notices: Sequence[Notice]) -> None:
        self._outbox.put(notices)

    def take(self, now: datetime) -> Notice | None:
        return self._outbox.take(now)

    def done(self, id: str) -> None:
        self._outbox.done(id)

    def later(self, id: str, at: datetime, reason: str, *, uncertain: bool = False) -> None:
        self._outbox.later(id, at, reason, uncertain=uncertain)

    def give_up(self, id: str, reason: str) -> None:
        self._outbox.give_up(id, reason)

    def counts(self) -> dict[str, int]:
        return self._outbox.counts()

    def waiting(self, limit: int = 100) -> list[Waiting]:
        """The notices that wait, oldest first."""
        return self._outbox.waiting(limit)

    def close(self) -> None:
        self._database.close()


def _append(connection: sqlite3.Connection, appends: Sequence[tuple[Topic, Record]]) -> None:
    ends: dict[Topic, int] = {}
    for topic, record in appends:
        table = _table(topic)
        if connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (record.id,)).fetchone():
            continue
        if topic not in ends:
            ends[topic] = _end(connection, topic)
        ends[topic] += 1
        number = ends[topic]
        connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)",
            (
                number,
                record.id,
                record.key,
                record.value,
                checksum(topic, number, record.id, record.key, record.value),
            ),
        )
    for topic, number in ends.items():
        connection.execute("REPLACE INTO log_end VALUES (?, ?, ?)", (topic, number, checksum(topic, number)))


def _record(connection: sqlite3.Connection, table: str, topic: Topic, number: int) -> Stored:
    where = f"log, topic {topic}, record {number}"
    row = _row(
        connection, f"SELECT id, key, value, checksum FROM {table} WHERE number = ?", (number,), where, str(number)
    )
    if row is None:
        raise Damaged(f"{where}: missing", str(number))
    id, key, value, stored = row
    if checksum(topic, number, id, key, value) != stored:
        raise Damaged(f"{where}: not what was written", str(number))
    assert isinstance(id, str) and isinstance(key, str) and isinstance(value, bytes)
    return Stored(Record(id, key, value), str(number))


def _end(connection: sqlite3.Connection, topic: Topic) -> int:
    """The number of the topic's last record, 0 for none."""
    row = connection.execute("SELECT number, checksum FROM log_end WHERE topic = ?", (topic,)).fetchone()
    number, stored = row or (0, b"")
    if checksum(topic, number) != stored:
        # Not `Rejected`: no record is at fault, and without the end none can be told from a hole.
        raise Unreachable(f"log, topic {topic}: its end is damaged: stop naqid, then restore a copy of the data")
    assert isinstance(number, int)
    return number


def _row(
    connection: sqlite3.Connection, statement: str, values: Sequence[object], where: str, position: str = ""
) -> tuple[object, ...] | None:
    """The one row that the statement finds; raises `Damaged` where the file's structure around it is broken."""
    try:
        row: tuple[object, ...] | None = connection.execute(statement, values).fetchone()
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        raise Damaged(f"{where}: cannot be read ({error})", position) from error
    return row


def _number(topic: Topic, position: str, end: int) -> int:
    if not position:
        return 0
    if not (position.isascii() and position.isdigit()) or int(position) > end:
        raise Rejected(f"log, topic {topic}: {position!r} is not a position in it")
    return int(position)


def _table(topic: Topic) -> str:
    if topic not in _TOPICS:
        raise ValueError(f"the log has no topic {topic!r}: it has {', '.join(_TOPICS)}")
    return f"log_{topic}"
