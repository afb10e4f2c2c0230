"""Levels B-B to B-LTA: the gate of security-and-pki appendix B, renewal, and what can go wrong."""

from __future__ import annotations

import asyncio
import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ades.levels import pades, raising
from ades.levels.ports import Evidence
from ades.validation import trust, validator
from ades.validation.report import SignatureLevel
from policies import errors, levels
from policies.algorithms import HashAlgorithm
from policies.pdf import Permission
from policies.pdf_signing import Place
from tests.ades import keys, pdfs
from tests.ades.gate import OK, SAID, Gate, embedded, pdfsig
from tests.ades.office import ALGORITHMS, P_256, SHA256, Office, kind_of
from tests.pki.golden import NOW, golden

DOCUMENTS = {
    "classic 1.4": pdfs.file(pdfs.objects(), version=b"1.4"),
    "object streams": pdfs.book(3, streams=True, version=(1, 5)),
    "2.0": pdfs.file(pdfs.objects(), version=b"2.0").rstrip(b"\n"),
    "a form": pdfs.plain(
        catalog=b"/AcroForm << /Fields [6 0 R] /NeedAppearances true >>",
        more={6: b"<< /FT /Tx /T (Signature1) /V (text) >>"},
    ),
}


@pytest.fixture(scope="module")
def in_hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with keys in SoftHSM."""
    with keys.in_hsm(tmp_path_factory.mktemp("office")) as device:
        yield Office(device, golden())


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("RSA-3072 PKCS#1", "a form"),
        ("RSA-3072 PSS", "object streams"),
        ("P-256", "2.0"),
    ],
)
async def test_the_gate(
    in_hsm: Office, gate: Gate, kind: str, algorithm: str, tmp_path: Path
) -> None:
    """With keys in the HSM: each level passes its judges, the ones above tell what is missing."""
    office, document = in_hsm, DOCUMENTS[kind]
    made = await office.ladder(document, ALGORITHMS[algorithm])
    evidence = await office.evidence_for(ALGORITHMS[algorithm])
    said = {level: await gate.all_levels(one, evidence) for level, one in made.items()}
    assert said == SAID
    for one in made.values():
        assert one.startswith(document)
    assert made["B-LTA"].startswith(made["B-LT"])
    pdfsig(tmp_path, made["B-LTA"])


async def at_lta(office: Office, document: bytes, **plan: Any) -> io.BytesIO:
    """A file at B-LTA."""
    file = io.BytesIO(await office.sign_pdf(document, stamped=True, **plan))
    await raising.pdf_to_lta(file, office, office)
    return file


async def test_our_own_validation_agrees(office: Office) -> None:
    """What is made here at B-LT and B-LTA is at that level for ``ades.validation``."""
    given = trust.of([office.pki.root.certificate], ())
    now = NOW + timedelta(minutes=1)
    file = io.BytesIO(await office.sign_pdf(DOCUMENTS["object streams"], stamped=True))
    await raising.pdf_to_lt(file, office)
    held = file.getvalue()
    await raising.pdf_to_lta(file, office, office)
    data = b"a contract"
    signature = await raising.cms_to_lt(await office.sign_data(data, stamped=True), office)
    for made, original, level in (
        (held, None, SignatureLevel.B_LT),
        (file.getvalue(), None, SignatureLevel.B_LTA),
        (signature, data, SignatureLevel.B_LT),
    ):
        # It has an event loop of its own.
        verdict = await asyncio.to_thread(
            partial(validator.check, made, level, given, now, status_known=True, original=original)
        )
        assert verdict.passed, verdict


async def test_certified_documents_reach_every_level(office: Office, gate: Gate) -> None:
    """P1 allows evidence and time-stamps, and nothing else."""
    certified = Place(None, Permission.NOTHING)
    file = await at_lta(office, DOCUMENTS["classic 1.4"], place=certified)
    assert await gate.archived(file.getvalue()) == OK


async def test_two_signers(office: Office, gate: Gate) -> None:
    """The second signs what the first left at B-LTA; both are archived at the end."""
    file = await at_lta(office, DOCUMENTS["object streams"])
    signed = await office.sign_pdf(file.getvalue(), ALGORITHMS["RSA-3072 PSS"], stamped=True)
    assert signed.startswith(file.getvalue())
    both = io.BytesIO(signed)
    await raising.pdf_to_lta(both, office, office)
    for place in (0, 1):
        assert await gate.self_contained(both.getvalue(), place)
        assert await gate.archived(both.getvalue(), place) == OK
    assert "Signature2" in [one.field_name for one in embedded(both.getvalue())]


async def test_an_archive_is_renewed(office: Office, gate: Gate) -> None:
    """A further time-stamp, with evidence for the last one: good for longer than its unit."""
    file = await at_lta(office, DOCUMENTS["classic 1.4"])
    until = levels.good_until(pades.stamps(file)[-1])
    office.unit = await office.another_unit(days=2000)
    await raising.pdf_to_lta(file, office, office)
    assert office.asked[-2:] == [(office.pki.unit.certificate,), (office.unit.certificate,)]
    _, second = pades.stamps(file)
    assert levels.good_until(second) > until
    assert await gate.archived(file.getvalue()) == OK
    assert await gate.later(file.getvalue(), until + timedelta(days=1)) == OK


async def test_evidence_comes_once(office: Office) -> None:
    """What the security store has is not added again; nothing new is no revision."""
    file = io.BytesIO(await office.sign_pdf(DOCUMENTS["classic 1.4"], stamped=True))
    asked = pades.in_question(file)
    kind = kind_of(P_256)
    assert asked == (await office.certificate(kind), office.pki.unit.certificate)
    evidence = await office.evidence(asked)
    tail = pades.add_evidence(file, evidence)
    held = io.BytesIO(file.getvalue() + tail)
    assert pades.add_evidence(held, evidence) == b""
    more = Evidence(crls=(await office.crl(office.pki.issuing),))
    added = pades.add_evidence(held, evidence | more)
    assert 0 < len(added) < len(tail)
    for one in (*evidence.certificates, *evidence.ocsps, *evidence.crls):
        assert zlib.compress(one) in tail or one in tail
        assert zlib.compress(one) not in added


async def test_the_same_input_gives_the_same_bytes(office: Office) -> None:
    """Neither clock nor randomness are in what is appended."""
    file = io.BytesIO(await office.sign_pdf(DOCUMENTS["a form"], stamped=True))
    evidence = await office.evidence(pades.in_question(file))
    first, second = (pades.prepare_stamp(file, evidence, SHA256) for _ in range(2))
    assert first == second


async def test_a_large_token_gets_more_room(office: Office) -> None:
    """A token that does not fit is asked for anew; one without end is refused."""
    document = DOCUMENTS["classic 1.4"]
    file = io.BytesIO(await office.sign_pdf(document))
    lean = office.pki.unit
    office.unit = replace(lean, chain=(*lean.chain, *[office.pki.root.certificate] * 40))
    await raising.pdf_to_lta(file, office, office)
    assert len(pades.stamps(file)) == 1
    office.unit = replace(lean, chain=(office.pki.root.certificate,) * 400)
    before = file.getvalue()
    with pytest.raises(raising.TokenTooLarge):
        await raising.pdf_to_lta(file, office, office)
    assert file.getvalue() == before


async def test_nothing_is_written_before_everything_is_there(office: Office) -> None:
    """An authority that gives no token leaves the file as it was."""

    class Silent:
        async def timestamp(self, digest: bytes, algorithm: HashAlgorithm) -> bytes:
            raise ConnectionError

    file = io.BytesIO(await office.sign_pdf(DOCUMENTS["classic 1.4"], stamped=True))
    before = file.getvalue()
    with pytest.raises(ConnectionError):
        await raising.pdf_to_lta(file, office, Silent())
    assert file.getvalue() == before


async def test_what_is_no_signature_is_refused(office: Office) -> None:
    """Rubbish in a signature field, and no PDF at all."""
    form = b"/AcroForm << /Fields [6 0 R] >>"
    field = {6: b"<< /FT /Sig /T (S) /V 7 0 R >>", 7: b"<< /Type /Sig /Contents <3000> >>"}
    for bad in (b"no PDF", pdfs.plain(catalog=form, more=field)):
        for step in (pades.in_question, pades.stamps):
            with pytest.raises(errors.DocumentUnfit):
                step(io.BytesIO(bad.replace(b"/Sig /Con", b"/DocTimeStamp /Con")))
