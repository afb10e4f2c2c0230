"""Certificates in registration/v1 and account/v1, one row for each operation."""

from __future__ import annotations

from typing import Final

from csc_server.wire.openapi.own_rows import Operation, in_path
from csc_server.wire.openapi.registration import ACCOUNT_ID, post
from csc_server.wire.openapi.schemas import Schema, body, instant, nullable, number, record, text
from csc_server.wire.orders import ORDER_CHARACTERS
from policies import revocation
from policies.algorithms import KeyAlgorithm
from policies.identity import IDENTIFIER_CHARACTERS, NAME_CHARACTERS, IdentifierScheme
from policies.orders import YEARS, OrderState
from policies.revocation import CertificateState, Reason
from policies.tokens import Scope

_SERIAL: Final = text("Hexadecimal.", pattern="^[0-9A-Fa-f]{1,40}$")
_ORDER_ID: Final = text(pattern="^[ -~]+$", minLength=1, maxLength=ORDER_CHARACTERS)
_COUNTRY: Final = text("ISO 3166-1 alpha-2.", pattern="^[A-Z]{2}$")
_NAME: Final = text(minLength=1, maxLength=NAME_CHARACTERS)


_IDENTITY: Final = body(
    {
        "country": _COUNTRY,
        "identifier": body(
            {"number": text(minLength=1, maxLength=IDENTIFIER_CHARACTERS)},
            {
                "scheme": text(
                    "Left out: a number without meaning.",
                    enum=[one.value for one in IdentifierScheme if one.value],
                ),
                "country": _COUNTRY,
            },
        ),
    },
    {"givenName": _NAME, "surname": _NAME, "pseudonym": _NAME},
)
_ORDER: Final = record(
    {
        "orderID": _ORDER_ID,
        "accountID": ACCOUNT_ID,
        "state": text(enum=[state.value for state in OrderState]),
        "dueAt": instant("When it is worked off."),
        "credentialID": nullable(text("Once it is issued.")),
        "serialNumber": nullable(text("Once it is issued.")),
        "reason": nullable(text("Why it failed.")),
    }
)
CERTIFICATE: Final = record(
    {
        "serialNumber": text("Hexadecimal."),
        "state": text(enum=[state.value for state in CertificateState]),
        "profile": text("Kind of certificate."),
        "validFrom": instant("First instant."),
        "validTo": instant("Last instant."),
        "credentialID": nullable(text("Whose key it certifies.")),
        "endedAt": nullable(instant("Suspended or revoked.")),
        "reason": nullable(text("Why.", enum=[one.value for one in Reason])),
        "certificate": nullable(text("DER, base64.")),
    }
)
CERTIFICATES: Final = record({"certificates": {"type": "array", "items": CERTIFICATE}})
ONE: Final = body({"serialNumber": _SERIAL})
REVOCATION: Final = body(
    {
        "serialNumber": _SERIAL,
        "reason": text(enum=sorted(revocation.FOR_REVOCATION)),
    }
)

OPERATIONS: Final = (
    post(
        "order_certificate",
        "certificate-orders",
        "Order a certificate for a person who was proofed, or the renewal of one",
        body(
            {
                "accountID": ACCOUNT_ID,
                "identity": _IDENTITY,
                "profile": text("Kind of certificate.", minLength=1),
                "keyAlgorithm": text(enum=[one.label for one in KeyAlgorithm]),
                "years": number(minimum=min(YEARS), maximum=max(YEARS)),
            },
            {"replaces": _SERIAL},
        ),
        {202: _ORDER},
    ),
    Operation(
        name="show_certificate_order",
        path="certificate-orders/{orderID}",
        http_method="get",
        summary="Where an order stands",
        parameters=(in_path("orderID", _ORDER_ID),),
        answers={200: _ORDER},
        refused=(400, 404),
    ),
    post(
        "cancel_certificate_order",
        "certificate-cancellations",
        "Call an order off that was not worked off yet",
        body({"orderID": _ORDER_ID}),
        {200: _ORDER},
    ),
    Operation(
        name="show_certificates",
        path="certificates/{accountID}",
        http_method="get",
        summary="All certificates of an account",
        parameters=(in_path("accountID", ACCOUNT_ID),),
        answers={200: CERTIFICATES},
        refused=(400,),
    ),
    post(
        "suspend_certificate",
        "certificate-suspensions",
        "Put a certificate on hold; its key signs nothing meanwhile",
        ONE,
        {200: CERTIFICATE},
        scope=Scope.REVOCATION,
    ),
    post(
        "resume_certificate",
        "certificate-resumptions",
        "Lift the hold",
        ONE,
        {200: CERTIFICATE},
        scope=Scope.REVOCATION,
    ),
    post(
        "revoke_certificate",
        "certificate-revocations",
        "Revoke a certificate for good",
        REVOCATION,
        {200: CERTIFICATE},
        scope=Scope.REVOCATION,
    ),
)


def _own(name: str, path: str, summary: str, request: Schema) -> Operation:
    return Operation(
        name=name,
        path=path,
        http_method="post",
        summary=summary,
        request=request,
        answers={200: CERTIFICATE},
        refused=(404, 409),
    )


OWN: Final = (
    Operation(
        name="certificates",
        path="certificates",
        http_method="get",
        summary="All certificates of the person",
        answers={200: CERTIFICATES},
    ),
    _own("suspend_certificate", "certificate-suspensions", "Put one on hold", ONE),
    _own("revoke_certificate", "certificate-revocations", "Revoke one for good", REVOCATION),
)
