"""The real reader and rules of the shipped configuration, made once for all tests of the core."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.geonames import load_gazetteer
from pipeline.core.article import Article, make_article
from pipeline.core.events import EventKinds
from pipeline.core.gazetteer import Gazetteer
from pipeline.core.grammar import Grammar
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.core.speakers import Speakers
from pipeline.core.wording import Wording

CONFIG = Path(__file__).parent.parent.parent / "config"
NOON = datetime(2017, 11, 13, 12, 0, tzinfo=UTC)

Publish = Callable[..., Article]


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def gazetteer(warm_cache: Path) -> Gazetteer:
    return load_gazetteer(table("places"), warm_cache)


@pytest.fixture(scope="session")
def reader(gazetteer: Gazetteer) -> Reader:
    kinds = EventKinds.from_toml(table("events"))
    return Reader(gazetteer, kinds, Speakers(table("speakers")), Grammar(table("grammar")))


@pytest.fixture(scope="session")
def rules() -> Rules:
    return Rules(EventKinds.from_toml(table("events")), Wording.from_toml(table("wording"), table("events")))


@pytest.fixture(scope="session")
def publish() -> Publish:
    """Makes an article; `hours` after noon of 13 November 2017."""

    def make(text: str, *, outlet: str = "عنب بلدي", hours: float = 0, title: str = "", url: str = "") -> Article:
        published = NOON + timedelta(hours=hours)
        address = url or f"https://example.org/{abs(hash((outlet, hours, text))) % 10**9}"
        return make_article(outlet=outlet, url=address, title=title, text=text, published=published, fetched=published)

    return make
