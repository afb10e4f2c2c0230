"""Credentials approved by OAuth: the requests, the tokens, and what signs with them.

v1 calls the token a SAD and has it sent as one; v2 has it sent as a bearer token, alone.
(v1 8.3.2, 8.3.3; v2 8.4.2, 8.4.4; RFC 9396)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.answer import Answer, Members
from conformance.codes import Changes, b64url
from conformance.credential import Credential
from conformance.dialect import encoded
from conformance.errors import NotApplicable, NotRun
from conformance.grants import Grants, grants

if TYPE_CHECKING:
    from conformance.target import Authorized, Target

SHARED: Final = "an authorization by OAuth"
SIGNED: Final = "a signature by OAuth"


@dataclass(frozen=True, slots=True)
class Approved:
    """A credential token that has signed nothing yet."""

    credential: Credential
    hashes: tuple[bytes, ...]
    members: Members
    """The answer of the token endpoint."""
    service_token: str
    """Of the same client: a SAD may be good for the client alone that asked for it."""

    @property
    def token(self) -> str:
        """The token itself."""
        return str(self.members.member("access_token", str))

    def authorized(self, major: int) -> Authorized:
        """It as what signHash takes."""
        from conformance.target import Authorized

        lifetime = self.members.get("expires_in")
        expires_in = lifetime if isinstance(lifetime, int) else 3600
        sad, token = (self.token, self.service_token) if major == 1 else (None, self.token)
        return Authorized(self.credential, self.hashes, sad, token, expires_in)


async def credential_of(target: Target) -> Credential:
    """The credential that the authorization server approves.

    Raises:
        NotApplicable: There is none.
        NotRun: The profile does not say how it is approved.
    """
    oauth = target.profile.oauth
    if oauth.browser == "recipe" and not oauth.credential_steps:
        raise NotRun("the profile has no steps of a credential authorization")
    if oauth.credential:
        return await target.credential_facts(oauth.credential)
    for one in await target.credentials():
        if one.enabled and one.sign_algo and one.mode == "oauth2code":
            return one
    raise NotApplicable("no credential is approved by OAuth (auth mode oauth2code)")


def query(target: Target, credential: Credential, hashes: Sequence[bytes]) -> Changes:
    """Changes that make a good request one of scope ``credential`` (v1 8.3.2; v2 8.4.2)."""
    changes: dict[str, str | None] = {
        "scope": "credential",
        "credentialID": credential.id,
        "numSignatures": str(len(hashes)),
        target.names.hashes: ",".join(b64url(one) for one in hashes),
    }
    if target.names.major == 2:
        changes["hashAlgorithmOID"] = credential.hash_algo
    return changes


def details(
    found: Grants, credential: Credential, hashes: Sequence[bytes], **changes: Any
) -> Changes:
    """Changes that make a good request one with authorization details; None removes a member.

    Raises:
        NotApplicable: The server takes none.
    """
    kind = found.server.endpoints.detail_type
    if not kind:
        raise NotApplicable("no authorization details are announced (supportsRar)")
    detail = {
        "type": kind,
        "credentialID": credential.id,
        "documentDigests": [
            {"hash": text, "label": f"Document {number}"}
            for number, text in enumerate(encoded(hashes), 1)
        ],
        "hashAlgorithmOID": credential.hash_algo,
        **changes,
    }
    detail = {name: value for name, value in detail.items() if value is not None}
    return {"scope": None, "authorization_details": json.dumps([detail])}


async def approve(
    target: Target, count: int = 1, *, by_details: bool = False, hashes: Sequence[bytes] = ()
) -> Approved:
    """A fresh authorization for ``count`` hashes, or for ``hashes``.

    Raises:
        NotApplicable, NotRun: As ``credential_of``, ``details`` and ``Grants.code``.
        Violation: The server refuses.
    """
    credential = await credential_of(target)
    return await approve_with(
        target, credential, tuple(hashes) or target.digests(count), by_details
    )


async def approve_with(
    target: Target,
    credential: Credential,
    hashes: tuple[bytes, ...],
    by_details: bool = False,
    algorithm: str = "",
) -> Approved:
    """A fresh authorization of ``credential`` for ``hashes``.

    Args:
        algorithm: OID of the digest; the credential's ``hash_algo`` by default.
    """
    found = await grants(target)
    if by_details:
        changes = details(found, credential, hashes)
    else:
        changes = query(target, credential, hashes)
    if algorithm and "hashAlgorithmOID" in changes:
        changes = {**changes, "hashAlgorithmOID": algorithm}
    members = (await found.redeem(await found.code(changes))).succeeded()
    service_token = str((await found.tokens()).member("access_token", str))
    return Approved(credential, hashes, members, service_token)


async def shared(target: Target) -> Approved:
    """An authorization for one hash that no check signs with, but ``spend``."""
    found: Approved = await target.once.get(SHARED, lambda: approve(target))
    return found


async def spend(target: Target) -> Approved:
    """The shared authorization, which the caller signs with; the next one gets another."""
    found = await shared(target)
    target.once.forget(SHARED)
    return found


async def signed(target: Target) -> tuple[Approved, Answer]:
    """An authorization for one signature, and the answer to the request for it."""

    async def make() -> tuple[Approved, Answer]:
        approved = await spend(target)
        return approved, await target.sign(approved.authorized(target.names.major))

    found: tuple[Approved, Answer] = await target.once.get(SIGNED, make)
    return found
