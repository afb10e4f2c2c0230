"""registration/v1, one row for each operation. (journeys J1.1, J1.9, J1.11, J7.7)"""

from __future__ import annotations

from typing import Final

from csc_server.wire.openapi.own_rows import Operation, in_header, in_path, transactions
from csc_server.wire.openapi.schemas import Schema, body, flag, instant, number, record, text
from csc_server.wire.registration import ID_CHARACTERS
from policies.idempotency import KEY_CHARACTERS
from policies.registration import MAIL_CHARACTERS, NAME_CHARACTERS
from policies.second_factor import PairingState
from policies.transactions import MOST_CREDIT, REFERENCE_CHARACTERS
from policies.values import AccountState

ACCOUNT_ID: Final = text(pattern="^[ -~]+$", minLength=1, maxLength=ID_CHARACTERS)
_STATE: Final = text(enum=[state.value for state in AccountState])
_ACCEPTED: Final = record({"status": text(const="accepted")})
_KEY: Final = in_header(
    "Idempotency-Key",
    text(pattern="^[!-~]+$", minLength=1, maxLength=KEY_CHARACTERS),
    "A name of yours for this request. Sent again with it, it gets the same answer and does "
    "nothing; another request with it is refused.",
)
_PHONE: Final = text("With country prefix.", minLength=1)
_NAME: Final = text(minLength=1, maxLength=NAME_CHARACTERS)


def post(
    name: str,
    path: str,
    summary: str,
    request: Schema,
    answers: dict[int, Schema | None],
    refused: tuple[int, ...] = (404, 409, 422),
    scope: str = "",
) -> Operation:
    return Operation(
        name=name,
        path=path,
        http_method="post",
        summary=summary,
        request=request,
        answers=answers,
        parameters=(_KEY,),
        refused=refused,
        scope=scope,
    )


_OF_ACCOUNT: Final = body({"accountID": ACCOUNT_ID})
_NOW: Final = record({"accountID": ACCOUNT_ID, "state": _STATE})

OPERATIONS: Final = (
    post(
        "register",
        "registrations",
        "Start a registration; a mail goes out, whether the address is known or not",
        body(
            {
                "firstName": _NAME,
                "lastName": _NAME,
                "email": text(minLength=1, maxLength=MAIL_CHARACTERS),
                "phone": _PHONE,
                "privacyRead": flag("The person ticked it.", const=True),
                "address": text(
                    "Network address of the person, for the limit of requests.",
                    anyOf=[{"format": "ipv4"}, {"format": "ipv6"}],
                ),
            },
            {"lang": text("Of mails and pages: ro, en or fr.")},
        ),
        {202: _ACCEPTED},
        (409, 422),
    ),
    Operation(
        name="show_account",
        path="accounts/{accountID}",
        http_method="get",
        summary="How far an account is",
        parameters=(in_path("accountID", ACCOUNT_ID),),
        answers={
            200: record(
                {
                    "accountID": ACCOUNT_ID,
                    "state": _STATE,
                    "createdAt": instant("When the account was made."),
                    "authenticator": text(enum=[state.value for state in PairingState]),
                    "loginCode": flag("A code is asked at login."),
                    "phoneProposed": flag("The person has not answered yet."),
                    "privacyNotice": {
                        "type": ["string", "null"],
                        "description": "Version that was accepted.",
                    },
                }
            )
        },
        refused=(400, 404),
    ),
    post(
        "propose_phone",
        "phone-proposals",
        "Ask the person at the next login whether this is to be their number",
        body({"accountID": ACCOUNT_ID, "phone": _PHONE}),
        {202: _ACCEPTED},
    ),
    post("suspend", "suspensions", "Stop logins and signatures", _OF_ACCOUNT, {200: _NOW}),
    post("resume", "resumptions", "Allow them again", _OF_ACCOUNT, {200: _NOW}),
    post(
        "invite_to_pair",
        "pairing-invitations",
        "Mail the way to the page that pairs an authenticator",
        _OF_ACCOUNT,
        {202: _ACCEPTED},
    ),
    post(
        "add_credit",
        "credits",
        "Add transactions; the same reference counts once, and from the first on they are metered",
        body(
            {
                "accountID": ACCOUNT_ID,
                "transactions": number(minimum=1, maximum=MOST_CREDIT),
                "reference": text("The order.", minLength=1, maxLength=REFERENCE_CHARACTERS),
            }
        ),
        {200: transactions()},
    ),
)
