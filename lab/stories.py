"""The stories of `tests/stories` as data: their articles, and whether alerts are those that a story expects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.corpora import ROOT
from pipeline.core.alerts import Alert
from pipeline.core.article import Article, make_article

Story = Mapping[str, Any]
FOLDER = ROOT / "tests" / "stories"
# Written without a look at the rules, and never mended against: what they show is what to expect on new text.
HELD_OUT = ROOT / "lab" / "heldout"


def stories(folder: Path = FOLDER) -> dict[str, Story]:
    """Every story of a folder by its file's stem."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))}


def articles_of(story: Story) -> list[Article]:
    """The story's reports in the order of the file, which is that of their times."""
    return [
        make_article(
            outlet=report["outlet"],
            url=report["url"],
            title=report.get("title", ""),
            text=report["text"],
            published=report["published"],
            fetched=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for report in story["article"]
    ]


def compared(story: Story, alerts: Sequence[Alert]) -> tuple[list[Any], list[Alert]]:
    """The expected alerts that are missing, and the alerts that nobody expected."""
    unexpected, missing = list(alerts), []
    for expected in story.get("alert", ()):
        found = next((alert for alert in unexpected if _matches(alert, expected)), None)
        if found is None:
            missing.append(expected)
        else:
            unexpected.remove(found)
    return missing, unexpected


def _matches(alert: Alert, expected: Mapping[str, Any]) -> bool:
    return (
        alert.kind in expected["kind"]
        and alert.place.name == expected["place"]
        and alert.earlier.evidence.url == expected["earlier"]
        and alert.later.evidence.url == expected["later"]
        and expected["earlier_words"] in alert.earlier.evidence.sentence
        and expected["later_words"] in alert.later.evidence.sentence
        and len(alert.outlets) >= expected.get("outlets_at_least", 1)
    )
