"""RFC 3161 requests, and whether an answer is what was asked for. (RFC 3161 2.4, RFC 5816)

Pure: no network, no clock. The signature of the token is the business of whoever validates the
document; here it is made sure that the token speaks of our digest, nonce and policy.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import ClassVar, Final

from asn1crypto import algos, cms, core, tsp

from policies import errors
from policies.algorithms import HashAlgorithm

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
_GRANTED: Final = ("granted", "granted_with_mods")


class _Response(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
    """TimeStampResp; asn1crypto's own takes the token for required (RFC 3161 2.4.2)."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What a token is wanted for."""

    digest: bytes
    algorithm: HashAlgorithm
    nonce: int
    """Always sent: it ties the answer to this request."""
    policy: str | None
    """OID of the policy that the token must be under; ``None`` leaves it to the authority."""


def encode(request: TimestampRequest) -> bytes:
    """DER of the TimeStampReq; the authority's certificate is asked for."""
    fields = {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": request.algorithm.name.lower()}),
            "hashed_message": request.digest,
        },
        "nonce": request.nonce,
        "cert_req": True,
    }
    if request.policy is not None:
        fields["req_policy"] = request.policy
    return bytes(tsp.TimeStampReq(fields).dump())


def token(request: TimestampRequest, answer: bytes) -> bytes:
    """The TimeStampToken of an answer, DER of its ContentInfo.

    Raises:
        TimestampRefused: Not granted, or not a token for this request.
    """
    try:
        response = _Response.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in _GRANTED:
            failures = response["status"]["fail_info"].native
            raise errors.TimestampRefused(f"{status} {failures or ''}")
        found = response["time_stamp_token"]
        _check(request, _info(found))
        return bytes(found.dump())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise errors.TimestampRefused("not a time-stamp response") from error


def _info(found: cms.ContentInfo) -> tsp.TSTInfo:
    if found["content_type"].native != "signed_data":
        raise errors.TimestampRefused("no signed data")
    signed = found["content"]
    encapsulated = signed["encap_content_info"]
    if encapsulated["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise errors.TimestampRefused("not one signed TSTInfo")
    return encapsulated["content"].parsed


def _check(request: TimestampRequest, info: tsp.TSTInfo) -> None:
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].dotted
    if algorithm != request.algorithm.oid:
        raise errors.TimestampRefused(f"imprint with {algorithm}")
    if not hmac.compare_digest(imprint["hashed_message"].native, request.digest):
        raise errors.TimestampRefused("imprint of something else")
    if info["nonce"].native != request.nonce:
        raise errors.TimestampRefused("another nonce, or none")
    if request.policy is not None and info["policy"].dotted != request.policy:
        raise errors.TimestampRefused(f"policy {info['policy'].dotted}")
