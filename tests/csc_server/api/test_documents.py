"""signDoc, signPolling and timestamp over HTTP, judged by OpenSSL and pyHanko. (CSC v2 11.11-13)

A service of its own: v2.1.0.1, with a time-stamping authority.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import cms
from pyhanko.sign.diff_analysis import ModificationLevel

from csc_server import app
from csc_server.wire import fields
from policies.algorithms import KeyAlgorithm
from tests import service, tsa
from tests.csc_server.api import rules_of_2_1
from tests.csc_server.api.documents import (
    PDF,
    SHA256,
    TEXT,
    approved,
    b64,
    cades,
    decoded,
    digests,
    openssl_verifies,
    pades,
    prepared_by_client,
    sha256,
    sign_doc,
    validate,
)
from tests.service import Client, Person, Reply, Service, Wanted

PEOPLE: dict[str, dict[str, Wanted]] = {
    "alice": {"p256": Wanted(KeyAlgorithm.P_256), "rsa": Wanted(KeyAlgorithm.RSA_3072)},
    "mallory": service.PIN_P256,
}
RSA_SHA256 = "1.2.840.113549.1.1.11"
PSS = {
    "signAlgo": "1.2.840.113549.1.1.10",
    "signAlgoParams": "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg",
}
BAD = "invalid_request"


@dataclass
class Office:
    """The service, its people and its time-stamping authority."""

    service: Service
    people: dict[str, Person]
    authority: tsa.Authority

    @property
    def root(self) -> Path:
        """The root certificate."""
        return self.service.settings.path(app.CA_ROOT)

    @property
    def spool(self) -> Path:
        """Where documents lie."""
        return self.service.settings.path(self.service.settings.documents.spool)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The running service."""
    with tsa.running() as (authority, url):
        wanted: dict[str, Any] = {
            "timestamp.url": url,
            "service.csc_v2": "2.1.0.1",
            "pkcs11.processes": 2,
        }
        directory = tmp_path_factory.mktemp("documents") / "instance"
        settings = service.create_instance(directory, **wanted)
        people = asyncio.run(service.enrol(settings, PEOPLE))
        running = Service(settings)
        running.start()
        yield Office(running, people, authority)
        assert running.stop() == 0


@pytest.fixture
async def alice(office: Office) -> AsyncIterator[Client]:
    """Alice, logged in to v2."""
    async with aiohttp.ClientSession() as http:
        client = Client(http, office.service.base_url, version=2)
        assert (await client.log_in(office.people["alice"])).status == 200
        yield client


@pytest.fixture
def p256(office: Office) -> str:
    """Alice's P-256 credential."""
    return office.people["alice"].credentials["p256"]


@pytest.fixture
def rsa(office: Office) -> str:
    """Alice's RSA credential."""
    return office.people["alice"].credentials["rsa"]


def token_of(signature: bytes) -> cms.ContentInfo:
    """The signature time-stamp of a CMS signature."""
    (signer,) = cms.ContentInfo.load(signature)["content"]["signer_infos"]
    (attribute,) = signer["unsigned_attrs"]
    assert attribute["type"].native == "signature_time_stamp_token"
    info = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
    imprint = info["message_imprint"]["hashed_message"].native
    assert imprint == sha256(signer["signature"].native)
    return attribute["values"][0]


class TestCades:
    @pytest.mark.parametrize("level", ["AdES-B-B", "Ades-B-T"])
    async def test_attached_and_detached(
        self, office: Office, alice: Client, p256: str, tmp_path: Path, level: str
    ) -> None:
        """A document with its signature around it and one beside it, in both levels."""
        sad = await approved(alice, p256, sha256(TEXT), sha256(TEXT))
        mime = [{"attribute_name": "mime-type", "attribute_value": b64(b"text/plain")}]
        reply = await sign_doc(
            alice,
            p256,
            sad,
            documents=[
                cades(TEXT, conformance_level=level, signed_props=mime),
                cades(TEXT, conformance_level=level, signed_envelope_property="Detached"),
            ],
        )
        assert reply.body.keys() == {"DocumentWithSignature", "SignatureObject"}
        (attached,) = decoded(reply, "DocumentWithSignature")
        (detached,) = decoded(reply, "SignatureObject")
        assert openssl_verifies(attached, office.root, tmp_path)
        assert (tmp_path / "out").read_bytes() == TEXT
        assert openssl_verifies(detached, office.root, tmp_path, TEXT)
        assert not openssl_verifies(detached, office.root, tmp_path, TEXT + b"\n")
        if level == "Ades-B-T":
            assert token_of(attached).dump() != token_of(detached).dump()

    async def test_digests_in_both_places_and_spellings(
        self, office: Office, alice: Client, p256: str, tmp_path: Path
    ) -> None:
        """Several digests of one element, hashAlgorithmOID above or inside, a bare string."""
        texts = [TEXT, TEXT + b"1", TEXT + b"2"]
        sad = await approved(alice, p256, *map(sha256, texts))
        inside = digests(*map(sha256, texts[:2]), hashAlgorithmOID=SHA256)
        bare = digests() | {"hashes": b64(sha256(texts[2]))}
        reply = await sign_doc(
            alice, p256, sad, documentDigests=[inside, bare], hashAlgorithmOID=SHA256
        )
        assert reply.body.keys() == {"SignatureObject"}
        for text, signature in zip(texts, decoded(reply, "SignatureObject"), strict=True):
            assert openssl_verifies(signature, office.root, tmp_path, text)

    @pytest.mark.parametrize(
        "algorithm",
        [{"signAlgo": RSA_SHA256}, PSS, {"signAlgo": "1.2.840.113549.1.1.1"}],
        ids=["pkcs1", "pss", "rsa"],
    )
    async def test_rsa(
        self, office: Office, alice: Client, rsa: str, tmp_path: Path, algorithm: dict[str, str]
    ) -> None:
        """Each RSA scheme, the bare OID with the digest named beside it."""
        sad = await approved(alice, rsa, sha256(TEXT))
        element = cades(TEXT, hashAlgorithmOID=SHA256, **algorithm)
        reply = await sign_doc(alice, rsa, sad, documents=[element])
        (signature,) = decoded(reply, "DocumentWithSignature")
        assert openssl_verifies(signature, office.root, tmp_path)


