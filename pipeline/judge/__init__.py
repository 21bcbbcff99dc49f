"""Models of the judge, behind one small interface. None is shipped yet: the rules of `core/reversals.py` decide."""

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
    opinion whatever stands beside it. It sets confidence and fills the digest; it raises no alert by itself.
    """

    def opinions(self, pairs: Sequence[tuple[str, str]]) -> list[Opinion]: ...
