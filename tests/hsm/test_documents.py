"""signDoc in the signer process: what is built there, and what a stolen web process cannot get.

Real keys; CMS and PDF are judged by OpenSSL and pyHanko. (docs/adr/0008)
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator.context import ValidationContext

from ades import cms, identifiers
from hsm import documents, errors, messages
from hsm.interface import DocumentSignature
from hsm.mechanisms import public_key, verifies
from policies import codec
from policies import errors as reasons
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm
from policies.appearance import (
    DRAWN_PIXELS,
    MOST_DRAWN_BYTES,
    Appearance,
    Line,
    Picture,
    PictureKind,
    Spot,
)
from policies.documents import (
    MOST_DOCUMENT_BYTES,
    Document,
    DocumentItem,
    DocumentOrder,
    PdfPlan,
)
from policies.messages import Language
from policies.pdf import Permission
from policies.pdf_signing import Place
from tests.hsm.world import DIGESTS, ECDSA_SHA256, Person, Room
from tests.spooled import spooled

generic: Any = untyped_generic
SAMPLE = Path(__file__).parents[2] / "csc_server/commands/sample.pdf"
PDF = SAMPLE.read_bytes()
TEXT = b"contract a"
APPROVED = (hashlib.sha256(TEXT).digest(), hashlib.sha256(PDF).digest())


@lru_cache(maxsize=1)
def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate("Root", key.public_key(), key, "Root", ca=True)


def _certificate(
    name: str, subject: Any, issuer_key: ec.EllipticCurvePrivateKey, issuer: str, *, ca: bool
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=not ca,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def chain(person: Person) -> tuple[bytes, bytes]:
    """The person's certificate and its root, DER."""
    key, root = _authority()
    leaf = _certificate("Alice", public_key(person.key.public_key), key, "Root", ca=False)
    return leaf.public_bytes(Encoding.DER), root.public_bytes(Encoding.DER)


def text_item(**changes: Any) -> DocumentItem:
    """The text, approved at place 0, as CAdES."""
    item = DocumentItem(0, APPROVED[0], ECDSA_SHA256, pades=False, mime_type=None, pdf=None)
    return replace(item, **changes)


def plan(**changes: Any) -> PdfPlan:
    """A plan for the sample PDF."""
    sample = Document(SAMPLE, len(PDF))
    standard = PdfPlan(sample, Place(None, None), "Approved", "Iasi", None, None, 8192)
    return replace(standard, **changes)


def pdf_item(**changes: Any) -> DocumentItem:
    """The PDF, approved at place 1, as PAdES."""
    item = DocumentItem(1, APPROVED[1], ECDSA_SHA256, pades=True, mime_type=None, pdf=plan())
    return replace(item, **changes)


@pytest.fixture
def order(room: Room, alice: Person) -> DocumentOrder:
    """A right order for both documents of a fresh SAD."""
    minted = room.mint(alice, hashes=APPROVED)
    return DocumentOrder(
        alice.key.key_ref,
        alice.key.public_key,
        chain(alice)[0],
        minted,
        (text_item(), pdf_item()),
    )


def verified(person: Person, made: DocumentSignature) -> bool:
    """The value is over the attributes, by this person's key."""
    digest = hashlib.sha256(made.attributes).digest()
    key = public_key(person.key.public_key)
    return verifies(key, ECDSA_SHA256, digest, made.signature)


def values(made: DocumentSignature) -> dict[str, Any]:
    """The attributes by name."""
    parsed = asn1_cms.CMSAttributes.load(made.attributes, strict=True)
    assert all(len(one["values"]) == 1 for one in parsed)
    return {one["type"].native: one["values"][0].native for one in parsed}


def wrap(order: DocumentOrder, made: DocumentSignature, content: bytes | None = None) -> bytes:
    """CMS around a result."""
    return cms.signed_data(
        signed_attributes=made.attributes,
        signature=made.signature,
        algorithm=ECDSA_SHA256,
        certificates=(order.certificate,),
        content=content,
        timestamp=None,
    )


def test_attributes_are_the_approved_digest_and_nothing_foreign(
    room: Room, alice: Person, order: DocumentOrder
) -> None:
    """CAdES has signing-time by the signer's clock, PAdES has none; both name the certificate."""
    text, pdf = room.activation.sign_documents(order)
    assert verified(alice, text)
    assert verified(alice, pdf)
    common = {
        "content_type",
        "message_digest",
        "cms_algorithm_protection",
        "signing_certificate_v2",
    }
    assert values(text).keys() == common | {"signing_time"}
    assert values(text)["message_digest"] == APPROVED[0]
    assert values(text)["signing_time"] == room.clock.now.replace(microsecond=0)
    named = values(text)["signing_certificate_v2"]["certs"][0]
    assert named["cert_hash"] == hashlib.sha256(order.certificate).digest()
    assert values(pdf).keys() == common
    assert values(pdf)["message_digest"] != APPROVED[1]