class TestPades:
    @pytest.mark.parametrize("level", ["AdES-B-B", "AdES-B-T"])
    async def test_certification_is_the_default(
        self, office: Office, alice: Client, p256: str, level: str
    ) -> None:
        """The document comes back certified; its own bytes are untouched."""
        sad = await approved(alice, p256, sha256(PDF))
        texts = {"Reason": "Aprobat", "Location": "Iași", "ContactInfo": "a@b", "Name": "Alice"}
        properties = [
            {"attribute_name": name, "attribute_value": b64(text.encode())}
            for name, text in texts.items()
        ]
        element = pades(conformance_level=level, signed_props=properties)
        reply = await sign_doc(alice, p256, sad, documents=[element])
        assert reply.body.keys() == {"DocumentWithSignature"}
        (signed,) = decoded(reply, "DocumentWithSignature")
        assert signed.startswith(PDF)
        status = await validate(signed, office.root)
        assert status.docmdp_ok
        assert (status.timestamp_validity is not None) is (level == "AdES-B-T")
        if status.timestamp_validity is not None:
            assert status.timestamp_validity.valid

    async def test_revision_upon_revision(
        self, office: Office, alice: Client, p256: str, rsa: str
    ) -> None:
        """An approval signature can be followed by another one; both stay valid."""
        sad = await approved(alice, p256, sha256(PDF))
        revision: dict[str, Any] = {"signed_envelope_property": "Revision"}
        reply = await sign_doc(alice, p256, sad, documents=[pades(**revision)])
        (once,) = decoded(reply, "DocumentWithSignature")
        sad = await approved(alice, rsa, sha256(once))
        again = pades(once, signAlgo=RSA_SHA256, **revision)
        (twice,) = decoded(
            await sign_doc(alice, rsa, sad, documents=[again]), "DocumentWithSignature"
        )
        first = await validate(twice, office.root, 0, coverage="ENTIRE_REVISION")
        assert first.modification_level is ModificationLevel.FORM_FILLING
        await validate(twice, office.root, 1)

    async def test_a_second_certification_is_refused_and_spends_nothing(
        self, office: Office, alice: Client, p256: str
    ) -> None:
        """Only the first signature can certify; the approval can still be used rightly."""
        sad = await approved(alice, p256, sha256(PDF))
        revision: dict[str, Any] = {"signed_envelope_property": "Revision"}
        reply = await sign_doc(alice, p256, sad, documents=[pades(**revision)])
        (once,) = decoded(reply, "DocumentWithSignature")
        sad = await approved(alice, p256, sha256(once))
        refused = await sign_doc(alice, p256, sad, documents=[pades(once)])
        assert refused.error == (400, BAD, "Invalid parameter signed_envelope_property")
        again = await sign_doc(alice, p256, sad, documents=[pades(once, **revision)])
        assert again.status == 200

    async def test_a_document_that_the_client_prepared(
        self, office: Office, alice: Client, p256: str
    ) -> None:
        """documentDigests with the digest of the byte range: the CMS goes into the client's PDF."""
        output, prepared = prepared_by_client(PDF)
        sad = await approved(alice, p256, prepared.document_digest)
        element = digests(
            prepared.document_digest, signature_format="P", conformance_level="AdES-B-T"
        )
        reply = await sign_doc(alice, p256, sad, documentDigests=[element])
        (signature,) = decoded(reply, "SignatureObject")
        prepared.fill_with_cms(output, signature)
        status = await validate(output.getvalue(), office.root)
        assert status.timestamp_validity is not None

    async def test_no_pdf(self, alice: Client, p256: str) -> None:
        """What is no PDF is refused, and its approval is as before."""
        sad = await approved(alice, p256, sha256(TEXT))
        refused = await sign_doc(alice, p256, sad, documents=[pades(TEXT)])
        text = "Invalid array parameter documents: not a PDF (its header has to be the first bytes)"
        assert refused.error == (400, BAD, text)
        assert (await sign_doc(alice, p256, sad, documents=[cades(TEXT)])).status == 200


