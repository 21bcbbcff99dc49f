"""Where the log and the index are: a file of this machine, or servers and who logs in there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pipeline.overlay import BadSettings, nearest
from pipeline.secret import Secret

Scheme = Literal["sqlite", "kafka", "http", "https"]

_SHAPES: dict[Scheme, str] = {
    "sqlite": "sqlite:PATH",
    "kafka": "kafka://HOST:PORT,…",
    "http": "http://HOST:PORT",
    "https": "https://HOST:PORT",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a log or an index lives.

    `path` is the file of a "sqlite" address. Of any other, `server` is what comes after the scheme, without the user
    and the password that may have stood in it: HOST:PORT of each Kafka broker, parted by commas, or HOST:PORT/PATH.
    """

    scheme: Scheme
    path: Path = Path()
    server: str = ""
    user: str = ""
    password: Secret | None = None

    @property
    def url(self) -> str:
        """The address of a server, without user and password."""
        return f"{self.scheme}://{self.server}"

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}" if self.scheme == "sqlite" else self.url

    def logging_in(self, user: str, password: Secret | None) -> Address:
        """The address with who logs in there, unless it says so itself."""
        return self if self.user else replace(self, user=user, password=password)


def address(text: str, schemes: Sequence[Scheme], folder: Path, named: str, public: bool) -> Address:
    """The address that a setting gives; a relative file counts from `folder`, `named` says which setting it is.

    A user and a password may stand in it unless it is `public`, as in a file that anyone may read.
    Raises `BadSettings`, which quotes no password.
    """
    scheme, colon, rest = text.partition(":")
    known = next((known for known in schemes if known == scheme), None)
    shapes = " or ".join(_SHAPES[scheme] for scheme in schemes)
    if not colon or known is None:
        said = f"starts with {scheme!r}" if colon else "is no address"
        raise BadSettings(f"{named} {said}{nearest(scheme, schemes)} It reads {shapes}")
    if known == "sqlite":
        if not rest or rest.startswith(("//", ":")):
            raise BadSettings(f"{named} needs a file: sqlite:PATH (a relative one counts from the data folder)")
        return Address("sqlite", folder / Path(rest).expanduser())
    if not rest.startswith("//"):
        raise BadSettings(f"{named} is no address of a server: it reads {_SHAPES[known]}")
    login, _, server = rest[2:].rpartition("@")
    if login and public:
        raise BadSettings(f"{named} must not hold a password: anyone may read it there; name a password_file instead")
    server = server.rstrip("/")
    usable = re.fullmatch(r"[^\s/@?#,]+:\d{1,5}(,[^\s/@?#,]+:\d{1,5})*", server) if known == "kafka" else _is_web(text)
    if not usable:
        raise BadSettings(f"{named} is no address of a server: it reads {_SHAPES[known]}")
    user, _, password = login.partition(":")
    return Address(known, server=server, user=unquote(user), password=Secret(unquote(password)) if password else None)


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and not (parts.query or parts.fragment) and text.isprintable() and " " not in text
    except ValueError:
        return False
