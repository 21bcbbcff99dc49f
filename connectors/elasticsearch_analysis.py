"""The index's Arabic analysis in Elasticsearch's words: the lists that its char filters and token filters need.

The chain itself stands in `config/index/analysis.json`. It gives the tokens of `pipeline.core.analysis.Analyzer`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from pipeline.core.analysis import light_stem, lowered
from pipeline.core.arabic import plain

LONGEST_TERM = 255
"""Characters of a term; the standard tokenizer cuts longer words into several."""


def analysis_lists(stop_words: Iterable[str], overrides: Mapping[str, str]) -> dict[str, object]:
    """What the placeholders of `analysis.json` stand for. `overrides` is `override_table`'s."""
    stop = sorted({lowered(plain(word)) for word in stop_words} - {""})
    return {
        "$plain_letters": list(_plain_letters()),
        "$stop_words": stop,
        "$stop_words_pattern": _stop_words_pattern(stop),
        "$place_names": _place_names(overrides),
    }


# What may stand in a word, and the marks that join letters: where they touch a stop word, it is only part of a word.
_IN_WORD = r"[\p{L}\p{N}_\u066b\u0300-\u036f]"
_JOINING = r"[.:'\u2018\u2019\u00b7]"

# The Arabic and Latin letters that are sometimes written as a letter and a sign above or below it.
_COMPOSED = (*range(0x00C0, 0x0250), *range(0x0622, 0x0627), 0x06C0, 0x06C2, 0x06D3)


def _plain_letters() -> Iterator[str]:
    """Rules that do to single characters, and to letters with a sign, what `plain` does to a word."""
    for code in range(0x80, 0x10000):
        character = chr(code)
        if unicodedata.category(character) in ("Cn", "Co", "Cs"):
            continue
        printed = plain(character)
        if printed != character and (character.isalnum() or not printed):
            yield f"{character} => {printed.replace(' ', '')}"
    for code in _COMPOSED:
        apart = unicodedata.normalize("NFD", chr(code))
        if len(apart) == 2:
            yield f"{apart} => {plain(chr(code))}"


def _stop_words_pattern(stop: Iterable[str]) -> str:
    """A stop word between words, whole.

    Lucene's stop filter leaves a gap where a word was, so that "انسحب المدينة" would not find "انسحب من المدينة".
    This takes the words out before there are tokens; the filter stays for what has other neighbours.
    """
    words = sorted(stop)
    if not words:
        return "(?!)"
    flags = "" if all(word == word.upper() for word in words) else "(?iu)"
    before, after = rf"(?<!{_IN_WORD})(?<!\p{{L}}{_JOINING})", rf"(?!{_IN_WORD})(?!{_JOINING}\p{{L}})"
    return f"{flags}{before}{_one_of(words)}{after}"


def _one_of(words: list[str]) -> str:
    """Any of the sorted words, their common beginnings once: a server tries alternatives one by one."""
    ends = words[0] == ""
    branches = [
        re.escape(first) + _one_of([word[1:] for word in group])
        for first, group in groupby(words[1:] if ends else words, key=lambda word: word[0])
    ]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)})" + ("?" if ends else "")


def _place_names(overrides: Mapping[str, str]) -> list[str]:
    """A rule for each term: the words that mean it and that the stemmer would not bring there by itself."""
    words_of: dict[str, list[str]] = {}
    for word, term in sorted(overrides.items()):
        if light_stem(word) != term:
            words_of.setdefault(term, []).append(word)
    return [f"{', '.join(words)} => {term}" for term, words in words_of.items()] or ["\u0640 => \u0640"]
