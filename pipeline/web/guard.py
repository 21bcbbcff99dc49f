"""What stands before every page: who may ask, from which page, and what a browser may do with the answer."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Collection
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.secret import Secret

_HEADERS = {
    # Nothing runs, nothing is loaded from elsewhere, and nobody frames the page.
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Not "no-referrer": a browser then calls the origin of our own forms "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def is_loopback(host: str) -> bool:
    """Whether an address to listen at is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware. `hosts` are the names that the page is known by; `token`, where one is set, is asked for.

    A wrong Host header ends a request, as it shows a name that was bent to this address (DNS rebinding). A request that
    changes something has to come from a page of ours (RFC 6454 Origin, or Fetch Metadata).
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], token: Secret | None) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope["method"], headers)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    added[name] = value
            await send(message)

        await (answer or self._app)(scope, receive, guarded)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return PlainTextResponse("naqid does not answer under this name\n", 421)
        if self._token is not None and not self._is_known(headers.get("authorization", "")):
            return PlainTextResponse(
                "naqid asks for its token\n", 401, {"www-authenticate": 'Basic realm="naqid", charset="UTF-8"'}
            )
        if method in _CHANGING and not _is_from_us(host, headers):
            return PlainTextResponse("this has to be asked from a page of naqid's own\n", 403)
        return None

    def _is_known(self, authorization: str) -> bool:
        """Whether the token comes as a bearer's (RFC 6750) or as the password of any user (RFC 7617)."""
        assert self._token is not None
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode("utf-8").partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        elif scheme.lower() != "bearer":
            return False
        return compare_digest(given.encode("utf-8"), self._token.reveal().encode("utf-8"))


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_from_us(host: str, headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == host
    return headers.get("sec-fetch-site") == "same-origin"
