"""What the SQLite files say when the disk has altered them, when others hold them, and when they are not ours."""

from __future__ import annotations

import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite_database import Damaged
from connectors.sqlite_index import SqliteIndex
from connectors.sqlite_log import SqliteLog
from pipeline.core.alerts import Alert
from pipeline.core.analysis import Analyzer
from pipeline.ports import Consequences, Document, Notice, Query, Record, Rejected, Unreachable

NOW = datetime(2017, 11, 13, 12, tzinfo=UTC)
ANALYZER = Analyzer(frozenset({"من"}), {})


class PlainAlert:
    """Stands for an alert where only its bytes matter."""

    def __init__(self, data: bytes) -> None:
        self.data = data


def open_log(path: Path, read_only: bool = False) -> SqliteLog:
    def to_bytes(alert: Alert) -> bytes:
        return alert.data  # type: ignore[attr-defined, no-any-return]

    def from_bytes(data: bytes) -> Alert:
        if data == b"unreadable":
            raise ValueError("not an alert")
        return PlainAlert(data)  # type: ignore[return-value]

    return SqliteLog(path, read_only=read_only, alert_to_bytes=to_bytes, alert_from_bytes=from_bytes)


def notice(id: str, data: bytes = b"") -> Notice:
    return Notice(id, PlainAlert(data or f"alert of {id}".encode()))  # type: ignore[arg-type]


