"""A server on the loopback interface that does wrong in every way known: each fault has a name, which is its path.

A fault writes what it likes on the connection. `tests/test_faults.py` says what has to come of each.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator

from feed_server import item, rss

Fault = Callable[[socket.socket, str], None]
"""Answers a request on the connection; the text is the request's head."""

FEED = rss(item("الجيش ينسحب من البوكمال", "https://outlet.example/1", "ملخص")).encode()
OTHER = rss(item("الجيش ينفي انسحابه من البوكمال", "https://outlet.example/2", "ملخص")).encode()
PIECE = 1 << 16


class FaultServer:
    """`with FaultServer(faults) as server`: the fault NAME answers at `server.url + "/NAME"`.

    Every connection has a thread and one request. `asked` counts requests by name.
    """

    def __init__(self, faults: dict[str, Fault]) -> None:
        self._faults = faults
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: dict[str, int] = {}
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> FaultServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            with self._lock:
                self._open.add(connection)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(PIECE)):
                head += more
            text = head.decode("latin-1")
            name = text.split(" ")[1].split("?")[0].lstrip("/") if " " in text else ""
            with self._lock:
                self.asked[name] = self.asked.get(name, 0) + 1
            self._faults[name](connection, text)
        with self._lock:
            self._open.discard(connection)


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole answer; `length` is what it says of its body's length, by default the truth."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {said}", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def says(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Fault:
    return lambda connection, _: connection.sendall(answer(body, *headers, status=status, length=length))


def raw(sent: bytes) -> Fault:
    return lambda connection, _: connection.sendall(sent)


def silent(connection: socket.socket, _: str) -> None:
    _hold(connection)


def stays_open(sent: bytes) -> Fault:
    """Sends this and neither speaks nor hangs up."""

    def fault(connection: socket.socket, _: str) -> None:
        connection.sendall(sent)
        _hold(connection)

    return fault


def dripping(first: bytes, drop: bytes = b" ") -> Fault:
    """A byte now and then, so that no single read ever times out."""

    def fault(connection: socket.socket, _: str) -> None:
        connection.sendall(first)
        for _drop in range(2_000):
            connection.sendall(drop)
            time.sleep(0.05)

    return fault


def endless(head: bytes, piece: bytes) -> Fault:
    def fault(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        for _piece in range(100_000):
            connection.sendall(piece)

    return fault


def reset(connection: socket.socket, _: str) -> None:
    """Breaks the connection off without a word of farewell."""
    connection.sendall(answer(FEED, length=50_000)[:200])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def in_turn(*faults: Fault) -> Fault:
    """One after the other; the last one stays."""
    left = list(faults)

    def fault(connection: socket.socket, head: str) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection, head)

    return fault


def unchanged_for(etag: str, body: bytes, status_when_asked: str = "304 Not Modified") -> Fault:
    """Says that nothing changed to whoever brings the validator."""

    def fault(connection: socket.socket, head: str) -> None:
        if f"If-None-Match: {etag}".lower() in head.lower():
            connection.sendall(answer(b"", f"ETag: {etag}", status=status_when_asked))
        else:
            connection.sendall(answer(body, f"ETag: {etag}"))

    return fault


def redirect(location: str, status: str = "302 Found") -> Fault:
    return says(b"", f"Location: {location}", status=status)


def bomb(megabytes: int = 200) -> bytes:
    """Zeros in a thousandth of their size."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(b"\0" * (1 << 20)) for _ in range(megabytes)), packer.flush()])


def chunked(pieces: Iterator[bytes] | list[bytes], end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


GZIP = "Content-Encoding: gzip"
PLAIN_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
GZIP_HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"


def packed(body: bytes) -> bytes:
    return gzip.compress(body)


def _hold(connection: socket.socket) -> None:
    """Until the other side hangs up."""
    connection.settimeout(30)
    while connection.recv(PIECE):
        pass
