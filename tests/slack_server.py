"""A loopback server that takes posts as Slack's incoming webhooks do, and misbehaves on request."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

PATH = "/services/T0NAQID/B0NAQID/kept-secret-from-everyone"

_TEXT_LIMIT = 40_000
_BLOCK_LIMIT = 50
_ALL_BLOCKS_LIMIT = 13_000
_INLINE = {
    "text": "text",
    "link": "url",
    "emoji": "name",
    "user": "user_id",
    "channel": "channel_id",
    "broadcast": "range",
}
_RICH = ("rich_text_section", "rich_text_quote", "rich_text_preformatted", "rich_text_list")


@dataclass(frozen=True)
class Reply:
    """A scripted answer: a status, a body and headers."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


Step = Reply | Literal["hang", "close", "cut", "trickle", "flood", "ok"]
"""What to do with one post. "hang": take it and say nothing; "close": hang up before answering; "cut": hang up in the
middle of the body; "trickle": a header byte now and then; "flood": a body without end; "ok": Slack's own answer."""


def rate_limited(seconds: int | str) -> Reply:
    return Reply(429, "rate_limited", {"Retry-After": str(seconds)})


def redirect(address: str) -> Reply:
    return Reply(302, "", {"Location": address})


class SlackServer:
    """A context manager. `url` is the webhook's address, `posts` the payloads accepted, `refused` Slack's words
    for those that were not, `seen` the number of requests of any kind. `script` says what the next posts meet."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.seen = 0
        self._steps: deque[Step] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        server = self

        class Handler(_Handler):
            slack = server

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return self.origin + PATH

    def script(self, steps: Sequence[Step]) -> None:
        with self._lock:
            self._steps.extend(steps)

    def wait_for(self, posts: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """The accepted posts once there are so many. Raises `TimeoutError` if they do not come."""
        until = time.monotonic() + timeout
        while len(self.posts) < posts:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.posts)} of {posts} posts came within {timeout} s")
            time.sleep(0.01)
        return list(self.posts)

    def __enter__(self) -> SlackServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def next_step(self) -> Step:
        with self._lock:
            self.seen += 1
            return self._steps.popleft() if self._steps else "ok"

    def take(self, content_type: str, body: bytes) -> Reply:
        """Slack's own answer to a post."""
        try:
            payload = read_payload(content_type, body)
        except ValueError as error:
            with self._lock:
                self.refused.append(str(error))
            return Reply(400, str(error))
        with self._lock:
            self.posts.append(payload)
        return Reply(200, "ok")

    def rest(self, seconds: float) -> bool:
        """Wait; True when the server is closing."""
        return self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    slack: SlackServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address is a secret."""

    def do_GET(self) -> None:
        self.slack.next_step()
        self._answer(Reply(302, "", {"Location": "https://slack.invalid/"}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        step = self.slack.next_step()
        if isinstance(step, Reply):
            self._answer(step)
        elif step == "ok":
            known = self.path == PATH
            self._answer(
                self.slack.take(self.headers.get("Content-Type", ""), body) if known else Reply(404, "no_service")
            )
        else:
            self._misbehave(step)

    def _answer(self, reply: Reply) -> None:
        data = reply.body.encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _misbehave(self, step: str) -> None:
        self.close_connection = True
        if step == "hang":
            while not self.slack.rest(0.05):
                pass
        elif step == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        elif step == "trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.slack.rest(0.02):
                self.wfile.write(b"a")
        elif step == "flood":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            while not self.slack.rest(0):
                self.wfile.write(b"a" * 65536)
        self.connection.shutdown(socket.SHUT_RDWR)


def read_payload(content_type: str, body: bytes) -> dict[str, Any]:
    """The payload of a post. Raises `ValueError` with Slack's word for what is wrong with it."""
    if not content_type.startswith("application/json"):
        raise ValueError("invalid_payload")
    try:
        payload = json.loads(body.decode("utf-8"))
    except ValueError:
        raise ValueError("invalid_payload") from None
    if not isinstance(payload, dict):
        raise ValueError("invalid_payload")
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not text and not blocks:
        raise ValueError("no_text")
    if not isinstance(text, str) or len(text) > _TEXT_LIMIT:
        raise ValueError("msg_too_long")
    if not isinstance(blocks, list) or len(blocks) > _BLOCK_LIMIT:
        raise ValueError("invalid_blocks")
    for block in blocks:
        if not (isinstance(block, dict) and _is_block(block)):
            raise ValueError("invalid_blocks")
    if sum(len(words) for words in strings(blocks)) > _ALL_BLOCKS_LIMIT:
        raise ValueError("msg_blocks_too_long")
    return payload


def strings(value: Any) -> Iterator[str]:
    """All the text anywhere in a payload, types and styles left aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("type", "style"):
                yield from strings(item)


def _is_block(block: dict[str, Any]) -> bool:
    elements = block.get("elements")
    match block.get("type"):
        case "header":
            return _is_text(block.get("text"), 150, ("plain_text",))
        case "section":
            fields = block.get("fields", [])
            fine = len(fields) <= 10 and all(_is_text(item, 2000) for item in fields)
            return fine and (bool(fields) if "text" not in block else _is_text(block["text"], 3000))
        case "context":
            return isinstance(elements, list) and 0 < len(elements) <= 10 and all(_is_text(e, 3000) for e in elements)
        case "divider":
            return True
        case "rich_text":
            return isinstance(elements, list) and bool(elements) and all(_is_rich(element) for element in elements)
    return False


def _is_text(text: Any, limit: int, kinds: Sequence[str] = ("plain_text", "mrkdwn")) -> bool:
    if not isinstance(text, dict) or text.get("type") not in kinds or not isinstance(text.get("text"), str):
        return False
    allowed = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    return 0 < _units(text["text"]) <= limit and set(text) <= allowed


def _is_rich(element: Any) -> bool:
    if not isinstance(element, dict) or element.get("type") not in _RICH:
        return False
    inside = element.get("elements")
    if not isinstance(inside, list) or not inside:
        return False
    if element["type"] == "rich_text_list":
        return all(_is_rich(item) for item in inside)
    return all(_is_inline(item) for item in inside)


def _is_inline(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("type") not in _INLINE:
        return False
    content = item.get(_INLINE[item["type"]])
    if (
        not isinstance(content, str)
        or not content
        or not set(item) <= {"type", "text", "url", "style", _INLINE[item["type"]]}
    ):
        return False
    style = item.get("style", {})
    if not isinstance(style, dict) or not set(style) <= {"bold", "italic", "strike", "code"}:
        return False
    return item["type"] != "link" or (content.isascii() and len(content) <= 3000 and " " not in content)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
