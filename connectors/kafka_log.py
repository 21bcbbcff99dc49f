"""The log on Kafka, with a spool on the local disk for the time that Kafka is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from connectors.kafka_access import Hidden, KafkaAccess, Mechanism, addresses
from connectors.kafka_producer import WAVE_BYTES, WAVE_RECORDS, WaveProducer, waves
from connectors.kafka_reading import TopicReader
from connectors.kafka_spool import Entry, Spool, Spooled, size
from connectors.kafka_topics import TOPICS, KafkaTopics
from pipeline import steps
from pipeline.ports import Record, Rejected, Stored, Topic, Unreachable

PATIENCE = 10.0
"""Seconds to wait for Kafka's acknowledgement or answer."""
DELIVERY_TIMEOUT = 3_600.0
"""Seconds after which the library gives a record up by itself; far above `PATIENCE`, so that it never does."""
SPOOL_BYTES = 512 * 1024 * 1024
RECORD_BYTES = 8 * 1024 * 1024
RETENTION = timedelta(days=365)
_RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)


class KafkaLog:
    """The port `Log` over the brokers at `bootstrap` ("host:port,…"); threads may share it. Connects when first used.

    `append` returns when Kafka has acknowledged the records on every copy that has to have them, or when they are in
    the spool on the local disk. While anything waits there, later records go behind it; a thread sends them on in
    their order as soon as Kafka takes them, in this process or in the next one that opens the spool. So a returned
    record is durable, of one key in its order, and readable once the spool is empty. What was sent without an
    acknowledgement is sent again and may be stored twice. `append` raises `Unreachable` when the spool is full, and
    without a spool (None) whenever Kafka is away; `Rejected`, with nothing done, for a record above `record_bytes`.

    `partitions` are those of every topic or of each. Missing topics are created before the first use, kept for
    `retention`; a topic of another number of partitions raises `ValueError` then. `prefix` stands before the names of
    the topics. With `user`, naqid logs in; `tls` encrypts, trusting `authority` or what the system trusts.

    Raises, at opening, `ValueError` for settings that cannot be and what `Spool` raises: one process writes a spool.
    """

    def __init__(
        self,
        bootstrap: str | Sequence[str],
        *,
        spool: Path | None,
        partitions: Mapping[str, int] | int,
        replication: int = 1,
        user: str = "",
        password: Hidden | None = None,
        mechanism: Mechanism = "SCRAM-SHA-512",
        tls: bool = False,
        authority: Path | None = None,
        prefix: str = "",
        retention: timedelta = RETENTION,
        spool_bytes: int = SPOOL_BYTES,
        record_bytes: int = RECORD_BYTES,
        patience: float = PATIENCE,
        delivery_timeout: float = DELIVERY_TIMEOUT,
    ) -> None:
        self._access = KafkaAccess(addresses(bootstrap), user, password, mechanism, tls, authority)
        counts = {topic: partitions if isinstance(partitions, int) else partitions.get(topic, 0) for topic in TOPICS}
        _refuse_impossible(counts, replication, record_bytes)
        self._topics = KafkaTopics(counts, replication, prefix, retention, record_bytes)
        self._producer = WaveProducer(self._access, self._topics, patience, delivery_timeout)
        self._readers = {
            topic: TopicReader(
                self._access, self._topics.name(topic), counts[topic], record_bytes, patience, self.check
            )
            for topic in TOPICS
        }
        self._appending = threading.Lock()
        self._closed = threading.Event()
        self._waiting = threading.Event()
        self._sender = threading.Thread(target=self._send_spooled, name="naqid-spool", daemon=True)
        self._spool = Spool(spool, spool_bytes) if spool is not None else None
        if self._spool:
            self._wake()

    def check(self) -> None:
        """Connect now, and create the topics that are missing.

        Raises `Unreachable`, and `ValueError` when a topic has another number of partitions than the settings say.
        """
        self._refuse_closed()
        self._topics.ensure(self._access)

    def append(self, topic: Topic, records: Sequence[Record]) -> None:
        entries = [(topic, self._sound(topic, record)) for record in records]
        with self._appending:
            self._refuse_closed()
            done = 0
            if not self._spool:
                try:
                    for wave in waves(entries):
                        self._producer.send(wave)
                        done += len(wave)
                except Unreachable as error:
                    if self._spool is None:
                        raise
                    _log.warning("records wait in %s: %s", self._spool.path, error)
            if self._spool is not None and done < len(entries):
                self._spool.put(entries[done:])
                self._wake()

    def read(self, topic: Topic, position: str, limit: int) -> list[Stored]:
        return self._reader(topic).read(position, limit)

    def size(self, topic: Topic) -> int:
        """How many records Kafka keeps of the topic."""
        return self._reader(topic).size()

    def behind(self, topic: Topic, position: str) -> int:
        """How many records of the topic lie after `position`."""
        return self._reader(topic).behind(position)

    def spooled(self) -> int:
        """How many appended records wait in the spool."""
        return len(self._spool) if self._spool is not None else 0

    def close(self) -> None:
        """Give everything back. What waits in the spool is sent when it is next opened. Closing twice is allowed."""
        self._closed.set()
        self._waiting.set()
        if self._sender.is_alive():
            self._sender.join()
        with self._appending:
            self._producer.close()
            if self._spool is not None:
                self._spool.close()
        for reader in self._readers.values():
            reader.close()

    def _wake(self) -> None:
        """Have the spool emptied."""
        self._waiting.set()
        if self._sender.ident is None:
            self._sender.start()

    def _send_spooled(self) -> None:
        """Send what the spool holds, oldest first, whenever it holds something; runs until the log is closed.

        While it holds something `append` only adds to it, so the producer is this thread's alone.
        """
        assert self._spool is not None
        trouble = ""
        while not self._closed.is_set():
            if not self._spool:
                if trouble:
                    _log.info("%s has what waited in %s", self._access.where, self._spool.path)
                    trouble = ""
                self._waiting.wait()
                self._waiting.clear()
                continue
            try:
                rows = self._spool.oldest(WAVE_RECORDS, WAVE_BYTES)
                self._producer.send([_sendable(row) for row in rows])
                self._spool.drop(rows)
            except Exception as error:  # noqa: BLE001 - whatever it is, the records stay and are tried again
                if str(error) != trouble:
                    trouble = str(error)
                    _log.warning("%d records wait in %s: %s", len(self._spool), self._spool.path, trouble)
                self._closed.wait(_RETRY_SECONDS)

    def _sound(self, topic: Topic, record: Record) -> Record:
        self._topics.name(topic)
        if size(record) > self._topics.record_bytes:
            raise Rejected(
                f"log, topic {topic}, record {record.id}: {size(record)} bytes, and the log takes "
                f"{self._topics.record_bytes} at most"
            )
        return record

    def _reader(self, topic: Topic) -> TopicReader:
        self._refuse_closed()
        self._topics.name(topic)
        return self._readers[topic]

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise Unreachable(f"the log on {self._access.where} was closed")


def _sendable(row: Spooled) -> Entry:
    """The row's record; of a damaged row, the record that says so in the topic "rejected"."""
    if row.entry is not None:
        return row.entry
    _log.error("%s", row.damage)
    (refused,) = steps.refused("spool", str(row.number), row.damage).consequences.appends
    return refused


def _refuse_impossible(partitions: Mapping[Topic, int], replication: int, record_bytes: int) -> None:
    for topic, count in partitions.items():
        if count < 1:
            raise ValueError(f"the topic {topic} needs a number of partitions, 1 or more")
    if replication < 1:
        raise ValueError(f"replication has to be 1 or more, not {replication}")
    if record_bytes < 2 * WAVE_BYTES:
        raise ValueError(f"a record has to be allowed {2 * WAVE_BYTES} bytes or more, not {record_bytes}")
