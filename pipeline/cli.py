"""The command line: which commands and options there are, and how failures are told (one line, exit code 2)."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from pipeline.overlay import BadSettings
from pipeline.ports import Rejected, Unreachable

BAD_INPUT = 2
BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell reports a program that the signal ended
INTERRUPTED = 130  # 128 + SIGINT

# The module of `pipeline.commands` that carries each command out. Imported when asked for: `--version` stays quick.
_MODULES = {
    "replay": "replay",
    "read": "read",
    "judge": "judge",
    "feed": "feed",
    "run": "service",
    "worker": "worker",
    "announcer": "announcer",
    "ingest": "ingest",
    "kibana": "kibana",
    "search": "look",
    "events": "look",
    "alerts": "look",
    "status": "status",
    "check": "check",
    "opml": "opml",
    "demo": "demo",
    "web": "page",
    "label": "page",
    "labels": "page",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries one command out. Returns its exit code: 0, 1 (a check found something amiss) or 2 (bad input)."""
    _write_utf8()
    try:
        options = make_parser().parse_args(arguments)
        logging.basicConfig(
            level=options.log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
        )
        # Clients log each address that they ask; a Slack address is a secret.
        for chatty in ("httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        # They tell of each try that a server away costs; what fails is told by naqid's own adapters, once.
        for chatty in ("kafka", "elastic_transport"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        command = importlib.import_module(f"pipeline.commands.{_MODULES[options.command]}")
        code: int = getattr(command, options.command)(options)
        sys.stdout.flush()
        return code
    except (BadSettings, Rejected, Unreachable) as error:
        print(f"naqid: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader has gone (`naqid … | head`). What Python would still flush at its end has to go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        print(f"naqid: {error.filename or 'input or output'}: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        print(f"naqid: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


class _Version(argparse.Action):
    """Tells the version, which is looked up only now: it takes a while."""

    def __call__(self, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"naqid {version('naqid')}")
        raise SystemExit(0)


def make_parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    parser = _Parser(
        prog="naqid",
        description="Watches Arabic news outlets and tells, with the evidence, when a new report reverses a claim.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version and stop")
    parser.set_defaults(config=None, data=None, log_level="warning")
    _add_global(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    replay = _add(commands, "replay", "run recorded articles through the whole pipeline, in the order of their times")
    _add_files(replay, "*")
    replay.add_argument("--topic", choices=("articles",), help="read the log's own articles once more, without FILE")
    replay.add_argument("--since", type=_moment, metavar="TIME", help="with --topic: those published or fetched since")
    replay.add_argument("--json", action="store_true", help="print the alerts as JSON, one a line")
    replay.add_argument("--events", type=Path, metavar="OUT.jsonl", help="write the events, one a line")
    replay.add_argument("--announce", action="store_true", help="post the alerts to Slack as well")

    read = _add(commands, "read", "print what is read from each article, without any memory of others")
    _add_files(read)
    read.add_argument("--json", action="store_true", help="print JSON, one article a line")

    feed = _add(commands, "feed", "print what feed documents give, or why one is not read; exit code 1 then")
    feed.add_argument(
        "sources", nargs="+", metavar="FILE|URL", help="RSS, Atom, RDF, JSON Feed or a news sitemap, by path or address"
    )
    feed.add_argument("--json", action="store_true", help="print JSON, one document a line, in the order given")

    judge = _add(commands, "judge", "tell whether two sentences agree, disagree or tell of other things")
    judge.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8 whose first line names s1 and s2")
    judge.add_argument("--json", action="store_true", help='print JSON, one row a line: {"label", "p"} or {"error"}')

    run = _add(commands, "run", "watch the outlets of outlets.toml until SIGTERM, and show the page")
    run.add_argument("--web", choices=("on", "off"), default="on", help="whether the page is shown (default: on)")
    _add_listen(run)
    _add_listen(_add(commands, "web", "show the page alone, over what the service has indexed"))
    worker = _add(commands, "worker", "read articles and follow claims on Kafka until SIGTERM, one of any number")
    worker.add_argument("--name", type=_name, help="its own, the same after a restart (default: the host's)")
    worker.add_argument(
        "--metrics", type=_host_and_port, metavar="HOST:PORT", help="serve /metrics for Prometheus there"
    )
    _add(commands, "announcer", "post the alerts of a log on Kafka until SIGTERM")
    _add_files(_add(commands, "ingest", "append recorded articles to the log, for the service or the workers"))

    kibana = _add(commands, "kibana", "install the data views, searches and dashboard that come with naqid")
    kibana.add_argument("action", choices=("install",))
    kibana.add_argument("--url", metavar="URL", help="Kibana's address, without a password (default: NAQID_KIBANA)")

    search = _add(commands, "search", "search the articles; all words have to be there")
    search.add_argument("query", metavar="QUERY", help="words in Arabic, in any spelling")
    _add_filters(search)
    _add_filters(_add(commands, "events", "list events, the newest first"))
    _add_filters(_add(commands, "alerts", "list alerts, the newest first"))

    status = _add(commands, "status", "tell how the outlets, the backlog and the alerts stand")
    status.add_argument("--json", action="store_true", help="print JSON")

    check = _add(commands, "check", "check the configuration")
    check.add_argument("--fetch", action="store_true", help="ask each outlet once; exit code 1 when one fails")
    check.add_argument("--json", action="store_true", help="print JSON, one outlet a line")

    opml = _add(commands, "opml", "take the feeds of a list in OPML into outlets.toml, or write the outlets as one")
    opml.add_argument("action", choices=("import", "export"))
    opml.add_argument("file", type=Path, nargs="?", metavar="FILE", help="of export: standard output where left out")

    label = _add(commands, "label", "keep your verdict on an alert: was it right to raise it?")
    label.add_argument("alert", metavar="ALERT", help="its id")
    label.add_argument("verdict", choices=("true", "false"))
    labels = _add(commands, "labels", "print all verdicts with both sentences, as JSON, one a line")
    labels.add_argument("action", choices=("export",))

    _add(commands, "demo", "replay a story in which a reversal is caught, explained in English")
    return parser


def _add(commands: argparse._SubParsersAction[_Parser], name: str, purpose: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".", allow_abbrev=False
    )
    _add_global(command)
    return command


def _add_global(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before or after the command: without defaults, neither place undoes the other."""
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="your configuration files, over the shipped ones (default: $XDG_CONFIG_HOME/naqid)",
    )
    group.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the folder of everything that is kept (default: $XDG_DATA_HOME/naqid)",
    )
    group.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default=argparse.SUPPRESS,
        help="how much is told on standard error (default: warning)",
    )


def _add_files(parser: argparse.ArgumentParser, number: str = "+") -> None:
    parser.add_argument(
        "files",
        type=Path,
        nargs=number,
        metavar="FILE",
        help='articles as JSON Lines: {"outlet", "url", "title", "text" or "html", "published"}',
    )


def _add_listen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        type=_host_and_port,
        metavar="HOST:PORT",
        default=("127.0.0.1", 8321),
        help="where the page is (default: 127.0.0.1:8321); anywhere but on this machine it asks for NAQID_WEB_TOKEN",
    )


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--place", default="", metavar="NAME", help="a place's name or id")
    parser.add_argument("--kind", default="", metavar="KIND", help="a kind of event, or of alert")
    parser.add_argument("--outlet", default="", metavar="NAME", help="an outlet's name")
    parser.add_argument(
        "--since", type=_moment, metavar="TIME", help="from this time on: 2017-11-13 or 2017-11-13T09:00Z"
    )
    parser.add_argument("--until", type=_end, metavar="TIME", help="up to this day, whole, or before this time")
    parser.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most so many (default: 20)")
    parser.add_argument("--json", action="store_true", help="print JSON, one a line")


def _moment(text: str) -> datetime:
    """A time as a person writes it; one without a zone is meant in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2017-11-13 or 2017-11-13T09:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(text: str) -> datetime:
    """As `_moment`, but a bare day is meant to its end."""
    moment = _moment(text)
    return moment + timedelta(days=1) if len(text) == len("2017-11-13") else moment


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name; use Latin letters, digits, '.', '_' and '-'")
    return text


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:6066")
    return host, int(port)


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 10000")
    return int(text)


def _write_utf8() -> None:
    """Arabic is printed as it is even where the locale says ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
