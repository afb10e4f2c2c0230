"""credentials/authorize: hashes, PIN and OTP, authData."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from conformance import authorizing
from conformance.answer import Answer
from conformance.credential import Credential
from conformance.dialect import encoded
from conformance.errors import NotApplicable
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Target, changed

_METHOD: Final = authorizing.METHOD
_check = functools.partial(check, group=_METHOD, v1="11.6", v2="11.6", methods=(_METHOD,))
_v1 = functools.partial(check, group=_METHOD, v1="11.6", methods=(_METHOD,))
_v2 = functools.partial(check, group=_METHOD, v2="11.6", methods=(_METHOD,))
_NO_HASHES: Final = "Missing (or invalid type) array parameter hash"
_WRONG: Final = "000000-conformance"
"""A PIN or code that nobody has."""


# --- hashes ---------------------------------------------------------------------------------------


async def _binding(target: Target) -> Credential:
    """A credential whose SADs are bound to hashes."""
    return await target.signing_credential(
        lambda one: one.mode != "oauth2code" and one.binds_hashes, "with SCAL 2"
    )


@_check(
    "authorize.hashes-missing",
    Level.SHALL,
    expects="With SCAL 2 there is no authorization without hashes.",
    mend="Answer 400 `invalid_request` where `SCAL` is 2 and no hash is sent.",
)
async def hashes_missing(target: Target) -> None:
    credential = await _binding(target)
    answer = await authorizing.refused(target, {target.names.hashes: ABSENT}, credential=credential)
    answer.refused()


@_check(
    "authorize.hashes-optional",
    Level.SHALL,
    expects="With SCAL 1 signatures can be authorized without hashes.",
    mend="Ask for hashes only where `SCAL` is 2.",
)
async def hashes_optional(target: Target) -> None:
    credential = await target.signing_credential(
        lambda one: one.mode != "oauth2code" and not one.binds_hashes, "with SCAL 1"
    )
    await target.granted(credential=credential)
    changes = {target.names.hashes: ABSENT}
    if target.names.major == 2:
        changes[target.names.hash_algorithm] = ABSENT
    await target.authorized(credential=credential, changes=changes)


@_check(
    "authorize.hashes-type",
    Level.OURS,
    expects="Hashes that are no array are refused.",
    mend=f"Answer 400, `{_NO_HASHES}`.",
)
async def hashes_type(target: Target) -> None:
    single = encoded(target.digests())[0]
    for value in (single, 7, {"0": single}):
        answer = await authorizing.refused(target, {target.names.hashes: value})
        answer.refused()


@_check(
    "authorize.hashes-empty",
    Level.OURS,
    expects="With SCAL 2 an empty array of hashes is refused.",
    mend="Answer 400, `Empty hash array`.",
)
async def hashes_empty(target: Target) -> None:
    credential = await _binding(target)
    answer = await authorizing.refused(target, {target.names.hashes: []}, credential=credential)
    answer.refused()


@_check(
    "authorize.hashes-base64",
    Level.OURS,
    expects="A hash that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 hash string parameter`.",
)
async def hashes_base64(target: Target) -> None:
    for value in ("ä" * 44, "!" * 44, "QUJD\nQUJD"):
        answer = await authorizing.refused(target, {target.names.hashes: [value]})
        answer.refused()


@_check(
    "authorize.hashes-length",
    Level.OURS,
    expects="A hash that is as long as no digest is refused.",
    mend="Answer 400, `Invalid digest value length`: a bad hash is better found before the PIN.",
)
async def hashes_length(target: Target) -> None:
    answer = await authorizing.refused(target, {target.names.hashes: ["QUJDREU="]})
    answer.refused()


@_check(
    "authorize.hashes-more",
    Level.OURS,
    expects="More hashes than `numSignatures` are refused.",
    mend="Answer 400 `invalid_request`: the person approves a number of signatures.",
)
async def hashes_more(target: Target) -> None:
    answer = await authorizing.refused(target, {"numSignatures": 1}, count=2)
    answer.refused()


@_v2(
    "authorize.algorithm-missing",
    Level.OURS,
    expects="Hashes without `hashAlgorithmOID` are refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter hashAlgorithmOID`.",
)
async def algorithm_missing(target: Target) -> None:
    answer = await authorizing.refused(target, {"hashAlgorithmOID": ABSENT})
    answer.refused()


@_v2(
    "authorize.algorithm-weak",
    Level.OURS,
    expects="A digest algorithm that is weaker than SHA-256 is refused.",
    mend="Answer 400, `Invalid parameter hashAlgorithmOID`.",
)
async def algorithm_weak(target: Target) -> None:
    sha1, digest = "1.3.14.3.2.26", "qvTGHdzF6KLavt4PO0gs2a6pQ00="
    answer = await authorizing.refused(
        target, {"hashAlgorithmOID": sha1, target.names.hashes: [digest]}
    )
    answer.refused()


# --- factors --------------------------------------------------------------------------------------


async def _asking(target: Target, name: str) -> Credential:
    """A credential that asks for ``PIN`` or ``OTP`` (v1)."""
    found = [one for one in await target.credentials() if _presence(one, name) == "true"]
    for one in found:
        if one.enabled and one.mode == "explicit":
            return one
    raise NotApplicable(f"no credential asks for {name}")


def _presence(credential: Credential, name: str) -> object:
    group = credential.facts.get(name)
    return group.get("presence") if isinstance(group, dict) else None


async def _without(target: Target, credential: Credential, changes: Mapping[str, object]) -> Answer:
    """The answer when all is right but the factors, which are as ``changes`` say."""
    given = await target.factors_of(credential, but=changes.keys())
    body = target.names.authorize(
        credential.id, target.digests(), given, None, credential.hash_algo
    )
    return await target.call(_METHOD, changed(body, changes))


@_v1(
    "authorize.pin-wrong",
    Level.SHALL,
    expects="A wrong PIN is refused.",
    mend="Answer 400 `invalid_pin`, `The PIN is invalid`.",
)
async def pin_wrong(target: Target) -> None:
    answer = await _without(target, await _asking(target, "PIN"), {"PIN": _WRONG})
    answer.refused("The PIN is invalid", error="invalid_pin")


@_v1(
    "authorize.pin-missing",
    Level.OURS,
    expects="A PIN that is asked for and missing is refused.",
    mend="Answer 400 `invalid_pin`, as for a wrong one.",
)
async def pin_missing(target: Target) -> None:
    answer = await _without(target, await _asking(target, "PIN"), {"PIN": ABSENT})
    answer.refused(error=("invalid_pin", "invalid_request"))


@_v1(
    "authorize.otp-wrong",
    Level.SHALL,
    expects="A wrong one-time code is refused.",
    mend="Answer 400 `invalid_otp`, `The OTP is invalid`.",
)
async def otp_wrong(target: Target) -> None:
    answer = await _without(target, await _asking(target, "OTP"), {"OTP": _WRONG})
    answer.refused("The OTP is invalid", error="invalid_otp")


@_v1(
    "authorize.otp-missing",
    Level.OURS,
    expects="A one-time code that is asked for and missing is refused.",
    mend="Answer 400 `invalid_otp`, as for a wrong one.",
)
async def otp_missing(target: Target) -> None:
    answer = await _without(target, await _asking(target, "OTP"), {"OTP": ABSENT})
    answer.refused(error=("invalid_otp", "invalid_request"))


async def _with_values(target: Target) -> tuple[Credential, list[dict[str, Any]]]:
    """A credential that asks for a value, and the authData that is right for it (v2)."""
    credential = await authorizing.explicit(target)
    body = await authorizing.body(target, credential)
    data: list[dict[str, Any]] = body["authData"]
    if not any("value" in one for one in data):
        raise NotApplicable(f"{credential.id} asks for no value")
    return credential, data


@_v2(
    "authorize.data-wrong",
    Level.SHALL,
    expects="Authentication data with a wrong value is refused.",
    mend="Answer 400 `invalid_authentication_data`.",
)
async def data_wrong(target: Target) -> None:
    credential, data = await _with_values(target)
    wrong = [{**one, "value": _WRONG} if "value" in one else one for one in data]
    answer = await target.call(
        _METHOD, {**await authorizing.body(target, credential), "authData": wrong}
    )
    answer.refused("The authentication data is invalid", error="invalid_authentication_data")


@_v2(
    "authorize.data-missing",
    Level.OURS,
    expects="Authentication data that is asked for and missing is refused, an empty array too.",
    mend="Answer 400 `invalid_authentication_data`, as for wrong data.",
)
async def data_missing(target: Target) -> None:
    credential, _ = await _with_values(target)
    for value in (ABSENT, []):
        answer = await _without(target, credential, {"authData": value})
        answer.refused(error=("invalid_authentication_data", "invalid_request"))


@_v2(
    "authorize.data-other",
    Level.OURS,
    expects="Authentication data for an object that the credential has not is refused.",
    mend="Answer 400 `invalid_authentication_data`.",
)
async def data_other(target: Target) -> None:
    credential, data = await _with_values(target)
    other = [{**one, "id": f"conformance-{one['id']}"} for one in data]
    answer = await _without(target, credential, {"authData": other})
    answer.refused(error=("invalid_authentication_data", "invalid_request"))


@_v2(
    "authorize.data-type",
    Level.OURS,
    expects="Authentication data that is no array of objects is refused.",
    mend="Answer 400: an unexpected type must not end in a 500.",
)
async def data_type(target: Target) -> None:
    credential, data = await _with_values(target)
    for value in ("PIN", data[0], ["PIN"]):
        answer = await _without(target, credential, {"authData": value})
        answer.refused(error=("invalid_authentication_data", "invalid_request"))
