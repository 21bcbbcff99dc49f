"""A loopback web server whose documents a test sets, well-behaved or not, and which remembers what it was asked."""

from __future__ import annotations

import contextlib
import gzip
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Document:
    """One answer. `pieces` replaces `body` by chunks sent as they come, with no length announced."""

    body: bytes | str = b""
    status: int = 200
    content_type: str = "application/rss+xml"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: str = ""
    gzip: bool = False
    pieces: Callable[[], Iterator[bytes]] | None = None


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]


class FeedServer:
    """`with FeedServer() as server: server.documents["/feed.xml"] = Document(...)`; its address is `server.url`.

    A document is a `Document`, or the bytes or the string of one, or a function from the request to one. A request
    whose validators match a document's is answered 304. `server.requests` lists what was asked, in order.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.documents: dict[str, Document | bytes | str | Callable[[Request], Document]] = {}
        self.requests: list[Request] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="feed server", daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Document:
        self.requests.append(request)
        found = self.documents.get(request.path)
        if found is None:
            return Document(b"no such document", status=404, content_type="text/plain")
        if isinstance(found, (bytes, str)):
            return Document(found)
        document = found(request) if callable(found) else found
        asked_etag, asked_modified = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        matches = asked_etag == document.etag if asked_etag else asked_modified == document.modified
        if (
            document.status == 200
            and (document.etag or document.modified)
            and (asked_etag or asked_modified)
            and matches
        ):
            return Document(status=304, etag=document.etag, modified=document.modified)
        return document

    def __enter__(self) -> FeedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def rss(*items: str, title: str = "وكالة الاختبار", home: str = "https://outlet.example/") -> str:
    """A document of RSS 2.0 around the items."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>{title}</title><link>{home}</link>{''.join(items)}</channel></rss>"
    )


def item(
    title: str = "",
    link: str = "",
    text: str = "",
    published: str = "Mon, 13 Nov 2017 10:00:00 GMT",
    guid: str = "",
    content: str = "",
) -> str:
    """An item of RSS; an empty part is left out, and every part is written as given."""
    parts = {"title": title, "link": link, "description": text, "pubDate": published, "content:encoded": content}
    marked = "".join(f"<{name}>{words}</{name}>" for name, words in parts.items() if words)
    identity = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item>{marked}{identity}</item>"


def _handler(server: FeedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            # A client that does not believe the certificate hangs up in the middle of the handshake.
            with contextlib.suppress(OSError):
                super().handle()

        def do_GET(self) -> None:
            document = server.answer(Request(self.path, {name.lower(): value for name, value in self.headers.items()}))
            # A client that has seen enough hangs up; that is what several tests are about.
            with contextlib.suppress(OSError):
                self._send(document)

        def _send(self, document: Document) -> None:
            body = document.body.encode() if isinstance(document.body, str) else document.body
            headers = {"Content-Type": document.content_type, **document.headers}
            if document.gzip:
                body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
            if document.etag:
                headers["ETag"] = document.etag
            if document.modified:
                headers["Last-Modified"] = document.modified
            if document.pieces is None and document.status != 304:
                headers.setdefault("Content-Length", str(len(body)))
            self.close_connection = True
            self.send_response(document.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in document.pieces() if document.pieces else [body]:
                self.wfile.write(piece)
                self.wfile.flush()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the requests are in the server's list."""

    return Handler