async def test_mixed_formats_in_request_order(
    office: Office, alice: Client, p256: str, tmp_path: Path
) -> None:
    """allowMix: formats and envelopes side by side."""
    texts = [b"one", b"two", b"three"]
    sad = await approved(alice, p256, sha256(PDF), *map(sha256, texts))
    detached = {"signed_envelope_property": "Detached"}
    documents = [cades(texts[0]), pades(), cades(texts[1], **detached), cades(texts[2], **detached)]
    reply = await sign_doc(alice, p256, sad, documents=documents)
    enveloped, objects = (
        decoded(reply, "DocumentWithSignature"),
        decoded(reply, "SignatureObject"),
    )
    assert openssl_verifies(enveloped[0], office.root, tmp_path)
    assert enveloped[1].startswith(b"%PDF")
    for text, signature in zip(texts[1:], objects, strict=True):
        assert openssl_verifies(signature, office.root, tmp_path, text)


async def test_one_approval_one_signature(alice: Client, p256: str) -> None:
    """Used up by signDoc is used up for signDoc and signHash; sent at once, one wins."""
    sad = await approved(alice, p256, sha256(TEXT))
    replies = await asyncio.gather(
        *(sign_doc(alice, p256, sad, documents=[cades(TEXT)]) for _ in range(8)),
        *(alice.sign_hash(p256, sad, sha256(TEXT)) for _ in range(8)),
    )
    assert sorted(reply.status for reply in replies) == [200] + [400] * 15
    losers = {reply.error for reply in replies if reply.status != 200}
    assert losers <= {
        (400, BAD, "Invalid parameter SAD"),
        (400, BAD, "Hash is not authorized by the SAD."),
        (403, "invalid_hash", "Document or documentDigest does not match authorized hash"),
    }


WRONG_DIGESTS: list[Any] = ["x", 7, {"hashes": []}, ["x"], [digests()], [{"signature_format": "C"}]]
WRONG_DOCUMENTS: list[Any] = ["x", 7, {}, ["x"], [{"document": 7}], [{"signature_format": "C"}]]

