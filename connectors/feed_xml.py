"""RSS and Atom: from a document's bytes to articles, in a process that hostile bytes may kill; feeds in files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.feed_dates import read_date
from connectors.worker_process import Worker, shared_worker
from pipeline.core.article import Article, article_id, canonical_url, make_article
from pipeline.ports import Poll, Rejected, Skipped, Unreachable

BODY_LIMIT = 15 << 20
"""Bytes of a feed's document."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What one document gave. `summary_only` holds the ids of the articles whose text is only a summary."""

    title: str
    format: str
    entries: Sequence[Article]
    skipped: Sequence[Skipped]
    summary_only: frozenset[str] = frozenset()


def parse_feed(
    body: bytes, *, url: str, outlet: str, fetched: datetime, content_type: str = "", worker: Worker | None = None
) -> ParsedFeed:
    """Read RSS (0.9 to 2.0, RDF) or Atom. At most 1,000 entries, titles of 1,000 and texts of 200,000 characters.

    `url` is the document's address: relative links resolve against it, and `skipped` names it. A date that cannot
    be read or cannot be true leaves `published` as assumed. Raises `Rejected` with the reason in words for a document
    that is no feed, is larger than 15 MiB, or costs more than the worker's limits.
    """
    if len(body) > BODY_LIMIT:
        raise Rejected(f"the document is {len(body):,} bytes, more than the {BODY_LIMIT:,} that a feed may have")
    if not body.strip():
        raise Rejected("the document is empty")
    found = (worker or shared_worker()).call(
        "connectors.feed_document:read_document", {"url": url, "content_type": content_type}, body
    )
    skipped = [Skipped(f"{where} of {url}", reason) for where, reason in found["skipped"]]
    entries: dict[str, Article] = {}
    summary_only: set[str] = set()
    for entry, identity in zip(found["entries"], _identities(found["entries"], found["home"], outlet), strict=True):
        where = f"entry {entry['position']} of {url}"
        article = _article(entry, identity, outlet, fetched)
        if article is None:
            skipped.append(Skipped(where, "it has neither a title nor a text"))
            continue
        known = entries.get(article.id)
        if known is not None and known.content_hash != article.content_hash:
            skipped.append(Skipped(where, "an older state of an article that the feed shows twice"))
        if known is None or article.published > known.published:
            entries[article.id] = article
            (summary_only.add if entry["summary_only"] else summary_only.discard)(article.id)
    return ParsedFeed(found["title"], found["format"], list(entries.values()), skipped, frozenset(summary_only))


def _article(entry: dict[str, Any], identity: str, outlet: str, fetched: datetime) -> Article | None:
    if not (entry["title"] or entry["text"]):
        return None
    dates = (read_date(words, fetched) for words in entry["dates"])
    article = make_article(
        outlet=outlet,
        url=entry["link"],
        title=entry["title"],
        text=entry["text"],
        published=next((date for date in dates if date is not None), None),
        fetched=fetched,
        guid=entry["guid"],
        date_source="feed",
    )
    return replace(article, id=identity)


def _identities(entries: Sequence[dict[str, Any]], home: str, outlet: str) -> Iterator[str]:
    """An id for each entry: from its link, unless the link names no single article; then from its guid or its words.

    A link is none where it leads to the outlet's front page or where entries with different guids share it.
    """
    guids: dict[str, set[str]] = {}
    for entry in entries:
        guids.setdefault(canonical_url(entry["link"]), set()).add(entry["guid"])
    shared = Counter(entry["guid"] for entry in entries)
    front = canonical_url(home) if home else ""
    for entry in entries:
        page = canonical_url(entry["link"])
        leads_home = page == front or (urlsplit(page).path == "/" and not urlsplit(page).query)
        single = bool(entry["link"]) and not leads_home and len(guids[page]) == 1
        yield article_id(
            outlet=outlet,
            url=entry["link"] if single else "",
            guid=entry["guid"] if single or shared[entry["guid"]] == 1 else "",
            title=entry["title"],
            text=entry["text"],
        )


class FileFeed:
    """A document of RSS or Atom in a file, named by its path or its `file:` address."""

    def __init__(self, path: Path | str, outlet: str, worker: Worker | None = None) -> None:
        self._path = path if isinstance(path, Path) else path_of(path)
        self._outlet = outlet
        self._worker = worker

    @property
    def name(self) -> str:
        return f"{self._outlet} ({self._path})"

    def poll(self, memory: str, now: datetime) -> Poll:
        """The articles of the file, or none where its bytes are those that `memory` names."""
        try:
            with self._path.open("rb") as file:
                body = file.read(BODY_LIMIT + 1)
        except OSError as problem:
            raise Unreachable(f"{self._path}: {problem.strerror or problem}") from problem
        fingerprint = hashlib.blake2b(body, digest_size=16).hexdigest()
        if fingerprint == memory:
            return Poll([], memory)
        try:
            feed = parse_feed(
                body, url=self._path.absolute().as_uri(), outlet=self._outlet, fetched=now, worker=self._worker
            )
        except Rejected as refusal:
            raise Rejected(f"{self._path}: {refusal}") from None
        return Poll(feed.entries, fingerprint, feed.skipped)


def path_of(address: str) -> Path:
    """The path that a `file:` address or a plain path names. Raises `ValueError` for an address of another kind."""
    if not address.lower().startswith("file:"):
        if "://" in address:
            raise ValueError(f"{address}: not a file; give a path or a file: address")
        return Path(address)
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"{address}: a file: address names a path of this machine, as in file:///path/feed.xml")
    return Path(unquote(parts.path))
