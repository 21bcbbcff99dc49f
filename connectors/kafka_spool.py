"""The spool: records that Kafka has not taken yet, on the local disk, in the order of their appending."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.sqlite_database import Database, checksum
from pipeline.ports import Record, Topic, Unreachable

_APPLICATION_ID = 0x6E_61_71_73  # "naqs"
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE spooled (number INTEGER PRIMARY KEY, topic TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, "
    "value BLOB NOT NULL, checksum BLOB NOT NULL)",
)
# What a row takes beside its texts: its number, lengths, checksum and its part of a page.
_ROW_BYTES = 100
_LENGTH = f"length(CAST(id AS BLOB)) + length(CAST(key AS BLOB)) + length(value) + {_ROW_BYTES}"

Entry = tuple[Topic, Record]


@dataclass(frozen=True, slots=True)
class Spooled:
    """A row of the spool, of `bytes`. `entry` is None when the row is no longer what was written, as `damage` says."""

    number: int
    bytes: int
    entry: Entry | None
    damage: str = ""


class Spool:
    """Records that wait, in the file `path`, at most about `limit` bytes of them.

    One process has it at a time; its threads may share it. Raises, at opening, what `Database` raises.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._database = Database(
            path,
            application_id=_APPLICATION_ID,
            version=_VERSION,
            schema=_SCHEMA,
            cure="stop naqid, then move the file away: it holds records that Kafka has not got",
        )
        self.path = path
        self._limit = limit
        self._lock = threading.Lock()
        with self._database.reading() as connection:
            self._count: int
            self._bytes: int
            self._last: int
            self._count, self._bytes, self._last = connection.execute(
                f"SELECT count(*), coalesce(sum({_LENGTH}), 0), coalesce(max(number), 0) FROM spooled"
            ).fetchone()

    def __len__(self) -> int:
        """How many records wait."""
        return self._count

    def put(self, entries: Sequence[Entry]) -> None:
        """Add all the entries or none; they are on the disk when it returns. Raises `Unreachable` when it is full."""
        added = sum(size(record) + _ROW_BYTES for _, record in entries)
        with self._lock:
            if self._bytes + added > self._limit:
                raise Unreachable(
                    f"the spool {self.path} is full: {self._count} records of {self._bytes} bytes wait for Kafka, "
                    f"{len(entries)} of {added} bytes would pass its limit of {self._limit} bytes"
                )
            with self._database.transaction() as connection:
                for number, (topic, record) in enumerate(entries, self._last + 1):
                    texts = (record.id, record.key, record.value)
                    connection.execute(
                        "INSERT INTO spooled VALUES (?, ?, ?, ?, ?, ?)",
                        (number, topic, *texts, checksum(number, topic, *texts)),
                    )
            self._last += len(entries)
            self._count += len(entries)
            self._bytes += added

    def oldest(self, count: int, bytes: int) -> list[Spooled]:
        """The oldest rows, in order: at most `count`, of about `bytes` in all, but at least one if there is one."""
        rows: list[Spooled] = []
        total = 0
        with self._database.reading() as connection:
            for number, topic, id, key, value, stored, length in connection.execute(
                f"SELECT number, topic, id, key, value, checksum, {_LENGTH} FROM spooled ORDER BY number LIMIT ?",
                (count,),
            ):
                total += length
                if rows and total > bytes:
                    break
                if checksum(number, topic, id, key, value) == stored:
                    rows.append(Spooled(number, length, (topic, Record(id, key, value))))
                else:
                    damage = f"spool {self.path}, record {number}: not what was written"
                    rows.append(Spooled(number, length, None, damage))
        return rows

    def drop(self, rows: Sequence[Spooled]) -> None:
        """Forget the rows, which have to be the oldest; Kafka has them."""
        if not rows:
            return
        with self._lock:
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM spooled WHERE number <= ?", (rows[-1].number,))
            self._count -= len(rows)
            self._bytes -= sum(row.bytes for row in rows)

    def close(self) -> None:
        """Give the file back; what waits in it is there at the next opening."""
        self._database.close()


def size(record: Record) -> int:
    """The bytes of a record's texts and value."""
    texts = (record.id, record.key)
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) + len(record.value)
