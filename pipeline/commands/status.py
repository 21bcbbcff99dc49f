"""`naqid status`: how the outlets, the backlog, the outbox and the index stand."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any, get_args

from pipeline import codec
from pipeline.assembly import Assembly, assemble
from pipeline.collecting import OUTLETS
from pipeline.commands.printing import json_line, moment
from pipeline.outlets import OutletStatus, status_from_bytes
from pipeline.ports import Collection, Index, Log, Rejected, State
from pipeline.wire import moment_to_text

_AT_ONCE = 500


def status(options: argparse.Namespace) -> int:
    """Looks on while a service writes. On servers, feeds and notices are told of where they are looked after."""
    stands = standing(assemble(options.config, options.data))
    print(json_line(stands) if options.json else _told(stands))
    return 0


def standing(assembly: Assembly) -> dict[str, Any]:
    """How everything stands now. Raises `Unreachable`, and `BadSettings` where nothing was ever kept."""
    return _on_servers(assembly) if assembly.settings.on_servers else _in_one_process(assembly)


def _in_one_process(assembly: Assembly) -> dict[str, Any]:
    with assembly.open_stores(read_only=True) as stores:
        log = stores.log
        return {
            "outlets": _outlets(assembly, log),
            "backlog": {
                "read": log.behind("articles", log.position("read")),
                "follow": log.behind("claims", log.position("follow")),
            },
            "outbox": log.counts(),
            **_rejections(log),
            "index": _index(stores.index),
        }


def _on_servers(assembly: Assembly) -> dict[str, Any]:
    standing: dict[str, Any] = {"outlets": [], "outbox": {}}
    if assembly.own_path("collector").exists():
        with assembly.open_own("collector", read_only=True) as own:
            standing["outlets"] = _outlets(assembly, own)
    if assembly.own_path("announcer").exists():
        with assembly.open_own("announcer", read_only=True) as own:
            standing["outbox"] = own.counts()
    with assembly.open_server_log() as log, assembly.open_index() as index:
        log.check()
        stands = assembly.worker_positions()
        backlog = {
            "read": log.behind("articles", stands["articles"]),
            "follow": log.behind("claims", stands["claims"]),
        }
        return {**standing, "backlog": backlog, **_rejections(log), "index": _index(index)}


def _rejections(log: Log) -> dict[str, Any]:
    of = _rejected_of(log)
    return {"rejected": sum(of.values()), "rejected_of": of}


def _rejected_of(log: Log) -> dict[str, int]:
    """How many inputs of each topic were rejected; one that was delivered twice counts once."""
    found: dict[str, str] = {}
    position = ""
    while True:
        try:
            stored = log.read("rejected", position, _AT_ONCE)
        except Rejected as damage:
            position = str(getattr(damage, "position", ""))
            if not position:
                raise
            found[str(damage)] = "rejected"
            continue
        if not stored:
            return dict(Counter(sorted(found.values())))
        for one in stored:
            found[one.record.id] = codec.rejected_from_bytes(one.record.value).topic
        position = stored[-1].position


def _index(index: Index) -> dict[str, int]:
    collections: tuple[Collection, ...] = get_args(Collection)
    return {collection: index.count(collection) for collection in collections}


def _outlets(assembly: Assembly, state: State) -> list[dict[str, Any]]:
    return [_outlet(watched.feed.name, state) for watched in assembly.watched()]


def _outlet(name: str, state: State) -> dict[str, Any]:
    kept = state.get(OUTLETS, name)
    known = OutletStatus() if kept is None else status_from_bytes(kept)
    return {
        "name": name,
        "last_success": known.last_success and moment_to_text(known.last_success),
        "last_error": known.last_error,
        "failures": known.failures,
        "next_poll": known.next_poll and moment_to_text(known.next_poll),
        "articles": known.articles,
        "skipped": known.skipped,
        "failing_since": known.failing_since and moment_to_text(known.failing_since),
        "moved": known.moved or None,
        "gone": known.gone,
    }


def _told(standing: dict[str, Any]) -> str:
    lines = [f"{len(standing['outlets'])} outlets"]
    for outlet in standing["outlets"]:
        line = f"  {outlet['name']}: last read {moment(outlet['last_success'])}"
        if outlet["last_error"]:
            since = moment(outlet["failing_since"])
            line += f", failed {outlet['failures']} times since {since}: {outlet['last_error']}"
        if outlet["gone"]:
            line += "; it is asked no more until naqid is started again"
        if outlet["moved"]:
            line += f", moved for good: write {outlet['moved']} into outlets.toml"
        lines.append(line)
    counts = {"articles to read": standing["backlog"]["read"], "reports to follow": standing["backlog"]["follow"]}
    counts |= {f"alerts {fate}": number for fate, number in standing["outbox"].items()}
    counts |= {"records rejected": standing["rejected"]}
    counts |= {f"  of {topic}": number for topic, number in standing["rejected_of"].items()}
    counts |= {f"{collection} in the index": number for collection, number in standing["index"].items()}
    return "\n".join([*lines, *(f"{number:>8} {what}" for what, number in counts.items())])
