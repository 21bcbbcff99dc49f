"""Articles that change after they were published, from the feed to the alert: what is a revision and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from feed_server import item, rss

from connectors.feed_xml import FileFeed
from connectors.worker_process import Worker
from pipeline.assembly import Stores, assemble
from pipeline.commands.outcome import concluded
from pipeline.core.alerts import Alert
from pipeline.settings import Address

NOW = datetime(2017, 7, 8, tzinfo=UTC)
LINK = "https://outlet.example/arish"
MORNING = "Fri, 07 Jul 2017 06:40:00 GMT"
NOON = "Fri, 07 Jul 2017 12:00:00 GMT"
EVENING = "Fri, 07 Jul 2017 18:00:00 GMT"
KILLED = ("مقتل نائب المحافظ في العريش", "قُتل نائب المحافظ في انفجار سيارة مفخخة بمدينة العريش، صباح الجمعة.")
ALIVE = (
    "نائب المحافظ لم يُقتل في انفجار العريش",
    "لم يُقتل نائب المحافظ في انفجار سيارة مفخخة بمدينة العريش، بل أصيب بجروح طفيفة.",
)

Show = Callable[..., tuple[Alert, ...]]


@pytest.fixture
def stores(tmp_path: Path, warm_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(warm_cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assembly = assemble(None, tmp_path / "data")
    log, index = Address("sqlite", tmp_path / "log.sqlite"), Address("sqlite", tmp_path / "index.sqlite")
    assembly.settings = replace(assembly.settings, log=log, index=index)
    with assembly.open_stores() as opened:
        yield opened


@pytest.fixture
def show(stores: Stores, tmp_path: Path) -> Iterator[Show]:
    """Lets the outlet show these items, polls it, and tells the alerts that stand then."""
    driver, seen = assemble(None, tmp_path / "data").driver(stores), set()
    path = tmp_path / "feed.xml"
    memory = ""
    with Worker() as worker:
        feed = FileFeed(path, "المصري اليوم", worker)

        def shown(*items: str) -> tuple[Alert, ...]:
            nonlocal memory
            path.write_text(rss(*items), encoding="utf-8")
            poll = feed.poll(memory, NOW)
            memory = poll.memory
            seen.update(article.id for article in poll.articles)
            driver.ingest(poll.articles)
            driver.drain()
            return concluded(stores.log, seen).alerts

        yield shown


def report(words: tuple[str, str], published: str = MORNING, link: str = LINK, guid: str = "") -> str:
    return item(words[0], link, words[1], published, guid)


def texts(stores: Stores) -> int:
    return len(stores.log.read("articles", "", 100))


def test_a_revision_that_reverses_what_it_said_is_a_correction(show: Show, stores: Stores) -> None:
    assert show(report(KILLED)) == ()
    (alert,) = show(report(ALIVE))
    assert (alert.kind, alert.place.name) == ("correction", "العريش")
    assert alert.earlier.evidence.url == alert.later.evidence.url == LINK
    assert (alert.earlier.revision, alert.later.revision) == (0, 1)
    assert "لم يُقتل" in alert.later.evidence.sentence
    assert texts(stores) == 2


def test_a_revision_is_a_correction_whatever_happened_to_its_date_and_guid(show: Show) -> None:
    show(report(KILLED, guid="a"))
    (alert,) = show(report(ALIVE, published=NOON, guid="b"))
    assert alert.kind == "correction"


def test_an_edited_date_fires_nothing_again(show: Show, stores: Stores) -> None:
    show(report(KILLED))
    before = show(report(ALIVE))
    for published in (NOON, EVENING, "", "30 February 2017"):
        assert show(report(ALIVE, published=published)) == before
    assert texts(stores) == 2


def test_an_edited_title_alone_is_a_revision_that_corrects_nothing(show: Show, stores: Stores) -> None:
    show(report(KILLED))
    assert show(report(("عاجل: " + KILLED[0], KILLED[1]))) == ()
    assert texts(stores) == 2


def test_an_undated_report_reverses_nothing_by_itself(show: Show) -> None:
    other = "https://outlet.example/arish-2"
    show(report(KILLED, published="غير معروف"))
    assert show(report(KILLED, published="غير معروف"), report(ALIVE, published="أمس", link=other)) == ()


def test_reports_of_one_second_are_all_read(show: Show, stores: Stores) -> None:
    show(*(report((f"{KILLED[0]} {n}", KILLED[1]), link=f"{LINK}/{n}") for n in range(12)))
    assert texts(stores) == 12
