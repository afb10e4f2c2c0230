"""registration/v1: bodies to requests, results to bodies. Described in ``wire.openapi``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final

from csc_server.ports.api import Credit
from csc_server.ports.people import Person
from csc_server.wire import fields, words
from csc_server.wire.account import instant
from csc_server.wire.fields import Body, Malformed
from policies import idempotency
from policies.registration import RegistrationForm
from policies.transactions import MOST_CREDIT, REFERENCE_CHARACTERS, Balance
from policies.values import AccountId, ClientId

_KEY: Final = re.compile(f"[!-~]{{1,{idempotency.KEY_CHARACTERS}}}")
ID_CHARACTERS: Final = 64
"""Longest identifier that is looked for; ours have 32 characters."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Somebody who filled in the portal's form."""

    form: RegistrationForm
    address: str
    """Of the person's own device: limits and audit log go by it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The number used at identification (J1.9)."""

    account_id: AccountId
    phone: str


def parse_key(header: str | None) -> str | None:
    """``Idempotency-Key``, visible ASCII; ``None`` without one."""
    if header is not None and not _KEY.fullmatch(header):
        raise Malformed("Invalid header Idempotency-Key")
    return header


def parse_registration(body: Body) -> Registration:
    """registrations (J1.1)."""
    form = RegistrationForm(
        first_name=fields.string(body, "firstName"),
        last_name=fields.string(body, "lastName"),
        email=fields.string(body, "email"),
        phone=fields.string(body, "phone"),
        privacy_read=fields.boolean(body, "privacyRead"),
        language=words.language(body),
    )
    text = fields.string(body, "address")
    try:
        address = ipaddress.ip_address(text)
    except ValueError as reason:
        raise Malformed("Invalid parameter address") from reason
    return Registration(form, str(address))


def parse_account(body: Body) -> AccountId:
    """suspensions, resumptions, pairing-invitations."""
    return account_id(fields.string(body, "accountID"))


def parse_proposal(body: Body) -> Proposal:
    """phone-proposals (J1.9)."""
    return Proposal(account_id(fields.string(body, "accountID")), fields.string(body, "phone"))


def parse_credit(body: Body, client_id: ClientId) -> Credit:
    """credits (J7.7)."""
    owner = account_id(fields.string(body, "accountID"))
    count, reference = fields.integer(body, "transactions"), fields.string(body, "reference")
    if not 1 <= count <= MOST_CREDIT:
        raise Malformed("Invalid parameter transactions")
    if len(reference) > REFERENCE_CHARACTERS or not reference.isprintable():
        raise Malformed("Invalid parameter reference")
    return Credit(f"client:{client_id}", reference, owner, count)


def account_id(text: str) -> AccountId:
    """An identifier as it may stand in a path or a body."""
    if len(text) > ID_CHARACTERS or not text.isascii() or not text.isprintable():
        raise Malformed("Invalid parameter accountID")
    return AccountId(text)


def render_account(person: Person) -> dict[str, Any]:
    """accounts/ID: what the portal needs to lead the person on; no name, no address."""
    profile, account = person.profile, person.account
    return {
        "accountID": account.account_id,
        "state": account.state,
        "createdAt": instant(account.created_at),
        "authenticator": person.pairing,
        "loginCode": profile is not None and profile.second_factor.login_code,
        "phoneProposed": profile is not None and profile.proposed_phone is not None,
        "privacyNotice": profile.privacy.version if profile and profile.privacy else None,
    }


def render_state(account_id: AccountId, state: str) -> dict[str, Any]:
    """suspensions, resumptions."""
    return {"accountID": account_id, "state": state}


def render_accepted() -> dict[str, Any]:
    """The answer to what is done behind the scenes, the same whatever is done."""
    return {"status": "accepted"}


def render_balance(balance: Balance) -> dict[str, Any]:
    """Transactions; null: not metered."""
    return {"credited": balance.credited, "used": balance.used, "left": balance.left}
