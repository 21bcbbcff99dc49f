"""How the words of two sentences match: each word beside its likest in the other sentence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.judge.vocabulary import Vocabulary

Vector = NDArray[np.float32]


class Alignment:
    """Features of how two lists of folded words align, by the vectors of their pieces.

    `centre` [width] and `common` [2, width] are what all words share and the two directions in which they differ
    most; both are taken out, since they say nothing about meaning (Mu and Viswanath 2018, arXiv:1702.01417).
    """

    def __init__(self, vocabulary: Vocabulary, centre: Vector, common: Vector) -> None:
        self._vocabulary, self._centre, self._common = vocabulary, centre, common
        self._word = lru_cache(maxsize=1 << 15)(self._make_word)

    def features(self, first: Sequence[str], second: Sequence[str]) -> list[float]:
        """`NAMES` of them; sentences without words give zeros."""
        if not first or not second:
            return [0.0] * len(NAMES)
        (left, left_weights), (right, right_weights) = self._sentence(first), self._sentence(second)
        likeness = left @ right.T
        best, back = likeness.max(1), likeness.max(0)
        alone, alone_back = best < _NEAR, back < _NEAR
        swapped = float(likeness[np.ix_(alone, alone_back)].max()) if alone.any() and alone_back.any() else 0.0
        rest = float(left[alone].mean(0) @ right[alone_back].mean(0)) if alone.any() and alone_back.any() else 0.0
        return [
            *_half(best, left_weights),
            *_half(back, right_weights),
            float(alone.sum()),
            float(alone_back.sum()),
            swapped,
            rest,
            _crossings(likeness.argmax(1)[best > _SAME]),
        ]

    def _sentence(self, words: Sequence[str]) -> tuple[Vector, Vector]:
        known = [self._word(word) for word in words]
        return np.stack([vector for vector, _ in known]), np.array([weight for _, weight in known], np.float32)

    def _make_word(self, word: str) -> tuple[Vector, float]:
        """The unit vector of a word, and how much it tells: the rarer its pieces, the more."""
        numbers = self._vocabulary.pieces.numbers(word)
        rarity = np.maximum(-self._vocabulary.scores[numbers] / 10, 0.1)
        vectors = self._vocabulary.vectors(numbers) - self._centre
        vector = rarity @ (vectors - (vectors @ self._common.T) @ self._common)
        return vector / (np.linalg.norm(vector) + 1e-9), max(1.0, float(rarity.sum()))


def _half(best: Vector, weights: Vector) -> list[float]:
    ordered = np.sort(best)
    return [
        float(best.mean()),
        float((best * weights).sum() / weights.sum()),
        float(ordered[0]),
        float(ordered[min(1, len(ordered) - 1)]),
        float((best < _FAR).mean()),
        float((best < _HALF).sum()),
        float((best > _EQUAL).mean()),
        float(weights[best < _HALF].sum() / weights.sum()),
    ]


def _crossings(places: NDArray[np.intp]) -> float:
    """How many of the matched words stand in another order: who did it to whom."""
    return float(np.triu(places[:, None] > places[None, :], 1).sum()) / max(1, len(places))


_FAR, _HALF, _NEAR, _SAME, _EQUAL = 0.3, 0.5, 0.6, 0.7, 0.95

_SIDE = ("mean", "weighted", "least", "second_least", "far_share", "alone", "equal_share", "alone_weight")
NAMES = (
    *(f"{side}_{name}" for side in ("first", "second") for name in _SIDE),
    *("first_alone", "second_alone", "swapped", "rest", "crossings"),
)
