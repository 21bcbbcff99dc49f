"""Serving the page: the socket that it listens at, and the server in a thread of its own or in this one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from pipeline.ports import Unreachable

_BEGIN_SECONDS = 5.0
_END_SECONDS = 5.0


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address, port 0 for any. Raises `Unreachable` with the cure."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unreachable(
            f"the page cannot listen at {host}:{port} ({error.strerror}): name another with --listen HOST:PORT"
        ) from error
    return bound


def server(app: Starlette) -> uvicorn.Server:
    """A server of the app that tells nothing of requests, whose addresses hold what people search for."""
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none")
    return uvicorn.Server(config)


@contextmanager
def served(app: Starlette, bound: socket.socket) -> Iterator[None]:
    """The app is served in a thread while the context lasts; it answers when the context begins."""
    running = server(app)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]}, name="page", daemon=True)
    thread.start()
    until = time.monotonic() + _BEGIN_SECONDS
    while not running.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join(_END_SECONDS)
        bound.close()
