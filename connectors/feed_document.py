"""What a feed's document says, entry by entry, as plain data; this part of reading runs in the worker process."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser  # type: ignore[import-untyped]

from connectors.charsets import decode
from connectors.clean_text import clean, one_line, text_of_markup
from pipeline.ports import Rejected

ENTRIES = 1_000
TITLE_LENGTH = 1_000
TEXT_LENGTH = 200_000
LINK_LENGTH = 2_000
# Markup is several times as long as its text; beyond this no text would be kept anyway.
_MARKUP_LENGTH = 5 * TEXT_LENGTH

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
_ENTRY_START = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]")
_ENTRY = re.compile(r"<((?:[\w.-]{1,40}:)?(?:item|entry))[\s>].*?</\1\s*>", re.DOTALL)
_FEED_BEGINNING = re.compile(r"<(?:\?xml|rss|feed|rdf:RDF)[\s>]")
_BEGINNING = re.compile(r"<(?:[?!]|(?:html|rss|feed|rdf:RDF)[\s>])", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}\?>")
_PROLOGUE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>|<![Dd][Oo][Cc][Tt][Yy][Pp][Ee](?:[^\[>]|\[.*?\])*>", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?)(?=[\s/>])[^<>]{0,20000}>")
_FEED_ROOTS = frozenset({"rss", "feed", "rdf"})
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")


def read_document(arguments: dict[str, Any], body: bytes) -> dict[str, Any]:
    """`{"title", "format", "home", "entries": [{...}], "skipped": [[where, reason]]}` of a feed's bytes.

    An entry holds `position, title, link, guid, text, dates, summary_only`. Arguments: `url`, `content_type`.
    Raises `Rejected` for what is not a feed.
    """
    url = str(arguments["url"])
    text = _prepared(decode(body, str(arguments["content_type"])))
    root = _root(text)
    skipped: list[tuple[str, str]] = []
    parsed = _parsed(_within_the_cap(text, root, skipped), url, root, skipped)
    version = str(parsed.version)
    if not version and not parsed.entries:
        raise Rejected(f"this is XML, but neither RSS nor Atom (its root element is <{root[0]}>)")
    feed = parsed.feed
    home = _link(str(feed.get("link") or ""), url, url)
    entries = [
        _entry(position, entry, url, home, skipped) for position, entry in enumerate(parsed.entries[:ENTRIES], 1)
    ]
    return {
        "title": one_line(text_of_markup(str(feed.get("title") or "")[:_MARKUP_LENGTH]))[:TITLE_LENGTH],
        "format": _FORMATS.get(version, "RSS or Atom (version unknown)"),
        "home": home,
        "entries": entries,
        "skipped": skipped,
    }


def _prepared(text: str) -> str:
    """The document from its first markup on, without what XML forbids and without its old declaration of encoding."""
    text = clean(text).lstrip("\ufeff \n\t")
    if not text:
        raise Rejected("the document is empty")
    if not _BEGINNING.match(text):
        # Some outlets' servers print a warning of their software before the feed.
        start = _FEED_BEGINNING.search(text[:10_000])
        if start:
            text = text[start.start() :]
        elif not text.startswith("<"):
            kind = "JSON" if text[0] in "{[" else "text, not XML"
            raise Rejected(f"this is {kind}; expected RSS or Atom. It begins with {text[:40]!r}")
    return _REFERENCE.sub(_reference, _DECLARATION.sub("", text, count=1))


def _reference(match: re.Match[str]) -> str:
    """A numeric reference that means a character, else U+FFFD: one of them breaks a parser on all entries."""
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) < 9 else 0
    if number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000:
        return match[0]
    return "\ufffd"


def _root(text: str) -> tuple[str, str]:
    """The name of the root element and its whole start tag."""
    position = 0
    while match := _PROLOGUE.match(text, position):
        position = match.end()
    root = _ROOT.match(text, position)
    if not root:
        raise Rejected("no element of XML was found where the document should begin")
    name = root[1].lower().rpartition(":")[2]
    if name == "html":
        raise Rejected("this is an HTML page, not a feed; look for the address of its RSS or Atom feed")
    if name not in _FEED_ROOTS:
        raise Rejected(f"this is XML, but neither RSS nor Atom (its root element is <{root[1]}>)")
    return root[1], root[0]


def _within_the_cap(text: str, root: tuple[str, str], skipped: list[tuple[str, str]]) -> str:
    """The document with no more entries than are taken: the parser's time grows faster than their number."""
    starts = [match.start() for match in _ENTRY_START.finditer(text)]
    if len(starts) <= ENTRIES:
        return text
    skipped.append((f"entries after the first {ENTRIES:,}", f"{len(starts) - ENTRIES:,} entries are beyond the limit"))
    channel = "</channel>" if root[0].lower() == "rss" else ""
    return f"{text[: starts[ENTRIES]]}{channel}</{root[0]}>"


