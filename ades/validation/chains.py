"""Does a chain lead to an anchor, and was nothing in it revoked? (RFC 5280 6; EN 319 102-1 5.2.6)

The path validator is certvalidator's, without any connection. What it lacks is judged around it:

- Evidence is fresh for a moment when it was issued before now and speaks of that moment or later
  (EN 319 102-1 5.2.5.4). So an answer fetched right after signing stays good for that signature.
- With a proven time a signature outlives its certificate: it may expire or be revoked later, as
  long as evidence of that time says it was good (5.5.4). Who signed the evidence must still be
  valid at ``now``, which for archived signatures is the time of the archive time-stamp.
- Where two pieces of evidence disagree, the one that says "revoked" counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Final

from asn1crypto import x509
from pyhanko_certvalidator import errors, find_valid_path
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.ltv.poe import POEManager
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    NonRevokedStatusAssertion,
)
from pyhanko_certvalidator.registry import CertificateRegistry
from pyhanko_certvalidator.revinfo.manager import RevinfoManager

from ades.validation import statuses
from ades.validation.algorithms import ReliedOn
from ades.validation.errors import FAULTS
from ades.validation.statuses import Status, Window
from ades.validation.trust import Evidence
from policies.validation import Reason

TOLERANCE: Final = timedelta(seconds=1)
"""Certificates have whole seconds."""


class Purpose(Enum):
    """What the certificate has to be for."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a chain is judged."""

    now: datetime
    """Of the validation, or of the archive time-stamp that covers the evidence."""
    proven: datetime | None
    """When the signature certainly existed."""
    today: datetime
    """Of the validation: all evidence may speak of revocations until then."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What is thought of a certificate."""

    reasons: tuple[Reason, ...]
    """Empty: trusted."""
    certificates: tuple[x509.Certificate, ...] = ()
    """From the certificate to the anchor, as far as it was found."""
    statuses: tuple[Status, ...] = ()
    revoked_at: datetime | None = None
    """Set also when the signature is older."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Whom to trust, and whether status has to be known."""

    anchors: tuple[x509.Certificate, ...]
    stamp_anchors: tuple[x509.Certificate, ...] = ()
    """For time-stamps alone."""
    status_required: bool = True
    clocks_differ: timedelta = statuses.CLOCKS_DIFFER

    async def chain(
        self,
        certificate: x509.Certificate,
        evidence: Evidence,
        purpose: Purpose,
        moment: Moment,
        further: Evidence,
    ) -> Chain:
        """What is thought of this certificate for a signature of that moment.

        Args:
            certificate: Of the signer or of the time-stamping unit.
            evidence: From which trust may follow.
            purpose: What it has to be for.
            moment: See ``Moment``.
            further: Heard only where it says "revoked".
        """
        unfit = _unfit(certificate, purpose)
        if unfit is not None:
            return Chain((unfit,), (certificate,))
        proven = moment.proven
        if proven is not None and proven + TOLERANCE < certificate.not_valid_before:
            return Chain((Reason.NOT_YET_VALID,), (certificate,))
        try:
            return await _Case(self, certificate, evidence, purpose, moment, further).decide()
        except FAULTS:
            # Certificates and lists come from strangers, and the parsers are lazy.
            return Chain((Reason.CHAIN_INVALID,), (certificate,))


