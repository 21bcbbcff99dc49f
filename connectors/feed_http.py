"""A feed at an address of the web, asked only for what is new; where it shows summaries, the pages themselves."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

from connectors.feed_entries import ACCEPT
from connectors.feed_xml import ParsedFeed, parse_feed
from connectors.http_fetch import Answer, Fetcher
from connectors.page_text import text_of
from connectors.worker_process import Worker
from pipeline.core.article import Article, digest
from pipeline.ports import Poll, Rejected, Skipped, Unreachable

# Some servers keep the validator when the content changes, so now and then the question is asked without one.
_CONDITIONAL_POLLS = 24
_PAGES = 20
_SECONDS_FOR_PAGES = 60.0
_LONGEST_WAIT = 86_400.0
_ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9"


class HttpFeed:
    """One outlet's feed over HTTP.

    With `full_text`, the page of an article whose entry is only a summary is fetched, at most 20 pages a poll; where
    a page gives no more than the entry, the entry's text stays. `fetcher` and `worker` may be shared among feeds.

    What it does not do: read robots.txt before it fetches a page, wait between two requests to one host, or remember
    a permanent redirect. Only 410 is taken as final; a document that is no feed may be one again tomorrow.

    Raises `ValueError` for an address that is not http or https.
    """

    def __init__(
        self,
        outlet: str,
        url: str,
        *,
        full_text: bool = False,
        fetcher: Fetcher | None = None,
        worker: Worker | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url}: not an http or https address of a feed")
        self._outlet = outlet
        self._url = url
        self._full_text = full_text
        self._fetcher = fetcher or Fetcher()
        self._worker = worker

    @property
    def name(self) -> str:
        # A query may hold a subscriber's key, and the user part a password.
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return f"{self._outlet} ({urlunsplit((parts.scheme, host, parts.path, '', ''))})"

    def poll(self, memory: str, now: datetime) -> Poll:
        """The feed's articles, or none where the server says, or the bytes show, that nothing changed."""
        known = _Memory.read(memory, self._url)
        try:
            answer = self._fetcher.get(self._url, {"Accept": ACCEPT, **known.conditions()})
        except Unreachable as problem:
            raise Unreachable(f"{self.name}: {problem}", problem.retry_after) from None
        if answer.status == 304 and known.conditions():
            return Poll([], replace(known, conditional=known.conditional + 1).written())
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
            return Poll([], fresh.written())
        feed = self._parsed(answer, now)
        if not self._full_text:
            return Poll(feed.entries, replace(fresh, pages={}).written(), feed.skipped)
        return self._with_pages(feed, fresh)

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
            raise Unreachable(f"{self.name}: the server answered {answer.status}", wait)

    def _with_pages(self, feed: ParsedFeed, memory: _Memory) -> Poll:
        """The articles with the texts of their pages; those whose page was taken before and whose entry is the same
        are left out, as their texts are known."""
        articles: list[Article] = []
        skipped = list(feed.skipped)
        pages: dict[str, str] = {}
        deadline, fetched = time.monotonic() + _SECONDS_FOR_PAGES, 0
        for article in feed.entries:
            if article.id not in feed.summary_only or not article.url:
                articles.append(article)
            elif memory.pages.get(article.id) == article.content_hash:
                pages[article.id] = article.content_hash
            elif fetched >= _PAGES or time.monotonic() > deadline:
                articles.append(article)
            else:
                fetched += 1
                try:
                    articles.append(self._with_page(article))
                    pages[article.id] = article.content_hash
                except (Unreachable, Rejected) as problem:
                    articles.append(article)
                    skipped.append(Skipped(article.url, f"its page was not read, the summary stands in: {problem}"))
        return Poll(articles, replace(memory, pages=pages).written(), skipped)

    def _with_page(self, article: Article) -> Article:
        answer = self._fetcher.get(article.url, {"Accept": _ACCEPT_PAGE})
        if answer.status != 200:
            raise Unreachable(f"the server answered {answer.status}")
        title, text = text_of(answer.body, answer.url, self._worker)
        title = article.title or title
        if len(text) <= len(article.text):
            return article
        return replace(article, title=title, text=text, content_hash=digest(title, text))


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is kept between polls: the validators, a hash of the last body, and the entries whose pages were read."""

    url: str
    etag: str = ""
    modified: str = ""
    body: str = ""
    conditional: int = 0
    pages: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, memory: str, url: str) -> _Memory:
        """What was kept about this address; nothing where the memory is another's or cannot be read."""
        try:
            kept = cls(**json.loads(memory))
            usable = all(isinstance(text, str) for text in (kept.url, kept.etag, kept.modified, kept.body))
            usable = usable and isinstance(kept.conditional, int) and isinstance(kept.pages, dict)
        except (ValueError, TypeError):
            return cls(url)
        return kept if usable and kept.url == url else cls(url)

    def written(self) -> str:
        return json.dumps(asdict(self))

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
