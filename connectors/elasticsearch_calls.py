"""How naqid speaks with Elasticsearch: work is written once, as steps, and done by a sync or an async client.

A piece of work is a generator that yields a `Call` or a `Wait` and gets the answer, or the client's error, in return.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from elastic_transport import TransportError
from elasticsearch import ApiError, AsyncElasticsearch, Elasticsearch

from pipeline.ports import Unreachable

Credentials = tuple[str, str] | str | None
"""(user, password), an API key, or none."""

Result = TypeVar("Result")

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that a later try may find gone."""
_SHORTEST_WAIT, _LONGEST_WAIT = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """A method of the client by its dotted name ("indices.create"), with its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


Work = Generator[Call | Wait, Any, Result]


class Patience:
    """Waits that double from ¼ s to 5 s, for `seconds` in all since something last went well."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.went_well()

    def went_well(self) -> None:
        self._since = time.monotonic()
        self._next = _SHORTEST_WAIT

    def wait(self, reason: str) -> Wait:
        """The next wait. Raises `Unreachable` with the reason when it would end too late."""
        if time.monotonic() - self._since + self._next > self._seconds:
            raise Unreachable(reason)
        wait, self._next = Wait(self._next), min(self._next * 2, _LONGEST_WAIT)
        return wait


def patiently(call: Call, where: str, patience: Patience) -> Work[Any]:
    """The answer to the call, tried until it comes or patience ends.

    Raises `Unreachable` naming `where`, and `ApiError` for an answer that a later try would get again.
    """
    while True:
        try:
            answer = yield call
        except (TransportError, ApiError) as error:
            if isinstance(error, ApiError) and error.status_code not in BUSY:
                raise
            yield patience.wait(f"{where}: {told(error)}")
        else:
            patience.went_well()
            return answer


def told(error: TransportError | ApiError) -> str:
    """What the server or the connection said, in one line and without what was sent."""
    if isinstance(error, ApiError):
        body = error.body
        reason = reason_of(body["error"]) if isinstance(body, Mapping) and body.get("error") else error.message
        return f"{error.status_code}: {reason}"
    return f"{type(error).__name__}: {error.message}"


def reason_of(error: Any) -> str:
    """An error object of Elasticsearch's in words: its type, its reason, and that of its deepest cause."""
    if not isinstance(error, Mapping):
        return str(error or "no reason given")
    text = ": ".join(str(error[name]) for name in ("type", "reason") if error.get(name))
    cause = error.get("caused_by")
    while isinstance(cause, Mapping) and isinstance(cause.get("caused_by"), Mapping):
        cause = cause["caused_by"]
    return f"{text} ({reason_of(cause)})" if isinstance(cause, Mapping) else text or "no reason given"


def do(work: Work[Result], client: Elasticsearch) -> Result:
    """Do the work with a sync client."""
    try:
        step = next(work)
        while True:
            try:
                answer = None
                if isinstance(step, Wait):
                    time.sleep(step.seconds)
                else:
                    answer = _method(client, step)(**step.arguments)
            except (TransportError, ApiError) as error:
                step = work.throw(error)
            else:
                step = work.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result


async def do_async(work: Work[Result], client: AsyncElasticsearch) -> Result:
    """Do the work with an async client."""
    try:
        step = next(work)
        while True:
            try:
                answer = None
                if isinstance(step, Wait):
                    await asyncio.sleep(step.seconds)
                else:
                    answer = await _method(client, step)(**step.arguments)
            except (TransportError, ApiError) as error:
                step = work.throw(error)
            else:
                step = work.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result


def connection(url: str, credentials: Credentials, certificates: Path | None, timeout: float) -> dict[str, Any]:
    """The arguments of either client. Retries are made here, so the client makes none.

    Raises `ValueError` for an address without a scheme, a host or a port.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{shown(url)!r} is no address of Elasticsearch: it begins with http:// or https://")
    arguments: dict[str, Any] = {"hosts": [url], "request_timeout": timeout, "max_retries": 0}
    if isinstance(credentials, str):
        arguments["api_key"] = credentials
    elif credentials is not None:
        arguments["basic_auth"] = credentials
    if certificates is not None:
        arguments["ca_certs"] = str(certificates)
    return arguments


def shown(url: str) -> str:
    """The address without a user and a password that stand in it."""
    return urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()


def _method(client: Elasticsearch | AsyncElasticsearch, call: Call) -> Callable[..., Any]:
    method: Callable[..., Any] = attrgetter(call.name)(client)
    return method
