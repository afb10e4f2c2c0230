"""What a check sees of the server: its ``info``, its methods, tokens, credentials, approvals.

What many checks need (a token, the list of credentials) is fetched once, and when that failed, it
failed for all of them: nobody asks a broken server two hundred times. Decides no verdict.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from conformance import approval as factors
from conformance import approvals, grants
from conformance.answer import Answer, Members
from conformance.approval import Codes
from conformance.credential import Credential
from conformance.dialect import V1, V2, Dialect
from conformance.errors import Ended, NotApplicable, NotRun, Violation
from conformance.http import Client
from conformance.model import Exchange, Version
from conformance.profile import Profile
from conformance.recording import note, recall, recording

ABSENT: Final = object()
"""As a changed member: leave it out."""
ACTING: Final = frozenset(
    {
        "credentials/authorize",
        "credentials/extendTransaction",
        "credentials/getChallenge",
        "credentials/sendOTP",
        "signatures/signHash",
        "signatures/signDoc",
    }
)
"""Methods that a read-only run never calls."""
_FIRST_POLL_S: Final = 0.02
_POLL_S: Final = 0.2
"""Between two questions whether somebody has approved; the first ones follow faster."""


@dataclass(slots=True)
class Authorized:
    """A SAD or credential token that has not been used yet."""

    credential: Credential
    hashes: tuple[bytes, ...]
    sad: str | None
    """None when the access token itself is the authorization."""
    token: str | None
    """The bearer token to send along; None: the service token."""
    expires_in: int


@dataclass(slots=True)
class Once:
    """Results of fixtures by name; a failure is kept as well and raised again.

    The exchanges that brought a result are evidence for each check that looks at it.
    """

    done: dict[str, object] = field(default_factory=dict)
    evidence: dict[str, tuple[Exchange, ...]] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def get(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """What ``make`` returned or raised the first time."""
        async with self.locks.setdefault(name, asyncio.Lock()):
            if name not in self.done:
                with recording() as recorder:
                    try:
                        self.done[name] = await make()
                    except Ended as ended:
                        self.done[name] = ended
                self.evidence[name] = recorder.shown()
                for text in recorder.notes:
                    note(text)
        recall(self.evidence[name])
        found = self.done[name]
        if isinstance(found, NotApplicable | NotRun):
            raise found
        if isinstance(found, Ended):
            raise NotRun(f"{name} is not to be had: {found}") from found
        return found

    def forget(self, name: str) -> None:
        """The next one who asks makes it anew."""
        self.done.pop(name, None)


@dataclass(slots=True)
class Target:
    """One base URL, held to one version."""

    url: str
    """Without a slash at the end."""
    version: Version
    profile: Profile
    client: Client
    codes: Codes
    info: Members | None
    """None when the server had no usable ``info``."""
    once: Once = field(default_factory=Once)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def path(self) -> str:
        """Of the base URL, with a slash at the end."""
        return f"{urlsplit(self.url).path}/"

    @property
    def names(self) -> Dialect:
        """How this major version writes its requests."""
        return V1 if self.version is Version.V1 else V2

    def announces(self, method: str) -> bool:
        """Whether ``info.methods`` has it."""
        methods = self.info.get("methods") if self.info else None
        return isinstance(methods, list) and method in methods

    def described(self) -> Members:
        """``info``, for checks that are about it.

        Raises:
            NotRun: There is none.
        """
        if self.info is None:
            raise NotRun("the server has no usable info")
        recall(self.once.evidence.get("info", ()))
        return self.info

    # --- calls ----------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST ``body`` (``{}`` by default) to ``method`` with the service token, or ``token``."""
        self._may(method)
        token = token or await self.service_token()
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post(
            f"{self.url}/{method}", {} if body is None else body, {**bearer, **(headers or {})}
        )

    async def call_bare(
        self,
        method: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"{}",
        verb: str = "POST",
    ) -> Answer:
        """Exactly these headers and bytes; no token is added."""
        self._may(method)
        return await self.client.request(verb, f"{self.url}/{method}", headers=headers, body=body)

    def _may(self, method: str) -> None:
        if self.profile.read_only and method in ACTING:
            raise NotRun("the profile is read-only")

    # --- service authorization ------------------------------------------------------------------

    async def service_token(self) -> str:
        """The access token of most calls; empty where none is needed."""
        if self.profile.service.kind == "none":
            return ""
        token: str = await self.once.get("a service token", self.fresh_token)
        return token

    async def fresh_token(self) -> str:
        """A service token of its own, which the caller may spoil.

        Raises:
            NotRun: The profile's way gives only one.
        """
        service = self.profile.service
        if service.kind == "basic":
            login = await self.log_in(service.username, service.password)
            return str(login.member("access_token", str))
        if service.kind == "bearer":
            self.client.masker.learn(service.token)
            return service.token
        return await self._oauth_service_token()

    async def other_token(self) -> str:
        """A service token of the second person.

        Raises:
            NotRun: The profile names none.
        """
        service = self.profile.service
        if service.kind != "basic" or not service.other_username:
            raise NotRun("the profile names no second person")

        async def make() -> str:
            login = await self.log_in(service.other_username, service.other_password)
            return str(login.member("access_token", str))

        token: str = await self.once.get("a second service token", make)
        return token

    async def log_in(self, username: str, password: str, *, remember: bool = False) -> Members:
        """The answer of auth/login with HTTP Basic.

        Raises:
            Violation: It refuses.
        """
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        answer = await self.client.post(
            f"{self.url}/auth/login",
            {"rememberMe": True} if remember else {},
            {"Authorization": f"Basic {pair}"},
        )
        members = answer.succeeded()
        for name in ("access_token", "refresh_token"):
            self.client.masker.learn(members.get(name))
        return members

    async def _oauth_service_token(self) -> str:
        return await grants.service_token(self)

    # --- credentials ----------------------------------------------------------------------------

    async def credential_ids(self) -> tuple[str, ...]:
        """What the profile names, or what credentials/list returns."""
        if self.profile.approval.credentials:
            return self.profile.approval.credentials

        async def make() -> tuple[str, ...]:
            answer = await self.call("credentials/list")
            return tuple(answer.succeeded().texts("credentialIDs") or ())

        ids: tuple[str, ...] = await self.once.get("the list of credentials", make)
        return ids

    async def credential_facts(self, credential_id: str) -> Credential:
        """credentials/info of it, with everything."""

        async def make() -> Credential:
            body = {
                "credentialID": credential_id,
                "certificates": "chain",
                "certInfo": True,
                "authInfo": True,
            }
            answer = await self.call("credentials/info", body)
            if answer.status == 501:  # some servers know no certInfo
                answer = await self.call("credentials/info", {**body, "certInfo": False})
            return Credential(credential_id, answer.succeeded())

        found: Credential = await self.once.get(f"credential {credential_id}", make)
        return found

    async def credentials(self) -> tuple[Credential, ...]:
        """All of them.

        Raises:
            NotRun: There is none.
        """
        found = [await self.credential_facts(one) for one in await self.credential_ids()]
        if not found:
            raise NotRun("there is no credential to use")
        return tuple(found)

    async def signing_credential(
        self, fits: Callable[[Credential], bool] = lambda _: True, what: str = "that signs"
    ) -> Credential:
        """The enabled credential that ``fits`` and that the profile can approve for most cheaply.

        Raises:
            NotRun: There is none; ``what`` names it.
        """
        found = [
            one
            for one in await self.credentials()
            if one.enabled and one.sign_algo and fits(one) and self._can_approve(one)
        ]
        if not found:
            raise NotRun(f"there is no credential {what} and that the profile can approve for")
        return min(found, key=self._cost)

    def _cost(self, credential: Credential) -> int:
        """One-time codes, challenges and people elsewhere make an approval slow."""
        if credential.mode == "oauth2code":
            return 9
        wanted = self._factors(credential)
        slow = sum(one.challenged + 2 * one.out_of_band for one in wanted)
        return slow + sum(not factors.is_static(one.id, self.profile.approval) for one in wanted)

    def _can_approve(self, credential: Credential) -> bool:
        try:
            wanted = self._factors(credential)
        except NotRun:
            return False
        has = [factors.has_value(one.id, self.profile.approval) for one in wanted]
        return all(has) or all(one.out_of_band for one in wanted)

    def _factors(self, credential: Credential) -> tuple[factors.Factor, ...]:
        if credential.mode == "oauth2code":
            if not self.profile.oauth.credential_steps and self.profile.oauth.browser == "recipe":
                raise NotRun("the profile has no steps of a credential authorization")
            return ()
        if self.version is Version.V1:
            return factors.factors_v1(credential.facts)
        return factors.factors_v2(credential.facts, self.profile.approval)

    # --- credential authorization ---------------------------------------------------------------

    def digests(self, count: int = 1) -> tuple[bytes, ...]:
        """SHA-256 digests that no other check uses."""
        return tuple(
            hashlib.sha256(f"conformance {next(self._numbers)}".encode()).digest()
            for _ in range(count)
        )

    async def factors_of(
        self, credential: Credential, *, but: Collection[str] = ()
    ) -> dict[str, Any]:
        """PIN and OTP, or authData, good for one authorization; challenges are fetched before.

        Args:
            but: Factors to leave out, so that no one-time code is spent on them.
        """
        wanted = [one for one in self._factors(credential) if one.id not in but]
        values: dict[str, Any] = {}
        for one in wanted:
            if one.challenged:
                await self._challenge(credential, one.id)
            if not one.out_of_band:
                values[one.id] = await factors.value(one.id, self.profile.approval, self.codes)
                self.client.masker.learn(values[one.id])
        return factors.sent(self.names.major, values, wanted)

    async def _challenge(self, credential: Credential, name: str) -> None:
        if self.version is Version.V1:
            await self.call("credentials/sendOTP", {"credentialID": credential.id})
        else:
            body = {"credentialID": credential.id, "authObjectID": name}
            await self.call("credentials/getChallenge", body)

    async def authorized(
        self,
        count: int = 1,
        *,
        credential: Credential | None = None,
        hashes: Sequence[bytes] | None = None,
        number: int | None = None,
        algorithm: str | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> Authorized:
        """A fresh authorization for ``hashes`` (``count`` new ones by default).

        Args:
            number: ``numSignatures``, where it differs from the number of hashes.
            algorithm: OID of the digest; the credential's ``hash_algo`` by default.
            changes: To the request of credentials/authorize.

        Raises:
            NotRun: Read-only, or the profile has not what the credential asks for.
            Violation: The server refuses.
        """
        credential = credential or await self.signing_credential()
        chosen = tuple(self.digests(count) if hashes is None else hashes)
        algorithm = algorithm or credential.hash_algo
        if credential.mode == "oauth2code":
            return await self._authorized_by_oauth(credential, chosen, algorithm)
        given = await self.factors_of(credential)
        body = self.names.authorize(credential.id, chosen, given, number, algorithm)
        answer = await self.call("credentials/authorize", changed(body, changes))
        members = answer.succeeded(200, 202)
        if answer.status == 202:
            members = await self._decided(str(members.member("handle", str)))
        sad = str(members.member("SAD", str))
        self.client.masker.learn(sad)
        lifetime = members.get("expiresIn")
        return Authorized(
            credential, chosen, sad, None, lifetime if isinstance(lifetime, int) else 3600
        )

    async def granted(
        self,
        count: int = 1,
        *,
        credential: Credential | None = None,
        hashes: Sequence[bytes] | None = None,
        algorithm: str | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> Authorized:
        """As ``authorized``, for checks of what follows: nothing is said where that fails.

        Raises:
            NotRun: There is no authorization. The checks of authorize say why.
        """
        try:
            return await self.authorized(
                count, credential=credential, hashes=hashes, algorithm=algorithm, changes=changes
            )
        except Violation as refusal:
            raise NotRun(f"an authorization is not to be had: {refusal}") from refusal

    async def _decided(self, handle: str) -> Members:
        """The answer of authorizeCheck once the person has decided."""
        until = asyncio.get_running_loop().time() + self.profile.limits.wait_seconds
        pause_s = _FIRST_POLL_S
        while True:
            answer = await self.call("credentials/authorizeCheck", {"handle": handle})
            members = answer.succeeded(200, 202)
            if answer.status == 200:
                return members
            if asyncio.get_running_loop().time() > until:
                raise NotRun("nobody approved in time")
            handle = str(members.member("handle", str))
            await asyncio.sleep(pause_s)
            pause_s = min(_POLL_S, 2 * pause_s)

    async def _authorized_by_oauth(
        self, credential: Credential, hashes: tuple[bytes, ...], algorithm: str
    ) -> Authorized:
        approved = await approvals.approve_with(self, credential, hashes, algorithm=algorithm)
        return approved.authorized(self.names.major)

    async def shared(self) -> Authorized:
        """An authorization that only refused requests may be tried with."""
        found: Authorized = await self.once.get("an authorization", self.authorized)
        return found

    # --- signatures -----------------------------------------------------------------------------

    def sign_body(
        self, authorized: Authorized, changes: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Body of signHash for all that was authorized, with ``changes`` (``ABSENT`` removes)."""
        credential = authorized.credential
        body = self.names.sign(
            credential.id,
            authorized.sad,
            authorized.hashes,
            credential.sign_algo,
            credential.hash_algo,
        )
        return changed(body, changes)

    async def sign(
        self, authorized: Authorized, changes: Mapping[str, object] | None = None
    ) -> Answer:
        """signHash, with ``changes`` to its members."""
        body = self.sign_body(authorized, changes)
        return await self.call("signatures/signHash", body, token=authorized.token)

    async def refused_sign(
        self, changes: Mapping[str, object], *, about_sad: bool = False
    ) -> Answer:
        """The answer to a signHash that has one thing wrong, its SAD being good.

        The SAD is one for all such calls. Some servers spend it on a refused call: then a later
        refusal speaks of the SAD, and the call is made once more with a fresh one.

        Args:
            about_sad: The refusal that is due speaks of the SAD itself.
        """
        answer = await self.sign(await self.shared(), changes)
        spent = answer.status >= 400 and b"SAD" in answer.body and not about_sad
        if answer.status < 400 or spent:
            self.once.forget("an authorization")
        return await self.sign(await self.shared(), changes) if spent else answer


def changed(body: dict[str, Any], changes: Mapping[str, object] | None) -> dict[str, Any]:
    """``body`` with members replaced, added, or removed (``ABSENT``)."""
    merged = {**body, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def signatures(answer: Answer, count: int) -> list[str]:
    """``signatures`` of a signHash that succeeded, as many as were asked for.

    Raises:
        Violation: It did not succeed, or the number differs.
    """
    found = answer.succeeded().texts("signatures") or []
    if len(found) != count:
        raise Violation(f"{count} hashes were sent, {len(found)} signatures came back")
    return found
