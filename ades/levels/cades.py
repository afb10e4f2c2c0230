"""B-T to B-LTA of CMS signatures. (EN 319 122-1 5.3, 5.5, 6.3; RFC 5652 10.2, RFC 5940)

Evidence lies in the SignedData itself, where the baseline levels want it: certificates in
``certificates``, CRLs and OCSP responses in ``crls``. The archive time-stamp (version 3) is over
what was signed, over the signature, and over an index of all evidence. Bytes that were signed or
time-stamped are never encoded anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from asn1crypto import algos, cms, core

from ades import der, identifiers, signed_data
from ades.cms import SIGNATURE_STAMP
from ades.levels import tokens
from ades.levels.ports import Evidence
from ades.signed_data import attribute
from policies.algorithms import HashAlgorithm
from policies.levels import StampFacts

ARCHIVE_STAMP: Final = "archive_time_stamp_v3"
"""EN 319 122-1 5.5.3."""
HASH_INDEX: Final = "ats_hash_index_v3"
"""EN 319 122-1 5.5.2."""
_OIDS: Final = {ARCHIVE_STAMP: "0.4.0.1733.2.4", HASH_INDEX: "0.4.0.19122.1.5"}
_OTHER: Final = der.context(1)
"""RFC 5652 10.2.1: ``other`` of RevocationInfoChoice."""
_OCSP_RESPONSE: Final = "1.3.6.1.5.5.7.16.2"
"""RFC 5940 2.1: id-ri-ocsp-response."""
_VERSION_WITH_OTHER: Final = 5
"""RFC 5652 5.1: with revocation information of another kind than CRLs."""


class HashIndex(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
    """ATSHashIndexV3."""

    _fields = [  # noqa: RUF012  # asn1crypto fills it in
        ("algorithm", algos.DigestAlgorithm),
        ("certificates", core.SequenceOf, {"spec": core.OctetString}),
        ("crls", core.SequenceOf, {"spec": core.OctetString}),
        ("unsigned_attributes", core.SequenceOf, {"spec": core.OctetString}),
    ]


class _HashIndexes(core.SetOf):  # type: ignore[misc]  # as above
    _child_spec = HashIndex


cms.CMSAttributeType._map.update({oid: name for name, oid in _OIDS.items()})
cms.CMSAttributeType._reverse_map = None
cms.CMSAttribute._oid_specs |= {ARCHIVE_STAMP: cms.SetOfContentInfo, HASH_INDEX: _HashIndexes}


@dataclass(frozen=True, slots=True)
class Imprint:
    """What an archive time-stamp is to be over."""

    digest: bytes
    index: bytes
    """ATSHashIndexV3, DER: goes into the token."""


def in_question(signature: bytes) -> tuple[bytes, ...]:
    """The certificates, DER, whose status has to be in the signature: of the last archive
    time-stamp, or if there is none of the signer and of who time-stamped the signature.

    Raises:
        ValueError: Not a signature by one signer, with the certificate in it.
    """
    archive = _archive_stamps(signature)
    found = [tokens.signer(archive[-1])] if archive else tokens.in_question(signature)
    return tuple(dict.fromkeys(one.dump() for one in found))


def stamps(signature: bytes) -> tuple[StampFacts, ...]:
    """The archive time-stamps in their order.

    Raises:
        ValueError: As above.
    """
    return tuple(tokens.stamp_facts(tokens.signer(one)) for one in _archive_stamps(signature))


def with_stamp(signature: bytes, token: bytes) -> bytes:
    """B-T: the signature with a time-stamp over its value.

    Raises:
        ValueError: As above.
    """
    return _with_attribute(signature, attribute(SIGNATURE_STAMP, token))


def add_evidence(signature: bytes, evidence: Evidence) -> bytes:
    """B-LT: the signature with this evidence, each thing once.

    Raises:
        ValueError: As above.
    """
    parts = signed_data.read(signature)
    responses = tuple(map(_other, evidence.ocsps))
    with_other = any(one[0] == _OTHER for one in (*parts.crls, *responses))
    return signed_data.write(
        replace(
            parts,
            version=_VERSION_WITH_OTHER if with_other else parts.version,
            certificates=_each_once(parts.certificates + evidence.certificates),
            crls=_each_once(parts.crls + evidence.crls + responses),
        )
    )


def digest_algorithm(signature: bytes) -> HashAlgorithm:
    """What the signature's content was digested with.

    Raises:
        ValueError: Not a signature by one signer, or another digest than those that are offered.
    """
    info = tokens.signed_data(signature)["signer_infos"][0]
    oid = info["digest_algorithm"]["algorithm"].dotted
    found = next((one for one in HashAlgorithm if one.oid == oid), None)
    if found is None:
        raise ValueError(f"a digest by {oid}")
    return found


def imprint(
    signature: bytes, algorithm: HashAlgorithm, content_digest: bytes | None = None
) -> Imprint:
    """What the next archive time-stamp is to be over. (EN 319 122-1 5.5.3)

    Args:
        signature: With all its evidence.
        algorithm: Of the time-stamp.
        content_digest: Of what was signed, by this algorithm. Default: message-digest, which is
            it if the signature has the same digest algorithm.

    Raises:
        ValueError: As above; the digest is needed and is not there.
    """
    signed = tokens.signed_data(signature)
    info = signed["signer_infos"][0]
    if content_digest is None:
        if info["digest_algorithm"]["algorithm"].native != algorithm.name.lower():
            raise ValueError("the signature has another digest algorithm")
        content_digest = _message_digest(info)

    def digested(parts: Iterable[bytes]) -> list[bytes]:
        return [hashlib.new(algorithm.name, part).digest() for part in parts]

    index = HashIndex(
        {
            "algorithm": identifiers.digest_algorithm(algorithm),
            "certificates": digested(one.dump() for one in signed["certificates"] or ()),
            "crls": digested(one.dump() for one in signed["crls"] or ()),
            "unsigned_attributes": digested(
                one["type"].dump() + value.dump()
                for one in info["unsigned_attrs"] or ()
                for value in one["values"]
            ),
        }
    ).dump()
    names = ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm")
    parts = (
        signed["encap_content_info"]["content_type"].dump(),
        content_digest,
        *(info[name].dump() for name in (*names, "signature")),
        index,
    )
    return Imprint(hashlib.new(algorithm.name, b"".join(parts)).digest(), index)


def with_archive_stamp(signature: bytes, wanted: Imprint, token: bytes) -> bytes:
    """B-LTA: the signature with an archive time-stamp.

    Args:
        signature: The one that the imprint was made of.
        wanted: What the token is over.
        token: DER; the index goes among its unsigned attributes.

    Raises:
        ValueError: As above; or the token is over something else.
    """
    content_info = cms.ContentInfo.load(token)
    stamp = content_info["content"]
    found = stamp["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"]
    if found.native != wanted.digest:
        raise ValueError("a token over something else")
    indexed = _with_attribute(token, attribute(_OIDS[HASH_INDEX], wanted.index))
    return _with_attribute(signature, attribute(_OIDS[ARCHIVE_STAMP], indexed))


def _archive_stamps(signature: bytes) -> list[Any]:
    """SignedData of the archive time-stamps, in order."""
    found = tokens.unsigned(tokens.signed_data(signature), ARCHIVE_STAMP)
    return sorted((token["content"] for token in found), key=_time)


def _message_digest(info: Any) -> bytes:
    for one in info["signed_attrs"]:
        if one["type"].native == "message_digest":
            return bytes(one["values"][0].native)
    raise ValueError("no message digest")


def _time(stamp: Any) -> Any:
    return stamp["encap_content_info"]["content"].parsed["gen_time"].native


def _other(response: bytes) -> bytes:
    """RevocationInfoChoice with an OCSP response (RFC 5940 2.1)."""
    return der.encoded(_OTHER, der.oid(_OCSP_RESPONSE), response)


def _with_attribute(signature: bytes, more: bytes) -> bytes:
    """The same with one unsigned attribute more."""
    parts = signed_data.read(signature)
    return signed_data.write(replace(parts, unsigned=(*parts.unsigned, more)))


def _each_once(values: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(values))
