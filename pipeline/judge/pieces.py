"""The pieces that a text is cut into for the networks: XLM-R's unigram pieces, without SentencePiece."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.core.arabic import plain

START, PADDING, END, UNKNOWN = range(4)
"""The first four pieces of every vocabulary."""


class Pieces:
    """Cuts text into the likeliest pieces of a vocabulary (Kudo 2018, arXiv:1804.10959, one best path a word).

    `spellings` names the pieces by number, `scores` are their log-probabilities, `normal` says what a character is
    written as before it is cut (SentencePiece's nmt_nfkc, which only this table states in full).
    """

    def __init__(self, spellings: Sequence[str], scores: Sequence[float], normal: Mapping[int, str]) -> None:
        # The four special pieces are never found in a text.
        self._numbers = {spelling: number for number, spelling in enumerate(spellings) if number > UNKNOWN}
        self._scores = list(scores)
        self._normal = dict(normal)
        self._longest = max(map(len, spellings))
        # As SentencePiece: a character that no piece holds costs ten more than the rarest piece.
        self._unknown = min(self._scores) - 10.0
        self._cut: dict[str, tuple[int, ...]] = {}

    def numbers(self, text: str) -> list[int]:
        """The numbers of the text's pieces, in order, without start and end."""
        return [number for word in self.words(text) for number in self.of_word(word)]

    def words(self, text: str) -> list[str]:
        """The words as they are cut, each behind the mark of a word's beginning."""
        normal = plain(text).translate(self._normal)
        return ["\u2581" + word for word in re.split(r"[ \u2581]+", normal) if word]

    def of_word(self, word: str) -> tuple[int, ...]:
        """The pieces of one word of `words`."""
        known = self._cut.get(word)
        if known is None:
            known = self._best_path(word)
            if len(self._cut) >= _REMEMBERED:
                self._cut.clear()
            self._cut[word] = known
        return known

    def _best_path(self, word: str) -> tuple[int, ...]:
        """Viterbi over the ends of pieces; `best[end]` is (score, where the last piece begins, that piece)."""
        best: list[tuple[float, int, int]] = [(0.0, 0, UNKNOWN)]
        for end in range(1, len(word) + 1):
            score, _, _ = best[end - 1]
            found = (score + self._unknown, end - 1, UNKNOWN)
            for begin in range(max(0, end - self._longest), end):
                number = self._numbers.get(word[begin:end])
                if number is not None and (better := best[begin][0] + self._scores[number]) > found[0]:
                    found = (better, begin, number)
            best.append(found)
        path: list[int] = []
        end = len(word)
        while end:
            _, end, number = best[end]
            path.append(number)
        return tuple(reversed(path))


_REMEMBERED = 1 << 16
