"""The cache of the gazetteer: it saves the reading of the package and never stands in the way."""

from __future__ import annotations

import copy
import shutil
import tomllib
from pathlib import Path

import pytest

from connectors.geonames import load_gazetteer
from pipeline.core.gazetteer import Gazetteer

TABLE = tomllib.loads((Path(__file__).parent.parent / "config" / "places.toml").read_text(encoding="utf-8"))
SENTENCE = "سيطر الجيش على مدينة البوكمال وقصف ريف حلب وقاعدة التنف ثم دخل الفوعة والموصل"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gazetteer, Path]:
    """A gazetteer that was made without a cache, and the folder that it filled."""
    folder = tmp_path_factory.mktemp("geonames")
    return load_gazetteer(TABLE, folder), folder


@pytest.fixture
def made(filled: tuple[Gazetteer, Path]) -> Gazetteer:
    return filled[0]


@pytest.fixture
def kept(filled: tuple[Gazetteer, Path], tmp_path: Path) -> Path:
    """A copy of the filled folder."""
    shutil.copytree(filled[1], tmp_path, dirs_exist_ok=True)
    return tmp_path


def same(one: Gazetteer, other: Gazetteer) -> bool:
    return one.mentions(SENTENCE) == other.mentions(SENTENCE) and list(one.names()) == list(other.names())


def files(cache: Path) -> list[Path]:
    return sorted(cache.glob("geonames-*.json"))


def test_a_filled_cache_gives_the_same_gazetteer_and_is_left_as_it_is(made: Gazetteer, kept: Path) -> None:
    before = [(file, file.stat().st_mtime_ns) for file in files(kept)]
    assert before
    assert same(load_gazetteer(TABLE, kept), made)
    assert [(file, file.stat().st_mtime_ns) for file in files(kept)] == before


def test_a_damaged_cache_is_made_anew(made: Gazetteer, kept: Path) -> None:
    [file] = files(kept)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + b"\xff" + whole[len(whole) // 2 + 1 :])
    assert same(load_gazetteer(TABLE, kept), made)
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_only_costs_time(made: Gazetteer, tmp_path: Path) -> None:
    blocked = tmp_path / "a file where the folder should be"
    blocked.write_text("", encoding="utf-8")
    assert same(load_gazetteer(TABLE, blocked), made)


def test_nothing_half_written_stays_in_the_cache(kept: Path) -> None:
    assert [path for path in kept.iterdir() if path not in files(kept)] == []


def test_a_changed_table_has_a_file_of_its_own(kept: Path) -> None:
    changed = copy.deepcopy(TABLE)
    changed["towns"]["174448"]["name"] = "البوكمال الجديدة الاسم"
    gazetteer = load_gazetteer(changed, kept)
    place = gazetteer.by_id("gn:174448")
    assert place is not None
    assert place.name == "البوكمال الجديدة الاسم"
    assert len(files(kept)) == 2
