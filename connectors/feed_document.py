"""What a feed's document says, entry by entry, as plain data; this part of reading runs in the worker process."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import feedparser  # type: ignore[import-untyped]

from connectors.charsets import decode
from connectors.clean_text import clean
from connectors.feed_bounds import ENTRY_START, bounded
from connectors.feed_fields import ENTRIES, Skips, link_of, make_document, make_entry
from connectors.feed_json import read_json
from connectors.feed_sitemap import read_sitemap
from pipeline.ports import Rejected

_FORMATS = {
    "rss090": "RSS 0.90",
    "rss091n": "RSS 0.91",
    "rss091u": "RSS 0.91",
    "rss092": "RSS 0.92",
    "rss093": "RSS 0.93",
    "rss094": "RSS 0.94",
    "rss10": "RSS 1.0",
    "rss20": "RSS 2.0",
    "atom03": "Atom 0.3",
    "atom10": "Atom 1.0",
}
_ENTRY = re.compile(r"<((?:[\w.-]{1,40}:)?(?:item|entry))[\s>].*?</\1\s*>", re.DOTALL)
_FEED_BEGINNING = re.compile(r"<(?:\?xml|rss|feed|rdf:RDF)[\s>]")
_BEGINNING = re.compile(r"<(?:[?!]|(?:html|rss|feed|rdf:RDF)[\s>])", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}\?>")
_PROLOGUE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>|<![Dd][Oo][Cc][Tt][Yy][Pp][Ee](?:[^\[>]|\[.*?\])*>", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?)(?=[\s/>])[^<>]{0,20000}>")
_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel", "entry"})
_ROOTS_OF_ENTRIES = {
    "item": ("rss", '<rss version="2.0">'),
    "entry": ("feed", '<feed xmlns="http://www.w3.org/2005/Atom">'),
}
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")


def read_document(arguments: dict[str, Any], body: bytes) -> Any:
    """What `make_document` makes of a feed's bytes: `{"title", "format", "home", "entries", "skipped"}`.

    Arguments: `url`, `content_type`. Raises `Rejected` for what is not a feed.
    """
    url = str(arguments["url"])
    text = _prepared(decode(body, str(arguments["content_type"])))
    if text.startswith(("{", "[")):
        return read_json(text, url)
    skipped: Skips = []
    text, root = _rooted(text, skipped)
    name = _local(root[0])
    if name == "urlset":
        return read_sitemap(text, url)
    if name not in _FEED_ROOTS:
        raise Rejected(_other_roots(root[0], name))
    parsed = _parsed(bounded(text, root, skipped), root, skipped)
    version = str(parsed.version)
    if not version and not parsed.entries:
        raise Rejected(f"this is XML, but neither RSS nor Atom (its root element is <{root[0]}>)")
    feed = parsed.feed
    home = link_of(str(feed.get("link") or ""), [url])
    own = [str(link.get("href") or "") for link in feed.get("links") or [] if link.get("rel") == "self"]
    bases = [url, home, *own[:1]]
    entries = [_entry(position, entry, bases, skipped) for position, entry in enumerate(parsed.entries[:ENTRIES], 1)]
    return make_document(
        feed.get("title"), _FORMATS.get(version, "CDF" if name == "channel" else "RSS or Atom"), home, entries, skipped
    )


def _prepared(text: str) -> str:
    """The document from its first markup on, without what XML forbids and without its old declaration of encoding."""
    text = clean(text).lstrip("\ufeff \n\t")
    if not text:
        raise Rejected("the document is empty")
    if text[0] == "{":
        return text
    if not _BEGINNING.match(text):
        # Some outlets' servers print a warning of their software before the feed.
        start = _FEED_BEGINNING.search(text[:10_000])
        if start:
            text = text[start.start() :]
        elif text[0] == "[":
            return text
        elif not text.startswith("<"):
            raise Rejected(f"this is text, not XML; expected RSS or Atom. It begins with {text[:40]!r}")
    return _REFERENCE.sub(_reference, _DECLARATION.sub("", text, count=1))


def _reference(match: re.Match[str]) -> str:
    """A numeric reference that means a character, else U+FFFD: one of them breaks a parser on all entries."""
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) < 9 else 0
    if number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000:
        return match[0]
    return "\ufffd"


def _rooted(text: str, skipped: Skips) -> tuple[str, tuple[str, str]]:
    """The document, and the name of its root element with its whole start tag.

    Where what stands before the first entry is broken, the document is what follows, under a root of ours.
    """
    position = 0
    while match := _PROLOGUE.match(text, position):
        position = match.end()
    if root := _ROOT.match(text, position):
        return text, (root[1], root[0])
    entry = ENTRY_START.search(text)
    if not entry:
        raise Rejected("no element of XML was found where the document should begin")
    skipped.append(("the beginning", "it is broken and left out; the entries are read without it"))
    name, tag = _ROOTS_OF_ENTRIES[_local(entry[1])]
    return f"{tag}{text[entry.start() :]}", (name, tag)


def _local(name: str) -> str:
    return name.lower().rpartition(":")[2]


def _other_roots(root: str, name: str) -> str:
    """Why an element is no feed's, and where the feed may be."""
    if name == "html":
        return "this is an HTML page, not a feed; look for the address of its RSS or Atom feed"
    if name == "sitemapindex":
        return "this is an index of sitemaps; give the address of one of its news sitemaps"
    return f"this is XML, but neither RSS nor Atom (its root element is <{root}>)"


