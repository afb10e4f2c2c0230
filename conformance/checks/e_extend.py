"""credentials/extendTransaction: its errors. One row is in the tables, the rest we recommend."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from conformance import rows
from conformance.answer import Answer
from conformance.dialect import encoded
from conformance.errors import NotRun
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Authorized, Target, changed

METHOD: Final = "credentials/extendTransaction"
_check = functools.partial(check, group=METHOD, v1="11.7", v2="11.9", methods=(METHOD,))
_v2 = functools.partial(check, group=METHOD, v2="11.9", methods=(METHOD,))


def body(target: Target, authorized: Authorized, hashes: tuple[bytes, ...]) -> dict[str, Any]:
    """A call that has nothing wrong.

    Raises:
        NotRun: The authorization is an access token, which is not exchanged here.
    """
    if authorized.sad is None:
        raise NotRun(f"{authorized.credential.id} is authorized without a SAD")
    credential = authorized.credential
    return target.names.extend(credential.id, authorized.sad, hashes, credential.hash_algo)


async def _refused(
    target: Target, changes: Mapping[str, object], *, about_sad: bool = False
) -> Answer:
    """The answer to a call with one thing wrong; as ``Target.refused_sign``."""
    for _ in range(2):
        shared = await target.shared()
        answer = await target.call(METHOD, changed(body(target, shared, shared.hashes), changes))
        spent = answer.status >= 400 and b"SAD" in answer.body and not about_sad
        if answer.status < 400 or spent:
            target.once.forget("an authorization")
        if not spent:
            break
    return answer


@_check(
    "extend.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    shared = await target.shared()
    await rows.malformed_header(target, METHOD, body(target, shared, shared.hashes))


@_check(
    "extend.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    shared = await target.shared()
    await rows.missing_header(target, METHOD, body(target, shared, shared.hashes))


@_check(
    "extend.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    shared = await target.shared()
    await rows.unknown_token(target, METHOD, body(target, shared, shared.hashes))


@_check(
    "extend.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_missing(target: Target) -> None:
    (await _refused(target, {"credentialID": ABSENT})).refused()


@_check(
    "extend.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"]):
        (await _refused(target, {"credentialID": value})).refused()


@_check(
    "extend.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    (await _refused(target, {"credentialID": rows.UNKNOWN_CREDENTIAL})).refused()


@_check(
    "extend.id-other",
    Level.SHALL,
    expects="A SAD is not extended for another credential than its own.",
    mend="Answer 400, `Invalid parameter SAD`.",
)
async def id_other(target: Target) -> None:
    mine = (await target.shared()).credential.id
    others = [one.id for one in await target.credentials() if one.id != mine]
    if not others:
        raise NotRun("there is only one credential")
    answer = await _refused(target, {"credentialID": others[0]}, about_sad=True)
    answer.refused()


@_check(
    "extend.sad-missing",
    Level.SHALL,
    expects="A call without `SAD` is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter SAD`.",
)
async def sad_missing(target: Target) -> None:
    (await _refused(target, {"SAD": ABSENT}, about_sad=True)).refused()


@_check(
    "extend.sad-type",
    Level.SHALL,
    expects="A `SAD` that is no text is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter SAD`.",
)
async def sad_type(target: Target) -> None:
    for value in (17, ["a"]):
        (await _refused(target, {"SAD": value}, about_sad=True)).refused()


@_check(
    "extend.sad-unknown",
    Level.SHALL,
    expects="A `SAD` that was never given out is refused.",
    mend="Answer 400, `Invalid parameter SAD`.",
)
async def sad_unknown(target: Target) -> None:
    changes = {"SAD": "conformance-no-such-sad"}
    (await _refused(target, changes, about_sad=True)).refused()


@_check(
    "extend.hashes-missing",
    Level.SHALL,
    expects="With SCAL 2 a SAD is not extended without hashes.",
    mend="Answer 400, `Missing (or invalid type) array parameter hash`.",
)
async def hashes_missing(target: Target) -> None:
    if not (await target.shared()).credential.binds_hashes:
        raise NotRun("the credential has SCAL 1")
    (await _refused(target, {target.names.hashes: ABSENT})).refused()


@_check(
    "extend.hashes-type",
    Level.OURS,
    expects="Hashes that are no array are refused.",
    mend="Answer 400, `Missing (or invalid type) array parameter hash`.",
)
async def hashes_type(target: Target) -> None:
    single = encoded((await target.shared()).hashes)[0]
    for value in (single, {"0": single}):
        (await _refused(target, {target.names.hashes: value})).refused()


@_check(
    "extend.hashes-base64",
    Level.OURS,
    expects="A hash that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 hash string parameter`.",
)
async def hashes_base64(target: Target) -> None:
    (await _refused(target, {target.names.hashes: ["!" * 44]})).refused()


@_check(
    "extend.hashes-length",
    Level.OURS,
    expects="A hash that is as long as no digest is refused.",
    mend="Answer 400, `Invalid digest value length`.",
)
async def hashes_length(target: Target) -> None:
    (await _refused(target, {target.names.hashes: ["QUJDREU="]})).refused()


@_check(
    "extend.hashes-more",
    Level.OURS,
    expects="More hashes than signatures are left are refused.",
    mend="Answer 400 `invalid_request`: the person approved a number of signatures.",
)
async def hashes_more(target: Target) -> None:
    number = len((await target.shared()).hashes)
    more = encoded(target.digests(number + 1))
    (await _refused(target, {target.names.hashes: more})).refused()


@_v2(
    "extend.algorithm-missing",
    Level.OURS,
    expects="Hashes without `hashAlgorithmOID` are refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter hashAlgorithmOID`.",
)
async def algorithm_missing(target: Target) -> None:
    (await _refused(target, {"hashAlgorithmOID": ABSENT})).refused()


@_check(
    "extend.client-data-type",
    Level.OURS,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`.",
)
async def client_data_type(target: Target) -> None:
    (await _refused(target, {"clientData": 7})).refused()
