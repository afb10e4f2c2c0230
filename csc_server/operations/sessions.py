"""Browser sessions: find, open, replace at each authentication, list, end. (security-and-pki 5.3)

A browser that only looks has a cookie and no row: the row is made when there is something to keep.
Knows no cookie header; the page machinery of ``web`` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Entropy
from csc_server.ports.sessions import SessionKey, Sessions
from policies import errors, sessions
from policies.audit import EventType
from policies.sessions import End, Session, SessionId, Stage
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class BrowserSessions:
    """What may happen to a browser session."""

    sessions: Sessions
    clock: Clock
    entropy: Entropy

    def new_key(self) -> SessionKey:
        """A value for a cookie that nobody has."""
        return SessionKey(self.entropy.token())

    async def find(self, key: SessionKey) -> Session:
        """The living session of this cookie; its use is written down once a minute.

        Raises:
            SessionMissing: None, or over; see ``policies.sessions.living``.
        """
        now = self.clock.now()
        session = sessions.living(await self.sessions.find(key.digest()), now)
        if sessions.to_touch(session, now):
            await self.sessions.touch(session.session_id, now)
        return session

    async def open(
        self, key: SessionKey, call: Call, device: str, data: Mapping[str, str]
    ) -> Session:
        """An anonymous session under this cookie, for what must outlive a request."""
        session = self._new(key, Stage.ANONYMOUS, None, call, device, data)
        await self.sessions.open(session, [])
        return session

    async def keep(self, session: Session, data: Mapping[str, str]) -> None:
        """Afterwards the session holds exactly this data."""
        await self.sessions.keep(session.session_id, data)

    async def advance(
        self,
        old: Session | None,
        stage: Stage,
        account_id: AccountId | None,
        call: Call,
        device: str,
        data: Mapping[str, str],
    ) -> SessionKey:
        """The session enters a stage under a new cookie; the old cookie finds nothing any more.

        Its identifier stays, so that what was bound to it goes on: a request that waits for the
        login, and also for the login of another account (``Stage.ANONYMOUS``).

        Raises:
            SessionMissing: Another request was faster with the old cookie.
        """
        key = self.new_key()
        new = self._new(key, stage, account_id, call, device, data)
        if old is None:
            await self.sessions.open(new, [])
            return key
        new = replace(new, session_id=old.session_id)
        if not await self.sessions.replace(old.digest, new, []):
            raise errors.SessionMissing("replaced by another request")
        return key

    async def sign_out(self, session: Session, call: Call) -> None:
        """Afterwards the cookie is worth nothing."""
        now, owner = self.clock.now(), session.account_id
        records = []
        if owner is not None:
            records.append(event(EventType.SESSION_ENDED, owner, call, now, reason=End.SIGNED_OUT))
        await self.sessions.end(session.session_id, End.SIGNED_OUT, now, records)

    async def open_of(self, account_id: AccountId) -> list[Session]:
        """The account's sessions, the one used last first."""
        return await self.sessions.of_account(account_id, self.clock.now())

    async def end_others(self, session: Session, call: Call) -> None:
        """Afterwards the owner is signed in here and nowhere else.

        Raises:
            SessionMissing: Nobody is signed in.
        """
        now, owner = self.clock.now(), sessions.signed_in(session)
        record = event(EventType.SESSION_ENDED, owner, call, now, reason=End.ENDED_ELSEWHERE)
        await self.sessions.end_others(owner, session.digest, now, [record])

    async def purge(self) -> int:
        """Remove what was over for long; how many."""
        return await self.sessions.purge(self.clock.now())

    def _new(
        self,
        key: SessionKey,
        stage: Stage,
        account_id: AccountId | None,
        call: Call,
        device: str,
        data: Mapping[str, str],
    ) -> Session:
        now = self.clock.now()
        return Session(
            session_id=SessionId(self.entropy.identifier()),
            digest=key.digest(),
            stage=stage,
            account_id=account_id,
            opened_at=now,
            seen_at=now,
            ends_at=now + sessions.life(stage),
            proved_at=now if stage is Stage.SIGNED_IN else None,
            source=call.source,
            device=device[: sessions.DEVICE_CHARACTERS],
            data=data,
        )
