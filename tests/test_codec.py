"""The wire format and the public shapes: what goes in comes out, and what is wrong is named."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import codec
from pipeline.core.alerts import Alert, ReversalKind, State
from pipeline.core.article import Article, DateSource, make_article
from pipeline.core.claims import Claim, Evidence, Modality, Part, Party, Polarity, Reading
from pipeline.core.dossier import Dossier, Event
from pipeline.core.places import NOWHERE, Level, Place
from pipeline.shapes import alert_json, article_json, claim_json, event_json, reading_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SPANS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
MOMENTS = st.builds(
    lambda microseconds, zone: datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=microseconds),
    st.integers(0, 4 * 10**15),
    st.sampled_from([UTC, timezone(timedelta(hours=3))]),
)
NUMBERS = st.none() | st.floats(-180, 180)
PLACES = st.builds(
    Place, TEXT, TEXT, TEXT, NUMBERS, NUMBERS, st.sampled_from(get_args(Level)), TEXT, TEXT, st.tuples(TEXT, TEXT)
)
PARTIES = st.none() | st.builds(Party, TEXT, TEXT, TEXT)
EVIDENCE = st.builds(
    Evidence,
    *(TEXT, TEXT, TEXT, MOMENTS, st.booleans(), TEXT, st.sampled_from(get_args(Part)), SPANS),
    st.lists(SPANS, max_size=2).map(tuple),
)
CLAIMS = st.builds(
    Claim,
    *(TEXT, TEXT, TEXT, st.sampled_from(get_args(Polarity)), st.sampled_from(get_args(Modality)), PLACES),
    *(PARTIES, PARTIES, PARTIES, st.lists(TEXT, max_size=2).map(tuple), EVIDENCE),
    explicit=st.booleans(),
    lead=st.booleans(),
    background=st.booleans(),
    number=st.none() | st.integers(),
    revision=st.integers(0, 9),
    sketch=st.lists(st.integers(0, 2**64), max_size=3).map(tuple),
)
ALERTS = st.builds(
    Alert,
    *(TEXT, st.sampled_from(get_args(ReversalKind)), TEXT, st.floats(0, 1), PLACES, TEXT, CLAIMS, CLAIMS),
    *(st.booleans(), st.lists(TEXT, max_size=2).map(tuple), st.integers(0, 9), st.sampled_from(get_args(State))),
    st.dictionaries(st.sampled_from(["ar", "en"]), TEXT),
)
EVENTS = st.builds(Event, TEXT, TEXT, PLACES, MOMENTS, MOMENTS, st.tuples(TEXT), st.tuples(TEXT, TEXT))
ARTICLES = st.builds(
    Article,
    *(TEXT, TEXT, TEXT, TEXT, TEXT, MOMENTS, st.sampled_from(get_args(DateSource)), MOMENTS, TEXT, st.integers(0, 99)),
)
DOSSIERS = st.builds(
    Dossier,
    *(TEXT, st.tuples(CLAIMS), st.tuples(EVENTS), st.tuples(ALERTS), st.integers(0, 99)),
)

PLACE = Place("gn:174448", "البوكمال", "Al-Bukamal", 34.45, 40.92, "town", "country:SY", "gn:170792")
SPEAKER = Party("hmeimim", "القناة المركزية لقاعدة حميميم العسكرية", "russia")
CLAIM = Claim(
    id="c1",
    kind="withdraw",
    plover="RETREAT",
    polarity="affirmed",
    modality="stated",
    place=PLACE,
    actor=Party("syrian-army", "قوات النظام"),
    object=None,
    speaker=SPEAKER,
    relayed_through=("نوفوستي", "فيسبوك"),
    evidence=Evidence(
        article_id="a1",
        url="https://b.example/1",
        outlet="العربي الجديد",
        published=datetime(2017, 11, 13, 9, 30, tzinfo=UTC),
        dated=True,
        sentence="اعترفت القناة المركزية لقاعدة حميميم بالانسحاب من البوكمال",
        part="text",
        span=(10, 68),
        cues=((0, 6),),
    ),
)
ALERT = Alert(
    id="r1",
    kind="camp",
    rule="two voices of one camp",
    confidence=0.9,
    place=PLACE,
    event="e1",
    earlier=replace(CLAIM, id="c0", polarity="denied", speaker=None, relayed_through=()),
    later=CLAIM,
    same_report=True,
    outlets=("العربي الجديد",),
    origins=1,
    state="open",
    explanation={"en": "two voices", "ar": "صوتان"},
)
ARTICLE = make_article(
    outlet="العربي الجديد",
    url="https://b.example/1",
    title="تصريحان متناقضان",
    text="اعترفت القناة بالانسحاب من البوكمال.",
    published=datetime(2017, 11, 13, 9, 30, tzinfo=UTC),
    fetched=datetime(2017, 11, 13, 10, 0, tzinfo=UTC),
)


@settings(max_examples=40, deadline=None)
@given(ARTICLES)
def test_an_article_comes_back_as_it_was_written(article: Article) -> None:
    assert codec.article_from_bytes(codec.article_to_bytes(article)) == article


@settings(max_examples=40, deadline=None)
@given(TEXT, st.lists(CLAIMS, max_size=2))
def test_claims_come_back_as_they_were_written(division: str, claims: list[Claim]) -> None:
    back = codec.claims_from_bytes(codec.claims_to_bytes(division, claims))
    assert (back.division, list(back.claims)) == (division, claims)


@settings(max_examples=40, deadline=None)
@given(DOSSIERS)
def test_a_dossier_comes_back_with_its_events_and_alerts(dossier: Dossier) -> None:
    data = codec.dossier_to_bytes(dossier)
    assert codec.dossier_from_bytes(data) == dossier
    for event in dossier.events:
        assert codec.event_from_bytes(codec.event_to_bytes(event)) == event
    for alert in dossier.alerts:
        assert codec.alert_from_bytes(codec.alert_to_bytes(alert)) == alert
    assert codec.dossier_to_bytes(codec.dossier_from_bytes(data)) == data


@given(st.binary(max_size=40))
def test_rejected_input_is_kept_to_the_byte(value: bytes) -> None:
    kept = codec.rejected_from_bytes(codec.rejected_to_bytes("articles", "x", "damaged", value))
    back = kept.value.encode() if kept.encoding == "text" else base64.b64decode(kept.value)
    assert (kept.topic, kept.id, kept.reason, back) == ("articles", "x", "damaged", value)


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_but_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="alert: "):
        codec.alert_from_bytes(data)


def altered(**changes: object) -> bytes:
    """An alert's bytes with fields changed by dotted path (dots written as two underscores), or left out by `...`."""
    content = json.loads(codec.alert_to_bytes(ALERT))
    for path, value in changes.items():
        *way, last = path.split("__")
        target = content
        for step in way:
            target = target[step]
        if value is ...:
            del target[last]
        else:
            target[last] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (altered(v=2), "alert: v: format version 2 is unknown"),
        (altered(v=True), "alert: v: format version True is unknown"),
        (altered(v=...), "alert: v: format version None is unknown"),
        (altered(rule=...), "alert.rule: missing"),
        (altered(later__evidence__url=...), "alert.later.evidence.url: missing"),
        (altered(later__evidence__span=[1]), "alert.later.evidence.span: expected 2 values, found 1"),
        (altered(later__evidence__span=[1, "2"]), r"alert.later.evidence.span\[1\]: expected a whole number"),
        (altered(later__evidence__published="2017-11-13"), "alert.later.evidence.published: expected a time"),
        (altered(later__evidence__published="0001-01-01T00:00+14:00"), "alert.later.evidence.published: expected"),
        (altered(later__evidence__published=5), "alert.later.evidence.published: expected a time"),
        (altered(earlier__place=None), "alert.earlier.place: expected an object, found None"),
        (altered(earlier__place__lat="34"), "alert.earlier.place.lat: expected a number"),
        (altered(earlier__place__lat=10**400), "alert.earlier.place.lat: expected a finite number"),
        (altered(earlier__polarity="maybe"), "alert.earlier.polarity: 'maybe' is none of affirmed, denied"),
        (altered(earlier__polarity=[]), r"alert.earlier.polarity: \[\] is none of"),
        (altered(same_report=1), "alert.same_report: expected true or false"),
        (altered(origins=True), "alert.origins: expected a whole number"),
        (altered(outlets="x"), "alert.outlets: expected a list"),
        (altered(explanation=[]), "alert.explanation: expected an object"),
        (altered(explanation={"en": 1}), "alert.explanation.en: expected a text"),
        (altered(colour="red"), "alert.colour: unknown field"),
        (altered(confidence=0)[:-1], "alert: not JSON"),
        (altered(confidence=float("nan")), "alert.confidence: expected a finite number"),
        (b"[1]", r"alert: expected an object, found \[1\]"),
        (b"\xff\xfe", "alert: not JSON"),
        (b"[" * 100_000, "alert: not JSON"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message):
        codec.alert_from_bytes(data)


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    assert codec.alert_from_bytes(altered(confidence=1)).confidence == 1.0


