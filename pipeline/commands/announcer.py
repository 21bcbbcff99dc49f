"""`naqid announcer`: posts the alerts that workers raise, until SIGTERM or SIGINT ends it cleanly."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from pipeline.announcing import Announcer
from pipeline.apart import StateApart
from pipeline.assembly import assemble
from pipeline.commands.until import Heartbeat, ended_by_signal, notifier


def announcer(options: argparse.Namespace) -> int:
    """One is enough, and two post everything twice: each keeps for itself what it has posted."""
    told = notifier()
    stop = ended_by_signal(told)
    assembly = assemble(options.config, options.data)
    channel = assembly.channel(sys.stdout)
    with assembly.open_own("announcer") as own, assembly.open_server_log() as log:

        def status() -> str:
            counts = own.counts()
            return f"alerts: {counts['posted']} posted, {counts['waiting']} waiting"

        print(f"naqid: alerts of {assembly.settings.log} go to {channel.name}", file=sys.stderr, flush=True)
        told.ready()
        service = Announcer(
            StateApart(log, own), own, [channel], Heartbeat(told, status), assembly.gaps_between, assembly.is_muted
        )
        service.run(log, lambda: datetime.now(UTC), stop)
    return 0
