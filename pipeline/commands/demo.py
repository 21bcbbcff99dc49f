"""`naqid demo`: a story in which a reversal is caught, told in English from real output."""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import textwrap
from pathlib import Path

from pipeline.assembly import Assembly, assemble
from pipeline.commands.outcome import concluded
from pipeline.commands.printing import moment
from pipeline.commands.recorded import articles_of, in_event_time
from pipeline.core.alerts import Alert
from pipeline.core.article import Article
from pipeline.core.wording import Wording
from pipeline.ports import Notice

_WIDTH = 100
_INDENT = " " * 4

_OPENING = """\
{count} short reports from November 2017 about who holds al-Bukamal, a Syrian town on the Euphrates. They are written in
Arabic; what they say is told here in English. naqid gets them one by one, in the order of their publication, reads the
Arabic and compares each with what was said before."""

_CLOSING = """\
What the analyst is told, in full. Both sentences are quoted as they were printed; between asterisks stand the words
that make one contradict the other:"""

# The demo keeps nothing, so the page needs a folder that is filled once more.
_ON_THE_PAGE = """\
The same in a browser, at http://127.0.0.1:8321/ until Ctrl-C:
  .venv/bin/naqid replay config/demo/*.jsonl --data /tmp/naqid-demo
  .venv/bin/naqid web --data /tmp/naqid-demo"""


def demo(options: argparse.Namespace) -> int:
    """Nothing of it is kept, and nothing is posted."""
    with tempfile.TemporaryDirectory(prefix="naqid-") as scratch:
        assembly = assemble(options.config, None, Path(scratch))
        files = sorted((assembly.overlay.shipped / "demo").glob("*.jsonl"))
        articles, whole = articles_of(files)
        glosses = _glosses(files)
        print(textwrap.fill(_OPENING.format(count=len(articles)), _WIDTH), end="\n\n")
        alerts = _play(assembly, in_event_time(articles), glosses)
        if alerts:
            print(textwrap.fill(_CLOSING, _WIDTH), end="\n\n")
        cards = io.StringIO()
        console = assembly.console(cards, glosses)
        for alert in alerts:
            console.post(Notice(alert.id, alert))
        sys.stdout.write(cards.getvalue())
        print(_ON_THE_PAGE)
    return 0 if whole and alerts else 1


def _play(assembly: Assembly, articles: list[Article], glosses: dict[str, str]) -> tuple[Alert, ...]:
    """Tells what follows from each report, as it comes."""
    known: dict[str, Alert] = {}
    seen: set[str] = set()
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores)
        for article in articles:
            driver.ingest([article])
            driver.drain()
            seen.add(article.id)
            print(f"{moment(article.published)}  {assembly.wording.name(article.outlet, 'en')}")
            print(textwrap.fill(glosses[article.url], _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT))
            alerts = {alert.id: alert for alert in concluded(stores.log, seen).alerts}
            print(f"{_INDENT}→ {_consequence(known, alerts, assembly.wording)}", end="\n\n", flush=True)
            known = alerts
    return tuple(known.values())


def _consequence(before: dict[str, Alert], after: dict[str, Alert], wording: Wording) -> str:
    raised = [alert for id, alert in after.items() if id not in before]
    if raised:
        return "ALERT: " + "; ".join(wording.title(alert.kind, alert.place, "en") for alert in raised)
    if after != before:
        return "silent; the alert above is brought up to date"
    return "silent"


def _glosses(files: list[Path]) -> dict[str, str]:
    """What each report says, in English, by its address."""
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {entry["url"]: entry["gloss"] for entry in map(json.loads, lines)}
