"""The driver for one process: it carries records from step to step, and runs the service that polls and announces.

Every batch is one transaction: what follows from it and how far its step has read. The index is written before
that, by deterministic ids, so after a crash in between the same documents are written again.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pipeline import codec, steps
from pipeline.announcing import Announcer
from pipeline.batch import Batch
from pipeline.collecting import Collector, Rota
from pipeline.core.alerts import Alert
from pipeline.core.article import Article
from pipeline.core.dossier import Dossier
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.gaps import GapsBetween, no_gaps
from pipeline.outlets import Watched
from pipeline.ports import Alerts, Index, Log, Outbox, Pushes, Rejected, State, Stored, Topic
from pipeline.rounds import make_rounds

_DECODED = 128
BATCH = 100

_log = logging.getLogger(__name__)


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
        gaps: GapsBetween = no_gaps,
        muted: Callable[[Alert], bool] = lambda alert: False,
        pushes: Pushes | None = None,
    ) -> None:
        self._log = log
        self._state = state
        self._index = index
        self._reader = reader
        self._rules = rules
        self._channels = tuple(channel.name for channel in channels)
        self._heartbeat = heartbeat
        # The dossiers last written or read, each with its bytes: most batches meet the same few again.
        self._decoded: OrderedDict[str, tuple[bytes, Dossier]] = OrderedDict()
        self._collector = Collector(state, pushes)
        self._announcer = Announcer(state, outbox, channels, heartbeat, gaps, muted)

    def run(self, feeds: Sequence[Watched], clock: Callable[[], datetime], stop: threading.Event) -> None:
        """The service: polls each feed at its interval and carries what comes through all steps, until `stop` is set.

        What cannot be reached is tried again, ever more slowly, and keeps nothing else waiting. Returns within about
        a second of `stop`, once the batch or post under way has ended, with all of it committed.
        Raises `ValueError` for two feeds of one name.
        """
        rota = Rota(feeds)
        works: dict[str, Callable[[], object]] = {
            "collecting": lambda: self._collector.collect(rota, clock()),
            "reading": lambda: self.drain(stop),
            "announcing": lambda: self.announce_due(clock(), stop),
        }
        try:
            make_rounds(works, rota.wait, clock, stop, self._heartbeat)
        finally:
            rota.close()

    def ingest(self, articles: Iterable[Article]) -> int:
        """Append what is new among the articles; durable when it returns. Returns how many new texts there were."""
        return self._collector.ingest(articles)

    def drain(self, stop: threading.Event | None = None) -> None:
        """Read and follow until nothing is left, or until the end of the batch during which `stop` was set."""
        for advance in (self._read_some, self._follow_some):
            while not (stop is not None and stop.is_set()) and advance():
                self._heartbeat()

    def reread(self, since: datetime) -> int:
        """Read again the articles published or fetched since then, and follow their claims again; returns how many.

        What was lost of the index or of a dossier is there again, under the same ids; all else stays as it is.
        """
        again: set[str] = set()
        position, end = "", False
        while not end:
            batch = Batch()
            stored, behind = self._next("articles", position, batch)
            for one in stored:
                try:
                    article = codec.article_from_bytes(one.record.value)
                except ValueError:
                    continue  # rejected when it first came
                if max(article.published, article.fetched) >= since:
                    again.add(article.id)
                    batch.add(steps.read(one.record, self._reader))
            self._commit("reread", "", batch)
            position, end = behind, behind == position
            self._heartbeat()
        self.drain()
        self._follow_again(again)
        return len(again)

    def announce_due(self, now: datetime, stop: threading.Event | None = None) -> int:
        """Post the notices that are due at `now`, oldest first. Returns how many were posted."""
        return self._announcer.post_due(now, stop)

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
            after, outcome = steps.follow(one.record, before, self._rules, self._channels)
            batch.add(outcome)
            if after is not None and after != before:
                dossiers[division] = changed[division] = after
        for division, dossier in changed.items():
            batch.puts[steps.DOSSIERS, division] = self._encoded(division, dossier)
        if position != start:
            self._commit("follow", position, batch)
        return position != start

    def _follow_again(self, articles: set[str]) -> None:
        position, end = "", False
        while not end:
            batch = Batch()
            stored, behind = self._next("claims", position, batch)
            for one in stored:
                try:
                    claims = codec.claims_from_bytes(one.record.value).claims
                except ValueError:
                    continue  # rejected when it first came
                if articles.isdisjoint(claim.evidence.article_id for claim in claims):
                    continue
                before = self._dossier(one.record.key, position)
                after, outcome = steps.follow(one.record, before, self._rules, self._channels)
                if after is not None and after is before:
                    outcome = steps.standing(one.record, after)
                elif after is not None:
                    batch.puts[steps.DOSSIERS, one.record.key] = codec.dossier_to_bytes(after)
                batch.add(outcome)
                self._commit("reread", "", batch)
                batch = Batch()
            self._commit("reread", "", batch)
            position, end = behind, behind == position
            self._heartbeat()

    def _dossier(self, division: str, position: str) -> Dossier | None:
        """The dossier as kept; one that was damaged is made again from the claims followed up to `position`."""
        try:
            kept = self._state.get(steps.DOSSIERS, division)
            if kept is None:
                return None
            known = self._decoded.get(division)
            if known is not None and known[0] == kept:
                return known[1]
            dossier = codec.dossier_from_bytes(kept)
            self._remember(division, kept, dossier)
            return dossier
        except (Rejected, ValueError) as damage:
            _log.error("the dossier of %s is made again from the log: %s", division, damage)
            self._refuse("state", f"{steps.DOSSIERS}/{division}", str(damage))
        made: Dossier | None = None
        reached = ""
        while reached != position:
            stored, reached = self._next("claims", reached, Batch())
            for one in stored:
                if one.record.key == division:
                    made, _ = steps.follow(one.record, made, self._rules)
                if one.position == position:
                    return made
        return made

    def _encoded(self, division: str, dossier: Dossier) -> bytes:
        value = codec.dossier_to_bytes(dossier)
        self._remember(division, value, dossier)
        return value

    def _remember(self, division: str, value: bytes, dossier: Dossier) -> None:
        self._decoded[division] = value, dossier
        self._decoded.move_to_end(division)
        while len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)

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
