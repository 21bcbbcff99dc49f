"""The title and the text of an article's page: the part of reading pages that runs in the worker process."""

from __future__ import annotations

from typing import Any

import trafilatura
from lxml import etree, html  # type: ignore[import-untyped]

from connectors.charsets import decode
from connectors.clean_text import clean, lines, one_line, text_of_tree
from pipeline.ports import Rejected

TITLE_LENGTH = 1_000
TEXT_LENGTH = 200_000


def read_page(arguments: dict[str, Any], body: bytes) -> list[str]:
    """`[title, text]` of a page. Arguments: `url`. Raises `Rejected` where the page holds no text."""
    document = clean(decode(body))
    tree = _tree(document) if document.strip() else None
    # Its metadata are left out: the search for dates in a page is what hostile pages keep busy for minutes.
    text = trafilatura.extract(
        document, url=str(arguments["url"]) or None, include_comments=False, include_tables=False, with_metadata=False
    )
    found = lines(text or "") or (text_of_tree(tree) if tree is not None else "")
    if not found:
        raise Rejected("no text was found in the page")
    title = _title(tree)[:TITLE_LENGTH] if tree is not None else ""
    first, _, rest = found.partition("\n")
    # The headline is often repeated above the text; it is one statement, not two.
    return [title, (rest if rest and one_line(first) == title else found)[:TEXT_LENGTH]]


def _tree(document: str) -> Any:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        return html.document_fromstring(document.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _title(tree: Any) -> str:
    """What the page itself calls the article: first what it tells other sites, then its headline, then its window."""
    for path in ("//meta[@property='og:title']/@content", "//meta[@name='title']/@content"):
        for content in tree.xpath(path):
            if title := one_line(str(content)):
                return title
    for path in ("//h1", "//head/title"):
        for element in tree.xpath(path):
            if title := one_line("".join(element.itertext())):
                return title
    return ""
