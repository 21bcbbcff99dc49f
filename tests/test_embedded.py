"""The driver for one process: every article once, every alert once, whatever breaks in the middle."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from reports import ADMISSION, DENIAL, NOON, RULES, PlainReader, report

from connectors.sqlite_index import SqliteIndex
from connectors.sqlite_log import SqliteLog
from pipeline import codec
from pipeline.core.analysis import Analyzer
from pipeline.core.article import Article
from pipeline.core.dossier import Dossier
from pipeline.embedded import Embedded
from pipeline.outlets import OutletStatus, Watched, status_from_bytes
from pipeline.ports import Consequences, Document, Index, Notice, Poll, Query, Record, Rejected, Skipped, Unreachable

PAIR = [report(1, DENIAL), report(2, ADMISSION, outlet="العربي الجديد")]
REPORTS = [
    *PAIR,
    report(3, "طقس مشمس في {place}."),
    report(4, DENIAL, "تدمر", outlet="عنب بلدي"),
    report(5, ADMISSION, "تدمر", outlet="سانا"),
]


class Recorder:
    """A channel that keeps what it was given."""

    name = "recorder"

    def __init__(self) -> None:
        self.posted: list[Notice] = []

    def post(self, notice: Notice) -> None:
        self.posted.append(notice)


class House:
    """The pipeline over one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = SqliteLog(folder / "naqid.db")
        self.index = SqliteIndex(folder / "index.db", Analyzer(frozenset(), {}))
        self.channel = Recorder()
        self.embedded = self.driver()

    def driver(self, index: Index | None = None) -> Embedded:
        return Embedded(
            self.log,
            self.log,
            self.log,
            index or self.index,
            PlainReader(),
            RULES,
            [self.channel],
        )

    def take(self, articles: Sequence[Article]) -> None:
        self.embedded.ingest(articles)
        self.embedded.drain()
        self.embedded.announce_due(NOON)

    def rejected(self) -> list[codec.RejectedRecord]:
        return [codec.rejected_from_bytes(one.record.value) for one in self.log.read("rejected", "", 1000)]

    def everything(self) -> dict[str, object]:
        """All that is kept, for comparing two ways to the same end."""
        return {
            "log": {
                topic: {(one.record.id, one.record.key) for one in self.log.read(topic, "", 10_000)}
                for topic in ("articles", "claims", "rejected")
            },
            "index": {
                collection: sorted((hit.id, str(hit.body)) for hit in self.index.search(Query(collection, limit=1000)))
                for collection in ("articles", "claims", "events", "alerts")
            },
            "dossiers": {division: self.log.get("dossiers", division) for division in ("gn:170792", "gn:169575")},
            "outbox": self.log.counts(),
        }

    def close(self) -> None:
        self.log.close()
        self.index.close()


@contextmanager
def house_in(folder: Path) -> Iterator[House]:
    folder.mkdir(exist_ok=True)
    with closing(House(folder)) as house:
        yield house


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr("pipeline.rounds.IDLE_SECONDS", 0.05)
    with house_in(tmp_path / "house") as house:
        yield house


def test_two_reports_that_contradict_are_one_alert_found_and_posted(house: House) -> None:
    house.take(PAIR)
    ((hit),) = house.index.search(Query("alerts"))
    assert (hit.body["earlier"]["url"], hit.body["later"]["url"]) == (PAIR[0].url, PAIR[1].url)
    assert [notice.alert.id for notice in house.channel.posted] == [hit.id]
    assert [house.index.count(collection) for collection in ("articles", "claims", "events")] == [2, 2, 1]
    assert house.rejected() == []


def test_the_same_articles_again_change_nothing(house: House) -> None:
    house.take(REPORTS)
    before = house.everything()
    assert house.embedded.ingest(REPORTS) == 0
    house.take([replace(article, published=NOON + timedelta(days=2)) for article in REPORTS])
    assert house.everything() == before
    assert len(house.channel.posted) == 2


def test_an_article_twice_in_one_batch_is_taken_once(house: House) -> None:
    assert house.embedded.ingest([PAIR[0], PAIR[0]]) == 1


def test_a_changed_text_is_the_next_revision_of_the_same_article(house: House) -> None:
    house.take([report(1, DENIAL)])
    house.take([report(1, "طقس مشمس في {place}.")])
    ((hit),) = house.index.search(Query("articles"))
    assert (hit.body["revision"], hit.body["kinds"]) == (1, [])


