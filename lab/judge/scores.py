"""How well labels and probabilities fit the truth: macro-F1, expected calibration error, the table behind it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def f1_scores(truth: NDArray[np.int64], found: NDArray[np.int64], labels: int = 3) -> list[float]:
    """F1 of each label, 0 to 1."""
    scores = []
    for label in range(labels):
        right = int(((truth == label) & (found == label)).sum())
        named = int((truth == label).sum()) + int((found == label).sum())
        scores.append(2 * right / named if named else 0.0)
    return scores


def macro_f1(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """The mean of the labels' F1, 0 to 1."""
    return float(np.mean(f1_scores(truth, found)))


def reliability(truth: NDArray[np.int64], found: NDArray[np.float64], bins: int = 10) -> list[tuple[int, float, float]]:
    """Of each tenth of confidence that occurs: how many pairs, their mean confidence, the share that is right."""
    confidence, right = found.max(-1), found.argmax(-1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (int((place == at).sum()), float(confidence[place == at].mean()), float(right[place == at].mean()))
        for at in range(bins)
        if (place == at).any()
    ]


def calibration_error(truth: NDArray[np.int64], found: NDArray[np.float64], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): confidence against the share right, over tenths of confidence."""
    table = reliability(truth, found, bins)
    return sum(number * abs(confidence - right) for number, confidence, right in table) / len(truth)
