"""Serial numbers of certificates: unique and not to be guessed. (RFC 5280 4.1.2.2)"""

from __future__ import annotations

from csc_server.ports import Entropy


def serial_number(entropy: Entropy) -> int:
    """127 random bits behind a first one: positive, 17 octets."""
    return int(entropy.identifier(), 16) | 1 << 127
