"""A feed at an address of the web, asked only for what is new; where it shows summaries, the pages themselves."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

from connectors.article_pages import Pages
from connectors.feed_entries import ACCEPT
from connectors.feed_xml import ParsedFeed, parse_feed
from connectors.http_fetch import Answer, Fetcher
from connectors.websub_links import hub_of
from connectors.worker_process import Worker
from pipeline.core.article import Article
from pipeline.ports import Hub, Poll, Rejected, Skipped, Unreachable

# Some servers keep the validator when the content changes, so now and then the question is asked without one.
_CONDITIONAL_POLLS = 24
# A redirect that calls itself permanent is believed after so many polls that it served well.
_MOVES_BELIEVED = 3
# Refusals that may be over soon; other answers from 400 to 499 last.
_PASSING = frozenset({408, 425, 429})
_LONGEST_WAIT = 86_400.0


class HttpFeed:
    """One outlet's feed over HTTP.

    With `pages`, the page of an article whose entry is only a summary is fetched; where a page gives no more than the
    entry, the entry's text stays. `fetcher`, `worker` and `pages` may be shared among feeds.

    With `hubs`, polls tell of the hub that the feed offers.

    Only 410 is taken as final; a document that is no feed may be one again tomorrow. A permanent redirect is followed
    without asking the old address once it has served three polls, and the old one is asked again when the new fails.

    Raises `ValueError` for an address that is not http or https.
    """

    def __init__(
        self,
        outlet: str,
        url: str,
        *,
        fetcher: Fetcher | None = None,
        worker: Worker | None = None,
        pages: Pages | None = None,
        hubs: bool = False,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url}: not an http or https address of a feed")
        self._outlet = outlet
        self._url = url
        self._fetcher = fetcher or Fetcher()
        self._worker = worker
        self._pages = pages
        self._hubs = hubs

    @property
    def name(self) -> str:
        # A query may hold a subscriber's key, and the user part a password.
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return f"{self._outlet} ({urlunsplit((parts.scheme, host, parts.path, '', ''))})"

    def poll(self, memory: str, now: datetime) -> Poll:
        """The feed's articles, or none where the server says, or the bytes show, that nothing changed."""
        known = _Memory.read(memory, self._url)
        if known.moves >= _MOVES_BELIEVED:
            try:
                return self._polled(known.moved, known, now)
            except (Unreachable, Rejected):
                known = replace(known, etag="", modified="", moved="", moves=0)
        return self._polled(self._url, known, now)

    def _polled(self, address: str, known: _Memory, now: datetime) -> Poll:
        try:
            answer = self._fetcher.get(address, {"Accept": ACCEPT, **known.conditions()})
        except Unreachable as problem:
            raise Unreachable(f"{self.name}: {problem}", problem.retry_after, lasting=problem.lasting) from None
        if answer.status == 304 and known.conditions():
            fresh = replace(known, conditional=known.conditional + 1)
            return self._poll([], fresh.led(address, answer.moved))
        self._raise_for_status(answer, now)
        fingerprint = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
        fresh = replace(
            known,
            etag=answer.headers.get("etag", "")[:1000],
            modified=answer.headers.get("last-modified", "")[:1000],
            body=fingerprint,
            conditional=0,
        )
        if fingerprint == known.body:
            return self._poll([], fresh.led(address, answer.moved))
        feed = self._parsed(answer, now)
        fresh = fresh.led(address, answer.moved)
        if self._hubs:
            hub = hub_of(answer.headers, answer.body, answer.url, self._worker)
            fresh = replace(fresh, hub=hub.address if hub else "", topic=hub.topic if hub else "")
        if self._pages is None:
            return self._poll(feed.entries, replace(fresh, pages={}), feed.skipped)
        return self._with_pages(self._pages, feed, fresh, now)

    def _poll(self, articles: Sequence[Article], memory: _Memory, skipped: Sequence[Skipped] = ()) -> Poll:
        moved = memory.moved if memory.moves >= _MOVES_BELIEVED else ""
        hub = Hub(memory.hub, memory.topic) if self._hubs and memory.hub else None
        return Poll(articles, memory.written(), skipped, moved, hub)

    def _parsed(self, answer: Answer, now: datetime) -> ParsedFeed:
        try:
            return parse_feed(
                answer.body,
                url=answer.url,
                outlet=self._outlet,
                fetched=now,
                content_type=answer.headers.get("content-type", ""),
                worker=self._worker,
            )
        except Rejected as refusal:
            raise Unreachable(f"{self.name}: {refusal}") from None

    def _raise_for_status(self, answer: Answer, now: datetime) -> None:
        if answer.status == 410:
            raise Rejected(f"{self.name}: the server says that the feed is gone for good (410)")
        if answer.status != 200:
            wait = _retry_after(answer.headers.get("retry-after", ""), now)
            lasting = 400 <= answer.status < 500 and answer.status not in _PASSING
            raise Unreachable(f"{self.name}: the server answered {answer.status}", wait, lasting=lasting)

    def _with_pages(self, source: Pages, feed: ParsedFeed, memory: _Memory, now: datetime) -> Poll:
        """The articles with the texts of their pages; those whose page was taken before and whose entry is the same
        are left out, as their texts are known."""
        articles: list[Article] = []
        skipped = list(feed.skipped)
        pages: dict[str, str] = {}
        deadline, fetched = time.monotonic() + source.seconds, 0
        for article in feed.entries:
            if article.id not in feed.summary_only or not article.url:
                articles.append(article)
            elif memory.pages.get(article.id) == article.content_hash:
                pages[article.id] = article.content_hash
            elif fetched >= source.most or time.monotonic() > deadline:
                articles.append(article)
            else:
                fetched += 1
                try:
                    articles.append(source.completed(article, now))
                    pages[article.id] = article.content_hash
                except (Unreachable, Rejected) as problem:
                    articles.append(article)
                    skipped.append(Skipped(article.url, f"its page was not read, the summary stands in: {problem}"))
        return self._poll(articles, replace(memory, pages=pages), skipped)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is kept between polls: the validators, a hash of the last body, the entries whose pages were read, and
    where a permanent redirect has led, in how many polls in a row. `hub` and `topic` are those of its hub.
    """

    url: str
    etag: str = ""
    modified: str = ""
    body: str = ""
    conditional: int = 0
    pages: dict[str, str] = field(default_factory=dict)
    moved: str = ""
    moves: int = 0
    hub: str = ""
    topic: str = ""

    @classmethod
    def read(cls, memory: str, url: str) -> _Memory:
        """What was kept about this address; nothing where the memory is another's or cannot be read."""
        try:
            kept = cls(**json.loads(memory))
            texts = (kept.url, kept.etag, kept.modified, kept.body, kept.moved, kept.hub, kept.topic)
            usable = all(isinstance(text, str) for text in texts) and isinstance(kept.pages, dict)
            usable = usable and all(isinstance(number, int) for number in (kept.conditional, kept.moves))
        except (ValueError, TypeError):
            return cls(url)
        return kept if usable and kept.url == url else cls(url)

    def written(self) -> str:
        return json.dumps(asdict(self))

    def led(self, address: str, moved: str) -> _Memory:
        """After a poll of `address` that went well and was led for good to `moved` ("" for nowhere)."""
        if address == self.moved and not moved:
            return self
        # An address that was safe from being read on the way is not given up for one that is not.
        if not moved or (address.startswith("https:") and not moved.startswith("https:")):
            return replace(self, moved="", moves=0)
        return replace(self, moved=moved, moves=self.moves + 1 if moved == self.moved else 1)

    def conditions(self) -> dict[str, str]:
        if self.conditional >= _CONDITIONAL_POLLS:
            return {}
        headers = (("If-None-Match", self.etag), ("If-Modified-Since", self.modified))
        return {name: value for name, value in headers if value.isascii() and value.isprintable() and value}


def _retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, at most a day."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_WAIT)
