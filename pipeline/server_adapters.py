"""The adapters to servers, as the settings ask for them. Their packages are imported only when one is made."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.addresses import Address, address
from pipeline.overlay import BadSettings
from pipeline.ports import Index, Topic
from pipeline.settings import Settings

if TYPE_CHECKING:
    from connectors.kafka_log import KafkaLog
    from pipeline.core.pairs import Rules
    from pipeline.core.reading import Reader

Worker = Callable[[Callable[[str], None]], int]
"""Runs a worker until it is stopped. Takes who is to hear which partitions it has, and returns its exit code."""
PlacesOf = Callable[[str], list[tuple[int, int, str]]]

_PATIENCE = 10.0  # seconds that one call waits for a search server; who called tries again


def kafka_log(settings: Settings, spool: Path | None) -> KafkaLog:
    """The log on Kafka; with a `spool`, which is this process's own, it takes records while Kafka is away.

    Raises `BadSettings`, also where naqid's extra for servers is not installed, and `Unreachable` for a spool in use.
    """
    with packages("a log on Kafka"):
        from connectors.kafka_log import KafkaLog
    kafka, log = settings.kafka, settings.log
    try:
        return KafkaLog(
            log.server,
            spool=spool,
            partitions=kafka.partitions,
            replication=kafka.replication,
            user=log.user,
            password=log.password,
            mechanism=kafka.mechanism,
            tls=kafka.tls,
            authority=_authority(kafka.authority),
            prefix=kafka.prefix,
            retention=timedelta(days=kafka.retention_days),
        )
    except ValueError as error:
        raise BadSettings(str(error)) from error


def group_positions(settings: Settings, topics: Iterable[Topic]) -> dict[Topic, str]:
    """How far the group of the workers has come in each topic, as positions of `kafka_log`. Raises as that."""
    with packages("a log on Kafka"):
        from connectors.kafka_access import KafkaAccess, addresses
        from connectors.kafka_group import positions
    kafka, log = settings.kafka, settings.log
    access = KafkaAccess(
        addresses(log.server), log.user, log.password, kafka.mechanism, kafka.tls, _authority(kafka.authority)
    )
    names = {topic: kafka.prefix + topic for topic in topics}
    found = positions(access, kafka.group, dict.fromkeys(names.values(), kafka.partitions))
    return {topic: found[name] for topic, name in names.items()}


def elasticsearch_index(
    settings: Settings, templates: Path, stop_words: Iterable[str], overrides: Mapping[str, str], places_of: PlacesOf
) -> Index:
    """The index on Elasticsearch; `templates` is the folder with its templates. Raises as `kafka_log`."""
    with packages("an index on Elasticsearch"):
        from connectors.elasticsearch_index import ElasticsearchIndex
    where = settings.index
    try:
        return ElasticsearchIndex(
            where.url,
            templates=templates,
            stop_words=stop_words,
            overrides=overrides,
            credentials=(where.user, where.password.reveal()) if where.user and where.password else None,
            certificates=_authority(settings.elasticsearch.authority),
            places_of=places_of,
            patience=_PATIENCE,
            prefix=settings.elasticsearch.prefix,
        )
    except ValueError as error:
        raise BadSettings(str(error)) from error


def install_kibana(settings: Settings, shipped: Path, text: str, named: str, public: bool) -> tuple[Address, int]:
    """Install the objects of the configuration folder `shipped` into the Kibana at the address `text`.

    `named` and `public` are as for `address`. Returns where that is and how many objects there are.
    Raises `BadSettings`, `Unreachable` and `Rejected`.
    """
    from connectors import kibana

    where = address(text, ("http", "https"), settings.data, named, public)
    objects = b"\n".join(file.read_bytes() for file in sorted((shipped / "kibana").glob("*.ndjson")))
    login = (where.user, where.password.reveal()) if where.user and where.password else None
    try:
        return where, kibana.install(where.url, login, objects, settings.elasticsearch.prefix)
    except ValueError as error:
        raise BadSettings(str(error)) from error


def worker(
    settings: Settings,
    name: str,
    reader: Reader,
    rules: Rules,
    index: Index,
    heartbeat: Callable[[], None],
    metrics: tuple[str, int] | None,
    stock: bool,
) -> Worker:
    """The worker called `name`, as `pipeline.stream.make_app`. Raises as `kafka_log`."""
    with packages("a worker"):
        from pipeline.stream import Brokers, Membership, make_app, run_app
        from pipeline.stream_consumer import WrongVersions
    kafka, log = settings.kafka, settings.log
    tls = None
    if kafka.tls:
        authority = _authority(kafka.authority)
        tls = ssl.create_default_context(cafile=None if authority is None else str(authority))
    password = log.password.reveal() if log.password else ""
    brokers = Brokers(tuple(log.server.split(",")), log.user, password, kafka.mechanism, tls)
    session = float(kafka.session_seconds)
    membership = Membership(
        kafka.group, name, kafka.prefix, kafka.partitions, kafka.replication, session, rebalance=2 * session
    )
    folder = settings.data / "workers" / name
    try:
        app = make_app(
            brokers, membership, folder, reader, rules, index, heartbeat=heartbeat, metrics=metrics, stock=stock
        )
    except WrongVersions as error:
        raise BadSettings(str(error)) from error
    return lambda ready: run_app(app, ready)


@contextmanager
def packages(what: str) -> Iterator[None]:
    """Where a package that is imported inside is missing, the person is told how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("pipeline", "connectors"):
            raise
        raise BadSettings(f"{what} needs the package {error.name!r}: pip install 'naqid[servers]'") from error


def _authority(file: str) -> Path | None:
    if not file:
        return None
    path = Path(file).expanduser()
    if not path.is_file():
        raise BadSettings(f"the certificate authority's file {path} is not there")
    return path
