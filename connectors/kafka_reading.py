"""Reading a topic of the log on Kafka, from any position, each partition in its order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError

from connectors.kafka_access import KafkaAccess, said
from connectors.kafka_producer import ID_HEADER
from connectors.kafka_topics import ENVELOPE_BYTES
from connectors.sqlite_database import Damaged
from pipeline.ports import Record, Rejected, Stored, Unreachable

_WAIT_MILLISECONDS = 500


class TopicReader:
    """One topic, read from any position by any thread, one at a time.

    A position is the next offset of each partition, "12,0,7"; "" stands before everything that Kafka still keeps.
    `ensure` makes the topic where it is missing.
    """

    def __init__(
        self,
        access: KafkaAccess,
        name: str,
        partitions: int,
        record_bytes: int,
        patience: float,
        ensure: Callable[[], None],
    ) -> None:
        self._access = access
        self._name = name
        self._record_bytes = record_bytes
        self._patience = patience
        self._ensure = ensure
        self._parts = [TopicPartition(name, number) for number in range(partitions)]
        self._lock = threading.Lock()
        self._consumer: KafkaConsumer | None = None
        self._ensured = False
        self._stands: list[int] = []

    def read(self, position: str, limit: int) -> list[Stored]:
        """As `Log.read`. What was damaged, or is kept no longer, raises `Damaged` with the position behind it."""
        with self._connected() as consumer:
            ends = self._ends(consumer)
            offsets = self._start(consumer, position, ends)
            if offsets != self._stands:
                for part, offset in zip(self._parts, offsets, strict=True):
                    consumer.seek(part, offset)
            self._stands = []
            try:
                return self._page(consumer, offsets, ends, limit)
            except (Rejected, Unreachable):
                raise
            except Exception as error:
                if not _is_damage(error):
                    raise
                raise self._damage(offsets, ends, error) from error

    def size(self) -> int:
        """How many records Kafka keeps of the topic."""
        with self._connected() as consumer:
            return sum(self._ends(consumer)) - sum(self._beginnings(consumer))

    def behind(self, position: str) -> int:
        """How many records lie after the position."""
        with self._connected() as consumer:
            ends, beginnings = self._ends(consumer), self._beginnings(consumer)
            start = self._offsets(position, ends) if position else beginnings
            # Where Kafka has lost records, what it has is read again.
            start = [0 if offset > end else offset for offset, end in zip(start, ends, strict=True)]
            return sum(end - max(offset, first) for end, offset, first in zip(ends, start, beginnings, strict=True))

    def close(self) -> None:
        with self._lock:
            self._discard()

    def _page(self, consumer: KafkaConsumer, offsets: list[int], ends: Sequence[int], limit: int) -> list[Stored]:
        """Up to `limit` records of what stands before `ends`; moves `offsets` along."""
        deadline = time.monotonic() + self._patience
        page: list[Stored] = []
        while any(offset < end for offset, end in zip(offsets, ends, strict=True)):
            for part, messages in consumer.poll(timeout_ms=_WAIT_MILLISECONDS, max_records=limit).items():
                for message in messages:
                    offsets[part.partition] = message.offset + 1
                    try:
                        page.append(self._stored(message, offsets))
                    except Damaged:
                        if not page:
                            raise
                        # The consumer stands further on by now, so the next read has to seek.
                        return page
            if page:
                break
            # Kafka's own marks take offsets too, and are never handed out.
            for number, part in enumerate(self._parts):
                offsets[number] = max(offsets[number], consumer.position(part, timeout_ms=1_000) or 0)
            if time.monotonic() > deadline:
                raise Unreachable(f"{self._access.where} gives nothing of the topic {self._name}")
        self._stands = offsets
        return page

    def _stored(self, message: Any, offsets: Sequence[int]) -> Stored:
        ids = [value for name, value in message.headers if name == ID_HEADER and value is not None]
        where = f"partition {message.partition}, record {message.offset}"
        if not ids or message.key is None or message.value is None:
            raise self._damaged(where, "it has no id, no key or no value: not of naqid", offsets)
        try:
            record = Record(ids[0].decode("utf-8"), message.key.decode("utf-8"), message.value)
        except UnicodeDecodeError as error:
            raise self._damaged(where, "its id or its key is no UTF-8", offsets) from error
        return Stored(record, _text(offsets))

    def _damage(self, offsets: Sequence[int], ends: Sequence[int], error: Exception) -> Damaged:
        """Which records after `offsets` cannot be had. The library tells of the first batch, and not where it ends."""
        deadline = time.monotonic() + self._patience
        consumer = self._open()
        try:
            for number, part in enumerate(self._parts):
                reached = offsets[number]
                consumer.assign([part])
                while reached < ends[number] and time.monotonic() < deadline:
                    consumer.seek(part, reached)
                    try:
                        if consumer.poll(timeout_ms=_WAIT_MILLISECONDS, max_records=1):
                            break
                    except Exception as trouble:
                        if not _is_damage(trouble):
                            raise
                        reached += 1
                if reached > offsets[number]:
                    behind = [*offsets[:number], reached, *offsets[number + 1 :]]
                    where = f"partition {number}, records {offsets[number]} to {reached - 1}"
                    return self._damaged(where, said(error), behind)
        finally:
            consumer.close(autocommit=False, timeout_ms=1_000)
        raise Unreachable(f"{self._access.where}: {said(error)}") from error

    def _damaged(self, where: str, reason: str, behind: Sequence[int]) -> Damaged:
        return Damaged(f"log, topic {self._name}, {where}: {reason}", _text(behind))

    def _start(self, consumer: KafkaConsumer, position: str, ends: Sequence[int]) -> list[int]:
        if not position:
            return self._beginnings(consumer)
        offsets = self._offsets(position, ends)
        lost = [number for number, offset in enumerate(offsets) if offset > ends[number]]
        if lost:
            # Others may have been appended since under the numbers of those that are gone. Readers take a record that
            # they know as nothing new.
            again = [0 if number in lost else offset for number, offset in enumerate(offsets)]
            where = ", ".join(f"{number} ({offsets[number] - ends[number]} records)" for number in lost)
            reason = f"log, topic {self._name}: Kafka has lost what stood in partition {where} and had been read"
            raise Damaged(f"{reason}; what it has is read again", _text(again))
        if offsets == self._stands:
            return offsets
        kept = [max(pair) for pair in zip(offsets, self._beginnings(consumer), strict=True)]
        if kept != offsets:
            gone = sum(kept) - sum(offsets)
            reason = f"log, topic {self._name}: {gone} records after {position!r} are kept no longer"
            raise Damaged(reason, _text(kept))
        return offsets

    def _offsets(self, position: str, ends: Sequence[int]) -> list[int]:
        parts = position.split(",")
        if len(parts) == len(ends) and all(part.isascii() and part.isdigit() for part in parts):
            return [int(part) for part in parts]
        raise Rejected(f"log, topic {self._name}: {position!r} is not a position in it")

    def _beginnings(self, consumer: KafkaConsumer) -> list[int]:
        found = consumer.beginning_offsets(self._parts, timeout_ms=int(self._patience * 1000))
        return [found[part] for part in self._parts]

    def _ends(self, consumer: KafkaConsumer) -> list[int]:
        found = consumer.end_offsets(self._parts, timeout_ms=int(self._patience * 1000))
        return [found[part] for part in self._parts]

    @contextmanager
    def _connected(self) -> Iterator[KafkaConsumer]:
        """The consumer. One that failed is thrown away: after some errors its next call would never return."""
        with self._lock:
            if self._consumer is None:
                if not self._ensured:
                    self._ensure()
                    self._ensured = True
                self._consumer = self._open()
            try:
                with self._access.trouble():
                    yield self._consumer
            except BaseException as error:
                self._discard()
                self._ensured = self._ensured and isinstance(error, Rejected)
                raise

    def _open(self) -> KafkaConsumer:
        consumer = self._access.opened(
            KafkaConsumer,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            check_crcs=True,
            fetch_max_wait_ms=1,
            max_partition_fetch_bytes=max(1024 * 1024, self._record_bytes + ENVELOPE_BYTES),
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        consumer.assign(self._parts)
        return consumer

    def _discard(self) -> None:
        self._stands = []
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            with suppress(KafkaError):
                consumer.close(autocommit=False, timeout_ms=1_000)


def _is_damage(error: Exception) -> bool:
    """Whether a poll failed because of what Kafka handed over, not because of the way to it."""
    # The bare class is what the library raises for a batch that ends before its length; a codec or a decoder that
    # meets damaged bytes raises its own kind.
    return isinstance(error, CorruptRecordError | UnsupportedCodecError) or (
        type(error) is KafkaError or not isinstance(error, KafkaError | OSError)
    )


def _text(offsets: Sequence[int]) -> str:
    return ",".join(str(offset) for offset in offsets)
