"""Text fit to be kept and shown: markup turned into lines of text, and nothing in it that hides or reorders words."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]

# C0 and C1 controls, embedded marks of byte order, noncharacters, the bidi controls that reorder what stands next
# to them, and the invisible tag characters. The marks U+200E and U+200F stay: Arabic writers need them.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
# What stands at these places was meant in windows-1252 (HTML's own rule for references, 13.2.5.80); 85 is a line's end.
_WESTERN = re.compile("[\x80-\x84\x86-\x9f]")
_MEANT = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_MARKUP = re.compile(
    r"</?[a-zA-Z!][^<>]*>|&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});|<!\[CDATA\[|<!--"
)

_LINES = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption"}
    | {"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"}
    | {"pre", "section", "table", "td", "th", "tr", "ul"}
)
_UNREAD = frozenset(
    {"script", "style", "noscript", "template", "iframe", "svg", "math", "button"}
    | {"select", "textarea", "audio", "video", "canvas", "head", "title"}
)


def clean(text: str) -> str:
    """The text without controls, with `\\n` as the only line end; lone surrogates become U+FFFD."""
    text = _WESTERN.sub(lambda found: _MEANT[found[0]], _LINE_END.sub("\n", text))
    return _SURROGATE.sub("\ufffd", _UNFIT.sub("", text))


def one_line(text: str) -> str:
    """The cleaned text on one line."""
    return " ".join(clean(text).split())


def text_of_markup(markup: str) -> str:
    """The text of a piece of HTML: entities decoded, scripts and the like left out, a line for each block.

    Plain text passes through, its lines kept.
    """
    if not _MARKUP.search(markup):
        return lines(markup)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    document = f"<html><body><div>{clean(markup)}</div></body></html>".encode("utf-8", "replace")
    try:
        root = html.document_fromstring(document, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return ""
    return text_of_tree(root)


def text_of_tree(root: Any) -> str:
    """The same for a tree of lxml."""
    pieces: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = element.tag if isinstance(element.tag, str) else "script"
        if event == "start":
            if name in _UNREAD:
                walk.skip_subtree()
                continue
            if name in _LINES:
                pieces.append("\n")
            pieces.append(element.text or "")
        else:
            if name in _LINES:
                pieces.append("\n")
            pieces.append(element.tail or "")
    return lines("".join(pieces))


def lines(text: str) -> str:
    """The cleaned text, its lines trimmed, empty ones left out."""
    trimmed = (_SPACES.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n".join(line for line in trimmed if line)
