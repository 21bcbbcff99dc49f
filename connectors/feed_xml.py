"""From a feed's document to articles with a lasting identity; feeds in files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from connectors.feed_entries import BODY_LIMIT, FeedDocument, FeedEntry, read_feed
from connectors.worker_process import Worker
from pipeline.core.article import Article, article_id, canonical_url, make_article
from pipeline.ports import Poll, Rejected, Skipped, Unreachable


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
    """The articles of a document, one for each that it shows. Takes and raises what `read_feed` does.

    An entry without a date that can be read and can be true gets `fetched` as an assumed one.
    """
    document = read_feed(body, url=url, now=fetched, content_type=content_type, worker=worker)
    skipped = list(document.skipped)
    entries: dict[str, Article] = {}
    summary_only: set[str] = set()
    for entry, identity in zip(document.entries, _identities(document, outlet), strict=True):
        where = f"entry {entry.position} of {url}"
        if not (entry.title or entry.text):
            skipped.append(Skipped(where, "it has neither a title nor a text"))
            continue
        article = _article(entry, identity, outlet, fetched)
        known = entries.get(article.id)
        if known is not None and known.content_hash != article.content_hash:
            skipped.append(Skipped(where, "an older state of an article that the feed shows twice"))
        if known is None or article.published > known.published:
            entries[article.id] = article
            (summary_only.add if entry.summary_only else summary_only.discard)(article.id)
    return ParsedFeed(document.title, document.format, list(entries.values()), skipped, frozenset(summary_only))


def _article(entry: FeedEntry, identity: str, outlet: str, fetched: datetime) -> Article:
    article = make_article(
        outlet=outlet,
        url=entry.link,
        title=entry.title,
        text=entry.text,
        published=entry.published,
        fetched=fetched,
        guid=entry.guid,
        date_source=entry.date_source,
    )
    return replace(article, id=identity)


def _identities(document: FeedDocument, outlet: str) -> Iterator[str]:
    """An id for each entry: from its link, unless the link names no single article; then from its guid or its words.

    A link is none where it leads to the outlet's front page or where entries with different guids share it.
    """
    guids: dict[str, set[str]] = {}
    for entry in document.entries:
        guids.setdefault(canonical_url(entry.link), set()).add(entry.guid)
    shared = Counter(entry.guid for entry in document.entries)
    front = canonical_url(document.home) if document.home else ""
    for entry in document.entries:
        page = canonical_url(entry.link)
        leads_home = page == front or (urlsplit(page).path == "/" and not urlsplit(page).query)
        single = bool(entry.link) and not leads_home and len(guids[page]) == 1
        yield article_id(
            outlet=outlet,
            url=entry.link if single else "",
            guid=entry.guid if single or shared[entry.guid] == 1 else "",
            title=entry.title,
            text=entry.text,
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