ROWS: list[tuple[str, dict[str, Any], tuple[int, str, str]]] = [
    ("DOC-2", {"SAD": None}, (400, BAD, "Missing (or invalid type) string parameter SAD")),
    ("DOC-2 type", {"SAD": 7}, (400, BAD, "Missing (or invalid type) string parameter SAD")),
    ("DOC-3", {"SAD": "unknown"}, (400, BAD, "Invalid parameter SAD")),
    (
        "DOC-4",
        {"credentialID": None},
        (400, BAD, "Missing (or invalid type) string parameter credentialID"),
    ),
    ("DOC-5", {"credentialID": "unknown"}, (400, BAD, "Invalid parameter credentialID")),
    (
        "DOC-5 by qualifier",
        {"credentialID": None, "signatureQualifier": "eu_eidas_qes"},
        (400, BAD, "Invalid parameter credentialID"),
    ),
    (
        "a qualifier that nobody claims",
        {"signatureQualifier": "eu_eidas_qes"},
        (400, BAD, "Invalid parameter signatureQualifier"),
    ),
    *(
        (
            f"DOC-6 {wrong!r}",
            {"documentDigests": wrong},
            (400, BAD, "Invalid object parameter documentDigests"),
        )
        for wrong in WRONG_DIGESTS
    ),
    *(
        (
            f"DOC-7 {wrong!r}",
            {"documents": wrong, "documentDigests": None},
            (400, BAD, "Invalid array parameter documents"),
        )
        for wrong in WRONG_DOCUMENTS
    ),
    (
        "DOC-8",
        {"documentDigests": [], "documents": []},
        (400, BAD, "Empty documentDigests and documents objects"),
    ),
    (
        "DOC-9",
        {"documents": [cades(TEXT)]},
        (400, BAD, "Both documentDigests and documents parameters passed"),
    ),
    (
        "DOC-10",
        {"documentDigests": [digests() | {"hashes": ["#"]}]},
        (400, BAD, "Invalid Base64 hashes string parameter"),
    ),
    (
        "DOC-11",
        {"documentDigests": None, "documents": [cades(TEXT, document="#")]},
        (400, BAD, "Invalid Base64 documents string parameter"),
    ),
    ("DOC-27", {"clientData": 7}, (400, BAD, "Invalid parameter clientData")),
    ("DOC-23", {"operationMode": "B"}, (400, BAD, "Invalid parameter operationMode")),
    (
        "DOC-24",
        {"operationMode": "A", "validity_period": "1"},
        (400, BAD, "Invalid parameter validity_period"),
    ),
    *(
        (
            f"DOC-25 {period}",
            {"operationMode": "A", "validity_period": period},
            (400, BAD, "Out of bounds parameter validity_period"),
        )
        for period in (-1, 0, 9_999, 86_400_001, 10**40)
    ),
    (
        "DOC-26",
        {"operationMode": "A", "response_uri": "https://app.example.org/done"},
        (400, BAD, "Invalid parameter response_uri"),
    ),
    (
        "returnValidationInfo",
        {"returnValidationInfo": "yes"},
        (400, BAD, "Invalid parameter returnValidationInfo"),
    ),
    (
        "DOC-31",
        {"documentDigests": [digests(sha256(b"another"))]},
        (403, "invalid_hash", "Document or documentDigest does not match authorized hash"),
    ),
    (
        "DOC-31 twice",
        {"documentDigests": [digests(sha256(TEXT), sha256(TEXT))]},
        (403, "invalid_hash", "Document or documentDigest does not match authorized hash"),
    ),
    (
        "DOC-15 in two places",
        {
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.2",
            "documentDigests": [digests(sha256(TEXT), hashAlgorithmOID=SHA256)],
        },
        (400, BAD, "String parameter hashAlgorithmOID contradicts with signAlgo parameter"),
    ),
]
ELEMENT_ROWS: list[tuple[str, dict[str, Any], tuple[int, str, str]]] = [
    (
        "DOC-13",
        {"signAlgo": None},
        (400, BAD, "Missing (or invalid type) string parameter signAlgo"),
    ),
    (
        "DOC-14",
        {"signAlgo": PSS["signAlgo"]},
        (400, BAD, "Invalid parameter signAlgo"),
    ),
    (
        "DOC-14 type",
        {"signAlgoParams": 7},
        (400, BAD, "Missing (or invalid type) string parameter signAlgoParams"),
    ),
    (
        "DOC-15",
        {"hashAlgorithmOID": "2.16.840.1.101.3.4.2.2"},
        (400, BAD, "String parameter hashAlgorithmOID contradicts with signAlgo parameter"),
    ),
    (
        "DOC-16",
        {"hashAlgorithmOID": "1.3.14.3.2.26"},
        (400, BAD, "Invalid parameter hashAlgorithmOID"),
    ),
    ("DOC-16 type", {"hashAlgorithmOID": 7}, (400, BAD, "Invalid parameter hashAlgorithmOID")),
    ("DOC-17", {"signAlgo": RSA_SHA256}, (400, BAD, "Invalid parameter signAlgo")),
    *(
        (
            f"DOC-18 {form}",
            {"signature_format": form},
            (400, BAD, "Invalid parameter signature_format"),
        )
        for form in ("X", "J", "c", "")
    ),
    *(
        (
            f"DOC-19 {form!r}",
            {"signature_format": form},
            (400, BAD, "Missing (or invalid type) string parameter signature_format"),
        )
        for form in (None, 7)
    ),
    *(
        (
            f"DOC-20 {level!r}",
            {"conformance_level": level},
            (400, BAD, "Invalid parameter conformance_level"),
        )
        for level in ("AdES-B-LT", "AdES-B-LTA", "B", "", 7)
    ),
    *(
        (
            f"DOC-21 {envelope!r}",
            {"signed_envelope_property": envelope},
            (400, BAD, "Invalid parameter signed_envelope_property"),
        )
        for envelope in ("Attached", "Parallel", "Certification", "Enveloped", 7)
    ),
    (
        "DOC-22",
        {
            "signed_props": [
                {"attribute_name": "Reason", "attribute_value": b64(b"why")},
                {"attribute_name": "mime-type", "attribute_value": b64(b"text/plain")},
            ]
        },
        (400, BAD, "Invalid parameter signed_props (Reason)"),
    ),
    (
        "DOC-22 unknown, not ours to repeat",
        {"signed_props": [{"attribute_name": "content-hints"}, {"attribute_name": "\ud800"}]},
        (400, BAD, "Invalid parameter signed_props (content-hints, attribute_name)"),
    ),
    (
        "DOC-22 type",
        {"signed_props": "x"},
        (400, BAD, "Invalid parameter signed_props (signed_props)"),
    ),
    (
        "DOC-22 value",
        {"signed_props": [{"attribute_name": "mime-type", "attribute_value": b64("é".encode())}]},
        (400, BAD, "Invalid parameter signed_props (mime-type)"),
    ),
    ("DOC-28", {"hashes": [b64(b"short")]}, (400, BAD, "Invalid digest value length")),
]


