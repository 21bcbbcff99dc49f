"""When an outlet could not be read: kept by the collector, found between an alert's sides, told in each channel."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, Naqid
from sample_alerts import notice, wording

from connectors.console import Console
from connectors.slack_message import message
from connectors.sqlite_log import SqliteLog
from pipeline import steps
from pipeline.collecting import Collector, Rota
from pipeline.gaps import gaps_between, gaps_of
from pipeline.outlets import Watched
from pipeline.patience import Patience
from pipeline.ports import Gap, Poll, Rejected, Unreachable

NOON = datetime(2017, 11, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTLET = "عنب بلدي"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "naqid.db")
    yield log
    log.close()


class Turning:
    """A feed that fails while it is told to."""

    name = "feed (https://outlet.example/rss)"

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.polls = 0

    def poll(self, memory: str, now: datetime) -> Poll:
        self.polls += 1
        if self.failure:
            raise self.failure
        return Poll([])


def polled(log: SqliteLog, feed: Turning, *moments: tuple[datetime, Exception | None], anew: bool = False) -> None:
    """Poll at each moment with this failure, or with none; `anew` by a service that was started again each time."""
    collector, rota = Collector(log), Rota([Watched(feed, timedelta(minutes=5), OUTLET)])
    for now, failure in moments:
        if anew:
            collector = Collector(log)
        feed.failure = failure
        polls = feed.polls
        collector.collect(rota, now)
        rota.wait(5)
        collector.collect(rota, now)
        assert feed.polls <= polls + 1
    rota.close()


DOWN = Unreachable("the server answered 503")


def test_a_gap_lasts_from_the_first_failed_poll_to_the_next_that_succeeds(log: SqliteLog) -> None:
    feed = Turning()
    polled(log, feed, (NOON, None), (NOON + HOUR / 2, DOWN), (NOON + HOUR, DOWN), (NOON + 4 * HOUR, None))
    since, until = NOON + HOUR / 2, NOON + 4 * HOUR
    expected = [Gap(OUTLET, since, until, "the server answered 503")]
    assert gaps_between(log, ["آخر", OUTLET], NOON - HOUR, NOON + 9 * HOUR) == expected


def test_a_gap_that_goes_on_reaches_to_the_end_of_what_is_asked(log: SqliteLog) -> None:
    polled(log, Turning(), (NOON, DOWN))
    assert [(gap.since, gap.until) for gap in gaps_between(log, [OUTLET], NOON - HOUR, NOON + 3 * HOUR)] == [
        (NOON, NOON + 3 * HOUR)
    ]


def test_only_the_part_between_the_two_times_is_told_and_none_shorter_than_an_hour(log: SqliteLog) -> None:
    polled(log, Turning(), (NOON, DOWN), (NOON + 5 * HOUR, None))
    (gap,) = gaps_between(log, [OUTLET], NOON + HOUR, NOON + 3 * HOUR)
    assert (gap.since, gap.until) == (NOON + HOUR, NOON + 3 * HOUR)
    assert gaps_between(log, [OUTLET], NOON + HOUR, NOON + HOUR * 1.9) == []
    assert gaps_between(log, [OUTLET], NOON + 6 * HOUR, NOON + 9 * HOUR) == []


def test_the_time_that_naqid_itself_did_not_run_is_a_gap(log: SqliteLog) -> None:
    polled(log, Turning(), (NOON, None), (NOON + 30 * HOUR, None), anew=True)
    (gap,) = gaps_between(log, [OUTLET], NOON, NOON + 40 * HOUR)
    assert gap.reason == "naqid did not run" and 29 * HOUR < gap.until - gap.since < 30 * HOUR


def test_a_feed_that_is_gone_for_good_is_asked_again_only_by_a_new_start(log: SqliteLog) -> None:
    feed = Turning()
    polled(log, feed, (NOON, Rejected("gone for good (410)")), (NOON + 50 * HOUR, None), (NOON + 90 * HOUR, None))
    assert feed.polls == 1
    polled(log, feed, (NOON + 91 * HOUR, None), (NOON + 92 * HOUR, None))
    assert feed.polls == 3


GAPS = (
    Gap(OUTLET, NOON - 3 * HOUR, NOON, "503"),
    Gap("العربي الجديد", NOON - 75 * HOUR, NOON, "timed out"),
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Could not be read", "for 3 hours (from Sunday 12 November 2017, 09:00 UTC", "for 3 days"]),
        ("ar", ["ما تعذّرت قراءته", "عنب بلدي لمدة ٣ ساعات (من الأحد ١٢", "العربي الجديد لمدة ٣ أيام"]),
    ],
)
def test_every_channel_tells_which_outlet_could_not_be_read(language: str, words: list[str]) -> None:
    chosen = "ar" if language == "ar" else "en"
    given = replace(notice(), gaps=GAPS)
    stream = io.StringIO()
    Console(stream, wording(), chosen, width=200).post(given)
    slack = json.dumps(message(given, wording(), chosen), ensure_ascii=False)
    for word in words:
        assert word in stream.getvalue() and word in slack
    assert words[0] not in json.dumps(message(notice(), wording(), chosen), ensure_ascii=False)


def test_the_gaps_of_an_alert_are_those_of_its_outlets_between_its_sides() -> None:
    asked: list[tuple[object, ...]] = []

    def between(*of: object) -> list[Gap]:
        asked.append(of)
        return list(GAPS)

    alert = notice().alert
    assert gaps_of(alert, between) == GAPS
    assert asked == [(alert.outlets, alert.earlier.evidence.published, alert.later.evidence.published)]


def alerts(naqid: Naqid) -> list[dict[str, Any]]:
    return [json.loads(line) for line in naqid("alerts", "--json", "--data", "kept").stdout.splitlines()]


def test_alerts_are_listed_with_the_gaps_of_their_outlets(naqid: Naqid, tmp_path: Path) -> None:
    story = ROOT / "config" / "demo" / "albukamal.jsonl"
    assert naqid("replay", story, "--data", "kept", timeout=180).returncode == 0
    bare = alerts(naqid)
    assert [alert["gaps"] for alert in bare] == [[], []]
    log = SqliteLog(tmp_path / "kept" / "naqid.db")
    # Enab Baladi, which printed the admission of the 13th, was away from the 12th at noon on for twenty hours.
    polled(log, Turning(), (NOON, DOWN), (NOON + 20 * HOUR, None))
    log.close()
    listed = alerts(naqid)
    assert [alert["id"] for alert in listed] == [alert["id"] for alert in bare]
    (gap,) = next(alert["gaps"] for alert in listed if alert["kind"] == "denial")
    assert gap == {
        "outlet": OUTLET,
        "since": "2017-11-12T12:00:00Z",
        "until": "2017-11-13T07:40:00Z",
        "reason": "the server answered 503",
    }
    assert f"not read: {OUTLET} from 2017-11-12 12:00 to 2017-11-13 07:40" in naqid("alerts", "--data", "kept").stdout


def test_an_alert_is_posted_even_where_the_gaps_cannot_be_looked_up(log: SqliteLog) -> None:
    def damaged(*_: object) -> list[Gap]:
        raise Unreachable("the file is locked")

    stream = io.StringIO()
    console = Console(stream, wording())
    given = notice()
    log.put([replace(given, id=steps.notice_id(given.alert, console.name))])
    announced = steps.announce(log, {console.name: console}, NOON + 99 * HOUR, Patience(), damaged)
    assert announced is not None and announced.fate == "posted"
    assert given.alert.id in stream.getvalue() and "Could not be read" not in stream.getvalue()
