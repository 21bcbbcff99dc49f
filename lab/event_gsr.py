"""Attacks and protests on openeventdata's event_gsr: whether a sentence reports one that took place.

"yes" stands against the rest without "ambiguous". Folds keep together what comes from one document and what is
printed in several, so that nothing is tested on its own copy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.corpora import shared
from pipeline.assembly import Assembly
from pipeline.core.arabic import fold
from pipeline.core.article import Article, make_article

FOLDS = 5
TYPES = ("ASSAULT", "PROTEST")


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence judged for one type; `difficult` is a "no" that has the event's words; `fold` counts from 0."""

    type: str
    text: str
    yes: bool
    difficult: bool
    fold: int


def judged_sentences() -> list[Judged]:
    """The sentences of the development part, "ambiguous" ones left out."""
    path = shared() / "events" / "dev.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found: list[Judged] = []
    for kind in TYPES:
        own = [row for row in rows if row["event_type"] == kind and row["label"] != "ambiguous"]
        keys = [(row["id"].rpartition("-")[0], fold(row["text"])) for row in own]
        folds = _folds(keys, [row["label"] == "yes" for row in own])
        found += [
            Judged(kind, row["text"], row["label"] == "yes", row["label"] == "difficult no", number)
            for row, number in zip(own, folds, strict=True)
        ]
    return found


def measured(assembly: Assembly) -> dict[str, object]:
    """F1 by type, the mean over the folds, of what is read; and the share of difficult ones told as having happened."""
    sentences = judged_sentences()
    told = [_told(assembly, sentence) for sentence in sentences]
    figures: dict[str, object] = {}
    for kind in TYPES:
        own = [(sentence, said) for sentence, said in zip(sentences, told, strict=True) if sentence.type == kind]
        folds = [_f1([(sentence.yes, said) for sentence, said in own if sentence.fold == n]) for n in range(FOLDS)]
        difficult = [said for sentence, said in own if sentence.difficult]
        figures[kind] = round(sum(folds) / FOLDS, 3)
        figures[f"{kind}_folds"] = [round(fold, 3) for fold in folds]
        figures[f"{kind}_difficult_told"] = round(sum(difficult) / len(difficult), 3)
    return figures


def _told(assembly: Assembly, sentence: Judged) -> bool:
    reading = assembly.reader.read(article_of(sentence))
    return any(
        claim.plover == sentence.type and claim.polarity == "affirmed" and claim.modality in ("stated", "alleged")
        for claim in (*reading.claims, *reading.asides)
    )


def _f1(answers: Sequence[tuple[bool, bool]]) -> float:
    right = sum(yes and said for yes, said in answers)
    return 2 * right / max(1, sum(yes for yes, _ in answers) + sum(said for _, said in answers))


def article_of(sentence: Judged) -> Article:
    """The sentence as an article's whole text."""
    moment = datetime(2008, 1, 1, tzinfo=UTC)
    return make_article(outlet="gsr", url="", title="", text=sentence.text, published=moment, fetched=moment)


def _folds(keys: Sequence[tuple[str, str]], yes: Sequence[bool]) -> list[int]:
    """A fold for each row: rows that share a key, over however many others, share the fold; each has as many "yes"."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for document, text in keys:
        parent[root(text)] = root(document)
    groups: dict[str, list[int]] = {}
    for number, (document, _) in enumerate(keys):
        groups.setdefault(root(document), []).append(number)
    # A fold's load: its share of the "yes" and of all rows.
    folds, load = [0] * len(keys), [0.0] * FOLDS
    for group in sorted(groups.values(), key=lambda rows: (-sum(yes[row] for row in rows), -len(rows), rows[0])):
        chosen = load.index(min(load))
        load[chosen] += sum(yes[row] for row in group) / max(1, sum(yes)) + len(group) / len(keys)
        for number in group:
            folds[number] = chosen
    return folds