def test_text_that_utf8_cannot_hold_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        codec.article_to_bytes(replace(ARTICLE, title="نصف \ud83d"))


def test_a_time_without_a_zone_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        codec.article_to_bytes(replace(ARTICLE, fetched=ARTICLE.fetched.replace(tzinfo=None)))


def test_arabic_is_stored_as_arabic() -> None:
    assert "البوكمال".encode() in codec.alert_to_bytes(ALERT)


def test_an_alert_is_shown_in_its_public_shape() -> None:
    shape = alert_json(ALERT)
    assert shape["place"] == {
        "id": "gn:174448",
        "name": "البوكمال",
        "name_en": "Al-Bukamal",
        "lat": 34.45,
        "lon": 40.92,
    }
    assert shape["later"] == {
        "article_id": "a1",
        "url": "https://b.example/1",
        "outlet": "العربي الجديد",
        "published": "2017-11-13T09:30:00Z",
        "sentence": "اعترفت القناة المركزية لقاعدة حميميم بالانسحاب من البوكمال",
        "span": [10, 68],
        "polarity": "affirmed",
        "modality": "stated",
        "speaker": "القناة المركزية لقاعدة حميميم العسكرية",
        "camp": "russia",
        "relayed_through": "نوفوستي، فيسبوك",
        "kind": "withdraw",
        "part": "text",
        "cues": [[0, 6]],
    }
    earlier = shape["earlier"]
    assert (earlier["speaker"], earlier["camp"], earlier["relayed_through"]) == (None, None, None)
    assert {name: shape[name] for name in shape if name not in ("place", "earlier", "later")} == {
        "id": "r1",
        "kind": "camp",
        "confidence": 0.9,
        "event": "e1",
        "explanation": {"ar": "صوتان", "en": "two voices"},
        "outlets": ["العربي الجديد"],
        "origins": 1,
        "rule": "two voices of one camp",
        "state": "open",
        "same_report": True,
    }


