"""The driver on Kafka: a Faust app whose agents any number of workers share by partitions."""

from __future__ import annotations

import logging
import os
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faust
from faust.sensors.prometheus import setup_prometheus_sensors
from faust.types.auth import CredentialsT
from prometheus_client import CollectorRegistry

from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.ports import Index
from pipeline.stream_agents import Agents
from pipeline.stream_batches import Gaps
from pipeline.stream_consumer import check_versions, install
from pipeline.stream_dossiers import LARGEST, ConfirmedTable
from pipeline.stream_pulse import Pulse

_BEAT_SECONDS = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Brokers:
    """Where Kafka is ("host:port" each) and, where `user` is not "", who logs in there; `tls` encrypts."""

    addresses: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "SCRAM-SHA-512"
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Which worker this is, in which group, and how the group's topics are called and cut.

    `group` names the consumer group and the changelog; `name` is this worker's own, the same after a restart. Times are
    in seconds: a worker that is silent for `session` loses its partitions, and `rebalance` is how long the others have
    to finish what is in hand.
    """

    group: str
    name: str
    prefix: str = ""
    partitions: int = 12
    replication: int = 1
    session: float = 15.0
    rebalance: float = 30.0


def make_app(
    brokers: Brokers,
    membership: Membership,
    data: Path,
    reader: Reader,
    rules: Rules,
    index: Index,
    *,
    heartbeat: Callable[[], None] = lambda: None,
    metrics: tuple[str, int] | None = None,
    stock: bool = False,
) -> faust.App:
    """The worker as a Faust app, not yet started. `data` is its own folder; `metrics`, host and port of /metrics.

    `heartbeat` is called every few seconds while its loop turns. The topics have to be there. `stock` leaves Faust's
    own consumer in place, to measure what it loses. Raises `WrongVersions`.
    """
    check_versions()
    # Faust makes the last folder of the path only.
    data.mkdir(parents=True, exist_ok=True)
    host, port = metrics or (None, None)
    app = faust.App(
        membership.group,
        broker=[f"kafka://{address}" for address in brokers.addresses],
        broker_credentials=_credentials(brokers),
        autodiscover=False,
        datadir=data,
        store="rocksdb://",
        Table=ConfirmedTable,
        processing_guarantee="at_least_once",
        # What is done and not committed is done again after a kill: half a second of it.
        broker_commit_interval=0.5,
        broker_session_timeout=membership.session,
        broker_heartbeat_interval=membership.session / 5,
        broker_rebalance_timeout=membership.rebalance,
        consumer_auto_offset_reset="earliest",
        # A worker that is restarted within the session gets its partitions back, and nobody else has to move.
        consumer_group_instance_id=membership.name,
        consumer_max_fetch_size=LARGEST,
        producer_max_request_size=LARGEST + 64 * 1024,
        producer_compression_type="lz4",
        producer_linger=0.005,
        producer_request_timeout=60.0,
        table_standby_replicas=0,
        topic_partitions=membership.partitions,
        topic_replication_factor=membership.replication,
        topic_disable_leader=True,
        web_enabled=metrics is not None,
        web_tables_enabled=False,
        worker_redirect_stdouts=False,
        web_bind=host,
        web_port=port,
    )
    registry = CollectorRegistry()
    if metrics:
        setup_prometheus_sensors(app, registry=registry, name_prefix="naqid_worker")
    if not stock:
        install(app)
    # A worker that missed its heartbeats, sent every fifth of a session, for the rest of it may have been thrown out.
    pulse = Pulse(membership.session * 4 / 5, _end)
    Agents(app, membership.prefix, membership.partitions, reader, rules, index, Gaps(app, registry), pulse)

    async def beat() -> None:
        heartbeat()

    app.timer(_BEAT_SECONDS)(beat)
    return app


def run_app(app: faust.App, ready: Callable[[str], None]) -> int:
    """Run the app until SIGTERM or SIGINT, or until it fails; its exit code. `ready` hears which partitions it has."""

    async def assigned(*_: Any, **__: Any) -> None:
        topics = Counter(tp.topic for tp in app.consumer.assignment() if app.topics.acks_enabled_for(tp.topic))
        ready(", ".join(f"{count} partitions of {topic}" for topic, count in sorted(topics.items())))

    app.on_rebalance_complete.connect(assigned)
    worker = app.Worker(quiet=True, override_logging=False, redirect_stdouts=False)
    # It would turn on a terminal, and holds the log back meanwhile.
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def _end(halted: float) -> None:
    """End the process as a kill would: what it has in hand is another worker's by now."""
    _log.critical("this process was halted for %.1f s, and its partitions may be another worker's: it ends", halted)
    logging.shutdown()
    os._exit(1)


def _credentials(brokers: Brokers) -> CredentialsT | None:
    if brokers.user:
        return faust.SASLCredentials(
            username=brokers.user, password=brokers.password, ssl_context=brokers.tls, mechanism=brokers.mechanism
        )
    return faust.SSLCredentials(brokers.tls) if brokers.tls else None
