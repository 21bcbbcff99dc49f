"""Measures: `python -m lab.measure NAME` prints one line of JSON. What is pinned stands in `lab/floors.toml`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from lab import baly, event_gsr, feeds, gold, judged, mutated_feeds, page, timelines
from lab.corpora import saudi_news
from lab.stories import FOLDER, HELD_OUT, articles_of, compared, stories
from pipeline.assembly import Assembly, assemble
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.article import Article
from pipeline.core.claims import Claim
from pipeline.core.dossier import Dossier, follow

Measure = Callable[[Assembly, argparse.Namespace], dict[str, object]]


def measure_stories(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """How many stories end exactly as they should, reversals found, and false alerts a story."""
    right = expected = found = false = silent = 0
    wrong: list[str] = []
    every = stories(HELD_OUT if options.held_out else FOLDER)
    for name, story in every.items():
        missing, unexpected = compared(story, _standing(_follow_all(assembly, articles_of(story))))
        right += not missing and not unexpected
        expected += len(story.get("alert", ()))
        found += len(story.get("alert", ())) - len(missing)
        false += len(unexpected)
        silent += not story.get("alert") and not unexpected
        wrong += [name] if missing or unexpected else []
    return {
        "stories": len(every),
        "right": right,
        "reversals": expected,
        "found": found,
        "false_alerts": false,
        "silent": silent,
        "silent_stories": sum(not story.get("alert") for story in every.values()),
        "wrong": [] if options.held_out else wrong,
    }


def measure_cpu(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """CPU milliseconds an article for reading and for following, on SaudiNewsNet; one process, one thread."""
    articles = saudi_news(options.count, options.start)
    _ = assembly.reader.read(articles[0])
    words = sum(len(article.text.split()) for article in articles)
    begun = time.process_time()
    readings = [assembly.reader.read(article) for article in articles]
    read = time.process_time() - begun
    dossiers: dict[str, Dossier] = {}
    begun = time.process_time()
    for reading in readings:
        _follow_claims(assembly, dossiers, reading.claims)
    followed = time.process_time() - begun
    return {
        "articles": len(articles),
        "words_an_article": round(words / len(articles)),
        "read_ms": round(1000 * read / len(articles), 2),
        "read_ms_per_300_words": round(1000 * read / words * 300, 2),
        "follow_ms": round(1000 * followed / len(articles), 2),
    }


def measure_false_alerts(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """Alerts per 1,000 articles of SaudiNewsNet; `--show` prints them to standard error, to be read by a person."""
    articles = saudi_news(options.count, options.start)
    alerts = _standing(_follow_all(assembly, articles))
    if options.show:
        _show(alerts)
    return {
        "articles": len(articles),
        "alerts": len(alerts),
        "per_1000": round(1000 * len(alerts) / len(articles), 2),
    }


def measure_timelines(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """Reversals found and look-alikes that alert, of lab/timelines; `--show` prints the development part's misses."""
    figures, alerts = timelines.measured(assembly, "held" if options.held_out else "dev")
    if options.show and not options.held_out:
        for timeline in timelines.timelines("dev"):
            wrong = "expected" not in timeline and alerts[timeline["id"]]
            if wrong or ("expected" in timeline and not timelines.found(timeline, alerts[timeline["id"]])):
                print(timeline["id"], timeline["about"], file=sys.stderr)
                _show(alerts[timeline["id"]])
    return figures


def measure_baly_alerts(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """Alerts between the articles of one claim of Baly et al. (2018), and between the claim and each article."""
    figures, alerts = baly.measured(assembly)
    if options.show:
        for pair in alerts:
            print(pair.claim, *pair.stances, file=sys.stderr)
            _show([pair.alert])
    return figures


def measure_baly(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """Of the sentences of Baly et al. (2018) that tell a stance, how many give a claim, how many the right one."""
    return baly.rationales(assembly)


def measure_claims(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """What is read against what editors read in lab/claims, field by field; `--show` prints the development misses."""
    sentences = gold.compared(assembly, "held" if options.held_out else "dev")
    if options.show and not options.held_out:
        for sentence in sentences:
            print(*gold.differences(sentence), sep="\n", file=sys.stderr)
    by_part = {name: gold.figures([s for s in sentences if s.hard == hard]) for name, hard in _PARTS.items()}
    return {**gold.figures(sentences), **by_part}


_PARTS = {"plain": False, "hard": True}


def measure_ans(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """The judge on ANS's development part."""
    return judged.measured_ans(assembly.judge)


def measure_own_pairs(assembly: Assembly, options: argparse.Namespace) -> dict[str, object]:
    """The judge on the pairs of lab/pairs; `--held-out` takes the third that it was never trained on."""
    return judged.measured_own(assembly.judge, options.held_out)


MEASURES: dict[str, Measure] = {
    "stories": measure_stories,
    "cpu": measure_cpu,
    "false-alerts": measure_false_alerts,
    "timelines": measure_timelines,
    "baly-alerts": measure_baly_alerts,
    "mutated-feeds": lambda _, options: mutated_feeds.measured(options),
    "feeds": lambda _, options: feeds.measured(options),
    "page": lambda _, options: page.measured(options.count),
    "claims": measure_claims,
    "events": lambda assembly, _: event_gsr.measured(assembly),
    "baly": measure_baly,
    "ans": measure_ans,
    "own-pairs": measure_own_pairs,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measure that is named."""
    parser = argparse.ArgumentParser(prog="python -m lab.measure", description=__doc__)
    parser.add_argument("name", choices=MEASURES)
    parser.add_argument("--count", type=int, default=5000, help="articles of a corpus to measure on")
    parser.add_argument("--minutes", type=float, default=16.0, help="how long feeds are polled")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--held-out", action="store_true", help="what was written blind and kept apart")
    parser.add_argument("--show", action="store_true", help="print what was found for a person to judge")
    options = parser.parse_args(arguments)
    measured = MEASURES[options.name](assemble(None, None), options)
    print(json.dumps({"measure": options.name, **measured}, ensure_ascii=False))
    return 0


def _show(alerts: Iterable[Alert]) -> None:
    for alert in alerts:
        print(alert.explanation["en"], file=sys.stderr)
        print(f"  {alert.earlier.evidence.sentence}\n  {alert.later.evidence.sentence}", file=sys.stderr)


def _follow_all(assembly: Assembly, articles: Iterable[Article]) -> dict[str, Alert]:
    dossiers: dict[str, Dossier] = {}
    alerts: dict[str, Alert] = {}
    for article in articles:
        for alert in _follow_claims(assembly, dossiers, assembly.reader.read(article).claims):
            alerts[alert.id] = alert
    return alerts


def _follow_claims(assembly: Assembly, dossiers: dict[str, Dossier], claims: Sequence[Claim]) -> list[Alert]:
    changed: list[Alert] = []
    for division in dict.fromkeys(claim.division for claim in claims):
        own = [claim for claim in claims if claim.division == division]
        followed = follow(dossiers.get(division), own, assembly.rules)
        dossiers[division] = followed.dossier
        changed += followed.alerts
    return changed


def _standing(alerts: dict[str, Alert]) -> list[Alert]:
    return [alert for alert in alerts.values() if alert.state != "resolved" and alert.kind not in UNANNOUNCED]


if __name__ == "__main__":
    # Measuring uses the shipped configuration alone.
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    raise SystemExit(main())
