"""Announcing: alerts become notices in the outbox, and the notices that are due are posted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline import codec, steps
from pipeline.batch import Batch
from pipeline.core.alerts import Alert
from pipeline.gaps import GapsBetween, no_gaps
from pipeline.patience import Patience
from pipeline.ports import Alerts, Log, Outbox, Rejected, State
from pipeline.rounds import make_rounds

BATCH = 100

_log = logging.getLogger(__name__)


class Announcer:
    """Posts what waits in the outbox to `channels`, with what `gaps` tells of the outlets.

    Everything raises `Unreachable` as its ports do.
    """

    def __init__(
        self,
        state: State,
        outbox: Outbox,
        channels: Sequence[Alerts],
        heartbeat: Callable[[], None] = lambda: None,
        gaps: GapsBetween = no_gaps,
        muted: Callable[[Alert], bool] = lambda alert: False,
    ) -> None:
        self._state = state
        self._outbox = outbox
        self._channels = {channel.name: channel for channel in channels}
        self._patience = Patience()
        self._heartbeat = heartbeat
        self._gaps = gaps
        self._muted = muted

    def run(self, log: Log, clock: Callable[[], datetime], stop: threading.Event) -> None:
        """The service that only announces what `log` holds of alerts, until `stop` is set."""
        works: dict[str, Callable[[], object]] = {
            "reading alerts": lambda: self.take_in(log, stop),
            "announcing": lambda: self.post_due(clock(), stop),
        }
        make_rounds(works, stop.wait, clock, stop, self._heartbeat)

    def take_in(self, log: Log, stop: threading.Event | None = None) -> None:
        """Put what is new in the log's topic of alerts into the outbox, with how far it was read, until the end."""
        while not (stop is not None and stop.is_set()):
            position = self._position()
            batch = Batch()
            try:
                stored = log.read("alerts", position, BATCH)
                behind = stored[-1].position if stored else position
            except Rejected as damage:
                behind = str(getattr(damage, "position", ""))
                if not behind:
                    raise
                _log.error("%s", damage)
                batch.add(steps.refused("alerts", f"before {behind}", str(damage)))
                stored = []
            if behind == position:
                return
            for one in stored:
                try:
                    alert = codec.alert_from_bytes(one.record.value)
                except ValueError as error:
                    batch.add(steps.refused("alerts", one.record.id, str(error), one.record.value))
                else:
                    batch.add(steps.noticed(alert, tuple(self._channels)))
            self._state.commit("announce", behind, batch.consequences())
            self._heartbeat()

    def _position(self) -> str:
        try:
            return self._state.position("announce")
        except Rejected as damage:
            # The outbox knows which notices were posted.
            _log.error("%s: reading the alerts from the beginning", damage)
            return ""

    def post_due(self, now: datetime, stop: threading.Event | None = None) -> int:
        """Post the notices that are due at `now`, oldest first. Returns how many were posted."""
        posted = 0
        while not (stop is not None and stop.is_set()):
            announced = steps.announce(self._outbox, self._channels, now, self._patience, self._gaps, self._muted)
            if announced is None:
                break
            if announced.outcome.consequences.appends:
                batch = Batch()
                batch.add(announced.outcome)
                self._state.commit("outbox", "", batch.consequences())
            posted += announced.fate == "posted"
            self._heartbeat()
        return posted
