"""What ends a person's certificate, or brings it back, in the register of ``pki.ports``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from csc_server.ports.messages import NewMessage
from pki.ports import Register, Serial
from policies.audit import Event
from policies.revocation import CertificateState, Reason


class Endings(Register, Protocol):
    """The register, and the changes that are told to a certificate's owner."""

    async def end(
        self,
        serial: Serial,
        to: CertificateState,
        reason: Reason,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage] = (),
    ) -> None:
        """Suspend or revoke: the credential's key is disabled in the same transaction.

        Raises:
            CertificateUnknown: No such serial number.
            CertificateNotSo: See ``policies.revocation``.
        """

    async def resume(
        self, serial: Serial, events: Sequence[Event], mails: Sequence[NewMessage] = ()
    ) -> None:
        """A suspended certificate is good again, and its key enabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As above.
        """
