"""When documents may be signed, and which digest must have been approved. (CSC v2 11.11)"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies import documents, errors
from policies.algorithms import HashAlgorithm
from policies.documents import (
    Document,
    DocumentPermit,
    Envelope,
    Format,
    Level,
    Part,
    Property,
    SignDocRequest,
)
from policies.lifecycle import SadState
from policies.pdf import Permission
from policies.secret import Sad
from policies.sign import SigningFacts
from policies.values import CredentialId
from tests import build
from tests.build import ALICE, ALICE_ELSEWHERE, DIGEST_A, DIGEST_B, ECDSA_SHA256, MALLORY, T0

DOCUMENT = Document(Path("contract"), 10)
LONGER = b"3" * 48
ECDSA_SHA384 = "1.2.840.10045.4.3.3"
SHA384 = "2.16.840.1.101.3.4.2.2"


def part(**changes: Any) -> Part:
    """The text as an attached CAdES signature."""
    standard = Part(
        digest=DIGEST_A,
        document=DOCUMENT,
        format=Format.CADES,
        level=Level.B_B,
        envelope=None,
        sign_algo=ECDSA_SHA256,
        hash_algo=None,
        parameters=None,
    )
    return replace(standard, **changes)


def digest(value: bytes = DIGEST_A, **changes: Any) -> Part:
    """The digest of the text."""
    return part(digest=value, document=None, **changes)


def request(*parts: Part, **changes: Any) -> SignDocRequest:
    """signDoc under Alice's SAD."""
    return replace(SignDocRequest(CredentialId("cred-alice"), Sad("handle"), parts), **changes)


def test_the_approved_digest_is_that_of_the_document_as_sent() -> None:
    """A document and its digest ask for the same approval, whatever the format."""
    for one in (part(), digest(), part(format=Format.PADES), digest(format=Format.PADES)):
        order = documents.permit(build.facts(DIGEST_B, DIGEST_A), ALICE, request(one), T0).redeem()
        assert [(item.ordinal, item.digest) for item in order.items] == [(1, DIGEST_A)]
        assert order.certificate == b"leaf"
        assert order.items[0].pades is (one.format is Format.PADES)


def test_only_a_pdf_to_be_prepared_travels_to_the_signer() -> None:
    """CAdES needs the digest alone; a client's own PDF too."""
    facts = build.facts(DIGEST_A)
    for one in (part(), digest(), digest(format=Format.PADES)):
        order = documents.permit(facts, ALICE, request(one), T0).redeem()
        assert order.items[0].pdf is None
    pades = part(format=Format.PADES, properties=((Property.REASON, "why"),))
    plan = documents.permit(facts, ALICE, request(pades), T0).redeem().items[0].pdf
    assert plan is not None
    assert (plan.document, plan.place.certify, plan.reason, plan.name) == (
        DOCUMENT,
        Permission.NOTHING,
        "why",
        None,
    )


def test_room_grows_with_the_level_and_the_chain() -> None:
    """B-T keeps at least 16 KiB for the token; a long chain has its room."""
    long = build.credential(certificates=(b"x" * 3000, b"y" * 3000))
    assert documents.contents_bytes(long, Level.B_B) >= 6000 + 4096
    assert documents.contents_bytes(long, Level.B_T) >= 6000 + 16384


@pytest.mark.parametrize(
    ("one", "envelope"),
    [
        (part(), Envelope.ATTACHED),
        (part(envelope=Envelope.DETACHED), Envelope.DETACHED),
        (digest(), Envelope.DETACHED),
        (part(format=Format.PADES), Envelope.CERTIFICATION),
        (part(format=Format.PADES, envelope=Envelope.REVISION), Envelope.REVISION),
        (digest(format=Format.PADES, envelope=Envelope.REVISION), Envelope.DETACHED),
    ],
)
def test_envelopes(one: Part, envelope: Envelope) -> None:
    """The defaults of CSC; of a digest only a detached signature can come back."""
    assert documents.envelope(one) is envelope


def test_a_multiset() -> None:
    """Approved twice is signed twice, and not a third time; formats count alike."""
    twice = request(part(), digest(format=Format.PADES))
    assert documents.permit(build.facts(DIGEST_A, DIGEST_A), ALICE, twice, T0).ordinals == (0, 1)
    with pytest.raises(errors.DocumentNotAuthorized):
        documents.permit(build.facts(DIGEST_A, DIGEST_B), ALICE, twice, T0)


def test_nobody_else_makes_permits() -> None:
    """Neither with an object of his own nor with the mint of signHash."""
    permit = documents.permit(build.facts(DIGEST_A), ALICE, request(part()), T0)
    order = permit.redeem()
    with pytest.raises(RuntimeError, match="already redeemed"):
        permit.redeem()
    with pytest.raises(TypeError, match="mints permits"):
        DocumentPermit(object(), build.authorization(DIGEST_A), order, (0,))


