"""May this PDF get this signature? (ISO 32000-2 12.8.2.2 to 12.8.2.4, 12.8.6; security-and-pki 6.1)

The signatures that are there already say what may come after them. They are believed here
without being verified: a forged one can only forbid.
"""

from __future__ import annotations

from dataclasses import dataclass

from policies import errors
from policies.pdf import EmptyField, PdfFacts, Permission, SignatureKind, Unfit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signature goes, and what it allows afterwards."""

    field: str | None
    """An empty field of the document; ``None``: a new one."""
    certify: Permission | None
    """A certification signature and what it allows; ``None``: an approval signature."""


def check(facts: PdfFacts, place: Place, *, visible: bool = False) -> EmptyField | None:
    """Return the field that waits for this signature, if one was named.

    Args:
        facts: Of the document.
        place: Where the signature goes.
        visible: It shows something.

    Raises:
        DocumentUnfit: Certified or locked against it; no such field, or it is signed already; its
            seed values ask for something of the signature; certified, and a new place on a page.
        EnvelopeInvalid: A certification signature that is not the first, or allows annotations.
    """
    if place.certify is not None:
        _check_certification(facts, place.certify)
    if facts.permission is Permission.NOTHING:
        raise errors.DocumentUnfit(Unfit.NO_CHANGES)
    if place.field is None:
        if visible and facts.permission is not None:
            # ISO 32000-2 12.8.2.2.2 lets fields be signed; something new on a page is none.
            raise errors.DocumentUnfit(Unfit.NO_NEW_PLACE)
        _check_locks(facts, None)
        return None
    found = next((one for one in facts.empty_fields if one.name == place.field), None)
    if found is None:
        taken = any(one.field == place.field for one in facts.signatures)
        raise errors.DocumentUnfit(Unfit.FIELD_TAKEN if taken else Unfit.NO_SUCH_FIELD)
    if found.constrained:
        # Digests, reasons, issuers, servers of time-stamps: whoever wants a signature with such
        # demands has a program that knows them.
        raise errors.DocumentUnfit(Unfit.SEED_VALUES)
    _check_locks(facts, place.field)
    return found


def _check_certification(facts: PdfFacts, permission: Permission) -> None:
    if permission is Permission.ANNOTATIONS_TOO:
        # security-and-pki 6.1: annotations can paint over what was certified.
        raise errors.EnvelopeInvalid("no certification that allows annotations")
    if any(one.kind is not SignatureKind.TIMESTAMP for one in facts.signatures):
        # ISO 32000-2 12.8.2.2.1
        raise errors.EnvelopeInvalid("a certification signature has to be the first")


def _check_locks(facts: PdfFacts, field: str | None) -> None:
    """A locked field takes no signature; ``All`` and ``Exclude`` lock fields yet to come as well.

    A new field gets a name that no lock can have named, so ``Include`` never covers it.
    """
    for one in facts.signatures:
        if one.lock is not None and one.lock.covers("" if field is None else field):
            raise errors.DocumentUnfit(Unfit.LOCKED)
