"""Every story through the embedded driver: exactly the alerts that it expects, whatever the order of arrival."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.stories import Story, articles_of, compared, stories
from pipeline.assembly import Assembly, assemble
from pipeline.commands.outcome import concluded
from pipeline.core.alerts import Alert
from pipeline.core.article import Article
from pipeline.settings import Address
from pipeline.shapes import alert_json

STORIES = stories()


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory, warm_cache: Path) -> Iterator[Assembly]:
    folder = tmp_path_factory.mktemp("stories")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(warm_cache))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        for name in ("NAQID_LOG", "NAQID_INDEX", "NAQID_SLACK_WEBHOOK"):
            patch.delenv(name, raising=False)
        yield assemble(None, folder / "data")


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest) -> Story:
    return STORIES[request.param]


def _alerts(assembly: Assembly, articles: list[Article], folder: Path, at_once: int) -> tuple[Alert, ...]:
    """The alerts that stand after the articles have come in this order, so many at once."""
    log, index = Address("sqlite", folder / "log.sqlite"), Address("sqlite", folder / "index.sqlite")
    assembly.settings = replace(assembly.settings, log=log, index=index)
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores)
        for start in range(0, len(articles), at_once):
            driver.ingest(articles[start : start + at_once])
            driver.drain()
        return concluded(stores.log, {article.id for article in articles}).alerts


def test_a_story_raises_the_alerts_that_it_expects_and_no_other(
    assembly: Assembly, story: Story, tmp_path: Path
) -> None:
    missing, unexpected = compared(story, _alerts(assembly, articles_of(story), tmp_path, at_once=100))
    told = [(a.kind, a.place.name, a.earlier.evidence.url, a.later.evidence.url) for a in unexpected]
    assert (missing, told) == ([], [])


def test_a_story_ends_alike_whatever_the_order_of_arrival(assembly: Assembly, story: Story, tmp_path: Path) -> None:
    articles = articles_of(story)
    for folder in ("in-time", "against-time", "shuffled"):
        (tmp_path / folder).mkdir()
    in_time = _alerts(assembly, articles, tmp_path / "in-time", at_once=1)
    against = _alerts(assembly, articles[::-1], tmp_path / "against-time", at_once=1)
    shuffled = random.Random(story["title"]).sample(articles, len(articles))
    mixed = _alerts(assembly, shuffled, tmp_path / "shuffled", at_once=2)
    assert [alert_json(a) for a in against] == [alert_json(a) for a in in_time]
    assert [alert_json(a) for a in mixed] == [alert_json(a) for a in in_time]


def test_no_floor_of_quality_is_undercut() -> None:
    floors = tomllib.loads((Path(__file__).parent.parent / "lab" / "floors.toml").read_text(encoding="utf-8"))
    # Every story is tested above by itself: what is pinned here is that none of them goes away.
    assert len(STORIES) >= floors["stories"]["right"]