class TestRows:
    @pytest.fixture(scope="class")
    @staticmethod
    def kept() -> dict[str, str]:
        """One SAD for all rows: a refusal changes nothing."""
        return {}

    async def body(self, alice: Client, p256: str, kept: dict[str, str]) -> dict[str, Any]:
        """A right request."""
        if "sad" not in kept:
            kept["sad"] = await approved(alice, p256, sha256(TEXT))
        element = digests(sha256(TEXT))
        return {"credentialID": p256, "SAD": kept["sad"], "documentDigests": [element]}

    @pytest.mark.parametrize(
        ("change", "error"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
    )
    async def test_request(
        self,
        alice: Client,
        p256: str,
        kept: dict[str, str],
        change: dict[str, Any],
        error: tuple[int, str, str],
    ) -> None:
        """One violation of the request at a time."""
        body = await self.body(alice, p256, kept)
        reply = await alice.post("signatures/signDoc", body | change)
        assert reply.error == error

    @pytest.mark.parametrize(
        ("change", "error"), [row[1:] for row in ELEMENT_ROWS], ids=[r[0] for r in ELEMENT_ROWS]
    )
    async def test_element(
        self,
        alice: Client,
        p256: str,
        kept: dict[str, str],
        change: dict[str, Any],
        error: tuple[int, str, str],
    ) -> None:
        """One violation of the element at a time."""
        body = await self.body(alice, p256, kept)
        body["documentDigests"][0] |= change
        reply = await alice.post("signatures/signDoc", body)
        assert reply.error == error

    async def test_members_of_2_1(self, alice: Client, p256: str, kept: dict[str, str]) -> None:
        """documentType sod is the default and the only one; no circumstantial data is used."""
        body = await self.body(alice, p256, kept) | {"documentDigests": None}
        for change, name in (
            ({"documentType": "sfd"}, "documentType"),
            ({"documentType": 7}, "documentType"),
            ({"circumstantialData": "e30="}, "circumstantialData"),
        ):
            body["documents"] = [cades(TEXT, **change)]
            reply = await alice.post("signatures/signDoc", body)
            assert reply.error == (400, BAD, f"Invalid parameter {name}")

    async def test_the_rows_changed_nothing(
        self, alice: Client, p256: str, kept: dict[str, str]
    ) -> None:
        """After all the refusals the same SAD still signs."""
        body = await self.body(alice, p256, kept) | {"documentDigests": None}
        body["documents"] = [cades(TEXT, documentType="sod", circumstantialData=None)]
        assert (await alice.post("signatures/signDoc", body)).status == 200

    async def test_pss_without_parameters(self, alice: Client, rsa: str) -> None:
        """DOC-14 for a key that could."""
        sad = await approved(alice, rsa, sha256(TEXT))
        element = digests(sha256(TEXT), signAlgo=PSS["signAlgo"])
        reply = await sign_doc(alice, rsa, sad, documentDigests=[element])
        assert reply.error == (
            400,
            BAD,
            "Missing (or invalid type) string parameter signAlgoParams",
        )

    async def test_somebody_elses_sad(self, office: Office, alice: Client, p256: str) -> None:
        """Mallory has Alice's SAD and the document, and gets nothing."""
        sad = await approved(alice, p256, sha256(TEXT))
        own = office.people["mallory"]
        mallory = Client(alice.http, alice.base_url, version=2)
        await mallory.log_in(own)
        theirs = await sign_doc(mallory, p256, sad, documents=[cades(TEXT)])
        assert theirs.error == (400, BAD, "Invalid parameter credentialID")
        crossed = await sign_doc(mallory, own.credentials["pin-p256"], sad, documents=[cades(TEXT)])
        assert crossed.error == (400, BAD, "Invalid parameter SAD")

    async def test_too_large(self, alice: Client, p256: str) -> None:
        """More than 50 MiB in a document: 413. Everywhere else the limit is the small one."""
        over = b64(bytes(50 * 1024 * 1024 + 1))
        reply = await sign_doc(alice, p256, "sad", documents=[cades(b"x", document=over)])
        assert reply.status == 413
        data = b'{"x": "' + b"a" * (1024 * 1024) + b'"}'
        assert (await alice.post("signatures/signHash", {}, data=data)).status == 413


class TestAsynchronous:
    async def finished(self, client: Client, accepted: Reply) -> Reply:
        """What signPolling says in the end."""
        assert accepted.status == 200, accepted.body
        assert accepted.body.keys() == {"responseID"}
        for _ in range(200):
            reply = await client.post(
                "signatures/signPolling", {"requestID": accepted.body["responseID"]}
            )
            if reply.status != 202:
                return reply
            assert reply.body["error"] == "accepted_request"
            await asyncio.sleep(0.02)
        raise AssertionError("never finished")

    async def test_sign_hash(self, alice: Client, p256: str) -> None:
        """The signatures come by polling, more than once."""
        sad = await approved(alice, p256, sha256(TEXT))
        accepted = await alice.sign_hash(p256, sad, sha256(TEXT), operationMode="A")
        reply = await self.finished(alice, accepted)
        assert reply.status == 200
        assert len(reply.body["signatures"]) == 1
        assert (await self.finished(alice, accepted)).body == reply.body

    async def test_sign_doc(self, office: Office, alice: Client, p256: str) -> None:
        """The signed document comes by polling, more than once, and lies in no database."""
        sad = await approved(alice, p256, sha256(PDF))
        accepted = await sign_doc(
            alice,
            p256,
            sad,
            documents=[pades(conformance_level="AdES-B-T")],
            operationMode="A",
            validity_period=60_000,
            returnValidationInfo=True,
        )
        reply = await self.finished(alice, accepted)
        assert reply.body.keys() == {"DocumentWithSignature"}
        (signed,) = decoded(reply, "DocumentWithSignature")
        await validate(signed, office.root)
        assert (await self.finished(alice, accepted)).body == reply.body
        kept = list(office.spool.glob("results/*/*"))
        assert signed in [file.read_bytes() for file in kept]
        for file in kept:
            file.unlink()
        lost = await self.finished(alice, accepted)
        assert lost.error[:2] == (400, BAD)
        assert "has failed" in str(lost.error[2])

    async def test_what_is_refused_at_once_is_not_accepted(self, alice: Client, p256: str) -> None:
        """A SAD that is spent, and an approval that was taken meanwhile."""
        sad = await approved(alice, p256, sha256(TEXT))
        body: dict[str, Any] = {"documents": [cades(TEXT)], "operationMode": "A"}
        replies = await asyncio.gather(*(sign_doc(alice, p256, sad, **body) for _ in range(4)))
        assert sorted(reply.status for reply in replies)[0] == 200
        assert [reply.status for reply in replies].count(200) == 1

    async def test_what_fails_later_says_so_for_good(self, alice: Client, p256: str) -> None:
        """A document that is no PDF is found out by the signer; the approval is as before."""
        sad = await approved(alice, p256, sha256(TEXT))
        accepted = await sign_doc(alice, p256, sad, documents=[pades(TEXT)], operationMode="A")
        for _ in range(2):
            reply = await self.finished(alice, accepted)
            assert reply.error[:2] == (400, BAD)
            assert "has failed" in str(reply.error[2])
        assert (await sign_doc(alice, p256, sad, documents=[cades(TEXT)])).status == 200

    async def test_polling_rows(self, office: Office, alice: Client, p256: str) -> None:
        """POLL-1 to POLL-6, and somebody else's handle."""
        path = "signatures/signPolling"
        text = "Malformed authorization header."
        assert (await alice.post(path, {}, headers={})).error == (400, BAD, text)
        for body, sentence in (
            ({}, "Missing (or invalid type) string parameter requestID"),
            ({"requestID": 7}, "Missing (or invalid type) string parameter requestID"),
            ({"requestID": "unknown"}, "Invalid parameter requestID"),
            ({"requestID": "x", "userID": "bob"}, "userID parameter SHALL be null"),
            ({"requestID": "x", "userID": 7}, 'Invalid parameter "userID"'),
            ({"requestID": "x", "clientData": 7}, "Invalid parameter clientData"),
        ):
            assert (await alice.post(path, body)).error == (400, BAD, sentence)
        sad = await approved(alice, p256, sha256(TEXT))
        accepted = await alice.sign_hash(p256, sad, sha256(TEXT), operationMode="A")
        mallory = Client(alice.http, alice.base_url, version=2)
        await mallory.log_in(office.people["mallory"])
        reply = await mallory.post(path, {"requestID": accepted.body["responseID"]})
        assert reply.error == (400, BAD, "Invalid parameter requestID")


class TestTimestamp:
    @pytest.mark.parametrize("version", [1, 2])
    async def test_a_token_with_our_hash_and_nonce(
        self, alice: Client, version: int, office: Office
    ) -> None:
        """The answer is the token itself, of the hash asked for, nonce included."""
        alice.version = version
        body = {"hash": b64(sha256(TEXT)), "hashAlgo": SHA256, "nonce": "9f3A5c0021"}
        reply = await alice.post("signatures/timestamp", body)
        assert reply.body.keys() == {"timestamp"}, reply.body
        token = cms.ContentInfo.load(base64.b64decode(reply.body["timestamp"]), strict=True)
        info = token["content"]["encap_content_info"]["content"].parsed
        assert info["message_imprint"]["hashed_message"].native == sha256(TEXT)
        assert info["nonce"].native == 0x9F3A5C0021
        assert office.authority.queries[-1]["cert_req"].native is True
        without = await alice.post("signatures/timestamp", body | {"nonce": None})
        assert without.status == 200
        assert office.authority.queries[-1]["nonce"].native is not None

    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"hash": None}, "Missing (or invalid type) string parameter hash"),
            ({"hash": ["x"]}, "Missing (or invalid type) string parameter hash"),
            ({"hash": ""}, "Empty hash parameter"),
            ({"hash": b64(b"short")}, "Invalid digest value length"),
            ({"hash": "#"}, "Invalid Base64 hash string parameter"),
            ({"hashAlgo": None}, "Invalid parameter hashAlgo"),
            ({"hashAlgo": "1.3.14.3.2.26"}, "Invalid parameter hashAlgo"),
            ({"hashAlgo": 7}, "Invalid parameter hashAlgo"),
            ({"nonce": "xyz"}, "Invalid parameter nonce"),
            ({"nonce": ""}, "Invalid parameter nonce"),
            ({"nonce": 7}, "Invalid parameter nonce"),
            ({"nonce": "f" * 65}, "Invalid parameter nonce"),
            ({"clientData": 7}, "Invalid parameter clientData"),
        ],
    )
    async def test_rows(
        self, alice: Client, version: int, change: dict[str, Any], text: str
    ) -> None:
        """TS-2 to TS-7."""
        alice.version = version
        body = {"hash": b64(sha256(TEXT)), "hashAlgo": SHA256} | change
        assert (await alice.post("signatures/timestamp", body)).error == (400, BAD, text)

    async def test_an_authority_that_is_down(
        self, office: Office, alice: Client, p256: str
    ) -> None:
        """503 for both methods; signDoc has spent the approval, and says so when asked again."""
        sad = await approved(alice, p256, sha256(TEXT))
        office.authority.down = True
        try:
            body = {"hash": b64(sha256(TEXT)), "hashAlgo": SHA256}
            reply = await alice.post("signatures/timestamp", body)
            assert (reply.status, reply.body["error"]) == (503, "temporarily_unavailable")
            element = cades(TEXT, conformance_level="AdES-B-T")
            reply = await sign_doc(alice, p256, sad, documents=[element])
            assert reply.status == 503
            assert reply.headers["Retry-After"] == "5"
        finally:
            office.authority.down = False
        reply = await sign_doc(alice, p256, sad, documents=[cades(TEXT)])
        assert reply.error == (400, BAD, "Invalid parameter SAD")

    async def test_a_token_that_is_no_signature_leaves_nobody(
        self, office: Office, alice: Client, p256: str
    ) -> None:
        """What came of it is checked first: 500, on record, and the approval is spent."""
        office.authority.stranger = True
        try:
            for element in (cades(TEXT), digests(sha256(TEXT)), pades()):
                content = PDF if element["signature_format"] == "P" else TEXT
                sad = await approved(alice, p256, sha256(content))
                element |= {"conformance_level": "AdES-B-T"}
                name = "documentDigests" if "hashes" in element else "documents"
                reply = await sign_doc(alice, p256, sad, **{name: [element]})
                assert (reply.status, reply.body["error"]) == (500, "server_error")
                assert reply.body.keys() == {"error", "error_description"}
                again = await sign_doc(alice, p256, sad, **{name: [element]})
                assert again.error == (400, BAD, "Invalid parameter SAD")
        finally:
            office.authority.stranger = False
        written = office.service.log.read_text().count("SignatureUnsound")
        assert written


