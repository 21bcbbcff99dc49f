"""What can be set, and the values in force: `pipeline.toml`, then the environment, then the command line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pipeline.addresses import Address, Scheme, address
from pipeline.overlay import BadSettings, Overlay, home, shaped
from pipeline.secret import Secret, read_secret

__all__ = ["Address", "AlertSettings", "CollectSettings", "ElasticsearchSettings", "KafkaSettings", "PipelineFile"]
__all__ += ["Secret", "Settings", "load_settings"]

_LOGS: tuple[Scheme, ...] = ("sqlite", "kafka")
_INDEXES: tuple[Scheme, ...] = ("sqlite", "http", "https")


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """How outlets are polled: `interval` in seconds; `allow_networks` are private networks that feeds may lie in.

    An outlet that reports seldom is asked less often, down to once in `quiet_factor` intervals; 1 turns that off.
    `websub_callback` is the public address at which hubs reach what listens at `websub_listen`, "" for no hubs.
    """

    interval: int = 300
    quiet_factor: int = 4
    websub_callback: str = ""
    websub_listen: str = "127.0.0.1:8087"
    allow_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How alerts are worded, how many days apart two claims may contradict, and the file of the Slack address."""

    language: Literal["en", "ar"] = "en"
    window_days: int = 14
    slack_webhook_file: str = ""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """The topics of a log on Kafka, the group of the workers, and who logs in there.

    `prefix` stands before the names of the topics. A change of `partitions` or `prefix` begins a new log. A worker that
    is silent for `session_seconds` is taken for dead.
    `authority` is the file of the certificate authority, "" for those that the system trusts.
    """

    partitions: int = 12
    replication: int = 1
    retention_days: int = 365
    group: str = "naqid"
    prefix: str = ""
    session_seconds: int = 15
    user: str = ""
    password_file: str = ""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    tls: bool = False
    authority: str = ""


@dataclass(frozen=True, slots=True)
class ElasticsearchSettings:
    """Who logs in to an index on Elasticsearch; `authority` as for Kafka, `prefix` before the names of the indices."""

    prefix: str = "naqid"
    user: str = ""
    password_file: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """The shape of `pipeline.toml`."""

    log: str = "sqlite:naqid.db"
    index: str = "sqlite:index.db"
    data: str = ""
    collect: CollectSettings = field(default_factory=CollectSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    elasticsearch: ElasticsearchSettings = field(default_factory=ElasticsearchSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `cache` holds what can be made again; `slack_webhook` is None where nothing is posted."""

    log: Address
    index: Address
    data: Path
    cache: Path
    collect: CollectSettings
    alerts: AlertSettings
    kafka: KafkaSettings
    elasticsearch: ElasticsearchSettings
    slack_webhook: Secret | None

    @property
    def on_servers(self) -> bool:
        """Whether the log is Kafka's: workers read and follow then, and a process of its own announces."""
        return self.log.scheme == "kafka"


def load_settings(
    overlay: Overlay, environment: Mapping[str, str], data: Path | None = None, scratch: Path | None = None
) -> Settings:
    """The settings in force; `data` is the folder that the command line asked for, if it did.

    `NAQID_LOG`, `NAQID_INDEX` and `NAQID_SLACK_WEBHOOK` win over the file, and the passwords `NAQID_KAFKA_PASSWORD` and
    `NAQID_ELASTICSEARCH_PASSWORD` over the files that it names. With `scratch`, a folder to be thrown away,
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
        log=_address("log", written.log, _LOGS, environment, folder, where, written.kafka),
        index=_address("index", written.index, _INDEXES, environment, folder, where, written.elasticsearch),
        data=folder,
        cache=home(environment, "XDG_CACHE_HOME", ".cache") / "naqid",
        collect=written.collect,
        alerts=written.alerts,
        kafka=written.kafka,
        elasticsearch=written.elasticsearch,
        slack_webhook=_slack_webhook(written.alerts.slack_webhook_file, environment, where),
    )


def _refuse_impossible(written: PipelineFile, where: str) -> None:
    if written.collect.interval < 1:
        raise BadSettings(f"{where}: collect.interval has to be 1 second or more, not {written.collect.interval}")
    callback, listen = written.collect.websub_callback, written.collect.websub_listen
    if callback and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", callback):
        raise BadSettings(f"{where}: collect.websub_callback has to be an https address, not {callback!r}")
    if not re.fullmatch(r"[^\s:/]+:[0-9]{1,5}", listen) or int(listen.rpartition(":")[2]) > 65_535:
        raise BadSettings(f"{where}: collect.websub_listen has to be HOST:PORT, not {listen!r}")
    if not 1 <= written.collect.quiet_factor <= 100:
        raise BadSettings(f"{where}: collect.quiet_factor has to be from 1 to 100, not {written.collect.quiet_factor}")
    if written.alerts.window_days < 1:
        raise BadSettings(f"{where}: alerts.window_days has to be 1 day or more, not {written.alerts.window_days}")
    for name, least in (("partitions", 1), ("replication", 1), ("retention_days", 1), ("session_seconds", 6)):
        if getattr(written.kafka, name) < least:
            raise BadSettings(f"{where}: kafka.{name} has to be {least} or more, not {getattr(written.kafka, name)}")
    for name, text in (("group", written.kafka.group), ("prefix", written.kafka.prefix + "x")):
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text):
            raise BadSettings(f"{where}: kafka.{name} may hold Latin letters, digits, '.', '_' and '-'")
    for network in written.collect.allow_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise BadSettings(f"{where}: collect.allow_networks: {error}") from error


def _address(
    key: str,
    text: str,
    schemes: Sequence[Scheme],
    environment: Mapping[str, str],
    folder: Path,
    where: str,
    server: KafkaSettings | ElasticsearchSettings,
) -> Address:
    variable = f"NAQID_{key.upper()}"
    if environment.get(variable):
        found = address(environment[variable], schemes, folder, f"the environment: {variable}", public=False)
    else:
        found = address(text, schemes, folder, f"{where}: {key}", public=True)
    if found.scheme == "sqlite":
        return found
    section = "kafka" if found.scheme == "kafka" else "elasticsearch"
    password = None
    if environment.get(f"NAQID_{section.upper()}_PASSWORD"):
        password = Secret(environment[f"NAQID_{section.upper()}_PASSWORD"])
    elif server.password_file:
        password = read_secret(Path(server.password_file).expanduser(), f"{where}: {section}.password_file")
    found = found.logging_in(server.user, password)
    if found.user and found.password is None:
        cure = f"set NAQID_{section.upper()}_PASSWORD or {section}.password_file"
        raise BadSettings(f"{where}: {section}: {found.user!r} needs a password: {cure}")
    return found


def _slack_webhook(file: str, environment: Mapping[str, str], where: str) -> Secret | None:
    """The Slack address from the environment, else from a file that only its owner may read."""
    if environment.get("NAQID_SLACK_WEBHOOK"):
        return _checked("NAQID_SLACK_WEBHOOK", environment["NAQID_SLACK_WEBHOOK"])
    if not file:
        return None
    path = Path(file).expanduser()
    return _checked(str(path), read_secret(path, f"{where}: alerts.slack_webhook_file").reveal())


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
