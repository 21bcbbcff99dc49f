"""One SQLite file of naqid's: who may write it, what survives a crash, and how a damaged row is recognised.

Every statement goes through one connection behind one lock, so that the threads of a process can share an object.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.ports import Rejected, Unreachable

BUSY_SECONDS = 5.0

_PASSING = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Damaged(Rejected):
    """A stored row that is not what was written.

    Of a record of the log, `position` is the position just after it: reading can go on from there. Of any other
    row it is "".
    """

    def __init__(self, reason: str, position: str = "") -> None:
        super().__init__(reason)
        self.position = position


class Database:
    """An SQLite file with one writer and any number of readers, in this process and in others.

    A writer makes the file and its folder where they are missing, private to the user, and holds `<file>.lock`
    until `close`. What a `transaction` wrote is on the disk when it ends; nothing of it is there if it raises.

    `cure` tells a person what to do about a file whose structure is damaged. Raises `ValueError` when the file is
    another program's or of a newer format, and `Unreachable` when it cannot be opened now: another writer holds
    it, it is not there yet (for reading), the disk or the rights are missing, or it is damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        application_id: int,
        version: int,
        schema: Sequence[str],
        read_only: bool = False,
        cure: str = "stop naqid, then restore a copy of the file or move it away",
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._cure = cure
        self._lock = threading.RLock()
        self._lock_file: int | None = None
        self._connection: sqlite3.Connection | None = None
        try:
            with self._errors():
                if not read_only:
                    self._claim()
                self._connection = self._connect()
                fresh = self._identify(self._connection, application_id, version)
                if not read_only:
                    self._prepare(self._connection)
                if fresh:
                    self._create(application_id, version, schema)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that only read. Raises `Unreachable`."""
        with self._lock, self._errors():
            yield self._open()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection within one durable, all-or-nothing transaction. Raises `Unreachable`."""
        if self.read_only:
            raise ValueError(f"{self.path} was opened for reading only")
        with self._lock, self._errors():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Give the file back. Closing twice is allowed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Unreachable(f"{self.path} was closed")
        return self._connection

    def _claim(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock_path = self.path.with_name(self.path.name + ".lock")
        self._lock_file = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock_file, 20).decode("ascii", "replace").strip() or "unknown"
            raise Unreachable(
                f"{self.path} is being written by another naqid (process {holder}): "
                "stop that one first, or work in another data directory"
            ) from None
        os.ftruncate(self._lock_file, 0)
        os.write(self._lock_file, str(os.getpid()).encode("ascii"))
        # SQLite gives its side files the rights of this one.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise Unreachable(f"{self.path} is not there yet: `naqid run` or `naqid replay` makes it")
        mode = "ro" if self.read_only else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
        )
        # A damaged text must reach its checksum, which names it; the strict decoder would fail without a name.
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        return connection

    def _identify(self, connection: sqlite3.Connection, application_id: int, version: int) -> bool:
        """True for a file that holds nothing yet."""
        try:
            found_id = connection.execute("PRAGMA application_id").fetchone()[0]
            found_version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if primary_code(error) == sqlite3.SQLITE_NOTADB:
                raise ValueError(f"{self.path} is not an SQLite database: choose another path") from error
            raise
        if found_id == 0 and tables == 0:
            if self.read_only:
                raise Unreachable(f"{self.path} holds nothing yet: `naqid run` or `naqid replay` fills it")
            return True
        if found_id != application_id:
            raise ValueError(f"{self.path} is a database of another kind or program: choose another path")
        if found_version > version:
            raise ValueError(
                f"{self.path} was written by a newer naqid (format {found_version}; this one knows {version}): upgrade"
            )
        return False

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    def _create(self, application_id: int, version: int, schema: Sequence[str]) -> None:
        with self.transaction() as connection:
            for statement in schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {application_id:d}")
            connection.execute(f"PRAGMA user_version = {version:d}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = primary_code(error)
            if code in _CORRUPT:
                raise Unreachable(f"{self.path} is damaged ({error}): {self._cure}") from error
            if code in _PASSING:
                raise Unreachable(f"{self.path}: {error}") from error
            raise
        except UnicodeDecodeError as error:
            # SQLite's own message quotes the damaged bytes.
            raise Unreachable(f"{self.path} is damaged: {self._cure}") from error
        except OSError as error:
            raise Unreachable(f"{self.path}: {error.strerror or error}") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether reading a row failed because of what the file holds, not because of the moment."""
    return isinstance(error, sqlite3.DatabaseError) and primary_code(error) not in _PASSING


def primary_code(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code (the low byte of the extended one), None where the error carries none."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def checksum(*parts: object) -> bytes:
    """8 bytes over a row's values and their types: text, bytes, whole numbers, None, as SQLite returns them.

    The parts are length-prefixed, so no two rows run together.
    """
    hasher = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        hasher.update(f"{type(part).__name__}:{len(data)}:".encode("ascii"))
        hasher.update(data)
    return hasher.digest()
