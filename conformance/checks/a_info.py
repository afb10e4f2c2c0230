"""info: shape and truth of what the server says of itself, as far as v1 and v2 share it."""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import urlsplit

from conformance.errors import Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="info", v1="11.1", v2="11.1")

AUTH_TYPES: Final = ("external", "TLS", "basic", "digest", "oauth2code", "oauth2client")
OAUTH_TYPES: Final = frozenset({"oauth2code", "oauth2client"})
METHODS_V1: Final = (
    "auth/login",
    "auth/revoke",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "credentials/sendOTP",
    "signatures/signHash",
    "signatures/timestamp",
)
METHODS_V2: Final = (
    *METHODS_V1,
    "credentials/authorizeCheck",
    "credentials/getChallenge",
    "signatures/signDoc",
    "signatures/signPolling",
)


def methods(target: Target) -> tuple[str, ...]:
    """The names of all methods of this version."""
    return METHODS_V1 if target.names.major == 1 else METHODS_V2


@_check(
    "info.answers",
    Level.SHALL,
    expects="`info` answers 200 with a JSON object.",
    mend="Every service has to implement `info`; it is where a client begins.",
)
async def answers(target: Target) -> None:
    (await target.client.post(f"{target.url}/info", {})).succeeded()


@_check(
    "info.public",
    Level.SHALL,
    expects="`info` needs no authorization.",
    mend="Answer `info` without looking at the Authorization header.",
)
async def public(target: Target) -> None:
    answer = await target.client.post(f"{target.url}/info", {})
    if answer.status in (401, 403):
        raise Violation(f"without a token the answer is {answer.summary()}")


@_check(
    "info.bad-token",
    Level.OURS,
    expects="A bad Authorization header does not keep `info` from answering.",
    mend="Answer `info` without looking at the Authorization header.",
)
async def bad_token(target: Target) -> None:
    headers = {"Authorization": "Bearer conformance-no-such-token"}
    (await target.client.post(f"{target.url}/info", {}, headers)).succeeded()


@_check(
    "info.specs",
    Level.SHALL,
    expects="`specs` is four numbers, the first of which is the one in the base URI.",
    mend="Send the version of the specification, for example `2.1.0.1`.",
)
async def specs(target: Target) -> None:
    found = target.described().member("specs", str)
    if not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", found):
        raise Violation(f"`specs` is {found!r}")
    if int(found.split(".")[0]) != target.names.major:
        raise Violation(f"`specs` is {found!r} at {urlsplit(target.url).path}")


@_check(
    "info.name",
    Level.SHALL,
    expects="`name` is a text of 1 to 255 characters.",
    mend="Send the commercial name of the service.",
)
async def name(target: Target) -> None:
    found = target.described().member("name", str)
    if not 1 <= len(found) <= 255:
        raise Violation(f"`name` has {len(found)} characters")


@_check(
    "info.logo",
    Level.SHALL,
    expects="`logo` is the absolute http or https address of a picture.",
    mend="Publish a JPEG or PNG of at most 256 by 256 pixels and send its address.",
)
async def logo(target: Target) -> None:
    found = target.described().member("logo", str)
    if urlsplit(found).scheme not in ("http", "https") or not urlsplit(found).netloc:
        raise Violation(f"`logo` is {found!r}")


@_check(
    "info.region",
    Level.SHALL,
    expects="`region` is a country code of two capital letters (ISO 3166-1 alpha-2).",
    mend="Send the country where the provider is established, for example `BE`.",
)
async def region(target: Target) -> None:
    found = target.described().member("region", str)
    if not re.fullmatch(r"[A-Z]{2}", found):
        raise Violation(f"`region` is {found!r}")


@_check(
    "info.lang",
    Level.SHALL,
    expects="`lang` is a language tag (RFC 5646).",
    mend="Send the language that `description` is written in, for example `en`.",
)
async def lang(target: Target) -> None:
    found = target.described().member("lang", str)
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", found):
        raise Violation(f"`lang` is {found!r}")


@_check(
    "info.description",
    Level.SHALL,
    expects="`description` is a text of at most 255 characters.",
    mend="Shorten the description.",
)
async def description(target: Target) -> None:
    found = target.described().member("description", str)
    if len(found) > 255:
        raise Violation(f"`description` has {len(found)} characters")


@_check(
    "info.auth-type",
    Level.SHALL,
    expects="`authType` lists at least one of the six values of the standard, spelled as there.",
    mend="The values are external, TLS, basic, digest, oauth2code and oauth2client.",
)
async def auth_type(target: Target) -> None:
    found = target.described().texts("authType") or []
    if not found:
        raise Violation("`authType` is empty")
    strange = [one for one in found if one not in AUTH_TYPES]
    if strange:
        raise Violation(f"`authType` has {strange[0]!r}")


@_check(
    "info.auth-type-login",
    Level.SHALL,
    expects="Whoever announces `basic` or `digest` also announces `auth/login`.",
    mend="Add `auth/login` to `methods`, or take `basic` out of `authType`.",
)
async def auth_type_login(target: Target) -> None:
    found = set(target.described().texts("authType") or [])
    if found & {"basic", "digest"} and not target.announces("auth/login"):
        raise Violation("`methods` has no auth/login")


