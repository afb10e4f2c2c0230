"""Codes by SMS: only a signer process draws them, only it judges them, and never alone. (ADR 9)

What somebody could try who is the service's web process, or writes its database.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hsm import errors, records
from hsm.activation import CLOCK_SLACK
from hsm.interface import DrawnCode
from hsm.messages import DrawCode
from hsm.pkcs11 import Device
from hsm.pool import SignerPool
from hsm.secret_keys import Purpose, SecretKeys
from hsm.settings import PoolSettings
from policies import authorize, signing_codes, throttle
from policies import errors as reasons
from policies.secret import Code, Otp, Pin
from policies.values import Factor, SadId
from tests.hsm import world
from tests.hsm.world import DIGESTS, PIN, Person, Room

pytestmark = pytest.mark.req("SRA_SAP")

SECOND = timedelta(seconds=1)
PIN_AND_SMS = frozenset({Factor.PIN, Factor.SMS})


@pytest.fixture
def carol(room: Room) -> Person:
    """Enrolled with a PIN and codes by SMS."""
    return room.enrol("carol", factors=PIN_AND_SMS, authenticator_id=None)


def draw(room: Room, person: Person, code_id: str = "code-1", **changes: Any) -> DrawnCode:
    """A code, as the service asks for one."""
    end = room.clock.now + signing_codes.LIFE
    return room.activation.draw_code(
        replace(DrawCode(person.claim, person.binding, code_id, end), **changes)
    )


def request(
    room: Room, person: Person, drawn: DrawnCode, sad_id: str = "sad-1", **changes: Any
) -> Any:
    """What the service asks with the code that its owner typed; ``changes`` make it wrong."""
    right = {"otp": Otp(drawn.code.value), "authenticator": None, "code": drawn.stamped}
    return room.request(person, sad_id, **(right | changes))


def judge(room: Room, person: Person, drawn: DrawnCode, **changes: Any) -> set[Factor]:
    """The factors that are wrong; nothing is minted then."""
    result = room.activation.authorize(request(room, person, drawn, **changes))
    assert (result.minted is None) is bool(result.wrong)
    return set(result.wrong)


def wrong_code(drawn: DrawnCode) -> Otp:
    """Six other digits."""
    return Otp(f"{(int(drawn.code.value) + 1) % 1_000_000:06}")


def test_pin_and_code_mint_a_record(room: Room, carol: Person) -> None:
    """It names both factors, and no time step."""
    drawn = draw(room, carol)
    result = room.activation.authorize(request(room, carol, drawn))
    assert (result.wrong, result.totp_step) == (frozenset(), None)
    assert result.minted is not None
    record = records.decode_sad(result.minted.record)
    assert record.factors == (Factor.PIN, Factor.SMS)
    assert record.totp_step is None
    assert record.hashes == DIGESTS[:3]


def test_codes_are_six_digits_of_the_devices_generator(room: Room, carol: Person) -> None:
    """Fifty of them: six digits each, hardly one twice."""
    drawn = Counter(draw(room, carol, f"code-{number}").code.value for number in range(50))
    assert all(len(code) == 6 and code.isdecimal() for code in drawn)
    assert len(drawn) >= 48


@pytest.mark.parametrize(
    ("pin", "right", "wrong"),
    [
        (PIN, False, {Factor.SMS}),
        (Pin("294718"), True, {Factor.PIN}),
        (Pin("294718"), False, {Factor.PIN, Factor.SMS}),
        (None, True, {Factor.PIN}),
    ],
    ids=["wrong code, right PIN", "right code, wrong PIN", "both wrong", "code without PIN"],
)
def test_both_are_judged(
    room: Room, carol: Person, pin: Pin | None, right: bool, wrong: set[Factor]
) -> None:
    """Each that is wrong is named, and nothing is minted."""
    drawn = draw(room, carol)
    given = Otp(drawn.code.value) if right else wrong_code(drawn)
    assert judge(room, carol, drawn, pin=pin, otp=given) == wrong


@pytest.mark.parametrize("otp", [None, *map(Otp, ("", "12345", "x" * 999))])
def test_what_is_no_code_is_a_wrong_code(room: Room, carol: Person, otp: Otp | None) -> None:
    """Never an error."""
    assert judge(room, carol, draw(room, carol), otp=otp) == {Factor.SMS}


def test_a_code_is_its_credentials(room: Room, carol: Person) -> None:
    """The record of another credential of the same person, with its right code, is wrong."""
    dora = room.enrol("dora", factors=PIN_AND_SMS, authenticator_id=None)
    drawn = draw(room, dora)
    assert judge(room, carol, drawn) == {Factor.SMS}
    assert judge(room, dora, drawn) == set()


def test_a_code_is_its_bindings(room: Room, carol: Person) -> None:
    """Drawn under one binding it is wrong under the next: another multisign, the same name."""
    drawn = draw(room, carol)
    claim = replace(carol.claim, multisign=9)
    changed = replace(carol, claim=claim, binding=room.administration.bind(claim))
    assert judge(room, changed, drawn) == {Factor.SMS}


def test_its_end_cannot_be_moved(room: Room, carol: Person) -> None:
    """A later end is another record; so is another identifier, and a MAC that was touched."""
    stamped = draw(room, carol).stamped
    drawn = draw(room, carol, "code-2")
    for forged in (
        replace(drawn.stamped, expires_at=drawn.stamped.expires_at + SECOND),
        replace(drawn.stamped, code_id="code-3"),
        replace(drawn.stamped, mac=bytes([drawn.stamped.mac[0] ^ 1]) + drawn.stamped.mac[1:]),
        replace(drawn.stamped, mac=stamped.mac),
    ):
        assert judge(room, carol, drawn, code=forged) == {Factor.SMS}
    assert judge(room, carol, drawn) == set()


def test_it_is_good_until_its_end_by_the_signers_clock(room: Room, carol: Person) -> None:
    """The second before, not at it."""
    one, two = draw(room, carol, "code-1"), draw(room, carol, "code-2")
    room.clock.now += signing_codes.LIFE - SECOND
    assert judge(room, carol, one) == set()
    room.clock.now += SECOND
    assert judge(room, carol, two) == {Factor.SMS}


def test_a_replay_is_refused_whatever_the_store_says(room: Room, carol: Person) -> None:
    """A code that was good once is good no more in this process; a wrong PIN does not use it up."""
    drawn = draw(room, carol)
    assert judge(room, carol, drawn, pin=Pin("294718")) == {Factor.PIN}
    assert judge(room, carol, drawn) == set()
    for _ in range(2):
        with pytest.raises(reasons.OtpReplayed):
            room.activation.authorize(request(room, carol, drawn, "sad-2", hashes=DIGESTS[3:5]))


def test_without_a_record_there_is_nothing_to_judge(room: Room, carol: Person) -> None:
    """No code was sent: no guess is even counted."""
    with pytest.raises(errors.Rejected, match="no code was sent"):
        room.activation.authorize(request(room, carol, draw(room, carol), code=None))


@pytest.mark.parametrize(
    "factors",
    [
        frozenset({Factor.SMS}),
        frozenset({Factor.SMS, Factor.OTP}),
        frozenset(Factor),
        frozenset[Factor](),
    ],
    ids=["sms", "sms+otp", "all", "none"],
)
def test_never_without_the_pin_and_never_beside_the_app(
    room: Room, carol: Person, factors: frozenset[Factor]
) -> None:
    """Such a credential is not bound, gets no code, and signs nothing, even with a right MAC."""
    claim = replace(carol.claim, factors=factors)
    with pytest.raises(errors.Rejected, match="not factors that may sign"):
        room.administration.bind(claim)
    text = records.encode_claim(claim)
    forged = SecretKeys(room.device.service).mac(Purpose.BINDING_MAC, text)
    dave = replace(carol, claim=claim, binding=forged)
    with pytest.raises(errors.Rejected, match="takes none by SMS"):
        draw(room, dave)
    drawn = draw(room, carol)
    with pytest.raises(errors.Rejected, match="not factors that may sign"):
        room.activation.authorize(request(room, dave, drawn, authenticator=carol.authenticator))


def test_codes_are_drawn_for_bound_credentials_that_take_them(
    room: Room, carol: Person, alice: Person
) -> None:
    """Not for one with an authenticator, nor for a row that was changed."""
    with pytest.raises(errors.Rejected, match="takes none by SMS"):
        draw(room, alice)
    with pytest.raises(errors.Rejected, match="binding"):
        draw(room, replace(alice, claim=replace(alice.claim, factors=PIN_AND_SMS)))
    with pytest.raises(errors.Rejected, match="binding"):
        draw(room, replace(carol, binding=b"x" * 32))


@pytest.mark.parametrize(
    ("life", "good"),
    [
        (timedelta(0), False),
        (SECOND, True),
        (signing_codes.LIFE + CLOCK_SLACK, True),
        (signing_codes.LIFE + CLOCK_SLACK + SECOND, False),
    ],
)
def test_no_code_lives_too_long(room: Room, carol: Person, life: timedelta, good: bool) -> None:
    """Ten minutes by the signer's clock, and the slack of the caller's."""
    end = room.clock.now + life
    if good:
        assert draw(room, carol, expires_at=end).stamped.expires_at == end
        return
    with pytest.raises(errors.Rejected):
        draw(room, carol, expires_at=end)


def test_only_so_many_are_drawn(room: Room, carol: Person) -> None:
    """A caller that was taken over gets a hundred a day of a process, not one for every hash."""
    for number in range(throttle.DEVICE_GUESSES):
        draw(room, carol, f"code-{number}")
    with pytest.raises(errors.Rejected, match="draw:"):
        draw(room, carol, "one more")
    room.clock.now += throttle.DEVICE_WINDOW
    assert draw(room, carol, "the next day")


def test_guesses_at_codes_are_counted(room: Room, carol: Person) -> None:
    """After a hundred wrong ones not even the right one is looked at."""
    drawn = draw(room, carol)
    for _ in range(throttle.DEVICE_GUESSES):
        assert judge(room, carol, drawn, otp=wrong_code(drawn)) == {Factor.SMS}
    with pytest.raises(errors.Rejected, match="wrong guesses of sms"):
        room.activation.authorize(request(room, carol, drawn))


def test_a_code_of_its_own_making_is_worth_nothing(room: Room, carol: Person) -> None:
    """A MAC by another key of the same token, over the right text, does not hold."""
    drawn, keys = draw(room, carol), SecretKeys(room.device.service)
    chosen, stamped = Code("123456"), drawn.stamped
    text = records.encode_code(
        carol.claim.credential_id, carol.binding, stamped.code_id, stamped.expires_at, chosen
    )
    for purpose in (Purpose.PIN_MAC, Purpose.SAD_MAC, Purpose.BINDING_MAC):
        forged = replace(stamped, mac=keys.mac(purpose, text))
        assert judge(room, carol, drawn, otp=Otp(chosen.value), code=forged) == {Factor.SMS}


async def test_through_the_pool(settings: PoolSettings, initialised: Device) -> None:
    """Drawn and judged by whichever process is free; the code hides from every repr."""
    async with SignerPool(replace(settings, processes=2)) as pool:
        erin = await world.enrol(pool, "erin", factors=PIN_AND_SMS, authenticator_id=None)
        now = datetime.now(UTC)
        drawn = await pool.draw_code(erin.credential(), "code-1", now + signing_codes.LIFE)
        assert drawn.code.value not in repr(drawn)
        typed: Any = {"otp": Otp(drawn.code.value), "authenticator": None, "code": drawn.stamped}
        check = replace(erin.check(DIGESTS[:2]), **typed)
        times = now + authorize.LIFETIME, now + authorize.HARD_LIFETIME
        wrong = await pool.authorize(replace(check, otp=wrong_code(drawn)), SadId("one"), *times)
        assert wrong.wrong == {Factor.SMS}
        right = await pool.authorize(check, SadId("two"), *times)
        assert right.minted is not None
