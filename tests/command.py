"""The command itself, run in a process of its own as a fresh user would."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Naqid:
    """Calls `naqid` from the folder `home`, where nothing is configured; `cache` may be shared."""

    home: Path
    cache: Path

    def __call__(self, *arguments: object, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
            env=bare_environment(self.home, self.cache) | variables,
            cwd=self.home,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )


def bare_environment(home: Path, cache: Path) -> dict[str, str]:
    """The variables of a fresh user; the repository is importable from everywhere."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(cache),
    }
