"""What holds for every method: verb, body, media types, error bodies, tokens."""

from __future__ import annotations

import functools
import json
from typing import Final
from urllib.parse import urlsplit

from conformance.answer import Answer
from conformance.errors import NotApplicable, Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.rows import UNKNOWN_CREDENTIAL, needs_token
from conformance.target import Target

_check = functools.partial(check, group="Transport", v1="10.2", v2="10.2")
_errors = functools.partial(check, group="Transport", v1="10.1", v2="10.1")
_JSON: Final = {"Content-Type": "application/json"}
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@_check(
    "transport.tls",
    Level.SHOULD,
    expects="The service is reached by https.",
    mend="Put TLS before the service; a private network is the only exception.",
)
async def tls(target: Target) -> None:
    parts = urlsplit(target.url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Violation(f"the base URI begins with {parts.scheme}")


@check(
    "transport.base-uri",
    Level.SHALL,
    group="Transport",
    v1="7.1",
    v2="7.1",
    expects="The base URI ends in /csc/v1 or /csc/v2.",
    mend="Serve the methods below /csc/v1 (v2 allows a prefix before /csc/v2).",
)
async def base_uri(target: Target) -> None:
    if not target.url.endswith(f"/csc/v{target.names.major}"):
        raise Violation(f"the base URI is {target.url}")


@_check(
    "transport.get",
    Level.OURS,
    expects="GET on a method is not taken for a call.",
    mend="Answer 405.",
)
async def get(target: Target) -> None:
    answer = await target.client.request("GET", f"{target.url}/credentials/list")
    if answer.status < 400:
        raise Violation(f"GET credentials/list answers {answer.status}")


@_check(
    "transport.charset",
    Level.SHALL,
    expects="`Content-Type: application/json; charset=utf-8` is accepted.",
    mend="Compare the media type without its parameters.",
)
async def charset(target: Target) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    (await _info(target, b"{}", headers)).succeeded()


async def _info(target: Target, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return await target.call_bare("info", headers=_JSON if headers is None else headers, body=body)


@_check(
    "transport.not-json",
    Level.SHALL,
    expects="A body that is not JSON is refused with 400.",
    mend="Answer 400 `invalid_request`, not 500.",
)
async def not_json(target: Target) -> None:
    (await _list(target, b"{nonsense")).refused()


async def _list(target: Target, body: bytes) -> Answer:
    token = await target.service_token()
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return await target.call_bare("credentials/list", headers=_JSON | bearer, body=body)


@_check(
    "transport.not-an-object",
    Level.SHALL,
    expects="A body that is JSON but no object is refused with 400.",
    mend="Answer 400 `invalid_request`, not 500.",
)
async def not_an_object(target: Target) -> None:
    for body in (b"[]", b'"text"', b"7", b"null"):
        (await _list(target, body)).refused()


@_check(
    "transport.not-utf-8",
    Level.OURS,
    expects="A body that is not UTF-8 is refused with 400.",
    mend="Answer 400 `invalid_request`, not 500.",
)
async def not_utf_8(target: Target) -> None:
    (await _list(target, b'{"clientData": "\xff\xfe"}')).refused()


@_check(
    "transport.deep",
    Level.OURS,
    expects="A body nested 5,000 deep does not bring the service down.",
    mend="Answer 400 `invalid_request`, not 500.",
)
async def deep(target: Target) -> None:
    body = b'{"clientData": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    answer = await _list(target, body)
    if answer.status >= 500:
        raise Violation(f"the answer is {answer.summary()}")


@_check(
    "transport.empty-body",
    Level.OURS,
    expects="An empty body is taken for an empty object where nothing is required.",
    mend="Treat no body as `{}`.",
)
async def empty_body(target: Target) -> None:
    (await _info(target, b"")).succeeded()


@_check(
    "transport.no-content-type",
    Level.OURS,
    expects="A missing Content-Type does not bring the service down.",
    mend="Take the body for JSON, or answer 400 or 415.",
)
async def no_content_type(target: Target) -> None:
    answer = await _info(target, b"{}", {})
    if answer.status not in (200, 400, 415):
        raise Violation(f"the answer is {answer.summary()}")


@_check(
    "transport.unknown-member",
    Level.OURS,
    expects="A member that the standard does not have is ignored.",
    mend="Extensions need it.",
)
async def unknown_member(target: Target) -> None:
    (await _info(target, b'{"conformanceExtension": [1, {"a": null}]}')).succeeded()


@_check(
    "transport.null",
    Level.OURS,
    expects="`null` for an optional member is as if it were left out.",
    mend="Some clients write every optional member as null.",
)
async def null(target: Target) -> None:
    (await _info(target, b'{"lang": null}')).succeeded()


@_check(
    "transport.unicode",
    Level.SHALL,
    expects="Texts beyond ASCII are taken, escaped or not.",
    mend="Read the body as UTF-8.",
)
async def unicode(target: Target) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"clientData": "Ștefan Ångström 文"}, ensure_ascii=ascii_only)
        (await _list(target, text.encode())).succeeded()


