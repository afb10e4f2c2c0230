"""What v1 and v2 share: methods whose bodies are the same, and pieces of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from csc_server.wire import certificates, fields, words
from csc_server.wire.fields import Body, Malformed
from policies import access, algorithms, errors
from policies.documents import Level
from policies.messages import Language
from policies.secret import Sad, Token
from policies.tokens import TokenKind
from policies.values import Credential, CredentialId

_METHODS: Final = (
    "auth/login",
    "auth/revoke",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "signatures/signHash",
)
METHODS_V1: Final = (*_METHODS, "credentials/sendOTP")
"""``info`` itself may be left out (CSC v1 11.1)."""
METHODS_V2: Final = (
    *_METHODS,
    "credentials/authorizeCheck",
    "credentials/getChallenge",
    "signatures/signDoc",
    "signatures/signPolling",
)
WITH_TIMESTAMPS: Final = ("signatures/timestamp",)
"""Where there is a time-stamping authority."""

NOT_OFFERED_V2: Final = ("credentials/sendOTP",)
"""v2 has getChallenge in its place; v2.1.0.1 lists it as deprecated."""


@dataclass(frozen=True, slots=True)
class LoginBody:
    """auth/login without its header."""

    refresh_token: Token | None
    remember_me: bool


@dataclass(frozen=True, slots=True)
class RevokeBody:
    """auth/revoke."""

    token: Token
    hint: TokenKind | None
    """Checked and not needed: a digest finds every kind at once."""


@dataclass(frozen=True, slots=True)
class InfoOptions:
    """Which groups of a credential are wanted."""

    certificates: str = "single"
    cert_info: bool = False
    auth_info: bool = False
    language: Language = words.DEFAULT
    """Of the texts for people."""


@dataclass(frozen=True, slots=True)
class CredentialInfoRequest:
    """credentials/info."""

    credential_id: CredentialId
    options: InfoOptions


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """What ``info`` says, apart from the version."""

    name: str
    logo: str
    region: str
    description: Mapping[Language, str]
    csc_v2: str = "2.0.0.2"
    """The v2 that is spoken: ``2.0.0.2`` or ``2.1.0.1``."""
    timestamps: bool = False
    """There is a time-stamping authority."""
    levels: tuple[Level, ...] = (Level.B_B,)
    """Of signDoc."""
    issuer: str = ""
    """Name of our authorization server: its URL without a trailing slash."""


def parse_info(body: Body) -> Language:
    """info: nothing but ``lang``. (CSC v1 11.1)"""
    fields.common(body)
    return words.language(body)


def parse_login(body: Body) -> LoginBody:
    """auth/login. (CSC v1 11.2)"""
    fields.common(body)
    refresh = body.get("refresh_token")
    if refresh is not None and not isinstance(refresh, str):
        raise Malformed("Invalid string parameter: refresh_token")  # LOGIN-3
    return LoginBody(Token(refresh) if refresh else None, fields.boolean(body, "rememberMe"))


def parse_revoke(body: Body) -> RevokeBody:
    """auth/revoke. (CSC v1 11.3)"""
    token = fields.string(body, "token")
    hint = body.get("token_type_hint")
    kinds = {"access_token": TokenKind.ACCESS, "refresh_token": TokenKind.REFRESH}
    if hint is not None and (not isinstance(hint, str) or hint not in kinds):
        raise Malformed("Invalid string parameter token_type_hint")  # AREV-3
    fields.common(body)
    return RevokeBody(Token(token), kinds[hint] if hint else None)


def parse_info_options(body: Body) -> InfoOptions:
    """``certificates``, ``certInfo``, ``authInfo``. (CSC v1 11.5)"""
    return InfoOptions(
        fields.choice(body, "certificates", ("none", "single", "chain"), "single"),
        fields.boolean(body, "certInfo"),
        fields.boolean(body, "authInfo"),
        words.language(body),
    )


def parse_credential_info(body: Body) -> CredentialInfoRequest:
    """credentials/info. (CSC v1 11.5)"""
    credential_id = CredentialId(fields.string(body, "credentialID"))
    options = parse_info_options(body)
    fields.common(body)
    return CredentialInfoRequest(credential_id, options)


def forbid_user_id(body: Body) -> None:
    """``userID`` is not for tokens that name their user; empty is as good as absent (LIST-3)."""
    user_id = body.get("userID")
    if user_id is not None and not isinstance(user_id, str):
        raise Malformed("Invalid parameter userID")  # LIST-4
    if user_id:
        raise errors.UserIdForbidden("tokens of auth/login name their user")


def sad(body: Body) -> Sad:
    """``SAD``, required (SIGN-2)."""
    return Sad(fields.string(body, "SAD"))


def render_info(
    service: ServiceInfo, specs: str, methods: tuple[str, ...], language: Language
) -> dict[str, Any]:
    """info, as far as v1 and v2 agree. (CSC v1 11.1)"""
    return {
        "specs": specs,
        "name": service.name,
        "logo": service.logo,
        "region": service.region,
        "lang": language.value,
        "description": service.description[language],
        "authType": ["basic", "oauth2code", "oauth2client"],
        "methods": list(methods),
    }


def render_credential(
    credential: Credential, options: InfoOptions, now: datetime
) -> dict[str, Any]:
    """credentials/info, as far as v1 and v2 agree. (CSC v1 11.5)"""
    return {
        "description": credential.description,
        "key": _key(credential, now),
        "cert": _cert(credential, options, now),
        # security-and-pki 1.2: the hashes are always bound; the claim is CSC's, not a certificate.
        "SCAL": "2",
        "multisign": credential.multisign,
        "lang": options.language.value,
    }


def is_usable(credential: Credential, now: datetime) -> bool:
    """Can it make a valid signature at ``now``?"""
    try:
        access.usable(credential, now)
    except errors.Refused:
        return False
    return True


def _key(credential: Credential, now: datetime) -> dict[str, Any]:
    algorithm = credential.key_algorithm
    key: dict[str, Any] = {
        # "disabled" also when the certificate is over (CSC v1 11.5 key/status).
        "status": "enabled" if is_usable(credential, now) else "disabled",
        "algo": list(algorithms.offered(algorithm)),
        "len": algorithm.bits,
    }
    if algorithm.curve_oid is not None:
        key["curve"] = algorithm.curve_oid
    return key


def _cert(credential: Credential, options: InfoOptions, now: datetime) -> dict[str, Any]:
    cert: dict[str, Any] = {}
    if credential.certificate is None:
        return cert
    if (status := certificates.status(credential.certificate, now)) is not None:
        cert["status"] = status
    if (chosen := certificates.certificates(credential, options.certificates)) is not None:
        cert["certificates"] = chosen
    if options.cert_info:
        cert |= certificates.decoded(credential.certificates[0])
    return cert