@_check(
    "info.methods",
    Level.SHALL,
    expects="`methods` is an array of names, none twice.",
    mend="List each implemented method once.",
)
async def methods_listed(target: Target) -> None:
    found = target.described().texts("methods") or []
    if len(set(found)) != len(found):
        raise Violation("`methods` names a method twice")


@_check(
    "info.methods-known",
    Level.OURS,
    expects="`methods` has only names that the version defines.",
    mend="Clients skip names that they do not know; names of your own do no good here.",
)
async def methods_known(target: Target) -> None:
    known = {"info", *methods(target)}
    found = target.described().texts("methods") or []
    strange = [one for one in found if one not in known and not one.startswith("oauth2/")]
    if strange:
        raise Violation(f"`methods` has {strange[0]!r}")


@_check(
    "info.methods-true",
    Level.SHALL,
    expects="Each announced method is implemented: it answers neither 404 nor 501.",
    mend="Take the method out of `methods`, or implement it.",
)
async def methods_true(target: Target) -> None:
    for one in methods(target):
        if not target.announces(one):
            continue
        headers = {"Content-Type": "application/json"}
        answer = await target.client.request(
            "POST", f"{target.url}/{one}", headers=headers, body=b"{}"
        )
        if answer.status in (404, 405, 501):
            raise Violation(f"{one} is announced and answers {answer.summary()}")


@_check(
    "info.methods-unlisted",
    Level.SHALL,
    expects="A method of the standard that is not announced answers 501.",
    mend="Answer 501 for methods of the standard that you leave out.",
)
async def methods_unlisted(target: Target) -> None:
    for one in methods(target):
        if target.announces(one) or (one, target.names.major) == ("credentials/sendOTP", 2):
            continue
        answer = await target.client.post(f"{target.url}/{one}", {})
        if answer.status != 501:
            raise Violation(f"{one} is not announced and answers {answer.summary()}")


@check(
    "info.methods-unlisted-error",
    Level.SHALL,
    group="info",
    v21="11.1; OpenAPI",
    expects="The 501 of a method that is left out carries the error `not_implemented`.",
    mend="Send `error`: `not_implemented`.",
)
async def methods_unlisted_error(target: Target) -> None:
    for one in methods(target):
        if target.announces(one) or one == "credentials/sendOTP":
            continue
        answer = await target.client.post(f"{target.url}/{one}", {})
        if answer.status == 501:
            answer.refused(status=501, error="not_implemented")


@_check(
    "info.language-unknown",
    Level.SHALL,
    expects="A language that the service does not speak is no error.",
    mend="Answer in your own language and say which in `lang`.",
)
async def language_unknown(target: Target) -> None:
    answer = await target.client.post(f"{target.url}/info", {"lang": "tlh"})
    answer.succeeded().member("lang", str)


@_check(
    "info.language-said",
    Level.SHALL,
    expects="Asked for its own language, the service answers in it.",
    mend="Compare `lang` with the languages that you have, without case.",
)
async def language_said(target: Target) -> None:
    own = target.described().member("lang", str)
    answer = await target.client.post(f"{target.url}/info", {"lang": own})
    found = answer.succeeded().member("lang", str)
    if found.lower() != own.lower():
        raise Violation(f"asked for {own!r}, the answer is in {found!r}")


@check(
    "info.oauth2",
    Level.SHALL,
    group="info",
    v1="11.1",
    expects="`oauth2` is there when `authType` has an OAuth value.",
    mend="Send the base URI of the authorization server in `oauth2`.",
)
async def oauth2(target: Target) -> None:
    info = target.described()
    if OAUTH_TYPES & set(info.texts("authType") or []):
        info.member("oauth2", str)


@check(
    "info.oauth2-one",
    Level.SHALL,
    group="info",
    v20="11.1",
    expects="`oauth2` or `oauth2Issuer` is there when `authType` has an OAuth value.",
    mend="Send one of them; clients take the issuer when both are there.",
)
async def oauth2_one(target: Target) -> None:
    info = target.described()
    if not OAUTH_TYPES & set(info.texts("authType") or []):
        return
    found = [one for one in ("oauth2", "oauth2Issuer") if info.member(one, str, required=False)]
    if not found:
        raise Violation("neither `oauth2` nor `oauth2Issuer` is there")
    if len(found) == 2:
        note("`oauth2` and `oauth2Issuer` are both there; one is enough")


@_check(
    "info.oauth2-address",
    Level.OURS,
    expects="`oauth2` is the base of the endpoints, not an endpoint.",
    mend="Clients append `oauth2/authorize` themselves: announce what stands before it.",
)
async def oauth2_address(target: Target) -> None:
    found = target.described().member("oauth2", str, required=False)
    if found is None:
        return
    if urlsplit(found).scheme not in ("http", "https"):
        raise Violation(f"`oauth2` is {found!r}")
    if found.rstrip("/").endswith(("oauth2/authorize", "oauth2/token")):
        raise Violation(f"`oauth2` is {found!r}, the whole address of an endpoint")
