"""How the index sees Arabic: which terms stand for the words of a text, so that a query meets what it means.

The chain is Lucene's Arabic analysis (UAX #29 words, light10 stems) with what news needs: negators stay, a
conjunction before an article goes, and a place has one term however it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from unicodedata import decimal

from pipeline.core.arabic import plain


@dataclass(frozen=True, slots=True)
class Term:
    """A term and the word that it stands for; `start` and `end` count characters of the text, end exclusive."""

    start: int
    end: int
    term: str


class Analyzer:
    """The analysis with a list of stop words, spelled as newspapers print them, and a table of overrides.

    `overrides` maps normalized words (`override_table`) to the term that they have instead of a stem.
    `fingerprint` (hex) is another one whenever the terms of some text could be.
    """

    __slots__ = ("_overrides", "_stop", "_term_of", "fingerprint")

    def __init__(self, stop: frozenset[str], overrides: Mapping[str, str]) -> None:
        self._stop = frozenset(plain(word).lower() for word in stop)
        self._overrides = dict(overrides)
        self._term_of = lru_cache(maxsize=1 << 16)(self._term)
        self.fingerprint = _fingerprint(self._stop, self._overrides)

    def analyze(self, text: str) -> list[Term]:
        """The terms of the text, in its order; stop words have none."""
        return [Term(start, end, term) for start, end in word_spans(text) if (term := self._term_of(text[start:end]))]

    def terms(self, text: str) -> list[str]:
        """The terms of the text without their places, as a query needs them."""
        return [term.term for term in self.analyze(text)]

    def _term(self, word: str) -> str:
        word = lowered(plain(word)).replace(" ", "")
        if not word or word in self._stop:
            return ""
        word = without_conjunction(normalized(word))
        return self._overrides.get(word) or light_stem(word)


def override_table(names: Iterable[str]) -> dict[str, str]:
    """Every way in which a sentence writes a place's name, to one term: بالبوكمال, وللبوكمال, بوكمال → بوكمال.

    The term is the name without its article, unstemmed, so that حماة does not meet حماية. Names of one word count;
    of more words only those with أبو, whose joined spellings (أبوكمال، البوكمال) become keys too. A name itself
    goes before a proclitic and another name (لبنان is not ل and بنان); of two readings the longer name wins.
    """
    direct: dict[str, str] = {}
    attached: dict[str, str] = {}
    for term, bare, article in sorted(_spellings(names), key=lambda spelling: (-len(spelling[0]), spelling)):
        for written in (bare, "ال" + bare) if article else (bare,):
            direct.setdefault(written, term)
        for written in _with_proclitics(bare, article):
            attached.setdefault(without_conjunction(written), term)
    return attached | direct


def word_spans(text: str, *, split: bool = True) -> Iterator[tuple[int, int]]:
    """The words of a text after UAX #29; with `split`, a mark between Arabic letters parts them (الماضي.وأكد)."""
    for match in _WORD.finditer(_GLUE.sub(" ", text) if split else text):
        yield match.span()


def lowered(word: str) -> str:
    """The word in lower case with ASCII digits, whichever script's digits it had."""
    if word.isascii():
        return word.lower()
    return "".join(str(decimal(letter)) if letter.isdecimal() else letter for letter in word.lower())


def normalized(word: str) -> str:
    """Lucene's Arabic normalization: أ إ آ become ا, ى becomes ي, ة becomes ه; diacritics and tatweel go."""
    return word.translate(_NORMALIZED)


def without_conjunction(word: str) -> str:
    """The normalized word without a و or ف that stands before an article: وبالبوكمال becomes بالبوكمال."""
    return _CONJUNCTION.sub("", word)


def light_stem(word: str) -> str:
    """The light10 stem of a normalized word, as Lucene computes it: one prefix, then each suffix in turn."""
    for prefix in _PREFIXES:
        # A single و is part of too many short words: three letters must remain.
        if word.startswith(prefix) and len(word) - len(prefix) >= (3 if len(prefix) == 1 else 2):
            word = word[len(prefix) :]
            break
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            word = word[: -len(suffix)]
    return word


# Raise this with any change that gives some text other terms: indexes are then made anew.
_EDITION = 1

_PREFIXES = ("ال", "وال", "بال", "كال", "فال", "لل", "و")
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي")
_NORMALIZED = str.maketrans("آأإىة", "ااايه", "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")
_CONJUNCTION = re.compile(r"^[وف](?=(?:بال|كال|لل|ال)[^\W\d_]{2})")

_ARABIC = "\u0621-\u064a\u064b-\u0652\u0671-\u06d3"
_GLUE = re.compile(rf"(?<=[{_ARABIC}])[.:'’_](?=[{_ARABIC}])")
# UAX #29, as far as news needs it: letters, digits and underscores stick together; signs without width belong to
# what they follow; some marks join letters (U.N, it's), some digits (1,500).
_EXTEND = (
    "\u0300-\u036f\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u08d3-\u08e1\u08e3-\u08ff\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
)
_WORD = re.compile(
    rf"[\w٫](?:[\w٫{_EXTEND}]"
    rf"|(?<=[^\W\d_])[.:'’‘·][{_EXTEND}]*(?=[^\W\d_])"
    rf"|(?<=\d)[.,;،٬'’‘][{_EXTEND}]*(?=\d))*"
)

_ABU = ("ابو", "البو", "بو")
_SHORTEST_NAME = 3
# A shorter name without its article and with a one-letter proclitic is too often another word: الرس, برس.
_SHORTEST_BARE_NAME = 4


def _spellings(names: Iterable[str]) -> set[tuple[str, str, bool]]:
    """(term, the name without its article, whether it may have one) of each name that the table can hold."""
    found: set[tuple[str, str, bool]] = set()
    for name in names:
        printed = lowered(plain(name))
        words = normalized(printed).split()
        if len(words) == 2 and words[0] in _ABU and len(words[1]) >= _SHORTEST_NAME:
            found |= _spellings_with_abu(words[1])
        elif len(words) == 1 and words[0].startswith("ابو") and len(words[0]) >= 3 + _SHORTEST_NAME:
            found |= _spellings_with_abu(words[0][3:])
        elif len(words) == 1:
            # Before normalization: ألمانيا has no article.
            article = printed.lstrip().startswith("ال") and len(words[0]) >= 4
            bare = words[0][2:] if article else words[0]
            if article or len(bare) >= _SHORTEST_NAME:
                found.add((bare, bare, article))
    return found


def _spellings_with_abu(rest: str) -> set[tuple[str, str, bool]]:
    return {("بو" + rest, "بو" + rest, True), ("بو" + rest, "ابو" + rest, False)}


def _with_proclitics(bare: str, article: bool) -> Iterator[str]:
    for conjunction in ("", "و", "ف"):
        if article:
            # After ل the article is written without ا, and of three ل only two: للاذقية.
            to = "ل" + bare if bare.startswith("ل") else "لل" + bare
            yield from (conjunction + written for written in ("ال" + bare, "بال" + bare, "كال" + bare, to))
        if len(bare) >= (_SHORTEST_BARE_NAME if article else _SHORTEST_NAME):
            yield from (conjunction + preposition + bare for preposition in ("", "ب", "ك", "ل"))


def _fingerprint(stop: frozenset[str], overrides: Mapping[str, str]) -> str:
    parts = [str(_EDITION), *sorted(stop), "", *(f"{word} {term}" for word, term in sorted(overrides.items()))]
    return blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