def _parsed(text: str, root: tuple[str, str], skipped: Skips) -> Any:
    """feedparser's result. Where one entry breaks it, the entries are parsed one by one and only that one is lost."""
    try:
        return _parse(text)
    except MemoryError:
        raise
    except Exception as problem:
        whole: Any = None
        for position, entry in enumerate(_single_entries(text, root), 1):
            try:
                part = _parse(entry)
            except MemoryError:
                raise
            except Exception as reason:  # noqa: BLE001
                skipped.append((f"entry {position}", f"the parser failed on it ({type(reason).__name__}: {reason})"))
            else:
                if whole is None:
                    whole = part
                else:
                    whole.entries.extend(part.entries)
        if whole is None:
            raise Rejected(f"the parser failed on it ({type(problem).__name__}: {str(problem)[:200]})") from problem
        return whole


def _single_entries(text: str, root: tuple[str, str]) -> Iterator[str]:
    opening, closing = ("<channel>", "</channel>") if root[0].lower() == "rss" else ("", "")
    for match in _ENTRY.finditer(text):
        yield f"{root[1]}{opening}{match[0]}{closing}</{root[0]}>"


def _parse(text: str) -> Any:
    # Bytes or a string would be taken for an address or a path where they look like one. What is HTML is turned
    # into text here, so feedparser's own sanitizer, which hostile input keeps busy for minutes, is left out. Not told
    # the document's address, it leaves an entry's id as it is written; links are resolved here.
    return feedparser.parse(
        io.BytesIO(('<?xml version="1.0" encoding="utf-8"?>\n' + text).encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _entry(position: int, entry: Any, bases: list[str], skipped: Skips) -> dict[str, Any]:
    # FeedBurner's links lead through its own server; the outlet's is told beside them.
    original = str(_own(entry, "feedburner_origlink") or "")
    address = original if link_of(original, [""]) else str(_own(entry, "link") or "").strip()
    if not address and any(link.get("rel") == "alternate" for link in _own(entry, "links") or []):
        skipped.append((f"entry {position}", "its link is left out, being no address of the web"))
    return make_entry(
        position,
        skipped,
        bases,
        address=address,
        guid=_own(entry, "id"),
        title=_own(entry, "title"),
        contents=[part.get("value") for part in _own(entry, "content") or []],
        summary=_own(entry, "summary"),
        dates=[_own(entry, name) for name in ("published", "created", "updated")],
    )


def _own(entry: Any, name: str) -> Any:
    """What the entry itself holds: feedparser's own look-up substitutes one date for another."""
    return dict.get(entry, name)
