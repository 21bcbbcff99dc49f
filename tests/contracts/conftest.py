"""Every adapter of a port, for the suites in this folder: an adapter is added by one line in its port's list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite_desk import SqliteDesk
from connectors.sqlite_index import SqliteIndex
from connectors.sqlite_log import SqliteLog
from pipeline.core.alerts import Alert
from pipeline.core.analysis import Analyzer, override_table
from pipeline.core.claims import Claim, Evidence, Party
from pipeline.core.places import Place
from pipeline.ports import Notice

BUKAMAL = Place("gn:174448", "البوكمال", "Abu Kamal", 34.45, 40.92, "town", "country:SY", "gn:170792")
SPELLINGS = (("أبو كمال", "gn:174448"), ("ابو كمال", "gn:174448"), ("البوكمال", "gn:174448"), ("الرقة", "gn:172955"))


def places_of(text: str) -> list[tuple[int, int, str]]:
    """The places that a text names, as the gazetteer tells them: (start, end, place id)."""
    return [
        (start, start + len(spelling), place) for spelling, place in SPELLINGS if (start := text.find(spelling)) >= 0
    ]


def analyzer() -> Analyzer:
    return Analyzer(frozenset({"من", "في", "على", "إلى", "عن"}), override_table(("البوكمال", "أبو كمال", "الرقة")))


# (name, how to open the adapter over a folder of its own; opening again finds what was stored)
LOGS: list[tuple[str, Callable[[Path], Any]]] = [("sqlite", lambda folder: SqliteLog(folder / "log.sqlite"))]
STATES = LOGS
OUTBOXES = LOGS
DESKS: list[tuple[str, Callable[[Path], Any]]] = [("sqlite", lambda folder: SqliteDesk(folder / "desk.sqlite"))]
INDEXES: list[tuple[str, Callable[[Path], Any]]] = [
    ("sqlite", lambda folder: SqliteIndex(folder / "index.sqlite", analyzer(), places_of=places_of)),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, adapters in (
        ("open_log", LOGS),
        ("open_state", STATES),
        ("open_outbox", OUTBOXES),
        ("open_index", INDEXES),
        ("open_desk", DESKS),
    ):
        if name in metafunc.fixturenames:
            metafunc.parametrize(
                name, [adapter for _, adapter in adapters], ids=[n for n, _ in adapters], indirect=True
            )


@pytest.fixture
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    yield from _opener(request.param, tmp_path)


@pytest.fixture
def open_state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    yield from _opener(request.param, tmp_path)


@pytest.fixture
def open_outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    yield from _opener(request.param, tmp_path)


@pytest.fixture
def open_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    yield from _opener(request.param, tmp_path)


@pytest.fixture
def open_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    yield from _opener(request.param, tmp_path)


def _opener(open_in: Callable[[Path], Any], folder: Path) -> Iterator[Callable[[], Any]]:
    """Opens the adapter over one folder; whatever is still open is closed after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_in(folder)))


@pytest.fixture
def notice() -> Callable[..., Notice]:
    """A notice of an alert by id; `explanation` tells two texts of one alert apart."""

    def make(id: str, explanation: str = "", repeat: bool = False) -> Notice:
        sides = [
            Claim(
                id=f"{id}-{side}",
                kind="withdraw",
                plover="RETREAT",
                polarity=polarity,
                modality="stated",
                place=BUKAMAL,
                actor=None,
                object=None,
                speaker=Party("hmeimim", "قاعدة حميميم", "russia"),
                relayed_through=("فيسبوك",),
                evidence=Evidence(
                    article_id=f"article-{side}",
                    url=f"https://example.org/{side}",
                    outlet="العربي الجديد",
                    published=datetime(2017, 11, 13, 9, tzinfo=UTC),
                    dated=True,
                    sentence="اعترفت قاعدة حميميم بانسحاب الجيش من البوكمال.",
                    part="text",
                    span=(0, 46),
                ),
            )
            for side, polarity in (("earlier", "denied"), ("later", "affirmed"))
        ]
        alert = Alert(
            id=id,
            kind="admission",
            rule="admission",
            confidence=0.9,
            place=BUKAMAL,
            event="event",
            earlier=sides[0],
            later=sides[1],
            same_report=False,
            outlets=("العربي الجديد",),
            origins=1,
            state="open",
            explanation={"ar": "اعتراف", "en": explanation},
        )
        return Notice(id, alert, repeat)

    return make
