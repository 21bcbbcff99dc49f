"""The small server that hubs speak to: it answers their questions and takes what they send, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.websub import Subscriptions

_LARGEST = 5 << 20
_SECONDS = 10.0
_AT_ONCE = 50
_LONGEST_CHALLENGE = 1000


def callback(subscriptions: Subscriptions) -> Starlette:
    """The application: a path for each subscription, which nobody can guess."""

    async def verify(request: Request) -> Response:
        asked = {name: request.query_params.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge")}
        lease = request.query_params.get("hub.lease_seconds", "")
        token = request.path_params["token"]
        if len(asked["challenge"]) > _LONGEST_CHALLENGE:
            return Response(status_code=400)
        if not subscriptions.verified(token, asked["mode"], asked["topic"], lease):
            return Response(status_code=404)
        return PlainTextResponse(asked["challenge"], headers={"X-Content-Type-Options": "nosniff"})

    async def take(request: Request) -> Response:
        body = bytearray()
        try:
            async with asyncio.timeout(_SECONDS):
                async for piece in request.stream():
                    body += piece
                    if len(body) > _LARGEST:
                        return Response(status_code=413)
        except TimeoutError:
            return Response(status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)
        signature = request.headers.get("x-hub-signature", "")
        known = subscriptions.pushed(request.path_params["token"], signature, bytes(body))
        # "Gone" tells a hub to end a subscription that a former start of this process asked for.
        return Response(status_code=202 if known else 410)

    return Starlette(
        routes=[Route("/{token}", verify, methods=["GET"]), Route("/{token}", take, methods=["POST"])],
    )


@contextlib.contextmanager
def listening(subscriptions: Subscriptions, host: str, port: int) -> Iterator[int]:
    """Serve hubs at this host and port (0: any) until the end. Gives the port. Raises `OSError` where it is taken."""
    listener = socket.create_server((host, port))
    settings = uvicorn.Config(
        callback(subscriptions),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=16 << 10,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listener],), name="websub callback", daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