def article(id: str, text: str, version: int = 0) -> Document:
    return Document("articles", id, version, {"title": "", "text": text, "published": "2017-11-13T09:00:00Z"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.sqlite"


def overwrite(path: Path, old: bytes, new: bytes) -> None:
    """What a failing disk does: the bytes of the closed file change, nothing else does."""
    data = path.read_bytes()
    assert len(old) == len(new) and data.count(old) >= 1
    path.write_bytes(data.replace(old, new))


# The log


def fill(path: Path, count: int = 5) -> list[Record]:
    records = [Record(f"id-{number}", f"key-{number}", f"value-{number}-".encode() * 20) for number in range(count)]
    with closing(open_log(path)) as log:
        log.append("articles", records)
        log.append("claims", [Record(record.id, record.key, b"claim") for record in records])
    return records


def read_past_damage(log: SqliteLog) -> tuple[list[Record], list[str]]:
    """The sound articles, and what was said of the others."""
    found: list[Record] = []
    damage: list[str] = []
    position = ""
    while True:
        try:
            page = log.read("articles", position, 2)
        except Damaged as error:
            damage.append(str(error))
            assert int(error.position) > int(position or 0)
            position = error.position
            continue
        if not page:
            return found, damage
        found += [stored.record for stored in page]
        position = page[-1].position


@pytest.mark.parametrize(
    ("old", "new"), [(b"value-2-value", b"value-2-vblue"), (b"key-2", b"key-x"), (b"key-2", b"key\xff2")]
)
def test_a_damaged_record_is_named_and_reading_goes_on_behind_it(path: Path, old: bytes, new: bytes) -> None:
    records = fill(path)
    overwrite(path, old, new)
    with closing(open_log(path)) as log:
        found, damage = read_past_damage(log)
    assert found == records[:2] + records[3:]
    assert damage == ["log, topic articles, record 3: not what was written"]


def test_the_sound_records_before_a_damaged_one_come_first(path: Path) -> None:
    records = fill(path)
    overwrite(path, b"value-2-value", b"value-2-vblue")
    with closing(open_log(path)) as log:
        assert [stored.record for stored in log.read("articles", "", 5)] == records[:2]
        with pytest.raises(Rejected) as caught:
            log.read("articles", "2", 5)
        assert getattr(caught.value, "position", None) == "3"
        assert [stored.record for stored in log.read("articles", "3", 5)] == records[3:]


def test_a_record_that_is_gone_is_missed(path: Path) -> None:
    records = fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM log_articles WHERE number IN (2, 5)")
    with closing(open_log(path)) as log:
        found, damage = read_past_damage(log)
        assert found == [records[0], *records[2:4]]
        assert damage == [f"log, topic articles, record {number}: missing" for number in (2, 5)]
        log.append("articles", [Record("new", "k", b"v")])
        assert [stored.record.id for stored in log.read("articles", "5", 10)] == ["new"]


def test_a_destroyed_page_costs_only_the_records_on_it(path: Path) -> None:
    records = fill(path, count=100)
    data = bytearray(path.read_bytes())
    page = data.index(b"value-50-") // 4096
    data[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    with closing(open_log(path)) as log:
        found, damage = read_past_damage(log)
    assert damage and found
    assert len(found) + len(damage) == 100
    assert [record for record in records if record in found] == found
    assert all("cannot be read" in reason for reason in damage)


def test_a_damaged_end_of_a_topic_stops_reading_and_appending(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE log_end SET number = 3 WHERE topic = 'articles'")
    with closing(open_log(path)) as log:
        for call in (lambda: log.read("articles", "", 1), lambda: log.append("articles", [Record("x", "k", b"")])):
            with pytest.raises(Unreachable, match="topic articles: its end is damaged"):
                call()
        assert len(log.read("claims", "", 10)) == 5


@pytest.mark.parametrize("position", ["6", "-1", "one", "1.5", "٣"])
def test_a_position_that_the_topic_never_gave_is_rejected_by_name(path: Path, position: str) -> None:
    fill(path)
    with closing(open_log(path)) as log, pytest.raises(Rejected, match=r"articles.*is not a position"):
        log.read("articles", position, 1)


def test_random_damage_never_alters_what_is_read(path: Path) -> None:
    chance = random.Random(1)
    records = fill(path, count=40)
    with closing(open_log(path)) as log:
        log.commit("read", "12", Consequences({("table", f"k{n}"): f"state-{n}".encode() * 30 for n in range(20)}))
        log.put([notice(f"n{n}") for n in range(20)])
    sound = path.read_bytes()
    said = 0
    for _ in range(60):
        data = bytearray(sound)
        for _ in range(20):
            data[chance.randrange(4096, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            log = open_log(path)
        except Unreachable:
            said += 1
            continue
        with closing(log):
            try:
                found, damage = read_past_damage(log)
                said += len(damage)
                assert len(found) + len(damage) == 40
                assert [record for record in records if record in found] == found
            except Unreachable:
                said += 1
            for number in range(20):
                try:
                    assert log.get("table", f"k{number}") in (f"state-{number}".encode() * 30, None)
                except Damaged:
                    said += 1
            try:
                assert log.position("read") in ("12", "")
            except Damaged:
                said += 1
            try:
                said += sum("not what was written" in waiting.reason for waiting in log.waiting())
            except Unreachable:
                said += 1
    assert said > 60


# State and outbox


def test_a_damaged_value_is_rejected_by_name(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.commit("follow", "1", Consequences({("dossiers", "gn:1"): b"dossier-one", ("dossiers", "gn:2"): b"two"}))
    overwrite(path, b"dossier-one", b"dossier-0ne")
    with closing(open_log(path)) as log:
        with pytest.raises(Damaged, match="state, table dossiers, key gn:1"):
            log.get("dossiers", "gn:1")
        assert log.get("dossiers", "gn:2") == b"two"
        log.commit("follow", "2", Consequences({("dossiers", "gn:1"): b"dossier-one"}))
        assert log.get("dossiers", "gn:1") == b"dossier-one"


def test_a_damaged_position_is_rejected_by_name(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.commit("follow", "1234567", Consequences())
    overwrite(path, b"1234567", b"1234568")
    with closing(open_log(path)) as log, pytest.raises(Damaged, match="consumer follow"):
        log.position("follow")


@pytest.fixture
def outbox(path: Path) -> Iterator[Callable[[], SqliteLog]]:
    opened: list[SqliteLog] = []

    def reopen() -> SqliteLog:
        for log in opened:
            log.close()
        opened.append(open_log(path))
        return opened[-1]

    yield reopen
    for log in opened:
        log.close()


def test_a_damaged_alert_is_named_given_up_and_blocks_no_other(path: Path, outbox: Callable[[], SqliteLog]) -> None:
    log = outbox()
    log.put([notice("first"), notice("second")])
    log.close()
    overwrite(path, b"alert of first", b"alert of fisrt")
    log = outbox()
    with pytest.raises(Damaged, match="outbox, notice first"):
        log.take(NOW)
    taken = log.take(NOW)
    assert taken and taken.id == "second"
    assert log.counts() == {"waiting": 1, "posted": 0, "given up": 1}


@pytest.mark.parametrize(
    "change", ["fate = 'waitinf'", "fate = 'posteD'", "due = '9999'", "attempts = 'x'", "id = 'f\x01rst'", "begun = 1"]
)
def test_a_damaged_fate_is_named_given_up_and_blocks_no_other(
    path: Path, outbox: Callable[[], SqliteLog], change: str
) -> None:
    log = outbox()
    log.put([notice("first"), notice("second")])
    log.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE notice SET {change} WHERE number = 1")
    log = outbox()
    assert log.counts()["waiting"] == 2
    assert ["not what was written" in waiting.reason for waiting in log.waiting()] == [True, False]
    with pytest.raises(Damaged, match="row 1"):
        log.take(NOW)
    taken = log.take(NOW)
    assert taken and taken.id == "second"
    assert log.counts() == {"waiting": 1, "posted": 0, "given up": 1}


def test_an_alert_that_cannot_be_decoded_is_given_up(outbox: Callable[[], SqliteLog]) -> None:
    log = outbox()
    log.put([notice("first", b"unreadable"), notice("second")])
    with pytest.raises(Rejected, match=r"first.*not an alert"):
        log.take(NOW)
    taken = log.take(NOW)
    assert taken and taken.id == "second"


def test_a_fresh_text_makes_a_damaged_notice_whole_as_a_possible_repeat(
    path: Path, outbox: Callable[[], SqliteLog]
) -> None:
    log = outbox()
    log.put([notice("first")])
    log.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE notice SET fate = 'postex'")
    log = outbox()
    log.put([notice("first", b"fresh")])
    taken = log.take(NOW)
    assert taken and taken.repeat and taken.alert.data == b"fresh"  # type: ignore[attr-defined]


def test_the_waiting_are_listed_with_their_attempts_and_reasons(outbox: Callable[[], SqliteLog]) -> None:
    log = outbox()
    log.put([notice("a"), notice("b"), notice("c")])
    log.take(NOW)
    log.later("a", NOW, "429: rate limited")
    log.take(NOW)
    log.later("a", NOW.replace(hour=13), "500: \udcff")
    log.take(NOW)
    log.give_up("c", "refused")
    first, second = log.waiting()
    assert (first.id, first.attempts, first.reason, first.repeat) == ("a", 2, "500: \\udcff", False)
    assert first.due == "2017-11-13T13:00:00.000000+00:00"
    assert (second.id, second.attempts, second.reason, second.due, second.repeat) == ("b", 1, "", "", True)
    assert [waiting.id for waiting in log.waiting(limit=1)] == ["a"]


# The file, its rights and its holders


def test_folder_and_files_are_private(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.append("articles", [Record("a", "k", b"v")])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "log.sqlite.lock"], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_commits_are_synced_to_the_disk(path: Path) -> None:
    with closing(open_log(path)) as log, log._database.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


OPEN: list[Callable[..., Any]] = [open_log, lambda path, **options: SqliteIndex(path, ANALYZER, **options)]


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
def test_a_second_writer_is_told_who_holds_the_file(path: Path, open_it: Callable[..., Any]) -> None:
    path.parent.mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, os, sys; f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.flock(f, fcntl.LOCK_EX);"
            "os.write(f, str(os.getpid()).encode()); print('ready', flush=True); sys.stdin.read()",
            str(path.with_name(path.name + ".lock")),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout and holder.stdout.readline()
    try:
        with pytest.raises(Unreachable, match=f"log.sqlite is being written by another naqid \\(process {holder.pid}"):
            open_it(path)
    finally:
        holder.communicate()
    open_it(path).close()


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
def test_a_writer_that_closes_makes_room_for_the_next(path: Path, open_it: Callable[..., Any]) -> None:
    first = open_it(path)
    with pytest.raises(Unreachable, match="another naqid"):
        open_it(path)
    first.close()
    first.close()
    open_it(path).close()


def test_readers_look_on_while_a_writer_writes(path: Path) -> None:
    with closing(open_log(path)) as writer, closing(open_log(path, read_only=True)) as reader:
        for number in range(3):
            writer.append("articles", [Record(str(number), "k", b"v")])
            assert len(reader.read("articles", "", 10)) == number + 1
        with pytest.raises(ValueError, match="reading only"):
            reader.append("articles", [Record("x", "k", b"v")])
    with closing(open_log(path, read_only=True)) as reader:
        assert len(reader.read("articles", "", 10)) == 3


def test_searches_look_on_while_a_writer_writes(path: Path) -> None:
    with closing(SqliteIndex(path, ANALYZER)) as writer:
        writer.put([article("a", "الجيش")])
        with closing(SqliteIndex(path, ANALYZER, read_only=True)) as reader:
            writer.put([article("b", "الجيش")])
            assert len(reader.search(Query("articles", "الجيش"))) == 2


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
def test_reading_what_is_not_there_says_what_makes_it(path: Path, open_it: Callable[..., Any]) -> None:
    with pytest.raises(Unreachable, match=r"log\.sqlite is not there yet: `naqid run`"):
        open_it(path, read_only=True)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    with pytest.raises(Unreachable, match="holds nothing yet"):
        open_it(path, read_only=True)


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    path: Path, open_it: Callable[..., Any], read_only: bool
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"a letter to the editor " * 100)
    with pytest.raises(ValueError, match=r"log\.sqlite is not an SQLite database"):
        open_it(path, read_only=read_only)
    assert path.read_bytes() == b"a letter to the editor " * 100


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
def test_another_programs_database_is_refused_and_left_alone(path: Path, open_it: Callable[..., Any]) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="another kind or program"):
        open_it(path)
    assert path.read_bytes() == before


def test_a_log_is_no_index_and_an_index_no_log(path: Path) -> None:
    open_log(path).close()
    with pytest.raises(ValueError, match="another kind or program"):
        SqliteIndex(path, ANALYZER)


@pytest.mark.parametrize("open_it", OPEN, ids=["log", "index"])
def test_a_file_of_a_newer_format_is_refused(path: Path, open_it: Callable[..., Any]) -> None:
    open_it(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(ValueError, match=r"newer naqid \(format 2; this one knows 1\)"):
        open_it(path)


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(Unreachable, match="data"):
        open_log(tmp_path / "data" / "log.sqlite")


def test_a_full_disk_is_unreachable_and_nothing_of_the_call_is_done(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.append("articles", [Record("a", "k", b"v")])
        with log._database.reading() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        big = {("table", "key"): bytes(100_000)}
        with pytest.raises(Unreachable, match=r"log\.sqlite: database or disk is full"):
            log.commit("read", "1", Consequences(big, [("articles", Record("b", "k", b"v"))]))
        assert log.position("read") == ""
        assert len(log.read("articles", "", 10)) == 1
        with log._database.reading() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        log.commit("read", "1", Consequences(big))
        assert log.position("read") == "1"


def test_threads_share_a_log(path: Path) -> None:
    with closing(open_log(path)) as log:

        def work(name: int) -> None:
            for number in range(20):
                log.append("articles", [Record(f"{name}-{number}", str(name), b"v")])
                log.read("articles", "", 5)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = [stored.record for stored in log.read("articles", "", 1000)]
    assert len(found) == 80
    for name in range(4):
        assert [r.id for r in found if r.key == str(name)] == [f"{name}-{number}" for number in range(20)]


# The index


def test_a_damaged_document_is_named_and_never_returned(path: Path) -> None:
    with closing(SqliteIndex(path, ANALYZER)) as index:
        index.put([Document("articles", "a", 0, {**article("a", "الجيش").body, "note": "sixteen"})])
    overwrite(path, b"sixteen", b"seventy")
    reason = r"articles a is not what was written: .*move the data folder away.*naqid replay"
    with closing(SqliteIndex(path, ANALYZER)) as index, pytest.raises(Unreachable, match=reason):
        index.search(Query("articles", "الجيش"))


def test_a_destroyed_index_says_how_to_make_a_new_one(path: Path) -> None:
    with closing(SqliteIndex(path, ANALYZER)) as index:
        index.put([article(str(number), "الجيش " * 300) for number in range(30)])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(Unreachable, match=r"is damaged .*move the data folder away.*naqid replay"):
        SqliteIndex(path, ANALYZER)


def test_another_analysis_makes_the_words_anew(path: Path) -> None:
    with closing(SqliteIndex(path, ANALYZER)) as index:
        index.put([article("a", "الجيش من المدينة"), article("b", "الجيش")])
        assert index.search(Query("articles", "من")) == []
    other = Analyzer(frozenset(), {"الجيش": "جند"})
    with pytest.raises(Unreachable, match="other settings of the Arabic analysis"):
        SqliteIndex(path, other, read_only=True)
    with closing(SqliteIndex(path, other)) as index:
        assert [hit.id for hit in index.search(Query("articles", "من"))] == ["a"]
        assert len(index.search(Query("articles", "الجيش"))) == 2
        assert len(index.search(Query("articles", "جند"))) == 2
    with closing(SqliteIndex(path, other, read_only=True)) as index:
        assert index.count("articles") == 2


def test_the_callers_marks_stand_around_the_matches(path: Path) -> None:
    with closing(SqliteIndex(path, ANALYZER, marks=("<", ">"), width=30)) as index:
        index.put([article("a", "انسحب الجيش من المدينة")])
        [hit] = index.search(Query("articles", "الجيش"))
    assert hit.snippet == "انسحب <الجيش> من المدينة"
