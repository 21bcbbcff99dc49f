"""Lists of feeds in OPML 2.0, as readers of feeds exchange them: read from strangers, and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from connectors.worker_process import Worker, shared_workers
from pipeline.core.outlets import Outlet
from pipeline.ports import Rejected, Skipped

NAMESPACE = "urn:naqid:outlet"
"""What OPML has no attribute for stands in attributes of this namespace."""

_LIMIT = 5 << 20
_MOST = 20_000
_OWN = ("id", "name_en", "country", "allegiance", "interval_minutes", "full_text")


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed of a list: `fields` are those of an outlet that it tells, as text; `folder` where it lay, "" for none."""

    fields: dict[str, str]
    folder: str


def read_opml(body: bytes, worker: Worker | None = None) -> tuple[list[Listed], list[Skipped]]:
    """The feeds of a list with its folders, and the outlines that are none. Raises `Rejected` with the reason.

    What has a document type, is larger than 5 MiB or costs more than a worker's limits is refused.
    """
    if len(body) > _LIMIT:
        raise Rejected(f"the list has {len(body):,} bytes, more than {_LIMIT:,}")
    found = (worker or shared_workers()).call("connectors.opml:outlines", {}, body)
    listed = [Listed(one["fields"], one["folder"]) for one in found["feeds"]]
    return listed, [Skipped(where, reason) for where, reason in found["skipped"]]


def write_opml(outlets: Sequence[Outlet]) -> bytes:
    """The outlets as a list, a folder a country; those in files of this machine are left out: nobody else has them."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"naqid": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "naqid"
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {"": body}
    for outlet in outlets:
        if not outlet.feed.startswith(("http://", "https://")):
            continue
        if outlet.country not in folders:
            folders[outlet.country] = etree.SubElement(body, "outline", {"text": outlet.country})
        told = {"type": "rss", "text": outlet.name, "xmlUrl": outlet.feed}
        if outlet.home:
            told["htmlUrl"] = outlet.home
        for name in _OWN:
            value = getattr(outlet, name)
            if value not in ("", None, False):
                told[f"{{{NAMESPACE}}}{name}"] = str(value).lower() if value is True else str(value)
        etree.SubElement(folders[outlet.country], "outline", told)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))


def outlines(_: dict[str, Any], body: bytes) -> dict[str, Any]:
    """For the worker: the feeds of a list in `body`, in their order."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise Rejected(f"it is no XML: {problem}") from None
    if root.getroottree().docinfo.doctype:
        raise Rejected("it has a document type, which no list of feeds needs")
    if root.tag != "opml":
        raise Rejected(f"it is no OPML: its root is <{str(root.tag)[:40]}>")
    feeds: list[dict[str, Any]] = []
    skipped: list[tuple[str, str]] = []
    open_ = [(outline, "") for outline in reversed(root.findall("body/outline"))]
    while open_:
        outline, folder = open_.pop()
        name = " ".join((outline.get("text") or outline.get("title") or "").split())[:200]
        address = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        inside = outline.findall("outline")
        if address and len(feeds) < _MOST:
            told = {"name": name, "feed": address, "home": (outline.get("htmlUrl") or "").strip()}
            told |= {key: outline.get(f"{{{NAMESPACE}}}{key}", "") for key in _OWN}
            feeds.append({"fields": {key: value for key, value in told.items() if value}, "folder": folder})
        elif address:
            skipped.append((name, f"beyond the first {_MOST:,} feeds"))
        elif not inside:
            skipped.append((name or "an outline", "it has no xmlUrl, so it names no feed"))
        below = f"{folder} / {name}".removeprefix(" / ")[:200] if not address else folder
        open_ += [(child, below) for child in reversed(inside)]
    return {"feeds": feeds, "skipped": skipped[:1000]}
