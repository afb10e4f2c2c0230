"""CMS signatures at every level: OpenSSL judges, and EN 319 122-1 computed a second time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms

from ades.levels import cades, raising
from policies.algorithms import HashAlgorithm
from tests.ades.gate import Gate, archive_imprint
from tests.ades.office import ALGORITHMS, SHA256, Office, kind_of

DATA = b"a contract"
SHA384 = HashAlgorithm.SHA384


def signed_data(signature: bytes) -> Any:
    """The SignedData."""
    return cms.ContentInfo.load(signature, strict=True)["content"]


@pytest.mark.parametrize("attached", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_every_level(
    office: Office, gate: Gate, algorithm: str, attached: bool, tmp_path: Path
) -> None:
    """OpenSSL takes B-B, B-T, B-LT, B-LTA and a second archive time-stamp."""
    content = None if attached else DATA
    levels = [await office.sign_data(DATA, ALGORITHMS[algorithm], attached=attached)]
    value = signed_data(levels[0])["signer_infos"][0]["signature"].native
    token = await office.timestamp(hashlib.sha256(value).digest(), SHA256)
    levels.append(cades.with_stamp(levels[0], token))
    levels.append(await raising.cms_to_lt(levels[1], office))
    for _ in range(2):
        levels.append(await raising.cms_to_lta(levels[-1], office, office))
        found, wanted = archive_imprint(levels[-1], DATA)
        assert found == wanted
    for one in levels:
        gate.openssl_cades(tmp_path, one, content)
    assert len({len(one) for one in levels}) == len(levels)
    signatures = {signed_data(one)["signer_infos"][0]["signature"].native for one in levels}
    assert signatures == {value}


async def test_evidence_lies_where_the_baseline_wants_it(office: Office) -> None:
    """Certificates, CRLs and OCSP responses in the SignedData; nothing twice; version 5."""
    stamped = await office.sign_data(DATA, stamped=True)
    asked = cades.in_question(stamped)
    kind = kind_of(ALGORITHMS["P-256"])
    assert asked == (await office.certificate(kind), office.pki.unit.certificate)
    evidence = await office.evidence(asked)
    held = cades.add_evidence(stamped, evidence)
    signed = signed_data(held)
    certificates = [one.dump() for one in signed["certificates"]]
    assert sorted(certificates) == sorted(set(evidence.certificates))
    lists = [one.chosen.dump() for one in signed["crls"] if one.name == "crl"]
    others = [one.chosen for one in signed["crls"] if one.name == "other"]
    assert lists == list(evidence.crls)
    assert sorted(one["other_rev_info"].dump() for one in others) == sorted(evidence.ocsps)
    assert {one["other_rev_info_format"].dotted for one in others} == {"1.3.6.1.5.5.7.16.2"}
    assert (signed_data(stamped)["version"].native, signed["version"].native) == ("v1", "v5")
    assert cades.add_evidence(held, evidence) == held


async def test_the_content_may_be_digested_anew(office: Office) -> None:
    """Another digest algorithm needs the content's digest; without it there is none to take."""
    stamped = await office.sign_data(DATA, stamped=True)
    digest = hashlib.sha384(DATA).digest()
    with pytest.raises(ValueError, match="another digest algorithm"):
        cades.imprint(stamped, SHA384)
    other = cades.imprint(stamped, SHA384, digest)
    assert len(other.digest) == 48
    assert other != cades.imprint(stamped, SHA384, hashlib.sha384(b"other").digest())
    archived = await raising.cms_to_lta(stamped, office, office, SHA384, digest)
    assert len(cades.stamps(archived)) == 1


async def test_only_the_last_stamp_needs_evidence_later(office: Office) -> None:
    """What was archived has its evidence; certificates that ended are not asked for."""
    stamped = await office.sign_data(DATA, stamped=True)
    archived = await raising.cms_to_lta(stamped, office, office)
    assert cades.in_question(archived) == (office.pki.unit.certificate,)
    office.unit = await office.another_unit(days=2000)
    await raising.cms_to_lta(archived, office, office)
    assert office.asked[-2:] == [(office.pki.unit.certificate,), (office.unit.certificate,)]


async def test_a_token_over_something_else_is_not_taken(office: Office) -> None:
    """The index goes only into the token that is over it."""
    stamped = await office.sign_data(DATA, stamped=True)
    wanted = cades.imprint(stamped, SHA256)
    token = await office.timestamp(hashlib.sha256(b"else").digest(), SHA256)
    with pytest.raises(ValueError, match="something else"):
        cades.with_archive_stamp(stamped, wanted, token)


async def test_what_is_no_signature_is_refused(office: Office) -> None:
    """Rubbish, and a signature whose certificate is not in it."""
    signed = signed_data(await office.sign_data(DATA))
    signed["certificates"] = [
        one for one in signed["certificates"] if one.chosen.dump() in office.chain
    ]
    alone = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    data = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
    for bad in (b"", bytes((0x30, 0)), data, alone):
        with pytest.raises(ValueError, match=r"."):
            cades.in_question(bad)
