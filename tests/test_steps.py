"""The steps, one record each: what follows from it, and where that goes which cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from reports import ADMISSION, DENIAL, NOON, RULES, PlainReader, report

from connectors.sqlite_log import SqliteLog
from pipeline import codec, steps
from pipeline.core.article import Article, digest
from pipeline.core.dossier import Dossier
from pipeline.outlets import OutletStatus, status_from_bytes, status_to_bytes
from pipeline.patience import LONGEST, Patience, wait_after
from pipeline.ports import Notice, Poll, Record, Rejected, Unreachable

READER = PlainReader()


def seen(article: Article, revision: int = 0) -> codec.Seen:
    return codec.Seen(article.content_hash, revision)


ARTICLE = report(1, DENIAL)


@pytest.mark.parametrize(
    ("article", "known", "revision"),
    [
        pytest.param(ARTICLE, None, 0, id="new"),
        pytest.param(ARTICLE, seen(ARTICLE), None, id="unchanged"),
        pytest.param(replace(ARTICLE, published=NOON + timedelta(days=1)), seen(ARTICLE), None, id="date edited"),
        pytest.param(replace(ARTICLE, date_source="assumed"), seen(ARTICLE), None, id="date source changed"),
        pytest.param(report(1, ADMISSION), seen(ARTICLE), 1, id="text changed"),
        pytest.param(report(1, ADMISSION), seen(ARTICLE, 4), 5, id="text changed for the fifth time"),
        pytest.param(report(1, DENIAL, title="عاجل"), seen(ARTICLE), 1, id="title changed"),
    ],
)
def test_collecting_appends_what_is_new_or_has_another_text(
    article: Article, known: codec.Seen | None, revision: int | None
) -> None:
    outcome = steps.collect(article, known)
    if revision is None:
        assert outcome == steps.Outcome()
        return
    ((topic, record),) = outcome.consequences.appends
    assert (topic, record.id, record.key) == ("articles", digest(article.id, article.content_hash), article.id)
    assert codec.article_from_bytes(record.value) == article.revised(revision)
    assert codec.seen_from_bytes(outcome.consequences.puts["articles", article.id]) == seen(article, revision)


def test_half_a_character_does_not_cost_the_article() -> None:
    torn = report(1, "صورة \ud83d من {place}")
    ((_, record),) = steps.collect(torn, None).consequences.appends
    kept = codec.article_from_bytes(record.value)
    assert kept.text == "صورة \ufffd من البوكمال"
    assert steps.collect(torn, seen(kept)) == steps.Outcome()


def article_record(article: Article) -> Record:
    ((_, record),) = steps.collect(article, None).consequences.appends
    return record


def test_reading_gives_a_record_for_each_division_and_documents_for_the_index() -> None:
    article = report(1, DENIAL, "البوكمال ومن تدمر")
    outcome = steps.read(article_record(article), READER)
    records = [record for topic, record in outcome.consequences.appends if topic == "claims"]
    assert [record.key for record in records] == ["gn:170792", "gn:169575"]
    assert len({record.id for record in records}) == 2
    assert [codec.claims_from_bytes(record.value).claims[0].place.name for record in records] == ["البوكمال", "تدمر"]
    assert [(one.collection, one.version) for one in outcome.documents] == [
        ("articles", 0),
        ("claims", 0),
        ("claims", 0),
    ]
    assert outcome.documents[0].body["kinds"] == ["withdraw"]
    assert steps.read(article_record(article), READER) == outcome


def test_an_article_without_claims_is_indexed_all_the_same() -> None:
    outcome = steps.read(article_record(report(1, "طقس مشمس في {place}.")), READER)
    assert outcome.consequences.appends == []
    assert [one.collection for one in outcome.documents] == ["articles"]


def rejections(outcome: steps.Outcome) -> list[codec.RejectedRecord]:
    return [
        codec.rejected_from_bytes(record.value) for topic, record in outcome.consequences.appends if topic == "rejected"
    ]


def test_an_article_that_cannot_be_decoded_is_rejected_with_its_bytes() -> None:
    outcome = steps.read(Record("r1", "a1", b'{"v":1}'), READER)
    assert rejections(outcome) == [codec.RejectedRecord("articles", "r1", "article.content_hash: missing", '{"v":1}')]
    assert outcome.documents == ()


def test_an_article_that_the_reader_fails_on_is_rejected() -> None:
    (rejection,) = rejections(steps.read(article_record(report(1, "تعثر في {place}")), READER))
    assert rejection.reason == "the reader failed: unexpected RuntimeError"


def claims_record(article: Article) -> Record:
    ((_, record),) = steps.read(article_record(article), READER).consequences.appends
    return record


def followed(*articles: Article) -> tuple[Dossier | None, list[steps.Outcome]]:
    dossier: Dossier | None = None
    outcomes = []
    for article in articles:
        dossier, outcome = steps.follow(claims_record(article), dossier, RULES, ("Slack", "console"))
        outcomes.append(outcome)
    return dossier, outcomes


PAIR = (report(1, DENIAL), report(2, ADMISSION, outlet="العربي الجديد"))


def test_a_reversal_is_a_notice_for_each_channel() -> None:
    _, (first, second) = followed(*PAIR)
    assert first.consequences.notices == []
    (alert,) = {notice.alert.id: notice.alert for notice in second.consequences.notices}.values()
    assert [notice.id for notice in second.consequences.notices] == [f"{alert.id}@Slack", f"{alert.id}@console"]
    assert (alert.earlier.polarity, alert.later.polarity) == ("denied", "affirmed")
    assert [topic for topic, _ in second.consequences.appends].count("alerts") == 1
    assert {one.collection for one in second.documents} == {"events", "alerts"}


def test_a_report_followed_again_changes_nothing() -> None:
    dossier, _ = followed(*PAIR)
    for article in PAIR:
        again, outcome = steps.follow(claims_record(article), dossier, RULES, ("Slack",))
        assert again == dossier
        assert (list(outcome.consequences.appends), list(outcome.consequences.notices)) == ([], [])
        assert list(outcome.documents) == []


def test_the_version_of_a_document_grows_with_each_change() -> None:
    _, outcomes = followed(*PAIR, report(3, ADMISSION, outlet="عنب بلدي"))
    versions = [{one.version for one in outcome.documents} for outcome in outcomes]
    assert versions == [{1}, {2}, {3}]


def test_claims_that_cannot_be_decoded_leave_the_dossier_as_it_was() -> None:
    dossier, _ = followed(*PAIR)
    after, outcome = steps.follow(Record("r1", "gn:170792", b"\xff"), dossier, RULES)
    assert after == dossier
    (rejection,) = rejections(outcome)
    assert (rejection.topic, rejection.encoding, rejection.value) == ("claims", "base64", "/w==")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "naqid.db")
    yield log
    log.close()


class Channel:
    """A channel that answers as it is told, one answer a post, and takes everything after that."""

    def __init__(self, name: str, *answers: Exception) -> None:
        self.name = name
        self.answers = list(answers)
        self.posted: list[str] = []

    def post(self, notice: Notice) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.posted.append(notice.id)


def alert_notices(*channels: str, count: int = 1) -> list[Notice]:
    _, (_, outcome) = followed(*PAIR)
    alert = outcome.consequences.notices[0].alert
    return [
        Notice(steps.notice_id(numbered, channel), numbered)
        for number in range(count)
        for numbered in (replace(alert, id=f"alert{number}"),)
        for channel in channels
    ]


def announce_all(
    outbox: SqliteLog, channels: Mapping[str, Channel], now: datetime, patience: Patience
) -> list[tuple[str, str]]:
    fates: list[tuple[str, str]] = []
    while (announced := steps.announce(outbox, channels, now, patience)) is not None:
        fates.append((announced.id, announced.fate))
    return fates


def test_the_outage_of_one_channel_does_not_repeat_the_post_of_another(outbox: SqliteLog) -> None:
    outbox.put(alert_notices("Slack", "console"))
    channels = {"Slack": Channel("Slack", Unreachable("down")), "console": Channel("console")}
    patience = Patience()
    assert announce_all(outbox, channels, NOON, patience) == [("alert0@Slack", "later"), ("alert0@console", "posted")]
    assert announce_all(outbox, channels, NOON, patience) == []
    assert announce_all(outbox, channels, NOON + timedelta(seconds=2), patience) == [("alert0@Slack", "posted")]
    assert channels["console"].posted == ["alert0@console"]
    assert outbox.counts() == {"waiting": 0, "posted": 2, "given up": 0}


def test_a_channel_that_fails_is_left_alone_for_as_long_as_it_asks(outbox: SqliteLog) -> None:
    outbox.put(alert_notices("Slack", count=3))
    slack = Channel("Slack", Unreachable("429", retry_after=30))
    patience = Patience()
    assert [fate for _, fate in announce_all(outbox, {"Slack": slack}, NOON, patience)] == ["later"] * 3
    assert announce_all(outbox, {"Slack": slack}, NOON + timedelta(seconds=29), patience) == []
    announce_all(outbox, {"Slack": slack}, NOON + timedelta(seconds=31), patience)
    assert sorted(slack.posted) == ["alert0@Slack", "alert1@Slack", "alert2@Slack"]


def test_a_notice_that_a_channel_never_takes_does_not_stop_the_others(outbox: SqliteLog) -> None:
    class Choosy(Channel):
        def post(self, notice: Notice) -> None:
            if notice.alert.id == "alert0":
                raise Unreachable("500")
            super().post(notice)

    outbox.put(alert_notices("Slack", count=4))
    slack, patience = Choosy("Slack"), Patience()
    for second in range(5):
        announce_all(outbox, {"Slack": slack}, NOON + timedelta(seconds=second), patience)
    assert slack.posted == ["alert1@Slack", "alert2@Slack", "alert3@Slack"]
    assert outbox.counts()["waiting"] == 1


def test_what_a_channel_refuses_is_given_up_with_its_reason(outbox: SqliteLog) -> None:
    outbox.put(alert_notices("Slack"))
    slack = Channel("Slack", Rejected("invalid_blocks"))
    announced = steps.announce(outbox, {"Slack": slack}, NOON, Patience())
    assert announced is not None and announced.fate == "given up"
    (rejection,) = rejections(announced.outcome)
    assert (rejection.topic, rejection.id, rejection.reason) == ("outbox", "alert0@Slack", "invalid_blocks")
    assert codec.alert_from_bytes(rejection.value.encode()).id == "alert0"
    assert outbox.counts() == {"waiting": 0, "posted": 0, "given up": 1}


def test_an_alert_that_was_resolved_before_its_turn_is_not_posted(outbox: SqliteLog) -> None:
    (notice,) = alert_notices("Slack")
    outbox.put([notice])
    outbox.put([replace(notice, alert=replace(notice.alert, state="resolved"))])
    slack = Channel("Slack")
    assert announce_all(outbox, {"Slack": slack}, NOON, Patience()) == [(notice.id, "given up")]
    assert slack.posted == []


def test_an_event_that_went_over_into_another_is_emptied_in_the_index() -> None:
    dossier, _ = followed(PAIR[0])
    assert dossier is not None
    (event,) = dossier.events
    split = replace(dossier, events=(event, replace(event, id="other")))
    _, outcome = steps.follow(claims_record(PAIR[1]), split, RULES)
    emptied = {one.id: (one.body["articles"], one.body["claims"]) for one in outcome.documents if one.id == "other"}
    assert emptied == {"other": ([], [])}


@pytest.mark.parametrize("error", [RuntimeError("https://hooks.example/secret"), OSError("secret")])
def test_an_unexpected_failure_of_a_channel_keeps_the_alert_and_tells_no_secret(
    outbox: SqliteLog, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.put(alert_notices("Slack"))
    announced = steps.announce(outbox, {"Slack": Channel("Slack", error)}, NOON, Patience())
    assert announced is not None and announced.fate == "later"
    (waiting,) = outbox.waiting()
    assert waiting.reason == f"unexpected {type(error).__name__}"
    assert "secret" not in caplog.text


def test_a_notice_for_a_channel_that_is_not_set_up_waits_for_it(outbox: SqliteLog) -> None:
    outbox.put(alert_notices("Slack"))
    assert announce_all(outbox, {}, NOON, Patience()) == [("alert0@Slack", "later")]
    slack = Channel("Slack")
    announce_all(outbox, {"Slack": slack}, NOON + LONGEST, Patience())
    assert slack.posted == ["alert0@Slack"]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 1), (1, 1), (2, 2), (5, 16), (10, 512), (11, 900), (10_000, 900)]
)
def test_waits_double_from_a_second_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert wait_after(failures) == timedelta(seconds=seconds)


MINUTES_5 = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("errors", "wait"),
    [
        pytest.param([Unreachable("x")], timedelta(minutes=5), id="first failure"),
        pytest.param([Unreachable("x")] * 3, timedelta(minutes=20), id="third failure"),
        pytest.param([Unreachable("x")] * 50, timedelta(hours=1), id="down for days"),
        pytest.param([Unreachable("x", retry_after=7200)], timedelta(hours=2), id="asked to wait"),
        pytest.param([Unreachable("x", retry_after=1e12)], timedelta(days=1), id="asked to wait for ages"),
        pytest.param([Unreachable("x", retry_after=float("nan"))], timedelta(minutes=5), id="asked nonsense"),
        pytest.param([Rejected("gone")], timedelta(hours=1), id="unreadable"),
        pytest.param([KeyError("bug")], timedelta(hours=1), id="unexpected"),
    ],
)
def test_a_feed_that_fails_is_asked_ever_less_often_and_never_dropped(errors: list[Exception], wait: timedelta) -> None:
    status = OutletStatus()
    for error in errors:
        status = status.failed(error, NOON, MINUTES_5)
    assert status.next_poll == NOON + wait
    assert (status.failures, status.failed_at) == (len(errors), NOON)
    assert not status.due(NOON + wait - timedelta(seconds=1))
    assert status.due(NOON + wait)
    assert status.due(NOON - timedelta(days=400)), "a clock that was set back must not silence an outlet"
    assert status_from_bytes(status_to_bytes(status)) == status
    well = status.succeeded(Poll([ARTICLE]), NOON, MINUTES_5)
    assert (well.last_error, well.failures, well.articles, well.next_poll) == ("", 0, 1, NOON + MINUTES_5)
