"""account/v1, one row for each operation. (journeys J4 to J7)"""

from __future__ import annotations

from typing import Final

from csc_server.wire.openapi.own_rows import Operation, in_path, in_query, transactions
from csc_server.wire.openapi.schemas import (
    BASE64,
    OID,
    Schema,
    array,
    body,
    flag,
    instant,
    nullable,
    number,
    record,
    text,
)
from policies.history import LARGEST_PAGE, PAGE, Result
from policies.messages import Language
from policies.second_factor import PairingState
from policies.tokens import Scope

_ID: Final = text(minLength=1)
_MAYBE: Final = nullable(text())
_PROFILE: Final = record(
    {
        "accountID": _ID,
        "userName": text(),
        "createdAt": instant("When the account was made."),
        "firstName": _MAYBE,
        "lastName": _MAYBE,
        "email": _MAYBE,
        "phone": nullable(text("E.164.")),
        "proposedPhone": nullable(text("Waits for the person's answer.")),
        "lang": nullable(text(enum=[one.value for one in Language])),
        "loginCode": flag("A code is asked at login."),
        "privacyNotice": nullable(
            record({"version": text(), "acceptedAt": instant("When it was read.")})
        ),
    }
)
_AUTHENTICATOR: Final = record(
    {
        "authenticatorID": _ID,
        "state": text(enum=[PairingState.PENDING.value, PairingState.ACTIVE.value]),
        "pairedAt": nullable(instant("When its code was first seen.")),
        "signsFrom": nullable(
            instant("First instant at which it authorises signatures; null: no delay.")
        ),
    }
)
_SESSION: Final = record(
    {
        "sessionID": _ID,
        "openedAt": instant("When the person signed in."),
        "lastUsedAt": instant("To the minute."),
        "endsAt": instant("Over then at the latest."),
        "address": text("Where it was opened from."),
        "device": text("What the browser calls itself."),
    }
)
_GRANT: Final = record(
    {
        "clientID": _ID,
        "clientName": text(),
        "clientHost": text("Domain; empty for programs on the person's own machine."),
        "scopes": array(text(enum=sorted(scope.value for scope in Scope))),
        "grantedAt": instant("When the newest of them was granted."),
    }
)
_SIGNATURE: Final = record(
    {
        "hash": text("What was signed.", pattern=BASE64),
        "hashAlgorithmOID": text(pattern=OID),
        "result": text(enum=[one.value for one in Result]),
        "signedAt": nullable(instant("When the key was asked.")),
        "credentialID": _ID,
        "certificateSerialNumber": nullable(text("Hexadecimal.", pattern="^[0-9A-F]+$")),
        "clientID": text("Who asked."),
    }
)


def _get(
    name: str,
    path: str,
    summary: str,
    answer: Schema,
    *parameters: Schema,
    refused: tuple[int, ...] = (404,),
) -> Operation:
    return Operation(
        name=name,
        path=path,
        http_method="get",
        summary=summary,
        answers={200: answer},
        parameters=parameters,
        refused=refused,
    )


OPERATIONS: Final = (
    _get("profile", "profile", "Who the account belongs to", _PROFILE),
    _get(
        "authenticators",
        "authenticators",
        "What authorises signatures",
        record({"authenticators": array(_AUTHENTICATOR, maxItems=1)}),
    ),
    _get(
        "sessions",
        "sessions",
        "Where the person is signed in, the one used last first",
        record({"sessions": array(_SESSION)}),
        refused=(),
    ),
    Operation(
        name="end_session",
        path="sessions/{sessionID}",
        http_method="delete",
        summary="End one of them",
        parameters=(in_path("sessionID", _ID),),
        answers={204: None},
        refused=(404,),
    ),
    Operation(
        name="end_other_sessions",
        path="sessions/end-others",
        http_method="post",
        summary="End all of them but one, or all",
        request=body({}, {"keep": text("The sessionID that stays.")}),
        answers={204: None},
        refused=(404,),
    ),
    _get(
        "grants",
        "grants",
        "The applications that were allowed, the newest first",
        record({"grants": array(_GRANT)}),
        refused=(),
    ),
    Operation(
        name="withdraw",
        path="grants/{clientID}",
        http_method="delete",
        summary="Take back what an application was allowed; its tokens are dead",
        parameters=(in_path("clientID", _ID),),
        answers={204: None},
        refused=(404,),
    ),
    _get(
        "transactions",
        "transactions",
        "What is left of the package",
        transactions(),
        refused=(),
    ),
    _get(
        "signatures",
        "signatures",
        "What was signed, the newest approval first",
        record({"signatures": array(_SIGNATURE), "nextPageToken": text()}, ["signatures"]),
        in_query("pageSize", number(minimum=1, maximum=LARGEST_PAGE, default=PAGE)),
        in_query("pageToken", text("nextPageToken of the page before.")),
        refused=(400,),
    ),
)
