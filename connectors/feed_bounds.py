"""What of a feed's document is handed to the parser: no more entries, elements and attributes than it can bear."""

from __future__ import annotations

import re

from connectors.feed_fields import ENTRIES, Skips, skip_rest
from pipeline.ports import Rejected

# The parser's time grows with the square of the first two; a whole article in XHTML has some thousands of elements.
ELEMENTS = 20_000
ATTRIBUTES = 500
TAG_LENGTH = 1_000_000

ENTRY_START = re.compile(r"<((?:[\w.-]{1,40}:)?(?:item|entry))(?=[\s>])")
_LONG_TAG = re.compile(rf"<[^<>]{{{4 * ATTRIBUTES},}}>")


def bounded(text: str, root: tuple[str, str], skipped: Skips) -> str:
    """The document with at most 1,000 entries; one that is too much for the parser is emptied, and told.

    `root` is the name of the root element and its whole start tag. Raises `Rejected` where all entries would be lost.
    """
    starts = list(ENTRY_START.finditer(text))
    if problem := _too_much(text[: starts[0].start()] if starts else text):
        raise Rejected(f"before its first entry it holds {problem}")
    if len(starts) > ENTRIES:
        skip_rest(len(starts), skipped)
        channel = "</channel>" if root[0].lower() == "rss" else ""
        text = f"{text[: starts[ENTRIES].start()]}{channel}</{root[0]}>"
    pieces, kept = [], 0
    for position, start in enumerate(starts[:ENTRIES], 1):
        end = starts[position].start() if position < len(starts) else len(text)
        if problem := _too_much(text[start.start() : end]):
            skipped.append((f"entry {position}", f"it is left out, as it holds {problem}"))
            close = text.rfind(f"</{start[1]}", start.end(), end)
            pieces += [text[kept : start.start()], f"<{start[1]}>", "" if close >= 0 else f"</{start[1]}>"]
            kept = close if close >= 0 else end
    return "".join([*pieces, text[kept:]])


def _too_much(part: str) -> str:
    """What is too much of it, in words, or ""."""
    if part.count("<") > ELEMENTS:
        elements = _without_cdata(part).count("<")
        if elements > ELEMENTS:
            return f"{elements:,} tags, more than {ELEMENTS:,}"
    for tag in _LONG_TAG.finditer(part):
        if tag[0].count("=") > ATTRIBUTES:
            return f"a tag of {tag[0].count('='):,} attributes, more than {ATTRIBUTES:,}"
        if len(tag[0]) > TAG_LENGTH:
            return f"a tag of {len(tag[0]):,} characters, more than {TAG_LENGTH:,}"
    return ""


def _without_cdata(part: str) -> str:
    """What is markup of the feed itself, as opposed to markup that it carries as text."""
    pieces, kept = [], 0
    while (begun := part.find("<![CDATA[", kept)) >= 0 and (ended := part.find("]]>", begun)) >= 0:
        pieces.append(part[kept:begun])
        kept = ended
    return "".join([*pieces, part[kept:]])