def test_batches_do_not_show_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for size in (1, 2, 100):
        monkeypatch.setattr("pipeline.embedded.BATCH", size)
        with house_in(tmp_path / str(size)) as house:
            house.take(REPORTS)
            results.append(house.everything())
    assert results[0] == results[1] == results[2]


class PowerCut(BaseException):
    """The end of the process at a chosen moment; nothing catches it on its way."""


class FailingState:
    """A log that is cut off just before or just after its n-th commit."""

    def __init__(self, log: SqliteLog, commits: int, after: bool) -> None:
        self.log, self.left, self.after = log, commits, after

    def get(self, table: str, key: str) -> bytes | None:
        return self.log.get(table, key)

    def position(self, consumer: str) -> str:
        return self.log.position(consumer)

    def commit(self, consumer: str, position: str, consequences: Consequences) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise PowerCut
        self.log.commit(consumer, position, consequences)
        if self.left == 0:
            raise PowerCut


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_cut_around_any_commit_ends_as_if_there_had_been_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr("pipeline.embedded.BATCH", 2)
    with house_in(tmp_path / "whole") as whole:
        whole.take(REPORTS)
        expected = whole.everything()
    cuts = 0
    while True:
        with house_in(tmp_path / f"cut{cuts}") as house:
            state = FailingState(house.log, cuts + 1, after)
            house.embedded = Embedded(
                house.log,
                state,
                house.log,
                house.index,
                PlainReader(),
                RULES,
                [house.channel],
            )
            try:
                house.take(REPORTS)
            except PowerCut:
                cuts += 1
            else:
                break
        with house_in(tmp_path / f"cut{cuts - 1}") as house:
            house.take(REPORTS)
            assert house.everything() == expected
    assert cuts >= 6


def test_a_cut_between_posting_and_remembering_is_told_as_a_possible_repeat(house: House) -> None:
    class Cut(Recorder):
        def post(self, notice: Notice) -> None:
            super().post(notice)
            raise PowerCut

    channel, house.channel = house.channel, Cut()
    house.embedded = house.driver()
    with pytest.raises(PowerCut):
        house.take(PAIR)
    assert [notice.repeat for notice in house.channel.posted] == [False]
    house.channel = channel
    house.embedded = house.driver()
    house.take(PAIR)
    house.take(PAIR)
    assert [notice.repeat for notice in channel.posted] == [True]


def test_records_delivered_again_change_nothing(house: House) -> None:
    house.take(REPORTS)
    before = house.everything()
    for consumer in ("read", "follow"):
        house.log.commit(consumer, "", Consequences())
    house.take([])
    assert house.everything() == before
    assert len(house.channel.posted) == 2


def test_reading_the_log_again_fills_gaps_and_changes_nothing_else(house: House) -> None:
    house.take(REPORTS)
    before = house.everything()
    assert house.embedded.reread(NOON) == len(REPORTS)
    assert house.everything() == before
    assert house.embedded.reread(NOON + timedelta(minutes=4)) == 2
    house.index.close()
    for left in house.folder.glob("index.db*"):
        left.unlink()
    house.log.commit("reread", "", Consequences(puts={("dossiers", "gn:170792"): b"damaged"}))
    house.index = SqliteIndex(house.folder / "index.db", Analyzer(frozenset(), {}))
    house.embedded = house.driver()
    assert house.embedded.reread(NOON) == len(REPORTS)
    assert house.everything()["index"] == before["index"]
    assert house.everything()["outbox"] == before["outbox"]


def test_poison_goes_to_rejected_and_all_others_go_on(house: House) -> None:
    house.log.append("articles", [Record("poison", "a1", b"\x00not json")])
    house.log.append("claims", [Record("poison", "gn:170792", b'{"v":7}')])
    house.take([report(9, "تعثر القارئ في {place}"), *PAIR])
    assert sorted((one.topic, one.reason[:30]) for one in house.rejected()) == [
        ("articles", "article: not JSON: Expecting v"),
        ("articles", "the reader failed: unexpected "),
        ("claims", "claimsrecord: v: format versio"),
    ]
    assert len(house.channel.posted) == 1


def damage(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "naqid.db")) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def test_a_damaged_record_is_rejected_by_name_and_its_neighbours_are_read(house: House) -> None:
    house.embedded.ingest(REPORTS)
    damage(house.folder, "UPDATE log_articles SET value = x'00' WHERE number = 3")
    house.take([])
    ((rejection),) = house.rejected()
    assert (rejection.topic, "record 3" in rejection.reason) == ("articles", True)
    assert house.index.count("articles") == 4
    assert len(house.channel.posted) == 2


