"""The two agents of a worker: what they do with a batch of records, and in which order it goes out.

What follows from a batch goes out in one order: index, log, dossiers, and only then are its records acknowledged. After
a crash anywhere the same records come again and give the same documents, records and dossiers under the same names.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

import faust
from faust.exceptions import ProducerSendError
from faust.types import EventT, StreamT

from pipeline import codec, steps
from pipeline.batch import Batch
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.patience import wait_after
from pipeline.ports import Index, Record, Topic, Unreachable
from pipeline.stream_batches import Carried, Gaps, batches, carried
from pipeline.stream_consumer import is_current
from pipeline.stream_dossiers import LARGEST, ConfirmedTable, Dossiers, Kept
from pipeline.stream_pulse import Pulse

BATCH = 100
LINGER_SECONDS = 0.02

_LONGEST_WAIT = timedelta(seconds=30)

_log = logging.getLogger(__name__)

T = TypeVar("T")


class _Gone(Exception):
    """The batch's partitions went to another worker, or this one is ending: its records are delivered again."""


class Agents:
    """The agents `read` and `follow` of an app, and what they share. `pulse` is checked before anything goes out."""

    def __init__(
        self,
        app: faust.App,
        prefix: str,
        partitions: int,
        reader: Reader,
        rules: Rules,
        index: Index,
        gaps: Gaps,
        pulse: Pulse,
    ) -> None:
        self._app = app
        self._reader = reader
        self._rules = rules
        self._index = index
        self._gaps = gaps
        self._pulse = pulse
        names: tuple[Topic, ...] = ("articles", "claims", "events", "alerts", "rejected")
        self._topics = {
            name: app.topic(
                prefix + name,
                # Decoding is the agents' own: what Faust cannot decode, it drops. The type alone would not stop it.
                key_serializer="raw",
                value_serializer="raw",
                partitions=partitions,
            )
            for name in names
        }
        table = app.Table(
            "dossiers",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            extra_topic_configs={"max.message.bytes": LARGEST + 64 * 1024},
        )
        self._dossiers = Dossiers(app, cast(ConfirmedTable, table))
        app.agent(self._topics["articles"], name="naqid.read")(self._reading)
        app.agent(self._topics["claims"], name="naqid.follow")(self._following)

    async def _reading(self, stream: StreamT[Any]) -> None:
        await self._work(stream, self._read)

    async def _following(self, stream: StreamT[Any]) -> None:
        await self._work(stream, self._follow)

    async def _work(self, stream: StreamT[Any], step: Callable[[list[EventT[Any]]], Awaitable[None]]) -> None:
        self._pulse.start()
        async for events in batches(stream, BATCH, LINGER_SECONDS):
            try:
                await step(events)
            except _Gone:
                _log.warning("%d records are left undone, for whoever gets them now", len(events))
            except Exception as defect:  # noqa: BLE001 - Faust would go on and leave the records lying
                _log.exception("the worker ends, so that what it had in hand is delivered again")
                await self._app.crash(defect)
                return
            else:
                for event in events:
                    event.ack()

    async def _read(self, events: list[EventT[Any]]) -> None:
        batch = Batch()
        for event in events:
            self._gaps.see(event)
            one = carried(event)
            batch.add(_faulty("articles", one) if one.fault else steps.read(one.record, self._reader))
            await self._let_others(event)
        await self._send_out(events, batch)

    async def _follow(self, events: list[EventT[Any]]) -> None:
        batch = Batch()
        known: dict[str, Kept] = {}
        changed: dict[str, tuple[Kept, EventT[Any]]] = {}
        for event in events:
            self._gaps.see(event)
            one = carried(event)
            if one.fault:
                batch.add(_faulty("claims", one))
                continue
            record, offset = one.record, event.message.offset
            if record.key not in known:
                known[record.key] = self._dossiers.get(record.key, event)
            before = known[record.key]
            after, outcome = steps.follow(record, before.dossier, self._rules)
            refused = after is before.dossier and bool(outcome.consequences.appends)
            if not refused and before.dossier is not None and (after is before.dossier or offset <= before.offset):
                # Delivered or appended again: the dossier has it, and says once more what it says of it.
                outcome = steps.standing(record, before.dossier)
            elif after is not None and not refused:
                known[record.key] = Kept(after, offset)
            batch.add(outcome)
            if offset <= known[record.key].offset:
                changed[record.key] = (known[record.key], event)
            await self._let_others(event)
        await self._send_out(events, batch)
        if changed:
            await self._keep_trying(events, lambda: self._dossiers.put(changed))

    async def _let_others(self, event: EventT[Any]) -> None:
        """A batch may take seconds, and the group has to hear from this worker meanwhile. Raises `_Gone`."""
        await asyncio.sleep(0)
        if not is_current(self._app, event):
            raise _Gone

    async def _send_out(self, events: list[EventT[Any]], batch: Batch) -> None:
        """Index, then log. Returns when both have all of it; raises `_Gone`."""
        documents = batch.documents
        if documents:
            for skipped in await self._keep_trying(events, lambda: asyncio.to_thread(self._index.put, documents)):
                _log.error("the index refused %s: %s", skipped.where, skipped.reason)
                batch.add(steps.refused("index", skipped.where, skipped.reason))
        waiting = batch.appends
        while waiting:
            waiting = await self._keep_trying(events, lambda now=tuple(waiting): self._send(now))  # type: ignore[misc]

    async def _send(self, appends: Sequence[tuple[Topic, Record]]) -> list[tuple[Topic, Record]]:
        """Have Kafka take the records. Returns what is to be sent in place of those that it never takes.

        Raises `Unreachable` when it did not take them all now: send all of them again.
        """
        sent: list[Awaitable[Any]] = []
        for topic, record in appends:
            to = self._topics[topic]
            message = to.as_future_message(
                key=record.key.encode("utf-8"), value=record.value, headers={"id": record.id.encode("utf-8")}
            )
            try:
                # In order, one after the other; Kafka's answers are waited for together.
                await to.publish_message(message)
                sent.append(message)
            except ProducerSendError as error:
                sent.append(_failed(error))
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        instead: list[tuple[Topic, Record]] = []
        for (topic, record), outcome in zip(appends, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                instead += _instead(topic, record, outcome)
        return instead

    async def _keep_trying(self, events: list[EventT[Any]], work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, tried ever more slowly while something is unreachable.

        Raises `_Gone` as soon as the events are no longer this worker's to finish.
        """
        failures = 0
        while True:
            if (failures and self._app.should_stop) or not all(is_current(self._app, event) for event in events):
                raise _Gone
            self._pulse.check()
            try:
                outcome = await work()
            except Unreachable as error:
                failures += 1
                wait = wait_after(failures, longest=_LONGEST_WAIT).total_seconds()
                _log.warning("trying again in %.0f s: %s", wait, error)
                await asyncio.sleep(wait)
            else:
                return outcome


def _faulty(topic: Topic, one: Carried) -> steps.Outcome:
    return steps.refused(topic, one.record.id, one.fault, one.record.value)


async def _failed(error: Exception) -> None:
    raise error


def _instead(topic: Topic, record: Record, error: BaseException) -> list[tuple[Topic, Record]]:
    """The notice that a record is too large for Kafka. Raises `Unreachable` where another try may succeed."""
    cause = error.__cause__ or error
    if type(cause).__name__ not in ("MessageSizeTooLargeError", "RecordListTooLargeError"):
        raise Unreachable(f"Kafka did not take a record of {topic}: {' '.join(str(error).split())}") from error
    reason = f"{len(record.value)} bytes are more than Kafka takes in one record"
    _log.error("%s %s: %s", topic, record.id, reason)
    if topic == "rejected":
        # A rejected input, written out, takes more room than it did: its reason is kept without it.
        rejected = codec.rejected_from_bytes(record.value)
        topic_of, id, reason = rejected.topic, rejected.id, rejected.reason
        return list(steps.refused(topic_of, id, reason, b"").consequences.appends)
    return list(steps.refused(topic, record.id, reason).consequences.appends)