def test_a_reading_is_shown_with_names_and_not_with_ids() -> None:
    aside = replace(CLAIM, id="c2", place=NOWHERE)
    shape = reading_json(ARTICLE, Reading("a1", (CLAIM,), (PLACE,), (aside,)))
    claim, passing = shape["claims"]
    assert (passing["aside"], passing["place"]) == (True, None)
    assert (claim["actor"], claim["object"], claim["speaker"]) == ("قوات النظام", None, SPEAKER.name)
    assert claim == {**claim_json(CLAIM), "aside": False}
    assert [place["name_en"] for place in shape["places"]] == ["Al-Bukamal"]


def test_an_indexed_article_names_each_kind_once() -> None:
    shape = article_json(ARTICLE, Reading("a1", (CLAIM, replace(CLAIM, id="c2")), (PLACE,)))
    assert shape["kinds"] == ["withdraw"]
    assert (shape["published"], shape["revision"]) == ("2017-11-13T09:30:00Z", 0)


def test_every_shape_is_ready_for_json() -> None:
    event = Event("e1", "withdraw", PLACE, ARTICLE.published, ARTICLE.published, ("https://b.example/1",), ("c1",))
    reading = Reading("a1", (CLAIM,), (PLACE,))
    for shape in (alert_json(ALERT), event_json(event), article_json(ARTICLE, reading), claim_json(CLAIM)):
        assert json.loads(json.dumps(shape)) == shape
