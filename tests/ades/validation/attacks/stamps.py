"""Time-stamps that stamp something else, or that nobody should believe."""

from __future__ import annotations

from typing import Any

from policies.validation import Reason
from tests.ades.validation import authority as pki_module
from tests.ades.validation import scribe
from tests.ades.validation.attacks import (
    attack,
    in_pdf,
)
from tests.ades.validation.authority import DAY, T0, authority


@attack("time-stamp: over something else", Reason.TIMESTAMP_WRONG)
def _() -> bytes:
    return in_pdf(unsigned=lambda _: scribe.stamped()(b"something else"))


@attack("time-stamp: by the signer", Reason.TIMESTAMP_NOT_TRUSTED)
def _() -> bytes:
    return in_pdf(unsigned=scribe.stamped(by=authority().alice))


@attack("time-stamp: from the future", Reason.TIMESTAMP_ORDER)
def _() -> bytes:
    return in_pdf(unsigned=scribe.stamped(T0 + 30 * DAY))


@attack("time-stamp: older than the certificate", Reason.NOT_YET_VALID)
def _() -> bytes:
    young = pki_module.certificate("Young", "signer", authority().issuing, T0 - DAY, T0 + 365 * DAY)
    return in_pdf(by=young, unsigned=scribe.stamped(T0 - 5 * DAY))


@attack("time-stamp: one bit of its value", Reason.TIMESTAMP_BROKEN)
def _() -> bytes:
    def spoiled(made: Any) -> None:
        value = bytearray(made["signer_infos"][0]["signature"].native)
        value[-1] ^= 1
        made["signer_infos"][0]["signature"] = bytes(value)

    return in_pdf(unsigned=scribe.stamped(finish=spoiled))
