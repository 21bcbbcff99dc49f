"""A batch: what follows from several records together, applied as one."""

from __future__ import annotations

from pipeline.ports import Consequences, Document, Notice, Record, Topic
from pipeline.steps import Outcome


class Batch:
    """Gathers outcomes in order; of two puts, notices or documents of one name the later one counts."""

    def __init__(self) -> None:
        self.puts: dict[tuple[str, str], bytes] = {}
        self.appends: list[tuple[Topic, Record]] = []
        self._notices: dict[str, Notice] = {}
        self._documents: dict[tuple[str, str], Document] = {}

    def add(self, outcome: Outcome) -> None:
        self.puts.update(outcome.consequences.puts)
        self.appends.extend(outcome.consequences.appends)
        self._notices.update((notice.id, notice) for notice in outcome.consequences.notices)
        self._documents.update(((one.collection, one.id), one) for one in outcome.documents)

    @property
    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def consequences(self) -> Consequences:
        return Consequences(self.puts, self.appends, list(self._notices.values()))
