"""Who calls: log in, renew, revoke, and look up a bearer. (CSC v1 11.2, 11.3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.check_password import CheckPassword
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.oauth.clients import CheckProof, Proof
from csc_server.operations.records import event
from csc_server.ports import (
    Account,
    Accounts,
    Call,
    Clock,
    Entropy,
    LoginTry,
    NewToken,
    Tokens,
)
from policies import addresses, errors, tokens
from policies.audit import EventType, Outcome
from policies.secret import Password, Token
from policies.tokens import DIRECT, Access, TokenKind
from policies.values import NOBODY, AccountId, AccountState, GrantId, Principal


@dataclass(frozen=True, slots=True)
class Login:
    """What auth/login gives."""

    access_token: Token
    refresh_token: Token | None
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Access token to what it opens."""

    tokens: Tokens
    clock: Clock
    proof: CheckProof

    async def __call__(self, token: Token, proof: Proof | None = None) -> Access:
        """Who calls, and what for. One read; a proof of a key costs a write besides.

        Args:
            proof: With ``Authorization: DPoP``; ``None`` for ``Bearer``.

        Raises:
            TokenUnknown, TokenBoundToKey, TokenExpired: See ``policies.tokens.bearer``.
            CallProofInvalid: The proof does not hold, or was used before (RFC 9449 7.1).
        """
        facts, now = await self.tokens.find(token.digest()), self.clock.now()
        if proof is None or facts is None:
            return tokens.bearer(facts, now, token)
        try:
            jkt, one_time = self.proof.read(proof, token, now)
            access = tokens.bearer(facts, now, token, jkt)
            await self.proof.claim(jkt, proof, one_time)
        except errors.ProofInvalid as reason:
            raise errors.CallProofInvalid(str(reason)) from reason
        return access


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """auth/login with user name and password."""

    accounts: Accounts
    tokens: Tokens
    check_password: CheckPassword
    limits: LoginLimits
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, username: str, password: Password, *, remember_me: bool
    ) -> Login:
        """A new grant with an access token and, if asked, a refresh token.

        An unknown name, a wrong password, a suspended account and one with too many failures
        get the same answer after the same work.

        Raises:
            RateLimited: The address failed too often.
            LoginFailed: No.
            HsmError: Nobody knows.
        """
        now = self.clock.now()
        tried = await self.limits.admit(call, username, now)
        account = await self.accounts.find(username)
        matches = await self.check_password(call, account, password, now)
        if account is None or not matches or account.state is not AccountState.ACTIVE:
            await self._failed(call, account, tried, now)
            raise errors.LoginFailed(account.account_id if account else "unknown account")
        return await self._open(call, account, tried, now, remember_me=remember_me)

    async def _failed(
        self, call: Call, account: Account | None, tried: LoginTry, now: datetime
    ) -> None:
        """Count it; a name that nobody has costs the same statements as one that exists."""
        account_id = account.account_id if account else NOBODY
        subject = login_subject(account_id, call.source)
        record = event(EventType.LOGIN, account_id, call, now, Outcome.FAILURE)
        await self.accounts.login_failed(subject, now, [record], tried)

    async def _open(
        self, call: Call, account: Account, tried: LoginTry, now: datetime, *, remember_me: bool
    ) -> Login:
        grant = GrantId(self.entropy.identifier())
        principal = Principal(account.account_id, DIRECT, grant)
        access = _access(self.entropy, now)
        new = [access]
        if remember_me:
            expires_at = now + tokens.REFRESH_LIFETIME
            new.append(NewToken(Token(self.entropy.token()), TokenKind.REFRESH, expires_at))
        record = event(EventType.LOGIN, account.account_id, call, now, grant_id=grant)
        subject = login_subject(account.account_id, call.source)
        if not await self.tokens.open(principal, new, subject, now, [record], tried):
            raise errors.LoginFailed("too many failures")
        return _login(access, new[1].token if remember_me else None)


@dataclass(frozen=True, slots=True)
class Refresh:
    """auth/login with a refresh token."""

    tokens: Tokens
    clock: Clock
    entropy: Entropy

    async def __call__(self, call: Call, refresh_token: Token) -> Login:
        """A new access token of the same grant; the refresh token stays.

        Raises:
            RefreshTokenInvalid: See ``policies.tokens.refresh``.
        """
        now = self.clock.now()
        facts = await self.tokens.find(refresh_token.digest())
        principal = tokens.refresh(facts, now)
        access = _access(self.entropy, now)
        record = event(
            EventType.TOKEN_ISSUED, principal.account_id, call, now, grant_id=principal.grant_id
        )
        await self.tokens.renew(principal.grant_id, access, [record])
        return _login(access, None)


@dataclass(frozen=True, slots=True)
class Revoke:
    """auth/revoke."""

    tokens: Tokens
    clock: Clock

    async def __call__(self, call: Call, principal: Principal, token: Token) -> None:
        """Afterwards the token is dead; a refresh token takes its whole grant along.

        Raises:
            TokenToRevokeUnknown: See ``policies.tokens.revocable``.
        """
        now = self.clock.now()
        facts = tokens.revocable(await self.tokens.find(token.digest()), principal)
        record = event(
            EventType.TOKEN_REVOKED,
            principal.account_id,
            call,
            now,
            grant_id=facts.grant_id,
            token_kind=facts.kind.value,
        )
        if facts.kind is TokenKind.REFRESH:
            await self.tokens.revoke_grant(facts.grant_id, now, [record])
        else:
            await self.tokens.revoke_token(token.digest(), now, [record])


def _access(entropy: Entropy, now: datetime) -> NewToken:
    return NewToken(Token(entropy.token()), TokenKind.ACCESS, now + tokens.ACCESS_LIFETIME)


def _login(access: NewToken, refresh: Token | None) -> Login:
    return Login(access.token, refresh, int(tokens.ACCESS_LIFETIME.total_seconds()))


def login_subject(account_id: AccountId, address: str) -> str:
    """Whose failures are counted: the account seen from one network, so that a stranger far
    away cannot lock the owner out (security-and-pki 5.1)."""
    return f"login:{account_id}|{addresses.network(address)}"