def test_a_damaged_dossier_is_made_again_from_the_log(house: House, tmp_path: Path) -> None:
    third = report(6, ADMISSION, outlet="الجزيرة")
    with house_in(tmp_path / "sound") as sound:
        sound.take(REPORTS)
        sound.take([third])
        expected = sound.everything()
    house.take(REPORTS)
    damage(house.folder, "UPDATE state SET value = x'00' WHERE name = 'dossiers' AND key = 'gn:170792'")
    house.take([third])
    ((rejection),) = house.rejected()
    assert (rejection.topic, rejection.id) == ("state", "dossiers/gn:170792")
    found = house.everything()
    assert (found["dossiers"], found["index"]) == (expected["dossiers"], expected["index"])
    assert len(house.channel.posted) == 2


def test_an_article_whose_memory_was_damaged_is_not_taken_twice(house: House) -> None:
    house.take(PAIR)
    damage(house.folder, "UPDATE state SET value = x'00' WHERE name = 'articles'")
    house.take(PAIR)
    assert house.log.size("articles") == 2
    assert len(house.channel.posted) == 1
    assert {one.topic for one in house.rejected()} == {"state"}


def test_damaged_positions_mean_reading_again_and_nothing_new(house: House) -> None:
    house.take(REPORTS)
    before = house.everything()
    damage(house.folder, "UPDATE consumer SET position = '1'")
    house.take([])
    assert house.everything() == before


class OtherIndex:
    """An index whose `put` differs; all else is the index's own."""

    def __init__(self, index: SqliteIndex) -> None:
        self.index = index
        self.search, self.count, self.close = index.search, index.count, index.close


class LockedIndex(OtherIndex):
    """An index that cannot be reached the first few times."""

    def __init__(self, index: SqliteIndex, failures: int) -> None:
        super().__init__(index)
        self.failures = failures

    def put(self, documents: Sequence[Document]) -> list[Skipped]:
        self.failures -= 1
        if self.failures >= 0:
            raise Unreachable("the index is locked")
        return self.index.put(documents)


def test_an_index_out_of_reach_costs_nothing(house: House) -> None:
    house.embedded = house.driver(LockedIndex(house.index, 2))
    house.embedded.ingest(PAIR)
    for _ in range(2):
        with pytest.raises(Unreachable):
            house.embedded.drain()
        assert house.log.position("read") == ""
    house.embedded.drain()
    assert house.embedded.announce_due(NOON) == 1
    assert house.index.count("alerts") == 1


def test_what_the_index_refuses_is_recorded(house: House) -> None:
    class Refusing(OtherIndex):
        def put(self, documents: Sequence[Document]) -> list[Skipped]:
            return [Skipped(f"{one.collection} {one.id}", "too long") for one in documents]

    house.embedded = house.driver(Refusing(house.index))
    house.take([REPORTS[2]])
    assert [(one.topic, one.id) for one in house.rejected()] == [("index", f"articles {REPORTS[2].id}")]


class ScriptedFeed:
    """A feed whose polls go as listed, the last one for ever; `memories` are those it was handed."""

    def __init__(self, name: str, *outcomes: Poll | Exception) -> None:
        self.name = name
        self.outcomes = list(outcomes)
        self.memories: list[str] = []

    def poll(self, memory: str, now: datetime) -> Poll:
        self.memories.append(memory)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def clock() -> datetime:
    return datetime.now(UTC)


def run_until(embedded: Embedded, feeds: Sequence[ScriptedFeed], reached: Callable[[], bool], interval: float) -> None:
    """Run the service until `reached`, then stop it; fails if either takes too long."""
    stop = threading.Event()
    watched = [Watched(feed, timedelta(seconds=interval)) for feed in feeds]
    service = threading.Thread(target=embedded.run, args=(watched, clock, stop))
    service.start()
    try:
        until = time.monotonic() + 10
        while not reached():
            assert service.is_alive() and time.monotonic() < until
            time.sleep(0.01)
    finally:
        stop.set()
        service.join(5)
    assert not service.is_alive()


def status_of(house: House, name: str) -> OutletStatus:
    value = house.log.get("outlets", name)
    return OutletStatus() if value is None else status_from_bytes(value)


