"""Audit events of somebody who has no account yet, and small refusals that many verbs share."""

from __future__ import annotations

from datetime import datetime

from csc_server.ports import Call
from csc_server.ports.people import Judged, Person, Profile
from policies import codes, errors
from policies.audit import Event, EventType, Outcome
from policies.values import AccountState


def applicant_event(
    kind: EventType,
    registration_id: str,
    call: Call,
    now: datetime,
    outcome: Outcome = Outcome.SUCCESS,
) -> Event:
    """Something that happened to a registration."""
    actor = f"registration:{registration_id}"
    return Event(kind, outcome, now, actor, {}, call.source, call.correlation_id)


def demand(judged: Judged) -> None:
    """Return when the code was right.

    Raises:
        CodeWrong, CodeExpired: See ``policies.codes.demand``.
    """
    codes.demand(judged.verdict, judged.tries_left)


def active(person: Person | None) -> Person:
    """The person, if the account may act.

    Raises:
        LinkInvalid: No such account, or suspended; its links and codes open nothing.
    """
    if person is None or person.account.state is not AccountState.ACTIVE:
        raise errors.LinkInvalid("no active account")
    return person


def profile_of(person: Person) -> Profile:
    """The profile that codes and mails go to.

    Raises:
        StepMissing: An account without mail address and phone number; an operator's work.
    """
    if person.profile is None:
        raise errors.StepMissing(f"{person.account.account_id} has no profile")
    return person.profile
