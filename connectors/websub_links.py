"""Which hub a feed offers, by its Link headers or by its atom:link elements (W3C WebSub, section 4)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import httpx
from lxml import etree  # type: ignore[import-untyped]

from connectors.web_address import web_address
from connectors.worker_process import Worker, shared_workers
from pipeline.ports import Hub, Rejected, Unreachable

_ENTRIES = frozenset({"item", "entry"})
_LONGEST = 2000


def hub_of(headers: Mapping[str, str], body: bytes, url: str, worker: Worker | None = None) -> Hub | None:
    """The hub of a feed that lies at `url`, None where it offers none. Headers win over the document."""
    links = httpx.Response(200, headers={"Link": headers.get("link", "")[:10_000]}).links
    told = {rel: str(links[rel].get("url", "")) for rel in ("hub", "self") if rel in links}
    if "hub" not in told:
        try:
            told = (worker or shared_workers()).call("connectors.websub_links:links", {}, body)
        except Rejected:
            return None  # that the document cannot be read was told when its articles were
    try:
        base = web_address(url)
        hub = str(web_address(told["hub"], base)) if told.get("hub") else ""
        topic = str(web_address(told.get("self") or url, base))
    except Unreachable:
        return None
    return Hub(hub, topic) if hub and max(len(hub), len(topic)) <= _LONGEST else None


def links(_: dict[str, Any], body: bytes) -> dict[str, str]:
    """For the worker: the first links "hub" and "self" that stand before the entries."""
    found: dict[str, str] = {}
    try:
        for _event, element in etree.iterparse(
            io.BytesIO(body), events=("start",), recover=True, resolve_entities=False, no_network=True, load_dtd=False
        ):
            name = etree.QName(element).localname
            if name in _ENTRIES:
                break
            if name == "link":
                for rel in (element.get("rel") or "").lower().split():
                    if rel in ("hub", "self") and element.get("href"):
                        found.setdefault(rel, element.get("href", "").strip())
    except etree.XMLSyntaxError:
        pass  # a document that is none has no links
    return found
