"""How naqid reaches Kafka: where it is, who naqid is there, and what a client that fails leaves behind (nothing)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from pipeline.ports import Unreachable

Client = TypeVar("Client")
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

# A broker that is back is found within a second; the library's own longest wait is half a minute.
_RECONNECT_MILLISECONDS = 1_000
_BOOTSTRAP_MILLISECONDS = 3_000
_REQUEST_MILLISECONDS = 10_000
# At DEBUG they write down every byte that is sent, a login's too.
_LOGGERS_OF_THE_WIRE = ("kafka.net.connection", "kafka.net.transport", "kafka.protocol.parser")


class Hidden(Protocol):
    """A text that shows itself only to who asks for it."""

    def reveal(self) -> str: ...


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """The brokers to begin with (each "host:port"), and how to log in there, if at all.

    `tls` encrypts; `authority` is the file of the certificate authority, None for those that the system trusts.
    """

    bootstrap: tuple[str, ...]
    user: str = ""
    password: Hidden | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    tls: bool = False
    authority: Path | None = None

    def __post_init__(self) -> None:
        if (self.password is None) != (not self.user):
            raise ValueError("a login at Kafka needs a user and a password")

    @property
    def where(self) -> str:
        """How a person calls these brokers."""
        return f"Kafka at {', '.join(self.bootstrap)}"

    def opened(self, make: Callable[..., Client], **options: Any) -> Client:
        """A client of the library, connected. Raises `Unreachable`."""
        networks: list[KafkaNetClient] = []

        def network(**configuration: Any) -> KafkaNetClient:
            networks.append(KafkaNetClient(**configuration))
            return networks[-1]

        try:
            with self.trouble():
                return make(kafka_client=network, **{**self._options(), **options})
        except BaseException as error:
            # A client whose making failed leaves its thread and sockets running: one more with every attempt.
            for left in networks:
                left.close()
            if isinstance(error, Unreachable) and (self.tls or self.user):
                # The library tells of a login that was refused in its log only, and goes on trying.
                raise Unreachable(f"{error}; or it refuses this login or encryption") from error
            raise

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """What the library raises inside comes out as `Unreachable`."""
        try:
            yield
        except (KafkaError, OSError) as error:
            raise Unreachable(f"{self.where}: {said(error)}") from error

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap),
            "client_id": "naqid",
            "bootstrap_timeout_ms": _BOOTSTRAP_MILLISECONDS,
            "reconnect_backoff_max_ms": _RECONNECT_MILLISECONDS,
            "request_timeout_ms": _REQUEST_MILLISECONDS,
            "security_protocol": ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT"),
        }
        if self.password is not None:
            for name in _LOGGERS_OF_THE_WIRE:
                logging.getLogger(name).addFilter(_above_debug)
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": _Unshown(self.password.reveal()),
            }
        if self.authority is not None:
            options["ssl_cafile"] = str(self.authority)
        return options


class _Unshown(str):
    """A password for the library, which writes its whole configuration to the log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"

    __str__ = __repr__


def _above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def said(error: BaseException) -> str:
    """An error in words: its kind, and its message if it has one."""
    kind, message = type(error).__name__, str(error).strip()
    return message if message.startswith(kind) else f"{kind}: {message}" if message else kind


def addresses(bootstrap: str | Sequence[str]) -> tuple[str, ...]:
    """The brokers that a setting names: "host:port", several in a sequence or parted by commas.

    Raises `ValueError` for what cannot be one.
    """
    parts = bootstrap.split(",") if isinstance(bootstrap, str) else bootstrap
    found = tuple(part.strip() for part in parts if part.strip())
    for address in found:
        host, _, port = address.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536) or "@" in host or "/" in host:
            # Not quoted back: what somebody pasted here may carry a password.
            raise ValueError("a Kafka address reads HOST:PORT, several are parted by commas")
    if not found:
        raise ValueError("Kafka needs an address: HOST:PORT, several are parted by commas")
    return found
