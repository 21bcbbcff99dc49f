"""Connections for fetching from strangers: to addresses that were looked at first, and never beyond a deadline."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from connectors.public_addresses import Network, may_connect
from pipeline.ports import Unreachable


class GuardedTransport(httpx.BaseTransport):
    """httpx over one connection at a time, made to checked addresses, nothing lasting beyond `deadline`.

    `deadline` is a moment of `time.monotonic`; `tls` may be None for an address of plain http. Connecting raises
    `Unreachable` where a name leads to an address that is neither public nor in one of the `allowed` networks.
    """

    def __init__(self, tls: ssl.SSLContext | None, deadline: float, allowed: tuple[Network, ...]) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, network_backend=_Backend(deadline, allowed), max_connections=1
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Connects to an address only after looking at it, and lets nothing last beyond the deadline."""

    def __init__(self, deadline: float, allowed: tuple[Network, ...]) -> None:
        self._deadline = deadline
        self._allowed = allowed
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port, _remaining(self._deadline))
        for address in addresses:
            if not may_connect(address, self._allowed):
                raise Unreachable(f"{host} leads to {address}, which is no public address", lasting=True)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            # The checked address itself is dialled: asked again, the name might lead elsewhere.
            try:
                stream = self._sockets.connect_tcp(address, port, _remaining(self._deadline), local_address)
            except httpcore.ConnectError as problem:
                failure = problem
            else:
                return _Stream(stream, self._deadline)
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _remaining(self._deadline))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _remaining(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout
    return seconds


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name. The system's resolver knows no deadline, so it runs in a thread that may be left."""
    answers: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            answers.put(problem)
        else:
            answers.put(list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout from None
    if isinstance(answer, (OSError, UnicodeError)):
        raise httpcore.ConnectError(f"the name {host} has no address ({answer})")
    return answer
