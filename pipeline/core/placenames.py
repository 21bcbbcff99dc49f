"""Names of places in a text: where one stands, what word of place stands before it, and which look-alikes to leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.core.arabic import Token, fold, proclitic_splits, tokens
from pipeline.core.places import Level

Payload = TypeVar("Payload")

_CONJUNCTIONS = ("", "و", "ف")
_PREPOSITIONS = ("", "ب", "ل", "ك")
_PROCLITICS = frozenset(conjunction + preposition for conjunction in _CONJUNCTIONS for preposition in _PREPOSITIONS)
# A shorter name is a word that happens to begin with the letter of a proclitic; ك and ف are rare before names.
_SHORTEST_REST = {"": 1, "و": 3, "ب": 3, "ل": 3, "وب": 3, "ول": 3}
_SHORTEST_AFTER_RARE = 5
_SHORTEST_DEFINITE = 5
QUOTES = frozenset("\"'“”„«»‘’‹›`")


@dataclass(frozen=True, slots=True)
class Found(Generic[Payload]):
    """A phrase found on the tokens `first` to `last`, after `proclitic` on the first of them."""

    first: int
    last: int
    proclitic: str
    payload: Payload


class Phrases(Generic[Payload]):
    """Phrases by their folded tokens, each with its payload; the longest that begins at a token is found."""

    def __init__(self, payloads: Mapping[tuple[str, ...], Payload]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Payload]]] = {}
        for phrase in sorted(payloads, key=len, reverse=True):
            self._by_first.setdefault(phrase[0], []).append((phrase[1:], payloads[phrase]))

    def at(self, words: Sequence[Token], index: int) -> Found[Payload] | None:
        """The longest phrase whose first word is `words[index]`; of two as long, the one with fewer proclitics."""
        best: Found[Payload] | None = None
        for proclitic, rest in proclitic_splits(words[index].form):
            starting = self._by_first.get(rest)
            if starting is None or proclitic not in _PROCLITICS:
                continue
            short = len(rest) < _SHORTEST_REST.get(proclitic, _SHORTEST_AFTER_RARE)
            for following, payload in starting:
                if short and not following:
                    break
                last = index + len(following)
                if best is not None and last <= best.last:
                    break
                if _agree(words, index + 1, following):
                    best = Found(index, last, proclitic, payload)
                    break
        return best


def _agree(words: Sequence[Token], index: int, following: tuple[str, ...]) -> bool:
    if index + len(following) > len(words):
        return False
    return all(words[index + offset].form == form for offset, form in enumerate(following))


def folded_words(phrase: str) -> tuple[str, ...]:
    """The folded tokens of a phrase."""
    return tuple(token.form for token in tokens(phrase))


def start_after(text: str, token: Token, proclitic: str) -> int:
    """Where the name begins in the text when `proclitic` is written on the token before it."""
    if not proclitic:
        return token.start
    position = token.start
    folded = 0
    while folded < len(proclitic) and position < token.end:
        folded += len(fold(text[position]))
        position += 1
    while position < token.end and not fold(text[position]):
        position += 1
    return position


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that stands before names of places.

    `levels` are what it asks for, the best first, empty when it asks for nothing. `goes_on` is True for a dual or a
    plural, whose list continues after "and". `introduces` is the level of an unknown name behind it, None where an
    unknown name is no place; with `quoted_only` the name has to stand in quotation marks.
    """

    word: str
    levels: tuple[Level, ...]
    goes_on: bool = False
    introduces: Level | None = None
    quoted_only: bool = False


