"""What can be set, and the values in force: `pipeline.toml`, then the environment, then the command line."""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pipeline.overlay import BadSettings, Overlay, home, nearest, shaped

Scheme = Literal["sqlite"]


class Secret:
    """A text that no log, error or representation shows; `reveal` hands it over."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a log or an index lives: for "sqlite", a file."""

    scheme: Scheme
    path: Path


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """How outlets are polled: `interval` in seconds; `allow_networks` are private networks that feeds may lie in."""

    interval: int = 300
    allow_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How alerts are worded, how many days apart two claims may contradict, and the file of the Slack address."""

    language: Literal["en", "ar"] = "en"
    window_days: int = 14
    slack_webhook_file: str = ""


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """The shape of `pipeline.toml`."""

    log: str = "sqlite:naqid.db"
    index: str = "sqlite:index.db"
    data: str = ""
    collect: CollectSettings = field(default_factory=CollectSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `cache` holds what can be made again; `slack_webhook` is None where nothing is posted."""

    log: Address
    index: Address
    data: Path
    cache: Path
    collect: CollectSettings
    alerts: AlertSettings
    slack_webhook: Secret | None


def load_settings(
    overlay: Overlay, environment: Mapping[str, str], data: Path | None = None, scratch: Path | None = None
) -> Settings:
    """The settings in force; `data` is the folder that the command line asked for, if it did.

    `NAQID_LOG`, `NAQID_INDEX` and `NAQID_SLACK_WEBHOOK` win over the file. With `scratch`, a folder to be thrown away,
    the file's data folder and addresses do not count: only what the environment names outlives the run.
    Raises `BadSettings`.
    """
    where = overlay.source("pipeline.toml")
    written = shaped(PipelineFile, overlay.table("pipeline.toml"), where)
    _refuse_impossible(written, where)
    if scratch is not None:
        data, written = scratch, replace(written, log=PipelineFile().log, index=PipelineFile().index)
    folder = data or (
        Path(written.data).expanduser()
        if written.data
        else home(environment, "XDG_DATA_HOME", ".local/share") / "naqid"
    )
    folder = folder.absolute()
    return Settings(
        log=_address("log", written.log, "NAQID_LOG", environment, folder, where),
        index=_address("index", written.index, "NAQID_INDEX", environment, folder, where),
        data=folder,
        cache=home(environment, "XDG_CACHE_HOME", ".cache") / "naqid",
        collect=written.collect,
        alerts=written.alerts,
        slack_webhook=_slack_webhook(written.alerts.slack_webhook_file, environment, where),
    )


def _refuse_impossible(written: PipelineFile, where: str) -> None:
    if written.collect.interval < 1:
        raise BadSettings(f"{where}: collect.interval has to be 1 second or more, not {written.collect.interval}")
    if written.alerts.window_days < 1:
        raise BadSettings(f"{where}: alerts.window_days has to be 1 day or more, not {written.alerts.window_days}")
    for network in written.collect.allow_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise BadSettings(f"{where}: collect.allow_networks: {error}") from error


def _address(key: str, text: str, variable: str, environment: Mapping[str, str], folder: Path, where: str) -> Address:
    if environment.get(variable):
        text, where, key = environment[variable], "the environment", variable
    scheme, colon, rest = text.partition(":")
    known = get_args(Scheme)
    # A whole address is not quoted back: one of a server may carry a password.
    if not colon or scheme not in known:
        said = f"starts with {scheme!r}" if colon else "is no address"
        raise BadSettings(f"{where}: {key} {said}{nearest(scheme, known)} It reads sqlite:PATH")
    if not rest or rest.startswith(("//", ":")):
        raise BadSettings(f"{where}: {key} needs a file: sqlite:PATH (a relative one counts from the data folder)")
    return Address("sqlite", folder / Path(rest).expanduser())


def _slack_webhook(file: str, environment: Mapping[str, str], where: str) -> Secret | None:
    """The Slack address from the environment, else from a file that only its owner may read."""
    if environment.get("NAQID_SLACK_WEBHOOK"):
        return _checked("NAQID_SLACK_WEBHOOK", environment["NAQID_SLACK_WEBHOOK"])
    if not file:
        return None
    path = Path(file).expanduser()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise BadSettings(f"{path}: others may read it (mode {mode:04o}); run: chmod 600 {path}")
        return _checked(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{where}: alerts.slack_webhook_file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: has to hold one address and nothing else") from error


def _checked(where: str, text: str) -> Secret:
    text = text.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and text.isprintable() and " " not in text
    except ValueError:
        usable = False
    if not usable:
        raise BadSettings(f"{where}: has to hold the https address of a Slack incoming webhook and nothing else")
    return Secret(text)
