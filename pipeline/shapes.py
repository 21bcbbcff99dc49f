"""The public JSON shapes: what the command line prints, the index holds and others build on."""

from __future__ import annotations

from typing import Any

from pipeline.core.alerts import Alert
from pipeline.core.article import Article
from pipeline.core.claims import Claim, Party, Reading
from pipeline.core.dossier import Event
from pipeline.core.places import NOWHERE, Place
from pipeline.ports import Gap
from pipeline.wire import moment_to_text

Shape = dict[str, Any]


def alert_json(alert: Alert) -> Shape:
    """An alert with both of its sides."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "confidence": alert.confidence,
        "place": place_json(alert.place),
        "event": alert.event,
        "explanation": {language: alert.explanation[language] for language in sorted(alert.explanation)},
        "outlets": list(alert.outlets),
        "origins": alert.origins,
        "earlier": _side(alert.earlier),
        "later": _side(alert.later),
        "rule": alert.rule,
        "state": alert.state,
        "same_report": alert.same_report,
    }


def event_json(event: Event) -> Shape:
    return {
        "id": event.id,
        "kind": event.kind,
        "place": place_json(event.place),
        "first": moment_to_text(event.first),
        "last": moment_to_text(event.last),
        "articles": list(event.articles),
        "claims": list(event.claims),
    }


def claim_json(claim: Claim) -> Shape:
    """A claim with its evidence; those who act and speak by name, None where the sentence names none."""
    return {
        "id": claim.id,
        "kind": claim.kind,
        "plover": claim.plover,
        "polarity": claim.polarity,
        "modality": claim.modality,
        "place": None if claim.place is NOWHERE else place_json(claim.place),
        "actor": _name(claim.actor),
        "object": _name(claim.object),
        "speaker": _name(claim.speaker),
        "camp": _camp(claim),
        "relayed_through": _relays(claim),
        "sentence": claim.evidence.sentence,
        "span": list(claim.evidence.span),
        "part": claim.evidence.part,
        "published": moment_to_text(claim.evidence.published),
        "outlet": claim.evidence.outlet,
        "url": claim.evidence.url,
        "article_id": claim.evidence.article_id,
    }


def reading_json(article: Article, reading: Reading) -> Shape:
    """What was read from one article, as `naqid read --json` prints it; no dossier keeps an `aside`."""
    return {
        "url": article.url,
        "outlet": article.outlet,
        "title": article.title,
        "claims": [
            *({**claim_json(claim), "aside": False} for claim in reading.claims),
            *({**claim_json(claim), "aside": True} for claim in reading.asides),
        ],
        "places": [place_json(place) for place in reading.places],
    }


def article_json(article: Article, reading: Reading) -> Shape:
    """An article as the index holds it; `kinds` are those of its claims, each once, in the order of the text."""
    return {
        "id": article.id,
        "url": article.url,
        "outlet": article.outlet,
        "title": article.title,
        "text": article.text,
        "published": moment_to_text(article.published),
        "revision": article.revision,
        "places": [place_json(place) for place in reading.places],
        "kinds": list(dict.fromkeys(claim.kind for claim in reading.claims)),
    }


def gap_json(gap: Gap) -> Shape:
    """When an outlet of an alert could not be read between its two sides."""
    return {
        "outlet": gap.outlet,
        "since": moment_to_text(gap.since),
        "until": moment_to_text(gap.until),
        "reason": gap.reason,
    }


def place_json(place: Place) -> Shape:
    """A place; `lat` and `lon` in WGS84 degrees, None where unknown."""
    return {
        "id": place.id,
        "name": place.name,
        "name_en": place.name_en,
        "lat": place.lat,
        "lon": place.lon,
    }


def _side(claim: Claim) -> Shape:
    return {
        "article_id": claim.evidence.article_id,
        "url": claim.evidence.url,
        "outlet": claim.evidence.outlet,
        "published": moment_to_text(claim.evidence.published),
        "sentence": claim.evidence.sentence,
        "span": list(claim.evidence.span),
        "polarity": claim.polarity,
        "modality": claim.modality,
        "speaker": _name(claim.speaker),
        "camp": _camp(claim),
        "relayed_through": _relays(claim),
        "kind": claim.kind,
        "part": claim.evidence.part,
        "cues": [list(cue) for cue in claim.evidence.cues],
    }


def _name(party: Party | None) -> str | None:
    return None if party is None else party.name


def _camp(claim: Claim) -> str | None:
    return (claim.speaker.camp or None) if claim.speaker is not None else None


def _relays(claim: Claim) -> str | None:
    return "، ".join(claim.relayed_through) or None