def test_the_service_polls_collects_and_posts_until_it_is_stopped(house: House) -> None:
    first = ScriptedFeed("الخبر", Poll(PAIR[:1], "etag-1"), Poll([], "etag-2"))
    second = ScriptedFeed("العربي", Poll(PAIR[1:], "x", [Skipped("entry 2", "without a title")]))
    run_until(house.embedded, [first, second], lambda: bool(house.channel.posted and len(first.memories) > 2), 0.2)
    assert len(house.channel.posted) == 1
    assert first.memories[:3] == ["", "etag-1", "etag-2"]
    assert status_of(house, "العربي").skipped == 1
    assert [(one.topic, one.id, one.reason) for one in house.rejected()] == [
        ("feeds", "العربي: entry 2", "without a title")
    ]


def test_feeds_that_fail_are_recorded_and_keep_no_other_waiting(house: House) -> None:
    feeds = [
        ScriptedFeed("down", Unreachable("503")),
        ScriptedFeed("gone", Rejected("not a feed")),
        ScriptedFeed("bug", KeyError("secret")),
        ScriptedFeed("well", Poll(PAIR)),
    ]
    run_until(
        house.embedded,
        feeds,
        lambda: bool(house.channel.posted) and all(status_of(house, feed.name).next_poll for feed in feeds),
        60,
    )
    assert [status_of(house, feed.name).last_error for feed in feeds] == [
        "503",
        "not a feed",
        "unexpected KeyError",
        "",
    ]
    assert [len(feed.memories) for feed in feeds] == [1, 1, 1, 1]


def test_a_restart_does_not_poll_before_the_time(house: House) -> None:
    feed = ScriptedFeed("الخبر", Poll(PAIR, "etag"))
    run_until(house.embedded, [feed], lambda: status_of(house, "الخبر").next_poll is not None, 60)
    again = ScriptedFeed("الخبر", Poll(PAIR, "etag"))
    other = ScriptedFeed("آخر", Poll([]))
    run_until(house.driver(), [again, other], lambda: status_of(house, "آخر").next_poll is not None, 60)
    assert (feed.memories, again.memories) == ([""], [])


def test_the_service_outlasts_an_index_that_is_locked_for_a_while(house: House) -> None:
    embedded = house.driver(LockedIndex(house.index, 2))
    run_until(embedded, [ScriptedFeed("الخبر", Poll(PAIR))], lambda: bool(house.channel.posted), 60)
    assert house.index.count("alerts") == 1


def test_the_service_without_feeds_posts_what_waits_and_stops(house: House) -> None:
    house.embedded.ingest(PAIR)
    run_until(house.driver(), [], lambda: bool(house.channel.posted), 60)


def test_a_poll_that_never_ends_does_not_hold_up_the_end(house: House) -> None:
    class Endless(ScriptedFeed):
        def poll(self, memory: str, now: datetime) -> Poll:
            self.memories.append(memory)
            return super().poll(memory, now) if release.wait(30) else Poll([])

    release = threading.Event()
    feed = Endless("slow", Poll([]))
    run_until(house.embedded, [feed], lambda: bool(feed.memories), 60)
    release.set()


def test_two_feeds_of_one_name_are_refused(house: House) -> None:
    feeds = [Watched(ScriptedFeed("واحد", Poll([])), timedelta(minutes=5))] * 2
    with pytest.raises(ValueError, match="two feeds are called 'واحد'"):
        house.embedded.run(feeds, clock, threading.Event())


def test_the_heart_beats_while_the_service_waits_and_works(house: House) -> None:
    beats: list[float] = []
    embedded = Embedded(
        house.log,
        house.log,
        house.log,
        house.index,
        PlainReader(),
        RULES,
        heartbeat=lambda: beats.append(time.monotonic()),
    )
    run_until(embedded, [ScriptedFeed("الخبر", Poll(PAIR))], lambda: len(beats) > 8, 60)


def test_a_dossier_is_kept_for_each_division(house: House) -> None:
    house.take(REPORTS)
    kept: list[Dossier] = []
    for division in ("gn:170792", "gn:169575"):
        value = house.log.get("dossiers", division)
        assert value is not None
        kept.append(codec.dossier_from_bytes(value))
    assert [(one.division, len(one.claims), len(one.alerts)) for one in kept] == [
        ("gn:170792", 2, 1),
        ("gn:169575", 2, 1),
    ]
