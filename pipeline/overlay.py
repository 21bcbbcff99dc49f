"""Where the configuration's files are: the shipped folder, overlaid by the user's. Nothing unknown is passed over."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

IN_WHEEL = Path(__file__).parent / "_config"
IN_CHECKOUT = Path(__file__).parent.parent / "config"

# The user says which outlets to watch: that list stands in place of the shipped one.
_REPLACED_WHOLE = frozenset({"outlets.toml"})

Shape = TypeVar("Shape")


class BadSettings(ValueError):
    """A setting or a configuration file that cannot be used. The message names the file, the key and what would do."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """The shipped folder and, where there is one, the user's folder over it."""

    shipped: Path
    user: Path | None = None

    def table(self, name: str) -> dict[str, Any]:
        """The content of the file `name`, the user's keys over the shipped ones.

        Tables are merged key by key. A list of tables that carry an `id` is merged by it: an entry of the user's
        replaces the shipped one of the same id or is added. Any other list replaces the shipped one, and the
        user's `outlets.toml` replaces the shipped file. Raises `BadSettings`.
        """
        layers = [folder / name for folder in (self.shipped, self.user) if folder and (folder / name).is_file()]
        if not layers:
            raise BadSettings(f"{self.shipped / name}: the file is missing")
        if name in _REPLACED_WHOLE:
            layers = layers[-1:]
        merged: dict[str, Any] = {}
        for path in layers:
            merged = _merged(merged, read_toml(path))
        return merged

    def source(self, name: str) -> str:
        """The file to name in an error about `name`: the user's where he has one."""
        if self.user and (self.user / name).is_file():
            return str(self.user / name)
        return str(self.shipped / name)

    def refuse_unknown_files(self) -> None:
        """Raises `BadSettings` for a TOML file of the user's that would never be read, naming the nearest known one."""
        if self.user is None:
            return
        known = sorted(path.name for path in self.shipped.glob("*.toml"))
        for path in sorted(self.user.glob("*.toml")):
            if path.name not in known:
                raise BadSettings(f"{path}: nothing reads a file of this name{nearest(path.name, known)}")


def find_overlay(environment: Mapping[str, str], chosen: Path | None = None) -> Overlay:
    """The overlay in force: `chosen`, else `$XDG_CONFIG_HOME/naqid` where that exists, over the shipped folder.

    Raises `BadSettings` when the chosen folder does not exist.
    """
    shipped = IN_WHEEL if IN_WHEEL.is_dir() else IN_CHECKOUT
    if chosen is not None:
        if not chosen.is_dir():
            raise BadSettings(f"{chosen}: no such folder; --config needs a folder with configuration files")
        user: Path | None = chosen
    else:
        folder = home(environment, "XDG_CONFIG_HOME", ".config") / "naqid"
        user = folder if folder.is_dir() else None
    if user is not None and user.resolve() == shipped.resolve():
        user = None
    overlay = Overlay(shipped, user)
    overlay.refuse_unknown_files()
    return overlay


def home(environment: Mapping[str, str], variable: str, default: str) -> Path:
    """A folder of the XDG base directories; a relative value is ignored, as their specification asks."""
    value = environment.get(variable, "")
    return Path(value) if value.startswith("/") else Path(environment.get("HOME") or Path.home()) / default


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content. Raises `BadSettings` naming the file for one that cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not valid TOML: {error}") from error


def shaped(shape: type[Shape], table: Mapping[str, Any], where: str, inside: str = "") -> Shape:
    """`table` as the dataclass `shape`, strictly.

    Raises `BadSettings` for an unknown key (with the nearest known one) and for a value of the wrong type.
    """
    assert is_dataclass(shape)
    hints = get_type_hints(shape)
    known = [each.name for each in fields(shape)]
    values: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{inside}{key}"
        if key not in known:
            raise BadSettings(f"{where}: unknown key {dotted!r}{nearest(key, known)}")
        values[key] = _value(hints[key], value, where, dotted)
    try:
        return shape(**values)
    except TypeError as error:
        missing = [key for key in known if key not in values]
        raise BadSettings(f"{where}: {inside or 'the file'} lacks a key that is needed, of {missing}") from error


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown word: the nearest known one, or else all of them."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(map(repr, names))}"


def _value(hint: Any, value: Any, where: str, dotted: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise BadSettings(f"{where}: {dotted} has to be a table, not {_called(value)}")
        return shaped(hint, value, where, f"{dotted}.")
    if origin is Literal:
        if value not in arguments:
            raise BadSettings(f"{where}: {dotted} is {value!r}; it can be {' or '.join(map(repr, arguments))}")
        return value
    if origin in (Union, UnionType):
        return _value(next(kind for kind in arguments if kind is not type(None)), value, where, dotted)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise BadSettings(f"{where}: {dotted} has to be a table, not {_called(value)}")
        return {key: _value(arguments[1], each, where, f"{dotted}.{key}") for key, each in value.items()}
    if origin is tuple:
        if not isinstance(value, list):
            raise BadSettings(f"{where}: {dotted} has to be a list, not {_called(value)}")
        return tuple(_value(arguments[0], each, where, f"{dotted}[{n}]") for n, each in enumerate(value))
    # A TOML whole number does for a float; a boolean is no number, though Python takes it for one.
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise BadSettings(f"{where}: {dotted} has to be {_CALLED[hint]}, not {_called(value)}")
    return value


_CALLED: dict[Any, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def called(value: Any) -> str:
    """What a value is, in the words of TOML."""
    return _CALLED.get(type(value), f"a {type(value).__name__}")


def _called(value: Any) -> str:
    return f"{called(value)} ({value!r})"


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _merged(below, value)
        elif _by_id(value) and _by_id(below):
            entries = {entry["id"]: entry for entry in [*merged[key], *value]}
            merged[key] = list(entries.values())
        else:
            merged[key] = value
    return merged


def _by_id(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "id" in each for each in value)