REASON = ((Property.REASON, "why"),)
REFUSALS: list[tuple[str, SigningFacts, Any, SignDocRequest, type[errors.Refused]]] = [
    (
        "another document",
        build.facts(DIGEST_B),
        ALICE,
        request(part()),
        errors.DocumentNotAuthorized,
    ),
    (
        "another digest algorithm",
        build.facts(DIGEST_A),
        ALICE,
        request(part(sign_algo=ECDSA_SHA384, digest=LONGER)),
        errors.DocumentNotAuthorized,
    ),
    (
        "approved under another name of the same length",
        build.facts(DIGEST_A, hash_algorithm=HashAlgorithm.SHA384),
        ALICE,
        request(part()),
        errors.DocumentNotAuthorized,
    ),
    (
        "a digest of another length",
        build.facts(DIGEST_A),
        ALICE,
        request(digest(sign_algo=ECDSA_SHA384)),
        errors.DigestLengthInvalid,
    ),
    ("no SAD", SigningFacts(None, build.credential()), ALICE, request(part()), errors.SadUnknown),
    ("another client", build.facts(DIGEST_A), ALICE_ELSEWHERE, request(part()), errors.SadUnknown),
    ("somebody else", build.facts(DIGEST_A), MALLORY, request(part()), errors.CredentialUnknown),
    (
        "used",
        build.facts(DIGEST_A, state=SadState.USED),
        ALICE,
        request(part()),
        errors.SadNotUsable,
    ),
    ("over", build.facts(DIGEST_A, expires_at=T0), ALICE, request(part()), errors.SadExpired),
    (
        "two names for the digest",
        build.facts(DIGEST_A),
        ALICE,
        request(part(hash_algo=SHA384)),
        errors.HashAlgoContradicts,
    ),
    (
        "an unknown digest",
        build.facts(DIGEST_A),
        ALICE,
        request(part(hash_algo="1.2.3")),
        errors.HashAlgoInvalid,
    ),
    (
        "attached to a digest",
        build.facts(DIGEST_A),
        ALICE,
        request(digest(envelope=Envelope.ATTACHED)),
        errors.EnvelopeInvalid,
    ),
    (
        "an envelope of the other format",
        build.facts(DIGEST_A),
        ALICE,
        request(part(envelope=Envelope.REVISION)),
        errors.EnvelopeInvalid,
    ),
    (
        "a dictionary text in CAdES",
        build.facts(DIGEST_A),
        ALICE,
        request(part(properties=REASON)),
        errors.PropertiesInvalid,
    ),
    (
        "a dictionary text for a client's own PDF",
        build.facts(DIGEST_A),
        ALICE,
        request(digest(format=Format.PADES, properties=REASON)),
        errors.PropertiesInvalid,
    ),
    (
        "a media type that is no ASCII",
        build.facts(DIGEST_A),
        ALICE,
        request(part(properties=((Property.MIME_TYPE, "téxt"),))),
        errors.PropertiesInvalid,
    ),
    (
        "a media type too long",
        build.facts(DIGEST_A),
        ALICE,
        request(part(properties=((Property.MIME_TYPE, "x" * 128),))),
        errors.PropertiesInvalid,
    ),
]


@pytest.mark.parametrize(
    ("facts", "principal", "wanted", "reason"),
    [row[1:] for row in REFUSALS],
    ids=[row[0] for row in REFUSALS],
)
def test_refusals(
    facts: SigningFacts, principal: Any, wanted: SignDocRequest, reason: type[errors.Refused]
) -> None:
    """Each refusal has its reason."""
    with pytest.raises(reason) as refused:
        documents.permit(facts, principal, wanted, T0)
    assert type(refused.value) is reason


def test_another_hash_of_the_same_document() -> None:
    """Approved with SHA-384, signed with SHA-384."""
    facts = build.facts(LONGER, hash_algorithm=HashAlgorithm.SHA384)
    wanted = request(part(sign_algo=ECDSA_SHA384, digest=LONGER))
    order = documents.permit(facts, ALICE, wanted, T0).redeem()
    assert order.items[0].digest == LONGER


LT, LTA = Level.B_LT, Level.B_LTA


@pytest.mark.parametrize(
    ("one", "info", "good"),
    [
        (part(level=LT), False, True),
        (part(level=LTA), False, True),
        (part(level=LTA, format=Format.PADES), False, True),
        (digest(level=LT), False, True),
        (digest(level=LT, format=Format.PADES), False, False),
        (digest(level=LT, format=Format.PADES), True, True),
        (digest(level=LTA, format=Format.PADES), True, False),
        (digest(level=Level.B_T, format=Format.PADES), False, True),
    ],
)
def test_levels_that_can_be_reached(one: Part, info: bool, good: bool) -> None:
    """Evidence has a place in what is here; beside it only where the client asks for it."""
    wanted = request(one, validation_info=info)
    if good:
        documents.check_levels(wanted, set(Level))
        with pytest.raises(errors.LevelInvalid):
            documents.check_levels(wanted, set(Level) - {one.level})
    else:
        with pytest.raises(errors.LevelInvalid):
            documents.check_levels(wanted, set(Level))
