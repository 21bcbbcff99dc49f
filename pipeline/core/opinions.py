"""Opinions: what a model makes of two sentences. The models themselves live in `pipeline/judge`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model makes of two sentences: probabilities that sum to 1."""

    agree: float
    disagree: float
    other: float


class Judge(Protocol):
    """A model that reads pairs of sentences.

    `opinions` gives one opinion for each pair of earlier and later sentence, in order; the same pair gets the same
    opinion whatever stands beside it, in every process that has the same weights.
    """

    def opinions(self, pairs: Sequence[tuple[str, str]]) -> list[Opinion]: ...
