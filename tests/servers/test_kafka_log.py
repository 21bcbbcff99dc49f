"""The log on a real Kafka: outages, damage, sizes and settings."""

from __future__ import annotations

import gc
import itertools
import logging
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from server_processes import Kafka

from connectors.kafka_log import KafkaLog
from connectors.kafka_producer import WAVE_BYTES, waves
from pipeline.ports import Log, Record, Rejected, Topic, Unreachable
from pipeline.settings import Secret

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PARTITIONS = {"articles": 3, "claims": 1, "events": 1, "alerts": 1, "rejected": 1}
PATIENCE = 3.0
SECRET = "correct-horse-battery"

Open = Callable[..., KafkaLog]


@pytest.fixture
def prefix() -> str:
    return f"{uuid4().hex[:8]}-"


@pytest.fixture
def open_log(kafka: Kafka, tmp_path: Path, prefix: str) -> Iterator[Open]:
    """Opens a log over topics and a spool of this test's own; whatever is still open is closed after it."""
    with ExitStack() as stack:

        def open(bootstrap: str = kafka.bootstrap, **settings: Any) -> KafkaLog:
            given = {
                "spool": tmp_path / "spool.sqlite",
                "partitions": PARTITIONS,
                "prefix": prefix,
                "patience": PATIENCE,
            }
            return stack.enter_context(closing(KafkaLog(bootstrap, **(given | settings))))

        yield open


@pytest.fixture
def admin(kafka: Kafka) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as client:
        yield client


@contextmanager
def stopped(kafka: Kafka) -> Iterator[None]:
    kafka.stop()
    try:
        yield
    finally:
        kafka.start()


@contextmanager
def paused(kafka: Kafka) -> Iterator[None]:
    kafka.pause()
    try:
        yield
    finally:
        kafka.resume()


def record(id: str, key: str = "syria", value: bytes = b"value") -> Record:
    return Record(id, key, value)


def read_all(log: Log, topic: Topic = "articles", position: str = "") -> list[Record]:
    found: list[Record] = []
    while page := log.read(topic, position, 100):
        found += [stored.record for stored in page]
        position = page[-1].position
    return found


def first_seen(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(record.id for record in records))


def emptied(log: KafkaLog, seconds: float = 30) -> bool:
    """Whether the spool is empty before the time is up."""
    end = time.monotonic() + seconds
    while log.spooled() and time.monotonic() < end:
        time.sleep(0.05)
    return log.spooled() == 0


def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


# Outages


def test_a_broker_that_is_stopped_and_started_under_appends_loses_nothing_and_keeps_the_order_of_each_key(
    kafka: Kafka, open_log: Open
) -> None:
    log, keys, appended = open_log(), ["syria", "iraq", "yemen", "sudan"], list[Record]()
    over = threading.Event()

    def append() -> None:
        for number, key in enumerate(itertools.cycle(keys)):
            batch = [record(f"{number} {part}", key) for part in "ab"]
            log.append("articles", batch)
            appended.extend(batch)
            if over.wait(0.02):
                return

    appender = threading.Thread(target=append)
    appender.start()
    time.sleep(1)
    with stopped(kafka):
        time.sleep(5)
        assert log.spooled() > 0
    time.sleep(2)
    over.set()
    appender.join(30)
    assert emptied(log)
    found = read_all(log)
    for key in keys:
        assert first_seen([one for one in found if one.key == key]) == [one.id for one in appended if one.key == key]
    assert len(appended) > 50


def test_while_the_broker_is_silent_records_wait_in_the_spool_and_go_in_order_when_it_answers(
    kafka: Kafka, open_log: Open
) -> None:
    log = open_log()
    log.append("articles", [record("before")])
    with paused(kafka):
        began = time.monotonic()
        log.append("articles", [record("a"), record("b")])
        assert time.monotonic() - began < 3 * PATIENCE
        began = time.monotonic()
        log.append("articles", [record("c")])
        assert time.monotonic() - began < 1
        assert log.spooled() == 3
        with pytest.raises(Unreachable, match=r"Kafka at 127\.0\.0\.1"):
            log.read("articles", "", 10)
    assert emptied(log)
    log.append("articles", [record("after")])
    assert first_seen(read_all(log)) == ["before", "a", "b", "c", "after"]