class PlaceWords:
    """The words around names of places, from the tables `cues` and `words` of the configuration.

    Raises `KeyError` for a table or list that is missing.
    """

    def __init__(self, cues: Mapping[str, Sequence[Level]], words: Mapping[str, Any]) -> None:
        self.cues = _cues(cues, words)
        self.name_heads = _folded(words["name_heads"])
        self.name_tails = _folded(words["name_tails"])
        self.not_names = _folded(words["not_names"])
        self.organisations = _folded(words["organisations"])
        self.kin = _folded(words["kin"])
        self.given_names = _folded(words["given_names"])
        self.before_places = _folded(words["before_places"])
        self.place_proclitics = frozenset(words["place_proclitics"])
        self.not_places = tuple(folded_words(phrase) for phrase in words["not_places"])

    def cue_before(self, words: Sequence[Token], index: int) -> Cue | None:
        """The cue directly before the token, quotation marks between them allowed."""
        before = _skip_quotes_back(words, index)
        return self.cues.get(words[before].form) if before >= 0 else None

    def names_something_else(self, text: str, words: Sequence[Token], index: int) -> bool:
        """Whether the word before the token makes it a part of a person's or an organisation's name."""
        if index == 0:
            return False
        before = words[index - 1]
        if before.form in self.kin or _plain(before.form) in self.organisations:
            return True
        if index > 1 and words[index - 2].form == "عبد":
            return True
        if before.form in QUOTES and index > 1:
            return _plain(words[index - 2].form) in self.organisations
        if before.form == _ALI:
            # Folded, the man's name is also the preposition; who dots it although he knows undotted yehs means the man.
            return text[before.start : before.end] == "علي" and ("ى" in text or not _writes_dotted(words, index))
        return before.form in self.given_names

    def stands_as_place(self, words: Sequence[Token], index: int, proclitic: str) -> bool:
        """Whether a preposition, a noun of place, a mark or the text's beginning stands before the token."""
        if proclitic in self.place_proclitics:
            return True
        before = index - 1
        if before < 0 or words[before].kind == "mark":
            return True
        form = words[before].form
        return form in self.before_places or _plain(form) in self.before_places or form in self.cues

    def follows_definite(self, words: Sequence[Token], index: int) -> bool:
        """Whether the word before has the article, so that the token may be its adjective."""
        if index == 0 or words[index - 1].form in self.before_places:
            return False
        readings = proclitic_splits(words[index - 1].form)
        return any(len(rest) >= _SHORTEST_DEFINITE and rest.startswith("ال") for _, rest in readings)


_ALI = fold("علي")
_DOTTED_PREPOSITIONS = frozenset(fold(word) for word in ("الى", "حتى"))


def _writes_dotted(words: Sequence[Token], index: int) -> bool:
    """Whether the text has other words that end in an undotted yeh elsewhere; without any, its writer may dot all."""
    return any(word.form in _DOTTED_PREPOSITIONS for word in words[max(0, index - 60) : index + 60])


def _plain(form: str) -> str:
    """The word without a conjunction or preposition before it, when that leaves a word of four letters."""
    for proclitic in ("وب", "ول", "و", "ف", "ب", "ل"):
        if form.startswith(proclitic) and len(form) - len(proclitic) >= 3:
            return form[len(proclitic) :]
    return form


def _skip_quotes_back(words: Sequence[Token], index: int) -> int:
    before = index - 1
    while before >= 0 and words[before].form in QUOTES:
        before -= 1
    return before


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)


def _cues(levels: Mapping[str, Sequence[Level]], words: Mapping[str, Any]) -> dict[str, Cue]:
    going_on = set(words["lists"])
    introduces: Mapping[str, Level] = words["introduces"]
    quoted: Mapping[str, Level] = words["introduces_quoted"]
    cues: dict[str, Cue] = {}
    for word in {**levels, **introduces, **quoted}:
        cue = Cue(
            word=word,
            levels=tuple(levels.get(word, ())),
            goes_on=word in going_on,
            introduces=introduces.get(word, quoted.get(word)),
            quoted_only=word in quoted,
        )
        for proclitic in sorted(_PROCLITICS):
            cues.setdefault(proclitic + fold(word), cue)
        if word.startswith("ال"):
            cues.setdefault("لل" + fold(word)[2:], cue)
    return cues
