"""What the lexical model sees of two sentences: words and letters shared, denials, opposites, numbers of one thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

from pipeline.core.arabic import fold, tokens, without_clitics
from pipeline.judge.alignment import Alignment


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words and numbers of a sentence, folded, with their stems and their consonants."""

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    roots: tuple[str, ...]
    numbers: tuple[tuple[int, str], ...]
    """Where each number stands among the words, and the number."""


class Features:
    """Dense features of a pair of sentences, and terms that weigh by themselves.

    `words` is words.toml: lists that are counted, and lists of words that are opposites of each other.
    """

    def __init__(self, words: Mapping[str, Any], alignment: Alignment) -> None:
        self._alignment = alignment
        self._lists = [frozenset(fold(words[name]).split()) for name in _LISTS]
        self._opposites = [tuple(frozenset(fold(side).split()) for side in pair) for pair in words["opposites"]]

    def dense(self, first: str, second: str) -> list[float]:
        """The dense features, always as many."""
        one, two = sentence(first), sentence(second)
        alone, alone_too = _alone(one, two), _alone(two, one)
        return [
            *_overlaps(one, two),
            *_lengths(one, two),
            float(len(alone)),
            float(len(alone_too)),
            float(min(len(alone), len(alone_too))),
            *self._counted(one, two),
            *self._opposed(one, two, {*alone, *alone_too}),
            *_numbers(one, two),
            *self._alignment.features(_content(one), _content(two)),
        ]

    def terms(self, first: str, second: str) -> tuple[Counter[str], ...]:
        """What stands in one sentence alone: its words, the letters of those words, and the pairs that they make."""
        one, two = sentence(first), sentence(second)
        left, right = _alone(one, two), _alone(two, one)
        letters = (" " + word + " " for word in (*left, *right))
        return (
            Counter(_stem(word) for word in (*left, *right)),
            Counter(gram for word in letters for length in (2, 3, 4) for gram in _grams(word, length)),
            Counter("|".join(sorted((_stem(a), _stem(b)))) for a in left for b in right),
        )

    def _counted(self, one: Sentence, two: Sentence) -> Iterator[float]:
        for words in self._lists:
            left, right = (
                {word for word in side.words if word in words or _bare(word) in words} for side in (one, two)
            )
            yield from (float(len(left)), float(len(right)), float(len(left ^ right)), float(bool(left) != bool(right)))

    def _opposed(self, one: Sentence, two: Sentence, alone: set[str]) -> list[float]:
        """For each pair of lists, whether the one stands here and the other there; all together; of words alone."""
        left, right = ({*side.words, *map(_bare, side.words)} for side in (one, two))
        opposed = [
            float(
                bool(left & yes and right & no and not left & no) or bool(left & no and right & yes and not right & no)
            )
            for yes, no in self._opposites
        ]
        told = {*alone, *map(_bare, alone)}
        apart = sum(bool(told & yes) and bool(told & no) for yes, no in self._opposites)
        return [sum(opposed), float(apart), *opposed]


@lru_cache(maxsize=1 << 12)
def sentence(text: str) -> Sentence:
    """The words of a text; marks between them are dropped."""
    found = [token for token in tokens(text) if token.kind != "mark"]
    words = tuple(token.form for token in found)
    numbers = tuple((place, token.form) for place, token in enumerate(found) if token.kind == "number")
    return Sentence(" ".join(words), words, tuple(map(_stem, words)), tuple(map(_root, words)), numbers)


def _overlaps(one: Sentence, two: Sentence) -> Iterator[float]:
    for left, right in ((one.words, two.words), (one.stems, two.stems), (one.roots, two.roots)):
        covered, covered_too = _covered(Counter(left), Counter(right))
        yield from (covered, covered_too, _in_order(left, right) / max(1, min(len(left), len(right))))
    for length in (2, 3, 4):
        yield from _covered(Counter(_grams(one.text, length)), Counter(_grams(two.text, length)))


def _lengths(one: Sentence, two: Sentence) -> tuple[float, ...]:
    left, right = len(one.words), len(two.words)
    return (
        float(left),
        float(right),
        float(left - right),
        float(abs(left - right)),
        len(one.text) / max(1, len(two.text)),
    )


def _numbers(one: Sentence, two: Sentence) -> list[float]:
    """Numbers in both and in one alone; other numbers of the same thing, and how far they lie apart."""
    left, right = {number for _, number in one.numbers}, {number for _, number in two.numbers}
    apart = [
        abs(log((float(mine) + 1) / (float(theirs) + 1)))
        for place, mine in one.numbers
        for other, theirs in two.numbers
        if mine not in right and theirs not in left and _beside(one, place) & _beside(two, other)
    ]
    return [
        float(len(left & right)),
        float(len(left - right)),
        float(len(right - left)),
        float(bool(left) and bool(right) and not left & right),
        float(len(apart)),
        max(apart, default=0.0),
    ]


def _beside(side: Sentence, place: int) -> set[str]:
    """The stems next to a number: what it counts, or the month of a day."""
    return {*side.stems[max(0, place - 1) : place], *side.stems[place + 1 : place + 2]}


def _content(side: Sentence) -> list[str]:
    """The words that tell something, or all where none does."""
    return [word for word in side.words if len(word) > _SHORT or word.isdigit()] or list(side.words)


def _alone(one: Sentence, two: Sentence) -> list[str]:
    """The words of a sentence whose consonants the other one lacks."""
    others = {*two.roots, *two.stems}
    return [
        word for word, root in zip(one.words, one.roots, strict=True) if root not in others and len(word) > _SHORT - 1
    ]


def _covered(left: Counter[str], right: Counter[str]) -> tuple[float, float]:
    shared = sum((left & right).values())
    return shared / max(1, left.total()), shared / max(1, right.total())


def _in_order(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest sequence of words that stands in both."""
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for place, other in enumerate(right, 1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]


def _grams(text: str, length: int) -> list[str]:
    return [text[place : place + length] for place in range(len(text) - length + 1)]


def _bare(word: str) -> str:
    return without_clitics(word)


@lru_cache(maxsize=1 << 14)
def _stem(word: str) -> str:
    """The word without proclitics and one ending, where three letters remain."""
    return _ENDINGS.sub("", without_clitics(word))


@lru_cache(maxsize=1 << 14)
def _root(word: str) -> str:
    """The consonants of the stem, without what conjugation puts in front: a rough root."""
    stem = _stem(word)
    if stem[:1].isdigit():
        return stem
    return _VOWELS.sub("", stem[1:] if len(stem) > _SHORT and stem[0] in "يتمانس" else stem) or stem


_LISTS = ("negation", "update", "later", "opinion", "doubt")
_SHORT = 3
_ENDINGS = re.compile(r"(?<=.{3})(?:يات|ات|ون|ين|ان|ها|هم|يه|ه|ي)$")
_VOWELS = re.compile("[اوي]")