def test_openssl_accepts_detached_and_attached(
    room: Room, alice: Person, order: DocumentOrder, tmp_path: Path
) -> None:
    """`openssl cms -verify -cades` says yes to both, and no to another document."""
    made = room.activation.sign_documents(
        replace(order, items=(text_item(mime_type="text/plain"),))
    )
    (tmp_path / "root.pem").write_bytes(_authority()[1].public_bytes(Encoding.PEM))
    (tmp_path / "content").write_bytes(TEXT)
    (tmp_path / "other").write_bytes(TEXT + b".")
    (tmp_path / "detached").write_bytes(wrap(order, made[0]))
    (tmp_path / "attached").write_bytes(wrap(order, made[0], TEXT))

    def openssl(name: str, *more: str) -> int:
        command = [*("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"), "-in"]
        arguments = [name, "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null", *more]
        return subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True).returncode

    assert openssl("detached", "-content", "content") == 0
    assert openssl("attached") == 0
    assert openssl("detached", "-content", "other") == 4


@pytest.mark.parametrize("certify", [False, True])
async def test_pyhanko_accepts_the_pdf(
    room: Room, alice: Person, order: DocumentOrder, certify: bool
) -> None:
    """The update covers the whole file, changes nothing of the document, and is trusted."""
    item = pdf_item(pdf=plan(place=Place(None, Permission.NOTHING if certify else None)))
    (made,) = room.activation.sign_documents(replace(order, items=(item,)))
    assert made.pdf is not None
    signed = PDF + cms.filled(made.pdf, len(PDF), wrap(order, made))
    anchor = asn1_x509.Certificate.load(_authority()[1].public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[anchor], allow_fetching=False)
    signature = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[0]
    status = await async_validate_pdf_signature(signature, context)
    assert status.bottom_line, status.summary()
    assert status.coverage is not None
    assert status.coverage.name == "ENTIRE_FILE"
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/Reason"] == "Approved"
    assert (signature.docmdp_level is not None) is certify


