"""Trains the lexical model on the parts that the cross-encoder is trained on; writes lexical.npz."""

from __future__ import annotations

import argparse
import io
import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from lab.judge.examples import LABELS, Pair, ans, own, part_of
from lab.judge.scores import macro_f1
from pipeline.judge.alignment import Alignment
from pipeline.judge.features import Features
from pipeline.judge.lexical import BLOCKS, Lexical, term_weights
from pipeline.judge.sealed import FOLDER
from pipeline.judge.vocabulary import Vocabulary

Arrays = dict[str, np.ndarray[Any, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder that holds vocabulary.npz")
    parser.add_argument("--trees", type=int, default=150, help="trees of a label and a seed")
    options = parser.parse_args()
    with np.load(options.into / "vocabulary.npz") as file:
        vocabulary = Vocabulary(file)
    words = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
    arrays = _directions(vocabulary)
    features = Features(words, Alignment(vocabulary, arrays["centre"], arrays["common"]))
    pairs = part_of([*ans("train"), *own("dev")], "train")
    truth = np.array([LABELS.index(pair.label) for pair in pairs])
    dense = np.array([features.dense(pair.first, pair.second) for pair in pairs], np.float32)
    arrays |= _regression(dense, [features.terms(pair.first, pair.second) for pair in pairs], truth)
    arrays |= _trees(dense, truth, options.trees)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    (options.into / "lexical.npz").write_bytes(file.getvalue())
    model = Lexical(features, arrays)
    for name, kept in (("ans", part_of(ans("train"), "calibration")), ("own", part_of(own("dev"), "calibration"))):
        print(json.dumps({"calibration part": name, "pairs": len(kept)} | _figures(model, kept)))


def _figures(model: Lexical, pairs: Sequence[Pair]) -> dict[str, float]:
    found = model.log_probabilities([(pair.first, pair.second) for pair in pairs]).argmax(-1)
    truth = np.array([LABELS.index(pair.label) for pair in pairs])
    return {"macro_f1": round(100 * macro_f1(truth, found), 1), "right": round(float((found == truth).mean()), 3)}


def _directions(vocabulary: Vocabulary) -> Arrays:
    """What all pieces share, and the two directions in which they differ most."""
    table = vocabulary.vectors(range(4, len(vocabulary.scores)))
    centre = table.mean(0)
    _, _, directions = np.linalg.svd((table - centre)[:: len(table) // 6000], full_matrices=False)
    return {"centre": centre, "common": directions[:2].astype(np.float32)}


def _regression(
    dense: NDArray[np.float32], terms: Sequence[Sequence[Counter[str]]], truth: NDArray[np.int64]
) -> Arrays:
    # What never varies here may vary later: it must not weigh then.
    deviations = np.where(dense.std(0) > _TINY, dense.std(0), np.inf) / _DENSE
    arrays: Arrays = {"means": dense.mean(0), "deviations": deviations.astype(np.float32)}
    blocks: list[Any] = [(dense - arrays["means"]) / arrays["deviations"]]
    for number in range(BLOCKS):
        weighted, arrays[f"terms{number}"], arrays[f"rarity{number}"] = _block([row[number] for row in terms])
        blocks.append(weighted)
    model = LogisticRegression(C=1.0, max_iter=3000).fit(hstack(blocks).tocsr(), truth)
    arrays["intercept"] = model.intercept_.astype(np.float32)
    at = 0
    for name, block in zip(("dense_weights", *(f"weights{number}" for number in range(BLOCKS))), blocks, strict=True):
        arrays[name] = model.coef_[:, at : at + block.shape[1]].astype(np.float32 if at == 0 else np.float16)
        at += block.shape[1]
    return arrays


def _block(rows: Sequence[Counter[str]]) -> tuple[csr_matrix, NDArray[np.uint8], NDArray[np.float32]]:
    """Each pair's terms by count and rarity, of length 1; the terms that occur in two pairs or more; their rarity."""
    occurring = Counter(term for row in rows for term in row)
    known = sorted(term for term, pairs in occurring.items() if pairs > 1)
    places = {term: place for place, term in enumerate(known)}
    rarity = np.array([1 + np.log((1 + len(rows)) / (1 + occurring[term])) for term in known], np.float32)
    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for row in rows:
        at = [places[term] for term in row if term in places]
        weights = term_weights([row[known[place]] for place in at]) * rarity[at]
        values += (weights / max(float(np.linalg.norm(weights)), _TINY)).tolist()
        columns += at
        ends.append(len(columns))
    matrix = csr_matrix((values, columns, ends), shape=(len(rows), len(known)))
    return matrix, np.frombuffer("\n".join(known).encode(), np.uint8), rarity


def _trees(dense: NDArray[np.float32], truth: NDArray[np.int64], number: int) -> Arrays:
    """Boosted trees of two seeds as one list of nodes; a leaf leads to itself."""
    nodes: list[NDArray[Any]] = []
    roots: list[int] = []
    baseline = np.zeros(3)
    for seed in range(_SEEDS):
        model = HistGradientBoostingClassifier(
            max_iter=number, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=15, l2_regularization=3,
            max_features=0.5, early_stopping=False, random_state=seed,
        ).fit(dense, truth)  # fmt: skip
        baseline += model._baseline_prediction.reshape(-1) / _SEEDS
        for predictors in model._predictors:
            for predictor in predictors:
                begin = sum(len(tree) for tree in nodes)
                tree = predictor.nodes.copy()
                own, leaf = np.arange(len(tree)), tree["is_leaf"].astype(bool)
                tree["left"], tree["right"] = (np.where(leaf, own, tree[side]) + begin for side in ("left", "right"))
                roots.append(begin)
                nodes.append(tree)
    joined = np.concatenate(nodes)
    return {
        "baseline": baseline,
        "roots": np.array(roots, np.uint32),
        "depth": np.array(max(int(tree["depth"].max()) for tree in nodes)),
        "feature": joined["feature_idx"].astype(np.uint16),
        "threshold": joined["num_threshold"].astype(np.float32),
        "left": joined["left"].astype(np.uint32),
        "right": joined["right"].astype(np.uint32),
        "value": (joined["value"] / _SEEDS).astype(np.float32),
    }


_DENSE = 0.3
_TINY = 1e-6
_SEEDS = 2

if __name__ == "__main__":
    main()
