"""`naqid search`, `events` and `alerts`: what the index holds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pipeline.assembly import assemble
from pipeline.commands.printing import counted, json_line, moment, place_name
from pipeline.core.alerts import UNANNOUNCED
from pipeline.ports import Collection, Hit, Query


def search(options: argparse.Namespace) -> int:
    return _look(options, "articles", options.query)


def events(options: argparse.Namespace) -> int:
    return _look(options, "events")


def alerts(options: argparse.Namespace) -> int:
    return _look(options, "alerts")


def _look(options: argparse.Namespace, collection: Collection, words: str = "") -> int:
    query = Query(
        collection,
        words,
        place=options.place,
        kind=options.kind,
        without=tuple(UNANNOUNCED) if collection == "alerts" else (),
        outlet=options.outlet,
        since=options.since,
        until=options.until,
        limit=options.limit,
    )
    with assemble(options.config, options.data).open_index() as index:
        # An event whose claims have all gone over to another one is left in the index, empty.
        hits = [hit for hit in index.search(query) if collection != "events" or hit.body["claims"]]
    tell = {"articles": _article, "events": _event, "alerts": _alert}[collection]
    for hit in hits:
        print(json_line(_shape(hit)) if options.json else tell(hit))
    if not hits and not options.json:
        print("nothing found")
    return 0


def _shape(hit: Hit) -> Mapping[str, Any]:
    return {**hit.body, "snippet": hit.snippet} if hit.snippet else hit.body


def _article(hit: Hit) -> str:
    body = hit.body
    lines = [f"{moment(body['published'])} · {body['outlet']} · {body['title']}"]
    lines += [f"  {text}" for text in (" ".join(hit.snippet.split()), body["url"]) if text]
    return "\n".join(lines) + "\n"


def _event(hit: Hit) -> str:
    body = hit.body
    lines = [
        f"{moment(body['first'])} to {moment(body['last'])} · {body['kind']} · {place_name(body['place'])}"
        f" · {counted(len(body['claims']), 'claim')}"
    ]
    return "\n".join([*lines, *(f"  {url}" for url in body["articles"])]) + "\n"


def _alert(hit: Hit) -> str:
    body = hit.body
    lines = [
        f"{moment(body['later']['published'])} · {body['kind']} · {place_name(body['place'])}"
        f" · confidence {body['confidence']:.2f} · {body['state']} · {body['id']}"
    ]
    for order in ("earlier", "later"):
        side = body[order]
        speaker = side["speaker"] or "in its own voice"
        lines.append(
            f"  {order}: {moment(side['published'])} · {side['outlet']} · {speaker}: "
            f"«{' '.join(side['sentence'].split())}»"
        )
        if side["url"]:
            lines.append(f"    {side['url']}")
    return "\n".join(lines) + "\n"
