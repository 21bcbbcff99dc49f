"""Fits how the two models are blended into probabilities; tells by cross-validation how well calibrated they are.

Fitted on pairs that neither model was trained on: ANS's development part and a tenth of our own. Four numbers are
fitted; each figure is of a fifth of the pairs with what was fitted on the other four.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from lab.judge.examples import LABELS, Pair, ans, own, part_of
from lab.judge.manifest import seal
from lab.judge.scores import calibration_error, macro_f1, reliability
from pipeline.judge.blend import blended
from pipeline.judge.models import Models
from pipeline.judge.sealed import FOLDER, Weights

Array = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER)
    folder = parser.parse_args().into
    seal(folder)
    models = Models(Weights(folder))
    sets = {"ans": ans("dev"), "own": part_of(own("dev"), "calibration")}
    pairs = [pair for some in sets.values() for pair in some]
    sentences = [(pair.first, pair.second) for pair in pairs]
    found = models.cross_encoder.log_probabilities(sentences), models.lexical.log_probabilities(sentences)
    truth = np.array([LABELS.index(pair.label) for pair in pairs])
    # Both sets count alike, however many pairs they have.
    weights = np.concatenate([np.full(len(some), 1 / len(some)) for some in sets.values()])
    crossed = np.zeros((len(pairs), len(LABELS)))
    folds = np.array([_fold(pair) for pair in pairs])
    for fold in range(_FOLDS):
        others, own_fold = folds != fold, folds == fold
        fitted = fit(found[0][others], found[1][others], truth[others], weights[others])
        crossed[own_fold] = blended(found[0][own_fold], found[1][own_fold], fitted)
    figures, at = {}, 0
    for name, some in sets.items():
        here = slice(at, at + len(some))
        at += len(some)
        figures[name] = _figures(truth[here], crossed[here])
        print(json.dumps({"set": name, **figures[name]}))
        for number, said, right in reliability(truth[here], crossed[here]):
            print(f"  {number:4} pairs held for {said:.3f}: {right:.3f} right")
    (folder / "blend.json").write_text(json.dumps(fit(*found, truth, weights), indent=2) + "\n", encoding="utf-8")
    seal(folder, {"cross-validated": figures})


def fit(cross_encoder: Array, lexical: Array, truth: NDArray[np.int64], weights: Array) -> dict[str, Any]:
    """What blend.json holds: least mean surprise at the truth."""

    def surprise(numbers: Array) -> float:
        shares = blended(cross_encoder, lexical, _named(numbers))
        return float(-(weights * np.log(shares[np.arange(len(truth)), truth] + 1e-12)).sum() / weights.sum())

    return _named(minimize(surprise, np.array([0.7, 0.3, 0.0, 0.0]), method="L-BFGS-B").x)


def _named(numbers: Array) -> dict[str, Any]:
    cross_encoder, lexical, *constants = numbers.tolist()
    return {"cross_encoder": cross_encoder, "lexical": lexical, "constants": [0.0, *constants]}


def _fold(pair: Pair) -> int:
    """By the earlier sentence or the scene, so that no sentence stands on both sides."""
    return zlib.crc32(pair.group.encode()[::-1]) % _FOLDS


def _figures(truth: NDArray[np.int64], found: Array) -> dict[str, float]:
    return {
        "pairs": len(truth),
        "macro_f1": round(100 * macro_f1(truth, found.argmax(-1)), 1),
        "right": round(float((found.argmax(-1) == truth).mean()), 3),
        "calibration_error": round(calibration_error(truth, found), 3),
    }


_FOLDS = 5

if __name__ == "__main__":
    main()
