"""credentials/info: its errors, and the members that v1 and v2 share.

Certificates are in ``k_certificate``, how a credential is approved in ``c_credential_v1`` and
``c_credential_v2``.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from conformance import rows
from conformance.answer import Answer, Members
from conformance.checks.a_info import OAUTH_TYPES
from conformance.checks.a_info_v2 import is_oid
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

METHOD = "credentials/info"
_both = functools.partial(check, group=METHOD, v1="11.5", v2="11.5", methods=(METHOD,))

_DIGEST_ALGOS: Final = frozenset(
    [f"1.2.840.113549.1.1.{one}" for one in (10, 11, 12, 13)]
    + [f"1.2.840.10045.4.3.{one}" for one in (2, 3, 4)]
)
_EC: Final = "1.2.840.10045."
_TEXT: Final = 255


async def asked(target: Target, credential_id: Any, **body: Any) -> Answer:
    """The answer of credentials/info about ``credential_id``."""
    return await target.call(METHOD, {"credentialID": credential_id, **body})


async def first(target: Target) -> str:
    """A credential to ask about.

    Raises:
        NotRun: There is none.
    """
    ids = await target.credential_ids()
    if not ids:
        raise NotRun("there is no credential")
    return ids[0]


@_both(
    "credential.answers",
    Level.SHALL,
    expects="credentials/info answers for a listed credential.",
    mend="Answer 200 with an object.",
)
async def answers(target: Target) -> None:
    (await asked(target, await first(target))).succeeded()


@_both(
    "credential.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, METHOD, {"credentialID": await first(target)})


@_both(
    "credential.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, METHOD, {"credentialID": await first(target)})


@_both(
    "credential.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, METHOD, {"credentialID": await first(target)})


@_both(
    "credential.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_missing(target: Target) -> None:
    answer = await target.call(METHOD, {})
    answer.refused("Missing (or invalid type) string parameter credentialID")


@_both(
    "credential.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        answer = await asked(target, value)
        answer.refused("Missing (or invalid type) string parameter credentialID")


@_both(
    "credential.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    answer = await asked(target, rows.UNKNOWN_CREDENTIAL)
    answer.refused("Invalid parameter credentialID")


@_both(
    "credential.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def id_foreign(target: Target) -> None:
    answer = await asked(target, await rows.foreign_credential(target))
    answer.refused("Invalid parameter credentialID")


@_both(
    "credential.no-oracle",
    Level.OURS,
    expects="A credential of somebody else gets the answer of one that nobody has.",
    mend="Answer both alike, or identifiers can be found out.",
)
async def no_oracle(target: Target) -> None:
    foreign = await asked(target, await rows.foreign_credential(target))
    if foreign.status < 400:
        raise NotApplicable("it is told of, which is worse")
    unknown = await asked(target, rows.UNKNOWN_CREDENTIAL)
    if (foreign.status, foreign.members) != (unknown.status, unknown.members):
        raise Violation(f"{foreign.summary()} for one, {unknown.summary()} for the other")


@_both(
    "credential.certificates-invalid",
    Level.SHALL,
    expects="A `certificates` other than none, single and chain is refused.",
    mend="Answer 400, `Invalid parameter certificates`.",
)
async def certificates_invalid(target: Target) -> None:
    answer = await asked(target, await first(target), certificates="all")
    answer.refused("Invalid parameter certificates")


@_both(
    "credential.description",
    Level.SHALL,
    expects="`description`, where it is, is a text of at most 255 characters.",
    mend="Shorten it.",
)
async def description(target: Target) -> None:
    for one in await target.credentials():
        short(one.facts, "description")


def short(group: Members, name: str) -> None:
    """Raises:
    Violation: The text ``name`` is longer than 255 characters.
    """
    found = group.member(name, str, required=False)
    if found is not None and len(found) > _TEXT:
        raise Violation(f"`{name}` has {len(found)} characters")


@_both(
    "credential.key-status",
    Level.SHALL,
    expects="`key/status` is enabled or disabled.",
    mend="Send one of the two.",
)
async def key_status(target: Target) -> None:
    for one in await target.credentials():
        among(one.facts.member("key", dict), "status", ("enabled", "disabled"))


def among(group: Members, name: str, values: tuple[str, ...]) -> str:
    """The text ``name``.

    Raises:
        Violation: It is none of ``values``.
    """
    found: str = group.member(name, str)
    if found not in values:
        raise Violation(f"`{name}` is {found!r}")
    return found


@_both(
    "credential.key-algo",
    Level.SHALL,
    expects="`key/algo` lists at least one algorithm, as OIDs.",
    mend="Send the OIDs that signHash takes as `signAlgo`.",
)
async def key_algo(target: Target) -> None:
    for one in await target.credentials():
        found = one.facts.member("key", dict).texts("algo") or []
        if not found:
            raise Violation(f"`key/algo` of {one.id} is empty")
        strange = [oid for oid in found if not is_oid(oid)]
        if strange:
            raise Violation(f"`key/algo` of {one.id} has {strange[0]!r}")


@_both(
    "credential.key-algo-digest",
    Level.OURS,
    expects="`key/algo` names algorithms with their digest, not only the bare key.",
    mend="Add for example 1.2.840.113549.1.1.11: some clients refuse a bare rsaEncryption.",
)
async def key_algo_digest(target: Target) -> None:
    for one in await target.credentials():
        if not _DIGEST_ALGOS & set(one.algorithms):
            raise Violation(f"`key/algo` of {one.id} is {list(one.algorithms)}")


@_both(
    "credential.key-len",
    Level.SHALL,
    expects="`key/len` is the size of the key in bits.",
    mend="Send a number, for example 3072 or 256.",
)
async def key_len(target: Target) -> None:
    for one in await target.credentials():
        found = one.facts.member("key", dict).member("len", int)
        if not (1024 <= found <= 16384 if one.is_rsa else 160 <= found <= 640):
            raise Violation(f"`key/len` of {one.id} is {found}")


@_both(
    "credential.key-curve",
    Level.SHALL,
    expects="`key/curve` is the OID of the curve for ECDSA keys, and absent for others.",
    mend="Send for example 1.2.840.10045.3.1.7 for P-256.",
)
async def key_curve(target: Target) -> None:
    for one in await target.credentials():
        key = one.facts.member("key", dict)
        if any(algo.startswith(_EC) for algo in one.algorithms):
            if not is_oid(key.member("curve", str)):
                raise Violation(f"`key/curve` of {one.id} is {key['curve']!r}")
        else:
            key.absent("curve", "though the key is not on a curve")


@_both(
    "credential.cert",
    Level.OURS,
    expects="`cert` is there, even if it is empty.",
    mend="Clients read it without looking whether it is there.",
)
async def cert(target: Target) -> None:
    answer = await asked(target, await first(target), certificates="none")
    answer.succeeded().member("cert", dict)


@_both(
    "credential.cert-status",
    Level.SHALL,
    expects="`cert/status`, where it is, is valid, expired, revoked or suspended.",
    mend="Send one of the four, or leave it out.",
)
async def cert_status(target: Target) -> None:
    for one in await target.credentials():
        group = one.facts.member("cert", dict)
        if group.get("status") is not None:
            among(group, "status", ("valid", "expired", "revoked", "suspended"))


@_both(
    "credential.scal",
    Level.SHALL,
    expects='`SCAL`, where it is, is the text "1" or "2".',
    mend="Send it as a text.",
)
async def scal(target: Target) -> None:
    for one in await target.credentials():
        if one.facts.get("SCAL") is not None:
            among(one.facts, "SCAL", ("1", "2"))


@_both(
    "credential.multisign",
    Level.SHALL,
    expects="`multisign` is a whole number from 1 on.",
    mend="Send how many signatures one authorization may cover.",
)
async def multisign(target: Target) -> None:
    for one in await target.credentials():
        if one.facts.member("multisign", int) < 1:
            raise Violation(f"`multisign` of {one.id} is {one.facts['multisign']}")


@_both(
    "credential.lang",
    Level.OURS,
    expects="`lang` says the language of the texts.",
    mend="v2.1 asks for it; send it always.",
)
async def lang(target: Target) -> None:
    for one in await target.credentials():
        one.facts.member("lang", str)


@_both(
    "credential.language-unknown",
    Level.SHALL,
    expects="A language that the service does not speak is no error.",
    mend="Answer in your own language.",
)
async def language_unknown(target: Target) -> None:
    (await asked(target, await first(target), lang="tlh")).succeeded()


@_both(
    "credential.client-data",
    Level.SHALL,
    expects="`clientData` is taken.",
    mend="Take the text `clientData` on every method.",
)
async def client_data(target: Target) -> None:
    (await asked(target, await first(target), clientData="conformance")).succeeded()


@_both(
    "credential.null",
    Level.OURS,
    expects="`null` for optional members is as if they were left out.",
    mend="Some clients write every optional member as null.",
)
async def null(target: Target) -> None:
    names = ("certificates", "certInfo", "authInfo", "lang", "clientData")
    (await asked(target, await first(target), **dict.fromkeys(names))).succeeded()


@_both(
    "credential.oauth2-announced",
    Level.SHALL,
    expects="Where a credential is approved by OAuth, `info` names the authorization server.",
    mend="Send `oauth2` (v2 also `oauth2Issuer`, v2.1 `oauth2Servers`).",
)
async def oauth2_announced(target: Target) -> None:
    if OAUTH_TYPES & set(target.described().texts("authType") or []):
        raise NotApplicable("`authType` asks for it already")
    if not any(one.mode == "oauth2code" for one in await target.credentials()):
        raise NotApplicable("no credential is approved by OAuth")
    names = ("oauth2", "oauth2Issuer", "oauth2Servers")
    if not any(target.described().get(one) for one in names):
        raise Violation("`info` names no authorization server")
