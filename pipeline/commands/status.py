"""`naqid status`: how the outlets, the backlog, the outbox and the index stand."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from pipeline.assembly import Assembly, Stores, assemble
from pipeline.collecting import OUTLETS
from pipeline.commands.printing import json_line, moment
from pipeline.outlets import OutletStatus, status_from_bytes
from pipeline.ports import Collection
from pipeline.wire import moment_to_text


def status(options: argparse.Namespace) -> int:
    """Looks on while a service writes."""
    assembly = assemble(options.config, options.data)
    with assembly.open_stores(read_only=True) as stores:
        standing = _standing(assembly, stores)
    print(json_line(standing) if options.json else _told(standing))
    return 0


def _standing(assembly: Assembly, stores: Stores) -> dict[str, Any]:
    log, index = stores.log, stores.index
    collections: tuple[Collection, ...] = get_args(Collection)
    return {
        "outlets": [_outlet(watched.feed.name, stores) for watched in assembly.watched()],
        "backlog": {
            "read": log.behind("articles", log.position("read")),
            "follow": log.behind("claims", log.position("follow")),
        },
        "outbox": log.counts(),
        "rejected": log.size("rejected"),
        "index": {collection: index.count(collection) for collection in collections},
    }


def _outlet(name: str, stores: Stores) -> dict[str, Any]:
    kept = stores.log.get(OUTLETS, name)
    known = OutletStatus() if kept is None else status_from_bytes(kept)
    return {
        "name": name,
        "last_success": known.last_success and moment_to_text(known.last_success),
        "last_error": known.last_error,
        "failures": known.failures,
        "next_poll": known.next_poll and moment_to_text(known.next_poll),
        "articles": known.articles,
        "skipped": known.skipped,
    }


def _told(standing: dict[str, Any]) -> str:
    lines = [f"{len(standing['outlets'])} outlets"]
    for outlet in standing["outlets"]:
        line = f"  {outlet['name']}: last read {moment(outlet['last_success'])}"
        if outlet["last_error"]:
            line += f", failed {outlet['failures']} times: {outlet['last_error']}"
        lines.append(line)
    counts = {"articles to read": standing["backlog"]["read"], "reports to follow": standing["backlog"]["follow"]}
    counts |= {f"alerts {fate}": number for fate, number in standing["outbox"].items()}
    counts |= {"records rejected": standing["rejected"]}
    counts |= {f"{collection} in the index": number for collection, number in standing["index"].items()}
    return "\n".join([*lines, *(f"{number:>8} {what}" for what, number in counts.items())])
