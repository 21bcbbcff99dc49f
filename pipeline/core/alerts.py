"""An alert: a reversal that an analyst is told of, with both sides' words and its standing today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.core.claims import Claim
from pipeline.core.places import Place

ReversalKind = Literal["admission", "denial", "self", "camp", "rival", "correction", "development"]

UNANNOUNCED: frozenset[ReversalKind] = frozenset({"development"})
State = Literal["open", "confirmed", "contested", "reversed again", "resolved"]


@dataclass(frozen=True, slots=True)
class Alert:
    """A reversal worth telling.

    `rule` names the rule of `core/reversals.py` that decided. `same_report` is True when both sides stand in one
    article. `outlets` carried either side; `origins` counts the independent sources behind them: wire copies and
    reports through one agency count once. `explanation` is by language ("ar", "en").
    """

    id: str
    kind: ReversalKind
    rule: str
    confidence: float
    place: Place
    event: str
    earlier: Claim
    later: Claim
    same_report: bool
    outlets: tuple[str, ...]
    origins: int
    state: State
    explanation: Mapping[str, str]
