"""What a stream of Kafka messages is cut into: batches of events, and of each event the record that it carries.

Also counts, for each partition, the offsets that were never seen: Kafka numbers them without holes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import faust
from faust.types import TP, EventT, StreamT
from prometheus_client import CollectorRegistry, Counter

from pipeline.core.article import digest
from pipeline.ports import Record
from pipeline.stream_consumer import read_from

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Carried:
    """The record of one event. `fault` is "" unless the message is none of naqid's; the record is then what it had."""

    record: Record
    fault: str = ""


async def batches(stream: StreamT[Any], most: int, linger: float) -> AsyncIterator[list[EventT[Any]]]:
    """The stream's events, those together that come within `linger` seconds of each other, up to `most`.

    Whoever takes a batch acknowledges its events.
    """
    stream.enable_acks = False
    events = aiter(stream.events())
    coming = asyncio.ensure_future(anext(events))
    try:
        while True:
            batch = [await coming]
            coming = asyncio.ensure_future(anext(events))
            while len(batch) < most and (await asyncio.wait({coming}, timeout=linger))[0]:
                batch.append(coming.result())
                coming = asyncio.ensure_future(anext(events))
            yield batch
    except StopAsyncIteration:
        return
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await coming


def carried(event: EventT[Any]) -> Carried:
    """The record that an event carries: its id in the header "id", its key and value as bytes."""
    message = event.message
    faults: list[str] = []
    headers = dict(message.headers or {})
    id = _text(headers.get("id"), "the header id", faults)
    key = _text(message.key, "the key", faults)
    value = message.value
    if value is None:
        faults.append("the value is missing")
    if not id:
        # The message's own place names it, the same at every delivery.
        id = digest(message.topic, str(message.partition), str(message.offset))
    fault = "; ".join(faults)
    where = f" ({message.topic}, partition {message.partition}, offset {message.offset})"
    return Carried(Record(id, key, value or b""), fault and fault + where)


class Gaps:
    """Counts the offsets that a partition left out, as the metric naqid_offset_gap_total and in the log."""

    def __init__(self, app: faust.App, registry: CollectorRegistry) -> None:
        self._app = app
        self._expected: dict[tuple[TP, int], int] = {}
        self._counter = Counter(
            "naqid_offset_gap", "Offsets that were never delivered", ["topic", "partition"], registry=registry
        )

    def see(self, event: EventT[Any]) -> None:
        """Note an event, in the order of delivery and before it is acknowledged."""
        message = event.message
        partition, offset = message.tp, message.offset
        key = (partition, message.generation_id or 0)
        if key not in self._expected:
            self._expected = {known: at for known, at in self._expected.items() if known[0] != partition}
        expected = self._expected[key] if key in self._expected else read_from(self._app, partition)
        if expected is not None and offset > expected:
            _log.error("%s, partition %d: offsets %d to %d were never seen", *partition, expected, offset - 1)
            self._counter.labels(partition.topic, partition.partition).inc(offset - expected)
        self._expected[key] = offset + 1


def _text(data: bytes | None, what: str, faults: list[str]) -> str:
    if data is None:
        faults.append(f"{what} is missing")
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        faults.append(f"{what} is not UTF-8")
        return data.decode("utf-8", "backslashreplace")