@pytest.mark.parametrize(
    ("version", "method"),
    [
        (1, "signatures/timestamp"),
        (2, "signatures/timestamp"),
        (2, "signatures/signDoc"),
        (2, "signatures/signPolling"),
    ],
)
@pytest.mark.parametrize("header", [None, "Bearer", "Basic YTpi"])
async def test_header_rows(alice: Client, version: int, method: str, header: str | None) -> None:
    """DOC-1, POLL-1, TS-1; and 401 for a token that nobody issued."""
    alice.version = version
    headers = {} if header is None else {"Authorization": header}
    reply = await alice.post(method, {}, headers=headers)
    assert reply.error == (
        400,
        BAD,
        fields.GENERIC if version == 1 else "Malformed authorization header.",
    )
    unknown = await alice.post(method, {}, headers={"Authorization": "Bearer unknown"})
    assert (unknown.status, unknown.body["error"]) == (401, "invalid_token")


async def test_info_says_what_is_there(alice: Client) -> None:
    """v2.1.0.1: formats, envelopes, levels, modes; every listed method answers."""
    info = (await alice.post("info", {"lang": "fr-BE"})).body
    assert info["specs"] == "2.1.0.1"
    assert info["lang"] == "fr"
    assert info["description"] == "Service de signature à distance"
    assert info["asynchronousOperationMode"] is True
    assert info["validationInfo"] is False
    assert info["signature_formats"] == {
        "formats": ["C", "P"],
        "envelope_properties": [["Detached", "Attached"], ["Certification", "Revision"]],
        "allowMix": True,
    }
    assert info["conformance_levels"] == ["AdES-B-B", "AdES-B-T"]
    assert "documentTypes" not in info
    for method in info["methods"]:
        if "/" in method and not method.startswith("oauth2/"):
            assert (await alice.post(method, {})).status != 501, method
    assert "credentials/sendOTP" not in info["methods"]
    reply = await alice.post("credentials/sendOTP", {})
    assert reply.error == (501, "not_implemented", "The method is not implemented.")
    alice.version = 1
    info = (await alice.post("info", {"lang": "xx"})).body
    assert (info["lang"], info["description"]) == ("en", "Remote signing service")
    assert "signatures/timestamp" in info["methods"]


