"""SignedData from its parts and back: every byte of what goes in comes out where it belongs."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from asn1crypto import cms as asn1_cms

from ades import cms, der, signed_data
from ades.der import NotDer
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from tests.ades.office import Office

ECDSA = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
ATTRIBUTES = der.set_of(signed_data.attribute("1.2.3", der.octets(b"signed")))


@pytest.fixture
async def certificate(office: Office) -> bytes:
    """A signer's."""
    return await office.certificate(KeyAlgorithm.P_256)


def made(certificate: bytes, content: bytes | None, token: bytes | None) -> bytes:
    """A signature with these parts."""
    return cms.signed_data(
        signed_attributes=ATTRIBUTES,
        signature=b"value",
        algorithm=ECDSA,
        certificates=(certificate,),
        content=content,
        timestamp=token,
    )


def test_another_reader_finds_the_same(certificate: bytes) -> None:
    """Each part, read by a general toolkit."""
    token = der.sequence(der.oid("1.2.3"), der.explicit(0, der.octets(b"token")))
    found = asn1_cms.ContentInfo.load(made(certificate, b"content", token), strict=True)["content"]
    assert found["encap_content_info"]["content"].native == b"content"
    assert [one.chosen.dump() for one in found["certificates"]] == [certificate]
    (info,) = found["signer_infos"]
    assert (
        info["sid"].chosen["serial_number"].native == found["certificates"][0].chosen.serial_number
    )
    assert info["sid"].chosen["issuer"] == found["certificates"][0].chosen.issuer
    assert info["signed_attrs"].untag().dump() == ATTRIBUTES
    assert info["signature_algorithm"].signature_algo == "ecdsa"
    assert info["signature"].native == b"value"
    (stamp,) = info["unsigned_attrs"]
    assert stamp["type"].native == "signature_time_stamp_token"
    assert stamp["values"][0].dump() == token
    bare = asn1_cms.ContentInfo.load(made(certificate, None, None), strict=True)["content"]
    assert bare["encap_content_info"]["content"].native is None
    assert bare["signer_infos"][0]["unsigned_attrs"].native is None


def test_parts_come_out_as_they_went_in(certificate: bytes) -> None:
    """Read and written again, whatever the lengths are: also those that end in 0x80."""
    for size in (0, 1, 120, 128, 0x180, 0x280, 0x480, 0x780, 0x8080, *range(0x700, 0x710)):
        token = der.sequence(der.octets(os.urandom(size)))
        whole = made(certificate, os.urandom(size), token)
        assert token in whole
        parts = signed_data.read(whole)
        assert signed_data.write(parts) == whole
        more = replace(parts, crls=(der.sequence(der.octets(b"list")),), version=5)
        assert signed_data.read(signed_data.write(more)) == more


def test_what_is_none_is_refused(certificate: bytes) -> None:
    """Cut off, continued, of another type, with two signers."""
    whole = made(certificate, None, None)
    parts = signed_data.read(whole)
    data = der.sequence(der.oid("1.2.840.113549.1.7.1"), der.explicit(0, der.octets(b"x")))
    two = whole.replace(der.set_of(der.sequence(parts.signer)), b"")
    for wrong in (b"", whole[:-1], whole + b"\0", data, certificate, two):
        with pytest.raises(NotDer):
            signed_data.read(wrong)
    with pytest.raises(NotDer):
        signed_data.issuer_and_serial(b"\x30\x00")
