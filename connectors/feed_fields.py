"""What every kind of feed gives for an entry: the same fields, cleaned, within limits, with what was cut counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.clean_text import clean, one_line, text_of_markup

ENTRIES = 1_000
TITLE_LENGTH = 1_000
TEXT_LENGTH = 200_000
LINK_LENGTH = 2_000
DATE_LENGTH = 200
# Markup is several times as long as its text; beyond this no text would be kept anyway.
_MARKUP_LENGTH = 5 * TEXT_LENGTH
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

Skips = list[tuple[str, str]]
"""Where something was left out, and why."""


def make_document(title: object, format: str, home: str, entries: Sequence[dict[str, Any]], skipped: Skips) -> Any:
    """What the worker process hands back of one feed."""
    return {
        "title": one_line(text_of_markup(str(title or "")[:_MARKUP_LENGTH]))[:TITLE_LENGTH],
        "format": format,
        "home": home,
        "entries": list(entries),
        "skipped": skipped,
    }


def make_entry(
    position: int,
    skipped: Skips,
    bases: Iterable[str],
    *,
    address: object,
    guid: object,
    title: object,
    contents: Iterable[object] = (),
    summary: object = "",
    dates: Iterable[object] = (),
) -> dict[str, Any]:
    """One entry: `position, title, link, guid, text, summary, dates, summary_only`.

    The text is the longest of `contents`, or the summary. `address` resolves against the first of `bases` that
    gives an address of the web. Empty values may be None.
    """
    where = f"entry {position}"

    def within(value: str, limit: int, name: str) -> str:
        if len(value) <= limit:
            return value
        skipped.append((where, f"its {name} is cut from {len(value):,} to {limit:,} characters"))
        return value[:limit]

    def text_of(value: object, limit: int, name: str) -> str:
        return within(text_of_markup(within(str(value or ""), _MARKUP_LENGTH, f"{name} in markup")), limit, name)

    written = one_line(str(address or ""))
    link = link_of(written, bases)
    # An id that is a name stands in for the link of an entry that has none; losing that is nothing to tell.
    if written and not link and written != one_line(str(guid or "")):
        skipped.append((where, f"its link is left out, being no address of the web: {written[:80]!r}"))
    content = text_of(max((str(part or "") for part in contents), key=len, default=""), TEXT_LENGTH, "content")
    short = text_of(summary, TEXT_LENGTH, "summary")
    return {
        "position": position,
        "title": one_line(text_of(title, TITLE_LENGTH, "title")),
        "link": link,
        "guid": within(one_line(str(guid or "")), LINK_LENGTH, "guid"),
        # A second description (of a podcast, say) passes for content and may be the shorter.
        "text": max(content, short, key=len),
        "summary": short or content,
        "dates": [str(words)[:DATE_LENGTH] for words in dates if words],
        "summary_only": not content,
    }


def within_the_cap(entries: Sequence[Any], skipped: Skips) -> Sequence[Any]:
    """The entries that are taken; how many are not is told."""
    if len(entries) > ENTRIES:
        skip_rest(len(entries), skipped)
    return entries[:ENTRIES]


def skip_rest(number: int, skipped: Skips) -> None:
    """Tell of the entries that stand beyond the limit."""
    skipped.append((f"entries after the first {ENTRIES:,}", f"{number - ENTRIES:,} entries are beyond the limit"))


def link_of(address: str, bases: Iterable[str]) -> str:
    """The absolute address of a page of the web, or "" where there is none."""
    address = _CONTROLS.sub("", clean(address).strip())
    for base in bases:
        try:
            resolved = urljoin(base, address)
            parts = urlsplit(resolved)
            parts.port  # noqa: B018  reading it is what checks it
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and len(resolved) <= LINK_LENGTH and address:
            return resolved.replace(" ", "%20")
    return ""