@pytest.mark.req("SRC_DSC")
class TestStolenWebProcess:
    """Everything but the record's MAC is in the attacker's hands."""

    def refused(self, room: Room, order: DocumentOrder, match: str) -> None:
        with pytest.raises(errors.Rejected, match=match):
            room.activation.sign_documents(order)

    def test_another_digest(self, room: Room, order: DocumentOrder) -> None:
        """A digest that nobody approved is not signed, under whatever ordinal."""
        for ordinal in (0, 1, 2, -1):
            item = text_item(ordinal=ordinal, digest=DIGESTS[7])
            self.refused(room, replace(order, items=(item,)), "not approved|not open")

    def test_another_document_under_an_approved_digest(
        self, room: Room, order: DocumentOrder, tmp_path: Path
    ) -> None:
        """The signer reads and hashes the document itself, and is told no digest of it."""
        document = spooled(tmp_path, PDF)
        item = pdf_item(pdf=plan(document=document))
        document.path.write_bytes(PDF + b"\n% more")
        self.refused(room, replace(order, items=(item,)), "not approved")

    def test_something_else_than_a_file(
        self, room: Room, order: DocumentOrder, tmp_path: Path
    ) -> None:
        """A path to anything but a file of bounded size is refused, and nothing waited for."""
        (tmp_path / "link").symlink_to(SAMPLE)
        os.mkfifo(tmp_path / "pipe")
        with (tmp_path / "long").open("wb") as file:
            file.truncate(MOST_DOCUMENT_BYTES + 1)
        found = {
            "none": "cannot be read",
            "link": "cannot be read",
            "pipe": "no file",
            ".": "no file|cannot be read",
            "long": "too long",
            "with\0zero": "cannot be read",
        }
        for name, reason in found.items():
            item = pdf_item(pdf=plan(document=Document(tmp_path / name, 1)))
            self.refused(room, replace(order, items=(item,)), reason)
        item = pdf_item(pdf=plan(document=Document(Path("/dev/zero"), 1)))
        self.refused(room, replace(order, items=(item,)), "no file")

    def test_a_pdf_plan_on_a_text(self, room: Room, order: DocumentOrder) -> None:
        """A plan belongs to its own document and to PAdES."""
        self.refused(room, replace(order, items=(text_item(pdf=plan()),)), "not approved")
        item = pdf_item(pades=False)
        self.refused(room, replace(order, items=(item,)), "out of bounds")

    def test_the_certificate_of_somebody_else(
        self, room: Room, order: DocumentOrder, bob: Person
    ) -> None:
        """The attributes never name a certificate of another key, and no rubbish."""
        self.refused(room, replace(order, certificate=chain(bob)[0]), "another key")
        for rubbish in (b"", b"\x30\x00", order.certificate[:-1], order.certificate + b"\x00"):
            self.refused(room, replace(order, certificate=rubbish), "not a certificate")

    def test_somebody_elses_key(self, room: Room, order: DocumentOrder, bob: Person) -> None:
        """Alice's approval with Bob's key, and with his key and certificate."""
        theirs = replace(
            order,
            key_ref=bob.key.key_ref,
            public_key=bob.key.public_key,
            certificate=chain(bob)[0],
        )
        self.refused(room, theirs, "key that the SAD is not for")

    def test_replay(self, room: Room, order: DocumentOrder) -> None:
        """What was signed is not signed again, neither as a document nor as a hash."""
        room.activation.sign_documents(order)
        self.refused(room, order, "signed before")
        self.refused(room, replace(order, items=(text_item(),)), "signed before")

    def test_one_approval_in_two_guises(
        self, room: Room, alice: Person, order: DocumentOrder
    ) -> None:
        """The same occurrence twice in one order, or first by signHash."""
        self.refused(room, replace(order, items=(text_item(), text_item())), "one occurrence")
        hash_order = room.order(alice, order.minted, 0, digests=(APPROVED[0],))
        room.activation.sign(hash_order)
        self.refused(room, order, "signed before")

    def test_no_items(self, room: Room, order: DocumentOrder) -> None:
        """An empty order is no order."""
        self.refused(room, replace(order, items=()), "one occurrence")

    def test_after_the_end(self, room: Room, order: DocumentOrder) -> None:
        """A SAD that is over signs no document."""
        room.clock.now += timedelta(minutes=6)
        self.refused(room, order, "over")

    def test_texts_out_of_bounds(self, room: Room, order: DocumentOrder) -> None:
        """Texts and room have limits; a media type is plain ASCII."""
        for bad in (plan(reason="x" * 201), plan(contents_bytes=0), plan(contents_bytes=10**9)):
            self.refused(room, replace(order, items=(pdf_item(pdf=bad),)), "out of bounds")
        for bad_type in ("", "x" * 128, "text/plain\n", "tëxt"):
            item = text_item(mime_type=bad_type)
            self.refused(room, replace(order, items=(item,)), "media type")

    def test_appearances_out_of_bounds(self, room: Room, order: DocumentOrder) -> None:
        """A picture as large as a document, or a line many times, is not drawn."""
        spot = Spot(0, 60, 60, 200, 60)
        picture = Picture(PictureKind.FLATE, DRAWN_PIXELS, 1, True, b"x", None)
        good = Appearance(spot, Language.RO, (Line.NAME,), picture)
        for bad in (
            replace(good, picture=replace(picture, width=DRAWN_PIXELS + 1)),
            replace(good, picture=replace(picture, height=0)),
            replace(good, picture=replace(picture, data=bytes(MOST_DRAWN_BYTES + 1))),
            replace(good, picture=replace(picture, alpha=bytes(MOST_DRAWN_BYTES))),
            replace(good, lines=(Line.NAME,) * 1000),
        ):
            item = pdf_item(pdf=plan(appearance=bad))
            self.refused(room, replace(order, items=(item,)), "out of bounds")
        item = pdf_item(pdf=plan(appearance=good, name="Bob"))
        sent = messages.SignDocuments(replace(order, items=(item,)))
        frame = messages.encode_request(sent)[messages.LENGTH_BYTES :]
        assert messages.decode_request(frame) == sent
        (made,) = room.activation.sign_documents(sent.order)
        assert made.pdf is not None
        assert b"/XObject" in made.pdf.tail

    def test_attributes_cannot_be_sent(self, order: DocumentOrder) -> None:
        """A message with attributes of its own is no message."""
        frame = messages.encode_request(messages.SignDocuments(order))
        plain = codec.decode(frame[messages.LENGTH_BYTES :])
        plain[1]["order"]["items"][0]["attributes"] = "MQA="
        with pytest.raises(codec.Malformed):
            messages.decode_request(codec.encode(plain))

    def test_a_refusal_spends_nothing(
        self, room: Room, alice: Person, order: DocumentOrder, tmp_path: Path
    ) -> None:
        """After a refused document the same approval still signs."""
        bad = b"no pdf"
        digest = hashlib.sha256(bad).digest()
        minted = room.mint(alice, "sad-bad", hashes=(digest, APPROVED[1]))
        unfit = pdf_item(ordinal=0, digest=digest, pdf=plan(document=spooled(tmp_path, bad)))
        both = replace(order, minted=minted, items=(pdf_item(), unfit))
        with pytest.raises(reasons.DocumentUnfit):
            room.activation.sign_documents(both)
        assert len(room.activation.sign_documents(replace(both, items=(pdf_item(),)))) == 1


