"""Where a call comes from: which address is believed, and which network it lies in.

Limits and the audit log go by the caller's address. Behind a reverse proxy the address of the
connection is the proxy's; then ``X-Forwarded-For`` counts, as far as proxies of ours wrote it and
no farther: what stands to the left of them is whatever the caller liked to send. (security-and-pki
5.7; ASVS 4.1.3)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN: Final = "unknown"
"""Where no address is known, such as a socket in the file system: one source for all."""
_BITS: Final = {4: 24, 6: 64}
"""What one line of a household or an office has: IPv6 gives each a /64 (RFC 6177)."""


def caller(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is no proxy of ours.

    Args:
        peer: Address of the connection.
        forwarded: Every ``X-Forwarded-For`` header of the request, in order.
        trusted: Networks of our proxies; empty: the header counts for nothing.
    """
    found = _parsed(peer or "")
    if found is None:
        return UNKNOWN
    hops = ",".join(forwarded).split(",")
    while hops and _within(found, trusted):
        before = _parsed(hops.pop())
        if before is None:
            break
        found = before
    return str(found)


def network(address: str) -> str:
    """The network of an address, as far as one household or office has it to itself."""
    parsed = _parsed(address)
    if parsed is None:
        return UNKNOWN
    return str(ipaddress.ip_network(f"{parsed}/{_BITS[parsed.version]}", strict=False))


def household(address: str) -> str:
    """What counts as one caller: an IPv4 address, but a whole IPv6 network.

    An IPv6 line has more addresses than anybody can count; limits per address would be none.
    """
    parsed = _parsed(address)
    if parsed is None or parsed.version == 4:
        return address
    return network(address)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in one for one in networks)


def _parsed(text: str) -> Address | None:
    """The address in a text; some proxies write a port behind it. ``None``: there is none."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 callers so.
    return getattr(address, "ipv4_mapped", None) or address
