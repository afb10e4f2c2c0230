"""Look at credentials: credentials/list and credentials/info. (CSC v1 11.4, 11.5)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Credentials
from policies import access
from policies.values import Credential, CredentialId, Principal


@dataclass(frozen=True, slots=True)
class ListCredentials:
    """credentials/list."""

    credentials: Credentials

    async def __call__(self, principal: Principal) -> list[Credential]:
        """All credentials of the caller's account, the oldest first."""
        return await self.credentials.of_account(principal.account_id)


@dataclass(frozen=True, slots=True)
class CredentialInfo:
    """credentials/info."""

    credentials: Credentials

    async def __call__(self, principal: Principal, credential_id: CredentialId) -> Credential:
        """The credential.

        Raises:
            CredentialUnknown: See ``policies.access.visible``.
        """
        return access.visible(await self.credentials.find(credential_id), principal)