def test_an_outage_longer_than_the_delivery_timeout_ends_with_a_new_producer_and_nothing_lost(
    kafka: Kafka, open_log: Open, caplog: pytest.LogCaptureFixture
) -> None:
    # The library may fall silent for good when a batch that it had sent expires.
    log = open_log(patience=2 * PATIENCE, delivery_timeout=PATIENCE + 0.1)
    log.append("articles", [record("before")])
    with paused(kafka):
        log.append("articles", [record("a"), record("b", "iraq")])
        assert "Expiring" in caplog.text
        time.sleep(PATIENCE)
    assert emptied(log)
    log.append("articles", [record("after"), record("after too", "iraq")])
    assert log.spooled() == 0
    found = read_all(log)
    assert first_seen([one for one in found if one.key == "syria"]) == ["before", "a", "after"]
    assert first_seen([one for one in found if one.key == "iraq"]) == ["b", "after too"]


def test_without_a_spool_an_append_to_an_absent_broker_is_unreachable_and_the_next_one_goes_through(
    kafka: Kafka, open_log: Open
) -> None:
    log = open_log(spool=None)
    log.append("articles", [record("before")])
    with stopped(kafka), pytest.raises(Unreachable):
        log.append("articles", [record("a")])
    log.append("articles", [record("a"), record("b")])
    assert first_seen(read_all(log)) == ["before", "a", "b"]


def test_a_full_spool_is_unreachable_and_takes_nothing_of_the_call(kafka: Kafka, open_log: Open, prefix: str) -> None:
    log = open_log(spool_bytes=5_000)
    log.append("articles", [record("before")])
    with stopped(kafka):
        log.append("articles", [record("a", value=b"x" * 4_000)])
        with pytest.raises(Unreachable, match="is full: 1 records"):
            log.append("articles", [record("b"), record("c", value=b"x" * 4_000)])
        assert log.spooled() == 1
    assert emptied(log)
    log.append("articles", [record("d")])
    assert first_seen(read_all(log)) == ["before", "a", "d"]


def test_what_waits_in_the_spool_goes_out_when_the_log_is_opened_again_without_an_append(open_log: Open) -> None:
    away = open_log(nowhere())
    away.append("articles", [record("a"), record("b")])
    away.close()
    log = open_log()
    assert emptied(log)
    assert first_seen(read_all(log)) == ["a", "b"]


