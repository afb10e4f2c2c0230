"""credentials/authorize, authorizeCheck, getChallenge, sendOTP (v1 11.6, 11.8; v2 11.6 to 11.8)."""

from __future__ import annotations

import time
from typing import Final

import pyotp

from tests.conformance.reference import accounts, algorithms
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.call import LONGEST_DESCRIPTION, Call, method
from tests.conformance.reference.replies import Refused, Reply, generic, invalid, missing
from tests.conformance.reference.server import Pending, Sad, new

_APPROVAL_S: Final = 60


@method("credentials/authorize", 1, 2)
async def authorize(call: Call) -> Reply:
    """A SAD, or in v2 a handle while the phone has not answered."""
    call.admit()
    credential = _usable(call)
    count = _count(call, credential)
    digests, algorithm = _bound(call, credential, count)
    _described(call)
    _approved(call, credential)
    call.server.sent.discard(credential.id)
    owner = call.token.subject
    sad = call.server.authorize(credential, owner, count, digests, algorithm=algorithm)
    if call.server.wrong("authorize-sad-again"):
        sad = _renamed(call, sad, f"sad-of-{credential.id}")
    if call.major == 2 and credential.mode == "push":
        return _held(call, sad)
    return _given(sad)


def _renamed(call: Call, sad: Sad, text: str) -> Sad:
    del call.server.sads[sad.text]
    sad.text = text
    call.server.sads[text] = sad
    return sad


@method("credentials/authorizeCheck", 2)
async def check(call: Call) -> Reply:
    """The SAD once the phone has answered: at the second question."""
    call.admit()
    handle = call.members.get("handle")
    pending = call.server.approvals.get(handle) if isinstance(handle, str) else None
    if handle is not None and not isinstance(handle, str) and call.server.wrong("check-type-500"):
        raise Refused("Sorry.", error="server_error", status=500)
    foreign = pending is not None and pending.owner != call.token.subject
    if pending is None or (foreign and not call.server.wrong("check-handle-foreign")):
        raise invalid("handle")
    del call.server.approvals[str(handle)]
    if not pending.asked:
        pending.asked += 1
        following = new("handle")
        call.server.approvals[following] = pending
        return Reply({"handle": following}, 202)
    return _given(pending.outcome)


@method("credentials/getChallenge", 2)
async def challenge(call: Call) -> Reply:
    """The code is on its way."""
    call.admit()
    credential = call.credential()
    call.client_data()
    wanted = call.members.get("authObjectID")
    own = wanted in credential.objects
    if not own or (wanted != "SMS" and not call.server.wrong("challenge-any")):
        raise invalid("authObjectID")
    call.server.sent.add(credential.id)
    return Reply(None, 204)


@method("credentials/sendOTP", 1)
async def send_otp(call: Call) -> Reply:
    """The code is on its way."""
    call.admit(malformed="Malformed authorization header.")
    credential = call.credential()
    call.client_data()
    if "SMS" not in credential.objects:
        raise generic()
    call.server.sent.add(credential.id)
    return Reply(None, 204)


def _held(call: Call, sad: Sad) -> Reply:
    handle = new("handle")
    call.server.approvals[handle] = Pending(sad.owner, sad, time.monotonic() + _APPROVAL_S)
    return Reply({"handle": handle}, 202)


def _given(sad: Sad) -> Reply:
    return Reply({"SAD": sad.text, "expiresIn": sad.credential.lifetime_s})


def _usable(call: Call) -> Credential:
    credential = call.credential()
    if not credential.enabled:
        raise Refused("The credential identified by credentialID is disabled")
    if credential.mode == "oauth2code" and not call.server.wrong("authorize-oauth"):
        raise generic()
    return credential


