"""The cross-encoder: reads two sentences together and says whether they agree, disagree or tell of other things.

The encoder of `encoder.py`, trained on from there by `lab/judge`; attention in 7 bits, the rest in 32 (kept in 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from pipeline.judge.pieces import END, START
from pipeline.judge.session import Session
from pipeline.judge.vocabulary import Vocabulary


class CrossEncoder:
    """Log-probabilities of agree, disagree and other for pairs of sentences."""

    def __init__(self, vocabulary: Vocabulary, model: bytes, threads: int = 2) -> None:
        self._vocabulary = vocabulary
        self._session = Session(model)
        self._threads = threads

    def log_probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Natural logarithms, float64 [pairs, 3]. Each sentence is read up to 96 pieces.

        Both orders are read and their probabilities averaged, since contradicting has no direction.
        """
        if len(pairs) < _WORTH_THREADS:
            return np.array([self._pair(pair) for pair in pairs]).reshape(-1, 3)
        with ThreadPoolExecutor(self._threads) as pool:
            return np.array(list(pool.map(self._pair, pairs, chunksize=8)))

    def _pair(self, pair: tuple[str, str]) -> NDArray[np.float64]:
        # Both orders are equally long, so they make one batch without padding.
        first, second = (self._vocabulary.pieces.numbers(sentence)[:_LONGEST] for sentence in pair)
        rows = [[START, *one, END, END, *two, END] for one, two in ((first, second), (second, first))]
        segments = np.zeros((2, len(rows[0])), np.int64)
        segments[0, len(first) + 2 :] = segments[1, len(second) + 2 :] = 1
        words = self._vocabulary.vectors(rows[0] + rows[1]).reshape(2, len(rows[0]), -1)
        logits = self._session(words=words, segments=segments).astype(np.float64)
        logits -= logits.max(-1, keepdims=True)
        shares = np.exp(logits)
        shares /= shares.sum(-1, keepdims=True)
        probabilities: NDArray[np.float64] = np.log(shares.mean(0) + _LEAST)
        return probabilities


_LONGEST = 96
_WORTH_THREADS = 8
_LEAST = 1e-6
