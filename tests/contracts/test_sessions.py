"""The port ``Sessions``."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from csc_server.ports.sessions import SessionKey
from csc_server.storage import Storage
from csc_server.storage.sessions import end_all
from policies import sessions
from policies.audit import EventType
from policies.sessions import End, Session, SessionId, Stage
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores

ENDED = stores.event(EventType.SESSION_ENDED)
MINUTE = timedelta(minutes=1)


def session(name: str, **changes: Any) -> Session:
    """A session of Alice whose cookie is ``cookie-NAME``."""
    values: dict[str, Any] = {
        "session_id": SessionId(name),
        "digest": SessionKey(f"cookie-{name}").digest(),
        "stage": Stage.SIGNED_IN,
        "account_id": ALICE.account_id,
        "opened_at": T0,
        "seen_at": T0,
        "ends_at": T0 + 12 * HOUR,
        "proved_at": T0,
        "source": "192.0.2.1",
        "device": "Firefox",
    }
    return Session(**{**values, **changes})


async def test_a_session_is_found_by_the_digest_of_its_cookie(storage: Storage) -> None:
    """With everything the rules need; a stranger's digest finds nothing."""
    drafts = session("one", data={"email": "ană@example.ro"})
    await storage.sessions.open(drafts, [])
    assert await storage.sessions.find(drafts.digest) == drafts
    assert await storage.sessions.find(hashlib.sha256(b"other").digest()) is None
    assert await storage.sessions.find(b"cookie-one") is None


async def test_an_anonymous_session_has_no_owner(storage: Storage) -> None:
    """Drafts exist before the login."""
    nobody = session("one", stage=Stage.ANONYMOUS, account_id=None, proved_at=None)
    await storage.sessions.open(nobody, [])
    assert await storage.sessions.find(nobody.digest) == nobody


async def test_a_replaced_session_forgets_its_old_cookie(storage: Storage) -> None:
    """Fixation: what was known before the login finds nothing after it, and wins no race."""
    old = session("one", stage=Stage.ANONYMOUS, account_id=None, proved_at=None)
    await storage.sessions.open(old, [])
    new = session("one", digest=SessionKey("fresh").digest(), opened_at=T0 + MINUTE)
    assert await storage.sessions.replace(old.digest, new, [])
    assert await storage.sessions.find(old.digest) is None
    assert await storage.sessions.find(new.digest) == new
    assert not await storage.sessions.replace(old.digest, new, [])


async def test_the_first_end_counts(storage: Storage) -> None:
    """An ended session stays ended: neither a use nor a replacement revives it."""
    one = session("one")
    await storage.sessions.open(one, [])
    await storage.sessions.end(one.session_id, End.SIGNED_OUT, T0, [ENDED])
    await storage.sessions.end(one.session_id, End.SECURITY, T0, [ENDED])
    await storage.sessions.touch(one.session_id, T0 + MINUTE)
    assert not await storage.sessions.replace(one.digest, one, [])
    assert await storage.sessions.find(one.digest) == replace(one, end=End.SIGNED_OUT)


async def test_uses_and_data_are_kept(storage: Storage) -> None:
    """The last use moves the idle end; data is replaced as a whole."""
    one = session("one", data={"a": "1"})
    await storage.sessions.open(one, [])
    await storage.sessions.touch(one.session_id, T0 + MINUTE)
    await storage.sessions.keep(one.session_id, {"b": "2"})
    found = await storage.sessions.find(one.digest)
    assert found == replace(one, seen_at=T0 + MINUTE, data={"b": "2"})


async def test_the_owner_sees_what_is_open(storage: Storage) -> None:
    """Newest use first; not the ended, the idle, the half signed in, or another's."""
    await storage.accounts.add(stores.account("bob"), [])
    await storage.sessions.open(session("old"), [])
    await storage.sessions.open(session("new", seen_at=T0 + MINUTE), [])
    await storage.sessions.open(session("idle", seen_at=T0 - sessions.IDLE), [])
    await storage.sessions.open(session("over", ends_at=T0 + MINUTE), [])
    await storage.sessions.open(session("half", stage=Stage.CODE_AWAITED), [])
    await storage.sessions.open(session("bob", account_id=stores.account("bob").account_id), [])
    await storage.sessions.open(session("gone"), [])
    await storage.sessions.end(SessionId("gone"), End.SIGNED_OUT, T0, [])
    listed = await storage.sessions.of_account(ALICE.account_id, T0 + MINUTE)
    assert [one.session_id for one in listed] == ["new", "old"]


async def test_the_others_are_ended(storage: Storage) -> None:
    """By the owner, all but this one; by a changed factor, all of them."""
    here, there = session("here"), session("there")
    for one in (here, there):
        await storage.sessions.open(one, [])
    await storage.sessions.end_others(ALICE.account_id, here.digest, T0, [ENDED])
    assert await storage.sessions.find(there.digest) == replace(there, end=End.ENDED_ELSEWHERE)
    assert await storage.sessions.find(here.digest) == here
    await storage.database.write(lambda sql: end_all(sql, ALICE.account_id, T0))
    assert await storage.sessions.find(here.digest) == replace(here, end=End.SECURITY)


async def test_what_was_over_for_long_goes(storage: Storage) -> None:
    """A day after its end, not before."""
    one = session("one", ends_at=T0)
    await storage.sessions.open(one, [])
    assert await storage.sessions.purge(T0 + sessions.KEPT) == 0
    assert await storage.sessions.purge(T0 + sessions.KEPT + SECOND) == 1
    assert await storage.sessions.find(one.digest) is None


async def test_no_cookie_is_written_anywhere(storage: Storage, url: str) -> None:
    """The file holds digests only."""
    await storage.sessions.open(session("one"), [])
    dump = stores.dump(url)
    assert SessionKey("cookie-one").digest().hex().upper() in dump.upper()
    assert "cookie-one" not in dump
    assert b"cookie-one".hex().upper() not in dump.upper()
