"""What the page shows of an alert, a claim or an article: plain strings, made from the shapes that the index holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from pipeline.core.alerts import ReversalKind, State
from pipeline.core.claims import Modality, Polarity
from pipeline.core.phrases import Language
from pipeline.core.quoting import clean, own_words, quote
from pipeline.core.wording import Wording
from pipeline.ports import mute_subject

_LONGEST_SENTENCE = 1200

Body = Mapping[str, Any]
Pieces = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an alert, or one claim: its sentence in pieces (text, whether it decides), and its facts."""

    when: str
    pieces: Pieces
    facts: list[tuple[str, str]]
    link: str
    host: str
    polarity: str


@dataclass(frozen=True, slots=True)
class Card:
    """An alert as it is shown."""

    id: str
    kind: str
    kind_name: str
    place: str
    place_name: str
    event: str
    matter: str
    confidence: str
    state: str
    reach: str
    one_report: bool
    explanation: str
    earlier: Side
    later: Side
    gaps: list[str]
    subject: str
    """What a mute of its kind at its place is filed under."""


def card(body: Body, wording: Wording, language: Language, gaps: Sequence[str] = ()) -> Card:
    """The card of an alert's shape (`pipeline.shapes.alert_json`)."""
    kind = cast(ReversalKind, body["kind"])
    outlets = wording.count("outlets", len(body["outlets"]), language)
    origins = wording.count("origins", body["origins"], language)
    return Card(
        id=body["id"],
        kind=kind,
        kind_name=wording.kind(kind, language),
        place=body["place"]["id"],
        place_name=place_name(body["place"], language),
        event=body["event"],
        matter=wording.event(body["earlier"]["kind"], language),
        confidence=wording.percent(body["confidence"], language),
        state=wording.state(cast(State, body["state"]), language),
        reach=wording.label("outlets_origins", language, outlets=outlets, origins=origins),
        one_report=body["same_report"],
        explanation=own_words(body["explanation"].get(language, "")),
        earlier=side(body["earlier"], wording, language),
        later=side(body["later"], wording, language),
        gaps=list(gaps),
        subject=mute_subject(body["place"]["id"], kind),
    )


def side(body: Body, wording: Wording, language: Language) -> Side:
    """One side of an alert, or a claim's shape (`pipeline.shapes.claim_json`)."""
    polarity = cast(Polarity, body["polarity"])
    claim = wording.polarity(polarity, language)
    if body["modality"] != "stated":
        claim = f"{claim} ({wording.modality(cast(Modality, body['modality']), language)})"
    speaker = wording.name(body["speaker"], language) if body["speaker"] else wording.label("own_voice", language)
    told = {
        "event": wording.event(body["kind"], language),
        "claim": claim,
        "speaker": speaker,
        "camp": wording.camp(body["camp"], language) if body["camp"] else "",
        "through": clean(body["relayed_through"] or "", 200),
        "outlet": wording.name(body["outlet"], language),
    }
    link = web_address(body["url"])
    return Side(
        when=wording.moment(datetime.fromisoformat(body["published"]), language),
        pieces=quote(body["sentence"], [tuple(cue) for cue in body.get("cues", ())], _LONGEST_SENTENCE).pieces(),
        facts=[(wording.label(key, language), value) for key, value in told.items() if value],
        link=link,
        host=urlsplit(link).hostname or "" if link else "",
        polarity=polarity,
    )


def place_name(place: Body, language: Language) -> str:
    """A place by the name of that language, else by its Arabic one."""
    return clean((place.get("name_en") if language == "en" else "") or place["name"], 80)


def web_address(url: str) -> str:
    """The address, if a browser may be sent there (http or https, with a host and nothing hidden), else ""."""
    if clean(url) != url or " " in url or len(url) > 2_000:
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    return url if usable else ""
