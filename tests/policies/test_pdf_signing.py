"""Which signature may come after which. (ISO 32000-2 12.8.2; security-and-pki 6.1)"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policies import errors, pdf_signing
from policies.pdf import (
    EmptyField,
    FieldLock,
    LockAction,
    PdfFacts,
    PdfSignature,
    Permission,
    SignatureKind,
    Unfit,
)
from policies.pdf_signing import Place

NEW = Place(None, None)
ANNOTATIONS, FORMS, NOTHING = (
    Permission.ANNOTATIONS_TOO,
    Permission.FORMS_AND_SIGNATURES,
    Permission.NOTHING,
)


def facts(*signatures: PdfSignature, empty: tuple[EmptyField, ...] = ()) -> PdfFacts:
    """A document with these signatures and empty fields."""
    return PdfFacts(1000, (1, 7), 1, 1, signatures, empty, frozenset())


def signed(
    permission: Permission | None = None,
    lock: FieldLock | None = None,
    kind: SignatureKind = SignatureKind.APPROVAL,
) -> PdfSignature:
    """A signature in the field S."""
    return PdfSignature("S", kind, permission, lock, 0)


def empty(name: str = "E", **changes: bool) -> EmptyField:
    """An empty field."""
    return EmptyField(name, None, None, changes.get("constrained", False))


def refused(document: PdfFacts, place: Place) -> Unfit:
    """Why the document does not take it."""
    with pytest.raises(errors.DocumentUnfit) as reason:
        pdf_signing.check(document, place)
    return reason.value.why


def test_what_certification_allows() -> None:
    """P1 takes nothing more, P2 and P3 take signatures; the strictest of several counts."""
    for permission in (FORMS, ANNOTATIONS):
        certified = facts(signed(permission, kind=SignatureKind.CERTIFICATION))
        assert pdf_signing.check(certified, NEW) is None
    assert refused(facts(signed(NOTHING)), NEW) is Unfit.NO_CHANGES
    assert refused(facts(signed(ANNOTATIONS), signed(NOTHING)), NEW) is Unfit.NO_CHANGES
    assert refused(facts(signed(NOTHING), empty=(empty(),)), Place("E", None)) is Unfit.NO_CHANGES


def test_a_certification_is_the_first_signature() -> None:
    """After another it is refused, after a time-stamp alone it is not; P3 is never made."""
    for permission in (NOTHING, FORMS):
        assert pdf_signing.check(facts(), Place(None, permission)) is None
        stamped = facts(signed(kind=SignatureKind.TIMESTAMP))
        assert pdf_signing.check(stamped, Place(None, permission)) is None
        with pytest.raises(errors.EnvelopeInvalid):
            pdf_signing.check(facts(signed()), Place(None, permission))
    with pytest.raises(errors.EnvelopeInvalid):
        pdf_signing.check(facts(), Place(None, ANNOTATIONS))


@pytest.mark.parametrize(
    ("lock", "field_e", "new"),
    [
        (FieldLock(LockAction.ALL), False, False),
        (FieldLock(LockAction.INCLUDE, ("E",)), False, True),
        (FieldLock(LockAction.INCLUDE, ("Other",)), True, True),
        (FieldLock(LockAction.EXCLUDE, ("E",)), True, False),
        (FieldLock(LockAction.EXCLUDE, ("Other",)), False, False),
        (FieldLock(LockAction.EXCLUDE), False, False),
    ],
)
def test_locks(lock: FieldLock, field_e: bool, new: bool) -> None:
    """A locked field takes no signature; a new one comes only where the lock names its fields."""
    document = facts(signed(lock=lock), empty=(empty(),))
    for place, taken in ((Place("E", None), field_e), (NEW, new)):
        if taken:
            pdf_signing.check(document, place)
        else:
            assert refused(document, place) is Unfit.LOCKED


def test_a_lock_covers_what_is_under_its_field() -> None:
    """`Buyer` covers `Buyer.Sign`, and not `Buyers`."""
    lock = FieldLock(LockAction.INCLUDE, ("Buyer",))
    covers: Callable[[str], bool] = lock.covers
    assert [covers(one) for one in ("Buyer", "Buyer.Sign", "Buyers", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_field_by_its_name() -> None:
    """An empty field is found; an unknown, a signed, a constrained one are told apart."""
    document = facts(signed(), empty=(empty(), empty("C", constrained=True)))
    assert pdf_signing.check(document, Place("E", None)) == empty()
    assert refused(document, Place("X", None)) is Unfit.NO_SUCH_FIELD
    assert refused(document, Place("S", None)) is Unfit.FIELD_TAKEN
    assert refused(document, Place("C", None)) is Unfit.SEED_VALUES