_OF_STATUS: Final = frozenset({Reason.STATUS_OUTDATED, Reason.STATUS_UNKNOWN})
_OF_LATER: Final = _OF_STATUS | {Reason.REVOKED}
"""What may have come after the signature."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One certificate before the judge."""

    judge: Judge
    certificate: x509.Certificate
    evidence: Evidence
    purpose: Purpose
    moment: Moment
    further: Evidence

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        """Those that this purpose may lead to."""
        more = self.judge.stamp_anchors if self.purpose is Purpose.TIMESTAMP else ()
        return self.judge.anchors + more

    async def decide(self) -> Chain:
        """What is thought of the certificate."""
        now, proven = self.moment.now, self.moment.proven
        end = self.certificate.not_valid_after
        if end + TOLERANCE < now:
            return await self._ended(now, end, proven)
        first = await self._attempt(self.evidence, now, Window(now, now))
        later = _OF_LATER if self.purpose is Purpose.SIGNATURE else _OF_STATUS
        if proven is None or proven >= now or not set(first.reasons) & later:
            return first
        # It does not hold now; did it when the signature was made? (EN 319 102-1 5.5.4)
        second = await self._as_of(proven, self.evidence, now)
        return second if not second.reasons else first

    async def _ended(self, now: datetime, end: datetime, proven: datetime | None) -> Chain:
        """The certificate has ended; was it good when the signature was made?

        Of a time-stamp that is not asked: proving its own time, it would outlive its stolen key.
        """
        ended = Chain((Reason.EXPIRED,), (self.certificate,))
        if proven is None or proven > end or self.purpose is Purpose.TIMESTAMP:
            return ended
        second = await self._as_of(proven, statuses.of_living(self.evidence, now), end)
        authorities = second.certificates[1:-1]
        living = all(one.not_valid_after >= now for one in authorities)
        return second if living and not second.reasons else ended

    async def _as_of(self, proven: datetime, evidence: Evidence, valid_at: datetime) -> Chain:
        """With evidence that was fresh for the proven time."""
        window = Window(self.moment.now, proven)
        found = await self._attempt(evidence, valid_at, window)
        revoked_at = found.revoked_at
        if found.reasons != (Reason.REVOKED,) or revoked_at is None or revoked_at <= proven:
            return found
        # That it was revoked later says that it was not revoked before.
        taken = await self._attempt(evidence, valid_at, window, assumed_good=True)
        return replace(await self._with_issuer(taken, window), revoked_at=revoked_at)

    async def _with_issuer(self, chain: Chain, window: Window) -> Chain:
        """With a leaf that is taken for good, certvalidator asks for no status in the chain."""
        if chain.reasons or len(chain.certificates) < 3:
            return chain
        issuer = replace(self, certificate=chain.certificates[1])
        above = await issuer._attempt(self.evidence, self.moment.now, window)
        return replace(chain, reasons=above.reasons)

    async def _attempt(
        self,
        evidence: Evidence,
        valid_at: datetime,
        window: Window,
        *,
        assumed_good: bool = False,
    ) -> Chain:
        """One run of the path validator, with a context of its own."""
        certificate = self.certificate
        if any(certificate.dump() == anchor.dump() for anchor in self.anchors):
            inside = certificate.not_valid_before <= valid_at <= certificate.not_valid_after
            return Chain(() if inside else (Reason.EXPIRED,), (certificate,))
        context = self._context(evidence, valid_at, window, assumed_good=assumed_good)
        try:
            paths = context.path_builder.async_build_paths_lazy(certificate)
            path = await find_valid_path(certificate, paths, validation_context=context)
        except errors.RevokedError as error:
            return _failed(_revoked(error), certificate, error, error.revocation_dt)
        except (errors.ValidationError, errors.PathError) as error:
            failed = _failed(_reason(error), certificate, error)
            return self._outdated(failed, window)
        return self._found(_certificates(path), window)

    def _outdated(self, failed: Chain, window: Window) -> Chain:
        """Evidence that is too old is something else than none."""
        if failed.reasons != (Reason.STATUS_UNKNOWN,):
            return failed
        ever = Window(window.issued_until, datetime.min.replace(tzinfo=UTC))
        for certificate, issuer in pairwise(failed.certificates):
            spoken = [
                statuses.of(certificate, issuer, self.evidence, one) for one in (window, ever)
            ]
            if spoken[0].kind is None and spoken[1].kind is not None:
                return replace(failed, reasons=(Reason.STATUS_OUTDATED,))
        return failed

    def _found(self, certificates: tuple[x509.Certificate, ...], window: Window) -> Chain:
        """A path that holds; does any evidence, however new, say that something was revoked?"""
        if not self.judge.status_required:
            return Chain((), certificates)
        whole = Window(self.moment.today, window.fresh_at)
        known = tuple(
            statuses.of(certificate, issuer, self.evidence + self.further, whole)
            for certificate, issuer in pairwise(certificates)
        )
        now, proven = self.moment.now, self.moment.proven
        own = now if proven is None or self.purpose is Purpose.TIMESTAMP else proven
        for place, status in enumerate(known):
            until = now if place else own
            if status.revoked_at is not None and status.revoked_at <= until:
                reason = Reason.AUTHORITY_REVOKED if place else Reason.REVOKED
                return Chain((reason,), certificates, known, status.revoked_at)
        revoked_at = known[0].revoked_at if known else None
        return Chain((), certificates, known, revoked_at)

    def _context(
        self, evidence: Evidence, valid_at: datetime, window: Window, *, assumed_good: bool
    ) -> ValidationContext:
        registry = CertificateRegistry.build(evidence.certificates, cert_fetcher=None)
        assertions = []
        if assumed_good:
            assertions.append(NonRevokedStatusAssertion(self.certificate.sha256, valid_at))
        manager = RevinfoManager(
            certificate_registry=registry,
            poe_manager=POEManager(),
            crls=[statuses.List(one, window) for one in evidence.crls],
            ocsps=list(statuses.answers(evidence.ocsps, window)),
            assertions=assertions,
            fetchers=None,
        )
        rule = REQUIRE_REVINFO if self.judge.status_required else NO_REVOCATION
        return ValidationContext(
            trust_roots=list(self.anchors),
            revinfo_manager=manager,
            certificate_registry=registry,
            moment=valid_at,
            best_signature_time=window.issued_until,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(rule),
            time_tolerance=TOLERANCE,
            algorithm_usage_policy=ReliedOn(window.issued_until),
        )


