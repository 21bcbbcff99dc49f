"""One document over HTTP within hard bounds: of time altogether, of size when unpacked, of redirects, of addresses."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import httpcore
import httpx

from connectors.guarded_network import GuardedTransport
from connectors.public_addresses import Network
from connectors.web_address import web_address
from pipeline.ports import Unreachable

USER_AGENT = "naqid/0.1 (reads news feeds)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one fetch: seconds for everything, bytes of the unpacked body, redirects followed."""

    seconds: float = 20.0
    body: int = 15 << 20
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered last, at `url`, after any redirects. Header names are in lower case.

    `moved` is as far as redirects said that they are for good, "" where the first was not.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    moved: str = ""


class Fetcher:
    """Fetches documents one by one; threads may share it.

    It speaks to public addresses alone, and to the `allowed` networks. It keeps no cookies and uses no proxy, since
    behind one the address of a server cannot be checked.
    """

    def __init__(self, limits: Limits = Limits(), allowed: Iterable[Network] = ()) -> None:
        self.limits = limits
        self._allowed = tuple(allowed)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The final answer, whatever its status; only one of status 200 has its body read.

        Raises `Unreachable` with the reason in words: no connection, an address that is refused, a bound exceeded.
        """
        return self._exchange("GET", url, headers, b"")

    def post(self, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """The answer to a form or document sent; a redirect is its answer, not followed. Raises as `get`."""
        return self._exchange("POST", url, headers, content)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        deadline = time.monotonic() + self.limits.seconds
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers}
        moved, for_good = "", True
        try:
            hop = web_address(url)
            for _ in range(self.limits.redirects + 1):
                tls = self._tls if hop.scheme == "https" else None
                # The client above a transport would follow, decode and keep cookies by rules of its own.
                with GuardedTransport(tls, deadline, self._allowed) as transport:
                    answer, target = self._hop(transport, httpx.Request(method, hop, headers=sent, content=content))
                if target is None or method == "POST":
                    return replace(answer, moved=moved)
                for_good = for_good and answer.status in _PERMANENT
                moved = str(target) if for_good else moved
                hop = target
        except (httpcore.TimeoutException, httpx.TimeoutException):
            raise Unreachable(f"no complete answer within {self.limits.seconds:g} s") from None
        except (httpcore.ProtocolError, httpx.ProtocolError, httpx.InvalidURL) as problem:
            raise Unreachable(f"the server does not speak HTTP correctly: {problem}") from None
        except (httpcore.NetworkError, httpx.HTTPError, OSError) as problem:
            raise Unreachable(f"no connection: {problem}", lasting="CERTIFICATE" in str(problem)) from None
        raise Unreachable(f"more than {self.limits.redirects} redirects")

    def _hop(self, transport: httpx.BaseTransport, request: httpx.Request) -> tuple[Answer, httpx.URL | None]:
        """The answer of one server, or the address to which it sends us."""
        response = transport.handle_request(request)
        try:
            found = {name.lower(): value for name, value in response.headers.items()}
            if response.status_code in _REDIRECTS and "location" in found:
                target = web_address(found["location"].strip(), request.url)
                return Answer(response.status_code, found, b"", str(request.url)), target
            body = self._body(response, found.get("content-encoding", "")) if response.status_code == 200 else b""
            return Answer(response.status_code, found, body, str(request.url)), None
        finally:
            response.close()

    def _body(self, response: httpx.Response, coding: str) -> bytes:
        coding = coding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise Unreachable(f"the answer is coded as {coding[:40]!r}, which was not asked for")
        # The raw bytes are unpacked here, since httpx would hand over whatever a small bomb grows into at once.
        unpack = _Gunzip(self.limits.body) if coding.endswith("gzip") else None
        body, received = bytearray(), 0
        for chunk in response.iter_raw():
            received += len(chunk)
            body += unpack(chunk) if unpack else chunk
            if len(body) > self.limits.body or received > self.limits.body:
                raise Unreachable(f"the answer is larger than {self.limits.body:,} bytes")
        if unpack and not unpack.complete:
            raise Unreachable("the answer ends in the middle of its gzip coding")
        return bytes(body)


class _Gunzip:
    """Unpacks gzip piece by piece, never to much more than `limit` bytes at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stream = zlib.decompressobj(wbits=31)
        self._begun = False

    @property
    def complete(self) -> bool:
        return self._stream.eof or not self._begun

    def __call__(self, packed: bytes) -> bytes:
        unpacked = bytearray()
        try:
            while packed and len(unpacked) <= self._limit:
                if self._stream.eof:
                    # A gzip file may be several, one after the other; what follows the last is padding.
                    if not packed.startswith(b"\x1f"):
                        break
                    self._stream = zlib.decompressobj(wbits=31)
                self._begun = True
                unpacked += self._stream.decompress(packed, self._limit + 1 - len(unpacked))
                packed = self._stream.unused_data or self._stream.unconsumed_tail
        except zlib.error:
            raise Unreachable("the answer says that it is gzip and is not") from None
        return bytes(unpacked)
