"""Browser sessions: how long they live, when they need a new code, and what ends them.

A session is a row; the browser holds a random value whose SHA-256 finds it. Every number of
browser sessions stands here. (security-and-pki 5.3; ASVS V7)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from policies import errors
from policies.values import AccountId

SessionId = NewType("SessionId", str)
"""Names a session for its whole life; says nothing to a browser, unlike the cookie."""

IDLE: Final = timedelta(minutes=15)
"""security-and-pki 5.3: a session that nobody uses for so long is over."""
ABSOLUTE: Final = timedelta(hours=12)
"""security-and-pki 5.3: however busy, a login is over after this."""
ANONYMOUS: Final = timedelta(hours=2)
"""Before login a session holds only drafts and the request that led here; mails take a while."""
CODE_AWAITED: Final = timedelta(minutes=10)
"""Between the password and the code of the same login; the life of a sent code (J1.2)."""
STEP_UP: Final = timedelta(minutes=5)
"""security-and-pki 5.3: how fresh a proof must be for changing a factor."""
REMEMBERED: Final = timedelta(days=30)
"""*Remember me* fills in the e-mail address for so long, never the password (J1.3; ui 5.1)."""
PAIRING: Final = timedelta(hours=1)
"""For a first pairing that the login demands: long enough for a second SMS (J1.4)."""
TOUCH_EVERY: Final = timedelta(minutes=1)
"""A use is written down at most so often; the idle time is then that much shorter at worst."""
KEPT: Final = timedelta(days=1)
"""An ended session stays so long, to tell its browser why it was signed out."""
DATA_CHARACTERS: Final = 8192
"""Most characters of draft data in one session, as JSON."""
DEVICE_CHARACTERS: Final = 200
"""Most characters kept of the browser's own name."""


class Stage(StrEnum):
    """How far the browser has got."""

    ANONYMOUS = "anonymous"
    CODE_AWAITED = "code_awaited"
    """The password was right; the code of the authenticator is still missing."""
    PAIRING = "pairing"
    """The password was right; an authenticator has to be paired before anything else opens."""
    SIGNED_IN = "signed_in"


class End(StrEnum):
    """What ended a session before its time. (security-and-pki 5.3)"""

    SIGNED_OUT = "signed_out"
    ENDED_ELSEWHERE = "ended_elsewhere"
    """The owner ended it from another session."""
    SECURITY = "security"
    """A factor or the password changed, or the account was suspended."""


_LIFE: Final[Mapping[Stage, timedelta]] = {
    Stage.ANONYMOUS: ANONYMOUS,
    Stage.CODE_AWAITED: CODE_AWAITED,
    Stage.PAIRING: PAIRING,
    Stage.SIGNED_IN: ABSOLUTE,
}


@dataclass(frozen=True, slots=True)
class Session:
    """A browser session as the store has it."""

    session_id: SessionId
    digest: bytes
    """SHA-256 of the cookie's value; new at every authentication."""
    stage: Stage
    account_id: AccountId | None
    """``None`` exactly while anonymous."""
    opened_at: datetime
    """When the present stage began."""
    seen_at: datetime
    """Last use, to the minute."""
    ends_at: datetime
    """First instant at which it is over, whatever happens."""
    proved_at: datetime | None
    """When the person last proved a factor in this session."""
    source: str
    """Address of the caller who opened it."""
    device: str
    """What the browser calls itself, cut."""
    end: End | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    """Drafts and the request that waits for the login; no password, no code."""


def life(stage: Stage) -> timedelta:
    """How long a session may stay in this stage at most."""
    return _LIFE[stage]


def living(session: Session | None, now: datetime) -> Session:
    """The session, if it still counts at ``now``.

    Raises:
        SessionMissing: None was found, or it was signed out.
        SessionEndedForSecurity: A factor changed, or its owner ended it elsewhere.
        SessionIdle: Unused for ``IDLE``, or older than its stage may become.
    """
    if session is None or session.end is End.SIGNED_OUT:
        raise errors.SessionMissing("no session")
    if session.end is not None:
        raise errors.SessionEndedForSecurity(session.session_id)
    idle = session.stage is Stage.SIGNED_IN and now >= session.seen_at + IDLE
    if idle or now >= session.ends_at:
        raise errors.SessionIdle(session.session_id)
    return session


def signed_in(session: Session | None) -> AccountId:
    """Whose session it is.

    Raises:
        SessionMissing: Nobody is signed in.
    """
    if session is None or session.stage is not Stage.SIGNED_IN or session.account_id is None:
        raise errors.SessionMissing("not signed in")
    return session.account_id


def stepped_up(session: Session, now: datetime) -> bool:
    """True while the last proof of a factor is fresh enough for changing another."""
    return session.proved_at is not None and now < session.proved_at + STEP_UP


def to_touch(session: Session, now: datetime) -> bool:
    """True when this use is worth writing down."""
    return now >= session.seen_at + TOUCH_EVERY
