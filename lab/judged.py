"""How well the judge tells agreement from contradiction: on ANS (Khouja 2020) and on the pairs of lab/pairs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from lab.judge.examples import LABELS, Pair, ans, own
from lab.judge.scores import calibration_error, f1_scores
from pipeline.core.opinions import Judge


def measured_ans(judge: Judge) -> dict[str, object]:
    """Macro-F1 on ANS's development part; published best on its test part: 76.7."""
    return measured(judge, ans("dev"))


def measured_own(judge: Judge, held_out: bool) -> dict[str, object]:
    """Of our own pairs, with the share right of each type; the held third was written blind and never trained on."""
    pairs = own("held" if held_out else "dev")
    return measured(judge, pairs)


def measured(judge: Judge, pairs: Sequence[Pair]) -> dict[str, object]:
    """F1 of each label (0 to 100), share right, calibration error, CPU; the share right of each type of pair."""
    begun = time.process_time()
    opinions = judge.opinions([(pair.first, pair.second) for pair in pairs])
    spent = time.process_time() - begun
    shares = np.array([(opinion.agree, opinion.disagree, opinion.other) for opinion in opinions])
    truth = np.array([LABELS.index(pair.label) for pair in pairs])
    scores = [100 * score for score in f1_scores(truth, shares.argmax(-1))]
    right: dict[str, list[bool]] = defaultdict(list)
    for pair, hit in zip(pairs, (shares.argmax(-1) == truth).tolist(), strict=True):
        right[pair.kind].append(hit)
    return {
        "pairs": len(pairs),
        "macro_f1": round(float(np.mean(scores)), 1),
        **{label: round(score, 1) for label, score in zip(LABELS, scores, strict=True)},
        "right": round(float((shares.argmax(-1) == truth).mean()), 3),
        "calibration_error": round(calibration_error(truth, shares), 3),
        "cpu_ms_a_pair": round(1000 * spent / len(pairs), 1),
        "right_by_type": {kind: f"{sum(hits)}/{len(hits)}" for kind, hits in sorted(right.items())},
    }
