"""Places that no list has and that a word of place introduces (بلدة كذا، معبر كذا)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

from pipeline.core.arabic import Token, proclitic_splits
from pipeline.core.placenames import QUOTES, Cue, PlaceWords
from pipeline.core.places import Place

Introduced = tuple[int, int, Place, Cue]
"""Where the name starts and ends in the text, the provisional place, and what introduced it."""

_SHORTEST_NAME = 3
_LONGEST_QUOTED = 4
# Characters between an unknown place and a known one that may lie near it.
_NEAR = 200


class Unlisted:
    """One text's places that no list has. `demonym` tells the country of an adjective of nationality."""

    def __init__(
        self, text: str, words: Sequence[Token], place_words: PlaceWords, demonym: Callable[[str], str | None]
    ) -> None:
        self._text = text
        self._tokens = words
        self._words = place_words
        self._demonym = demonym

    def places(self, covered: Set[int], sure: Sequence[tuple[int, Place]], country: str) -> Iterator[Introduced]:
        """The places introduced outside the tokens `covered`.

        `sure` are the text's known places and where they begin; the nearest of them tells where a new one lies, else
        `country` does ("" where nothing tells).
        """
        for index in range(len(self._tokens) - 1):
            cue = self._words.cues.get(self._tokens[index].form)
            if cue is None or cue.introduces is None or index in covered or self._is_possessed(index, cue):
                continue
            span = self._name_behind(index + 1, cue)
            if span is not None and covered.isdisjoint(range(span[0], span[1] + 1)):
                start, end = self._tokens[span[0]].start, self._tokens[span[1]].end
                yield start, end, self._place(span, cue, sure, country), cue

    def _is_possessed(self, index: int, cue: Cue) -> bool:
        """Whether the word is folded like the cue but means somebody's own (بلده, his country)."""
        word = self._tokens[index]
        return cue.word.endswith("ة") and "ة" not in self._text[word.start : word.end]

    def _name_behind(self, index: int, cue: Cue) -> tuple[int, int] | None:
        """The first and the last token of a name that begins at the index, None where no name stands."""
        words = self._tokens
        if words[index].form in QUOTES:
            reach = range(index + 1, min(index + 2 + _LONGEST_QUOTED, len(words)))
            closing = next((i for i in reach if words[i].form in QUOTES), None)
            if closing is None or closing == index + 1 or not self._can_name(words[index + 1]):
                return None
            return (index + 1, closing - 1)
        if cue.quoted_only or not self._may_name(words[index]):
            return None
        last = index
        if words[index].form in self._words.name_heads:
            if index + 1 >= len(words) or not self._can_name(words[index + 1]):
                return None
            last += 1
        if last + 1 < len(words) and words[last + 1].form in self._words.name_tails:
            last += 1
        return (index, last)

    def _can_name(self, word: Token) -> bool:
        """Whether the word can be a part of a name that marks or another word of it announce."""
        return word.kind == "word" and word.form not in self._words.not_names and self._demonym(word.form) is None

    def _may_name(self, word: Token) -> bool:
        """Whether the word is likely to be a name of its own."""
        form = word.form
        if not self._can_name(word) or len(form) < _SHORTEST_NAME:
            return False
        if form in self._words.before_places or form in self._words.cues:
            return False
        if any(rest in self._words.not_names for proclitic, rest in proclitic_splits(form) if proclitic != "ال"):
            return False
        # An indefinite adjective agrees with the cue (قرية زراعية), a plural counts persons, ي begins a verb, and
        # after "and" something else begins.
        return form.startswith("ال") or not (form.startswith(("و", "ي")) or form.endswith(("يه", "ات", "ين", "ون")))

    def _place(self, span: tuple[int, int], cue: Cue, sure: Sequence[tuple[int, Place]], default_country: str) -> Place:
        named = self._tokens[span[0] : span[1] + 1]
        country, division = self._whereabouts(span, sure, default_country)
        return Place(
            id=f"prov:{division or country or 'unknown'}:{' '.join(token.form for token in named)}",
            name=" ".join(self._text[token.start : token.end] for token in named),
            name_en="",
            lat=None,
            lon=None,
            level=cue.introduces or "town",
            country=country,
            division=division,
            within=tuple(id for id in (division, country) if id),
            provisional=True,
        )

    def _whereabouts(
        self, span: tuple[int, int], sure: Sequence[tuple[int, Place]], default_country: str
    ) -> tuple[str, str]:
        """Country and division: by the nationality behind the name, else by the nearest known place."""
        start = self._tokens[span[0]].start
        near = sorted(
            ((abs(where - start), place) for where, place in sure if abs(where - start) <= _NEAR),
            key=lambda pair: pair[0],
        )
        behind = self._tokens[span[1] + 1].form if span[1] + 1 < len(self._tokens) else ""
        country = self._demonym(behind) if behind else None
        fitting = [place for _, place in near if country in (None, place.country)]
        place = next((place for place in fitting if place.division), None) or next(iter(fitting), None)
        if place is not None:
            return place.country, place.division
        return country or default_country, ""
