"""The words of an article's page, taken from its HTML in a process that a hostile page may kill."""

from __future__ import annotations

from connectors.worker_process import Worker, shared_workers
from pipeline.ports import Rejected

PAGE_LIMIT = 15 << 20
"""Bytes of a page."""


def text_of(html: bytes | str, url: str, worker: Worker | None = None) -> tuple[str, str]:
    """The title ("" where the page names none) and the text, a paragraph a line, of at most 200,000 characters.

    The article's own words are looked for first; where none stand out, all words of the page are taken.
    Raises `Rejected` with the reason for a page without words, larger than 15 MiB, or beyond the worker's limits.
    """
    body = html.encode("utf-8", "replace") if isinstance(html, str) else html
    if len(body) > PAGE_LIMIT:
        raise Rejected(f"the page is {len(body):,} bytes, more than the {PAGE_LIMIT:,} that are read")
    if not body.strip():
        raise Rejected("the page is empty")
    title, text = (worker or shared_workers()).call("connectors.page_document:read_page", {"url": url}, body)
    return title, text
