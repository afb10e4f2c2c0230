"""The signature fields of a PDF: signed ones and empty ones. (ISO 32000-2 12.7.5.5)

Reads what the document says of itself and verifies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic, misc

from ades.pdf.reading import Reader, entry
from policies import errors
from policies.pdf import (
    MOST_DEPTH,
    MOST_FIELDS,
    EmptyField,
    FieldLock,
    LockAction,
    PdfSignature,
    Permission,
    SignatureKind,
    Unfit,
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form that holds a value."""

    name: str
    """Fully qualified."""
    kind: str | None
    """``/FT``, inherited or its own."""
    dictionary: Any


def form_fields(reader: Reader) -> Iterator[Field]:
    """All fields that hold values, at whatever depth; those that only group others are left out.

    Raises:
        DocumentUnfit: Too many or too deep.
    """
    top = entry(entry(reader.root, "/AcroForm"), "/Fields")
    waiting: list[tuple[Any, str, str | None, int]]
    waiting = [(one, "", None, 1) for one in reversed(top if top is not None else [])]
    seen: set[Any] = set()
    while waiting:
        reference, above, kind, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise errors.DocumentUnfit(Unfit.TOO_DEEP)
        if len(seen) > MOST_FIELDS:
            raise errors.DocumentUnfit(Unfit.TOO_MANY_FIELDS)
        field: Any = reference.get_object()
        if isinstance(reference, generic.IndirectObject):
            if reference.reference in seen:
                raise errors.DocumentUnfit(Unfit.BROKEN)
            seen.add(reference.reference)
        partial = entry(field, "/T")
        name = above if partial is None else f"{above}.{partial}".lstrip(".")
        own = entry(field, "/FT")
        kind = kind if own is None else str(own)
        kids = entry(field, "/Kids")
        # Kids without a name are the places where the field itself is shown.
        grouped = [kid for kid in kids or () if "/T" in kid.get_object()]
        if grouped:
            waiting += [(kid, name, kind, depth + 1) for kid in reversed(grouped)]
        else:
            yield Field(name, kind, field)


def signature_fields(reader: Reader) -> tuple[tuple[PdfSignature, ...], tuple[EmptyField, ...]]:
    """Signatures in the order they were made, and fields that wait for one."""
    signed: list[PdfSignature] = []
    empty: list[EmptyField] = []
    certification = _certification(reader)
    for field in form_fields(reader):
        if field.kind != "/Sig":
            continue
        if entry(field.dictionary, "/V") is None:
            empty.append(_empty(field))
        else:
            signed.append(_signature(reader, field, certification))
    return tuple(sorted(signed, key=lambda one: one.revision)), tuple(empty)


def _certification(reader: Reader) -> Any:
    """The reference to the signature that the catalog names as certifying, or ``None``."""
    permissions = entry(reader.root, "/Perms")
    if permissions is None or "/DocMDP" not in permissions:
        return None
    reference = permissions.raw_get("/DocMDP")
    if not isinstance(reference, generic.IndirectObject):
        raise misc.PdfReadError("a certification that is no signature")
    return reference.reference


def _signature(reader: Reader, field: Field, certification: Any) -> PdfSignature:
    reference = field.dictionary.raw_get("/V")
    if not isinstance(reference, generic.IndirectObject):
        raise misc.PdfReadError("a signature that is not an object of its own")
    signature = entry(field.dictionary, "/V")
    kind = SignatureKind.APPROVAL
    if entry(signature, "/Type") == "/DocTimeStamp":
        kind = SignatureKind.TIMESTAMP
    elif certification == reference.reference:
        kind = SignatureKind.CERTIFICATION
    document, fields = _parameters(signature, "/DocMDP"), _parameters(signature, "/FieldMDP")
    lock = entry(field.dictionary, "/Lock")
    permission = _permission(document)
    if permission is None:
        # PDF 2.0 lets approval signatures set a limit: in the lock of their field.
        permission = _permission(lock)
    if kind is SignatureKind.CERTIFICATION and permission is None:
        permission = Permission.FORMS_AND_SIGNATURES  # the default of /P (table 257)
    return PdfSignature(
        field=field.name,
        kind=kind,
        permission=permission,
        lock=_lock(fields if fields is not None else lock),
        revision=reader.xrefs.get_last_change(reference.reference),
    )


def _empty(field: Field) -> EmptyField:
    lock, seeds = entry(field.dictionary, "/Lock"), entry(field.dictionary, "/SV")
    certifying = entry(entry(seeds, "/MDP"), "/P")
    return EmptyField(
        name=field.name,
        lock=_lock(lock),
        permission=_permission(lock),
        constrained=bool(entry(seeds, "/Ff")) or bool(certifying),
    )


def _parameters(signature: Any, method: str) -> Any:
    """``/TransformParams`` of the signature reference with this method."""
    references = entry(signature, "/Reference")
    for one in references if references is not None else ():
        reference = one.get_object()
        if entry(reference, "/TransformMethod") == method:
            return entry(reference, "/TransformParams") or {}
    return None


def _permission(parameters: Any) -> Permission | None:
    value = entry(parameters, "/P")
    return None if value is None else Permission(int(value))


def _lock(parameters: Any) -> FieldLock | None:
    if parameters is None:
        return None
    action = entry(parameters, "/Action")
    names = entry(parameters, "/Fields")
    if action is None:
        raise misc.PdfReadError("a lock that does not say what it locks")
    return FieldLock(
        LockAction(str(action).removeprefix("/")),
        tuple(str(one.get_object()) for one in names if names is not None) if names else (),
    )
