"""signatures/signHash: its error rows, one thing wrong at a time. No signature is made here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from conformance import rows
from conformance.dialect import encoded
from conformance.errors import NotRun
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Target

METHOD: Final = "signatures/signHash"
_check = functools.partial(check, group=METHOD, v1="11.9", v2="11.10", methods=(METHOD,))
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_NO_SAD: Final = "Missing (or invalid type) string parameter SAD"
_NO_HASHES: Final = "Missing (or invalid type) array parameter hash"
_NO_ALGO: Final = "Missing (or invalid type) string parameter signAlgo"
UNAUTHORIZED: Final = "Hash is not authorized by the SAD."
ERRORS: Final = ("invalid_request", "Invalid_request")
"""v1 prints some rows with a capital letter."""


async def refused(
    target: Target, changes: Mapping[str, object], *texts: str, about_sad: bool = False
) -> None:
    """signHash with ``changes`` is 400 ``invalid_request`` with one of ``texts``."""
    answer = await target.refused_sign(changes, about_sad=about_sad)
    answer.refused(*texts, error=ERRORS)


@_check(
    "sign-hash.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, METHOD, target.sign_body(await target.shared()))


@_check(
    "sign-hash.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, METHOD, target.sign_body(await target.shared()))


@_check(
    "sign-hash.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, METHOD, target.sign_body(await target.shared()))


async def _with_sad(target: Target) -> None:
    """Raises:
    NotRun: The bearer's token is the authorization, so no SAD can be wrong.
    """
    if (await target.shared()).sad is None:
        raise NotRun("the authorization is an access token, not a SAD")


@_check(
    "sign-hash.sad-missing",
    Level.SHALL,
    expects="A call without `SAD` is refused, where the token alone allows nothing.",
    mend=f"Answer 400, `{_NO_SAD}`.",
)
async def sad_missing(target: Target) -> None:
    await _with_sad(target)
    await refused(target, {"SAD": ABSENT}, _NO_SAD, about_sad=True)


@_check(
    "sign-hash.sad-type",
    Level.SHALL,
    expects="A `SAD` that is no text is refused.",
    mend=f"Answer 400, `{_NO_SAD}`.",
)
async def sad_type(target: Target) -> None:
    await _with_sad(target)
    for value in (17, ["a"], {"a": 1}):
        await refused(target, {"SAD": value}, _NO_SAD, about_sad=True)


@_check(
    "sign-hash.sad-unknown",
    Level.SHALL,
    expects="A `SAD` that was never given out is refused.",
    mend="Answer 400, `Invalid parameter SAD`.",
)
async def sad_unknown(target: Target) -> None:
    await _with_sad(target)
    for value in ("conformance-no-such-sad", ""):
        await refused(target, {"SAD": value}, "Invalid parameter SAD", _NO_SAD, about_sad=True)


@_check(
    "sign-hash.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_missing(target: Target) -> None:
    await refused(target, {"credentialID": ABSENT}, _NO_ID)


@_check(
    "sign-hash.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        await refused(target, {"credentialID": value}, _NO_ID)


@_check(
    "sign-hash.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    await refused(
        target, {"credentialID": rows.UNKNOWN_CREDENTIAL}, "Invalid parameter credentialID"
    )


@_check(
    "sign-hash.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def id_foreign(target: Target) -> None:
    other = await rows.foreign_credential(target)
    texts = ("Invalid parameter credentialID", "Invalid parameter SAD")
    await refused(target, {"credentialID": other}, *texts, about_sad=True)


@_check(
    "sign-hash.hashes-missing",
    Level.SHALL,
    expects="A call without hashes is refused.",
    mend=f"Answer 400, `{_NO_HASHES}`.",
)
async def hashes_missing(target: Target) -> None:
    await refused(target, {target.names.hashes: ABSENT}, _NO_HASHES)


@_check(
    "sign-hash.hashes-type",
    Level.SHALL,
    expects="Hashes that are no array are refused, a single text too.",
    mend=f"Answer 400, `{_NO_HASHES}`.",
)
async def hashes_type(target: Target) -> None:
    single = encoded((await target.shared()).hashes)[0]
    for value in (single, 7, {"0": single}):
        await refused(target, {target.names.hashes: value}, _NO_HASHES)


@_check(
    "sign-hash.hashes-empty",
    Level.SHALL,
    expects="An empty array of hashes is refused.",
    mend="Answer 400, `Empty hash array`.",
)
async def hashes_empty(target: Target) -> None:
    await refused(target, {target.names.hashes: []}, "Empty hash array")


@_check(
    "sign-hash.hashes-base64",
    Level.SHALL,
    expects="A hash that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 hash string parameter`. Many decoders skip what they "
    "do not know unless they are told to be strict.",
)
async def hashes_base64(target: Target) -> None:
    good = encoded((await target.shared()).hashes)[0]
    for value in ("!" * 44, "ä" * 44, f"{good[:-1]}!=", f"{good[:20]}\r\n{good[20:]}"):
        await refused(
            target, {target.names.hashes: [value]}, "Invalid Base64 hash string parameter"
        )


@_check(
    "sign-hash.hashes-element",
    Level.SHALL,
    expects="A hash that is no text is refused.",
    mend="Answer 400, `Invalid Base64 hash string parameter`.",
)
async def hashes_element(target: Target) -> None:
    for value in (7, ["abc"], {"a": 1}):
        await refused(
            target,
            {target.names.hashes: [value]},
            "Invalid Base64 hash string parameter",
            _NO_HASHES,
        )


@_check(
    "sign-hash.hashes-length",
    Level.SHALL,
    expects="A hash that is not as long as its digest algorithm makes it is refused.",
    mend="Answer 400, `Invalid digest value length`.",
)
async def hashes_length(target: Target) -> None:
    for length in (0, 5, 31, 33, 51):
        value = encoded([b"x" * length])
        # An empty text is base64 of nothing; some call it no hash at all.
        texts = ("Invalid digest value length", UNAUTHORIZED, *_EMPTY)[: 2 if length else None]
        await refused(target, {target.names.hashes: value}, *texts, about_sad=True)


_EMPTY: Final = ("Invalid Base64 hash string parameter", "Empty hash array")


@_check(
    "sign-hash.not-authorized",
    Level.SHALL,
    expects="With SCAL 2 a hash that was not authorized is not signed.",
    mend=f"Answer 400, `{UNAUTHORIZED}`. Compare decoded bytes with those of the authorization.",
)
async def not_authorized(target: Target) -> None:
    if not (await target.shared()).credential.binds_hashes:
        raise NotRun("the credential has SCAL 1")
    # A fresh one: it is the answer about an authorization that is good.
    target.once.forget("an authorization")
    changes = {target.names.hashes: encoded(target.digests())}
    await refused(target, changes, UNAUTHORIZED, about_sad=True)


@_check(
    "sign-hash.algo-missing",
    Level.SHALL,
    expects="A call without `signAlgo` is refused.",
    mend=f"Answer 400, `{_NO_ALGO}`.",
)
async def algo_missing(target: Target) -> None:
    await refused(target, {"signAlgo": ABSENT}, _NO_ALGO)


@_check(
    "sign-hash.algo-type",
    Level.SHALL,
    expects="A `signAlgo` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ALGO}`.",
)
async def algo_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        await refused(target, {"signAlgo": value}, _NO_ALGO)


@_check(
    "sign-hash.algo-unknown",
    Level.SHALL,
    expects="A `signAlgo` that is no signature algorithm is refused.",
    mend="Answer 400, `Invalid parameter signAlgo`.",
)
async def algo_unknown(target: Target) -> None:
    for value in ("1.2.3.4", "RSA", ""):
        await refused(target, {"signAlgo": value}, "Invalid parameter signAlgo", _NO_ALGO)


@_check(
    "sign-hash.algo-other",
    Level.SHALL,
    expects="A `signAlgo` that is not among the credential's `key/algo` is refused.",
    mend="Answer 400, `Invalid parameter signAlgo`.",
)
async def algo_other(target: Target) -> None:
    mine = (await target.shared()).credential
    sha1, others = "1.2.840.113549.1.1.5", ("1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11")
    for value in (sha1, others[0] if mine.is_rsa else others[1]):
        if value not in mine.algorithms:
            await refused(target, {"signAlgo": value}, "Invalid parameter signAlgo")


@_check(
    "sign-hash.client-data-type",
    Level.SHALL,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`.",
)
async def client_data_type(target: Target) -> None:
    for value in (7, {"a": 1}):
        await refused(target, {"clientData": value}, "Invalid parameter clientData")
