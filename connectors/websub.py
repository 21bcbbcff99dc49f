"""Subscriptions at the hubs of feeds (W3C WebSub): asked for, verified, renewed; what a hub sends is a reason to poll.

What is pushed is not read: the feed itself is polled, from the outlet's own server. A hub, or whoever takes its place,
can put no word into an outlet's mouth.
"""

from __future__ import annotations

import hmac
import logging
import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connectors.http_fetch import Fetcher
from pipeline.ports import Hub, Unreachable

QUIET = timedelta(hours=1)
"""A feed whose hub tells of news is polled this often all the same: hubs forget."""

_LEASE = timedelta(days=5)
_LONGEST_LEASE = timedelta(days=30)
_SHORTEST_LEASE = timedelta(minutes=1)
_ASKED_AGAIN = timedelta(hours=1)
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
"""SHA-1, which the recommendation knows as well, is broken."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Subscription:
    """One feed's: asked for at `asked`, in force until `until` (None before the hub has verified it)."""

    feed: str
    hub: Hub
    secret: str
    asked: datetime
    until: datetime | None = None
    renewed: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        return self.until is not None and now < self.until


class Subscriptions:
    """The subscriptions of one process, which a restart begins anew. Threads may share it.

    `callback` is the public address below which hubs find `connectors.websub_callback`.
    """

    def __init__(self, callback: str, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._callback = callback.rstrip("/")
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._by_token: dict[str, _Subscription] = {}
        self._token_of: dict[str, str] = {}
        self._asking: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._ask_hubs, name="websub", daemon=True).start()

    def offered(self, feed: str, hub: Hub, now: datetime) -> None:
        """Subscribe where that is due: a new offer, a lease that ends soon, an hour after a request without success."""
        with self._lock:
            token = self._token_of.get(feed)
            known = self._by_token.get(token) if token else None
            if known is not None and known.hub == hub and not _due(known, now):
                return
            if known is None or known.hub != hub:
                if token:
                    del self._by_token[token]
                token = secrets.token_urlsafe(24)
                known = _Subscription(feed, hub, secrets.token_hex(32), now)
            assert token is not None
            self._token_of[feed] = token
            self._by_token[token] = replace(known, asked=now)
        self._asking.put(token)

    def rest(self, feed: str, now: datetime) -> timedelta:
        """How long the feed need not be polled: an hour, or until the lease has to be renewed; nothing without one."""
        with self._lock:
            known = self._by_token.get(self._token_of.get(feed, ""))
        if known is None or known.until is None or not known.in_force(now):
            return timedelta(0)
        return min(QUIET, max(_renewal(known) - now, timedelta(minutes=1)))

    def news(self) -> set[str]:
        """The feeds of which hubs have told since the last call."""
        told: set[str] = set()
        while True:
            try:
                told.add(self._news.get_nowait())
            except queue.Empty:
                return told

    def verified(self, token: str, mode: str, topic: str, lease_seconds: str) -> bool:
        """Whether a hub's question is about what was asked for; a subscription is in force from then on.

        A question to unsubscribe is never ours. A refusal ("denied") is noted.
        """
        now = self._clock()
        with self._lock:
            known = self._by_token.get(token)
            if known is None or topic != known.hub.topic:
                return False
            if mode == "denied":
                self._by_token[token] = replace(known, until=None)
                _log.warning("%s: its hub refuses to subscribe naqid; it is polled as before", known.feed)
                return True
            if mode != "subscribe" or now - known.asked > _ASKED_AGAIN:
                return False
            seconds = int(lease_seconds[:9]) if lease_seconds.isascii() and lease_seconds.isdigit() else 0
            lease = timedelta(seconds=seconds) if seconds else _LEASE
            lease = min(max(lease, _SHORTEST_LEASE), _LONGEST_LEASE)
            self._by_token[token] = replace(known, until=now + lease, renewed=now)
        return True

    def pushed(self, token: str, signature: str, body: bytes) -> bool:
        """Take note of what a hub sent. False where no subscription has this token.

        What is not signed with the subscription's secret, by SHA-256 or better, is passed over (section 8).
        """
        with self._lock:
            known = self._by_token.get(token)
        if known is None or not known.in_force(self._clock()):
            return False
        method, _, given = signature.strip().partition("=")
        if method in _DIGESTS:
            right = hmac.new(known.secret.encode(), body, method).hexdigest()
            if hmac.compare_digest(right.encode(), given.lower().encode()):
                self._news.put(known.feed)
                return True
        _log.warning("%s: its hub sent something that is not signed as was agreed; it is passed over", known.feed)
        return True

    def _ask_hubs(self) -> None:
        while True:
            token = self._asking.get()
            with self._lock:
                known = self._by_token.get(token)
            if known is None:
                continue
            form = {
                "hub.mode": "subscribe",
                "hub.topic": known.hub.topic,
                "hub.callback": f"{self._callback}/{token}",
                "hub.lease_seconds": str(round(_LEASE.total_seconds())),
                "hub.secret": known.secret,
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            try:
                answer = self._fetcher.post(known.hub.address, headers, urlencode(form).encode())
                if answer.status not in (200, 202, 204):
                    raise Unreachable(f"it answered {answer.status}")
            except Unreachable as problem:
                _log.warning("%s: its hub takes no subscription, and it is polled as before: %s", known.feed, problem)


def _renewal(known: _Subscription) -> datetime:
    """After four fifths of the lease."""
    if known.until is None or known.renewed is None:
        return known.asked
    return known.renewed + (known.until - known.renewed) * 0.8


def _due(known: _Subscription, now: datetime) -> bool:
    if now - known.asked < timedelta(0):
        return True  # the clock was set back
    if known.in_force(now):
        return now >= _renewal(known) and now - known.asked >= _SHORTEST_LEASE
    return now - known.asked >= _ASKED_AGAIN
