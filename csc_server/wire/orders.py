"""Certificates in registration/v1 and account/v1: bodies to requests, results to bodies."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, Final

from csc_server.wire import fields, registration
from csc_server.wire.account import instant
from csc_server.wire.fields import Body, Malformed
from pki.ports import Registered, Serial
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.orders import Order, OrderId, Wish
from policies.revocation import Reason

SERIAL: Final = re.compile("[0-9A-Fa-f]{1,40}")
"""At most 20 octets (RFC 5280 4.1.2.2)."""
ORDER_CHARACTERS: Final = 64


def parse_order(body: Body) -> Wish:
    """certificate-orders."""
    replaces = fields.optional_string(body, "replaces")
    return Wish(
        account_id=registration.account_id(fields.string(body, "accountID")),
        person=_identity(_object(body, "identity")),
        profile=fields.string(body, "profile"),
        algorithm=_algorithm(fields.string(body, "keyAlgorithm")),
        years=fields.integer(body, "years"),
        replaces=None if replaces is None else serial(replaces, "replaces"),
    )


def parse_serial(body: Body) -> Serial:
    """certificate-suspensions, certificate-resumptions."""
    return serial(fields.string(body, "serialNumber"), "serialNumber")


def parse_reason(body: Body) -> Reason:
    """certificate-revocations.

    Raises:
        ReasonUnfit: Not one of RFC 5280's.
    """
    text = fields.string(body, "reason")
    try:
        return Reason(text)
    except ValueError as reason:
        raise errors.ReasonUnfit("unknown") from reason


def parse_order_id(body: Body) -> OrderId:
    """certificate-cancellations."""
    return order_id(fields.string(body, "orderID"))


def order_id(text: str) -> OrderId:
    """An order as it may stand in a path or a body."""
    if len(text) > ORDER_CHARACTERS or not text.isascii() or not text.isprintable():
        raise Malformed("Invalid parameter orderID")
    return OrderId(text)


def serial(text: str, name: str) -> Serial:
    """A serial number, hexadecimal; as the register writes it."""
    if not SERIAL.fullmatch(text):
        raise Malformed(f"Invalid parameter {name}")
    return Serial(f"{int(text, 16):x}")


def render_order(order: Order) -> dict[str, Any]:
    """certificate-orders."""
    return {
        "orderID": order.order_id,
        "accountID": order.wish.account_id,
        "state": order.state,
        "dueAt": instant(order.due_at),
        "credentialID": order.credential_id,
        "serialNumber": order.serial,
        "reason": order.reason,
    }


def render_certificate(line: Registered) -> dict[str, Any]:
    """One certificate and its state."""
    ended = line.revocation
    certificate = line.certificate
    return {
        "serialNumber": line.serial,
        "state": line.state,
        "profile": line.profile,
        "validFrom": instant(line.not_before),
        "validTo": instant(line.not_after),
        "credentialID": line.credential_id,
        "endedAt": instant(ended.at) if ended else None,
        "reason": ended.reason if ended else None,
        "certificate": base64.b64encode(certificate).decode("ascii") if certificate else None,
    }


def render_certificates(lines: Sequence[Registered]) -> dict[str, Any]:
    """All certificates of an account, the oldest first."""
    return {"certificates": [render_certificate(line) for line in lines]}


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    if not isinstance(value, dict):
        raise fields.missing_or_wrong("object", name)
    return {key: member for key, member in value.items() if member is not None}


def _identity(body: Body) -> Identity:
    return Identity(
        country=fields.string(body, "country"),
        identifier=_identifier(_object(body, "identifier")),
        given_name=fields.optional_string(body, "givenName"),
        surname=fields.optional_string(body, "surname"),
        pseudonym=fields.optional_string(body, "pseudonym"),
    )


def _identifier(body: Body) -> Identifier:
    scheme = fields.optional_string(body, "scheme")
    try:
        kind = IdentifierScheme.OPAQUE if scheme is None else IdentifierScheme(scheme)
    except ValueError as reason:
        raise Malformed("Invalid parameter scheme") from reason
    number = fields.string(body, "number")
    return Identifier(kind, number, fields.optional_string(body, "country"))


def _algorithm(label: str) -> KeyAlgorithm:
    try:
        return KeyAlgorithm.of_label(label)
    except errors.KeyAlgorithmUnknown as reason:
        raise Malformed("Invalid parameter keyAlgorithm") from reason
