"""From rows to people and back: profiles, authenticators with their pairing, registrations."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from csc_server.ports.people import Authenticator, Person, Profile, Registration
from csc_server.storage import people_tables, rows, tables
from csc_server.storage.units import Row
from policies import registration as registration_rules
from policies.messages import Language
from policies.privacy import Acceptance
from policies.registration import Applicant
from policies.second_factor import Deferral, PairingState, SecondFactor
from policies.values import (
    AccountId,
    AuthenticatorId,
    SealedTotp,
    utc_from_microseconds,
)

_p, _t, _r = (
    people_tables.profiles.c,
    tables.authenticators.c,
    people_tables.registrations.c,
)
PROFILE: Final = (
    _p.account_id,
    _p.first_name,
    _p.last_name,
    _p.email,
    _p.phone,
    _p.proposed_phone,
    _p.language,
    _p.login_code,
    _p.deferral,
    _p.remind_on,
    _p.privacy_version,
    _p.privacy_at,
    _p.created_at,
)
AUTHENTICATOR: Final = (
    _t.authenticator_id,
    _t.account_id,
    _t.sealed,
    _t.last_used_step,
    _t.state,
    _t.pending_sealed,
    _t.pending_until,
    _t.paired_at,
    _t.signs_from,
)
REGISTRATION: Final = (
    _r.registration_id,
    _r.first_name,
    _r.last_name,
    _r.email,
    _r.phone,
    _r.language,
    _r.phone_confirmed,
)


def person(row: Row, authenticator_row: Row | None) -> Person:
    """The value of a row of account and outer-joined profile, and of the newest authenticator."""
    cut = len(rows.ACCOUNT)
    return Person(
        account=rows.account(row[:cut]),
        profile=profile(row[cut:]) if row[cut] is not None else None,
        authenticator=authenticator(authenticator_row) if authenticator_row else None,
    )


def profile(row: Row) -> Profile:
    """The value of a row of ``PROFILE``."""
    account_id, first, last, email, phone, proposed, language, *rest = row
    login_code, deferral, remind_on, version, at, created_at = rest
    second = SecondFactor(
        login_code=bool(login_code),
        deferral=Deferral(deferral),
        remind_on=date.fromisoformat(remind_on) if remind_on else None,
    )
    return Profile(
        account_id=AccountId(account_id),
        first_name=first,
        last_name=last,
        email=email,
        phone=phone,
        proposed_phone=proposed,
        language=Language(language),
        second_factor=second,
        privacy=Acceptance(version, utc_from_microseconds(at)) if version else None,
        created_at=utc_from_microseconds(created_at),
    )


def second_factor_columns(second: SecondFactor) -> dict[str, Any]:
    """The columns that say what is asked at login."""
    return {
        "login_code": int(second.login_code),
        "deferral": second.deferral,
        "remind_on": second.remind_on.isoformat() if second.remind_on else None,
    }


def authenticator(row: Row) -> Authenticator:
    """The value of a row of ``AUTHENTICATOR``; its seed is the one that a code is held against."""
    identifier, owner, sealed, step, state, pending, until, paired_at, signs_from = row
    totp = SealedTotp(AuthenticatorId(identifier), AccountId(owner), pending or sealed, step)
    return Authenticator(
        totp=totp,
        state=PairingState(state),
        pending_until=utc_from_microseconds(until) if until is not None else None,
        paired_at=utc_from_microseconds(paired_at) if paired_at is not None else None,
        signs_from=utc_from_microseconds(signs_from) if signs_from is not None else None,
    )


def registration(row: Row, expires_at: int) -> Registration:
    """The value of a row of ``REGISTRATION`` and the end of its link."""
    registration_id, first, last, email, phone, language, confirmed = row
    return Registration(
        registration_id=registration_id,
        applicant=Applicant(first, last, email, phone, Language(language)),
        phone_confirmed=bool(confirmed),
        expires_at=utc_from_microseconds(expires_at),
    )


def contact_columns(who: Applicant) -> dict[str, str]:
    """The columns that say who somebody is and how they are reached."""
    return {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "email": who.email,
        "email_key": registration_rules.mail_key(who.email),
        "phone": who.phone,
        "language": who.language,
    }


def new_profile(who: Applicant, account_id: AccountId, now: int) -> dict[str, Any]:
    """The row of a profile."""
    return {
        "account_id": account_id,
        **contact_columns(who),
        "proposed_phone": None,
        **second_factor_columns(SecondFactor()),
        "privacy_version": None,
        "privacy_at": None,
        "created_at": now,
    }
