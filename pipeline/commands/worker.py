"""`naqid worker`: reads articles and follows claims on Kafka, as one of any number that share the work."""

from __future__ import annotations

import argparse
import fcntl
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.assembly import assemble
from pipeline.commands.until import Heartbeat, notifier
from pipeline.ports import Unreachable


def worker(options: argparse.Namespace, stock: bool = False) -> int:
    """Ends on SIGTERM and SIGINT; exit code 1 when it failed, and whoever supervises it starts it again.

    `stock` gives it Faust's own consumer, which loses records. Raises `Unreachable` where Kafka is away at the start.
    """
    assembly = assemble(options.config, options.data)
    name = options.name or re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
    told = notifier()
    with assembly.open_server_log() as log:
        log.check()
    with _alone(assembly.settings.data / "workers" / name, name), assembly.open_index(read_only=False) as index:
        has = "no partitions yet"

        def ready(partitions: str) -> None:
            nonlocal has
            has = partitions or "no partitions: there are more workers than those"
            print(f"naqid: worker {name} has {has}", file=sys.stderr, flush=True)
            told.ready()

        run = assembly.worker(name, index, Heartbeat(told, lambda: f"has {has}"), options.metrics, stock)
        code = run(ready)
        told.stopping()
    return code


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Hold the worker's folder. Two workers of one name would throw each other out of the group in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unreachable(
                f"a worker called {name} runs on this folder already: give this one another --name"
            ) from None
        yield
