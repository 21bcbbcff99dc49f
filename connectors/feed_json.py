"""JSON Feed, versions 1 and 1.1 (https://www.jsonfeed.org/version/1.1/), read in the worker process."""

from __future__ import annotations

import json
from typing import Any

from connectors.feed_fields import Skips, link_of, make_document, make_entry, within_the_cap
from pipeline.ports import Rejected


def read_json(text: str, url: str) -> Any:
    """What the document gives, as `connectors.feed_document` does. Raises `Rejected` for other JSON."""
    try:
        feed = json.loads(text, strict=False)
    except RecursionError:
        raise Rejected("this is JSON that is nested too deeply for a feed") from None
    except ValueError as problem:
        raise Rejected(f"this begins as JSON and is none: {problem}") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise Rejected('this is JSON, but no JSON Feed: it is no object with a list of "items"')
    version = _words(feed.get("version"))
    if "jsonfeed.org" not in version:
        raise Rejected(f'this is JSON, but no JSON Feed: its "version" is {version[:60]!r}')
    skipped: Skips = []
    home = link_of(_words(feed.get("home_page_url")), [url])
    bases = [url, home, link_of(_words(feed.get("feed_url")), [url])]
    entries = []
    for position, item in enumerate(within_the_cap(items, skipped), 1):
        if isinstance(item, dict):
            entries.append(_entry(position, item, bases, skipped))
        else:
            skipped.append((f"entry {position}", "it is no object of JSON"))
    title = _words(feed.get("title"))
    return make_document(title, "JSON Feed " + version.rstrip("/").rpartition("/")[2][:10], home, entries, skipped)


def _entry(position: int, item: dict[str, Any], bases: list[str], skipped: Skips) -> dict[str, Any]:
    return make_entry(
        position,
        skipped,
        bases,
        address=_words(item.get("url")) or _words(item.get("external_url")),
        guid=_words(item.get("id")),
        title=_words(item.get("title")),
        contents=[_words(item.get("content_html")) or _words(item.get("content_text"))],
        summary=_words(item.get("summary")),
        dates=[_words(item.get("date_published")), _words(item.get("date_modified"))],
    )


def _words(value: object) -> str:
    """A string as it is; a number as its digits, since the standard asks readers to take an `id` so."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
