"""How what is read compares with what editors read: the claims of `lab/claims/gold.jsonl`, field by field.

The kind is counted over all claims. The other fields are counted over claims whose kind was found, by precision and
recall over those that are not empty, so that a place invented and a place missed both cost.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from lab.corpora import ROOT
from pipeline.assembly import Assembly
from pipeline.core.analysis import light_stem
from pipeline.core.arabic import tokens
from pipeline.core.article import make_article
from pipeline.core.claims import Claim, Party

Split = Literal["dev", "held"]
FOLDER = ROOT / "lab" / "claims"
_FIELDS = ("actor", "place", "speaker", "relayed_through")


@dataclass(slots=True)
class _Count:
    """Right answers, answers given, answers wanted."""

    right: int = 0
    given: int = 0
    wanted: int = 0

    def add(self, given: object, wanted: object, right: bool) -> None:
        self.right += right
        self.given += bool(given)
        self.wanted += bool(wanted)

    @property
    def f1(self) -> float:
        return round(2 * self.right / (self.given + self.wanted), 3) if self.given + self.wanted else 0.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence with what was wanted, what was read, and which of the two belong together."""

    text: str
    hard: bool
    wanted: Sequence[Mapping[str, Any]]
    read: Sequence[Claim]
    pairs: Sequence[tuple[int, int]] = field(default=())


def compared(assembly: Assembly, split: Split) -> list[Sentence]:
    """The sentences of a part with their claims, read one by one and paired with the editors'."""
    names = tomllib.loads((FOLDER / "kinds.toml").read_text(encoding="utf-8"))
    rows = map(json.loads, (FOLDER / "gold.jsonl").read_text(encoding="utf-8").splitlines())
    found: list[Sentence] = []
    for row in rows:
        if row["split"] == split:
            article = make_article(
                outlet="gold",
                url=f"https://example.org/{row['id']}",
                title="",
                text=row["sentence"],
                published=datetime(2026, 6, 1, tzinfo=UTC),
                fetched=datetime(2026, 6, 1, tzinfo=UTC),
            )
            reading = assembly.reader.read(article)
            read = [*reading.claims, *reading.asides]
            pairs = _paired(row["claims"], read, names)
            found.append(Sentence(row["sentence"], row["hard"], row["claims"], read, pairs))
    return found


def figures(sentences: Sequence[Sentence]) -> dict[str, object]:
    """F1 of every field; for polarity and modality, the share of paired claims that have the right one."""
    names = tomllib.loads((FOLDER / "kinds.toml").read_text(encoding="utf-8"))
    kind = _Count()
    counts = {name: _Count() for name in _FIELDS}
    agreeing: Counter[str] = Counter()
    paired = outside = 0
    for sentence in sentences:
        outside += sum(not names[claim["kind"]] for claim in sentence.wanted)
        kind.right += len(sentence.pairs)
        kind.given += len(sentence.read)
        kind.wanted += sum(bool(names[claim["kind"]]) for claim in sentence.wanted)
        for number, other in sentence.pairs:
            wanted, read = sentence.wanted[number], sentence.read[other]
            paired += 1
            agreeing["polarity"] += wanted["polarity"] == read.polarity
            agreeing["modality"] += wanted["modality"] == read.modality
            for name in _FIELDS:
                given = _words_of(read, name)
                counts[name].add(given, wanted[name], _same(wanted[name], given))
    shares = {name: round(agreeing[name] / paired, 3) if paired else 0.0 for name in ("polarity", "modality")}
    return {
        "sentences": len(sentences),
        "claims": kind.wanted,
        "left_out": outside,
        "kind": kind.f1,
        "kind_precision": round(kind.right / max(1, kind.given), 3),
        "kind_recall": round(kind.right / max(1, kind.wanted), 3),
        **shares,
        **{name: counts[name].f1 for name in _FIELDS},
    }


def differences(sentence: Sentence) -> list[str]:
    """What was wanted and not found, found and not wanted, or found otherwise; a line each, the sentence first."""
    told = [sentence.text]
    found, used = {one for one, _ in sentence.pairs}, {two for _, two in sentence.pairs}
    told += [f"  missed {claim['kind']}" for number, claim in enumerate(sentence.wanted) if number not in found]
    told += [
        f"  extra {claim.kind} {claim.polarity}" for number, claim in enumerate(sentence.read) if number not in used
    ]
    for number, other in sentence.pairs:
        wanted, read = sentence.wanted[number], sentence.read[other]
        given: dict[str, str] = {"polarity": read.polarity, "modality": read.modality}
        given |= {name: _words_of(read, name) for name in _FIELDS}
        for name, value in given.items():
            same = value == wanted[name] if name in ("polarity", "modality") else _same(wanted[name], value)
            if not same and (value or wanted[name]):
                told.append(f"  {name} of {read.kind}: {value!r}, wanted {wanted[name]!r}")
    return told if len(told) > 1 else []


def _paired(
    wanted: Sequence[Mapping[str, Any]], read: Sequence[Claim], names: Mapping[str, Sequence[str]]
) -> list[tuple[int, int]]:
    """Claims of one kind, those that also agree in polarity, voice and place first."""
    possible = [
        (_likeness(claim, other), number, position)
        for number, claim in enumerate(wanted)
        for position, other in enumerate(read)
        if other.kind in names[claim["kind"]]
    ]
    taken: list[tuple[int, int]] = []
    for _, number, position in sorted(possible, key=lambda item: (-item[0], item[1], item[2])):
        if all(number != one and position != other for one, other in taken):
            taken.append((number, position))
    return sorted(taken)


def _likeness(wanted: Mapping[str, Any], read: Claim) -> int:
    alike = sum(_same(wanted[name], _words_of(read, name)) for name in _FIELDS)
    voices = bool(wanted["speaker"]) == bool(read.speaker)
    return alike + 2 * voices + 3 * bool(wanted["polarity"] == read.polarity)


def _words_of(claim: Claim, name: str) -> str:
    if name == "place":
        return claim.place.name if claim.place.id else ""
    if name == "relayed_through":
        return " ".join(claim.relayed_through)
    party: Party | None = getattr(claim, name)
    return party.name if party is not None else ""


def _same(wanted: str | Sequence[str] | None, given: str) -> bool:
    """Whether two phrases name one: all words of one stand in the other, or half of all words in both."""
    one = _stems(wanted if isinstance(wanted, str) else " ".join(wanted or ()))
    two = _stems(given)
    if not one or not two:
        return False
    return one <= two or two <= one or len(one & two) * 2 >= len(one | two)


@lru_cache(maxsize=4096)
def _stems(phrase: str) -> frozenset[str]:
    return frozenset(light_stem(token.form) for token in tokens(phrase) if token.kind == "word")
