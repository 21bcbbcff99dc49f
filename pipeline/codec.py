"""The versioned wire format: what the log, the state and the outbox hold, as UTF-8 JSON.

The fields are those of the dataclasses themselves; decoding is strict and names the field that is wrong.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.core.alerts import Alert
from pipeline.core.article import Article
from pipeline.core.claims import Claim
from pipeline.core.dossier import Dossier, Event
from pipeline.wire import from_bytes, to_bytes


@dataclass(frozen=True, slots=True)
class ClaimsRecord:
    """What one record of the topic "claims" holds: the claims of one article revision for one division."""

    division: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of an article between polls: which text it had last, and how many before that."""

    content_hash: str
    revision: int


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """What one record of the topic "rejected" holds: what could not be used (`id` within `topic`) and why.

    `value` is the input itself, as text or in base64, whichever `encoding` says.
    """

    topic: str
    id: str
    reason: str
    value: str = ""
    encoding: Literal["text", "base64"] = "text"


def article_to_bytes(article: Article) -> bytes:
    """Raises `ValueError` for text that UTF-8 cannot hold (half a surrogate pair), as all encoders here do."""
    return to_bytes(article)


def article_from_bytes(data: bytes) -> Article:
    """Raises `ValueError` naming the field that is missing or wrong, as all decoders here do."""
    return from_bytes(Article, data)


def seen_to_bytes(seen: Seen) -> bytes:
    return to_bytes(seen)


def seen_from_bytes(data: bytes) -> Seen:
    return from_bytes(Seen, data)


def claims_to_bytes(division: str, claims: Sequence[Claim]) -> bytes:
    """The claims of one article revision for one division."""
    return to_bytes(ClaimsRecord(division, tuple(claims)))


def claims_from_bytes(data: bytes) -> ClaimsRecord:
    return from_bytes(ClaimsRecord, data)


def dossier_to_bytes(dossier: Dossier) -> bytes:
    return to_bytes(dossier)


def dossier_from_bytes(data: bytes) -> Dossier:
    return from_bytes(Dossier, data)


def event_to_bytes(event: Event) -> bytes:
    return to_bytes(event)


def event_from_bytes(data: bytes) -> Event:
    return from_bytes(Event, data)


def alert_to_bytes(alert: Alert) -> bytes:
    return to_bytes(alert)


def alert_from_bytes(data: bytes) -> Alert:
    return from_bytes(Alert, data)


def rejected_to_bytes(topic: str, id: str, reason: str, value: bytes = b"") -> bytes:
    """`value` is kept as text where it is UTF-8, else in base64. Never raises: what is wrong has to be kept."""
    topic, id, reason = (part.encode("utf-8", "backslashreplace").decode("utf-8") for part in (topic, id, reason))
    try:
        return to_bytes(RejectedRecord(topic, id, reason, value.decode("utf-8")))
    except UnicodeDecodeError:
        return to_bytes(RejectedRecord(topic, id, reason, base64.b64encode(value).decode("ascii"), "base64"))


def rejected_from_bytes(data: bytes) -> RejectedRecord:
    return from_bytes(RejectedRecord, data)
