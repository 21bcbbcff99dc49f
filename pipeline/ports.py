"""What the pipeline asks of the outside world. Each docstring is a promise that every adapter keeps.

Adapters inherit nothing from here; `tests/contracts` runs one suite a port over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from pipeline.core.alerts import Alert
from pipeline.core.article import Article

Topic = Literal["articles", "claims", "events", "alerts", "rejected"]
Collection = Literal["articles", "claims", "events", "alerts"]


class Unreachable(Exception):
    """Try again later. `retry_after` is in seconds where the other side named a time, else None.

    `uncertain` is True where no answer came and the other side may have done what was asked. `lasting` is True where
    the other side is there and refuses, which will hardly be better within the hour.
    """

    def __init__(
        self, reason: str, retry_after: float | None = None, *, uncertain: bool = False, lasting: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.uncertain = uncertain
        self.lasting = lasting


class Rejected(Exception):
    """Never again with this input: it is kept in the `rejected` topic with this reason."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A piece of input that could not be used: where it stood and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hub:
    """Where one can ask to be told of what is new, and under which address the feed is known there."""

    address: str
    topic: str


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll gave. `memory` is opaque (validators of HTTP, a file's position): hand it to the next poll.

    `moved` is where the source says that it lies for good now, "" where it is where it was looked for. `hub` is the
    one that the source offers, None where it offers none or nobody asked.
    """

    articles: Sequence[Article]
    memory: str = ""
    skipped: Sequence[Skipped] = ()
    moved: str = ""
    hub: Hub | None = None


class Feed(Protocol):
    """A place that articles come from.

    `poll` returns every article that the source shows now and that `memory` does not prove unchanged; showing an
    article again is allowed, losing one is not. One bad entry never costs its neighbours: it is reported in
    `skipped`. Times are aware; an article whose date is unknown carries `fetched=now` and `date_source="assumed"`.

    Raises `Unreachable` when a later poll may succeed and `Rejected` when this source can never be read.
    """

    @property
    def name(self) -> str:
        """How a person calls this source in messages."""
        ...

    def poll(self, memory: str, now: datetime) -> Poll: ...


class Pushes(Protocol):
    """Hubs that tell when a feed has news. Threads may share it; nothing of it waits for a hub.

    `offered` subscribes the feed of this name at its hub, as often as that has to be done. `rest` is how long a feed
    need not be polled because its hub would tell; zero where none does. `news` are the feeds told of since the last
    call: they are to be polled, since what hubs send is not handed on.
    """

    def offered(self, feed: str, hub: Hub, now: datetime) -> None: ...

    def rest(self, feed: str, now: datetime) -> timedelta: ...

    def news(self) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Record:
    """A record to append: `id` is deterministic, `key` decides which records keep their order."""

    id: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as read back, with the opaque position just after it."""

    record: Record
    position: str


class Log(Protocol):
    """An append-only log of topics.

    `append` returns when the records are durable; records of one key are read back in the order of their
    appending. A record whose id the topic already holds may be dropped or stored again, so readers must be
    idempotent. `read` returns at most `limit` records after `position` ("" is the beginning), in order, and an
    empty list at the end. A stored record that was damaged on disk raises `Rejected` naming it, never returns
    altered bytes.

    Raises `Unreachable` when the log cannot be reached now; then nothing of the call counts as done.
    """

    def append(self, topic: Topic, records: Sequence[Record]) -> None: ...

    def read(self, topic: Topic, position: str, limit: int) -> list[Stored]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which the outlet of this name could not be read, and why."""

    outlet: str
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert on its way to a channel. `repeat` is True when it may have been posted before a crash.

    `gaps` is when its outlets could not be read between its two sides, looked up as it is shown: no part of the alert.
    """

    id: str
    alert: Alert
    repeat: bool = False
    gaps: Sequence[Gap] = ()


MOST_GAPS = 5
"""A channel tells of no more than so many gaps in one message."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """All that follows from a batch of records: applied together or not at all."""

    puts: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    """(table, key) → value."""
    appends: Sequence[tuple[Topic, Record]] = ()
    notices: Sequence[Notice] = ()


class State(Protocol):
    """The embedded driver's memory: tables of bytes and how far each step has read.

    `commit` applies the consequences and moves `consumer` to `position` in one durable transaction: after a crash
    either all of it is there or none. `position` of an unknown consumer is "". A damaged value raises `Rejected`.
    """

    def get(self, table: str, key: str) -> bytes | None: ...

    def position(self, consumer: str) -> str: ...

    def commit(self, consumer: str, position: str, consequences: Consequences) -> None: ...


class Outbox(Protocol):
    """Notices that wait to be posted: each once, unless a crash fell between posting and remembering.

    `put` adds by id: a waiting notice is replaced by the newer text, one that was posted or given up stays so.
    `take` returns the oldest notice due at `now` and durably remembers, before it returns, that posting begins;
    a notice that was taken before without an outcome, or put off as `uncertain`, comes back with `repeat=True`.
    `done`, `later` (not before `at`) and `give_up` record the outcome. `counts` gives the number of notices
    "waiting", "posted", "given up".
    """

    def put(self, notices: Sequence[Notice]) -> None: ...

    def take(self, now: datetime) -> Notice | None: ...

    def done(self, id: str) -> None: ...

    def later(self, id: str, at: datetime, reason: str, *, uncertain: bool = False) -> None: ...

    def give_up(self, id: str, reason: str) -> None: ...

    def counts(self) -> dict[str, int]: ...


class Alerts(Protocol):
    """A channel that tells people.

    `post` returns when the channel has accepted the notice. It says so in the message when `notice.repeat`.
    Raises `Unreachable` (with `retry_after` where the channel named one, `uncertain` where it may have the notice) or
    `Rejected`. No error holds a secret.
    """

    @property
    def name(self) -> str: ...

    def post(self, notice: Notice) -> None: ...


@dataclass(frozen=True, slots=True)
class Document:
    """A document for the index. A lower `version` never overwrites a higher one; the same may be written again.

    `body` is JSON-ready (`pipeline.codec`); of articles, "title" and "text" are searched with Arabic analysis.
    """

    collection: Collection
    id: str
    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Empty `words` means the newest. Times are aware; `since` is inclusive, `until` exclusive.

    A document one of whose kinds stands in `without` is left out, unless `kind` asks for that very kind. With `ids`
    only documents of those ids are meant.
    """

    collection: Collection
    words: str = ""
    ids: tuple[str, ...] = ()
    place: str = ""
    kind: str = ""
    without: tuple[str, ...] = ()
    outlet: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found, best first (newest first when no words were asked for)."""

    id: str
    body: Mapping[str, Any]
    snippet: str = ""


Mark = Literal["acknowledged", "label", "muted"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person has decided of a subject, and when."""

    subject: str
    value: str
    at: datetime


def mute_subject(place: str, kind: str) -> str:
    """The subject under which a mute of alerts of one kind at one place is kept."""
    return f"{kind} {place}"


class Desk(Protocol):
    """What people have decided: alerts that they have seen, judged ("true", "false"), and what is muted.

    A mark of a subject is kept once: `put` replaces it and is durable when it returns, `remove` forgets it and minds
    none that is not there. `decisions` are in the order of their times. Raises `Unreachable`.
    """

    def put(self, mark: Mark, subject: str, value: str, now: datetime) -> None: ...

    def remove(self, mark: Mark, subject: str) -> None: ...

    def decisions(self, mark: Mark) -> list[Decision]: ...

    def close(self) -> None: ...


class Index(Protocol):
    """Where people search.

    `put` is idempotent by id and version, durable when it returns, and returns what was refused for good, with
    the reason; the rest is in. `search` folds and stems query words exactly as it did the text (all words must
    be there), and matches `place` against place ids and names. Raises `Unreachable`.
    """

    def put(self, documents: Sequence[Document]) -> list[Skipped]: ...

    def search(self, query: Query) -> list[Hit]: ...

    def count(self, collection: Collection) -> int: ...

    def close(self) -> None: ...
