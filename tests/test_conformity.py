"""A user's configuration file against the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.conformity import refuse_strange_keys
from pipeline.overlay import BadSettings, Overlay

SHIPPED = {
    "events.toml": "[strike]\nsign = 1\nnouns = ['قصف']\n[truce]\nsign = -1\ndays = 3\n",
    "speakers.toml": "[camps]\na = 'A'\n[party.x]\ncamp = 'a'\nnames = ['س']\n[party.y]\nagency = true\n",
    "places.toml": "[[known]]\nname = 'س'\n[[known]]\nname = 'ص'\nat = [1.5, 2.5]\n",
}


def check(folder: Path, name: str, text: str) -> None:
    for part in ("shipped", "mine"):
        (folder / part).mkdir()
    (folder / "shipped" / name).write_text(SHIPPED[name], encoding="utf-8")
    (folder / "mine" / name).write_text(text, encoding="utf-8")
    refuse_strange_keys(Overlay(folder / "shipped", folder / "mine"), name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("events.toml", "[flood]\nsign = 1\ndays = 9"),
        ("events.toml", "[strike]\ndays = 9"),
        ("speakers.toml", "[camps]\nb = 'B'\n[party.z]\ncamp = 'b'\nagency = true"),
        ("places.toml", "[[known]]\nname = 'ع'\nat = [1.5, 2.5]"),
        ("places.toml", ""),
    ],
)
def test_new_names_with_known_keys_are_taken(tmp_path: Path, name: str, text: str) -> None:
    check(tmp_path, name, text)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("events.toml", "[flood]\nsgin = 1", ["'flood.sgin'", "did you mean 'sign'"]),
        ("events.toml", "[strike]\nsign = 'up'", ["strike.sign", "a whole number", "'up'"]),
        ("events.toml", "[strike]\nnouns = 'قصف'", ["strike.nouns", "a list"]),
        ("events.toml", "strike = 1", ["strike has to be a table"]),
        ("speakers.toml", "[camp]\nb = 'B'", ["'camp'", "did you mean 'camps'"]),
        ("speakers.toml", "[camps]\nb = 1", ["camps.b", "a text in quotes"]),
        ("speakers.toml", "[party.z]\nagent = true", ["'party.z.agent'", "'agency'"]),
        ("places.toml", "[[known]]\nname = 'ع'\n[[known]]\nnane = 'ع'", ["'known[1].nane'", "did you mean 'name'"]),
        ("places.toml", "[known]\nname = 'ع'", ["known has to be a list"]),
        ("places.toml", "known = ['ع', 'غ']", ["known[0] has to be a table"]),
    ],
)
def test_a_key_that_nothing_reads_or_another_type_is_refused(
    tmp_path: Path, name: str, text: str, words: list[str]
) -> None:
    with pytest.raises(BadSettings) as caught:
        check(tmp_path, name, text)
    message = str(caught.value)
    assert [word for word in [name, *words] if word not in message] == []
