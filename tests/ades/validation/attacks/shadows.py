"""Shadow attacks (2020/21), and attacks on certified documents (2021)."""

from __future__ import annotations

from typing import Any

from pyhanko.sign.fields import SigFieldSpec

from policies.validation import Reason
from tests.ades.validation import scribe
from tests.ades.validation.attacks import (
    ATTACKS,
    Attack,
    attack,
    generic,
    updated,
)


def _shadow() -> bytes:
    """A document with a second page tree and a hidden layer, ready for an attack."""

    def prepare(writer: Any) -> None:
        name, number = generic.pdf_name, generic.NumberObject
        box = generic.ArrayObject([number(n) for n in (0, 0, 200, 200)])
        image = writer.add_object(generic.StreamObject(stream_data=b"1 g 0 0 200 200 re f"))
        note = generic.DictionaryObject(
            {
                name("/Type"): name("/Annot"),
                name("/Subtype"): name("/Stamp"),
                name("/Rect"): box,
                name("/AP"): generic.DictionaryObject({name("/N"): image}),
            }
        )
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
        writer.update_container(page)
        other = generic.DictionaryObject(
            {
                name("/Type"): name("/Pages"),
                name("/Kids"): generic.ArrayObject(),
                name("/Count"): number(0),
            }
        )
        writer.root["/PieceInfo"] = generic.DictionaryObject(
            {name("/Shadow"): writer.add_object(other)}
        )
        writer.update_root()

    return scribe.pdf(updated(scribe.PDF, prepare))


@attack("shadow, hide: the cover is taken away", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    def uncover(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Annots"][0]["/F"] = generic.NumberObject(2)
        writer.update_container(page["/Annots"][0])

    return updated(_shadow(), uncover)


@attack("shadow, hide and replace: another tree of pages", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    def switch(writer: Any) -> None:
        writer.root["/Pages"] = writer.root["/PieceInfo"].raw_get("/Shadow")
        writer.update_root()

    return updated(_shadow(), switch)


def with_form() -> bytes:
    """A document with a text field that shows something else than it holds."""

    def prepare(writer: Any) -> None:
        name, text = generic.pdf_name, generic.pdf_string
        box = generic.ArrayObject([generic.NumberObject(n) for n in (10, 10, 90, 30)])
        field = generic.DictionaryObject(
            {
                name("/FT"): name("/Tx"),
                name("/T"): text("Amount"),
                name("/V"): text("10"),
                name("/Type"): name("/Annot"),
                name("/Subtype"): name("/Widget"),
                name("/Rect"): box,
            }
        )
        reference = writer.add_object(field)
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Annots"] = generic.ArrayObject([reference])
        writer.update_container(page)
        writer.root["/AcroForm"] = generic.DictionaryObject(
            {name("/Fields"): generic.ArrayObject([reference])}
        )
        writer.update_root()

    return updated(scribe.PDF, prepare)


def filled(document: bytes) -> bytes:
    """The text field gets another value."""

    def fill(writer: Any) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/V"] = generic.pdf_string("1000")
        writer.update_container(field)

    return updated(document, fill)


@attack("shadow, replace: a form field gets another value", Reason.FIELDS_FILLED_AFTER_SIGNING)
def _() -> bytes:
    return filled(scribe.pdf(with_form()))


@attack("shadow, replace: a font is swapped", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    def swap(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Resources"] = generic.DictionaryObject(
            {generic.pdf_name("/Font"): generic.DictionaryObject()}
        )
        writer.update_container(page)

    return updated(_shadow(), swap)


def _annotated(writer: Any) -> None:
    name, number = generic.pdf_name, generic.NumberObject
    note = generic.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/FreeText"),
            name("/Rect"): generic.ArrayObject([number(n) for n in (0, 0, 300, 300)]),
            name("/Contents"): generic.pdf_string("evil"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    notes = page["/Annots"] if "/Annots" in page else generic.ArrayObject()
    page["/Annots"] = generic.ArrayObject([*notes, writer.add_object(note)])
    writer.update_container(page)


for _level in (1, 2, 3):
    ATTACKS[f"certified P{_level}: an evil note"] = Attack(
        lambda level=_level: updated(scribe.pdf(certify=level), _annotated),  # type: ignore[misc]  # bound early
        frozenset({Reason.CHANGE_NOT_PERMITTED}),
    )
    ATTACKS[f"certified P{_level}: an evil look of a second signature"] = Attack(
        lambda level=_level: scribe.pdf(  # type: ignore[misc]  # the same
            scribe.pdf(certify=level),
            name="Signature2",
            spec=SigFieldSpec("Signature2", box=(0, 0, 300, 300)),
        ),
        frozenset({Reason.CHANGE_NOT_PERMITTED}),
    )


@attack("certified P1: a second signature without a look", Reason.CHANGE_NOT_PERMITTED)
def _() -> bytes:
    return scribe.pdf(scribe.pdf(certify=1), name="Signature2")


@attack("certified P1: a form filled in", Reason.CHANGE_NOT_PERMITTED)
def _() -> bytes:
    return filled(scribe.pdf(with_form(), certify=1))
