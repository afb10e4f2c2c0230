"""An authority elsewhere certifies a person's key, and learns what ends its certificates.

1. store: the request on record, with key, name and password of its end entity
2. authority: asked, unless an earlier answer was lost: then its certificate is looked for first
3. rules: key, issuer, subject, life and linter, as if it were ours; what is not as ordered is
   revoked at once and nobody gets it
4. store: certificate in the register, credential, order, in one transaction

One end entity for each request, so none is issued twice: after a lost answer the same name is
looked up and its certificate taken. (providers 6.2, 6.4; security-and-pki 6.3)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from asn1crypto import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import load_der_x509_certificate

from csc_server.ports import Clock, Entropy
from csc_server.ports.ca import (
    Asked,
    CaClient,
    CaRequest,
    CaRequests,
    CaUnavailable,
    Certified,
)
from hsm.interface import BindingClaim
from pki import issuers, lint, names
from pki.ports import Registered, Reservation, serial
from policies import errors
from policies.audit import Event, EventType, Outcome
from policies.orders import OrderId
from policies.revocation import Reason
from policies.values import Credential

CLOCKS_APART: Final = timedelta(hours=1)
"""How far notBefore may lie from our time, and notAfter past what was ordered."""
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""A request without an end and without a waiting order: nobody will come for it."""
BATCH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAuthority:
    """The port ``CertificateAuthority`` over an authority elsewhere."""

    client: CaClient
    requests: CaRequests
    chain: tuple[bytes, ...]
    """DER: the authority's certificate that issues, then those above it up to the root."""
    clock: Clock
    entropy: Entropy
    actor: str
    """Who does it, for the audit log."""

    async def earlier(self, order_id: OrderId) -> tuple[BindingClaim, bytes] | None:
        """See ``CertificateAuthority``."""
        known = await self.requests.of_order(order_id)
        return (known.claim, known.request) if known else None

    async def certify(self, asked: Asked) -> Certified:
        """See ``CertificateAuthority``."""
        request, fresh = await self._on_record(asked)
        known = [] if fresh else await self.client.find(request.username)
        leaf = _of_key(known, asked.public_key)
        if leaf is None:
            leaf = await self._enrol(asked, request)
        line = _line(leaf, self.chain[0], asked)
        try:
            fit(leaf, self.chain[0], asked, self.clock.now())
        except errors.CertificateUnfit:
            await self.client.revoke(line.serial, Reason.CESSATION_OF_OPERATION, self.clock.now())
            await self.requests.give_up(request.username, self.clock.now())
            raise
        return Certified(line, (leaf, *self.chain))

    async def keep(
        self,
        certified: Certified,
        credential: Credential,
        order_id: OrderId | None,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """See ``CertificateAuthority``."""
        name, leaf = _username(credential.credential_id), certified.chain[0]
        await self.requests.adopt(name, certified.line, leaf, credential, order_id, now, events)

    async def _on_record(self, asked: Asked) -> tuple[CaRequest, bool]:
        known = await self.requests.of_order(asked.order_id) if asked.order_id else None
        if known is not None:
            return known, False
        now = self.clock.now()
        new = CaRequest(
            username=_username(asked.claim.credential_id),
            password=self.entropy.token(),
            claim=asked.claim,
            request=asked.request,
            profile=asked.profile.name,
            order_id=asked.order_id,
            begun_at=now,
        )
        about = {"request": new.username, "profile": new.profile}
        intent = Event(EventType.CERTIFICATE_INTENT, Outcome.SUCCESS, now, self.actor, about)
        await self.requests.begin(new, [intent])
        return new, True

    async def _enrol(self, asked: Asked, request: CaRequest) -> bytes:
        try:
            return await self.client.enrol(asked, request.username, request.password)
        except errors.AuthorityRefused:
            await self.requests.give_up(request.username, self.clock.now())
            raise
        except CaUnavailable:
            # The answer may be lost and the certificate there.
            leaf = _of_key(await self.client.find(request.username), asked.public_key)
            if leaf is None:
                raise
            return leaf


@dataclass(slots=True, kw_only=True)
class ReportEndings:
    """Tells the authority elsewhere what was suspended, resumed and revoked here.

    The key was disabled with the change (``Register.end``); this is about status for others. Run
    every few seconds; what cannot be told now is told when it can.
    """

    client: CaClient
    requests: CaRequests
    clock: Clock
    _after: int = field(default=0, init=False)
    """Everything that moved up to here was told."""

    async def __call__(self) -> None:
        """Afterwards the authority knows.

        Raises:
            CaUnavailable, StorageUnavailable: The rest is told in the next round.
            AuthorityRefused: All others are told; this one again when it changes, or after a
                restart. Staff has to look at it.
        """
        refused = None
        while found := await self.requests.untold(self._after, BATCH):
            for number, line in found:
                try:
                    await self._tell(line)
                except errors.AuthorityRefused as reason:
                    refused = reason
                self._after = number
        if refused is not None:
            raise refused

    async def _tell(self, line: Registered) -> None:
        if line.revocation is None:
            await self.client.resume(line.serial)
        else:
            await self.client.revoke(line.serial, line.revocation.reason, line.revocation.at)
        await self.requests.told(line.serial, line.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetRequests:
    """Ends requests that nobody will come back to: certificates revoked, keys buried."""

    client: CaClient
    requests: CaRequests
    clock: Clock

    async def __call__(self) -> None:
        """Afterwards none of them is left.

        Raises:
            CaUnavailable, StorageUnavailable: The rest is ended later.
            AuthorityRefused: All others are ended; this one is tried again in each round.
        """
        now, refused = self.clock.now(), None
        for request in await self.requests.forgotten(now - FORGOTTEN_AFTER, BATCH):
            try:
                await self._end(request, now)
            except errors.AuthorityRefused as reason:
                refused = reason
        if refused is not None:
            raise refused

    async def _end(self, request: CaRequest, now: datetime) -> None:
        for leaf in await self.client.find(request.username):
            number = serial(x509.Certificate.load(leaf).serial_number)
            await self.client.revoke(number, Reason.CESSATION_OF_OPERATION, now)
        await self.requests.give_up(request.username, now)


def fit(leaf: bytes, issuer: bytes, asked: Asked, now: datetime) -> None:
    """Return if this is the certificate that was ordered.

    Raises:
        CertificateUnfit: The reason names what is not as ordered, or the linter's finding.
    """
    certificate, authority = load_der_x509_certificate(leaf), load_der_x509_certificate(issuer)
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise errors.CertificateUnfit("issuer") from error
    parsed, profile = x509.Certificate.load(leaf), asked.profile
    ordered = {
        "key": parsed.public_key.dump() == asked.public_key,
        "subject": _attributes(parsed.subject) == _attributes(names.person(asked.person)),
        "begin": abs(certificate.not_valid_before_utc - now) <= CLOCKS_APART,
        "end": now < certificate.not_valid_after_utc <= now + asked.lifetime + CLOCKS_APART,
        "key usage": _words(parsed.key_usage_value) == profile.key_usage,
        "extended key usage": _words(parsed.extended_key_usage_value)
        == frozenset(profile.extended_key_usage),
        "policies": set(profile.policies) <= _policies(parsed),
        "authority": not certificate_of_authority(parsed),
    }
    wrong = [what for what, good in ordered.items() if not good]
    if wrong:
        raise errors.CertificateUnfit(f"not as ordered: {', '.join(wrong)}")
    found = lint.findings(leaf, profile.linter)
    if found:
        raise errors.CertificateUnfit("; ".join(f"{one.severity} {one.code}" for one in found))


def certificate_of_authority(parsed: x509.Certificate) -> bool:
    """True when it may issue others."""
    limits = parsed.basic_constraints_value
    return limits is not None and bool(limits["ca"].native)


def _attributes(name: x509.Name) -> list[tuple[str, str]]:
    """In any order: each authority writes its own."""
    return sorted(
        (attribute["type"].dotted, attribute["value"].native)
        for relative in name.chosen
        for attribute in relative
    )


def _words(value: Any) -> frozenset[str]:
    return frozenset() if value is None else frozenset(value.native)


def _policies(parsed: x509.Certificate) -> set[str]:
    value = parsed.certificate_policies_value
    return set() if value is None else {one["policy_identifier"].dotted for one in value}


def _of_key(certificates: Sequence[bytes], public_key: bytes) -> bytes | None:
    for leaf in certificates:
        if x509.Certificate.load(leaf).public_key.dump() == public_key:
            return leaf
    return None


def _line(leaf: bytes, issuer: bytes, asked: Asked) -> Reservation:
    parsed, claim = x509.Certificate.load(leaf), asked.claim
    return Reservation(
        serial=serial(parsed.serial_number),
        issuer_id=issuers.issuer_id(issuer),
        profile=asked.profile.name,
        tbs=parsed["tbs_certificate"].dump(),
        not_before=parsed.not_valid_before,
        not_after=parsed.not_valid_after,
        account_id=claim.account_id,
        credential_id=claim.credential_id,
        key_id=claim.key_ref.key_id,
        public_key_digest=hashlib.sha256(claim.public_key).digest(),
    )


def _username(credential_id: str) -> str:
    return f"cert-{credential_id}"
