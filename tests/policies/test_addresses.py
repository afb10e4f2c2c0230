"""Which address is believed. (security-and-pki 5.7)"""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies import addresses

PROXIES = (ip_network("10.0.0.0/24"), ip_network("2001:db8:ff::/64"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # Nobody stands in between.
        ("198.51.100.7", [], "198.51.100.7"),
        # A stranger's header counts for nothing.
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        # One proxy, two proxies, one after the other in one header or in two.
        ("10.0.0.5", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["203.0.113.1, 10.0.0.6"], "203.0.113.1"),
        ("10.0.0.5", ["203.0.113.1", "10.0.0.6"], "203.0.113.1"),
        ("2001:db8:ff::1", ["2001:db8:1::9"], "2001:db8:1::9"),
        # What the caller put there itself stands to the left, and is not looked at.
        ("10.0.0.5", ["192.0.2.1, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["10.0.0.9, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.5", ["nonsense, 203.0.113.1"], "203.0.113.1"),
        # The proxy itself calls, or does not know.
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["unknown"], "10.0.0.5"),
        ("10.0.0.5", ["unknown, 10.0.0.6"], "10.0.0.6"),
        ("10.0.0.5", ["10.0.0.6"], "10.0.0.6"),
        # As some proxies and sockets write addresses.
        ("10.0.0.5", ["203.0.113.1:4711"], "203.0.113.1"),
        ("10.0.0.5", ["[2001:db8:1::9]:4711"], "2001:db8:1::9"),
        ("::ffff:10.0.0.5", ["::ffff:203.0.113.1"], "203.0.113.1"),
        ("fe80::1%eth0", [], "fe80::1"),
        # A socket in the file system.
        (None, ["203.0.113.1"], "unknown"),
        ("", [], "unknown"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    """Read from the right, as far as our own proxies wrote it."""
    assert addresses.caller(peer, forwarded, PROXIES) == expected


def test_without_proxies_the_header_counts_for_nothing() -> None:
    """The default."""
    assert addresses.caller("10.0.0.5", ["203.0.113.1"], ()) == "10.0.0.5"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_line_is_one_caller(address: str, expected: str) -> None:
    """However many addresses it has."""
    assert addresses.household(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_what_one_office_has(address: str, expected: str) -> None:
    """/24 and /64."""
    assert addresses.network(address) == expected
