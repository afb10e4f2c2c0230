"""account/v1: queries and bodies to requests, results to bodies. Described in ``wire.openapi``."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from csc_server.ports.api import Application, HistoryPage
from csc_server.ports.people import Authenticator, Person
from csc_server.wire import certificates, fields
from csc_server.wire.fields import Body, Malformed
from policies import errors
from policies.history import LARGEST_PAGE, PAGE, Entry, Place
from policies.sessions import Session, SessionId
from policies.values import (
    ClientId,
    Credential,
    SadId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_SIZE: Final = re.compile("[1-9][0-9]{0,2}")
_PLACE: Final = re.compile(r"([0-9]{1,18}) ([!-~]{1,64}) ([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class HistoryWish:
    """Which page of the history."""

    after: Place | None
    size: int


def parse_history(query: Mapping[str, str]) -> HistoryWish:
    """``pageSize`` and ``pageToken`` of signatures.

    Raises:
        PageTokenInvalid: Not one of ours.
    """
    size = query.get("pageSize", str(PAGE))
    if not _SIZE.fullmatch(size) or int(size) > LARGEST_PAGE:
        raise Malformed("Invalid parameter pageSize")
    token = query.get("pageToken")
    return HistoryWish(None if token is None else _place(token), int(size))


def parse_end_others(body: Body) -> SessionId | None:
    """sessions/end-others."""
    keep = fields.optional_string(body, "keep")
    return None if keep is None else SessionId(keep)


def client_id(text: str) -> ClientId:
    """A client as it may stand in a path.

    Raises:
        GrantUnknown: No client can have this identifier.
    """
    if not text.isascii() or not text.isprintable():
        raise errors.GrantUnknown("no such client")
    return ClientId(text)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond where it matters."""
    return at.isoformat().replace("+00:00", "Z")


def render_profile(person: Person) -> dict[str, Any]:
    """profile. Members are null for an account that an operator made without them."""
    account, profile = person.account, person.profile
    accepted = profile.privacy if profile else None
    notice = accepted and {"version": accepted.version, "acceptedAt": instant(accepted.at)}
    return {
        "accountID": account.account_id,
        "userName": account.username,
        "createdAt": instant(account.created_at),
        "firstName": profile.first_name if profile else None,
        "lastName": profile.last_name if profile else None,
        "email": profile.email if profile else None,
        "phone": profile.phone if profile else None,
        "proposedPhone": profile.proposed_phone if profile else None,
        "lang": profile.language if profile else None,
        "loginCode": profile is not None and profile.second_factor.login_code,
        "privacyNotice": notice,
    }


def render_authenticators(authenticator: Authenticator | None) -> dict[str, Any]:
    """authenticators: an account has one, or none (journeys J1.4)."""
    return {"authenticators": [_authenticator(authenticator)] if authenticator else []}


def render_sessions(sessions: Sequence[Session]) -> dict[str, Any]:
    """sessions, the one used last first."""
    return {
        "sessions": [
            {
                "sessionID": one.session_id,
                "openedAt": instant(one.opened_at),
                "lastUsedAt": instant(one.seen_at),
                "endsAt": instant(one.ends_at),
                "address": one.source,
                "device": one.device,
            }
            for one in sessions
        ]
    }


def render_applications(applications: Sequence[Application]) -> dict[str, Any]:
    """grants, the newest first."""
    return {
        "grants": [
            {
                "clientID": one.consent.client_id,
                "clientName": one.name,
                "clientHost": one.host,
                "scopes": sorted(one.consent.scopes),
                "grantedAt": instant(one.consent.given_at),
            }
            for one in applications
        ]
    }


def render_history(page: HistoryPage) -> dict[str, Any]:
    """signatures."""
    entries = [_entry(one, page.credentials.get(one.credential_id)) for one in page.entries]
    body: dict[str, Any] = {"signatures": entries}
    if page.more:
        body["nextPageToken"] = _token(page.entries[-1].place)
    return body


def _authenticator(one: Authenticator) -> dict[str, Any]:
    return {
        "authenticatorID": one.totp.authenticator_id,
        "state": one.state,
        "pairedAt": instant(one.paired_at) if one.paired_at else None,
        "signsFrom": instant(one.signs_from) if one.signs_from else None,
    }


def _entry(one: Entry, credential: Credential | None) -> dict[str, Any]:
    serial = None
    if credential is not None and credential.certificates:
        serial = certificates.decoded(credential.certificates[0])["serialNumber"]
    return {
        "hash": base64.b64encode(one.digest).decode("ascii"),
        "hashAlgorithmOID": one.hash_algorithm.oid,
        "result": one.result,
        "signedAt": instant(one.signed_at) if one.signed_at else None,
        "credentialID": one.credential_id,
        "certificateSerialNumber": serial,
        "clientID": one.client_id,
    }


def _token(place: Place) -> str:
    at = microseconds_from_utc(place.approval_ends_at)
    text = f"{at} {place.root_id} {place.ordinal}"
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def _place(token: str) -> Place:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        match = _PLACE.fullmatch(base64.urlsafe_b64decode(padded).decode("ascii"))
    except ValueError:
        match = None
    if match is None:
        raise errors.PageTokenInvalid("not one of ours")
    try:
        at = utc_from_microseconds(int(match[1]))
    except OverflowError as reason:
        raise errors.PageTokenInvalid("a date beyond the calendar") from reason
    return Place(at, SadId(match[2]), int(match[3]))
