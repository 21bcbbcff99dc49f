"""Sending records to Kafka so that an acknowledgement comes or the sending is known to have failed, in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from connectors.kafka_access import KafkaAccess
from connectors.kafka_spool import Entry, size
from connectors.kafka_topics import ENVELOPE_BYTES, KafkaTopics
from pipeline.ports import Unreachable

WAVE_BYTES = 512 * 1024
WAVE_RECORDS = 1_000
ID_HEADER = "id"
"""The header of a Kafka record that holds the record's id."""


class WaveProducer:
    """An idempotent producer that sends one wave of records and waits for it before the next.

    The library's producer, once a batch that it had sent expires, may never send again, and a batch that fails may
    be overtaken by a later one. So a wave makes one batch a partition, and a producer of which anything failed is
    thrown away: nothing of it goes out any more. One thread sends at a time.
    """

    def __init__(self, access: KafkaAccess, topics: KafkaTopics, patience: float, delivery_timeout: float) -> None:
        self._access = access
        self._topics = topics
        self._patience = patience
        self._delivery_timeout = delivery_timeout
        self._producer: KafkaProducer | None = None

    def send(self, wave: Sequence[Entry]) -> None:
        """Returns when Kafka has acknowledged every record of the wave on all copies that have to have it.

        Raises `Unreachable` when that is not known of every one: all have to be sent again, in order. Raises
        `ValueError` where `KafkaTopics.ensure` does.
        """
        if self._producer is None:
            self._topics.ensure(self._access)
            self._producer = self._open()
        try:
            with self._access.trouble():
                self._send(self._producer, wave)
        except BaseException:
            self._discard()
            raise

    def close(self) -> None:
        """Nothing waits in the producer between waves, so nothing is lost."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            with suppress(KafkaError):
                producer.close(timeout=self._patience)

    def _open(self) -> KafkaProducer:
        return self._access.opened(
            KafkaProducer,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            # Room for a whole wave; the wave itself says when to go, so nothing ever lingers that long.
            batch_size=2 * WAVE_BYTES,
            linger_ms=50,
            max_request_size=self._topics.record_bytes + ENVELOPE_BYTES,
            # A request that nobody answers is made once more before patience ends.
            request_timeout_ms=int(self._patience * 500),
            max_block_ms=int(self._patience * 1000),
            delivery_timeout_ms=int(self._delivery_timeout * 1000),
            # A topic that the broker made by itself would have the broker's number of partitions.
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def _send(self, producer: KafkaProducer, wave: Sequence[Entry]) -> None:
        deadline = time.monotonic() + self._patience
        sender = producer._sender
        failures: list[tuple[Entry, Exception]] = []

        def failed(entry: Entry, error: Exception) -> None:
            # In the producer's own thread, before it sends anything behind the record that failed.
            failures.append((entry, error))
            sender.force_close()

        futures = []
        for topic, record in wave:
            future = producer.send(
                self._topics.name(topic),
                key=record.key.encode("utf-8"),
                value=record.value,
                headers=[(ID_HEADER, record.id.encode("utf-8"))],
            )
            futures.append(future.add_errback(failed, (topic, record)))
        # Each record's own future tells how it went; of a batch that was split, flush raises although all is well.
        with suppress(KafkaError):
            producer.flush(timeout=self._patience)
        try:
            for future in futures:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
        except KafkaError:
            # Those behind the first that failed only tell that they were given up with it.
            if failures and isinstance(failures[0][1], MessageSizeTooLargeError):
                raise self._too_large(failures[0][0]) from failures[0][1]
            if failures:
                raise failures[0][1] from None
            raise

    def _too_large(self, entry: Entry) -> Unreachable:
        topic, record = entry
        return Unreachable(
            f"{self._access.where}: the topic {self._topics.name(topic)} does not take the record {record.id} of "
            f"{size(record)} bytes: set its max.message.bytes to {self._topics.record_bytes + ENVELOPE_BYTES}"
        )

    def _discard(self) -> None:
        if self._producer is None:
            return
        producer, self._producer = self._producer, None
        # `close` alone would wait for what cannot be sent, then leave the thread at it: only this ends it.
        producer._sender.force_close()
        if threading.current_thread() is not producer._sender:
            producer._sender.join(self._patience)
        with suppress(KafkaError):
            producer.close(timeout=0)


def waves(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """The entries, in order, in groups that each fit into one batch; a very large record goes alone."""
    start, total = 0, 0
    for number, (_, record) in enumerate(entries):
        total += size(record)
        if number > start and (total > WAVE_BYTES or number - start >= WAVE_RECORDS):
            yield entries[start:number]
            start, total = number, size(record)
    if start < len(entries):
        yield entries[start:]
