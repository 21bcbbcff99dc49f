"""The entries of a feed's document with their dates, read in a process that hostile bytes may kill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.feed_dates import read_date
from connectors.worker_process import Worker, shared_workers
from pipeline.core.article import DateSource
from pipeline.ports import Rejected, Skipped

BODY_LIMIT = 15 << 20
"""Bytes of a feed's document."""
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, */*;q=0.5"
)
"""What to ask a server for."""

_UNDATED: tuple[None, DateSource] = (None, "assumed")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. `guid` is the feed's own name for it, "" where it gives none; `text` is all that it says,
    `summary` what it calls its summary, or the text where it gives none.

    `published` is in UTC, None (and "assumed") where no date was given that can be read and can be true.
    """

    position: int
    guid: str
    link: str
    title: str
    text: str
    summary: str
    published: datetime | None
    date_source: DateSource
    summary_only: bool


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """What one document gave. `home` is the address of the outlet's front page, "" where it is not told."""

    title: str
    format: str
    home: str
    entries: Sequence[FeedEntry]
    skipped: Sequence[Skipped]


def read_feed(
    body: bytes, *, url: str, now: datetime, content_type: str = "", worker: Worker | None = None
) -> FeedDocument:
    """Read RSS (0.9 to 2.0, RDF), Atom, CDF, JSON Feed or a news sitemap.

    At most 1,000 entries, titles of 1,000 and texts of 200,000 characters; what is beyond is told in `skipped`.
    `url` is the document's address: relative links resolve against it, and `skipped` names it. Raises `Rejected` with
    the reason in words for a document that is no feed, is larger than 15 MiB, or costs more than the worker's limits.
    """
    if len(body) > BODY_LIMIT:
        raise Rejected(f"the document is more than the {BODY_LIMIT:,} bytes that a feed may have")
    if not body.strip():
        raise Rejected("the document is empty")
    found = (worker or shared_workers()).call(
        "connectors.feed_document:read_document", {"url": url, "content_type": content_type}, body
    )
    entries = []
    for entry in found["entries"]:
        dates = (read_date(words, now) for words in entry.pop("dates"))
        published, source = next((date for date in dates if date), _UNDATED)
        entries.append(FeedEntry(**entry, published=published, date_source=source))
    skipped = [Skipped(f"{where} of {url}", reason) for where, reason in found["skipped"]]
    return FeedDocument(found["title"], found["format"], found["home"], entries, skipped)
