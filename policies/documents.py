"""May these documents be signed now? (CSC v2 11.11 signDoc, as numbered in 2.0.0.2)

What a person approves for signDoc is the digest of each document: the digest that the client
sends in ``documentDigests``, or the digest of the document as sent in ``documents``. The key does
not sign these digests but the signed attributes around them, which the signer process builds
itself from what was approved (docs/adr/0008). ``permit`` is the only maker of a
``DocumentPermit``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from policies import algorithms, errors, sign
from policies.algorithms import (
    ECDSA_WITH_DIGEST,
    RSA_WITH_DIGEST,
    HashAlgorithm,
    PssParameters,
    SignAlgorithm,
)
from policies.appearance import Appearance
from policies.pdf import Permission
from policies.pdf_signing import Place
from policies.secret import Sad
from policies.values import Authorization, Credential, CredentialId, KeyRef, MintedSad, Principal

MIB: Final = 1024 * 1024
MOST_DOCUMENT_BYTES: Final = 50 * MIB
"""One document (security-and-pki 5.5). What is larger is signed by its digest."""
MOST_REQUEST_BYTES: Final = 64 * MIB
"""All documents of one request: the largest one, and room for smaller ones beside it. As JSON
that is 86 MiB, which a child takes apart in memory (``csc_server.wire.bodies``)."""
MOST_BODY_BYTES: Final = 4 * MOST_REQUEST_BYTES // 3 + MIB
"""As JSON: base64, and what stands around it."""
SMALL_BYTES: Final = 256 * 1024
"""Up to this size bodies are taken apart and files put together without a process of their own,
by the same code: that costs the event loop two milliseconds (docs/adr/0012)."""
MOST_PARTS: Final = 100
"""Signatures of one signDoc (security-and-pki 5.5 allows 1,000 digests; a result is kB, not
bytes)."""
LONGEST_TEXT: Final = 200
"""Characters of a text that goes into the signature dictionary."""
LONGEST_MIME_TYPE: Final = 127
"""Characters; RFC 6838 4.2 has as many for each half."""

_MINT: Final = object()


class Format(StrEnum):
    """``signature_format`` of CSC v2 11.11; X and J are not offered."""

    CADES = "C"
    PADES = "P"


class Level(StrEnum):
    """``conformance_level``; spelt as v2.1.0.1 does, compared without case."""

    B_B = "AdES-B-B"
    B_T = "AdES-B-T"
    B_LT = "AdES-B-LT"
    B_LTA = "AdES-B-LTA"


WITH_TIMESTAMP: Final = frozenset({Level.B_T, Level.B_LT, Level.B_LTA})
"""Levels that have one over the signature value."""
WITH_EVIDENCE: Final = frozenset({Level.B_LT, Level.B_LTA})
"""Levels that have the status of their certificates with them."""


class Envelope(StrEnum):
    """``signed_envelope_property``."""

    DETACHED = "Detached"
    ATTACHED = "Attached"
    CERTIFICATION = "Certification"
    REVISION = "Revision"


ENVELOPES: Final = {
    Format.CADES: (Envelope.DETACHED, Envelope.ATTACHED),
    Format.PADES: (Envelope.CERTIFICATION, Envelope.REVISION),
}
"""What is offered for each format."""

_DEFAULT_ENVELOPE: Final = {
    Format.CADES: Envelope.ATTACHED,
    Format.PADES: Envelope.CERTIFICATION,
}
"""CSC v2 11.11, for documents."""


class Property(StrEnum):
    """``attribute_name`` of ``signed_props`` that are offered."""

    REASON = "Reason"
    LOCATION = "Location"
    NAME = "Name"
    CONTACT_INFO = "ContactInfo"
    MIME_TYPE = "mime-type"


PROPERTIES: Final = {
    Format.CADES: frozenset({Property.MIME_TYPE}),
    Format.PADES: frozenset(
        {Property.REASON, Property.LOCATION, Property.NAME, Property.CONTACT_INFO}
    ),
}
"""CSC v2 11.11: the attributes of each format. For PAdES they are entries of the signature
dictionary, so they need the document itself."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document in the spool: all that rules and event loop see of it (docs/adr/0012)."""

    path: Path
    """Written once, and read by whoever works on it."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One signature that is asked for."""

    digest: bytes
    """As the client sent it; or of ``document`` as the client sent that, with the algorithm of
    ``policies.algorithms.named_digest``, and empty when that names none."""
    document: Document | None
    """``None``: the client sent the digest alone."""
    format: Format
    level: Level
    envelope: Envelope | None
    """``None``: the default of the format."""
    sign_algo: str
    """OID, not yet judged."""
    hash_algo: str | None
    parameters: PssParameters | None
    properties: tuple[tuple[Property, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SignDocRequest:
    """signatures/signDoc."""

    credential_id: CredentialId
    sad: Sad
    parts: tuple[Part, ...]
    """At least one; the answer keeps this order."""
    validation_info: bool = False
    """``returnValidationInfo``: evidence beside signatures that cannot have it in them."""


@dataclass(frozen=True, slots=True)
class PdfPlan:
    """How a signature field is put into a PDF."""

    document: Document
    """As the client sent it: its digest is what was approved."""
    place: Place
    """The field, and what may change afterwards."""
    reason: str | None
    location: str | None
    name: str | None
    contact_info: str | None
    contents_bytes: int
    """Room for the CMS signature, in bytes."""
    appearance: Appearance | None = None
    """What it shows; ``None``: it is not seen."""


@dataclass(frozen=True, slots=True)
class PreparedPdf:
    """What the signer process appended to a PDF, and where its signature goes."""

    tail: bytes
    """Follows the document as sent."""
    contents_start: int
    """Place of the ``<`` of ``/Contents`` in the whole."""
    contents_end: int
    """The place after its ``>``."""


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """One signature of an order."""

    ordinal: int
    """Which occurrence of the record is signed."""
    digest: bytes
    """The digest at this ordinal: what was approved."""
    algorithm: SignAlgorithm
    pades: bool
    """PAdES has no signing-time attribute (EN 319 142-1 6.3), CAdES must have one."""
    mime_type: str | None
    pdf: PdfPlan | None
    """Set when the signer process has to put the signature field in."""


@dataclass(frozen=True, slots=True)
class DocumentOrder:
    """What a redeemed permit gives up, all of it serialisable."""

    key_ref: KeyRef
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    certificate: bytes
    """The signing certificate, DER: the attributes name it."""
    minted: MintedSad
    items: tuple[DocumentItem, ...]


class DocumentPermit(sign.Permit[DocumentOrder]):
    """A permit to sign documents. Only ``permit`` makes one."""

    __slots__ = ()
    _mint = _MINT


def permit(
    facts: sign.SigningFacts, principal: Principal, request: SignDocRequest, now: datetime
) -> DocumentPermit:
    """Permit ``request`` at ``now``.

    Raises:
        SadUnknown, SadExpired, SadNotUsable, CredentialUnknown, CredentialDisabled,
            CertificateExpired: See ``policies.sign``.
        SignAlgoInvalid, HashAlgoMissing, HashAlgoInvalid, SignAlgoParamsMissing,
            SignAlgoParamsInvalid: See ``policies.algorithms.resolve``.
        HashAlgoContradicts: The digest OID is not the one that ``signAlgo`` names.
        EnvelopeInvalid: Not possible for this format, or for a digest.
        PropertiesInvalid: Signed properties that this signature cannot carry.
        DigestLengthInvalid: A digest is not as long as its algorithm says.
        DocumentNotAuthorized: A document was not approved, or is asked more often than approved.
    """
    auth, credential = sign.reservable(facts, principal, request.credential_id, now)
    resolved = [(part, _algorithm(credential, part)) for part in request.parts]
    digests = [_digest(part, algorithm.hash_algorithm) for part, algorithm in resolved]
    for part in request.parts:
        _check_shape(part)
    ordinals = _choose(auth, [algorithm for _, algorithm in resolved], digests)
    items = tuple(
        _item(credential, part, algorithm, ordinal, digest)
        for (part, algorithm), ordinal, digest in zip(resolved, ordinals, digests, strict=True)
    )
    order = DocumentOrder(
        key_ref=credential.key_ref,
        public_key=credential.public_key,
        certificate=credential.certificates[0],
        minted=auth.minted,
        items=items,
    )
    return DocumentPermit(_MINT, auth, order, ordinals)


def beside(part: Part) -> bool:
    """Evidence for this signature has no place in it: it belongs into a PDF that we do not have."""
    return part.document is None and part.format is Format.PADES


def check_levels(request: SignDocRequest, offered: Collection[Level]) -> None:
    """Return if each level can be reached.

    Raises:
        LevelInvalid: Not offered; or for a client's own PDF, whose evidence only the client can
            put in, B-LT without ``validation_info``, or B-LTA (CSC v2 11.11).
    """
    for part in request.parts:
        if part.level not in offered:
            raise errors.LevelInvalid(f"{part.level} is not offered")
        alone = part.level is Level.B_LT and not request.validation_info
        if beside(part) and (alone or part.level is Level.B_LTA):
            raise errors.LevelInvalid(f"{part.level} of a PDF that is not here")


def envelope(part: Part) -> Envelope:
    """How the signature goes with its document; a digest has only detached signatures."""
    if part.document is None:
        return Envelope.DETACHED
    return part.envelope or _DEFAULT_ENVELOPE[part.format]


def _algorithm(credential: Credential, part: Part) -> SignAlgorithm:
    named = RSA_WITH_DIGEST.get(part.sign_algo) or ECDSA_WITH_DIGEST.get(part.sign_algo)
    if part.hash_algo is not None and named not in (None, HashAlgorithm.of_oid(part.hash_algo)):
        # signHash ignores the second name, signDoc refuses it (DOC-15).
        raise errors.HashAlgoContradicts(f"{part.sign_algo} with {part.hash_algo}")
    return algorithms.resolve(
        credential.key_algorithm, part.sign_algo, part.hash_algo, part.parameters
    )


def _digest(part: Part, algorithm: HashAlgorithm) -> bytes:
    """What must have been approved for this part."""
    if len(part.digest) != algorithm.digest_bytes:
        raise errors.DigestLengthInvalid(algorithm.name)
    return part.digest


def _check_shape(part: Part) -> None:
    allowed = ENVELOPES[part.format]
    if part.envelope is not None and part.envelope not in allowed:
        raise errors.EnvelopeInvalid(f"{part.envelope} for {part.format.name}")
    if part.document is None and part.envelope is Envelope.ATTACHED:
        raise errors.EnvelopeInvalid("there is no document to attach")
    unfit = {name for name, _ in part.properties} - PROPERTIES[part.format]
    unfit |= {
        name
        for name, text in part.properties
        if name is Property.MIME_TYPE and not (text.isascii() and len(text) <= LONGEST_MIME_TYPE)
    }
    if part.document is None and part.format is Format.PADES:
        # The dictionary is the client's, and it is part of what the digest covers.
        unfit = {name for name, _ in part.properties}
    if unfit:
        raise errors.PropertiesInvalid(sorted(unfit))


def _choose(
    auth: Authorization, resolved: Iterable[SignAlgorithm], digests: list[bytes]
) -> tuple[int, ...]:
    if any(algorithm.hash_algorithm is not auth.hash_algorithm for algorithm in resolved):
        raise errors.DocumentNotAuthorized("another digest algorithm")
    try:
        return sign.choose(sign.free(auth), digests)
    except errors.HashNotAuthorized as reason:
        raise errors.DocumentNotAuthorized(str(reason)) from reason


def _item(
    credential: Credential, part: Part, algorithm: SignAlgorithm, ordinal: int, digest: bytes
) -> DocumentItem:
    properties = dict(part.properties)
    pades = part.format is Format.PADES
    return DocumentItem(
        ordinal=ordinal,
        digest=digest,
        algorithm=algorithm,
        pades=pades,
        mime_type=properties.get(Property.MIME_TYPE),
        pdf=_plan(credential, part, part.document, properties) if pades and part.document else None,
    )


def _plan(
    credential: Credential, part: Part, document: Document, properties: dict[Property, str]
) -> PdfPlan:
    certify = envelope(part) is Envelope.CERTIFICATION
    return PdfPlan(
        document=document,
        # security-and-pki 6.1: certify with P1; nothing may be added later.
        place=Place(None, Permission.NOTHING if certify else None),
        reason=properties.get(Property.REASON),
        location=properties.get(Property.LOCATION),
        name=properties.get(Property.NAME),
        contact_info=properties.get(Property.CONTACT_INFO),
        contents_bytes=contents_bytes(credential, part.level),
    )


def contents_bytes(credential: Credential, level: Level) -> int:
    """Room for the CMS: the chain, attributes and signature, and from B-T on the token.

    security-and-pki 3.1: at least 16 KiB for B-T. Too little would waste an approval, so the
    reserve is generous.
    """
    chain = sum(len(one) for one in credential.certificates)
    return chain + (16 if level in WITH_TIMESTAMP else 4) * 1024
