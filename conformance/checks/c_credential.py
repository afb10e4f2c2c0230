"""credentials/info: its errors, and every member but certificates (``k_certificate``)."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from conformance import rows
from conformance.answer import Answer, Members
from conformance.approval import satisfied
from conformance.checks.a_info import OAUTH_TYPES
from conformance.checks.a_info_v2 import is_oid
from conformance.credential import Credential
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_METHOD = "credentials/info"
_both = functools.partial(check, group=_METHOD, v1="11.5", v2="11.5", methods=(_METHOD,))
_v1 = functools.partial(check, group=_METHOD, v1="11.5", methods=(_METHOD,))
_v2 = functools.partial(check, group=_METHOD, v2="11.5", methods=(_METHOD,))

_DIGEST_ALGOS: Final = frozenset(
    [f"1.2.840.113549.1.1.{one}" for one in (10, 11, 12, 13)]
    + [f"1.2.840.10045.4.3.{one}" for one in (2, 3, 4)]
)
_EC: Final = "1.2.840.10045."
_OBJECT_TYPES: Final = ("Password", "PasswordOOB", "ChallengeResponse", "ChallengeResponseOOB")
_TEXT: Final = 255


async def _info(target: Target, credential_id: Any, **body: Any) -> Answer:
    return await target.call(_METHOD, {"credentialID": credential_id, **body})


async def _first(target: Target) -> str:
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
    (await _info(target, await _first(target))).succeeded()


@_both(
    "credential.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _METHOD, {"credentialID": await _first(target)})


@_both(
    "credential.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, _METHOD, {"credentialID": await _first(target)})


@_both(
    "credential.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _METHOD, {"credentialID": await _first(target)})


@_both(
    "credential.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_missing(target: Target) -> None:
    answer = await target.call(_METHOD, {})
    answer.refused("Missing (or invalid type) string parameter credentialID")


@_both(
    "credential.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend="Answer 400, `Missing (or invalid type) string parameter credentialID`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        answer = await _info(target, value)
        answer.refused("Missing (or invalid type) string parameter credentialID")


@_both(
    "credential.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    answer = await _info(target, rows.UNKNOWN_CREDENTIAL)
    answer.refused("Invalid parameter credentialID")


@_both(
    "credential.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def id_foreign(target: Target) -> None:
    answer = await _info(target, await rows.foreign_credential(target))
    answer.refused("Invalid parameter credentialID")


@_both(
    "credential.no-oracle",
    Level.OURS,
    expects="A credential of somebody else gets the answer of one that nobody has.",
    mend="Answer both alike, or identifiers can be found out.",
)
async def no_oracle(target: Target) -> None:
    foreign = await _info(target, await rows.foreign_credential(target))
    if foreign.status < 400:
        raise NotApplicable("it is told of, which is worse")
    unknown = await _info(target, rows.UNKNOWN_CREDENTIAL)
    if (foreign.status, foreign.members) != (unknown.status, unknown.members):
        raise Violation(f"{foreign.summary()} for one, {unknown.summary()} for the other")


@_both(
    "credential.certificates-invalid",
    Level.SHALL,
    expects="A `certificates` other than none, single and chain is refused.",
    mend="Answer 400, `Invalid parameter certificates`.",
)
async def certificates_invalid(target: Target) -> None:
    answer = await _info(target, await _first(target), certificates="all")
    answer.refused("Invalid parameter certificates")


@_both(
    "credential.description",
    Level.SHALL,
    expects="`description`, where it is, is a text of at most 255 characters.",
    mend="Shorten it.",
)
async def description(target: Target) -> None:
    for one in await target.credentials():
        _short(one.facts, "description")


def _short(group: Members, name: str) -> None:
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
        _among(one.facts.member("key", dict), "status", ("enabled", "disabled"))


def _among(group: Members, name: str, values: tuple[str, ...]) -> str:
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
    answer = await _info(target, await _first(target), certificates="none")
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
            _among(group, "status", ("valid", "expired", "revoked", "suspended"))


@_both(
    "credential.scal",
    Level.SHALL,
    expects='`SCAL`, where it is, is the text "1" or "2".',
    mend="Send it as a text.",
)
async def scal(target: Target) -> None:
    for one in await target.credentials():
        if one.facts.get("SCAL") is not None:
            _among(one.facts, "SCAL", ("1", "2"))


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
    (await _info(target, await _first(target), lang="tlh")).succeeded()


@_both(
    "credential.client-data",
    Level.SHALL,
    expects="`clientData` is taken.",
    mend="Take the text `clientData` on every method.",
)
async def client_data(target: Target) -> None:
    (await _info(target, await _first(target), clientData="conformance")).succeeded()


@_both(
    "credential.null",
    Level.OURS,
    expects="`null` for optional members is as if they were left out.",
    mend="Some clients write every optional member as null.",
)
async def null(target: Target) -> None:
    names = ("certificates", "certInfo", "authInfo", "lang", "clientData")
    (await _info(target, await _first(target), **dict.fromkeys(names))).succeeded()


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


@_v1(
    "credential.auth-mode",
    Level.SHALL,
    expects="`authMode` is implicit, explicit or oauth2code.",
    mend="Send one of the three, whatever `authInfo` says.",
)
async def auth_mode(target: Target) -> None:
    answer = await _info(target, await _first(target))
    _among(answer.succeeded(), "authMode", ("implicit", "explicit", "oauth2code"))


@_v1(
    "credential.factors-gated",
    Level.SHALL,
    expects="`PIN` and `OTP` come only for `authInfo` true and `authMode` explicit.",
    mend="Leave both groups out otherwise.",
)
async def factors_gated(target: Target) -> None:
    for one in await target.credentials():
        plain = (await _info(target, one.id)).succeeded()
        for name in ("PIN", "OTP"):
            plain.absent(name, "without `authInfo`")
            if one.mode != "explicit":
                one.facts.absent(name, f"though `authMode` is {one.mode}")


def _groups(one: Credential, *names: str) -> list[tuple[str, Members]]:
    if one.mode != "explicit":
        return []
    return [(name, one.facts.member(name, dict)) for name in names]


def _present(group: Members) -> bool:
    return group.get("presence") in ("true", "optional")


@_v1(
    "credential.factors-presence",
    Level.SHALL,
    expects='`PIN/presence` and `OTP/presence` are the texts "true", "false" or "optional".',
    mend="Send texts, not Booleans.",
)
async def factors_presence(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            _among(group, "presence", ("true", "false", "optional"))


@_v1(
    "credential.factors-format",
    Level.SHALL,
    expects="The `format` of PIN and OTP is A or N.",
    mend="Say whether they are letters and digits or digits alone.",
)
async def factors_format(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            if _present(group):
                _among(group, "format", ("A", "N"))


@_v1(
    "credential.factors-texts",
    Level.SHALL,
    expects="`label` and `description` of PIN and OTP have at most 255 characters.",
    mend="Shorten them.",
)
async def factors_texts(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            _short(group, "label")
            _short(group, "description")


@_v1(
    "credential.otp-type",
    Level.SHALL,
    expects="`OTP/type` is offline or online.",
    mend="online: the client has to call credentials/sendOTP first.",
)
async def otp_type(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "OTP"):
            if _present(group):
                found = _among(group, "type", ("offline", "online"))
                if found == "online" and not target.announces("credentials/sendOTP"):
                    raise Violation("`OTP/type` is online, and `methods` has no sendOTP")


@_v1(
    "credential.otp-id",
    Level.SHALL,
    expects="`OTP/ID` names the device or application that makes the codes.",
    mend="Send an identifier.",
)
async def otp_id(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "OTP"):
            if _present(group):
                group.member("ID", str)


@_v2(
    "credential.auth-mode-v2",
    Level.SHALL,
    expects="`auth/mode` is explicit or oauth2code, also without `authInfo`.",
    mend="Send `auth` with `mode` always.",
)
async def auth_mode_v2(target: Target) -> None:
    answer = await _info(target, await _first(target))
    _among(answer.succeeded().member("auth", dict), "mode", ("explicit", "oauth2code"))


@_v2(
    "credential.objects-gated",
    Level.SHALL,
    expects="`auth/objects` come only for `authInfo` true and the mode explicit.",
    mend="Leave them out otherwise.",
)
async def objects_gated(target: Target) -> None:
    for one in await target.credentials():
        plain = (await _info(target, one.id)).succeeded().member("auth", dict)
        plain.absent("objects", "without `authInfo`")
        if one.mode == "oauth2code" and one.facts["auth"].get("objects"):
            raise Violation(f"{one.id} is approved by OAuth and has `objects`")


def _objects(one: Credential) -> list[Members]:
    if one.mode != "explicit":
        return []
    found = one.facts.member("auth", dict).member("objects", list)
    if not all(isinstance(each, dict) for each in found):
        raise Violation("`objects` holds something that is not an Object")
    return [Members(each) for each in found]


@_v2(
    "credential.objects-type",
    Level.SHALL,
    expects="The `type` of each object is one of the four of the standard.",
    mend="Password, PasswordOOB, ChallengeResponse or ChallengeResponseOOB.",
)
async def objects_type(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            _among(each, "type", _OBJECT_TYPES)


@_v2(
    "credential.objects-id",
    Level.SHALL,
    expects="Each object has an `id` of its own.",
    mend="Send a text that no other object of the credential has.",
)
async def objects_id(target: Target) -> None:
    for one in await target.credentials():
        ids = [each.member("id", str) for each in _objects(one)]
        if len(set(ids)) != len(ids):
            raise Violation(f"two objects of {one.id} have one `id`")


@_v2(
    "credential.objects-format",
    Level.SHALL,
    expects="The `format` of an object, where it is, is A or N.",
    mend="Leave it out where any character may be typed.",
)
async def objects_format(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            if each.get("format") is not None:
                _among(each, "format", ("A", "N"))


@_v2(
    "credential.objects-texts",
    Level.SHALL,
    expects="`label`, `description` and `generator` of an object are texts.",
    mend="Send texts, or leave them out.",
)
async def objects_texts(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            for name in ("label", "description", "generator"):
                each.member(name, str, required=False)


@_v2(
    "credential.objects-challenge",
    Level.SHALL,
    expects="Where an object wants a challenge, `credentials/getChallenge` is announced.",
    mend="Announce and implement it.",
)
async def objects_challenge(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            wanted = str(each.get("type")).startswith("Challenge")
            if wanted and not target.announces("credentials/getChallenge"):
                raise Violation(f"{each.get('id')} of {one.id} wants a challenge")


@_v2(
    "credential.expression",
    Level.SHALL,
    expects="`auth/expression`, where it is, is a formula over the ids of the objects.",
    mend="Use AND, OR, XOR, parentheses and the ids; leave it out to want all.",
)
async def expression(target: Target) -> None:
    for one in await target.credentials():
        if one.mode != "explicit":
            continue
        text = one.facts.member("auth", dict).member("expression", str, required=False)
        ids = {each.member("id", str) for each in _objects(one)}
        if not text:
            continue
        if text in ("AND", "OR", "XOR"):
            note(f"`auth/expression` is the bare operator {text}")
            continue
        words = set(re.findall(r"[^\s()]+", text)) - {"AND", "OR", "XOR"}
        if words - ids:
            raise Violation(f"`auth/expression` has {min(words - ids)!r}, which is no object")
        if not satisfied(re.sub(r"\bXOR\b", "OR", text), ids):
            raise Violation(f"`auth/expression` {text!r} cannot be read")


@_v2(
    "credential.qualifier",
    Level.SHALL,
    expects="`signatureQualifier`, where it is, is a text.",
    mend="Send for example eu_eidas_aes, or leave it out.",
)
async def qualifier(target: Target) -> None:
    for one in await target.credentials():
        found = one.facts.member("signatureQualifier", str, required=False)
        if found is not None and found.count("_") < 2:
            note(f"`signatureQualifier` is {found!r}; the pattern is area_law_kind")


@_v2(
    "credential.algo-announced",
    Level.OURS,
    expects="Every algorithm of a key is among `signAlgorithms/algos` of `info`.",
    mend="Announce what keys can do.",
)
async def algo_announced(target: Target) -> None:
    announced = target.described().member("signAlgorithms", dict).texts("algos") or []
    if not all(is_oid(one) for one in announced):
        raise NotApplicable("`algos` are no OIDs")
    for one in await target.credentials():
        missing = set(one.algorithms) - set(announced)
        if missing:
            raise Violation(f"{min(missing)} of {one.id} is not announced")
