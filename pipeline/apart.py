"""The memory of a process whose log is elsewhere: its records go to that log, all else stays in its own state."""

from __future__ import annotations

from dataclasses import replace

from pipeline.ports import Consequences, Log, Record, State, Topic


class StateApart:
    """The port `State` over `own`, which appends to `log`.

    No transaction spans the two: records are appended first and the rest is remembered after, so that a crash in
    between appends them again, under the same ids.
    """

    def __init__(self, log: Log, own: State) -> None:
        self._log = log
        self._own = own

    def get(self, table: str, key: str) -> bytes | None:
        return self._own.get(table, key)

    def position(self, consumer: str) -> str:
        return self._own.position(consumer)

    def commit(self, consumer: str, position: str, consequences: Consequences) -> None:
        topics: dict[Topic, list[Record]] = {}
        for topic, record in consequences.appends:
            topics.setdefault(topic, []).append(record)
        for topic, records in topics.items():
            self._log.append(topic, records)
        self._own.commit(consumer, position, replace(consequences, appends=()))
