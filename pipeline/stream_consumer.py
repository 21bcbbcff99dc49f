"""The Kafka consumer of Faust 0.15.3 put right: stock, it loses records and stops committing when workers come and go.

It reaches into private parts of Faust, mode and aiokafka, so it works with the versions in `PINS` and no others.
Every method says what the stock one does wrong, and where. Not for `exactly_once`, standby tables or agents with
`concurrency` above 1.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

import faust
from aiokafka.errors import IllegalStateError
from faust.streams import _current_event
from faust.transport.drivers.aiokafka import Consumer, ensure_aiokafka_TP
from faust.types import TP, EventT, Message
from mode.utils.queues import FlowControlEvent

PINS: Mapping[str, str] = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}


class WrongVersions(Exception):
    """The installed packages are not those that this module was written against."""


def check_versions() -> None:
    """Raises `WrongVersions`, with what to install, unless exactly the pinned packages are there."""
    wrong = [f"{name} {_installed(name)}" for name, pinned in PINS.items() if _installed(name) != pinned]
    if wrong:
        pinned = " ".join(f"{name}=={number}" for name, number in PINS.items())
        raise WrongVersions(
            f"the worker loses records with other versions than its own, and here is {', '.join(wrong)}: "
            f"install naqid[servers], or {pinned}"
        )


def install(app: faust.App) -> None:
    """Give the app, which has not started, the consumer and the flow control that lose nothing."""
    app.flow_control = Flow(loop=app.loop)
    app.transport.Consumer = NoLossConsumer  # type: ignore[misc]  # on the instance: other apps keep their own


class Flow(FlowControlEvent):
    """Lets records into the agents' queues, or holds them back."""

    def resume(self) -> None:
        # The stock one empties every queue even where the flow runs already (mode/utils/queues.py, resume). Recovery
        # calls it twice, and what was read in between is gone.
        if not self.is_active():
            super().resume()


class NoLossConsumer(Consumer):
    """Finishes and commits before it gives partitions up; reads on from what is committed, and commits no hole."""

    _held: frozenset[TP] = frozenset()
    """Partitions that are resumed only once they have been sought."""
    _finishing = False
    """Whether the work in hand is being ended before a revocation."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        # The stock one forgets which offsets are done before it commits them (faust/transport/consumer.py): whoever
        # gets the partition does them again. So the agents end what they have begun, and that is committed, first.
        if revoked and not self.app.should_stop:
            self.stop_flow()
            self.app.flow_control.suspend()
            self.app.flow_control.clear()
            self._finishing = True
            try:
                await self.wait_empty()
            finally:
                self._finishing = False
        await super().on_partitions_revoked(revoked)

    async def wait_empty(self) -> None:
        # The stock one waits for ever where an agent cannot finish, and the group throws the worker out meanwhile. A
        # revocation comes here twice.
        try:
            await asyncio.wait_for(super().wait_empty(), self.app.conf.broker_rebalance_timeout / 3)
        except TimeoutError:
            self.log.warning("partitions go with work in hand; whoever gets them does it again")

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        # From the revocation until the seek the stock consumer does not know what is committed, takes whatever is
        # acknowledged first for the beginning, and can so commit past records that nobody has done.
        if self.app.rebalancing and not self._finishing:
            return False
        return await super().commit(topics, start_new_transaction)

    def ack(self, message: Message) -> bool:
        # A stream skips, and yet acknowledges, what reaches it while the flow is suspended or from before a rebalance
        # (faust/streams.py, where the compiled one is missing). Only what an agent was given counts as done.
        return super().ack(message) if message.tracked else False

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        # Recovery resumes the streams' partitions and then seeks (faust/tables/recovery.py, on_recovery_completed).
        # What is read in between moves the reading position that the seek has set: records count as seen already.
        wanted = set(tps)
        if self.app.rebalancing:
            held = {tp for tp in wanted if self.app.topics.acks_enabled_for(tp.topic)}
            self._held |= held
            wanted -= held
        super().resume_partitions(wanted)

    async def perform_seek(self) -> None:
        await super().perform_seek()
        # aiokafka does not seek where nothing, or 0, is committed (its consumer.py, seek_to_committed), though the
        # position may have moved on since.
        fresh = [
            ensure_aiokafka_TP(tp)
            for tp in self.assignment()
            if self.app.topics.acks_enabled_for(tp.topic) and not self._committed_offset.get(tp)
        ]
        if fresh:
            await self._thread.seek_to_beginning(*fresh)
        held, self._held = self._held, frozenset()
        super().resume_partitions(held & self.assignment())

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        # The stock one hands its thread a set that a rebalance empties meanwhile, and to aiokafka an empty set means
        # all partitions (its fetcher.py, fetched_records).
        return await super()._getmany(active_partitions and set(active_partitions), timeout)

    async def _wait_next_records(self, timeout: float) -> Any:
        # What was fetched for partitions that have been paused meanwhile is dropped by the stock getmany, with the
        # position left behind it. It is fetched again instead.
        records, active = await super()._wait_next_records(timeout)
        kept = dict(records or {})
        for tp in list(kept):
            if not self.flow_active or not (active is None or tp in active or tp in self._buffered_partitions):
                first = kept.pop(tp)[0].offset
                try:
                    self._thread.seek(ensure_aiokafka_TP(tp), first)
                except IllegalStateError:
                    self.log.info("%r is another worker's now, who reads it from what is committed", tp)
        return (kept if self.flow_active else None), active


def is_current(app: faust.App, event: EventT[Any]) -> bool:
    """Whether the event's partition has been this worker's, without a rebalance, since the event was read."""
    return bool(event.message.generation_id == app.consumer_generation_id)


def read_from(app: faust.App, partition: TP) -> int | None:
    """The first offset that this worker was to read of the partition since the last rebalance; None if unknown.

    Only meaningful until the first of them is acknowledged.
    """
    consumer = cast(Consumer, app.consumer)
    return consumer._committed_offset.get(partition)


@contextmanager
def on_behalf_of(event: EventT[Any]) -> Iterator[None]:
    """Table keys set inside belong to the event's partition, wherever in the program that is."""
    # A table takes the partition from the event that the running task iterates over; a batch has several.
    token = _current_event.set(weakref.ref(event))
    try:
        yield
    finally:
        _current_event.reset(token)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
