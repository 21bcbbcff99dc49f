"""Collecting: feeds are polled at their intervals, and what is new among their articles goes into the log."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from pipeline import codec, steps
from pipeline.batch import Batch
from pipeline.core.article import Article
from pipeline.gaps import GAPS, SHORTEST_TOLD, Unread, unread_from_bytes, unread_to_bytes
from pipeline.outlets import OutletStatus, Watched, status_from_bytes, status_to_bytes, told
from pipeline.polling import POLLERS, Polled, Pollers
from pipeline.ports import Poll, Pushes, Rejected, State
from pipeline.rounds import make_rounds

BATCH = 100

FEEDS = "feeds"
"""The state's table of what feeds asked to be handed at their next poll: feed name → opaque text."""
OUTLETS = "outlets"
"""The state's table of how feeds are doing: feed name → `OutletStatus`."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Collector:
    """Takes articles in, from a caller or from feeds. Everything raises `Unreachable` as its state does."""

    def __init__(self, state: State, pushes: Pushes | None = None) -> None:
        self._state = state
        self._pushes = pushes
        self._told_of: set[str] = set()
        self._statuses: dict[str, OutletStatus] = {}
        self._asked: set[str] = set()

    def run(
        self,
        feeds: Sequence[Watched],
        clock: Callable[[], datetime],
        stop: threading.Event,
        heartbeat: Callable[[], None] = lambda: None,
    ) -> None:
        """The service that only collects, until `stop` is set. Raises `ValueError` for two feeds of one name."""
        rota = Rota(feeds)
        try:
            make_rounds({"collecting": lambda: self.collect(rota, clock())}, rota.wait, clock, stop, heartbeat)
        finally:
            rota.close()

    def ingest(self, articles: Iterable[Article]) -> int:
        """Append what is new among the articles; durable when it returns. Returns how many new texts there were."""
        new = 0
        source = iter(articles)
        while group := list(islice(source, BATCH)):
            batch = Batch()
            for article in group:
                batch.add(steps.collect(article, self._seen(article.id, batch)))
            new += sum(topic == "articles" for topic, _ in batch.appends)
            self._state.commit("collect", "", batch.consequences())
        return new

    def collect(self, rota: Rota, now: datetime) -> None:
        """Keep what polls have brought, then have the idle feeds polled that are due."""
        while rota.came:
            self._take_in(rota.came[0], now)
            watched = rota.came.pop(0).watched
            rota.idle[watched.feed.name] = watched
        if self._pushes is not None:
            self._told_of |= self._pushes.news()
        for name in list(rota.idle):
            if self._due(name, now):
                self._asked.add(name)
                self._told_of.discard(name)
                rota.ask(name, self._remembered(FEEDS, name, bytes.decode) or "", now)

    def _due(self, name: str, now: datetime) -> bool:
        """Whether to poll a feed.

        One that is gone for good is asked once each time that the service is started; so is one whose hub told of
        news, as a hub is subscribed to anew.
        """
        status, asked = self._status(name), name in self._asked
        if status.gone:
            return not asked
        return name in self._told_of or status.due(now) or (status.pushed and not asked)

    def _take_in(self, polled: Polled, now: datetime) -> None:
        """Collect a poll's articles, and only then remember that they were seen."""
        name, outcome, batch = polled.watched.feed.name, polled.outcome, Batch()
        before = self._status(name)
        interval = _interval(polled.watched, before, now)
        if isinstance(outcome, Poll):
            self.ingest(outcome.articles)
            for skipped in outcome.skipped:
                batch.add(steps.refused(FEEDS, f"{name}: {skipped.where}", skipped.reason))
            batch.puts[FEEDS, name] = outcome.memory.encode("utf-8")
            status = before.succeeded(outcome, now, interval, polled.watched.slowest, self._rest(name, outcome, now))
            if status.moved and status.moved != before.moved:
                _log.warning("%s has moved for good: write %s into outlets.toml", name, status.moved)
        else:
            _log.warning("%s could not be polled: %s", name, told(outcome))
            status = before.failed(outcome, now, interval)
            if status.gone:
                _log.error("%s is asked no more until naqid is started again: %s", name, status.last_error)
        batch.puts[OUTLETS, name] = status_to_bytes(status)
        self._note_gap(polled.watched.outlet or name, before, status, now, batch)
        self._state.commit("collect", "", batch.consequences())
        self._statuses[name] = status

    def _rest(self, name: str, poll: Poll, now: datetime) -> timedelta:
        """How long the feed's hub, where it offers one, spares polling it."""
        if self._pushes is None or poll.hub is None:
            return timedelta(0)
        self._pushes.offered(name, poll.hub, now)
        return self._pushes.rest(name, now)

    def _note_gap(self, outlet: str, before: OutletStatus, after: OutletStatus, now: datetime, batch: Batch) -> None:
        """Keep since when and until when an outlet could not be read."""
        slept = before.next_poll is not None and not before.failures and now - before.next_poll >= SHORTEST_TOLD
        if not (slept or before.failures or after.failures):
            return
        unread = self._remembered(GAPS, outlet, unread_from_bytes) or Unread()
        if slept and before.next_poll is not None:
            unread = unread.slept(before.next_poll, now, "naqid did not run")
        unread = unread.failed(now, after.last_error) if after.failures else unread.succeeded(now)
        batch.puts[GAPS, outlet] = unread_to_bytes(unread)

    def _status(self, name: str) -> OutletStatus:
        if name not in self._statuses:
            self._statuses[name] = self._remembered(OUTLETS, name, status_from_bytes) or OutletStatus()
        return self._statuses[name]

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
            batch = Batch()
            batch.add(steps.refused("state", f"{table}/{key}", str(damage)))
            self._state.commit("service", "", batch.consequences())
            return None


class Rota:
    """The feeds of a service: which wait for their time, and what the polls of the others have brought.

    Raises `ValueError` for two feeds of one name.
    """

    def __init__(self, feeds: Sequence[Watched]) -> None:
        names = [watched.feed.name for watched in feeds]
        if len(set(names)) < len(names):
            raise ValueError(f"two feeds are called {next(name for name in names if names.count(name) > 1)!r}")
        self._pollers = Pollers(min(POLLERS, max(len(feeds), 1)))
        self.idle = {watched.feed.name: watched for watched in feeds}
        self.came: list[Polled] = []

    def ask(self, name: str, memory: str, now: datetime) -> None:
        """Have an idle feed polled."""
        self._pollers.ask(self.idle[name], memory, now)
        del self.idle[name]

    def wait(self, seconds: float) -> None:
        """Take what polls have brought, waiting up to so long for the first."""
        self.came += self._pollers.wait(seconds)

    def close(self) -> None:
        self._pollers.close()


def _interval(watched: Watched, before: OutletStatus, now: datetime) -> timedelta:
    """The feed's interval, cut short by its name where it was polled long after its time or for the first time.

    Feeds that begin together, at the first start or after a pause, are so spread over the interval.
    """
    if before.next_poll is not None and now - before.next_poll <= watched.interval:
        return watched.interval
    share = int.from_bytes(hashlib.blake2b(watched.feed.name.encode(), digest_size=2).digest(), "big") / 0xFFFF
    return watched.interval * (1 - 0.9 * share)
