"""`naqid ingest`: recorded articles into the log, where the service or the workers find them."""

from __future__ import annotations

import argparse

from pipeline.apart import StateApart
from pipeline.assembly import assemble
from pipeline.collecting import Collector
from pipeline.commands.printing import counted
from pipeline.commands.recorded import articles_of, in_event_time


def ingest(options: argparse.Namespace) -> int:
    """An article whose text the log has from here already is not appended again. Exit code 2 for bad lines."""
    articles, whole = articles_of(options.files)
    assembly = assemble(options.config, options.data)
    if assembly.settings.on_servers:
        with assembly.open_own("ingest") as own, assembly.open_server_log() as log:
            log.check()
            new = Collector(StateApart(log, own)).ingest(in_event_time(articles))
    else:
        with assembly.open_stores() as stores:
            new = Collector(stores.log).ingest(in_event_time(articles))
    print(f"{counted(len(articles), 'article')}, {new} of them new to {assembly.settings.log}")
    return 0 if whole else 2