async def test_answers_keep_the_rules_of_2_1(alice: Client, p256: str) -> None:
    """Members, types and enumerations of the OpenAPI document, its slips patched (12.2)."""
    digest = sha256(TEXT)
    everything = {"certificates": "chain", "certInfo": True, "authInfo": True}
    extensible = await approved(alice, p256, digest, digest)
    one = {"credentialID": p256}
    hashes = {"hashes": [b64(digest)], "hashAlgorithmOID": SHA256}
    factors = {"numSignatures": 1, "authData": [{"id": "PIN", "value": service.PIN}]}
    bodies: dict[str, dict[str, Any]] = {
        "info": {},
        "credentials/list": {"credentialInfo": True, "onlyValid": True} | everything,
        "credentials/info": one | everything,
        "credentials/authorize": one | hashes | factors,
        "credentials/extendTransaction": one | hashes | {"SAD": extensible},
        "signatures/timestamp": {"hash": b64(digest), "hashAlgo": SHA256},
    }
    sads: dict[str, str] = {}
    for method, body in bodies.items():
        reply = await alice.post(method, body)
        assert reply.status == 200, (method, reply.body)
        rules_of_2_1.check(reply.body, rules_of_2_1.ANSWERS[method], method)
        sads[method] = reply.body.get("SAD", "")
    signed = await alice.sign_hash(p256, sads["credentials/extendTransaction"], digest)
    assert signed.status == 200
    rules_of_2_1.check(signed.body, rules_of_2_1.ANSWERS["signatures/signHash"])
    sad = sads["credentials/authorize"]
    accepted = await sign_doc(alice, p256, sad, documents=[cades(TEXT)], operationMode="A")
    assert accepted.status == 200
    rules_of_2_1.check(accepted.body, rules_of_2_1.ANSWERS["signatures/signDoc"])
    reply = await alice.post("credentials/sendOTP", {})
    assert reply.body["error"] in rules_of_2_1.CODES[reply.status]
    alice.token = "unknown"
    by_themselves = {"credentials/authorizeCheck", "credentials/getChallenge"}
    for method in (rules_of_2_1.ANSWERS.keys() | by_themselves) - {"info"}:
        reply = await alice.post(method, {})
        assert reply.body["error"] in rules_of_2_1.CODES[reply.status], method


