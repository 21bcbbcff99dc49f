"""The one place that names adapters: which gazetteer, reader, stores, feeds and channels the settings ask for."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar
from urllib.parse import urlsplit

from connectors.article_pages import Pages
from connectors.console import Console
from connectors.feed_http import HttpFeed
from connectors.feed_source import look_at_all
from connectors.feed_xml import FileFeed
from connectors.geonames import load_gazetteer
from connectors.http_fetch import Fetcher
from connectors.opml import read_opml, write_opml
from connectors.recorded import RecordedFeed
from connectors.slack import Slack
from connectors.sqlite_desk import SqliteDesk
from connectors.sqlite_index import SqliteIndex
from connectors.sqlite_log import SqliteLog
from connectors.websub import Subscriptions
from pipeline.conformity import refuse_strange_keys
from pipeline.core.alerts import Alert
from pipeline.core.analysis import Analyzer, override_table
from pipeline.core.events import EventKinds
from pipeline.core.gazetteer import Gazetteer
from pipeline.core.grammar import Grammar
from pipeline.core.opinions import Judge
from pipeline.core.outlets import Outlet, outlets_from_toml
from pipeline.core.pairs import Rules
from pipeline.core.reading import Reader
from pipeline.core.speakers import Speakers
from pipeline.core.wording import Wording
from pipeline.embedded import Embedded
from pipeline.gaps import gaps_between
from pipeline.outlet_list import Addition, with_outlets
from pipeline.outlets import Watched
from pipeline.overlay import BadSettings, Overlay, find_overlay, nearest
from pipeline.ports import Alerts, Desk, Feed, Gap, Index, Pushes, Skipped, Topic, mute_subject
from pipeline.server_adapters import Worker, elasticsearch_index, group_positions, kafka_log, worker
from pipeline.settings import Settings, load_settings
from pipeline.web.words import PageWords

Made = TypeVar("Made")


if TYPE_CHECKING:
    from connectors.kafka_log import KafkaLog
    from pipeline.judge.encoder import Encoder
    from pipeline.judge.models import Models


@dataclass(frozen=True, slots=True)
class Stores:
    """What a pipeline in one process keeps: the log (also the state and the outbox) and the index."""

    log: SqliteLog
    index: Index


def assemble(config: Path | None, data: Path | None, scratch: Path | None = None) -> Assembly:
    """What the configuration asks for: `config` and `data` as on the command line, `scratch` to be thrown away.

    Raises `BadSettings`.
    """
    overlay = find_overlay(os.environ, config)
    return Assembly(overlay, load_settings(overlay, os.environ, data, scratch))


def recorded_feed(path: Path) -> Feed:
    return RecordedFeed(path)


class Assembly:
    """The parts of a pipeline, made when they are asked for. Each raises `BadSettings` for data that it cannot use."""

    def __init__(self, overlay: Overlay, settings: Settings) -> None:
        self.overlay = overlay
        self.settings = settings
        self._models: Models | None = None

    @cached_property
    def reader(self) -> Reader:
        """What reads an article."""
        return Reader(self.gazetteer, self.kinds, self.speakers, self.grammar)

    @cached_property
    def rules(self) -> Rules:
        """What decides whether one claim reverses another."""
        return Rules(self.kinds, self.wording, timedelta(days=self.settings.alerts.window_days))

    @cached_property
    def judge(self) -> Judge:
        """The models that compare two sentences; loading them takes half a second, importing them too."""
        return self._of_weights(lambda models: models.judge)

    @cached_property
    def encoder(self) -> Encoder:
        """The model that gives a vector for a sentence."""
        return self._of_weights(lambda models: models.encoder)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        return self._made("places.toml", lambda table: load_gazetteer(table, self.settings.cache))

    @cached_property
    def kinds(self) -> EventKinds:
        return self._made("events.toml", EventKinds.from_toml)

    @cached_property
    def speakers(self) -> Speakers:
        return self._made("speakers.toml", Speakers)

    @cached_property
    def grammar(self) -> Grammar:
        return self._made("grammar.toml", Grammar)

    @cached_property
    def outlets(self) -> list[Outlet]:
        """The outlets to watch."""
        outlets = self._made("outlets.toml", outlets_from_toml)
        camps = ("independent", *self.speakers.camps)
        for outlet in outlets:
            if outlet.allegiance not in camps:
                where = f"{self.overlay.source('outlets.toml')}: outlet {outlet.id!r}: allegiance {outlet.allegiance!r}"
                raise BadSettings(f"{where} is no camp of speakers.toml{nearest(outlet.allegiance, camps)}")
        return outlets

    @cached_property
    def wording(self) -> Wording:
        """The words of messages, with the names of kinds, parties and outlets."""
        # Made first, as they tell what is wrong in their files.
        parties, outlets = self.speakers, self.outlets
        events, spellings = self.overlay.table("events.toml"), self.overlay.table("speakers.toml")["party"].values()
        names_en = {name: party["name_en"] for party in spellings for name in party["names"]}
        names_en |= {outlet.name: outlet.name_en for outlet in outlets if outlet.name_en}
        names_en |= parties.names_en() | dict(parties.camps)
        return self._made("wording.toml", lambda table: Wording.from_toml(table, events, names_en))

    @cached_property
    def analyzer(self) -> Analyzer:
        """How the index sees Arabic."""
        names = self.gazetteer.names()
        return self._made("stopwords.toml", lambda table: Analyzer(frozenset(table["words"]), override_table(names)))

    def loaded(self) -> dict[str, str]:
        """What the configuration came to, in words for a person. Everything is made for it."""
        settings = self.settings
        _ = self.reader, self.rules, self.analyzer
        return {
            "configuration": f"{self.overlay.shipped}" + (f", under {self.overlay.user}" if self.overlay.user else ""),
            "log": str(settings.log),
            "index": str(settings.index),
            "alerts": f"{self.channel(sys.stdout).name}, in {settings.alerts.language}",
            "outlets": str(len(self.outlets)),
            "places": str(len(self.gazetteer)),
            "event kinds": str(len(self.kinds)),
            "parties": f"{len(self.speakers.parties)} in {len(self.speakers.camps)} camps",
        }

    @contextmanager
    def open_stores(self, read_only: bool = False) -> Iterator[Stores]:
        """The log and the index; one process at a time may write.

        Raises `Unreachable`, and `BadSettings`, also for a log on Kafka, which takes several processes.
        """
        if self.settings.on_servers:
            cure = "use `naqid ingest` and `naqid worker`, or take NAQID_LOG away"
            raise BadSettings(f"this runs in one process, and the log is {self.settings.log}: {cure}")
        with self.open_index(read_only) as index, _sqlite_log(self.settings.log.path, read_only) as log:
            yield Stores(log, index)

    @contextmanager
    def open_index(self, read_only: bool = True) -> Iterator[Index]:
        """The index. Raises as `open_stores`."""
        settings = self.settings
        try:
            if settings.index.scheme == "sqlite":
                path = settings.index.path
                index: Index = SqliteIndex(path, self.analyzer, places_of=self._places_of, read_only=read_only)
            else:
                words, overrides = self.overlay.table("stopwords.toml")["words"], override_table(self.gazetteer.names())
                templates = self.overlay.shipped / "index"
                index = elasticsearch_index(settings, templates, words, overrides, self._places_of)
        except ValueError as error:
            raise BadSettings(str(error)) from error
        try:
            yield index
        finally:
            index.close()

    @contextmanager
    def open_server_log(self, spool: bool = False) -> Iterator[KafkaLog]:
        """The log on Kafka; with a spool, appending goes on while Kafka is away. Raises as `open_stores`."""
        if not self.settings.on_servers:
            raise BadSettings(
                f"the log is {self.settings.log}: this needs one on Kafka; set NAQID_LOG=kafka://HOST:PORT"
            )
        log = kafka_log(self.settings, self.settings.data / "spool.db" if spool else None)
        try:
            yield log
        finally:
            log.close()

    def worker_positions(self) -> dict[Topic, str]:
        """How far the workers have come in the topics that they read. Raises as `open_server_log`."""
        return group_positions(self.settings, ("articles", "claims"))

    @contextmanager
    def open_own(self, process: str, read_only: bool = False) -> Iterator[SqliteLog]:
        """What a process of the servers mode remembers for itself. Raises as `open_stores`."""
        with _sqlite_log(self.own_path(process), read_only) as own:
            yield own

    @cached_property
    def desk(self) -> Desk:
        """What people have decided, by the page or by a command."""
        return SqliteDesk(self.settings.data / "desk.db")

    def is_muted(self, alert: Alert) -> bool:
        """Whether a person has muted alerts of this kind at this place. Raises `Unreachable`."""
        subject = mute_subject(alert.place.id, alert.kind)
        return any(decision.subject == subject for decision in self.desk.decisions("muted"))

    @cached_property
    def page_words(self) -> PageWords:
        """The words of the page."""
        return self._made("page.toml", PageWords.from_toml)

    def own_path(self, process: str) -> Path:
        """The file of `open_own`."""
        return self.settings.data / f"{process}.db"

    def gaps_between(self, outlets: Sequence[str], since: datetime, until: datetime) -> list[Gap]:
        """When outlets could not be read between the two times; none where the collector of this folder never ran.

        Any thread may ask. Raises `Unreachable`, and `BadSettings` for a file that is no collector's.
        """
        path = self.own_path("collector") if self.settings.on_servers else self.settings.log.path
        if not path.exists():
            return []
        with _sqlite_log(path, read_only=True) as state:
            return gaps_between(state, outlets, since, until)

    def worker(
        self,
        name: str,
        index: Index,
        heartbeat: Callable[[], None],
        metrics: tuple[str, int] | None = None,
        stock: bool = False,
    ) -> Worker:
        """The worker called `name`; `stock` leaves it the consumer that loses records. Raises `BadSettings`."""
        return worker(self.settings, name, self.reader, self.rules, index, heartbeat, metrics, stock)

    def driver(
        self,
        stores: Stores,
        channels: Sequence[Alerts] = (),
        heartbeat: Callable[[], None] = lambda: None,
        pushes: Pushes | None = None,
    ) -> Embedded:
        """The pipeline in this process, which tells `channels` of alerts."""
        log, index, known = stores.log, stores.index, (self.gaps_between, self.is_muted)
        return Embedded(log, log, log, index, self.reader, self.rules, channels, heartbeat, *known, pushes)

    def watched(self) -> list[Watched]:
        """The feeds of the outlets, each with its interval."""
        fetcher = self._fetcher()
        pages = Pages(fetcher)
        return [self._watched(outlet, fetcher, pages) for outlet in self.outlets]

    def documents(self, sources: Sequence[str], now: datetime) -> Iterator[Mapping[str, Any]]:
        """What each file or address shows as a feed, or why it cannot be read: shapes of `connectors.feed_source`."""
        return look_at_all(sources, self._fetcher(), now)

    @contextmanager
    def open_pushes(self) -> Iterator[Pushes | None]:
        """What listens to the hubs of feeds, None where no address is set for it. Raises `BadSettings`."""
        collect = self.settings.collect
        if not collect.websub_callback:
            yield None
            return
        from connectors.websub_callback import listening  # a web server: not for every command's start

        subscriptions = Subscriptions(collect.websub_callback, self._fetcher(), lambda: datetime.now(UTC))
        host, _, port = collect.websub_listen.rpartition(":")
        with ExitStack() as open_:
            try:
                open_.enter_context(listening(subscriptions, host, int(port)))
            except OSError as error:
                raise BadSettings(f"collect.websub_listen: {collect.websub_listen}: {error.strerror}") from error
            yield subscriptions

    def opml(self) -> bytes:
        """The outlets as a list in OPML."""
        return write_opml(self.outlets)

    def with_opml(self, text: str, list_: bytes) -> tuple[Addition, list[Skipped]]:
        """The outlets of the TOML `text` and those of a list in OPML.

        Raises `Rejected` for the list and `BadSettings` for the text.
        """
        listed, skipped = read_opml(list_)
        try:
            return with_outlets(text, [(one.fields, one.folder) for one in listed]), skipped
        except ValueError as error:
            raise BadSettings(f"{self.overlay.source('outlets.toml')}: {error}") from error

    def channel(self, stream: TextIO) -> Alerts:
        """Slack where its address is known, else cards on the stream."""
        return self.slack() if self.settings.slack_webhook else self.console(stream)

    def slack(self) -> Alerts:
        """Raises `BadSettings` where no address is known or it cannot be one."""
        if self.settings.slack_webhook is None:
            raise BadSettings("Slack has no address: set NAQID_SLACK_WEBHOOK or alerts.slack_webhook_file")
        try:
            return Slack(self.settings.slack_webhook.reveal(), self.wording, self.settings.alerts.language)
        except ValueError as error:
            raise BadSettings(f"the address of Slack: {error}") from None

    def console(self, stream: TextIO, glosses: Mapping[str, str] | None = None) -> Alerts:
        """Cards on the stream; `glosses` tell in English what the report at an address says."""
        return Console(stream, self.wording, self.settings.alerts.language, stream.isatty(), glosses)

    def _fetcher(self) -> Fetcher:
        return Fetcher(allowed=[ipaddress.ip_network(network) for network in self.settings.collect.allow_networks])

    def _of_weights(self, part: Callable[[Models], Made]) -> Made:
        from pipeline.judge.models import Models
        from pipeline.judge.sealed import Weights

        try:
            if self._models is None:
                self._models = Models(Weights())
            return part(self._models)
        except ValueError as error:
            raise BadSettings(str(error)) from error

    def _watched(self, outlet: Outlet, fetcher: Fetcher, pages: Pages) -> Watched:
        if outlet.feed.startswith(("http://", "https://")):
            feed: Feed = HttpFeed(
                outlet.name,
                outlet.feed,
                fetcher=fetcher,
                pages=pages if outlet.full_text else None,
                hubs=bool(self.settings.collect.websub_callback),
            )
        else:
            feed = FileFeed(outlet.feed, outlet.name)
        minutes = outlet.interval_minutes
        seconds = self.settings.collect.interval if minutes is None else minutes * 60
        interval = timedelta(seconds=seconds)
        slowest = interval * self.settings.collect.quiet_factor
        return Watched(feed, interval, outlet.name, urlsplit(outlet.feed).netloc.lower(), slowest)

    def _places_of(self, text: str) -> list[tuple[int, int, str]]:
        return [(mention.start, mention.end, mention.place.id) for mention in self.gazetteer.mentions(text)]

    def _made(self, name: str, make: Callable[[Mapping[str, Any]], Made]) -> Made:
        """What `make` makes of the configuration file `name`; whatever is wrong in it is told with the file's name."""
        if name not in ("outlets.toml", "wording.toml"):
            refuse_strange_keys(self.overlay, name)
        try:
            return make(self.overlay.table(name))
        except KeyError as error:
            raise BadSettings(f"{self.overlay.source(name)}: the key {error} is missing") from error
        except ValueError as error:
            raise BadSettings(f"{self.overlay.source(name)}: {error}") from error


@contextmanager
def _sqlite_log(path: Path, read_only: bool) -> Iterator[SqliteLog]:
    try:
        log = SqliteLog(path, read_only=read_only)
    except ValueError as error:
        raise BadSettings(str(error)) from error
    try:
        yield log
    finally:
        log.close()
