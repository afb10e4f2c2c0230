"""signatures/signHash: error rows about signAlgoParams, the digest's OID and the mode (v2)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from conformance.checks.f_sign_hash import METHOD, refused
from conformance.credential import Credential
from conformance.dialect import encoded
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.judge import algorithms
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Authorized, Target

_check = functools.partial(check, group=METHOD, v1="11.9", v2="11.10", methods=(METHOD,))
_v2 = functools.partial(check, group=METHOD, v2="11.10", methods=(METHOD,))
_NO_PARAMS: Final = "Missing (or invalid type) string parameter signAlgoParams"
_PSS_SHA1: Final = "MDGgCzAJBgUrDgMCGgUAoRgwFgYJKoZIhvcNAQEIMAkGBSsOAwIaBQCiAwIBFKMDAgEB"
_LENGTH: Final = ("Invalid digest value length", "Hash is not authorized by the SAD.")
_PSS_DEFAULTS: Final = "MAA="
"""An empty SEQUENCE: everything left out, which means SHA-1."""


async def _authorized(target: Target, algorithm: str) -> Authorized:
    """An authorization of a credential with ``algorithm``, for calls that are refused."""

    async def make() -> Authorized:
        return await target.granted(credential=await with_algorithm(target, algorithm))

    shared = await target.shared()
    if algorithm in shared.credential.algorithms:
        return shared
    found: Authorized = await target.once.get(f"an authorization for {algorithm}", make)
    return found


async def with_algorithm(target: Target, algorithm: str) -> Credential:
    """A credential that lists ``algorithm``.

    Raises:
        NotApplicable: None does.
    """
    if not any(algorithm in one.algorithms for one in await target.credentials()):
        raise NotApplicable(f"no credential lists {algorithm}")
    return await target.signing_credential(
        lambda one: algorithm in one.algorithms, f"that lists {algorithm}"
    )


async def _refused(
    target: Target, algorithm: str, changes: Mapping[str, object], *texts: str
) -> None:
    """signHash with ``signAlgo`` and ``changes`` is refused."""
    authorized = await _authorized(target, algorithm)
    answer = await target.sign(authorized, {"signAlgo": algorithm, **changes})
    if answer.status < 400:
        target.once.forget(f"an authorization for {algorithm}")
        target.once.forget("an authorization")
    answer.refused(*texts)


async def _weak(target: Target, algorithm: str, changes: Mapping[str, object], *texts: str) -> None:
    """A digest of SHA-1 is refused: when it is to be authorized, or else when to be signed."""
    credential = await with_algorithm(target, algorithm)
    texts = (*texts, *_LENGTH) if texts else ()
    digest = b"x" * algorithms.SHA1_LENGTH
    try:
        authorized = await target.authorized(
            credential=credential, hashes=(digest,), algorithm=algorithms.SHA1_OID
        )
    except Violation:
        refused_later = {**changes, target.names.hashes: encoded([digest])}
        await _refused(target, algorithm, refused_later, *texts)
        return
    answer = await target.sign(authorized, {"signAlgo": algorithm, **changes})
    answer.refused(*texts)


# --- signAlgoParams -------------------------------------------------------------------------------


@_check(
    "sign-hash.params-missing",
    Level.SHALL,
    expects="RSASSA-PSS without `signAlgoParams` is refused.",
    mend=f"Answer 400, `{_NO_PARAMS}`.",
)
async def params_missing(target: Target) -> None:
    await _refused(target, algorithms.RSA_PSS, {"signAlgoParams": ABSENT}, _NO_PARAMS)


@_check(
    "sign-hash.params-type",
    Level.SHALL,
    expects="`signAlgoParams` that are no text are refused.",
    mend=f"Answer 400, `{_NO_PARAMS}`.",
)
async def params_type(target: Target) -> None:
    for value in (17, {"saltLength": 32}):
        await _refused(target, algorithms.RSA_PSS, {"signAlgoParams": value}, _NO_PARAMS)


@_check(
    "sign-hash.params-garbage",
    Level.OURS,
    expects="`signAlgoParams` that are no RSASSA-PSS parameters are refused.",
    mend="Answer 400 `invalid_request`: whatever a parser of DER raises must not be a 500.",
)
async def params_garbage(target: Target) -> None:
    for value in ("conformance", "MDSg", "BAA=", "MDSg" + "AAAA" * 20):
        await _refused(target, algorithms.RSA_PSS, {"signAlgoParams": value})


@_check(
    "sign-hash.params-sha1",
    Level.SHALL,
    expects="RSASSA-PSS with SHA-1 is refused, also where SHA-1 is meant by leaving it out.",
    mend="Answer 400 `invalid_request`: digests weaker than SHA-256 are not signed.",
)
async def params_sha1(target: Target) -> None:
    for value in (_PSS_SHA1, _PSS_DEFAULTS):
        changes = {"signAlgoParams": value, target.names.hash_algorithm: ABSENT}
        await _weak(target, algorithms.RSA_PSS, changes)


@_check(
    "sign-hash.params-salt",
    Level.OURS,
    expects="A salt that is too long for the key is refused.",
    mend="The longest salt is the key's bytes, less the digest's, less 2.",
)
async def params_salt(target: Target) -> None:
    sha256 = algorithms.SHA256
    value = algorithms.Pss(sha256, sha256, 10_000).encoded()
    await _refused(target, algorithms.RSA_PSS, {"signAlgoParams": value})


# --- the digest's OID -----------------------------------------------------------------------------


@_check(
    "sign-hash.digest-missing",
    Level.SHALL,
    expects="rsaEncryption without the digest's OID is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter` with the member's name.",
)
async def digest_missing(target: Target) -> None:
    name = target.names.hash_algorithm
    text = f"Missing (or invalid type) string parameter {name}"
    await _refused(target, algorithms.RSA, {name: ABSENT}, text)


@_check(
    "sign-hash.digest-type",
    Level.SHALL,
    expects="A digest's OID that is no text is refused with rsaEncryption.",
    mend="Answer 400, `Missing (or invalid type) string parameter` with the member's name.",
)
async def digest_type(target: Target) -> None:
    name = target.names.hash_algorithm
    text = f"Missing (or invalid type) string parameter {name}"
    for value in (17, ["a"]):
        await _refused(target, algorithms.RSA, {name: value}, text)


@_check(
    "sign-hash.digest-unknown",
    Level.SHALL,
    expects="An OID that is no digest is refused with rsaEncryption.",
    mend="Answer 400, `Invalid parameter` with the member's name.",
)
async def digest_unknown(target: Target) -> None:
    name = target.names.hash_algorithm
    for value in ("1.2.3.4", "SHA-256"):
        await _refused(target, algorithms.RSA, {name: value}, f"Invalid parameter {name}")


@_check(
    "sign-hash.digest-weak",
    Level.SHALL,
    expects="SHA-1 is refused.",
    mend="Answer 400, `Invalid parameter` with the member's name: SHA-256 or stronger.",
)
async def digest_weak(target: Target) -> None:
    name = target.names.hash_algorithm
    changes = {name: algorithms.SHA1_OID}
    await _weak(target, algorithms.RSA, changes, f"Invalid parameter {name}")


# --- operationMode --------------------------------------------------------------------------------


@_v2(
    "sign-hash.mode-unknown",
    Level.SHALL,
    expects="An `operationMode` other than S and A is refused.",
    mend="Answer 400, `Invalid parameter operationMode`.",
)
async def mode_unknown(target: Target) -> None:
    for value in ("B", 1):
        await refused(target, {"operationMode": value}, "Invalid parameter operationMode")


def asynchronous(target: Target) -> None:
    """Raises:
    NotApplicable: The service does not sign later.
    """
    if target.described().member("asynchronousOperationMode", bool, required=False) is not True:
        raise NotApplicable("asynchronousOperationMode is not announced")


async def _later(target: Target, changes: dict[str, Any], *texts: str) -> None:
    asynchronous(target)
    if target.profile.read_only:
        raise NotRun("the profile is read-only")
    await refused(target, {"operationMode": "A", **changes}, *texts)


@_v2(
    "sign-hash.period-type",
    Level.SHALL,
    expects="A `validity_period` that is no integer is refused in mode A.",
    mend="Answer 400, `Invalid parameter validity_period`.",
)
async def period_type(target: Target) -> None:
    for value in ("60000", True, 1.5):
        await _later(target, {"validity_period": value}, "Invalid parameter validity_period")


@_v2(
    "sign-hash.period-bounds",
    Level.SHALL,
    expects="A `validity_period` of no time, and one of centuries, is refused in mode A.",
    mend="Answer 400, `Out of bounds parameter validity_period`.",
)
async def period_bounds(target: Target) -> None:
    for value in (-1, 10**15):
        await _later(
            target,
            {"validity_period": value},
            "Out of bounds parameter validity_period",
            "Invalid parameter validity_period",
        )


@_v2(
    "sign-hash.response-uri",
    Level.SHALL,
    expects="A `response_uri` that is no URI is refused in mode A.",
    mend="Answer 400, `Invalid parameter response_uri`.",
)
async def response_uri(target: Target) -> None:
    for value in (7, "no uri", "javascript:alert(1)"):
        await _later(target, {"response_uri": value}, "Invalid parameter response_uri")
