"""auth/login: HTTP Basic and refresh tokens."""

from __future__ import annotations

import base64
import functools
from typing import Final

from conformance.answer import Answer, Members
from conformance.errors import NotRun, Violation
from conformance.model import Level, Version
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_login = functools.partial(check, group="auth/login", v1="11.2", v2="11.2", methods=("auth/login",))
_FAILED: Final = "An error occurred during authentication process"
UNKNOWN_REFRESH: Final = "conformance-no-such-refresh-token"


def _basic(target: Target) -> tuple[str, str]:
    """User name and password of the profile.

    Raises:
        NotRun: It has none.
    """
    service = target.profile.service
    if service.kind != "basic":
        raise NotRun("the profile logs in without auth/login")
    return service.username, service.password


def _header(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


async def log_in(target: Target, *, remember: bool = False) -> Members:
    """The answer to a login as the profile says."""
    username, password = _basic(target)
    return await target.log_in(username, password, remember=remember)


async def remembered(target: Target) -> Members:
    """A login with a refresh token.

    Raises:
        NotRun: The service gives none.
    """
    members = await log_in(target, remember=True)
    if members.get("refresh_token") is None:
        raise NotRun("the service gives no refresh token")
    return members


async def asked(target: Target, body: object, headers: dict[str, str] | None = None) -> Answer:
    """The answer of auth/login to exactly this."""
    return await target.client.post(f"{target.url}/auth/login", body, headers)


async def opens(target: Target, token: str) -> bool:
    """Whether ``token`` opens credentials/list."""
    answer = await target.call("credentials/list", {}, token=token)
    return answer.status == 200


@_login(
    "login.basic",
    Level.SHALL,
    expects="User name and password give an access token.",
    mend="Answer 200 with `access_token`, a text.",
)
async def basic(target: Target) -> None:
    (await log_in(target)).member("access_token", str)


@_login(
    "login.token-works",
    Level.SHALL,
    expects="The access token of auth/login opens the API.",
    mend="Accept it as `Authorization: Bearer …`.",
)
async def token_works(target: Target) -> None:
    token = str((await log_in(target)).member("access_token", str))
    (await target.call("credentials/list", {}, token=token)).succeeded()


@_login(
    "login.expires-in",
    Level.SHALL,
    expects="`expires_in`, where it is, is a positive number of seconds.",
    mend="Send it as a number, in snake case.",
)
async def expires_in(target: Target) -> None:
    members = await log_in(target)
    found = members.member("expires_in", int, required=False)
    if found is not None and found < 1:
        raise Violation(f"`expires_in` is {found}")
    if "expiresIn" in members:
        note("`expiresIn` is there; auth/login writes `expires_in`")


@_login(
    "login.not-cached",
    Level.OURS,
    expects="The answer of auth/login must not be stored by caches.",
    mend="Send `Cache-Control: no-store` with tokens (RFC 6749 5.1).",
)
async def not_cached(target: Target) -> None:
    username, password = _basic(target)
    answer = await asked(target, {}, _header(f"{username}:{password}"))
    answer.succeeded()
    if "no-store" not in answer.header("Cache-Control").lower():
        raise Violation(f"Cache-Control is {answer.header('Cache-Control') or 'missing'!r}")


@_login(
    "login.scheme-case",
    Level.SHOULD,
    expects="`basic` in small letters is the same scheme (RFC 9110 11.1).",
    mend="Compare the scheme without case.",
)
async def scheme_case(target: Target) -> None:
    username, password = _basic(target)
    header = _header(f"{username}:{password}")["Authorization"].replace("Basic", "basic")
    (await asked(target, {}, {"Authorization": header})).succeeded()


@_login(
    "login.header-malformed",
    Level.SHALL,
    expects="Without a refresh token, a header that is not `Basic …` is refused.",
    mend="Answer 401 `invalid_request`, `Malformed authentication parameter.`",
)
async def header_malformed(target: Target) -> None:
    answer = await asked(target, {}, {"Authorization": "Token abc"})
    _login_1(target, answer)


@_login(
    "login.header-missing",
    Level.SHALL,
    expects="Without header and refresh token the login is refused.",
    mend="Answer 401 `invalid_request`, `Malformed authentication parameter.`",
)
async def header_missing(target: Target) -> None:
    _login_1(target, await asked(target, {}))


def _login_1(target: Target, answer: Answer) -> None:
    statuses = (400, 401) if target.version is Version.V21 else (401,)
    answer.refused("Malformed authentication parameter.", status=statuses)


@_login(
    "login.pair-malformed",
    Level.SHALL,
    expects="A header without a colon between name and password is refused.",
    mend="Answer 400 `invalid_request`, `Malformed username-password.`",
)
async def pair_malformed(target: Target) -> None:
    (await asked(target, {}, _header("nobody"))).refused("Malformed username-password.")


@_login(
    "login.wrong-password",
    Level.SHALL,
    expects="A wrong password is refused with `authentication_error`.",
    mend="Answer 400 `authentication_error`.",
)
async def wrong_password(target: Target) -> None:
    (await _wrong(target)).refused(_FAILED, error="authentication_error")


async def _wrong(target: Target) -> Answer:
    """The answer to a wrong password, which is tried only once: servers count failures."""
    username, password = _basic(target)
    header = _header(f"{username}:{password}-wrong")
    found: Answer = await target.once.get("a wrong login", lambda: asked(target, {}, header))
    return found


async def _unknown(target: Target) -> Answer:
    """The answer to a name that nobody has, tried only once too."""
    header = _header("conformance-nobody:wrong")
    found: Answer = await target.once.get("a strange login", lambda: asked(target, {}, header))
    return found


@_login(
    "login.unknown-user",
    Level.SHALL,
    expects="An unknown name is refused with `authentication_error`.",
    mend="Answer 400 `authentication_error`.",
)
async def unknown_user(target: Target) -> None:
    (await _unknown(target)).refused(_FAILED, error="authentication_error")


@_login(
    "login.no-oracle",
    Level.OURS,
    expects="An unknown name and a wrong password get the same answer.",
    mend="Answer both alike, or names can be guessed.",
)
async def no_oracle(target: Target) -> None:
    wrong, unknown = await _wrong(target), await _unknown(target)
    if (wrong.status, wrong.members) != (unknown.status, unknown.members):
        raise Violation(f"{wrong.summary()} for one, {unknown.summary()} for the other")


@_login(
    "login.refresh-type",
    Level.SHALL,
    expects="A `refresh_token` that is no text is refused.",
    mend="Answer 400 `invalid_request`, `Invalid string parameter: refresh_token`.",
)
async def refresh_type(target: Target) -> None:
    answer = await asked(target, {"refresh_token": 7})
    answer.refused("Invalid string parameter: refresh_token")


@_login(
    "login.refresh-unknown",
    Level.SHALL,
    expects="A `refresh_token` that was never given out is refused.",
    mend="Answer 400 `invalid_request`, `Invalid refresh_token`.",
)
async def refresh_unknown(target: Target) -> None:
    answer = await asked(target, {"refresh_token": UNKNOWN_REFRESH})
    answer.refused("Invalid refresh_token")


@_login(
    "login.refresh-only-remembered",
    Level.SHALL,
    expects="There is a refresh token only where `rememberMe` was true.",
    mend="Leave `refresh_token` out of the answer otherwise.",
)
async def refresh_only_remembered(target: Target) -> None:
    (await log_in(target)).absent("refresh_token", "without `rememberMe`")


@_login(
    "login.refresh",
    Level.SHALL,
    expects="A refresh token, without a header, gives an access token that works.",
    mend="Take `refresh_token` in the body instead of the Authorization header.",
)
async def refresh(target: Target) -> None:
    first = await remembered(target)
    answer = await asked(target, {"refresh_token": first["refresh_token"]})
    token = str(answer.succeeded().member("access_token", str))
    target.client.masker.learn(token)
    if not await opens(target, token):
        raise Violation("the new access token does not open credentials/list")


@_login(
    "login.client-data",
    Level.SHALL,
    expects="`clientData` is taken.",
    mend="Take the text `clientData` on every method.",
)
async def client_data(target: Target) -> None:
    username, password = _basic(target)
    body = {"clientData": "conformance"}
    (await asked(target, body, _header(f"{username}:{password}"))).succeeded()


@_login(
    "login.null",
    Level.OURS,
    expects="`null` for an optional member is as if it were left out.",
    mend="Some clients write every optional member as null.",
)
async def null(target: Target) -> None:
    username, password = _basic(target)
    body = {"refresh_token": None, "rememberMe": None, "clientData": None}
    (await asked(target, body, _header(f"{username}:{password}"))).succeeded()