@pytest.mark.parametrize("broker", ["absent", "present"])
def test_after_a_kill_every_append_that_returned_is_read_in_order(
    kafka: Kafka, open_log: Open, prefix: str, tmp_path: Path, broker: str
) -> None:
    address = kafka.bootstrap if broker == "present" else nowhere()
    program = f"""
import itertools, pathlib
from connectors.kafka_log import KafkaLog
from pipeline.ports import Record
log = KafkaLog({address!r}, spool=pathlib.Path({str(tmp_path / "spool.sqlite")!r}), partitions={PARTITIONS!r},
               prefix={prefix!r}, patience={PATIENCE})
for number in itertools.count():
    log.append("articles", [Record(str(number), "syria", b"value")])
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        returned = [line.strip() for line, _ in zip(child.stdout, range(40), strict=False)]
        child.send_signal(signal.SIGKILL)
        returned += [line.strip() for line in child.stdout if line.endswith("\n")]
    assert len(returned) >= 40
    log = open_log()
    assert emptied(log)
    found = first_seen(read_all(log))
    assert found[: len(returned)] == returned
    assert found == [str(number) for number in range(len(found))]


def test_a_record_damaged_in_the_spool_is_rejected_by_name_and_holds_nothing_up(open_log: Open, tmp_path: Path) -> None:
    away = open_log(nowhere())
    away.append("articles", [record("a"), record("b"), record("c")])
    away.close()
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as connection:
        connection.execute("UPDATE spooled SET key = 'iraq' WHERE number = 2")
        connection.commit()
    log = open_log()
    assert emptied(log)
    assert first_seen(read_all(log)) == ["a", "c"]
    (rejected,) = read_all(log, "rejected")
    assert b"record 2: not what was written" in rejected.value


def test_attempts_that_fail_leave_no_thread_and_no_file_behind(
    open_log: Open, caplog: pytest.LogCaptureFixture
) -> None:
    # The records of the log hold the connections that they tell of.
    caplog.set_level(logging.CRITICAL, "kafka")
    log = open_log(nowhere(), spool=None)

    def attempt() -> None:
        with pytest.raises(Unreachable):
            log.append("articles", [record("a")])
        with pytest.raises(Unreachable):
            log.read("articles", "", 1)

    def held() -> tuple[int, int]:
        # A connection that failed hangs in a circle of references.
        gc.collect()
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    attempt()
    before = held()
    attempt()
    assert held() == before


def test_an_unknown_host_is_named_when_something_is_asked_of_it(open_log: Open) -> None:
    log = open_log("no-such-host.invalid:9092")
    for ask in (log.check, lambda: log.read("articles", "", 1), lambda: log.size("articles")):
        with pytest.raises(Unreachable, match=r"Kafka at no-such-host\.invalid:9092"):
            ask()
    log.append("articles", [record("a")])
    assert log.spooled() == 1


# Topics


def test_topics_are_created_with_their_partitions_and_kept_as_long_as_the_settings_say(
    open_log: Open, admin: KafkaAdminClient, prefix: str
) -> None:
    open_log(retention=timedelta(days=30), record_bytes=5 * 1024 * 1024).check()
    described = admin.describe_topics([prefix + topic for topic in PARTITIONS])
    assert {topic["name"]: len(topic["partitions"]) for topic in described} == {
        prefix + topic: count for topic, count in PARTITIONS.items()
    }
    for topic in PARTITIONS:
        configuration = topic_configuration(admin, prefix + topic)
        assert configuration["retention.ms"] == str(30 * 24 * 3600 * 1000)
        assert configuration["cleanup.policy"] == "delete"
        assert int(configuration["max.message.bytes"]) > 5 * 1024 * 1024


def topic_configuration(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    (resource,) = (
        [row for rows in described.values() for row in rows.values()] if isinstance(described, dict) else described
    )
    return {key: value["value"] for key, value in resource.items()}


@pytest.mark.parametrize("use", ["append", "read", "check"])
def test_a_topic_of_another_number_of_partitions_is_an_error_that_names_both(
    open_log: Open, prefix: str, use: str
) -> None:
    open_log(spool=None).check()
    log = open_log(partitions=PARTITIONS | {"articles": 12})
    uses: dict[str, Callable[[], object]] = {
        "append": lambda: log.append("articles", [record("a")]),
        "read": lambda: log.read("articles", "", 1),
        "check": log.check,
    }
    with pytest.raises(ValueError, match=f"{prefix}articles has 3 partitions, and the settings say 12"):
        uses[use]()
    assert log.spooled() == 0


def test_two_processes_that_create_the_topics_at_once_both_succeed(open_log: Open) -> None:
    logs = [open_log(spool=None) for _ in range(3)]
    failures: list[Exception] = []

    def check(log: KafkaLog) -> None:
        try:
            log.check()
        except (ValueError, Unreachable) as error:
            failures.append(error)

    threads = [threading.Thread(target=check, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_more_copies_than_there_are_brokers_is_unreachable_and_says_so(open_log: Open) -> None:
    with pytest.raises(Unreachable, match=r"cannot be created: .*replication factor"):
        open_log(replication=3).check()


# Records


def test_a_record_carries_its_id_in_a_header_and_lies_where_javas_partitioner_would_put_it(
    kafka: Kafka, open_log: Open, prefix: str
) -> None:
    # Hashes from Kafka's own test of murmur2.
    hashes = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107}
    open_log().append("articles", [Record(f"id of {key} حدث", key, b"value") for key in hashes])
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    with closing(consumer):
        parts = [TopicPartition(f"{prefix}articles", number) for number in range(3)]
        consumer.assign(parts)
        consumer.seek_to_beginning()
        found = {}
        while len(found) < len(hashes):
            for part, messages in consumer.poll(timeout_ms=1_000).items():
                found |= {message.key.decode(): (part.partition, message) for message in messages}
    for key, number in hashes.items():
        partition, message = found[key]
        assert partition == (number & 0x7FFFFFFF) % 3
        assert message.headers == [("id", f"id of {key} حدث".encode())]


def test_a_record_of_five_megabytes_passes_both_ways_and_through_the_spool(kafka: Kafka, open_log: Open) -> None:
    # Not to be compressed.
    large = [record(name, value=hard_to_compress(5 * 1024 * 1024, name)) for name in ("first", "second")]
    log = open_log(patience=8.0)
    log.append("articles", [record("a"), large[0], record("b")])
    with stopped(kafka):
        log.append("articles", [large[1], record("c")])
    assert emptied(log)
    found = {one.id: one for one in read_all(log)}
    assert first_seen(read_all(log)) == ["a", "first", "b", "second", "c"]
    assert (found["first"], found["second"]) == (large[0], large[1])


def hard_to_compress(size: int, seed: str) -> bytes:
    return random.Random(seed).randbytes(size)


def test_a_record_above_the_limit_is_rejected_and_nothing_of_its_call_is_appended(open_log: Open) -> None:
    log = open_log(record_bytes=2 * 1024 * 1024)
    with pytest.raises(Rejected, match=r"record large: 2097\d+ bytes, and the log takes 2097152 at most"):
        log.append("articles", [record("small"), record("large", value=b"x" * 2 * 1024 * 1024)])
    assert read_all(log) == []


def test_a_topic_that_does_not_take_a_record_is_named_with_its_setting_and_takes_it_once_that_is_raised(
    open_log: Open, admin: KafkaAdminClient, prefix: str
) -> None:
    log = open_log()
    log.check()
    limit(admin, f"{prefix}articles", 200_000)
    with pytest.raises(Unreachable, match=rf"{prefix}articles does not take the record large .* max\.message\.bytes"):
        open_log(spool=None).append("articles", [record("large", value=hard_to_compress(300_000, "x"))])
    log.append("articles", [record("large", value=hard_to_compress(300_000, "x")), record("behind")])
    assert log.spooled() == 2
    limit(admin, f"{prefix}articles", 9 * 1024 * 1024)
    assert emptied(log)
    assert first_seen(read_all(log)) == ["large", "behind"]


def limit(admin: KafkaAdminClient, topic: str, bytes: int) -> None:
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": str(bytes)})])


def test_threads_that_append_at_once_each_keep_their_order(open_log: Open) -> None:
    log = open_log()

    def append(key: str) -> None:
        for number in range(20):
            log.append("articles", [record(f"{key} {number}", key)])

    threads = [threading.Thread(target=append, args=(key,)) for key in ("syria", "iraq", "yemen")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_all(log)
    for key in ("syria", "iraq", "yemen"):
        assert [one.id for one in found if one.key == key] == [f"{key} {number}" for number in range(20)]


@pytest.mark.parametrize("sizes", [[], [1], [10] * 2_500, [WAVE_BYTES * 3, 1, WAVE_BYTES // 2, WAVE_BYTES // 2, 1]])
def test_waves_hold_every_record_once_in_order_and_fit_a_batch_unless_one_record_is_larger(sizes: list[int]) -> None:
    entries: list[tuple[Topic, Record]] = [
        ("articles", Record(str(number), "k", b"x" * size)) for number, size in enumerate(sizes)
    ]
    made = [list(wave) for wave in waves(entries)]
    assert [entry for wave in made for entry in wave] == entries
    assert all(wave and len(wave) <= 1_000 for wave in made)
    assert all(len(wave) == 1 or sum(len(one.value) for _, one in wave) <= WAVE_BYTES for wave in made)


# Reading


def test_sizes_and_backlogs_are_counted_over_all_partitions(open_log: Open) -> None:
    log = open_log()
    assert (log.size("articles"), log.behind("articles", "")) == (0, 0)
    log.append("articles", [record(str(number), str(number)) for number in range(30)])
    page = log.read("articles", "", 12)
    assert log.size("articles") == 30
    assert log.behind("articles", "") == 30
    assert log.behind("articles", page[-1].position) == 30 - len(page)


def test_every_partition_is_read_from_whatever_position_to_its_end(open_log: Open) -> None:
    log = open_log()
    written = [record(str(number), str(number % 17)) for number in range(300)]
    log.append("articles", written)
    position, found = "", list[Record]()
    while page := log.read("articles", position, 7):
        assert len(page) <= 7
        # Not from where the last page ended, so that the reader has to seek back.
        found.append(page[0].record)
        position = page[0].position
    assert sorted(one.id for one in found) == sorted(one.id for one in written)


@pytest.mark.parametrize("position", ["x", "1", "0,0", "0,0,0,0", "0,0,-1", "0;0;0", "٠,٠,٠"])
def test_what_is_no_position_of_the_topic_is_rejected(open_log: Open, position: str) -> None:
    log = open_log()
    with pytest.raises(Rejected, match="is not a position in it"):
        log.read("articles", position, 1)


def test_a_position_beyond_the_end_means_that_kafka_lost_records_and_what_it_has_is_read_again(open_log: Open) -> None:
    log = open_log()
    log.append("claims", [record(str(number)) for number in range(4)])
    with pytest.raises(Rejected, match=r"lost what stood in partition 0 \(5 records\)") as lost:
        log.read("claims", "9", 10)
    assert log.behind("claims", "9") == 4
    again = log.read("claims", lost.value.position, 10)  # type: ignore[attr-defined]
    assert [stored.record.id for stored in again] == ["0", "1", "2", "3"]


def test_records_that_are_kept_no_longer_are_told_once_and_reading_goes_on_behind_them(
    open_log: Open, admin: KafkaAdminClient, prefix: str
) -> None:
    log = open_log()
    log.append("claims", [record(str(number)) for number in range(10)])
    position = log.read("claims", "", 2)[-1].position
    admin.delete_records({TopicPartition(f"{prefix}claims", 0): 6})
    with pytest.raises(Rejected, match="4 records after '2' are kept no longer") as gone:
        open_log(spool=None).read("claims", position, 10)
    assert [one.id for one in read_all(log, "claims", behind(gone.value))] == ["6", "7", "8", "9"]
    assert [one.id for one in read_all(log, "claims")] == ["6", "7", "8", "9"]
    assert (log.size("claims"), log.behind("claims", position)) == (4, 4)


def behind(error: BaseException) -> str:
    return str(getattr(error, "position", ""))


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"key", b"value", []),
        (None, b"value", [("id", b"1")]),
        (b"key", None, [("id", b"1")]),
        (b"\xff", b"value", [("id", b"1")]),
        (b"key", b"value", [("id", b"\xff")]),
    ],
    ids=["no id", "no key", "no value", "bad key", "bad id"],
)
def test_a_record_of_another_program_is_rejected_by_name_and_its_neighbours_are_read(
    kafka: Kafka, open_log: Open, prefix: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    log = open_log()
    log.append("claims", [record("before")])
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        producer.send(f"{prefix}claims", key=key, value=value, headers=headers).get(timeout=10)
    log.append("claims", [record("after")])
    (before,) = log.read("claims", "", 10)
    with pytest.raises(Rejected, match="partition 0, record 1: ") as strange:
        log.read("claims", before.position, 10)
    (after,) = log.read("claims", behind(strange.value), 10)
    assert [before.record.id, after.record.id] == ["before", "after"]


def test_records_damaged_on_the_brokers_disk_are_rejected_by_name_and_the_others_are_read(
    kafka: Kafka, open_log: Open, prefix: str
) -> None:
    log = open_log()
    for batch in ("ab", "cde", "f"):
        log.append("claims", [record(id, value=f"value of {id}".encode() * 9) for id in batch])
    log.close()
    segment = kafka.folder / "data" / f"{prefix}claims-0" / f"{0:020}.log"
    with stopped(kafka):
        damage_batch(segment, 1)
    log = open_log()
    position, found, told = "", list[str](), list[str]()
    for _ in range(20):
        try:
            page = log.read("claims", position, 10)
        except Rejected as damage:
            told.append(str(damage))
            position = behind(damage)
            continue
        if not page:
            break
        found += [stored.record.id for stored in page]
        position = page[-1].position
    assert found == ["a", "b", "f"]
    assert len(told) == 1
    assert f"topic {prefix}claims, partition 0, records 2 to 4: " in told[0]


def damage_batch(segment: Path, number: int) -> None:
    """Change a byte in the records of a batch: a batch is 8 bytes of offset, 4 of length, and that many more."""
    data = bytearray(segment.read_bytes())
    start = 0
    for _ in range(number):
        start += 12 + int.from_bytes(data[start + 8 : start + 12], "big")
    data[start + 12 + int.from_bytes(data[start + 8 : start + 12], "big") - 3] ^= 0xFF
    segment.write_bytes(data)


# Settings and secrets


@pytest.mark.parametrize(
    ("bootstrap", "settings", "message"),
    [
        ("", {}, "needs an address"),
        ("host", {}, "HOST:PORT"),
        ("user:pass@host:9092", {}, "HOST:PORT"),
        ("host:99999", {}, "HOST:PORT"),
        ("host:9092", {"partitions": 0}, "topic articles needs a number of partitions"),
        ("host:9092", {"partitions": {"articles": 3}}, "topic claims needs a number of partitions"),
        ("host:9092", {"replication": 0}, "replication"),
        ("host:9092", {"record_bytes": 10}, "bytes or more"),
        ("host:9092", {"user": "naqid"}, "a user and a password"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_opening(bootstrap: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        KafkaLog(bootstrap, **({"spool": None, "partitions": 3} | settings))
    assert "pass" not in str(refused.value).replace("password", "")


def test_a_second_process_cannot_open_the_same_spool(open_log: Open) -> None:
    open_log()
    with pytest.raises(Unreachable, match="being written by another naqid"):
        open_log()


def test_a_closed_log_is_unreachable(open_log: Open) -> None:
    log = open_log()
    log.close()
    log.close()
    for use in (
        lambda: log.append("articles", [record("a")]),
        lambda: log.read("articles", "", 1),
        lambda: log.size("articles"),
        log.check,
    ):
        with pytest.raises(Unreachable, match="was closed"):
            use()


def test_an_unknown_topic_is_an_error_that_names_it(open_log: Open) -> None:
    log = open_log()
    strange: Any = "gossip"
    with pytest.raises(ValueError, match="no topic 'gossip'"):
        log.append(strange, [record("a")])
    with pytest.raises(ValueError, match="no topic 'gossip'"):
        log.read(strange, "", 1)


class GuardedKafka(Kafka):
    """A broker that speaks TLS only, with a certificate of its own, to those who log in."""

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def _command(self) -> list[str]:
        command = super()._command()
        store, keytool = self.folder / "keys.p12", self._java.program("keytool")
        if not store.exists():
            common = ["-keystore", str(store), "-storetype", "PKCS12", "-storepass", "changeit", "-alias", "kafka"]
            pair = ["-genkeypair", "-keyalg", "RSA", "-dname", "CN=127.0.0.1", "-ext", "SAN=ip:127.0.0.1"]
            subprocess.run([keytool, *pair, *common], check=True, capture_output=True)
            subprocess.run([keytool, "-exportcert", "-rfc", "-file", str(self.authority), *common], check=True)
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        users = f'username="broker" password="other" user_broker="other" user_naqid="{SECRET}"'
        with (self.folder / "server.properties").open("a", encoding="utf-8") as properties:
            properties.write(
                f"listeners=SASL_SSL://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}\n"
                f"advertised.listeners=SASL_SSL://{self.bootstrap}\n"
                "listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT\n"
                "inter.broker.listener.name=SASL_SSL\n"
                "sasl.enabled.mechanisms=PLAIN\nsasl.mechanism.inter.broker.protocol=PLAIN\n"
                f"listener.name.sasl_ssl.plain.sasl.jaas.config={module} required {users};\n"
                f"ssl.keystore.location={store}\nssl.keystore.type=PKCS12\nssl.keystore.password=changeit\n"
                f"ssl.truststore.location={store}\nssl.truststore.type=PKCS12\nssl.truststore.password=changeit\n"
            )
        return command


def test_a_broker_with_tls_and_a_login_is_used_with_the_right_password_and_authority_only(
    kafka: Kafka, open_log: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with stopped(kafka), GuardedKafka(tmp_path / "guarded") as guarded:
        right: dict[str, Any] = {
            "spool": None,
            "user": "naqid",
            "password": Secret(SECRET),
            "mechanism": "PLAIN",
            "tls": True,
            "authority": guarded.authority,
        }
        log = open_log(guarded.bootstrap, **right)
        log.append("articles", [record("a"), record("b")])
        assert first_seen(read_all(log)) == ["a", "b"]
        log.close()
        for wrong in ({"password": Secret("wrong " + SECRET)}, {"authority": None}, {"tls": False, "authority": None}):
            with pytest.raises(Unreachable, match="or it refuses this login or encryption") as refused:
                open_log(guarded.bootstrap, **(right | wrong)).check()
            told.append(f"{refused.value} {refused.value.__cause__!r}")
    assert SECRET not in caplog.text + "".join(told)


def test_the_password_shows_in_no_message_and_no_log(open_log: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # The broker knows no login, so that every step up to it is made.
    log = open_log(spool=None, user="naqid", password=Secret(SECRET))
    told = [repr(log), repr(vars(log))]
    for use in (log.check, lambda: log.append("articles", [record("a")]), lambda: log.read("articles", "", 1)):
        with pytest.raises(Unreachable) as refused:
            use()
        error: BaseException | None = refused.value
        while error is not None:
            told.append(f"{error!r} {error}")
            error = error.__cause__ or error.__context__
    assert "sasl" in caplog.text.lower()
    assert SECRET not in caplog.text + "".join(told)
