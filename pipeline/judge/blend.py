"""The judge that is used: what the cross-encoder and the lexical model say together, as calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.opinions import Opinion
from pipeline.judge.crossencoder import CrossEncoder
from pipeline.judge.lexical import Lexical


class Blend:
    """A `Judge`: the models' log-probabilities, each times its weight, plus a constant for each label.

    Weights and constants were fitted on pairs that neither model was trained on (`lab/judge/calibrate.py`), so that of
    what is given .8 about 8 in 10 are right (Platt 1999; Guo et al. 2017).
    """

    def __init__(self, cross_encoder: CrossEncoder, lexical: Lexical, fitted: Mapping[str, Any]) -> None:
        self._cross_encoder, self._lexical = cross_encoder, lexical
        self._fitted = fitted

    def opinions(self, pairs: Sequence[tuple[str, str]]) -> list[Opinion]:
        """As `Judge.opinions` promises; 20 to 40 ms of CPU a pair of headlines, on two threads where many come."""
        if not pairs:
            return []
        found = blended(
            self._cross_encoder.log_probabilities(pairs), self._lexical.log_probabilities(pairs), self._fitted
        )
        return [Opinion(*row) for row in found.tolist()]


def blended(
    cross_encoder: NDArray[np.float64], lexical: NDArray[np.float64], fitted: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Probabilities [pairs, 3] from both models' logarithms, with the weights and constants of blend.json."""
    scores = fitted["cross_encoder"] * cross_encoder + fitted["lexical"] * lexical + np.array(fitted["constants"])
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    probabilities: NDArray[np.float64] = shares / shares.sum(-1, keepdims=True)
    return probabilities
