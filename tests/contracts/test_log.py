"""What every log promises (`pipeline.ports.Log`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.ports import Log, Record, Stored

Open = Callable[[], Log]


def records(*ids: str, key: str = "syria") -> list[Record]:
    return [Record(id, key, f"value of {id}".encode()) for id in ids]


def read_all(log: Log, limit: int = 2) -> list[Record]:
    """All articles, read in pages."""
    found: list[Record] = []
    position = ""
    while page := log.read("articles", position, limit):
        found += [stored.record for stored in page]
        position = page[-1].position
    return found


def test_an_empty_topic_reads_as_an_empty_list(open_log: Open) -> None:
    assert open_log().read("articles", "", 10) == []


def test_records_come_back_whole_and_in_the_order_of_their_appending(open_log: Open) -> None:
    log = open_log()
    written = records("c", "a", "b")
    log.append("articles", written[:1])
    log.append("articles", written[1:])
    assert [stored.record for stored in log.read("articles", "", 10)] == written


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_reading_in_pages_of_any_size_gives_every_record_once(open_log: Open, limit: int) -> None:
    log = open_log()
    written = records(*"abcde")
    log.append("articles", written)
    assert read_all(log, limit) == written


def test_a_page_holds_at_most_the_limit(open_log: Open) -> None:
    log = open_log()
    log.append("articles", records(*"abcde"))
    assert len(log.read("articles", "", 3)) == 3


def test_reading_goes_on_behind_the_position_of_any_record(open_log: Open) -> None:
    log = open_log()
    log.append("articles", records(*"abcd"))
    everything = log.read("articles", "", 10)
    for number, stored in enumerate(everything):
        assert log.read("articles", stored.position, 10) == everything[number + 1 :]


def test_at_the_end_the_list_is_empty_until_something_is_appended(open_log: Open) -> None:
    log = open_log()
    log.append("articles", records("a"))
    end = log.read("articles", "", 10)[-1].position
    assert log.read("articles", end, 10) == []
    log.append("articles", records("b"))
    assert [stored.record.id for stored in log.read("articles", end, 10)] == ["b"]


def test_appending_no_records_changes_nothing(open_log: Open) -> None:
    log = open_log()
    log.append("articles", [])
    assert log.read("articles", "", 10) == []


def test_topics_do_not_mix(open_log: Open) -> None:
    log = open_log()
    log.append("articles", records("a"))
    log.append("claims", records("a", "b"))
    assert [stored.record.id for stored in log.read("articles", "", 10)] == ["a"]
    assert [stored.record.id for stored in log.read("claims", "", 10)] == ["a", "b"]
    assert log.read("rejected", "", 10) == []


def test_a_record_appended_again_loses_none_and_keeps_the_order(open_log: Open) -> None:
    log = open_log()
    log.append("articles", records("a", "b"))
    log.append("articles", records("b", "c", "c"))
    first_seen = list(dict.fromkeys(record.id for record in read_all(log)))
    assert first_seen == ["a", "b", "c"]


def test_what_was_appended_is_there_after_reopening(open_log: Open) -> None:
    log = open_log()
    written = records("a", "b")
    log.append("articles", written)
    position = log.read("articles", "", 1)[0].position
    log.close()
    reopened = open_log()
    assert [stored.record for stored in reopened.read("articles", "", 10)] == written
    assert [stored.record for stored in reopened.read("articles", position, 10)] == written[1:]


@pytest.mark.parametrize(
    "record",
    [
        Record("empty", "", b""),
        Record("arabic", "محافظة دير الزور", "البوكمال".encode()),
        Record("zeros", "a\0b", b"\0\xff" * 10),
        Record("large", "k", bytes(range(256)) * 4_000),
    ],
    ids=lambda record: record.id,
)
def test_any_key_and_any_bytes_come_back_unaltered(open_log: Open, record: Record) -> None:
    log = open_log()
    log.append("articles", [record])
    found: list[Stored] = log.read("articles", "", 1)
    assert [stored.record for stored in found] == [record]
