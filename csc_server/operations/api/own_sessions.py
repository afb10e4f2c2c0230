"""The person's browser sessions, ended from a program. (security-and-pki 5.3)

The caller has an access token and no browser session: which one is to stay is for it to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.sessions import Sessions
from policies import errors
from policies.audit import EventType
from policies.sessions import End, Session, SessionId
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class EndSession:
    """Ends one of them."""

    sessions: Sessions
    clock: Clock

    async def __call__(self, call: Call, account_id: AccountId, session_id: SessionId) -> None:
        """Afterwards the session is over.

        Raises:
            SessionUnknown: The account has no such session.
        """
        now = self.clock.now()
        found = _own(await self.sessions.of_account(account_id, now), session_id)
        reason = End.ENDED_ELSEWHERE
        record = event(EventType.SESSION_ENDED, account_id, call, now, reason=reason)
        await self.sessions.end(found.session_id, reason, now, [record])


@dataclass(frozen=True, slots=True)
class EndOtherSessions:
    """Ends all of them but one, or all."""

    sessions: Sessions
    clock: Clock

    async def __call__(self, call: Call, account_id: AccountId, keep: SessionId | None) -> None:
        """Afterwards only ``keep`` is open.

        Raises:
            SessionUnknown: The account has no such session; nothing was ended.
        """
        now, reason = self.clock.now(), End.ENDED_ELSEWHERE
        digest = b""
        if keep is not None:
            digest = _own(await self.sessions.of_account(account_id, now), keep).digest
        record = event(EventType.SESSION_ENDED, account_id, call, now, reason=reason)
        await self.sessions.end_others(account_id, digest, now, [record])


def _own(sessions: list[Session], session_id: SessionId) -> Session:
    for session in sessions:
        if session.session_id == session_id:
            return session
    raise errors.SessionUnknown("not among the account's sessions")