def _parsed(text: str, url: str, root: tuple[str, str], skipped: list[tuple[str, str]]) -> Any:
    """feedparser's result. Where one entry breaks it, the entries are parsed one by one and only that one is lost."""
    try:
        return _parse(text, url)
    except MemoryError:
        raise
    except Exception as problem:
        whole: Any = None
        for position, entry in enumerate(_single_entries(text, root), 1):
            try:
                part = _parse(entry, url)
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


def _parse(text: str, url: str) -> Any:
    document = '<?xml version="1.0" encoding="utf-8"?>\n' + text
    headers = {"content-type": "application/xml; charset=utf-8"}
    # A file's own address is no base for links; the outlet's front page is tried for them later.
    if url.startswith(("http:", "https:")):
        headers["content-location"] = url
    # Bytes or a string would be taken for an address or a path where they look like one. What is HTML is turned
    # into text here, so feedparser's own sanitizer, which hostile input keeps busy for minutes, is left out.
    return feedparser.parse(
        io.BytesIO(document.encode("utf-8", "replace")),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _entry(position: int, entry: Any, url: str, home: str, skipped: list[tuple[str, str]]) -> dict[str, Any]:
    where = f"entry {position}"

    def within(value: str, limit: int, name: str) -> str:
        if len(value) <= limit:
            return value
        skipped.append((where, f"its {name} is cut from {len(value):,} to {limit:,} characters"))
        return value[:limit]

    def text_of(value: object, limit: int, name: str) -> str:
        return within(text_of_markup(within(str(value or ""), _MARKUP_LENGTH, f"{name} in markup")), limit, name)

    address = str(_own(entry, "feedburner_origlink") or _own(entry, "link") or "")
    link = _link(address, url, home)
    if not link and (address.strip() or _own(entry, "links")):
        skipped.append((where, f"its link is left out, being no address of the web: {address[:80]!r}"))
    contents = [str(part.get("value") or "") for part in _own(entry, "content") or []]
    content = text_of(max(contents, key=len, default=""), TEXT_LENGTH, "content")
    return {
        "position": position,
        "title": one_line(text_of(_own(entry, "title"), TITLE_LENGTH, "title")),
        "link": link,
        "guid": within(one_line(str(_own(entry, "id") or "")), LINK_LENGTH, "guid"),
        "text": content or text_of(_own(entry, "summary"), TEXT_LENGTH, "summary"),
        "dates": [str(date)[:200] for name in ("published", "created", "updated") if (date := _own(entry, name))],
        "summary_only": not content,
    }


def _own(entry: Any, name: str) -> Any:
    """What the entry itself holds: feedparser's own look-up substitutes one date for another."""
    return dict.get(entry, name)


def _link(address: str, url: str, home: str) -> str:
    """The absolute address of a page of the web, or "" where there is none."""
    address = re.sub(r"[\x00-\x1f\x7f]", "", clean(address).strip())
    for base in (url, home):
        try:
            resolved = urljoin(base, address)
            parts = urlsplit(resolved)
            parts.port  # noqa: B018  reading it is what checks it
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and len(resolved) <= LINK_LENGTH and address:
            return resolved.replace(" ", "%20")
    return ""
