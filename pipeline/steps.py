"""The four steps, one record each: collect, read, follow, announce.

A step returns what follows and does nothing itself; only `announce` acts, through the outbox and the channels
that it is given. What cannot be used goes to the topic "rejected" with its reason, and the step goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline import codec
from pipeline.core import dossier as dossiers
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.article import Article, digest
from pipeline.core.claims import Claim
from pipeline.core.dossier import Dossier, Event
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.gaps import GapsBetween, gaps_of, no_gaps
from pipeline.outlets import told
from pipeline.patience import LONGEST, Patience
from pipeline.ports import Alerts, Consequences, Document, Gap, Notice, Outbox, Record, Rejected, Topic, Unreachable
from pipeline.shapes import alert_json, article_json, claim_json, event_json

ARTICLES = "articles"
"""The state's table of what was seen of each article: article id → `codec.Seen`."""
DOSSIERS = "dossiers"
"""The state's table of dossiers: division → `Dossier`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from one record: consequences for the log, the state and the outbox; documents for the index."""

    consequences: Consequences = field(default_factory=Consequences)
    documents: Sequence[Document] = ()


@dataclass(frozen=True, slots=True)
class Announced:
    """What became of one notice, and what follows from that."""

    id: str
    fate: Literal["posted", "later", "given up"]
    outcome: Outcome = field(default_factory=Outcome)


def collect(article: Article, known: codec.Seen | None) -> Outcome:
    """Append an article that is new or whose text has changed; an edited date alone is nothing.

    A changed text is the next revision. A text that returns to an earlier state is a record that the log holds.
    """
    article = _whole(article)
    if known is not None and known.content_hash == article.content_hash:
        return Outcome()
    article = article.revised(0 if known is None else known.revision + 1)
    record = Record(digest(article.id, article.content_hash), article.id, codec.article_to_bytes(article))
    seen = codec.seen_to_bytes(codec.Seen(article.content_hash, article.revision))
    return Outcome(Consequences(puts={(ARTICLES, article.id): seen}, appends=[("articles", record)]))


def read(record: Record, reader: Reader) -> Outcome:
    """Read one article: its claims for the log, one record a division; itself and its claims for the index."""
    try:
        article = codec.article_from_bytes(record.value)
    except ValueError as error:
        return refused("articles", record.id, str(error), record.value)
    try:
        reading = reader.read(article)
    except Exception as error:  # noqa: BLE001 - one article that trips the reader must not keep all others waiting
        _log.exception("article %s (%s) could not be read", article.id, article.url)
        return refused("articles", record.id, f"the reader failed: {told(error)}", record.value)
    divisions: dict[str, list[Claim]] = {}
    for claim in reading.claims:
        divisions.setdefault(claim.division, []).append(claim)
    records = [
        Record(digest(article.id, article.content_hash, division), division, codec.claims_to_bytes(division, claims))
        for division, claims in divisions.items()
    ]
    documents = [
        Document("articles", article.id, article.revision, article_json(article, reading)),
        *(Document("claims", claim.id, article.revision, claim_json(claim)) for claim in reading.claims),
    ]
    return Outcome(Consequences(appends=[("claims", record) for record in records]), documents)


def follow(
    record: Record, dossier: Dossier | None, rules: Rules, channels: Sequence[str] = ()
) -> tuple[Dossier | None, Outcome]:
    """Follow the claims of one report in the dossier of their division. Returns the next dossier as well.

    Documents carry the dossier's `version`, which grows with each change and never otherwise: the same record
    followed again gives the same documents, and an older one never overwrites a newer.

    Every alert raised or changed is a notice for each of `channels` (their names), except those UNANNOUNCED. The
    outbox replaces notices that wait and leaves posted ones alone, so a change shows only until it is posted; one
    that is resolved by then is given up.
    """
    try:
        report = codec.claims_from_bytes(record.value)
    except ValueError as error:
        return dossier, refused("claims", record.id, str(error), record.value)
    if report.division != record.key:
        reason = f"the record's key is {record.key!r}, its claims are of the division {report.division!r}"
        return dossier, refused("claims", record.id, reason, record.value)
    try:
        followed = dossiers.follow(dossier, report.claims, rules)
    except Exception as error:  # noqa: BLE001 - as for the reader: one report must not stop its whole division
        _log.exception("the claims %s (division %s) could not be followed", record.id, record.key)
        return dossier, refused("claims", record.id, f"following failed: {told(error)}", record.value)
    changed = (*followed.events, *_superseded(dossier, followed.dossier))
    return followed.dossier, _told(followed.events, followed.alerts, changed, followed.dossier.version, channels)


def standing(record: Record, dossier: Dossier) -> Outcome:
    """What the dossier says now of the claims of one report that it holds already: told again, it changes nothing.

    This is how a gap in the index, or in what is announced, is filled when the log is read again.
    """
    held = {claim.id for claim in codec.claims_from_bytes(record.value).claims}
    events = [event for event in dossier.events if not held.isdisjoint(event.claims)]
    about = {event.id for event in events}
    alerts = [alert for alert in dossier.alerts if alert.event in about or {alert.earlier.id, alert.later.id} & held]
    return _told(events, alerts, events, dossier.version, ())


def noticed(alert: Alert, channels: Sequence[str]) -> Outcome:
    """A notice of an alert for each of `channels`, as `follow` gives them; none of a `development`."""
    return Outcome(Consequences(notices=_notices([alert], channels)))


