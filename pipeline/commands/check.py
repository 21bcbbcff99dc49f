"""`naqid check`: whether the configuration is sound, and whether each outlet answers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.assembly import assemble
from pipeline.commands.printing import moment
from pipeline.outlets import Watched, told
from pipeline.polling import Polled, Pollers
from pipeline.ports import Poll

_POLLERS = 8
_WAIT_SECONDS = 1.0


def check(options: argparse.Namespace) -> int:
    """Exit code 1 when an outlet fails. Raises `BadSettings` for a configuration that cannot be used."""
    assembly = assemble(options.config, options.data)
    watched = assembly.watched()
    for what, value in assembly.loaded().items():
        print(f"{what}: {value}")
    if not options.fetch:
        return 0
    outcomes = sorted(_poll_once(watched), key=lambda polled: polled.watched.feed.name)
    failed = 0
    for polled in outcomes:
        name = polled.watched.feed.name
        if isinstance(polled.outcome, Poll):
            newest = max((article.published for article in polled.outcome.articles), default=None)
            line = f"{len(polled.outcome.articles)} articles, newest {moment(newest)}"
            if polled.outcome.skipped:
                line += f", {len(polled.outcome.skipped)} skipped ({polled.outcome.skipped[0].reason})"
            print(f"ok      {name}: {line}")
        else:
            failed += 1
            print(f"failed  {name}: {told(polled.outcome)}")
    print(f"{len(outcomes) - failed} of {len(outcomes)} outlets answered")
    return 1 if failed else 0


def _poll_once(watched: Sequence[Watched]) -> list[Polled]:
    pollers = Pollers(_POLLERS)
    for one in watched:
        pollers.ask(one, "", datetime.now(UTC))
    outcomes: list[Polled] = []
    while len(outcomes) < len(watched):
        outcomes += pollers.wait(_WAIT_SECONDS)
    pollers.close()
    return outcomes
