"""Files that are made to hurt who reads them: bombs, loops, depths and numbers. (promise 31)

Each is small enough to be sent, and none may cost more than a child of the desk has.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from asn1crypto import cms

from tests.ades.validation import authority as pki_module
from tests.ades.validation import scribe
from tests.ades.validation.authority import DAY, T0, authority

MIB: Final = 1024 * 1024
Maker = Callable[[], bytes]


def document(*objects: bytes, root: bytes = b"", trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 4; the catalogue has these entries too."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    first = (
        b"<< /Type /Catalog /Pages 2 0 R " + root + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
    )
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate((*first, *objects), 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n\r\n" % place for place in places)
    size = len(places) + 1
    start = len(made)
    return bytes(made) + (
        b"xref\n0 %d\n0000000000 65535 f\r\n%strailer\n<< /Size %d /Root 1 0 R %s >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, trailer, start)
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def bomb(size: int, layers: int = 1) -> bytes:
    """Zeros, compressed as often."""
    made = bytes(size)
    for _ in range(layers):
        made = zlib.compress(made, 1)
    return made


def _store(kind: bytes, content: bytes, entries: bytes = b"") -> bytes:
    return document(stream(content, entries), root=b"/DSS << /%s [4 0 R] >>" % kind)


def in_contents(made: bytes) -> bytes:
    """These bytes in place of a signature."""

    class Whatever(scribe.Signer):
        def sign(self, message_digest: bytes) -> bytes:
            return made

    return scribe.pdf(by=Whatever(authority().alice, ()))


def _cross_signed() -> bytes:
    """Authorities that all certify one another: a number of chains beyond counting."""
    names = [f"Cross {number}" for number in range(7)]
    issuers = [
        pki_module.certificate(name, "authority", None, T0 - DAY, T0 + DAY) for name in names
    ]
    chain = [
        pki_module.certificate(one, "authority", by, T0 - DAY, T0 + DAY)
        for one in names
        for by in issuers
        if by.name != one
    ]
    leaf = pki_module.certificate("Eve", "signer", issuers[0], T0 - DAY, T0 + DAY)
    return scribe.p7s(b"contract", detached=False, by=leaf, chain=chain)


def _revisions(number: int) -> bytes:
    made = scribe.pdf()
    start = int(made[made.rindex(b"startxref") + 9 :].split()[0])
    parts, place = [made], len(made)
    for _ in range(number):
        trailer = b"trailer\n<< /Size 20 /Root 1 0 R /Prev %d >>" % start
        parts.append(b"xref\n0 0\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, place))
        start, place = place, place + len(parts[-1])
    return b"".join(parts)


def _fields(number: int) -> bytes:
    fields = b"[" + b"<< /T (a) /FT /Sig >>" * number + b"]"
    return document(fields, root=b"/AcroForm << /Fields 4 0 R >>")


def _many_tokens(number: int) -> bytes:
    def tokens(_: bytes) -> list[cms.CMSAttribute]:
        made = scribe.token(bytes(32))
        values = [cms.ContentInfo.load(made) for _ in range(number)]
        return [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": values})]

    return scribe.p7s(b"contract", detached=False, unsigned=tokens)


QUICK: Final[dict[str, Maker]] = {
    "nested arrays": lambda: document(b"[" * 100_000 + b"]" * 100_000, root=b"/AcroForm 4 0 R"),
    "nested dictionaries": lambda: document(
        b"<< /A " * 100_000 + b"0" + b">>" * 100_000, root=b"/AcroForm 4 0 R"
    ),
    "a form that is its own field": lambda: document(
        b"<< /T (a) /FT /Sig /Kids [4 0 R] >>", root=b"/AcroForm << /Fields [4 0 R] >>"
    ),
    "two fields that are each other's": lambda: document(
        b"<< /T (a) /Kids [5 0 R] >>",
        b"<< /T (b) /Kids [4 0 R] >>",
        root=b"/AcroForm << /Fields [4 0 R] >>",
    ),
    "an object that is a reference to itself": lambda: document(b"4 0 R", root=b"/AcroForm 4 0 R"),
    "references in a ring": lambda: document(b"5 0 R", b"4 0 R", root=b"/AcroForm 4 0 R"),
    "a table that is before itself": lambda: document(trailer=b"/Prev 9"),
    "a store with a bomb for a certificate": lambda: _store(
        b"Certs", bomb(128 * MIB), b"/Filter /FlateDecode"
    ),
    "a store with a bomb for a list": lambda: _store(
        b"CRLs", bomb(128 * MIB), b"/Filter /FlateDecode"
    ),
    "a store with a bomb in a bomb": lambda: _store(
        b"OCSPs", bomb(128 * MIB, 2), b"/Filter [/FlateDecode /FlateDecode]"
    ),
    "a hundred filters": lambda: _store(
        b"Certs", b"00>", b"/Filter [" + b"/ASCIIHexDecode " * 100 + b"]"
    ),
    "CMS: nested": lambda: in_contents(b"\x30\x80" * 4000),
    "CMS: nested in a file of its own": lambda: b"\x30\x80" * 1_000_000,
    "CMS: a million items": lambda: b"\x30\x83\x1e\x84\x80" + b"\x05\x00" * 1_000_000,
    "CMS: longer than it is": lambda: b"\x30\x84\x7f\xff\xff\xff",
    "CMS: two hundred time-stamps": lambda: _many_tokens(200),
    "nothing": lambda: b"",
    "only a header": lambda: b"%PDF-1.7\n",
    "a header and noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 4000,
    "opening brackets": lambda: b"%PDF-1.7\n" + b"<" * MIB + b"\nstartxref\n9\n%%EOF\n",
}
SLOW: Final[dict[str, Maker]] = {
    "ten thousand fields": lambda: _fields(10_000),
    "a hundred thousand fields": lambda: _fields(100_000),
    "a million objects": lambda: document(*([b"0"] * 1_000_000)),
    "authorities that certify one another": _cross_signed,
    "two thousand revisions": lambda: _revisions(2000),
}
"""The first one is for every run, the others for long ones."""
