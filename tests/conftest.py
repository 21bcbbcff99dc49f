"""What all tests share: the data beside the repository, a cache for the whole run, and the command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command import ROOT, Naqid


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
    return Naqid(tmp_path, warm_cache)
