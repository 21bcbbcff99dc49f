"""An address of the web as it is taken from strangers: http or https, with a host that can be one."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import httpx
import idna

from pipeline.ports import Unreachable

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_SHOWN = 100


def web_address(written: str | httpx.URL, base: httpx.URL | None = None) -> httpx.URL:
    """The address, a relative one resolved against `base`.

    Raises `Unreachable` saying what is wrong: another scheme, a host that is none (an empty or overlong label, a
    Punycode that says nothing, an IPv4 address that is not four numbers), a port that is none. RFC 1035, RFC 5891.
    """
    # A query may hold a subscriber's key, and the user part a password.
    shown = repr(re.sub("//[^/]*@", "//", str(written).partition("?")[0])[:_SHOWN])
    try:
        url = base.join(written) if base is not None else httpx.URL(written)
    except (httpx.InvalidURL, UnicodeError, ValueError) as problem:
        raise Unreachable(f"{shown} is no address: {problem}", lasting=True) from None
    if url.scheme not in ("http", "https"):
        raise Unreachable(f"only http and https addresses are followed, not {shown}", lasting=True)
    fault = _fault(url.raw_host.decode("ascii", "replace"))
    if not fault and url.port is not None and not 0 < url.port < 65_536:
        fault = f"there is no port {url.port}"
    if fault:
        raise Unreachable(f"{shown} is no address: {fault}", lasting=True)
    return url


def _fault(host: str) -> str:
    """What is wrong with a host's name, "" for nothing."""
    if ":" in host:
        return _is_no(IPv6Address, host.replace("%25", "%"))
    name = host.removesuffix(".")
    labels = name.split(".")
    if not name:
        return "it names no host"
    if len(name) > 253:
        return f"its host has {len(name)} characters, more than 253"
    if _NUMBER.fullmatch(labels[-1]):
        # 127.1, 0x7f000001 and 2130706433 are spellings of an address that only a resolver knows.
        return _is_no(IPv4Address, name)
    return next((fault for label in labels if (fault := _label_fault(label))), "")


def _label_fault(label: str) -> str:
    if not label:
        return "a part of its host's name is empty"
    if len(label) > 63:
        return f"a part of its host's name has {len(label)} characters, more than 63"
    if label.lower().startswith("xn--"):
        try:
            idna.decode(label)
        except (idna.IDNAError, UnicodeError):
            return f"{label!r} in its host's name is no Punycode"
    return "" if _LABEL.fullmatch(label) else f"{label!r} cannot be a part of a host's name"


def _is_no(kind: type[IPv4Address] | type[IPv6Address], host: str) -> str:
    try:
        kind(host)
    except (AddressValueError, ValueError):
        return f"{host!r} is no IP address as it is written"
    return ""
