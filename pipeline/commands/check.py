"""`naqid check`: whether the configuration is sound, and how each outlet is doing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.assembly import assemble
from pipeline.commands.printing import json_line, moment
from pipeline.core.quoting import isolate
from pipeline.outlets import Watched, told
from pipeline.polling import Polled, Pollers
from pipeline.ports import Poll
from pipeline.wire import moment_to_text

_WAIT_SECONDS = 1.0
_COLUMNS = ("state", "articles", "undated", "newest", "seconds", "outlet and feed")
_WIDTHS = (8, 9, 8, 17, 8, 0)


def check(options: argparse.Namespace) -> int:
    """Exit code 1 when an outlet fails. Raises `BadSettings` for a configuration that cannot be used."""
    assembly = assemble(options.config, options.data)
    watched = assembly.watched()
    loaded = assembly.loaded()
    if not options.json:
        for what, value in loaded.items():
            print(f"{what}: {value}")
    elif not options.fetch:
        print(json_line(loaded))
    if not options.fetch:
        return 0
    # What fails stands at the end, next to the prompt.
    health = sorted(map(_health, _poll_once(watched)), key=lambda one: (not one["ok"], one["outlet"]))
    failed = sum(not one["ok"] for one in health)
    if options.json:
        for one in health:
            print(json_line(one))
    else:
        print("\n" + _row(_COLUMNS))
        for one in health:
            print(_told(one))
        print(f"{len(health) - failed} of {len(health)} outlets answered")
    return 1 if failed else 0


def _poll_once(watched: Sequence[Watched]) -> list[Polled]:
    pollers = Pollers()
    for one in watched:
        pollers.ask(one, "", datetime.now(UTC))
    outcomes: list[Polled] = []
    while len(outcomes) < len(watched):
        outcomes += pollers.wait(_WAIT_SECONDS)
    pollers.close()
    return outcomes


def _health(polled: Polled) -> dict[str, Any]:
    """How an outlet is doing, as `--json` prints it; `moved` is where a person should look for its feed from now on."""
    feed, outcome = polled.watched.feed, polled.outcome
    found = outcome if isinstance(outcome, Poll) else Poll([])
    dated = [article.published for article in found.articles if article.date_source != "assumed"]
    return {
        "outlet": polled.watched.outlet or feed.name,
        "feed": feed.name,
        "ok": isinstance(outcome, Poll),
        "articles": len(found.articles),
        "undated": len(found.articles) - len(dated),
        "newest": moment_to_text(max(dated)) if dated else None,
        "seconds": round(polled.seconds, 2),
        "skipped": [{"where": skipped.where, "reason": skipped.reason} for skipped in found.skipped],
        "moved": found.moved or None,
        "reason": None if isinstance(outcome, Poll) else told(outcome).removeprefix(f"{feed.name}: "),
    }


def _told(health: dict[str, Any]) -> str:
    name = isolate(health["feed"])
    if not health["ok"]:
        return _row(("failed", "", "", "", f"{health['seconds']:.1f}", name)) + f"\n{'':8}{health['reason']}"
    counts = (str(health["articles"]), str(health["undated"]), moment(health["newest"]), f"{health['seconds']:.1f}")
    lines = [_row(("ok", *counts, name))]
    if health["moved"]:
        lines.append(f"{'':8}it has moved for good: write {health['moved']} into outlets.toml")
    if health["skipped"]:
        lines.append(f"{'':8}{len(health['skipped'])} skipped: {health['skipped'][0]['reason']}")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
