"""credentials/list: identifiers, v1 pages, v2 credential infos."""

from __future__ import annotations

import functools
from typing import Any

from conformance import rows
from conformance.answer import Answer, Members
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_METHOD = "credentials/list"
_both = functools.partial(check, group=_METHOD, v1="11.4", v2="11.4", methods=(_METHOD,))
_v1 = functools.partial(check, group=_METHOD, v1="11.4", methods=(_METHOD,))
_v2 = functools.partial(check, group=_METHOD, v2="11.4", methods=(_METHOD,))
_PERSONAL = ("basic", "authorization_code")


async def _list(target: Target, **body: Any) -> Answer:
    return await target.call(_METHOD, body)


async def _ids(target: Target, **body: Any) -> list[str]:
    return (await _list(target, **body)).succeeded().texts("credentialIDs") or []


@_both(
    "list.answers",
    Level.SHALL,
    expects="The answer has `credentialIDs`, an array of texts.",
    mend="Send the array, an empty one for people without credentials.",
)
async def answers(target: Target) -> None:
    await _ids(target)


@_both(
    "list.unique",
    Level.SHALL,
    expects="No credential stands in the list twice.",
    mend="List each credential once.",
)
async def unique(target: Target) -> None:
    found = await _ids(target)
    if len(set(found)) != len(found):
        raise Violation("a credential stands there twice")


