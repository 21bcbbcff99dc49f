"""The driver for one process: it carries records from step to step, and runs the service that polls and announces.

Every batch is one transaction: what follows from it and how far its step has read. The index is written before
that, by deterministic ids, so after a crash in between the same documents are written again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from pipeline import codec, steps
from pipeline.batch import Batch
from pipeline.core.article import Article
from pipeline.core.dossier import Dossier
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.outlets import OutletStatus, Watched, status_from_bytes, status_to_bytes, told
from pipeline.patience import Patience
from pipeline.polling import Polled, Pollers
from pipeline.ports import Alerts, Index, Log, Outbox, Poll, Rejected, State, Stored, Topic, Unreachable

BATCH = 100
POLLERS = 8
IDLE_SECONDS = 1.0

FEEDS = "feeds"
"""The state's table of what feeds asked to be handed at their next poll: feed name → opaque text."""
OUTLETS = "outlets"
"""The state's table of how feeds are doing: feed name → `OutletStatus`."""
_LONGEST_TROUBLE = timedelta(seconds=30)

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Embedded:
    """The whole pipeline in one process.

    `log`, `state` and `outbox` may be one object. `heartbeat` is called at least once a batch, a post and a second
    of waiting. `ingest`, `drain` and `announce_due` raise `Unreachable` when the log, the outbox or the index cannot
    be reached: nothing is lost, and calling again goes on where they stopped. One thread calls them.
    """

    def __init__(
        self,
        log: Log,
        state: State,
        outbox: Outbox,
        index: Index,
        reader: Reader,
        rules: Rules,
        channels: Sequence[Alerts] = (),
        heartbeat: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = log
        self._state = state
        self._outbox = outbox
        self._index = index
        self._reader = reader
        self._rules = rules
        self._channels = {channel.name: channel for channel in channels}
        self._patience = Patience()
        self._statuses: dict[str, OutletStatus] = {}
        self._heartbeat = heartbeat

    def run(self, feeds: Sequence[Watched], clock: Callable[[], datetime], stop: threading.Event) -> None:
        """The service: polls each feed at its interval and carries what comes through all steps, until `stop` is set.

        What cannot be reached is tried again, ever more slowly, and keeps nothing else waiting. Returns within about
        a second of `stop`, once the batch or post under way has ended, with all of it committed.
        Raises `ValueError` for two feeds of one name.
        """
        names = [watched.feed.name for watched in feeds]
        if len(set(names)) < len(names):
            raise ValueError(f"two feeds are called {next(name for name in names if names.count(name) > 1)!r}")
        pollers = Pollers(min(POLLERS, max(len(feeds), 1)))
        idle = {watched.feed.name: watched for watched in feeds}
        came: list[Polled] = []
        trouble = Patience(_LONGEST_TROUBLE)
        works: dict[str, Callable[[], object]] = {
            "collecting": lambda: self._collect(pollers, idle, came, clock()),
            "reading": lambda: self.drain(stop),
            "announcing": lambda: self.announce_due(clock(), stop),
        }
        try:
            while not stop.is_set():
                for name, work in works.items():
                    _attempt(name, work, trouble, clock())
                    self._heartbeat()
                came += pollers.wait(IDLE_SECONDS)
        finally:
            pollers.close()

    def ingest(self, articles: Iterable[Article]) -> int:
        """Append what is new among the articles; durable when it returns. Returns how many new texts there were."""
        new = 0
        source = iter(articles)
        while group := list(islice(source, BATCH)):
            batch = Batch()
            for article in group:
                batch.add(steps.collect(article, self._seen(article.id, batch)))
            new += sum(topic == "articles" for topic, _ in batch.appends)
            self._commit("collect", "", batch)
        return new

    def drain(self, stop: threading.Event | None = None) -> None:
        """Read and follow until nothing is left, or until the end of the batch during which `stop` was set."""
        for advance in (self._read_some, self._follow_some):
            while not (stop is not None and stop.is_set()) and advance():
                self._heartbeat()

    def announce_due(self, now: datetime, stop: threading.Event | None = None) -> int:
        """Post the notices that are due at `now`, oldest first. Returns how many were posted."""
        posted = 0
        while not (stop is not None and stop.is_set()):
            announced = steps.announce(self._outbox, self._channels, now, self._patience)
            if announced is None:
                break
            if announced.outcome.consequences.appends:
                batch = Batch()
                batch.add(announced.outcome)
                self._commit("announce", "", batch)
            posted += announced.fate == "posted"
            self._heartbeat()
        return posted

    def _collect(self, pollers: Pollers, idle: dict[str, Watched], came: list[Polled], now: datetime) -> None:
        """Keep what polls have brought, then have the idle feeds polled that are due."""
        while came:
            self._take_in(came[0], now)
            watched = came.pop(0).watched
            idle[watched.feed.name] = watched
        for name, watched in list(idle.items()):
            if self._status(name).due(now):
                pollers.ask(watched, self._remembered(FEEDS, name, bytes.decode) or "", now)
                del idle[name]

    def _take_in(self, polled: Polled, now: datetime) -> None:
        """Collect a poll's articles, and only then remember that they were seen."""
        name, outcome, batch = polled.watched.feed.name, polled.outcome, Batch()
        if isinstance(outcome, Poll):
            self.ingest(outcome.articles)
            for skipped in outcome.skipped:
                batch.add(steps.refused(FEEDS, f"{name}: {skipped.where}", skipped.reason))
            batch.puts[FEEDS, name] = outcome.memory.encode("utf-8")
            status = self._status(name).succeeded(outcome, now, polled.watched.interval)
        else:
            _log.warning("%s could not be polled: %s", name, told(outcome))
            status = self._status(name).failed(outcome, now, polled.watched.interval)
        batch.puts[OUTLETS, name] = status_to_bytes(status)
        self._commit("collect", "", batch)
        self._statuses[name] = status

    def _status(self, name: str) -> OutletStatus:
        if name not in self._statuses:
            self._statuses[name] = self._remembered(OUTLETS, name, status_from_bytes) or OutletStatus()
        return self._statuses[name]

    def _read_some(self) -> bool:
        batch, start = Batch(), self._position("read")
        stored, position = self._next("articles", start, batch)
        for one in stored:
            batch.add(steps.read(one.record, self._reader))
        if position != start:
            self._commit("read", position, batch)
        return position != start

    def _follow_some(self) -> bool:
        batch, start = Batch(), self._position("follow")
        stored, position = self._next("claims", start, batch)
        dossiers: dict[str, Dossier | None] = {}
        changed: dict[str, Dossier] = {}
        for one in stored:
            division = one.record.key
            if division not in dossiers:
                dossiers[division] = self._dossier(division, start)
            before = dossiers[division]
            after, outcome = steps.follow(one.record, before, self._rules, tuple(self._channels))
            batch.add(outcome)
            if after is not None and after != before:
                dossiers[division] = changed[division] = after
        for division, dossier in changed.items():
            batch.puts[steps.DOSSIERS, division] = codec.dossier_to_bytes(dossier)
        if position != start:
            self._commit("follow", position, batch)
        return position != start

    def _dossier(self, division: str, position: str) -> Dossier | None:
        """The dossier as kept; one that was damaged is made again from the claims followed up to `position`."""
        try:
            kept = self._state.get(steps.DOSSIERS, division)
            return None if kept is None else codec.dossier_from_bytes(kept)
        except (Rejected, ValueError) as damage:
            _log.error("the dossier of %s is made again from the log: %s", division, damage)
            self._refuse("state", f"{steps.DOSSIERS}/{division}", str(damage))
        dossier: Dossier | None = None
        reached = ""
        while reached != position:
            stored, reached = self._next("claims", reached, Batch())
            for one in stored:
                if one.record.key == division:
                    dossier, _ = steps.follow(one.record, dossier, self._rules)
                if one.position == position:
                    return dossier
        return dossier

    def _seen(self, article_id: str, batch: Batch) -> codec.Seen | None:
        earlier_in_batch = batch.puts.get((steps.ARTICLES, article_id))
        if earlier_in_batch is not None:
            return codec.seen_from_bytes(earlier_in_batch)
        return self._remembered(steps.ARTICLES, article_id, codec.seen_from_bytes)

    def _remembered(self, table: str, key: str, decode: Callable[[bytes], T]) -> T | None:
        """A value of the state. A damaged one is recorded as rejected and counts as forgotten."""
        try:
            value = self._state.get(table, key)
            return None if value is None else decode(value)
        except (Rejected, ValueError) as damage:
            _log.error("state, table %s, key %s is forgotten: %s", table, key, damage)
            self._refuse("state", f"{table}/{key}", str(damage))
            return None

    def _refuse(self, topic: str, id: str, reason: str) -> None:
        batch = Batch()
        batch.add(steps.refused(topic, id, reason))
        self._commit("service", "", batch)

    def _next(self, topic: Topic, start: str, batch: Batch) -> tuple[list[Stored], str]:
        """What stands after `start` and the position behind it (`start` at the end). A damaged record is refused."""
        try:
            stored = self._log.read(topic, start, BATCH)
        except Rejected as damage:
            behind = str(getattr(damage, "position", ""))
            if not behind:
                raise
            _log.error("%s", damage)
            batch.add(steps.refused(topic, f"before {behind}", str(damage)))
            return [], behind
        return stored, stored[-1].position if stored else start

    def _position(self, consumer: str) -> str:
        try:
            return self._state.position(consumer)
        except Rejected as damage:
            # Every step takes a record that it has seen as nothing new.
            _log.error("%s: reading from the beginning", damage)
            return ""

    def _commit(self, consumer: str, position: str, batch: Batch) -> None:
        documents = batch.documents
        for skipped in self._index.put(documents) if documents else ():
            _log.error("the index refused %s: %s", skipped.where, skipped.reason)
            batch.add(steps.refused("index", skipped.where, skipped.reason))
        self._state.commit(consumer, position, batch.consequences())


def _attempt(name: str, work: Callable[[], object], trouble: Patience, now: datetime) -> None:
    """Do a part of the service's work, unless it failed a moment ago: what cannot be reached keeps nothing waiting."""
    if trouble.rests_until(name, now) is not None:
        return
    try:
        work()
    except Unreachable as error:
        until = trouble.failed(name, now, error.retry_after)
        _log.warning("%s goes on at %s: %s", name, until.isoformat(timespec="seconds"), error)
    else:
        trouble.succeeded(name)
