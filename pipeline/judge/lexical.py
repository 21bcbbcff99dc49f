"""The lexical model: says from words alone whether two sentences agree; quick, and right where words are telling.

The mean of a logistic regression over all features and of boosted trees over the dense ones, trained by `lab/judge`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.judge.features import Features


class Lexical:
    """Log-probabilities of agree, disagree and other, from the arrays that `lab/judge/train_lexical.py` wrote."""

    def __init__(self, features: Features, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self.features = features
        self._arrays = arrays
        blocks = [arrays[f"terms{block}"].tobytes().decode().split("\n") for block in range(BLOCKS)]
        self._places = [{term: place for place, term in enumerate(terms)} for terms in blocks]

    def log_probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Natural logarithms, float64 [pairs, 3]."""
        return np.array([self._pair(first, second) for first, second in pairs]).reshape(-1, 3)

    def _pair(self, first: str, second: str) -> NDArray[np.float64]:
        dense = np.array(self.features.dense(first, second), np.float32)
        regression = self._regression(dense, self.features.terms(first, second))
        mean = (_shares(regression) + _shares(self._trees(dense))) / 2
        probabilities: NDArray[np.float64] = np.log(mean + _LEAST)
        return probabilities

    def _regression(self, dense: NDArray[np.float32], terms: Sequence[Counter[str]]) -> NDArray[np.float64]:
        arrays = self._arrays
        scores = arrays["intercept"] + arrays["dense_weights"] @ ((dense - arrays["means"]) / arrays["deviations"])
        for block, (counted, places) in enumerate(zip(terms, self._places, strict=True)):
            known = [(places[term], count) for term, count in counted.items() if term in places]
            if known:
                at = [place for place, _ in known]
                weights = term_weights([count for _, count in known]) * arrays[f"rarity{block}"][at]
                scores = scores + arrays[f"weights{block}"][:, at] @ (weights / np.linalg.norm(weights))
        return np.asarray(scores, np.float64)

    def _trees(self, dense: NDArray[np.float32]) -> NDArray[np.float64]:
        """The sum of the leaves of each label's trees; all trees are walked at once."""
        arrays = self._arrays
        at = arrays["roots"]
        for _ in range(int(arrays["depth"])):
            left = dense[arrays["feature"][at]] <= arrays["threshold"][at]
            at = np.where(left, arrays["left"][at], arrays["right"][at])
        return np.asarray(arrays["baseline"] + arrays["value"][at].reshape(-1, 3).sum(0), np.float64)


def term_weights(counts: Sequence[int]) -> NDArray[np.float64]:
    """What a term weighs by how often it occurs, before its rarity: ever less for every further time."""
    return 1 + np.log(np.array(counts, np.float64))


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(scores - scores.max())
    return np.asarray(shares / shares.sum())


BLOCKS = 3
_LEAST = 1e-4
