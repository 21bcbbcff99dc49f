"""What all tests share: where the repository and the data beside it are, and a way to run the command itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

Naqid = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the seed articles and other data; a test that needs it is skipped where it is missing."""
    folder = Path(os.environ.get("NAQID_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"the data is not here: {folder} (NAQID_SHARED names it)")
    return folder


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for the whole run, so that the gazetteer is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def naqid(tmp_path: Path, warm_cache: Path) -> Naqid:
    """Runs the command in a process of its own, in an environment where nothing is configured."""

    def run(*arguments: object, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
            env=bare_environment(tmp_path, warm_cache) | variables,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    return run


def bare_environment(home: Path, cache: Path) -> dict[str, str]:
    """The variables of a fresh user; the repository is importable from everywhere."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(cache),
    }
