"""The root ceremony: a root in a token of its own, and the issuing authority under it.

1. keys: the root's in the root's token, the issuing one in the service token
2. root: signs itself
3. issuing: reserved in the register, signed by the root, stored
4. list: the root's first revocation list

Afterwards the root's token is not needed until another authority is made or a list runs out, and
can be taken away. (security-and-pki 2.2; EN 319 411-1 6.5.1)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from csc_server.operations.certify import CertifyService, crl_issued
from csc_server.operations.serials import serial_number
from csc_server.ports import Clock, Entropy
from pki import authority, crl, names, profiles, service_keys
from pki.authority import Issuer, Order
from pki.certificates import Addresses
from pki.names import Provider
from pki.service_keys import ServiceKeys
from policies import status
from policies.audit import Event

ROOT_KEY: Final = "ca-root"
ISSUING_KEY: Final = "ca-issuing"


@dataclass(frozen=True, slots=True)
class Authorities:
    """What the ceremony made."""

    root: bytes
    """DER."""
    issuing: bytes
    """DER."""
    crl: bytes
    """The root's revocation list, DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCeremony:
    """`csc-server ca init`."""

    root_keys: ServiceKeys
    """In the root's token."""
    keys: ServiceKeys
    """In the service token."""
    certify: CertifyService
    note: Callable[[Sequence[Event]], Awaitable[None]]
    """Writes audit records that change nothing else."""
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, provider: Provider, addresses: Addresses, tolerated: frozenset[str]
    ) -> Authorities:
        """Root and issuing authority.

        Args:
            addresses: Of the root: where its certificate and its list are found.
            tolerated: As in ``pki.authority.Issuer``.

        Raises:
            CertificateUnfit: A name or address is not fit for a certificate.
            HsmError, StorageUnavailable: Run it again; keys that exist are taken.
        """
        now = self.clock.now()
        root_key = await self.root_keys.service_key(ROOT_KEY, authority.KEY)
        root_sign = service_keys.named(self.root_keys, ROOT_KEY)
        root_name = f"{provider.organization} Root CA"
        root = await authority.root(
            provider, root_name, root_key, serial_number(self.entropy), now, root_sign
        )
        issuer = Issuer(root, (), root_sign, addresses, tolerated)
        order = Order(
            profile=profiles.ISSUING,
            subject=names.authority(provider, f"{provider.organization} Issuing CA 1"),
            public_key=await self.keys.service_key(ISSUING_KEY, authority.KEY),
            lifetime=profiles.ISSUING.longest,
        )
        issuing = await self.certify(issuer, order)
        return Authorities(root, issuing, await self.list(issuer))

    async def list(self, issuer: Issuer) -> bytes:
        """The root's revocation list as it is now, DER.

        Args:
            issuer: The root.

        Raises:
            HsmError, StorageUnavailable: Run it again.
        """
        now = self.clock.now()
        lines = await self.certify.register.not_good(issuer.issuer_id)
        wanted = crl.List(
            issuer=issuer.certificate,
            number=await self.certify.register.next_crl_number(issuer.issuer_id, now),
            window=status.root_crl_window(now),
            entries=crl.entries(lines),
        )
        made = await crl.issue(wanted, authority.ALGORITHM, issuer.sign)
        await self.note([crl_issued(wanted.number, len(lines), now, self.certify.actor)])
        return made
