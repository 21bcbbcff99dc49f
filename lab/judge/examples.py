"""Pairs to train and to calibrate on: ANS (Khouja 2020, Apache-2.0), the development part of lab/pairs, and variants.

A tenth is kept for calibration, chosen by the earlier sentence (ANS) or the scene (our own), so that no sentence
stands on both sides.
"""

from __future__ import annotations

import csv
import json
import random
import re
import tomllib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from lab.corpora import ROOT, shared
from pipeline.core.arabic import plain

Part = Literal["train", "calibration"]
LABELS = ("agree", "disagree", "other")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences and how the second stands to the first: agree, disagree or other. `kind` says where it is from."""

    first: str
    second: str
    label: str
    kind: str
    group: str


def ans(part: Literal["train", "dev"]) -> list[Pair]:
    """The pairs of a part of ANS, in the file's order."""
    with (shared() / "ans" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Pair(_clean(row["s1"]), _clean(row["s2"]), row["stance"].strip(), "ans", _clean(row["s1"])) for row in rows]


def own(split: Literal["dev", "held"]) -> list[Pair]:
    """The pairs of lab/pairs of one split; `kind` is their type. The held ones only measure."""
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "lab" / "pairs").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [
        Pair(_clean(row["s1"]), _clean(row["s2"]), row["label"], row["type"], row["scene"])
        for row in rows
        if row["split"] == split
    ]


def part_of(pairs: Iterable[Pair], part: Part) -> list[Pair]:
    """Those to train on, or the tenth to calibrate on."""
    return [pair for pair in pairs if (zlib.crc32(pair.group.encode()) % 10 == 0) == (part == "calibration")]


def variants(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """Pairs that follow from given ones of ANS.

    Two sentences that stand to the same third: both agree with it, or one agrees and one disagrees. Agreeing pairs
    with one number, country or word of direction changed disagree; with themselves, and shortened, they agree.
    Headlines that share no more than a word are other.
    """
    draw = random.Random(seed)
    return [*_related(pairs), *_changed(pairs, draw), *_same(pairs, draw), *_unrelated(pairs, draw)]


def _clean(text: str) -> str:
    return " ".join(plain(text).split())


def _related(pairs: Sequence[Pair]) -> list[Pair]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.first].append(pair)
    found = []
    for group in groups.values():
        for index, one in enumerate(group):
            for two in group[index + 1 :]:
                labels = {one.label, two.label}
                if one.second != two.second and labels in ({"agree"}, {"agree", "disagree"}):
                    label = "agree" if labels == {"agree"} else "disagree"
                    found.append(Pair(one.second, two.second, label, "related", one.group))
    return found


def _changed(pairs: Sequence[Pair], draw: random.Random) -> list[Pair]:
    found = []
    for pair in pairs:
        for first, second in ((pair.first, pair.second), (pair.second, pair.first)):
            if pair.label == "agree" and draw.random() < _CHANGED and (changed := _change(second, draw)):
                found.append(Pair(first, changed, "disagree", "changed", pair.group))
    return found


def _change(text: str, draw: random.Random) -> str:
    """The text with one word changed so that it says something else; empty where no word can be."""
    countries, opposites = _exchanges()
    words = text.split()
    choices: list[tuple[int, str]] = []
    for index, word in enumerate(words):
        if re.fullmatch(r"\d+", word):
            choices.append((index, str(max(1, round(int(word) * draw.choice((0.3, 0.5, 2, 3))) + draw.randint(1, 3)))))
        if word in countries:
            choices.append((index, draw.choice([country for country in countries if country != word])))
        for one, other in opposites:
            if word in one:
                choices += [(index, other[one.index(word)])] * 3
    if not choices:
        return ""
    index, word = draw.choice(choices)
    return " ".join([*words[:index], word, *words[index + 1 :]])


@cache
def _exchanges() -> tuple[list[str], list[tuple[list[str], list[str]]]]:
    """Countries, and words with their opposites, each way round."""
    words = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    pairs = [(one.split(), other.split()) for one, other in words["opposites"]]
    return words["countries"].split(), pairs + [(other, one) for one, other in pairs]


def _same(pairs: Sequence[Pair], draw: random.Random) -> list[Pair]:
    firsts = sorted({pair.first for pair in pairs})
    found = []
    for first in draw.sample(firsts, min(len(firsts), _SAME)):
        words = first.split()
        cut = " ".join(words[: max(4, len(words) - draw.randint(0, 2))])
        found.append(Pair(first, cut, "agree", "same", first))
    return found


def _unrelated(pairs: Sequence[Pair], draw: random.Random) -> list[Pair]:
    """Half of them the likest of 60 headlines drawn, but with no more than one long word shared."""
    firsts = sorted({pair.first for pair in pairs})
    words = {first: {word for word in first.split() if len(word) > _SHORT} for first in firsts}
    found: list[Pair] = []
    while len(found) < min(_UNRELATED, len(firsts)):
        first = draw.choice(firsts)
        others = [other for other in draw.sample(firsts, min(60, len(firsts))) if other != first]
        near = [other for other in others if len(words[first] & words[other]) <= 1]
        if near:
            likest = max(near, key=lambda other: len(words[first] & words[other])) if draw.random() < 0.5 else near[0]
            found.append(Pair(first, likest, "other", "unrelated", first))
    return found


_CHANGED = 0.5
_SAME = 60
_UNRELATED = 250
_SHORT = 3