_DOCUMENTS: Final = frozenset(
    {
        *("any_extended_key_usage", "email_protection", "adobe_authentic_documents_trust"),
        *("microsoft_document_signing", "1.3.6.1.5.5.7.3.36"),
    }
)
"""Purposes that cover documents; the last is RFC 9336."""


def _unfit(certificate: x509.Certificate, purpose: Purpose) -> Reason | None:
    usage = set(certificate.key_usage_value.native) if certificate.key_usage_value else set()
    extended = certificate.extended_key_usage_value
    purposes = set(extended.native) if extended else set()
    if purpose is Purpose.TIMESTAMP:
        # RFC 3161 2.3: this purpose alone.
        good = purposes == {"time_stamping"} and (not usage or "digital_signature" in usage)
    elif "non_repudiation" in usage:
        good = True
    else:
        # EN 319 412-2 4.3.2 allows digitalSignature; then it must not be meant for something else.
        good = "digital_signature" in usage and (not purposes or bool(purposes & _DOCUMENTS))
    return None if good else Reason.KEY_USAGE_WRONG


def _certificates(path: ValidationPath) -> tuple[x509.Certificate, ...]:
    return tuple(reversed(list(path.iter_certs(include_root=True))))


def _failed(
    reason: Reason,
    certificate: x509.Certificate,
    error: Exception,
    revoked_at: datetime | None = None,
) -> Chain:
    path = getattr(error, "original_path", None)
    certificates = _certificates(path) if path is not None else (certificate,)
    return Chain((reason,), certificates, (), revoked_at)


def _revoked(error: errors.RevokedError) -> Reason:
    if error.is_side_validation:
        return Reason.STATUS_UNKNOWN
    return Reason.REVOKED if error.is_ee_cert else Reason.AUTHORITY_REVOKED


def _reason(error: Exception) -> Reason:
    """Our word for what the path validator says."""
    match error:
        case errors.StaleRevinfoError():
            return Reason.STATUS_OUTDATED
        case errors.InsufficientRevinfoError():
            return Reason.STATUS_UNKNOWN
        case errors.ExpiredError() if error.is_ee_cert and not error.is_side_validation:
            return Reason.EXPIRED
        case errors.DisallowedAlgorithmError():
            banned = error.banned_since is not None
            return Reason.ALGORITHM_EXPIRED if banned else Reason.ALGORITHM_WEAK
        case errors.PathBuildingError():
            return Reason.CHAIN_NOT_FOUND
        case _:
            return Reason.CHAIN_INVALID
