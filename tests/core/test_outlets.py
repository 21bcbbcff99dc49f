"""Outlets as written in outlets.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.outlets import Outlet, outlets_from_toml

CONFIG = Path(__file__).parents[2] / "config"
GOOD = {"id": "enab-baladi", "name": "عنب بلدي", "feed": "https://www.enabbaladi.net/feed"}


def shipped() -> list[Outlet]:
    return outlets_from_toml(tomllib.loads((CONFIG / "outlets.toml").read_text(encoding="utf-8")))


def test_the_shipped_outlets_are_read_and_are_many() -> None:
    assert len(shipped()) >= 30


def test_every_shipped_allegiance_is_a_camp_or_independent() -> None:
    camps = tomllib.loads((CONFIG / "speakers.toml").read_text(encoding="utf-8"))["camps"]
    assert {outlet.allegiance for outlet in shipped()} <= {*camps, "independent"}


def test_every_shipped_outlet_has_both_names_and_a_front_page() -> None:
    for outlet in shipped():
        assert outlet.name_en and outlet.home, outlet.id


def test_what_is_left_out_has_a_default() -> None:
    (outlet,) = outlets_from_toml({"outlet": [GOOD]})
    assert outlet == Outlet(**GOOD, allegiance="independent", interval_minutes=None, full_text=False)


@pytest.mark.parametrize(
    "feed", ["file:///srv/feed.xml", "recorded/feed.xml", "/srv/feed.xml", "http://localhost:8080/a?b=1"]
)
def test_a_feed_may_be_an_address_or_a_file(feed: str) -> None:
    assert outlets_from_toml({"outlet": [{**GOOD, "feed": feed}]})[0].feed == feed


def test_no_outlets_at_all_is_a_list_of_none() -> None:
    assert outlets_from_toml({}) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"intervall_minutes": 5}, "did you mean 'interval_minutes'"),
        ({"xyzzy": 5}, "known are id, name"),
        ({"id": ""}, "id is missing or empty"),
        ({"id": "Enab Baladi"}, "small letters"),
        ({"name": "  "}, "name is missing"),
        ({"name": 5}, "name has to be a string"),
        ({"feed": "ftp://outlet.example/feed"}, "has to begin with one of http:"),
        ({"feed": "javascript:alert(1)"}, "has to begin with one of http:"),
        ({"feed": "HTTPS://outlet.example/"}, "has to begin with one of http:"),
        ({"feed": "file://server/feed.xml"}, "names no file of this machine"),
        ({"feed": "https://"}, "names no host"),
        ({"feed": "https://outlet.example:99999/"}, "is no address"),
        ({"feed": "https://[::1/"}, "is no address"),
        ({"feed": "https://outlet.example/a b"}, "holds a space"),
        ({"home": "outlet.example"}, "has to begin with"),
        ({"country": "Syria"}, "two capital letters"),
        ({"allegiance": "Saudi Arabia"}, "small letters"),
        ({"interval_minutes": 0}, "above 0"),
        ({"interval_minutes": float("nan")}, "above 0"),
        ({"interval_minutes": 100_000}, "at most 1440"),
        ({"interval_minutes": True}, "has to be a number"),
        ({"interval_minutes": "10"}, "has to be a number"),
        ({"full_text": 1}, "true or false"),
    ],
)
def test_a_mistake_is_named_with_what_would_do(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="outlet ") as caught:
        outlets_from_toml({"outlet": [{**GOOD, **change}]})
    assert words in str(caught.value)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        outlets_from_toml({"outlet": [{**GOOD, "feed": "https://reader:hunter2@outlet.example/feed"}]})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["id", "name", "feed"])
def test_two_outlets_may_not_share_what_tells_them_apart(key: str) -> None:
    other = {"id": "other", "name": "الميادين", "feed": "https://other.example/feed", key: GOOD[key]}
    with pytest.raises(ValueError, match=f"its {key} .* is used twice"):
        outlets_from_toml({"outlet": [GOOD, other]})


@pytest.mark.parametrize("data", [{"outlets": []}, {"outlet": GOOD}, {"outlet": ["enab-baladi"]}])
def test_a_file_of_another_shape_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="outlet"):
        outlets_from_toml(data)
