"""The documents say what is so: every setting, file, command and option, and the demo's very output."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import pytest
from command import ROOT, Naqid

from pipeline.cli import make_parser
from pipeline.settings import PipelineFile

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"]


def settings(shape: Any, inside: str = "") -> Iterator[tuple[str, object]]:
    """Every setting by its dotted name, with its default."""
    defaults = shape()
    hints = get_type_hints(shape)
    for field in fields(shape):
        if is_dataclass(hints[field.name]):
            yield from settings(hints[field.name], f"{inside}{field.name}.")
        else:
            yield inside + field.name, getattr(defaults, field.name)


@pytest.mark.parametrize(("name", "default"), list(settings(PipelineFile)))
def test_every_setting_is_told_of_with_its_default(name: str, default: object) -> None:
    row = re.search(rf"^\| `{re.escape(name)}` \| `(.+?)` \| .{{10,}} \|$", README, re.MULTILINE)
    assert row, f"README.md has no row for the setting {name}"
    told = tomllib.loads(f"it = {row[1]}")["it"]
    assert told == (list(default) if isinstance(default, tuple) else default)


def test_no_row_tells_of_a_setting_that_does_not_exist() -> None:
    table = README.partition("| `pipeline.toml` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_.]+)`", table, re.MULTILINE)) == {name for name, _ in settings(PipelineFile)}


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.toml")), ids=lambda path: path.name)
def test_every_shipped_file_is_told_of_and_explains_itself(path: Any) -> None:
    assert f"`{path.name}`" in README
    assert path.read_text(encoding="utf-8").startswith("# ")


def commands() -> dict[str, argparse.ArgumentParser]:
    (choices,) = (action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices.choices)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_its_options_are_told_of(name: str) -> None:
    assert re.search(rf"\bnaqid {name}\b", README)
    told = set(re.findall(r"--[a-z-]+", README))
    options = {text for action in commands()[name]._actions for text in action.option_strings if text.startswith("--")}
    # What `--help` shows is enough for these.
    assert options - told <= {"--help", "--limit", "--announce"}


@pytest.mark.parametrize("line", re.findall(r"^(?:\.venv/bin/)?naqid .+$", README, re.MULTILINE))
def test_every_command_line_of_the_readme_is_understood(line: str) -> None:
    for written in re.split(r" \| ", re.split(r" {2,}", line)[0]):
        for option in re.findall(r"--[a-z-]+", written):
            name = shlex.split(written.replace("…", ""))[1]
            assert option in commands()[name]._option_string_actions, f"naqid {name} has no {option}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_links_to_and_makes_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert "://" in target or (ROOT / target).exists(), f"{document} links to {target}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=[`\n ]*(?:$|`|#|&))", text, re.MULTILINE)) <= targets
    for path in re.findall(r"\b(?:pipeline|connectors|config|tests|lab)/[\w./]*\w(?:\.py|\.toml|\.service|/)", text):
        assert (ROOT / path).exists() or path.endswith("NAME.toml"), f"{document} names {path}"


def test_the_architecture_names_every_module() -> None:
    rooms = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Rooms")[2].partition("\n## ")[0]
    modules = [path.stem for folder in ("pipeline", "pipeline/core") for path in (ROOT / folder).glob("[a-z]*.py")]
    assert [module for module in sorted(modules) if not re.search(rf"\b{module}\b", rooms)] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-servers.lock", "requirements-test.lock"])
def test_a_lock_file_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.split(r"\n(?=\S)", text.strip())
    assert len(packages) > 20
    assert [package for package in packages if "--hash=sha256:" not in package] == []


def test_the_readme_shows_the_demos_real_output(naqid: Naqid) -> None:
    shown = README.partition("<!-- demo -->\n```\n")[2].partition("\n```\n<!-- /demo -->")[0]
    ran = naqid("demo")
    assert ran.returncode == 0, ran.stderr
    assert plain(shown) == plain(ran.stdout)


def plain(text: str) -> list[str]:
    """Lines without trailing blanks and without the marks that only turn the direction of a line."""
    return [re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", line).rstrip() for line in text.strip().splitlines()]