@_check(
    "transport.unknown-path",
    Level.OURS,
    expects="A name that is no method answers 404 or 501.",
    mend="Answer 404.",
)
async def unknown_path(target: Target) -> None:
    answer = await target.client.post(f"{target.url}/credentials/conformance", {})
    if answer.status not in (400, 401, 404, 501):
        raise Violation(f"credentials/conformance answers {answer.summary()}")


@_check(
    "transport.case",
    Level.OURS,
    methods=("credentials/list",),
    expects="Names of methods are told apart by case.",
    mend="`Credentials/List` is no method.",
)
async def case(target: Target) -> None:
    answer = await target.call("Credentials/List", {})
    if answer.status < 400:
        raise Violation(f"Credentials/List answers {answer.status}")


@_errors(
    "transport.error-body",
    Level.SHALL,
    methods=("credentials/info",),
    expects="An error is a JSON object with the text `error`.",
    mend="Send `error` and `error_description`.",
)
async def error_body(target: Target) -> None:
    answer = await target.call("credentials/info", {"credentialID": UNKNOWN_CREDENTIAL})
    if answer.status < 400:
        raise Violation(f"an unknown credential answers {answer.summary()}")
    answer.members.member("error", str)


@_errors(
    "transport.error-description",
    Level.OURS,
    methods=("credentials/info",),
    expects="An error says in `error_description` what was wrong.",
    mend="Send the sentence of the table.",
)
async def error_description(target: Target) -> None:
    answer = await target.call("credentials/info", {"credentialID": UNKNOWN_CREDENTIAL})
    answer.members.member("error_description", str)


@_errors(
    "transport.www-authenticate",
    Level.OURS,
    methods=("credentials/list",),
    expects="A 401 says in `WWW-Authenticate` which scheme is wanted (RFC 6750 3).",
    mend='Send `WWW-Authenticate: Bearer error="invalid_token"`.',
)
async def www_authenticate(target: Target) -> None:
    needs_token(target)
    answer = await target.call("credentials/list", {}, token="conformance-no-such-token")  # noqa: S106 - nobody's
    if answer.status != 401:
        raise NotApplicable(f"an unknown token is answered with {answer.status}")
    if "bearer" not in answer.header("WWW-Authenticate").lower():
        raise Violation(f"it is {answer.header('WWW-Authenticate') or 'missing'!r}")


@_errors(
    "transport.scheme-case",
    Level.SHOULD,
    methods=("credentials/list",),
    expects="`bearer` in small letters is the same scheme (RFC 9110 11.1).",
    mend="Compare the scheme without case.",
)
async def scheme_case(target: Target) -> None:
    needs_token(target)
    headers = {"Authorization": f"bearer {await target.service_token()}"}
    (await target.client.post(f"{target.url}/credentials/list", {}, headers)).succeeded()


@_errors(
    "transport.no-server-error",
    Level.SHALL,
    methods=("credentials/info",),
    expects="Members of a wrong type are the caller's fault, not the server's: 400.",
    mend="Check types before values.",
)
async def no_server_error(target: Target) -> None:
    values: tuple[object, ...] = (1e308, -1, True, [], {}, "\x00", "a" * 100_000)
    for value in values:
        answer = await target.call("credentials/info", {"credentialID": value})
        if answer.status >= 500 or answer.status < 400:
            shown = json.dumps(value)[:30]
            raise Violation(f"`credentialID` {shown} answers {answer.summary()}")
        if answer.status != 400:
            note(f"a strange `credentialID` answers {answer.status}")
