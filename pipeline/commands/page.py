"""The page for people with a browser: `naqid web`, and beside the service of `naqid run`. Also `label` and `labels`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette

from pipeline.assembly import Assembly, assemble
from pipeline.commands.printing import json_line
from pipeline.commands.status import standing
from pipeline.overlay import BadSettings
from pipeline.ports import Index, Query, Unreachable
from pipeline.secret import Secret, read_secret
from pipeline.web.app import make_app
from pipeline.web.guard import is_loopback
from pipeline.web.pages import House
from pipeline.web.serving import listening, served, server
from pipeline.wire import moment_to_text

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def web(options: argparse.Namespace) -> int:
    """The page alone, over what the service has indexed, until Ctrl-C or SIGTERM."""
    assembly = assemble(options.config, options.data)
    host, port = options.listen
    with assembly.open_index() as index:
        app = _app(assembly, index, host)
        bound = listening(host, port)
        print(f"naqid: the page is at {_address(host, bound.getsockname()[1])}", file=sys.stderr, flush=True)
        server(app).run(sockets=[bound])
    return 0


@contextmanager
def beside(assembly: Assembly, listen: tuple[str, int] | None) -> Iterator[None]:
    """The page in a thread while the service runs; None for none. A port that is taken costs the page alone."""
    if listen is None:
        yield
        return
    host, port = listen
    with assembly.open_index() as index:
        app = _app(assembly, index, host)
        try:
            bound = listening(host, port)
        except Unreachable as error:
            print(f"naqid: {error}; the service goes on without it", file=sys.stderr, flush=True)
            yield
            return
        with served(app, bound):
            print(f"naqid: the page is at {_address(host, bound.getsockname()[1])}", file=sys.stderr, flush=True)
            yield


def label(options: argparse.Namespace) -> int:
    """Keeps a person's verdict on an alert."""
    assembly = assemble(options.config, options.data)
    with assembly.open_index() as index:
        if not index.search(Query("alerts", ids=(options.alert,), limit=1)):
            raise BadSettings(f"{options.alert!r} is no alert of the index; `naqid alerts` lists their ids")
        assembly.desk.put("label", options.alert, options.verdict, datetime.now(UTC))
    return 0


def labels(options: argparse.Namespace) -> int:
    """Prints every verdict with both sentences, one JSON object a line: data to train and to measure on."""
    assembly = assemble(options.config, options.data)
    with assembly.open_index() as index:
        for decision in assembly.desk.decisions("label"):
            for hit in index.search(Query("alerts", ids=(decision.subject,), limit=1)):
                body = hit.body
                print(
                    json_line(
                        {
                            "alert": hit.id,
                            "verdict": decision.value == "true",
                            "at": moment_to_text(decision.at),
                            "kind": body["kind"],
                            "rule": body["rule"],
                            "confidence": body["confidence"],
                            "s1": body["earlier"]["sentence"],
                            "s2": body["later"]["sentence"],
                        }
                    )
                )
    return 0


def _app(assembly: Assembly, index: Index, host: str) -> Starlette:
    token = _token(os.environ.get("NAQID_WEB_TOKEN", ""))
    if not is_loopback(host) and token is None:
        raise BadSettings(
            f"the page would be open to everyone who reaches {host}: set NAQID_WEB_TOKEN to a long random text, or to "
            "the path of a file of mode 0600 that holds one"
        )
    names = {host.strip("[]"), *_LOOPBACK_NAMES, *filter(None, os.environ.get("NAQID_WEB_HOSTS", "").split(","))}
    return make_app(house_of(assembly, index), names, token)


def house_of(assembly: Assembly, index: Index) -> House:
    """What the page shows of this configuration and this index."""
    return House(
        index=index,
        desk=assembly.desk,
        wording=assembly.wording,
        words=assembly.page_words,
        kinds=assembly.kinds,
        gazetteer=assembly.gazetteer,
        gaps=assembly.gaps_between,
        health=lambda: standing(assembly),
        clock=lambda: datetime.now(UTC),
    )


def _token(given: str) -> Secret | None:
    if given.startswith("/"):
        return read_secret(Path(given), "NAQID_WEB_TOKEN")
    return Secret(given) if given else None


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