def pdf_at(directory: Path, content: bytes) -> DocumentItem:
    """An item for another PDF than the sample."""
    digest = hashlib.sha256(content).digest()
    return pdf_item(pdf=plan(document=spooled(directory, content)), digest=digest)


def _unchecked(room: Room, order: DocumentOrder, item: DocumentItem) -> None:
    """The drafting alone, for documents that the SAD of the fixture does not hold."""
    documents.draft(order, item, room.clock.now)


def changed(**entries: Any) -> bytes:
    """The sample with entries in its catalog."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(PDF))
    for name, value in entries.items():
        # Behind a reference, as most writers put them.
        writer.root[generic.NameObject(f"/{name}")] = writer.add_object(value)
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def test_unfit_documents_are_refused_by_reason(
    room: Room, order: DocumentOrder, tmp_path: Path
) -> None:
    """Rubbish, active content and forms of another kind are refused; nothing else escapes."""
    name = generic.NameObject
    launch = generic.DictionaryObject({name("/S"): name("/Launch")})
    xfa = generic.DictionaryObject({name("/XFA"): generic.ArrayObject()})
    scripts = generic.DictionaryObject({name("/JavaScript"): generic.DictionaryObject()})
    bad = [
        b"",
        b"%PDF-1.7\n",
        b"%PDF-1.7\nstartxref\n0\n%%EOF",
        PDF[: len(PDF) // 2],
        bytes(1100) + PDF,
        changed(OpenAction=launch),
        changed(AcroForm=xfa),
        changed(Names=scripts),
        changed(AA=generic.DictionaryObject({name("/WC"): launch})),
        changed(Perms=generic.DictionaryObject({name("/DocMDP"): generic.NullObject()})),
    ]
    for document in bad:
        item = pdf_at(tmp_path, document)
        with pytest.raises(reasons.DocumentUnfit):
            _unchecked(room, order, item)
    form = generic.DictionaryObject({name("/Fields"): generic.ArrayObject()})
    goto = generic.ArrayObject([generic.NumberObject(0), name("/Fit")])
    for harmless in (
        changed(Lang=generic.TextStringObject("ro")),
        changed(AcroForm=form, Names=generic.DictionaryObject(), OpenAction=goto),
    ):
        _unchecked(room, order, pdf_at(tmp_path, harmless))


def test_mutated_documents_never_break_the_reader(
    room: Room, order: DocumentOrder, tmp_path: Path
) -> None:
    """Bytes flipped all over the file: prepared or refused, never an unexpected error."""
    chance = random.Random(7)
    for _ in range(60):
        document = bytearray(PDF)
        for _ in range(chance.randint(1, 30)):
            document[chance.randrange(len(document))] = chance.randrange(256)
        item = pdf_at(tmp_path, bytes(document))
        try:
            _unchecked(room, order, item)
        except reasons.DocumentUnfit:
            continue


def test_algorithm_identifiers_are_read_by_openssl() -> None:
    """Each scheme has the identifier that asn1crypto reads back as the same."""
    for digest in HashAlgorithm:
        pss = SignAlgorithm(Scheme.RSA_PSS, digest, digest.digest_bytes)
        found = identifiers.signature_algorithm(pss)
        assert found.signature_algo == "rsassa_pss"
        assert found.hash_algo == digest.name.lower()
        assert found["parameters"]["salt_length"].native == digest.digest_bytes
        for scheme, name in ((Scheme.RSA_PKCS1, "rsassa_pkcs1v15"), (Scheme.ECDSA, "ecdsa")):
            plain = identifiers.signature_algorithm(SignAlgorithm(scheme, digest))
            assert (plain.signature_algo, plain.hash_algo) == (name, digest.name.lower())
