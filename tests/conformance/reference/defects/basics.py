"""Defects of info, auth/login, auth/revoke, credentials/list and info, and of transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.conformance.reference.defects import ALL, V1, V2, V21, Defect
from tests.conformance.reference.replies import GENERIC, Reply, having, refusing, without

_DESCRIBED: Final = "a credential"


def _within(name: str, **members: Any) -> Callable[[Reply], Reply]:
    """The object ``name`` of a success holds ``members``; None removes one."""

    def change(reply: Reply) -> Reply:
        inner = (reply.members or {}).get(name)
        if not isinstance(inner, dict):
            return reply
        merged = {key: value for key, value in {**inner, **members}.items() if value is not None}
        return replace(reply, members={**(reply.members or {}), name: merged})

    return change


def _of(credential: str, change: Callable[[Reply], Reply]) -> Callable[[Reply], Reply]:
    """``change`` of one credential alone."""

    def changed(reply: Reply) -> Reply:
        about = str((reply.members or {}).get("description"))
        return change(reply) if about.startswith(f"{credential} ") else reply

    return changed


def _objects(**members: Any) -> Callable[[Reply], Reply]:
    """Each authentication object holds ``members``."""

    def change(reply: Reply) -> Reply:
        auth = (reply.members or {}).get("auth") or {}
        if "objects" not in auth:
            return reply
        objects = [{**one, **members} for one in auth["objects"]]
        return _within("auth", objects=objects)(reply)

    return change


def _headers(**headers: str) -> Callable[[Reply], Reply]:
    return lambda reply: replace(
        reply, headers={**reply.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


def _plain_errors(reply: Reply) -> Reply:
    """Refusals without a description."""
    members = dict(reply.members or {})
    if "error" in members:
        members.pop("error_description", None)
    return replace(reply, members=members)


def _twice(reply: Reply) -> Reply:
    ids = list((reply.members or {}).get("credentialIDs", ()))
    return replace(reply, members={**(reply.members or {}), "credentialIDs": ids + ids[:1]})


def _info(
    name: str, check: str, what: str, change: Callable[[Reply], Reply], *versions: Any
) -> Defect:
    return Defect(f"info-{name}", (check,), versions or ALL, what, "info", change)


def _shown(
    name: str, checks: tuple[str, ...], what: str, change: Callable[[Reply], Reply], versions: Any
) -> Defect:
    return Defect(f"credential-{name}", checks, versions, what, _DESCRIBED, change)


DEFECTS: Final = (
    _info("specs", "info.specs", "specs is two numbers.", having(specs="2.1")),
    _info("name-empty", "info.name", "The name is empty.", having(name="")),
    _info("name-missing", "info.name", "The name is missing.", without("name")),
    _info(
        "logo-relative", "info.logo", "The logo's address is relative.", having(logo="/logo.png")
    ),
    _info("region-small", "info.region", "The region is in small letters.", having(region="be")),
    _info("description-long", "info.description", "300 characters.", having(description="a" * 300)),
    _info(
        "auth-type-strange",
        "info.auth-type",
        "authType has tls in small letters.",
        having(authType=["basic", "tls"]),
    ),
    _info(
        "validation-info-text",
        "info.validation-info",
        "A Boolean is written as a text.",
        having(validationInfo="false"),
        *V2,
    ),
    _info(
        "oauth2-missing", "info.oauth2", "No authorization server is named.", without("oauth2"), *V1
    ),
    _info(
        "servers-two-addresses",
        "info.oauth2-exactly-one",
        "oauth2 and oauth2Servers are both there.",
        having(
            oauth2="http://127.0.0.1/",
            supportsRar=None,
            oauth2Servers=[
                {"baseUri": "http://127.0.0.1/", "authType": ["oauth2code", "oauth2client"]}
            ],
        ),
        *V21,
    ),
    _info(
        "algos-names",
        "info.sign-algorithms",
        "Algorithms are announced by name.",
        _within("signAlgorithms", algos=["RSA", "ECDSA"], algoParams=["", ""]),
        *V2,
    ),
    _info(
        "allow-mix-text",
        "info.allow-mix",
        "allowMix is a text.",
        _within("signature_formats", allowMix="true"),
        *V21,
    ),
    _info(
        "formats-strange",
        "info.signature-formats",
        "A format is called PDF.",
        _within("signature_formats", formats=["PDF"], envelope_properties=None),
        *V2,
    ),
    _info(
        "document-types-strange",
        "info.document-types",
        "documentTypes has pdf.",
        having(documentTypes=["sod", "sfd", "pdf"]),
        *V21,
    ),
    _info(
        "html",
        "transport.media-type",
        "info is called HTML.",
        _headers(Content_Type="text/html"),
    ),
    Defect("info-wants-token", ("info.bad-token",), ALL, "info refuses a bad token."),
    Defect(
        "info-language-refused",
        ("info.language-unknown",),
        ALL,
        "A language that is not spoken is refused.",
    ),
    Defect(
        "unlisted-404",
        ("info.methods-unlisted",),
        V21,
        "A method that is left out answers 404.",
    ),
    Defect(
        "login-refresh-always",
        ("login.refresh-only-remembered",),
        ALL,
        "There is a refresh token without rememberMe.",
    ),
    Defect(
        "login-oracle",
        ("login.no-oracle",),
        ALL,
        "Tries are counted for names that exist.",
    ),
    Defect(
        "login-cached",
        ("login.not-cached",),
        ALL,
        "Tokens may be cached.",
        "auth/login",
        _headers(Cache_Control="max-age=60"),
    ),
    Defect(
        "login-expires-in-text",
        ("login.expires-in",),
        ALL,
        "expires_in is a text.",
        "auth/login",
        having(expires_in="3600"),
    ),
    Defect(
        "login-refresh-unknown-401",
        ("login.refresh-unknown",),
        ALL,
        "An unknown refresh token is refused with 401.",
        "auth/login",
        refusing("Invalid refresh_token", status=401),
    ),
    Defect(
        "login-missing-403",
        ("login.header-missing",),
        ALL,
        "A login without a header is refused with 403.",
    ),
    Defect(
        "revoke-200",
        ("revoke.no-content",),
        ALL,
        "Success is 200 with a body.",
        "auth/revoke",
        lambda reply: Reply({}, 200) if reply.status == 204 else reply,
    ),
    Defect(
        "revoke-nothing",
        ("revoke.access-token",),
        ALL,
        "Without a hint access tokens go on living.",
    ),
    Defect(
        "revoke-no-cascade",
        ("revoke.refresh-cascade",),
        ALL,
        "Access tokens outlive the refresh token of their grant.",
    ),
    Defect(
        "revoke-too-much",
        ("revoke.access-keeps-refresh",),
        ALL,
        "The refresh token goes with the access token.",
    ),
    Defect(
        "revoke-unknown-204",
        ("revoke.token-unknown",),
        ALL,
        "An unknown token is revoked with success, as in RFC 7009.",
    ),
    Defect("list-of-all", ("list.own",), ALL, "Everybody sees all credentials."),
    Defect(
        "list-twice",
        ("list.unique",),
        V2,
        "A credential stands there twice.",
        "credentials/list",
        _twice,
    ),
    Defect("list-page-forgets", ("list.pages",), V1, "A credential is on no page."),
    Defect("list-page-any", ("list.page-token-invalid",), V1, "Any page token begins anew."),
    Defect(
        "list-max-results-refused",
        ("list.max-results-invalid",),
        V1,
        "A maxResults that is too large is refused.",
    ),
    Defect("list-user-id", ("list.user-id",), ALL, "userID is ignored for a person's own token."),
    Defect(
        "list-infos-always",
        ("list.infos-not-asked",),
        V2,
        "credentialInfos come without being asked for.",
    ),
    Defect("list-only-valid-lies", ("list.only-valid",), V2, "onlyValid leaves disabled keys in."),
    Defect(
        "list-token-unknown-403",
        ("list.token-unknown", "oauth.refresh-token-serves-not"),
        V21,
        "An unknown token is refused with 403.",
        "credentials/list",
        refusing("The token provided is not a valid OAuth access or refresh token.", status=403),
    ),
    Defect(
        "list-header-text",
        ("list.header-malformed",),
        V2,
        "A malformed header gets the sentence of v1.",
        "credentials/list",
        refusing("Malformed authorization header.", error_description=GENERIC),
    ),
    Defect(
        "credential-foreign",
        ("credential.id-foreign",),
        ALL,
        "credentials/info tells of other people's credentials.",
    ),
    Defect(
        "credential-no-description",
        ("transport.error-description",),
        ALL,
        "Errors have no description.",
        "credentials/info",
        _plain_errors,
    ),
    _shown("scal-number", ("credential.scal",), "SCAL is a number.", having(SCAL=2), ALL),
    _shown(
        "multisign-text",
        ("credential.multisign",),
        "multisign is a text.",
        _of("CRED-SHORT", having(multisign="10")),
        V1,
    ),
    _shown("lang-missing", ("credential.lang",), "lang is missing.", without("lang"), ALL),
    _shown(
        "status-on",
        ("credential.key-status",),
        "key/status is on.",
        _within("key", status="on"),
        V1,
    ),
    _shown(
        "factors-ungated",
        ("credential.factors-gated",),
        "PIN comes always.",
        having(PIN={"presence": "true", "format": "N"}),
        V1,
    ),
    _shown(
        "objects-type",
        ("credential.objects-type",),
        "A type is called Pin.",
        _of("CRED-SHORT", _objects(type="Pin")),
        V2,
    ),
    _shown(
        "expression-strange",
        ("credential.expression",),
        "The expression names an object that is not there.",
        lambda reply: (
            _within("auth", expression="PIN AND FACE")(reply)
            if "objects" in ((reply.members or {}).get("auth") or {})
            else reply
        ),
        V2,
    ),
    _shown(
        "mode-implicit",
        ("credential.auth-mode-v2",),
        "auth/mode is implicit, as in v1.",
        _within("auth", mode="implicit"),
        V2,
    ),
    Defect(
        "transport-charset",
        ("transport.charset",),
        ALL,
        "A Content-Type with a parameter is refused.",
    ),
    Defect(
        "transport-not-json-500",
        ("transport.not-json",),
        ALL,
        "A body that is not JSON brings the server down.",
    ),
    Defect(
        "transport-scheme-case",
        ("transport.scheme-case",),
        ALL,
        "The scheme bearer is told apart by case.",
    ),
    Defect(
        "transport-www-authenticate",
        ("transport.www-authenticate",),
        ALL,
        "A 401 comes without WWW-Authenticate.",
        "credentials/list",
        lambda reply: replace(reply, headers={}),
    ),
)
