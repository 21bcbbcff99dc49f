"""The page over a story that was replayed once, asked in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command import ROOT
from starlette.testclient import TestClient

from pipeline.assembly import Assembly
from pipeline.commands.recorded import articles_of
from pipeline.commands.status import standing
from pipeline.overlay import find_overlay
from pipeline.secret import Secret
from pipeline.settings import load_settings
from pipeline.web.app import make_app
from pipeline.web.pages import House

Open = Callable[..., TestClient]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def assembled(home: Path, cache: Path, data: Path) -> Assembly:
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(cache)}
    overlay = find_overlay(environment)
    return Assembly(overlay, load_settings(overlay, environment, data))


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory, warm_cache: Path) -> tuple[Assembly, Path]:
    """The parts, made once, and the folder that holds the demo's story."""
    home = tmp_path_factory.mktemp("replayed")
    assembly = assembled(home, warm_cache, home / "data")
    articles, _ = articles_of(sorted((ROOT / "config" / "demo").glob("*.jsonl")))
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores)
        driver.ingest(sorted(articles, key=lambda article: article.published))
        driver.drain()
    return assembly, home / "data"


@pytest.fixture
def house(replayed: tuple[Assembly, Path], tmp_path: Path, warm_cache: Path) -> Iterator[House]:
    """The demo's story in a folder of its own."""
    made, data = replayed
    shutil.copytree(data, tmp_path / "data")
    own = assembled(tmp_path, warm_cache, tmp_path / "data")
    # What is costly to make is the same in every folder.
    for part in ("gazetteer", "wording", "kinds", "analyzer", "page_words", "outlets"):
        own.__dict__[part] = getattr(made, part)
    with own.open_index(read_only=False) as index:
        yield House(
            index=index,
            desk=own.desk,
            wording=own.wording,
            words=own.page_words,
            kinds=own.kinds,
            gazetteer=own.gazetteer,
            gaps=own.gaps_between,
            health=lambda: standing(own),
            clock=lambda: NOW,
        )


@pytest.fixture
def open_page(house: House) -> Iterator[Open]:
    """A browser without scripts: `open_page()`, or with another `token`."""
    with ExitStack() as stack:

        def opened(token: str = "") -> TestClient:
            app = make_app(house, {"localhost"}, Secret(token) if token else None)
            return stack.enter_context(TestClient(app, base_url="http://localhost", follow_redirects=False))

        yield opened
