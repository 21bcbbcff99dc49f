"""What the spool of the log on Kafka keeps, in which order, and how much."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kafka_spool import Entry, Spool
from pipeline.ports import Record, Unreachable

MEBIBYTE = 1024 * 1024


def entries(*ids: str, value: bytes = b"value") -> list[Entry]:
    return [("articles", Record(id, "syria", value)) for id in ids]


def waiting(spool: Spool, count: int = 1_000, bytes: int = MEBIBYTE) -> list[Entry | None]:
    return [row.entry for row in spool.oldest(count, bytes)]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    opened: list[Spool] = []

    def open(limit: int = MEBIBYTE) -> Spool:
        opened.append(Spool(tmp_path / "spool.sqlite", limit))
        return opened[-1]

    yield open
    for spool in opened:
        spool.close()


def test_a_new_spool_is_empty(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    assert (len(spool), waiting(spool)) == (0, [])


def test_records_come_back_whole_and_in_the_order_in_which_they_were_put(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    put: list[Entry] = [
        ("claims", Record("b", "محافظة دير الزور", "البوكمال".encode())),
        ("articles", Record("a", "", b"")),
        ("claims", Record("z\0z", "k\0", b"\0\xff")),
    ]
    spool.put(put[:1])
    spool.put(put[1:])
    assert waiting(spool) == put


def test_what_was_dropped_is_forgotten_and_the_rest_keeps_its_order(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    spool.put(entries(*"abcd"))
    spool.drop(spool.oldest(2, MEBIBYTE))
    spool.put(entries("e"))
    assert waiting(spool) == entries(*"cde")
    assert len(spool) == 3


def test_what_waits_is_there_after_reopening(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    spool.put(entries(*"abc"))
    spool.drop(spool.oldest(1, MEBIBYTE))
    spool.close()
    reopened = open_spool()
    assert waiting(reopened) == entries(*"bc")
    reopened.put(entries("d"))
    assert waiting(reopened) == entries(*"bcd")


@pytest.mark.parametrize(("count", "bytes", "expected"), [(2, MEBIBYTE, 2), (9, 2_500, 2), (9, 1, 1), (9, MEBIBYTE, 4)])
def test_the_oldest_come_in_portions(open_spool: Callable[..., Spool], count: int, bytes: int, expected: int) -> None:
    spool = open_spool()
    spool.put(entries(*"abcd", value=b"x" * 1_000))
    assert waiting(spool, count, bytes) == entries(*"abcd"[:expected], value=b"x" * 1_000)


def test_a_full_spool_takes_nothing_of_a_call_and_says_why(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool(limit=5_000)
    spool.put(entries(*"ab", value=b"x" * 1_500))
    with pytest.raises(Unreachable, match=r"spool\.sqlite is full: 2 records .* limit of 5000 bytes"):
        spool.put(entries(*"cde", value=b"x" * 1_000))
    assert waiting(spool) == entries(*"ab", value=b"x" * 1_500)


def test_room_comes_back_with_what_is_dropped(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool(limit=5_000)
    for round in range(20):
        spool.put(entries(f"{round} a", f"{round} b", value=b"x" * 2_000))
        spool.drop(spool.oldest(2, MEBIBYTE))
    assert len(spool) == 0


def test_a_full_spool_is_full_after_reopening(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool(limit=5_000)
    spool.put(entries("ا", value=b"x" * 4_000))
    spool.close()
    with pytest.raises(Unreachable, match="is full: 1 records"):
        open_spool(limit=5_000).put(entries("b", value=b"x" * 900))


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9), st.binary(max_size=30)), max_size=9))
def test_the_room_that_is_counted_is_the_room_that_is_counted_after_reopening(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool.sqlite"
    put: list[Entry] = [("events", Record(*text)) for text in texts]
    with closing(Spool(path, MEBIBYTE)) as spool:
        spool.put(put)
        counted = spool._bytes
    with closing(Spool(path, MEBIBYTE)) as reopened:
        assert reopened._bytes == counted
        assert waiting(reopened) == put
        reopened.drop(reopened.oldest(99, MEBIBYTE))
        assert (reopened._bytes, len(reopened)) == (0, 0)


def test_a_damaged_row_is_named_and_hides_no_other(open_spool: Callable[..., Spool], tmp_path: Path) -> None:
    spool = open_spool()
    spool.put(entries(*"abc"))
    spool.close()
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as connection:
        connection.execute("UPDATE spooled SET value = 'other' WHERE number = 2")
        connection.commit()
    rows = open_spool().oldest(9, MEBIBYTE)
    assert [row.entry for row in rows] == [entries("a")[0], None, entries("c")[0]]
    assert "record 2: not what was written" in rows[1].damage


def test_a_record_that_no_file_can_hold_leaves_nothing_of_its_call(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    with pytest.raises(ValueError, match="surrogate"):
        spool.put(entries("a", "\ud800"))
    assert (len(spool), waiting(spool)) == (0, [])
    spool.put(entries("b"))
    assert waiting(spool) == entries("b")


def test_one_thread_puts_while_another_drops(open_spool: Callable[..., Spool]) -> None:
    spool = open_spool()
    ids = [str(number) for number in range(120)]
    taken: list[str] = []

    def take() -> None:
        while len(taken) < len(ids):
            rows = spool.oldest(7, MEBIBYTE)
            taken.extend(row.entry[1].id for row in rows if row.entry)
            spool.drop(rows)

    taker = threading.Thread(target=take)
    taker.start()
    for id in ids:
        spool.put(entries(id))
    taker.join(20)
    assert taken == ids
    assert (len(spool), spool._bytes) == (0, 0)


def put_for_ever(path: Path, told: Any) -> None:
    with closing(Spool(path, MEBIBYTE)) as spool:
        number = 0
        while True:
            spool.put(entries(f"{number} first", f"{number} second"))
            told.send(number)
            number += 1


def test_after_a_kill_every_call_that_returned_is_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    child = fork.Process(target=put_for_ever, args=(path, there), daemon=True)
    child.start()
    told = [here.recv() for _ in range(25)]
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    with closing(Spool(path, MEBIBYTE)) as spool:
        found = [entry[1].id for entry in waiting(spool) if entry]
    whole = [f"{number} {half}" for number in range(len(found) // 2) for half in ("first", "second")]
    assert found == whole
    assert len(found) >= 2 * len(told)
