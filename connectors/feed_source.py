"""What files and addresses show as feeds at this moment, without any memory: many at once, in the order asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.feed_entries import ACCEPT, BODY_LIMIT, FeedDocument, FeedEntry, read_feed
from connectors.feed_xml import path_of
from connectors.http_fetch import Fetcher
from pipeline.ports import Rejected, Unreachable
from pipeline.wire import moment_to_text

# Most of them wait for servers; documents are parsed by as many workers as there are.
_THREADS = 16
# Documents that may be ready before their turn comes.
_AHEAD = 64

Shape = dict[str, Any]
"""`source, format, title, entries, skipped, error`, JSON-ready; `error` is None where the source was read.

An entry holds `id, link, title, published, date_source, summary`; `published` is ISO 8601 in UTC or None, the rest
are strings, "" where the feed says nothing.
"""


def look_at_all(sources: Iterable[str], fetcher: Fetcher, now: datetime) -> Iterator[Shape]:
    """What each source shows, in the order given; a source is a path or a `file:`, `http:` or `https:` address."""
    threads = ThreadPoolExecutor(_THREADS)
    waiting: deque[Future[Shape]] = deque()
    try:
        for source in sources:
            waiting.append(threads.submit(_shown, source, fetcher, now))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Whoever asked may have seen enough.
        threads.shutdown(cancel_futures=True)


def _shown(source: str, fetcher: Fetcher, now: datetime) -> Shape:
    try:
        document = _read(source, fetcher, now)
    except (Rejected, Unreachable, ValueError) as problem:
        return _shape(source, error=str(problem))
    except OSError as problem:
        return _shape(source, error=problem.strerror or str(problem))
    return _shape(source, document)


def _shape(source: str, document: FeedDocument | None = None, error: str | None = None) -> Shape:
    return {
        "source": source,
        "format": document.format if document else "",
        "title": document.title if document else "",
        "entries": [_entry(entry) for entry in document.entries] if document else [],
        "skipped": [{"where": one.where, "reason": one.reason} for one in document.skipped] if document else [],
        "error": error,
    }


def _entry(entry: FeedEntry) -> Shape:
    return {
        "id": entry.guid or entry.link,
        "link": entry.link,
        "title": entry.title,
        "published": moment_to_text(entry.published) if entry.published else None,
        "date_source": entry.date_source,
        "summary": entry.summary,
    }


def _read(source: str, fetcher: Fetcher, now: datetime) -> FeedDocument:
    if source.lower().startswith(("http://", "https://")):
        answer = fetcher.get(source, {"Accept": ACCEPT})
        if answer.status != 200:
            raise Unreachable(f"the server answered {answer.status}")
        return read_feed(answer.body, url=answer.url, now=now, content_type=answer.headers.get("content-type", ""))
    path = path_of(source)
    return read_feed(_bytes_of(path), url=path.absolute().as_uri(), now=now)


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise Rejected("it is a folder; give the files in it")
    with path.open("rb") as file:
        return file.read(BODY_LIMIT + 1)