@pytest.mark.parametrize(
    ("wish", "lang"), [("ro-RO", "ro"), ("RO", "ro"), ("de", "en"), ("", "en")]
)
async def test_labels_are_in_the_language_asked_for(
    alice: Client, p256: str, wish: str, lang: str
) -> None:
    """Labels of authentication objects follow ``lang``, in both versions and in the list."""
    label = {"ro": "PIN de semnare", "en": "Signing PIN"}[lang]
    wanted = {"authInfo": True, "lang": wish}
    info = (await alice.post("credentials/info", {"credentialID": p256} | wanted)).body
    assert (info["lang"], info["auth"]["objects"][0]["label"]) == (lang, label)
    listed = (await alice.post("credentials/list", {"credentialInfo": True} | wanted)).body
    assert listed["credentialInfos"][0]["lang"] == lang
    alice.version = 1
    info = (await alice.post("credentials/info", {"credentialID": p256} | wanted)).body
    assert (info["lang"], info["PIN"]["label"]) == (lang, label)


async def test_a_crash_signs_nothing_twice(office: Office, alice: Client, p256: str) -> None:
    """The web process dies with accepted work: the approval is not free again, and no result
    appears that was not promised."""
    running = office.service
    sad = await approved(alice, p256, sha256(TEXT))
    for signer in running.signer_processes():
        os.kill(signer.pid, signal.SIGSTOP)
    body: dict[str, Any] = {"documents": [cades(TEXT)], "operationMode": "A"}
    accepted = await sign_doc(alice, p256, sad, **body)
    assert accepted.status == 200
    for process in running.web_processes():
        process.kill()
    await asyncio.to_thread(running.wait_ready)
    handle = {"requestID": accepted.body["responseID"]}
    reply = await alice.post("signatures/signPolling", handle)
    assert (reply.status, reply.body["error"]) == (202, "accepted_request")
    again = await sign_doc(alice, p256, sad, documents=[cades(TEXT)])
    assert again.error == (400, BAD, "Invalid parameter SAD")
