"""`naqid replay`: recorded articles through the whole pipeline, in the order of their times."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from pipeline.assembly import Assembly, assemble
from pipeline.commands.outcome import Concluded, concluded
from pipeline.commands.printing import Progress, counted, json_line
from pipeline.commands.recorded import articles_of, in_event_time
from pipeline.commands.reread import reread
from pipeline.core.article import Article
from pipeline.overlay import BadSettings
from pipeline.ports import Notice
from pipeline.shapes import alert_json, event_json

_AT_ONCE = 50


def replay(options: argparse.Namespace) -> int:
    """Without `--data` everything happens in a folder that is thrown away at the end.

    With `--topic` the log's own articles are read once more instead.
    """
    if options.topic:
        if options.files or options.since is None:
            raise BadSettings(
                "replay --topic takes no files, and needs --since TIME; 1970-01-01 means from the beginning"
            )
        return reread(assemble(options.config, options.data), options.since)
    if not options.files or options.since is not None:
        raise BadSettings("replay needs FILE, one or more with articles, or --topic articles --since TIME")
    articles, whole = articles_of(options.files)
    with ExitStack() as stack:
        scratch = None
        if options.data is None:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="naqid-")))
        assembly = assemble(options.config, options.data, scratch)
        result = _run(assembly, in_event_time(articles), options.announce)
        if options.events:
            lines = "".join(f"{json_line(event_json(event))}\n" for event in result.events)
            options.events.write_text(lines, encoding="utf-8")
        if options.json:
            for alert in result.alerts:
                print(json_line(alert_json(alert)))
        else:
            console = assembly.console(sys.stdout)
            for alert in result.alerts:
                console.post(Notice(alert.id, alert))
            counts = {"article": len(articles), "event": len(result.events), "alert": len(result.alerts)}
            print(", ".join(counted(number, noun) for noun, number in counts.items()))
    return 0 if whole else 2


def _run(assembly: Assembly, articles: Sequence[Article], announce: bool) -> Concluded:
    if announce and assembly.settings.slack_webhook is None:
        raise BadSettings("--announce needs the address of Slack: set NAQID_SLACK_WEBHOOK or alerts.slack_webhook_file")
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores, [assembly.slack()] if announce else [])
        progress = Progress(len(articles), "articles")
        for start in range(0, len(articles), _AT_ONCE):
            progress.at(start)
            driver.ingest(articles[start : start + _AT_ONCE])
            driver.drain()
        driver.drain()
        progress.end()
        if announce:
            driver.announce_due(datetime.now(UTC))
            waiting = stores.log.counts()["waiting"]
            if waiting:
                told = f"{counted(waiting, 'alert')} could not be posted yet"
                print(f"naqid: {told}; with --data, `naqid run` tries again", file=sys.stderr)
        return concluded(stores.log, {article.id for article in articles})