@_both(
    "list.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _METHOD, {})


@_both(
    "list.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, _METHOD, {})


@_both(
    "list.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _METHOD, {})


@_both(
    "list.user-id",
    Level.SHALL,
    expects="`userID` is refused where the token already says whose credentials are meant.",
    mend="Answer 400 `invalid_request`, `userID parameter MUST be null`.",
)
async def user_id(target: Target) -> None:
    _personal(target)
    answer = await _list(target, userID="conformance")
    answer.refused("userID parameter MUST be null", "userID parameter SHALL be null")


@_both(
    "list.user-id-empty",
    Level.OURS,
    expects="An empty or null `userID` is none.",
    mend="Refuse only a `userID` that has a value.",
)
async def user_id_empty(target: Target) -> None:
    _personal(target)
    for value in ("", None):
        (await _list(target, userID=value)).succeeded()


def _personal(target: Target) -> None:
    if target.profile.service.kind not in _PERSONAL:
        raise NotApplicable("the token of the profile is nobody's in particular")


@_both(
    "list.own",
    Level.SHALL,
    expects="A person sees no credential of somebody else.",
    mend="List the credentials of the person whose token it is.",
)
async def own(target: Target) -> None:
    other = await target.other_token()
    theirs = (await target.call(_METHOD, {}, token=other)).succeeded().texts("credentialIDs")
    both = set(theirs or []) & set(await _ids(target))
    if both:
        raise Violation(f"{min(both)} is in the lists of two people")


@_both(
    "list.client-data",
    Level.SHALL,
    expects="`clientData` is taken.",
    mend="Take the text `clientData` on every method.",
)
async def client_data(target: Target) -> None:
    await _ids(target, clientData="conformance")


@_both(
    "list.unknown-member",
    Level.OURS,
    expects="A member that the standard does not have is ignored.",
    mend="Extensions need it.",
)
async def unknown_member(target: Target) -> None:
    await _ids(target, conformanceExtension={"a": 1})


@_v1(
    "list.max-results",
    Level.SHALL,
    expects="A page holds at most `maxResults` credentials.",
    mend="Cut the page and send `nextPageToken`.",
)
async def max_results(target: Target) -> None:
    found = await _ids(target, maxResults=1)
    if len(found) > 1:
        raise Violation(f"{len(found)} credentials came for `maxResults` 1")


@_v1(
    "list.max-results-invalid",
    Level.SHALL,
    expects="A `maxResults` that cannot be used is no error: the server's own maximum is taken.",
    mend="Fall back to your own page size.",
)
async def max_results_invalid(target: Target) -> None:
    for value in (1_000_000_000, 0, -1):
        await _ids(target, maxResults=value)


@_v1(
    "list.pages",
    Level.SHALL,
    expects="Walking the pages shows every credential once.",
    mend="Keep one order over all pages.",
)
async def pages(target: Target) -> None:
    walked = await _walk(target, {"maxResults": 1})
    if len(set(walked)) != len(walked):
        raise Violation("a credential stands on two pages")
    missing = set(await _walk(target, {})) - set(walked)
    if missing:
        raise Violation(f"{min(missing)} is on no page")


@_v1(
    "list.pages-end",
    Level.SHALL,
    expects="The last page has no `nextPageToken`.",
    mend="Leave the member out on the last page.",
)
async def pages_end(target: Target) -> None:
    await _walk(target, {"maxResults": 1})


async def _walk(target: Target, body: dict[str, Any]) -> list[str]:
    """All identifiers, page by page."""
    found: list[str] = []
    for _ in range(60):
        members = (await target.call(_METHOD, body)).succeeded()
        found += members.texts("credentialIDs") or []
        after = members.member("nextPageToken", str, required=False)
        if after is None:
            return found
        if len(found) > 50:
            raise NotRun("there are more than 50 credentials")
        body = {**body, "pageToken": after}
    raise Violation("sixty pages do not end")


@_v1(
    "list.page-token-invalid",
    Level.SHALL,
    expects="A `pageToken` that was never given out is refused.",
    mend="Answer 400 `invalid_request`, `Invalid parameter pageToken`.",
)
async def page_token_invalid(target: Target) -> None:
    answer = await _list(target, pageToken="conformance-no-such-page")
    answer.refused("Invalid parameter pageToken")


async def _infos(target: Target, **body: Any) -> list[Members]:
    members = (await _list(target, credentialInfo=True, **body)).succeeded()
    found = members.member("credentialInfos", list)
    if not all(isinstance(one, dict) for one in found):
        raise Violation("`credentialInfos` holds something that is not an Object")
    return [Members(one) for one in found]


@_v2(
    "list.infos",
    Level.SHALL,
    expects="Asked for, `credentialInfos` tells of each listed credential, by `credentialID`.",
    mend="Send one element for each identifier.",
)
async def infos(target: Target) -> None:
    listed = await _ids(target)
    told = [one.member("credentialID", str) for one in await _infos(target)]
    if set(told) != set(listed):
        raise Violation(f"{len(listed)} credentials are listed, {len(told)} are told of")


@_v2(
    "list.infos-not-asked",
    Level.SHALL,
    expects="Without being asked for there is no `credentialInfos`.",
    mend="Send it only for `credentialInfo` true.",
)
async def infos_not_asked(target: Target) -> None:
    for body in ({}, {"credentialInfo": False}):
        (await _list(target, **body)).succeeded().absent("credentialInfos", "without being asked")


@_v2(
    "list.infos-same",
    Level.SHALL,
    methods=(_METHOD, "credentials/info"),
    expects="An element of `credentialInfos` says what credentials/info says.",
    mend="Make both from one place.",
)
async def infos_same(target: Target) -> None:
    wanted = {"certificates": "chain", "certInfo": True, "authInfo": True}
    for one in (await _infos(target, **wanted))[:3]:
        identifier = one.member("credentialID", str)
        told = (await target.credential_facts(identifier)).facts
        for name in ("key", "cert", "auth", "SCAL", "multisign"):
            if one.get(name) != told.get(name):
                raise Violation(f"`{name}` of {identifier} differs from credentials/info")


@_v2(
    "list.infos-certificates",
    Level.SHALL,
    expects="`certificates` chooses what is sent: none, the end entity's, or the chain.",
    mend="With `none` leave `cert/certificates` out, with `single` send one.",
)
async def infos_certificates(target: Target) -> None:
    for one in await _infos(target, certificates="none"):
        _cert(one).absent("certificates", "for `none`")
    for one in await _infos(target, certificates="single"):
        if len(_cert(one).texts("certificates") or []) != 1:
            raise Violation("`single` gives not exactly one certificate")


@_v2(
    "list.infos-cert-info",
    Level.SHALL,
    expects="The decoded fields of certificates come only for `certInfo` true.",
    mend="Leave issuerDN, subjectDN, serialNumber, validFrom and validTo out otherwise.",
)
async def infos_cert_info(target: Target) -> None:
    for one in await _infos(target):
        _cert(one).absent("subjectDN", "without `certInfo`")
    for one in await _infos(target, certInfo=True):
        _cert(one).member("subjectDN", str)


@_v2(
    "list.infos-auth-info",
    Level.SHALL,
    expects="`auth/objects` come only for `authInfo` true; `auth/mode` comes always.",
    mend="Gate expression and objects, not the mode.",
)
async def infos_auth_info(target: Target) -> None:
    for one in await _infos(target):
        auth = one.member("auth", dict)
        auth.member("mode", str)
        auth.absent("objects", "without `authInfo`")


def _cert(one: Members) -> Members:
    found: Members = one.member("cert", dict)
    return found


@_v2(
    "list.certificates-invalid",
    Level.SHALL,
    expects="A `certificates` other than none, single and chain is refused.",
    mend="Answer 400 `invalid_request`, `Invalid parameter certificates`.",
)
async def certificates_invalid(target: Target) -> None:
    answer = await _list(target, credentialInfo=True, certificates="all")
    answer.refused("Invalid parameter certificates")


@_v2(
    "list.only-valid",
    Level.SHALL,
    expects="With `onlyValid` true in the answer every listed credential can sign.",
    mend="Leave out credentials whose key is disabled or whose certificate is not valid, or do "
    "not answer `onlyValid` true.",
)
async def only_valid(target: Target) -> None:
    members = (await _list(target, credentialInfo=True, onlyValid=True)).succeeded()
    if not members.member("onlyValid", bool, required=False):
        raise NotApplicable("the service does not support onlyValid")
    for one in members.member("credentialInfos", list):
        info = Members(one)
        status = info.member("cert", dict).get("status")
        if info.member("key", dict).get("status") != "enabled" or status not in (None, "valid"):
            raise Violation(f"{info.get('credentialID')} cannot sign")


@_v2(
    "list.only-valid-not-asked",
    Level.SHALL,
    expects="`onlyValid` is true only where it was asked for.",
    mend="Leave it out otherwise.",
)
async def only_valid_not_asked(target: Target) -> None:
    members = (await _list(target)).succeeded()
    if members.member("onlyValid", bool, required=False):
        raise Violation("`onlyValid` is true without being asked for")


@_v2(
    "list.language-unknown",
    Level.SHALL,
    expects="A language that the service does not speak is no error.",
    mend="Answer in your own language.",
)
async def language_unknown(target: Target) -> None:
    await _ids(target, lang="tlh")


@_v2(
    "list.null",
    Level.OURS,
    expects="`null` for optional members is as if they were left out.",
    mend="Some clients write every optional member as null.",
)
async def null(target: Target) -> None:
    names = ("userID", "certificates", "certInfo", "authInfo", "onlyValid", "lang", "clientData")
    await _ids(target, credentialInfo=True, **dict.fromkeys(names))
