"""Incremental saving (2019): what is appended behind the signed bytes."""

from __future__ import annotations

import re
from typing import Any

from policies.validation import Reason
from tests.ades.validation import scribe
from tests.ades.validation.attacks import (
    attack,
    generic,
    signed,
    startxref_of,
    updated,
)


def evil_page(document: bytes) -> bytes:
    """Another content of the first page."""

    def replace(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT (evil) Tj ET"))
        writer.update_container(page)

    return updated(document, replace)


@attack("page replaced", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    return evil_page(signed())


@attack("page replaced, then restored", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    evil = evil_page(signed())

    def restore(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = generic.IndirectObject(4, 0, writer)
        writer.update_container(page)

    return updated(evil, restore)


@attack("page added", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    def add(writer: Any) -> None:
        pages = writer.root["/Pages"]
        page = generic.DictionaryObject({generic.pdf_name("/Type"): generic.pdf_name("/Page")})
        page["/Parent"] = writer.root.raw_get("/Pages")
        page["/MediaBox"] = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 9, 9)])
        pages["/Kids"].append(writer.add_object(page))
        pages["/Count"] = generic.NumberObject(int(pages["/Count"]) + 1)
        writer.update_container(pages)
        writer.update_container(pages["/Kids"])

    return updated(signed(), add)


@attack("body appended, old references", Reason.COVERAGE_UNCLEAR, Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    body = b"4 0 obj\n<< /Length 4 >>\nstream\nevil\nendstream\nendobj\n"
    return signed() + body + b"startxref\n%d\n%%%%EOF\n" % startxref_of(signed())


@attack("signature dictionary moved to the update", Reason.COVERAGE_UNCLEAR)
def _() -> bytes:
    def move(writer: Any) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/V"] = writer.add_object(field["/V"])
        writer.update_container(field)

    return updated(signed(), move)


@attack("catalogue replaced", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    def replace(writer: Any) -> None:
        writer.root["/OpenAction"] = generic.DictionaryObject(
            {generic.pdf_name("/S"): generic.pdf_name("/JavaScript")}
        )
        writer.update_root()

    return updated(signed(), replace)


@attack("an update, and an object behind its end", Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    again = scribe.pdf(signed(), name="Signature2")
    return again + b"4 0 obj\n<< >>\nendobj\nstartxref\n%d\n%%%%EOF\n" % startxref_of(again)


@attack("two tables of references", Reason.HYBRID_REFERENCES, Reason.CHANGED_AFTER_SIGNING)
def _() -> bytes:
    """A hybrid file: readers of streams see other objects than readers of tables."""
    document = signed()
    start = startxref_of(document)
    entry = b"\x01\x00\x00\x00\x00"
    stream = (
        b"99 0 obj\n<< /Type /XRef /Size 100 /W [1 3 1] /Index [4 1] /Length 5 >>\nstream\n"
        + entry
        + b"\nendstream\nendobj\n"
    )
    place = len(document)
    table = place + len(stream)
    root = re.findall(rb"/Root (\d+) 0 R", document)[-1]
    return (
        document
        + stream
        + (
            b"xref\n0 0\ntrailer\n<< /Size 100 /Root %s 0 R /Prev %d /XRefStm %d >>\n"
            b"startxref\n%d\n%%%%EOF\n" % (root, start, place, table)
        )
    )
