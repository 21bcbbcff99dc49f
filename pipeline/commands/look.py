"""`naqid search`, `events` and `alerts`: what the index holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from pipeline.assembly import Assembly, assemble
from pipeline.commands.printing import counted, json_line, moment, place_name
from pipeline.core.alerts import UNANNOUNCED
from pipeline.ports import Collection, Gap, Hit, Query
from pipeline.shapes import gap_json


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
    assembly = assemble(options.config, options.data)
    with assembly.open_index() as index:
        # An event whose claims have all gone over to another one is left in the index, empty.
        hits = [hit for hit in index.search(query) if collection != "events" or hit.body["claims"]]
    tell = {"articles": _article, "events": _event, "alerts": _alert}[collection]
    for hit in hits:
        body = {**hit.body, "snippet": hit.snippet} if hit.snippet else hit.body
        gaps = _gaps(hit, assembly) if collection == "alerts" else []
        if options.json:
            print(json_line({**body, "gaps": [gap_json(gap) for gap in gaps]} if collection == "alerts" else body))
        else:
            print("\n".join([tell(hit), *(f"  not read: {_gap(gap)}" for gap in gaps)]) + "\n")
    if not hits and not options.json:
        print("nothing found")
    return 0


def _gaps(hit: Hit, assembly: Assembly) -> Sequence[Gap]:
    """When the alert's outlets could not be read between its two sides."""
    earlier, later = (datetime.fromisoformat(hit.body[order]["published"]) for order in ("earlier", "later"))
    return assembly.gaps_between(hit.body["outlets"], earlier, later)


def _gap(gap: Gap) -> str:
    return f"{gap.outlet} from {moment(gap.since)} to {moment(gap.until)} ({gap.reason})"


def _article(hit: Hit) -> str:
    body = hit.body
    lines = [f"{moment(body['published'])} · {body['outlet']} · {body['title']}"]
    lines += [f"  {text}" for text in (" ".join(hit.snippet.split()), body["url"]) if text]
    return "\n".join(lines)


def _event(hit: Hit) -> str:
    body = hit.body
    lines = [
        f"{moment(body['first'])} to {moment(body['last'])} · {body['kind']} · {place_name(body['place'])}"
        f" · {counted(len(body['claims']), 'claim')}"
    ]
    return "\n".join([*lines, *(f"  {url}" for url in body["articles"])])


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
    return "\n".join(lines)
