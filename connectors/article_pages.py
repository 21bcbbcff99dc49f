"""The pages of articles whose feed shows a summary: a few at each poll, politely, and only where robots.txt allows."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from connectors.http_fetch import Fetcher
from connectors.page_text import text_of
from connectors.robots import Robots
from connectors.worker_process import Worker
from pipeline.core.article import Article, digest
from pipeline.ports import Unreachable

_ACCEPT = "text/html, application/xhtml+xml;q=0.9"
_HOSTS = 10_000


class Pages:
    """Fetches pages one by one; feeds share it, so that one host gets one request in `gap` seconds.

    A poll may fetch `most` pages and take `seconds` for them all.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        worker: Worker | None = None,
        *,
        gap: float = 1.0,
        most: int = 20,
        seconds: float = 60.0,
    ) -> None:
        self.most = most
        self.seconds = seconds
        self._fetcher = fetcher
        self._worker = worker
        self._robots = Robots(fetcher, worker)
        self._gap = gap
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def completed(self, article: Article, now: datetime) -> Article:
        """The article with the text of its page where that is longer.

        Raises `Unreachable` and `Rejected` as the server, its robots.txt and the worker ask for.
        """
        delay = self._robots.delay(article.url, now)
        self._wait(urlsplit(article.url).netloc, max(delay, self._gap))
        answer = self._fetcher.get(article.url, {"Accept": _ACCEPT})
        if answer.status != 200:
            raise Unreachable(f"the server answered {answer.status}")
        title, text = text_of(answer.body, answer.url, self._worker)
        title = article.title or title
        if len(text) <= len(article.text):
            return article
        return replace(article, title=title, text=text, content_hash=digest(title, text))

    def _wait(self, host: str, gap: float) -> None:
        """Wait for this host's turn, and take it."""
        with self._lock:
            here = time.monotonic()
            turn = max(self._free.get(host, here), here)
            if len(self._free) >= _HOSTS:
                self._free = {name: free for name, free in self._free.items() if free > here}
            if turn - here > self.seconds:
                raise Unreachable("other pages of its host stand in line before it")
            self._free[host] = turn + gap
        time.sleep(turn - here)
