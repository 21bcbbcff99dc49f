"""Sketches: a few numbers by which two texts are known to be copies of one another."""

from __future__ import annotations

import hashlib

from pipeline.core.arabic import tokens

_SHINGLE = 3
_SIZE = 24
# Two reports whose sketches agree this far are copies of one text.
COPY = 0.5


def sketch(text: str) -> tuple[int, ...]:
    """The smallest hashes of the text's three-word shingles, ascending (bottom-k MinHash, Broder 1997)."""
    words = [token.form for token in tokens(text) if token.kind != "mark"]
    shingles = {" ".join(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))}
    hashes = sorted(
        int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=4).digest(), "big") for shingle in shingles
    )
    return tuple(hashes[:_SIZE])


def resemblance(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """The estimated share of shingles that two sketched texts have in common, 0 to 1."""
    if not first or not second:
        return 0.0
    one, two = set(first), set(second)
    union = sorted(one | two)[: min(_SIZE, len(one | two))]
    return sum(value in one and value in two for value in union) / len(union)