def announce(
    outbox: Outbox,
    channels: Mapping[str, Alerts],
    now: datetime,
    patience: Patience,
    gaps: GapsBetween = no_gaps,
    muted: Callable[[Alert], bool] = lambda alert: False,
) -> Announced | None:
    """Post the oldest notice that is due to its channel, with the `gaps` of its outlets; None when none is.

    A channel that fails rests for a while and its notices wait; the notice that failed waits longer, so that one
    which a channel never takes does not stand in the way of the others. Raises `Unreachable` for the outbox only.
    """
    try:
        notice = outbox.take(now)
    except Rejected as error:
        return Announced("", "given up", refused("outbox", digest(str(error)), str(error)))
    if notice is None:
        return None
    if notice.alert.state == "resolved":
        outbox.give_up(notice.id, "the alert was resolved before it was posted")
        return Announced(notice.id, "given up")
    if muted(notice.alert):
        outbox.give_up(notice.id, "a person has muted alerts of this kind at this place")
        return Announced(notice.id, "given up")
    name = notice.id.partition("@")[2]
    channel = channels.get(name)
    if channel is None:
        return _postponed(outbox, notice, now + LONGEST, f"no channel {name!r} is set up")
    rests_until = patience.rests_until(name, now)
    if rests_until is not None:
        return _postponed(outbox, notice, rests_until, f"{name} failed and rests")
    try:
        channel.post(replace(notice, gaps=_gaps_told(notice.alert, gaps)))
    except Rejected as error:
        outbox.give_up(notice.id, told(error))
        patience.succeeded(name)
        _log.error("alert %s was given up: %s", notice.id, told(error))
        return Announced(
            notice.id, "given up", refused("outbox", notice.id, told(error), codec.alert_to_bytes(notice.alert))
        )
    except Exception as error:  # noqa: BLE001 - whatever the channel raises, the alert waits and the reason is kept
        asked_for = error.retry_after if isinstance(error, Unreachable) else None
        resumes = patience.failed(name, now, asked_for)
        own = patience.failed(notice.id, now)
        # What a channel breaks off without a word it may have posted.
        uncertain = error.uncertain if isinstance(error, Unreachable) else True
        return _postponed(outbox, notice, max(own, resumes + timedelta(seconds=1)), told(error), uncertain=uncertain)
    outbox.done(notice.id)
    patience.succeeded(name)
    patience.succeeded(notice.id)
    return Announced(notice.id, "posted")


def _gaps_told(alert: Alert, gaps: GapsBetween) -> Sequence[Gap]:
    """When the alert's outlets could not be read; an alert is not held up because that cannot be looked up."""
    try:
        return gaps_of(alert, gaps)
    except (Unreachable, Rejected, ValueError) as error:
        _log.warning("alert %s is told without when its outlets could not be read: %s", alert.id, error)
        return ()


def refused(topic: str, id: str, reason: str, value: bytes = b"") -> Outcome:
    """The record of the topic "rejected" for something that cannot be used."""
    record = Record(digest("rejected", topic, id, reason), topic, codec.rejected_to_bytes(topic, id, reason, value))
    return Outcome(Consequences(appends=[("rejected", record)]))


def notice_id(alert: Alert, channel: str) -> str:
    """A notice for each channel, so that the outage of one does not repeat the post of another."""
    return f"{alert.id}@{channel}"


def _notices(alerts: Iterable[Alert], channels: Sequence[str]) -> list[Notice]:
    told_of = [alert for alert in alerts if alert.kind not in UNANNOUNCED]
    return [Notice(notice_id(alert, channel), alert) for alert in told_of for channel in channels]


def _told(
    events: Sequence[Event], alerts: Sequence[Alert], indexed: Sequence[Event], version: int, channels: Sequence[str]
) -> Outcome:
    """Events and alerts as records and documents of a version; `indexed` are the events whose documents change."""
    appends: list[tuple[Topic, Record]] = [
        *(("events", _version_of(event.id, version, codec.event_to_bytes(event))) for event in events),
        *(("alerts", _version_of(alert.id, version, codec.alert_to_bytes(alert))) for alert in alerts),
    ]
    documents = [
        *(Document("events", event.id, version, event_json(event)) for event in indexed),
        *(Document("alerts", alert.id, version, alert_json(alert)) for alert in alerts),
    ]
    return Outcome(Consequences(appends=appends, notices=_notices(alerts, channels)), documents)


def _superseded(before: Dossier | None, after: Dossier) -> list[Event]:
    """Events whose claims have all gone over to others, emptied: the index cannot forget a document.

    An event that only grew too old for the dossier stays in the index as it was.
    """
    if before is None:
        return []
    standing, claims = {event.id for event in after.events}, {claim.id for claim in after.claims}
    gone = (event for event in before.events if event.id not in standing and claims.issuperset(event.claims))
    return [replace(event, articles=(), claims=()) for event in gone]


def _version_of(id: str, version: int, value: bytes) -> Record:
    return Record(digest(id, str(version)), id, value)


def _postponed(outbox: Outbox, notice: Notice, at: datetime, reason: str, *, uncertain: bool = False) -> Announced:
    outbox.later(notice.id, at, reason, uncertain=uncertain)
    _log.warning("alert %s waits until %s: %s", notice.id, at.isoformat(timespec="seconds"), reason)
    return Announced(notice.id, "later")


def _whole(article: Article) -> Article:
    """The article with � for each half of a surrogate pair (a page's cut emoji), which UTF-8 cannot hold."""
    texts = {name: getattr(article, name) for name in ("id", "outlet", "url", "title", "text")}
    whole = {name: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for name, text in texts.items()}
    if whole == texts:
        return article
    return replace(article, **whole, content_hash=digest(whole["title"], whole["text"]))
