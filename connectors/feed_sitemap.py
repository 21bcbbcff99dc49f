"""News sitemaps (https://www.sitemaps.org/schemas/sitemap-news/0.9): pages with a news title, in the worker process."""

from __future__ import annotations

from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from connectors.feed_fields import Skips, make_document, make_entry, within_the_cap
from pipeline.ports import Rejected


def read_sitemap(text: str, url: str) -> Any:
    """What the document gives, as `connectors.feed_document` does. Raises `Rejected` where no page is news."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as problem:
        raise Rejected(f"this begins as a sitemap and cannot be read: {problem}") from None
    pages = [page for page in ([] if root is None else root) if _name(page) == "url"]
    news = [page for page in pages if _under(page, "news") is not None]
    if not news:
        raise Rejected("this is a sitemap whose pages hold no news:news; a news sitemap is needed")
    skipped: Skips = []
    if len(news) < len(pages):
        skipped.append(("the sitemap", f"{len(pages) - len(news):,} of its pages are no news"))
    entries = [_entry(position, page, url, skipped) for position, page in enumerate(within_the_cap(news, skipped), 1)]
    publication = next((name for page in news[:1] if (name := _words(page, "news", "publication", "name"))), "")
    return make_document(publication, "news sitemap", "", entries, skipped)


def _entry(position: int, page: Any, url: str, skipped: Skips) -> dict[str, Any]:
    return make_entry(
        position,
        skipped,
        [url],
        address=_words(page, "loc"),
        guid="",
        title=_words(page, "news", "title"),
        dates=[_words(page, "news", "publication_date"), _words(page, "lastmod")],
    )


def _words(element: Any, *path: str) -> str:
    for name in path:
        element = _under(element, name)
        if element is None:
            return ""
    return "".join(element.itertext())


def _under(element: Any, name: str) -> Any:
    """The first child of that name, under whatever prefix: many sitemaps declare none or a wrong one."""
    return next((child for child in element if _name(child) == name), None)


def _name(element: Any) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()
