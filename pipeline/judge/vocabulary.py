"""What encoder and cross-encoder share: the pieces of text, and a vector of each, kept in 4 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.judge.pieces import Pieces


class Vocabulary:
    """The pieces and their vectors; one is loaded however many networks read it."""

    def __init__(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        spellings = arrays["spellings"].tobytes().decode().split("\n")
        written = arrays["written"].tobytes().decode().split("\n")
        normal = dict(zip(arrays["characters"].tolist(), written, strict=True))
        self.pieces = Pieces(spellings, arrays["scores"].tolist(), normal)
        self.scores: NDArray[np.float32] = arrays["scores"]
        self._scales: NDArray[np.float16] = arrays["scales"]
        self._nibbles: NDArray[np.uint8] = arrays["nibbles"]

    def vectors(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """The vectors of numbered pieces, float32 [pieces, width], as the networks take them in.

        Blocks of 32 weights share a float16 scale; each byte holds the even one in its low half, both shifted by 8.
        """
        nibbles = self._nibbles[numbers]
        weights = np.empty((*nibbles.shape, 2), np.float32)
        weights[..., 0] = nibbles & 15
        weights[..., 1] = nibbles >> 4
        blocks = weights.reshape(*self._scales[numbers].shape, -1)
        return ((blocks - 8) * self._scales[numbers].astype(np.float32)[..., None]).reshape(len(numbers), -1)
