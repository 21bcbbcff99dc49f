"""`naqid run`: the background service, until SIGTERM or SIGINT ends it cleanly."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.apart import StateApart
from pipeline.assembly import Assembly, assemble
from pipeline.collecting import Collector
from pipeline.commands.page import beside
from pipeline.commands.until import Heartbeat, ended_by_signal, notifier
from pipeline.notify import Notifier
from pipeline.outlets import Watched
from pipeline.overlay import BadSettings


def run(options: argparse.Namespace) -> int:
    """Everything that it was doing when the signal came is finished and kept.

    In one process it does all; where the log is on Kafka it collects, and workers and an announcer do the rest.
    """
    told = notifier()
    stop = ended_by_signal(told)
    assembly = assemble(options.config, options.data)
    watched = assembly.watched()
    if not watched:
        raise BadSettings(f"{assembly.overlay.source('outlets.toml')}: no outlet to watch; add an [[outlet]]")
    listen = options.listen if options.web == "on" else None
    if assembly.settings.on_servers:
        # It knows no way to Elasticsearch: there the page is `naqid web`'s.
        _collect(assembly, watched, told, stop)
    else:
        _do_all(assembly, watched, told, stop, listen)
    return 0


def _do_all(
    assembly: Assembly,
    watched: Sequence[Watched],
    told: Notifier,
    stop: threading.Event,
    listen: tuple[str, int] | None,
) -> None:
    channel = assembly.channel(sys.stdout)
    with assembly.open_stores() as stores, assembly.open_pushes() as pushes, beside(assembly, listen):

        def status() -> str:
            counts, texts = stores.log.counts(), stores.log.size("articles")
            return (
                f"{len(watched)} feeds, {texts} texts, alerts: {counts['posted']} posted, {counts['waiting']} waiting"
            )

        driver = assembly.driver(stores, [channel], Heartbeat(told, status), pushes)
        print(f"naqid: watching {len(watched)} feeds; alerts go to {channel.name}", file=sys.stderr, flush=True)
        told.ready()
        driver.run(watched, lambda: datetime.now(UTC), stop)


def _collect(assembly: Assembly, watched: Sequence[Watched], told: Notifier, stop: threading.Event) -> None:
    with (
        assembly.open_own("collector") as own,
        assembly.open_server_log(spool=True) as log,
        assembly.open_pushes() as pushes,
    ):
        heartbeat = Heartbeat(told, lambda: f"{len(watched)} feeds, {log.spooled()} records wait for Kafka")
        where = assembly.settings.log
        print(f"naqid: watching {len(watched)} feeds; articles go to {where}", file=sys.stderr, flush=True)
        told.ready()
        Collector(StateApart(log, own), pushes).run(watched, lambda: datetime.now(UTC), stop, heartbeat)
