"""Which network addresses are of the public internet: a feed must not lead naqid to a machine behind it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# What `is_global` lets pass although it is not one public machine: forms that carry an IPv4 address inside (mapped,
# compatible, NAT64, Teredo, 6to4), relays of 6to4, and the old site-local range.
_REFUSED: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
    )
)


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """The networks written as "127.0.0.0/8" or "::1". Raises `ValueError` naming the one that is none."""
    return tuple(ip_network(network) for network in written)


def may_connect(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address that a name resolved to may be connected to: public, or in one of the `allowed` networks."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in allowed):
        return True
    if isinstance(ip, IPv6Address) and ip.scope_id:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED)