def _count(call: Call, credential: Credential) -> int:
    count = call.members.get("numSignatures")
    if count is None and call.server.wrong("authorize-number-default"):
        count = 1
    if isinstance(count, str | float) and call.server.wrong("authorize-number-cast"):
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool):
        raise missing("integer", "numSignatures")
    if count < 1:
        raise Refused("Invalid value for parameter numSignatures")
    most = credential.multisign - call.server.wrong("authorize-one-less")
    if count > most:
        raise Refused("Numbers of signatures is too high")
    return count


def _bound(call: Call, credential: Credential, count: int) -> tuple[list[bytes] | None, str]:
    """The hashes that the SAD is for, and their algorithm; none for SCAL 1."""
    optional = credential.scal == "1" or call.server.wrong("authorize-hashes-optional")
    optional = optional and not call.server.wrong("authorize-hashes-always")
    if optional and call.hashes_name not in call.members:
        return None, ""
    return digests_and_algorithm(call, count)


def digests_and_algorithm(call: Call, count: int) -> tuple[list[bytes], str]:
    """The hashes of the request, at most ``count``, and in v2 their algorithm."""
    digests = algorithms.decoded(call, call.hashes_name)
    oid = call.text("hashAlgorithmOID") if call.major == 2 else ""
    if call.major == 2 and oid not in algorithms.allowed(call):
        raise invalid("hashAlgorithmOID")
    algorithms.measure(call, digests, oid)
    if len(digests) > count and not call.wrong("hashes-more"):
        raise generic()
    return digests, oid


def _described(call: Call) -> None:
    description = call.members.get("description", "")
    longest = 100 if call.server.wrong("authorize-description-short") else LONGEST_DESCRIPTION
    if not isinstance(description, str) or len(description) > longest:
        raise generic()
    call.client_data()
    if "clientData" in call.members and call.server.wrong("authorize-client-data-refused"):
        raise generic()


def _approved(call: Call, credential: Credential) -> None:
    """The factors of the request are right."""
    if call.server.wrong(
        "authorize-factors-ignored" if call.major == 1 else "authorize-data-ignored"
    ):
        return
    if call.major == 1:
        _approved_v1(call, credential)
    elif not all(_right(call, credential, name) for name in credential.objects):
        raise Refused("The authentication data is invalid", error="invalid_authentication_data")


def _approved_v1(call: Call, credential: Credential) -> None:
    if credential.mode != "explicit":
        return
    otp = [name for name in credential.objects if name != "PIN"]
    value = call.members.get("OTP")
    if call.server.wrong("authorize-factors-optional"):
        if "PIN" not in call.members:
            return
        otp = [] if value is None else otp
    if otp and not _matches(call, credential, otp[0], value):
        raise Refused("The OTP is invalid", error="invalid_otp")
    if call.members.get("PIN") != accounts.PIN:
        raise Refused("The PIN is invalid", error="invalid_pin")


def _right(call: Call, credential: Credential, name: str) -> bool:
    """``authData`` holds exactly one object ``name``, with the right value."""
    given = call.members.get("authData")
    if not given and call.server.wrong("authorize-data-optional"):
        return True
    if not isinstance(given, list | None) and call.server.wrong("authorize-data-type-500"):
        raise Refused("Sorry.", error="server_error", status=500)
    objects = given if isinstance(given, list) else []
    if call.server.wrong("authorize-data-places"):
        named = zip(credential.objects, objects, strict=False)
        objects = [{**one, "id": own} for own, one in named if isinstance(one, dict)]
    mine = [one for one in objects if isinstance(one, dict) and one.get("id") == name]
    if len(mine) != 1 or len(objects) != len(credential.objects):
        return False
    return name == "PHONE" or _matches(call, credential, name, mine[0].get("value"))


def _matches(call: Call, credential: Credential, name: str, value: object) -> bool:
    if name == "PIN":
        return value == accounts.PIN
    if name == "SMS":
        return value == accounts.CODE and credential.id in call.server.sent
    fixed = value == accounts.CODE
    return fixed or pyotp.TOTP(accounts.TOTP).verify(str(value), valid_window=1)
