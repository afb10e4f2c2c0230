"""Defects of signatures/signPolling and of mode A."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.conformance.reference.defects import V2, Defect
from tests.conformance.reference.replies import Reply, accepting, refusing

_POLLING: Final = "signatures/signPolling"
_SIGN: Final = "signatures/signHash"


def _signatures_too(reply: Reply) -> Reply:
    members = dict(reply.members or {})
    return (
        replace(reply, members={**members, "signatures": []}) if "responseID" in members else reply
    )


def _renamed(reply: Reply) -> Reply:
    members = dict(reply.members or {})
    if "signatures" in members:
        members["signature"] = members.pop("signatures")
    return replace(reply, members=members)


DEFECTS: Final = (
    Defect(
        "polling-request-code",
        ("polling.request-missing", "polling.request-type"),
        V2,
        "A missing requestID is called invalid_request_id.",
        _POLLING,
        refusing(
            "Missing (or invalid type) string parameter requestID", error="invalid_request_id"
        ),
    ),
    Defect(
        f"types-ignored of {_POLLING}",
        ("polling.request-type",),
        V2,
        "Whatever is sent as a text is taken for one.",
    ),
    Defect(
        "polling-request-404",
        ("polling.request-unknown", "polling.token-foreign"),
        V2,
        "An unknown requestID is answered with 404.",
        _POLLING,
        refusing("Invalid parameter requestID", status=404),
    ),
    Defect(
        "polling-user",
        ("polling.user",),
        V2,
        "userID is ignored for a person's own token.",
        _POLLING,
        accepting("userID parameter SHALL be null", signatures=[]),
    ),
    Defect(
        f"client-data of {_POLLING}",
        ("polling.client-data-type",),
        V2,
        "clientData may be anything.",
    ),
    Defect(
        "polling-foreign",
        ("polling.token-foreign",),
        V2,
        "Whoever has the requestID gets the signatures.",
    ),
    Defect(
        "polling-signatures-too",
        ("polling.accepted",),
        V2,
        "In mode A signatures stand beside responseID.",
        _SIGN,
        _signatures_too,
    ),
    Defect(
        "polling-pending-plain",
        ("polling.pending",),
        V2,
        "202 says nothing.",
        _POLLING,
        lambda reply: replace(reply, members={}) if reply.status == 202 else reply,
    ),
    Defect(
        "polling-renamed",
        ("polling.ends",),
        V2,
        "The result is called signature.",
        _POLLING,
        _renamed,
    ),
    Defect(
        "polling-spends-nothing",
        ("polling.spends",),
        V2,
        "A request in mode A leaves the SAD as it was.",
    ),
)
