"""docker-compose.yml as tests look at it: anchors resolved, variables as they stand."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from command import ROOT

COMPOSE = ROOT / "docker-compose.yml"


@cache
def composed() -> dict[str, Any]:
    """The whole file."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    """The services by their names."""
    found: dict[str, dict[str, Any]] = composed()["services"]
    return found
