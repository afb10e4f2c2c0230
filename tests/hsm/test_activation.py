"""The activation module against somebody who holds the database and the web process.

Real keys, a clock that the test turns. (security-and-pki 1.3, promises 1, 2, 5, 7)
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from base64 import b32decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from hsm import errors, mechanisms, records
from hsm.interface import AUDIT_KEY, TotpProof
from hsm.labelled import OWN_ALGORITHM, service_label
from hsm.pkcs11 import Token
from hsm.secret_keys import SecretKeys
from policies import authorize, second_factor, throttle, totp
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.errors import AuthenticatorCooling, PinTooWeak
from policies.secret import Otp, Pin
from policies.values import ClientId, CredentialId, Factor, KeyRef, MintedSad, SadId
from tests.hsm.world import DIGESTS, ECDSA_SHA256, PIN, Person, Room

pytestmark = pytest.mark.req("SRA_SAP")

SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=30)
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in PIN.value)
"""Digits, but not ASCII."""


def verify(person: Person, digest: bytes, signature: bytes) -> bool:
    key = mechanisms.public_key(person.key.public_key)
    return mechanisms.verifies(key, ECDSA_SHA256, digest, signature)


class TestAuthorize:
    def test_right_factors_mint_a_record_of_exactly_this(self, room: Room, alice: Person) -> None:
        """The record names signer, client, key, hashes and times, all open."""
        request = room.request(alice)
        result = room.activation.authorize(request)
        assert result.wrong == frozenset()
        assert result.minted is not None
        record = records.decode_sad(result.minted.record)
        assert record.sad_id == record.root_id == "sad-1"
        assert record.account_id == "alice"
        assert record.client_id == "portal"
        assert record.credential_id == alice.claim.credential_id
        assert record.key_ref_digest == alice.key.key_ref.digest()
        assert record.public_key_digest == hashlib.sha256(alice.key.public_key).digest()
        assert record.hash_oid == HashAlgorithm.SHA256.oid
        assert record.hashes == DIGESTS[:3]
        assert record.open_ordinals == (0, 1, 2)
        assert record.factors == (Factor.OTP, Factor.PIN)
        assert record.totp_step == result.totp_step
        assert record.authenticated_at == record.not_before == room.clock.now
        assert record.expires_at == request.expires_at
        assert record.hard_expires_at == request.hard_expires_at

    @pytest.mark.parametrize(
        ("pin", "otp_right", "wrong"),
        [
            (PIN, False, {Factor.OTP}),
            (Pin("294718"), True, {Factor.PIN}),
            (Pin("294718"), False, {Factor.PIN, Factor.OTP}),
            (None, True, {Factor.PIN}),
            (Pin(""), True, {Factor.PIN}),
            (Pin(FULL_WIDTH), True, {Factor.PIN}),
        ],
    )
    def test_wrong_factors_are_all_named_and_nothing_is_minted(
        self, room: Room, alice: Person, pin: Pin | None, otp_right: bool, wrong: set[Factor]
    ) -> None:
        """Every wrong factor is reported, not just the first."""
        request = room.request(alice, pin=pin)
        if not otp_right:
            request = replace(request, otp=Otp("000000"))
        result = room.activation.authorize(request)
        assert result.wrong == wrong
        assert result.minted is None

    @pytest.mark.parametrize("otp", [None, *map(Otp, ("", "12345", FULL_WIDTH, "x" * 999))])
    def test_what_is_no_code_is_a_wrong_code(
        self, room: Room, alice: Person, otp: Otp | None
    ) -> None:
        """Absent, short, long and foreign digits are wrong, never an error."""
        result = room.activation.authorize(room.request(alice, otp=otp))
        assert result.wrong == {Factor.OTP}
        assert result.totp_step is None

    @pytest.mark.parametrize(
        ("age", "right"), [(-1, False), (0, True), (1, True), (2, False), (3, False)]
    )
    def test_codes_of_this_and_the_last_step_count(
        self, room: Room, alice: Person, age: int, right: bool
    ) -> None:
        """One step back counts and is reported; the next one and older ones do not."""
        now = room.clock.now
        result = room.activation.authorize(room.request(alice, otp=alice.code(now - age * STEP)))
        assert (result.minted is not None) is right
        assert result.totp_step == (int(now.timestamp()) // 30 - age if right else None)

    def test_the_signers_own_clock_decides(self, room: Room, alice: Person) -> None:
        """A code grows old by the signer's clock, whatever the caller's times say."""
        request = room.request(alice)
        room.clock.now += 2 * STEP
        assert room.activation.authorize(request).wrong == {Factor.OTP}

    def test_another_accounts_authenticator_is_rejected(
        self, room: Room, alice: Person, bob: Person
    ) -> None:
        """Bob's phone does not open Alice's credential, though its code is right."""
        code = bob.code(room.clock.now)
        with pytest.raises(errors.Rejected):
            room.activation.authorize(
                room.request(alice, authenticator=bob.authenticator, otp=code)
            )

    def test_a_seed_under_another_name_does_not_open(
        self, room: Room, alice: Person, bob: Person
    ) -> None:
        """Bob's sealed seed with Alice's names written on it fails its seal."""
        forged = replace(alice.authenticator, sealed=bob.authenticator.sealed)
        with pytest.raises(errors.Rejected, match="seal"):
            room.activation.authorize(
                room.request(alice, authenticator=forged, otp=bob.code(room.clock.now))
            )

    @pytest.mark.parametrize("length", [0, 5, 12, 27, 28])
    def test_a_cut_seal_is_rejected(self, room: Room, alice: Person, length: int) -> None:
        """Half a seal is refused, and the device works on."""
        cut = replace(alice.authenticator, sealed=alice.authenticator.sealed[:length])
        with pytest.raises(errors.Rejected):
            room.activation.authorize(room.request(alice, authenticator=cut))
        room.activation.canary()

    def test_a_missing_authenticator_is_rejected(self, room: Room, alice: Person) -> None:
        """A credential that asks for a code cannot do without its authenticator."""
        with pytest.raises(errors.Rejected):
            room.activation.authorize(room.request(alice, authenticator=None))

    def test_another_credentials_binding_is_rejected(
        self, room: Room, alice: Person, bob: Person
    ) -> None:
        """The MAC of one row does not cover another."""
        with pytest.raises(errors.Rejected, match="binding"):
            room.activation.authorize(room.request(alice, binding=bob.binding))

    @pytest.mark.parametrize(
        "change",
        [
            {"credential_id": CredentialId("bob-credential")},
            {"account_id": "bob"},
            {"key_ref": KeyRef(bytes(16))},
            {"public_key": b"other"},
            {"factors": frozenset({Factor.OTP})},
            {"factors": frozenset({Factor.PIN})},
            {"factors": frozenset()},
            {"multisign": 1000},
            {"authenticator_id": "bob-phone"},
            {"pin_verifier": bytes(32)},
            {"pin_verifier": None},
        ],
        ids=lambda change: ",".join(change),
    )
    def test_every_field_of_a_binding_is_held(
        self, room: Room, alice: Person, change: dict[str, Any]
    ) -> None:
        """A row changed in any field is refused, also after the right one was seen."""
        claim = dataclasses.replace(alice.claim, **change)
        for _ in range(2):
            with pytest.raises(errors.Rejected, match="binding"):
                room.activation.authorize(room.request(alice, claim=claim))
            room.activation.authorize(room.request(alice))

    def test_a_pin_verifier_does_not_fit_another_credential(
        self, room: Room, alice: Person
    ) -> None:
        """The same PIN looks different on each credential."""
        administration = room.administration
        one, other = (
            administration.new_pin_verifier(CredentialId(name), PIN) for name in ("a", "b")
        )
        assert one != other != alice.claim.pin_verifier

    @pytest.mark.parametrize("count", [0, 11])
    def test_the_number_of_hashes_is_held(self, room: Room, alice: Person, count: int) -> None:
        """None, or more than multisign, is refused here too."""
        with pytest.raises(errors.Rejected, match="hashes"):
            room.activation.authorize(room.request(alice, hashes=DIGESTS[:count]))

    def test_a_hash_of_another_length_is_rejected(self, room: Room, alice: Person) -> None:
        """SHA-384 digests cannot go under the name of SHA-256."""
        with pytest.raises(errors.Rejected, match="long"):
            room.activation.authorize(room.request(alice, hashes=(bytes(48),)))

    @pytest.mark.parametrize(
        ("life", "hard_life", "minted"),
        [
            (authorize.LIFETIME, authorize.HARD_LIFETIME, True),
            (authorize.LIFETIME + 5 * SECOND, authorize.HARD_LIFETIME + 5 * SECOND, True),
            (authorize.LIFETIME + 6 * SECOND, authorize.HARD_LIFETIME, False),
            (authorize.LIFETIME, authorize.HARD_LIFETIME + 6 * SECOND, False),
            (0 * SECOND, authorize.HARD_LIFETIME, False),
            (SECOND, SECOND, True),
            (2 * SECOND, SECOND, False),
        ],
    )
    def test_lives_are_limited_by_the_signers_clock(
        self, room: Room, alice: Person, life: timedelta, hard_life: timedelta, minted: bool
    ) -> None:
        """At the limit with its slack: minted; beyond, or ending before it begins: refused."""
        now = room.clock.now
        request = room.request(alice, expires_at=now + life, hard_expires_at=now + hard_life)
        if minted:
            assert room.activation.authorize(request).minted is not None
        else:
            with pytest.raises(errors.Rejected):
                room.activation.authorize(request)

    def test_one_factor_suffices_where_one_is_asked(self, room: Room) -> None:
        """A credential bound to the code alone ignores the PIN."""
        carol = room.enrol("carol", factors=frozenset({Factor.OTP}), pin_verifier=None)
        result = room.activation.authorize(room.request(carol, pin=None))
        assert result.minted is not None
        assert records.decode_sad(result.minted.record).factors == (Factor.OTP,)

    def test_a_credential_without_factors_signs_for_nobody(self, room: Room) -> None:
        """It is not even bound; what a forged binding would give stands in ``test_codes``."""
        with pytest.raises(errors.Rejected, match="factors"):
            room.enrol("nobody", factors=frozenset())

    def test_weak_pins_are_not_taken(self, room: Room) -> None:
        """The rule for new PINs holds in the device too."""
        with pytest.raises(PinTooWeak):
            room.administration.new_pin_verifier(CredentialId("c"), Pin("123456"))


class TestSign:
    def test_signatures_come_in_order_and_verify(self, room: Room, alice: Person) -> None:
        """One DER signature per ordinal, in the order asked."""
        order = room.order(alice, room.mint(alice), 2, 0)
        signatures = room.activation.sign(order)
        assert len(signatures) == 2
        assert verify(alice, DIGESTS[2], signatures[0])
        assert verify(alice, DIGESTS[0], signatures[1])

    def test_every_field_of_a_record_is_held(self, room: Room, alice: Person) -> None:
        """A record changed in any field, or with any other MAC, signs nothing."""
        minted = room.mint(alice)
        fields = orjson.loads(minted.record)
        for name in fields:
            changed = dict(fields)
            changed[name] = _other(changed[name])
            text = orjson.dumps(changed, option=orjson.OPT_SORT_KEYS)
            assert text != minted.record
            with pytest.raises(errors.Rejected, match="MAC"):
                room.activation.sign(room.order(alice, MintedSad(text, minted.mac), 0))
        for mac in (b"", bytes(32), minted.mac[:-1], minted.mac + b"\0"):
            with pytest.raises(errors.Rejected, match="MAC"):
                room.activation.sign(room.order(alice, MintedSad(minted.record, mac), 0))
        room.activation.sign(room.order(alice, minted, 0))

    def test_a_mac_made_for_another_purpose_does_not_count(self, room: Room, alice: Person) -> None:
        """The administrator's binding key cannot make SADs."""
        minted = room.mint(alice)
        forged = MintedSad(minted.record, alice.binding)
        with pytest.raises(errors.Rejected, match="MAC"):
            room.activation.sign(room.order(alice, forged, 0))

    @pytest.mark.parametrize(
        ("after", "signed"),
        [
            (timedelta(), True),
            (authorize.LIFETIME - timedelta(microseconds=1), True),
            (authorize.LIFETIME, False),
            (-5 * SECOND, True),
            (-6 * SECOND, False),
        ],
    )
    def test_a_sad_counts_in_its_window(
        self, room: Room, alice: Person, after: timedelta, signed: bool
    ) -> None:
        """From its beginning, with slack, to the instant before its end."""
        order = room.order(alice, room.mint(alice), 0)
        room.clock.now += after
        if signed:
            assert room.activation.sign(order)
        else:
            with pytest.raises(errors.Rejected, match="over"):
                room.activation.sign(order)

    @pytest.mark.parametrize(
        ("ordinals", "digests"),
        [
            ((3,), DIGESTS[3:4]),
            ((-1,), DIGESTS[2:3]),
            ((0,), DIGESTS[1:2]),
            ((0, 1), (DIGESTS[1], DIGESTS[0])),
            ((0, 0), (DIGESTS[0], DIGESTS[0])),
            ((0,), DIGESTS[:2]),
            ((0, 1), DIGESTS[:1]),
            ((), ()),
        ],
    )
    def test_only_approved_digests_at_their_places(
        self, room: Room, alice: Person, ordinals: tuple[int, ...], digests: tuple[bytes, ...]
    ) -> None:
        """Not open, swapped, repeated, missing or surplus: refused."""
        minted = room.mint(alice)
        with pytest.raises(errors.Rejected):
            room.activation.sign(room.order(alice, minted, ordinals=ordinals, digests=digests))

    def test_another_key_is_refused(self, room: Room, alice: Person, bob: Person) -> None:
        """Alice's approval does not use Bob's key, nor pass off his public key."""
        minted = room.mint(alice)
        for change in ({"key_ref": bob.key.key_ref}, {"public_key": bob.key.public_key}):
            with pytest.raises(errors.Rejected, match="key"):
                room.activation.sign(room.order(alice, minted, 0, **change))

    @pytest.mark.parametrize(
        "algorithm",
        [
            SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA384),
            SignAlgorithm(Scheme.RSA_PKCS1, HashAlgorithm.SHA256),
            SignAlgorithm(Scheme.RSA_PSS, HashAlgorithm.SHA256, 32),
            SignAlgorithm(Scheme.RSA_PSS, HashAlgorithm.SHA256, None),
        ],
    )
    def test_another_algorithm_is_refused(
        self, room: Room, alice: Person, algorithm: SignAlgorithm
    ) -> None:
        """Neither another digest name nor a scheme of another kind of key."""
        minted = room.mint(alice)
        with pytest.raises(errors.Rejected):
            room.activation.sign(room.order(alice, minted, 0, algorithm=algorithm))
        assert room.activation.sign(room.order(alice, minted, 0))

    def test_an_ordinal_is_signed_once(self, room: Room, alice: Person) -> None:
        """The process remembers what it signed, alone and inside a batch."""
        minted = room.mint(alice)
        room.activation.sign(room.order(alice, minted, 0))
        for ordinals in ((0,), (1, 0)):
            with pytest.raises(errors.Rejected, match="before"):
                room.activation.sign(room.order(alice, minted, *ordinals))
        assert room.activation.sign(room.order(alice, minted, 1))

    def test_a_definite_failure_gives_the_ordinals_back(
        self, room: Room, alice: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the first digest fails nothing was signed, and all may be tried again."""
        order = room.order(alice, room.mint(alice), 0, 1)
        with monkeypatch.context() as patch:
            patch.setattr(Token, "sign", _fails_at(1))
            with pytest.raises(errors.Broken):
                room.activation.sign(order)
        assert len(room.activation.sign(order)) == 2

    def test_a_failure_in_the_middle_is_ambiguous_and_stays_signed(
        self, room: Room, alice: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After one signature was made nothing of the batch is signed again."""
        minted = room.mint(alice)
        with monkeypatch.context() as patch:
            patch.setattr(Token, "sign", _fails_at(2))
            with pytest.raises(errors.Ambiguous):
                room.activation.sign(room.order(alice, minted, 0, 1, 2))
        for ordinal in range(3):
            with pytest.raises(errors.Rejected, match="before"):
                room.activation.sign(room.order(alice, minted, ordinal))

    def test_a_destroyed_key_is_gone(self, room: Room, alice: Person) -> None:
        """KeyGone is definite: the ordinals stay free."""
        order = room.order(alice, room.mint(alice), 0)
        room.administration.destroy_key(alice.key.key_ref)
        for _ in range(2):
            with pytest.raises(errors.KeyGone):
                room.activation.sign(order)

    def test_flipped_bits_never_leave(
        self, room: Room, alice: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """3,000 signatures with one flipped bit each: all caught, none returned."""
        honest, source = Token.sign, random.Random(7)

        def glitch(token: Token, *args: Any) -> bytes:
            raw = bytearray(honest(token, *args))
            raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
            return bytes(raw)

        monkeypatch.setattr(Token, "sign", glitch)
        for _ in range(3_000):
            order = room.order(alice, MintedSad(b"", b""), 0)
            with pytest.raises(errors.WrongSignature):
                room.activation._sign_one(order, DIGESTS[0])

    @pytest.mark.parametrize("raw", [b"", b"\0" * 64, b"\xff" * 64, b"\1" * 63])
    def test_nonsense_from_the_device_never_leaves(
        self, room: Room, alice: Person, monkeypatch: pytest.MonkeyPatch, raw: bytes
    ) -> None:
        """Whatever the device puts out in place of a signature is an alarm."""
        minted = room.mint(alice)
        monkeypatch.setattr(Token, "sign", lambda *_: raw)
        with pytest.raises(errors.WrongSignature):
            room.activation.sign(room.order(alice, minted, 0))


class TestExtend:
    def test_an_extension_opens_other_approved_hashes(self, room: Room, alice: Person) -> None:
        """Same approval and root, new name, new open list; the rest is signed with it."""
        minted = room.mint(alice)
        room.activation.sign(room.order(alice, minted, 0))
        room.clock.now += SECOND
        following = room.activation.extend(room.extension(minted, 2, 1))
        old, new = (records.decode_sad(one.record) for one in (minted, following))
        assert new.sad_id == "sad-2"
        assert new.open_ordinals == (1, 2)
        assert new.not_before == room.clock.now
        unchanged = replace(
            new,
            sad_id=old.sad_id,
            open_ordinals=old.open_ordinals,
            not_before=old.not_before,
            expires_at=old.expires_at,
        )
        assert unchanged == old
        assert room.activation.sign(room.order(alice, following, 1, 2))

    def test_what_is_not_open_any_more_is_refused(self, room: Room, alice: Person) -> None:
        """The next SAD signs its own open list, not the whole approval."""
        following = room.activation.extend(room.extension(room.mint(alice), 2))
        with pytest.raises(errors.Rejected, match="open"):
            room.activation.sign(room.order(alice, following, 0))

    def test_the_memory_spans_extensions(self, room: Room, alice: Person) -> None:
        """What was signed under the first SAD is not signed under the second."""
        minted = room.mint(alice)
        room.activation.sign(room.order(alice, minted, 0))
        following = room.activation.extend(room.extension(minted, 0, 1))
        with pytest.raises(errors.Rejected, match="before"):
            room.activation.sign(room.order(alice, following, 0))

    @pytest.mark.parametrize("ordinals", [(), (3,), (0, 99), (-1,)])
    def test_only_approved_hashes(
        self, room: Room, alice: Person, ordinals: tuple[int, ...]
    ) -> None:
        """An extension to nothing, or beyond the approval, is refused."""
        with pytest.raises(errors.Rejected, match="not approved"):
            room.activation.extend(room.extension(room.mint(alice), *ordinals))

    def test_a_record_of_somebody_else_is_refused(self, room: Room, alice: Person) -> None:
        """Only a record with our MAC is exchanged."""
        minted = room.mint(alice)
        with pytest.raises(errors.Rejected, match="MAC"):
            room.activation.extend(room.extension(MintedSad(minted.record, bytes(32)), 0))

    def test_a_record_that_is_over_is_refused(self, room: Room, alice: Person) -> None:
        """At the end of the old SAD there is no next."""
        minted = room.mint(alice)
        room.clock.now += authorize.LIFETIME
        with pytest.raises(errors.Rejected, match="over"):
            room.activation.extend(room.extension(minted, 0))

    def test_no_chain_outlives_the_approval(self, room: Room, alice: Person) -> None:
        """The last instant of the first record bounds every record after it."""
        start = room.clock.now
        minted = room.mint(alice)
        hard = start + authorize.HARD_LIFETIME
        room.clock.now = start + authorize.LIFETIME - SECOND
        minted = room.activation.extend(
            room.extension(minted, 0, expires_at=room.clock.now + authorize.LIFETIME)
        )
        room.clock.now += authorize.LIFETIME - SECOND
        with pytest.raises(errors.Rejected):
            room.activation.extend(room.extension(minted, 0, expires_at=hard + SECOND))
        minted = room.activation.extend(room.extension(minted, 0, expires_at=hard))
        room.clock.now = hard
        with pytest.raises(errors.Rejected, match="over"):
            room.activation.sign(room.order(alice, minted, 0))

    def test_one_link_lives_no_longer_than_a_first_sad(self, room: Room, alice: Person) -> None:
        """Each extension is bound by the life of a SAD."""
        expires_at = room.clock.now + authorize.LIFETIME + 6 * SECOND
        with pytest.raises(errors.Rejected):
            room.activation.extend(room.extension(room.mint(alice), 0, expires_at=expires_at))


class TestService:
    def test_a_checkpoint_verifies_with_the_audit_key(self, room: Room) -> None:
        """The signature is over SHA-256 of the statement."""
        spki = room.administration.service_key(AUDIT_KEY, KeyAlgorithm.P_256)
        signature = room.activation.checkpoint(b"size 7")
        digest = hashlib.sha256(b"size 7").digest()
        key = mechanisms.public_key(spki)
        assert mechanisms.verifies(key, OWN_ALGORITHM, digest, signature)
        assert not mechanisms.verifies(key, OWN_ALGORITHM, bytes(32), signature)

    def test_service_keys_are_made_once(self, room: Room) -> None:
        """The same name gives the same key, another name another."""
        administration = room.administration
        one = administration.service_key("ca", KeyAlgorithm.P_384)
        assert administration.service_key("ca", KeyAlgorithm.P_384) == one
        assert administration.service_key("ocsp", KeyAlgorithm.P_384) != one
        algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA384)
        signature = administration.service_sign("ca", bytes(48), algorithm)
        assert mechanisms.verifies(mechanisms.public_key(one), algorithm, bytes(48), signature)

    def test_service_keys_refuse_what_does_not_fit(self, room: Room) -> None:
        """An unknown name is gone; a scheme or digest of another kind is refused."""
        administration = room.administration
        administration.service_key("tsa", KeyAlgorithm.P_256)
        with pytest.raises(errors.KeyGone):
            administration.service_sign("nobody", bytes(32), ECDSA_SHA256)
        for digest, scheme in ((bytes(31), Scheme.ECDSA), (bytes(32), Scheme.RSA_PKCS1)):
            with pytest.raises(errors.Rejected):
                administration.service_sign(
                    "tsa", digest, SignAlgorithm(scheme, HashAlgorithm.SHA256)
                )

    def test_a_service_signature_is_verified(
        self, room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A wrong value of a service key is an alarm like any other."""
        label = service_label(AUDIT_KEY)
        room.activation.checkpoint(b"")
        monkeypatch.setattr(Token, "sign", lambda *_: bytes(64))
        with pytest.raises(errors.WrongSignature, match=label):
            room.activation.checkpoint(b"")

    def test_initialising_twice_changes_nothing(self, room: Room, alice: Person) -> None:
        """What was bound and sealed before still holds."""
        room.administration.initialise()
        assert room.mint(alice)

    def test_seeds_are_long_and_differ(self, room: Room, alice: Person, bob: Person) -> None:
        """160 bits each, in Base32, never the same, and never shown by accident."""
        assert len(alice.seed.value) == 32
        assert alice.seed != bob.seed
        assert alice.seed.value not in repr(alice)
        assert alice.seed.value.encode() not in alice.authenticator.sealed

    def test_softhsm_lacks_nothing(self, room: Room) -> None:
        """The capability check is empty on the embedded default."""
        assert room.administration.capabilities() == []


def _other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[:-1]
    return f"{value}x"


def _fails_at(call: int) -> Any:
    """``Token.sign`` that breaks at its n-th call."""
    honest, calls = Token.sign, iter(range(1, 100))

    def sign(token: Token, *args: Any) -> bytes:
        if next(calls) == call:
            raise errors.Broken("DeviceError")
        return honest(token, *args)

    return sign


def test_the_client_is_on_the_record(room: Room, alice: Person) -> None:
    """Two clients get two different records for the same approval."""
    one = room.mint(alice, client_id=ClientId("portal"))
    other = room.mint(alice, client_id=ClientId("elsewhere"))
    assert records.decode_sad(one.record).client_id != records.decode_sad(other.record).client_id
    assert one.mac != other.mac
    assert records.decode_sad(one.record).sad_id == SadId("sad-1")


class TestCheckOtp:
    def test_a_right_code_gives_its_step(self, room: Room, alice: Person) -> None:
        """The same step that an authorisation would use up."""
        now = room.clock.now
        step = room.activation.check_otp(alice.authenticator, alice.code(now))
        assert step == int(now.timestamp()) // 30

    def test_a_code_of_another_time_or_person_gives_nothing(
        self, room: Room, alice: Person, bob: Person
    ) -> None:
        """Two steps ago, one step ahead, somebody else's, none at all."""
        now = room.clock.now
        for code in (alice.code(now - 2 * STEP), alice.code(now + STEP), bob.code(now), Otp("")):
            assert room.activation.check_otp(alice.authenticator, code) is None

    def test_a_seal_opens_for_its_owner_only(self, room: Room, alice: Person, bob: Person) -> None:
        """Somebody else's seed under one's own name."""
        stolen = replace(alice.authenticator, sealed=bob.authenticator.sealed)
        with pytest.raises(errors.Rejected):
            room.activation.check_otp(stolen, bob.code(room.clock.now))

    def test_guesses_at_login_and_at_signing_count_together(
        self, room: Room, alice: Person
    ) -> None:
        """After a hundred wrong codes even the right one is refused, whatever the store says."""
        for _ in range(throttle.DEVICE_GUESSES // 2):
            assert room.activation.check_otp(alice.authenticator, Otp("x")) is None
            wrong = room.activation.authorize(room.request(alice, otp=Otp("x"))).wrong
            assert wrong == {Factor.OTP}
        with pytest.raises(errors.Rejected, match="wrong guesses"):
            room.activation.check_otp(alice.authenticator, alice.code(room.clock.now))
        with pytest.raises(errors.Rejected, match="wrong guesses"):
            room.mint(alice)

    def test_guesses_at_a_pin_are_counted_too(self, room: Room, alice: Person) -> None:
        """Each factor by itself."""
        for _ in range(throttle.DEVICE_GUESSES):
            assert room.activation.authorize(room.request(alice, pin=Pin("000000"))).wrong
        with pytest.raises(errors.Rejected, match="wrong guesses of pin"):
            room.mint(alice)
        assert room.activation.check_otp(alice.authenticator, alice.code(room.clock.now))


class TestProveTotp:
    """The first code of a new seed, which may show a wrong clock."""

    def pending(self, room: Room, person: Person) -> Person:
        """A seed that was made just now, as the web process has it made."""
        mine = person.authenticator
        sealed, seed = room.administration.new_totp(mine.authenticator_id, mine.account_id)
        return replace(person, authenticator=replace(mine, sealed=sealed), seed=seed)

    def proof(self, room: Room, person: Person, code: Otp) -> TotpProof:
        return room.activation.prove_totp(person.authenticator, code)

    def test_a_right_code_proves(self, room: Room, alice: Person) -> None:
        """Nothing is said of clocks."""
        pending, step = self.pending(room, alice), totp.step_at(room.clock.now)
        for back in (0, 1):
            code = pending.code(room.clock.now - back * STEP)
            assert self.proof(room, pending, code) == TotpProof(step - back, None)

    @pytest.mark.parametrize("steps", [1, 2, 7, 20, -2, -7, -20])
    def test_the_code_of_a_wrong_clock_is_known(
        self, room: Room, alice: Person, steps: int
    ) -> None:
        """Up to ten minutes ahead or behind; it proves nothing."""
        pending = self.pending(room, alice)
        code = pending.code(room.clock.now + steps * STEP)
        step = totp.step_at(room.clock.now)
        assert self.proof(room, pending, code) == TotpProof(None, step + steps)

    @pytest.mark.parametrize("steps", [21, -21, 2880])
    def test_beyond_that_a_code_is_wrong(self, room: Room, alice: Person, steps: int) -> None:
        """As any other."""
        pending = self.pending(room, alice)
        code = pending.code(room.clock.now + steps * STEP)
        assert self.proof(room, pending, code) == TotpProof(None, None)

    def test_of_a_seed_in_use_nothing_is_told(self, room: Room, alice: Person) -> None:
        """Ten minutes after it was made, and at once when an operator accepted it."""
        pending = self.pending(room, alice)
        room.clock.now += second_factor.PENDING_LIFE - timedelta(microseconds=1)
        ahead = pending.code(room.clock.now + 6 * STEP)
        assert self.proof(room, pending, ahead).near is not None
        room.clock.now += timedelta(microseconds=1)
        assert self.proof(room, pending, ahead) == TotpProof(None, None)
        ahead = alice.code(room.clock.now + 6 * STEP)
        assert self.proof(room, alice, ahead) == TotpProof(None, None)

    def test_guesses_count(self, room: Room, alice: Person) -> None:
        """Also those that hit a step nearby."""
        pending = self.pending(room, alice)
        ahead = pending.code(room.clock.now + 6 * STEP)
        for _ in range(throttle.DEVICE_GUESSES):
            self.proof(room, pending, ahead)
        with pytest.raises(errors.Rejected, match="wrong guesses"):
            self.proof(room, pending, pending.code(room.clock.now))


class TestCoolingOff:
    """A seed that a web process made logs in at once and signs later."""

    def paired(self, room: Room, person: Person) -> Person:
        """Another seed in place of the person's, as the web process would put it."""
        mine = person.authenticator
        sealed, seed = room.administration.new_totp(mine.authenticator_id, mine.account_id)
        return replace(person, authenticator=replace(mine, sealed=sealed), seed=seed)

    def test_a_new_seed_logs_in_and_does_not_sign(self, room: Room, alice: Person) -> None:
        """Until the last microsecond of a day; the device says it of a right code only."""
        paired = self.paired(room, alice)
        end = room.clock.now + totp.COOLING_OFF
        for now in (room.clock.now, end - timedelta(microseconds=1)):
            room.clock.now = now
            assert room.activation.check_otp(paired.authenticator, paired.code(now)) is not None
            with pytest.raises(AuthenticatorCooling, match="until"):
                room.mint(paired)
            wrong = room.activation.authorize(room.request(paired, otp=Otp("000000"))).wrong
            assert wrong == {Factor.OTP}
        room.clock.now = end
        assert room.mint(paired)

    def test_the_old_seed_is_dead(self, room: Room, alice: Person) -> None:
        """Its codes are wrong ones."""
        paired = self.paired(room, alice)
        request = room.request(paired, otp=alice.code(room.clock.now))
        assert room.activation.authorize(request).wrong == {Factor.OTP}

    def test_an_operator_ends_it(self, room: Room, alice: Person) -> None:
        """The same seed under a new seal signs at once."""
        paired = self.paired(room, alice)
        accepted = room.administration.accept_totp(paired.authenticator)
        assert room.mint(
            replace(paired, authenticator=replace(paired.authenticator, sealed=accepted))
        )

    def test_nobody_else_does(self, room: Room, alice: Person, bob: Person) -> None:
        """A seal of another person, or one that was touched, is not accepted."""
        sealed = self.paired(room, alice).authenticator.sealed
        for taken in (
            replace(bob.authenticator, sealed=sealed),
            replace(alice.authenticator, sealed=sealed[:-1] + bytes([sealed[-1] ^ 1])),
        ):
            with pytest.raises(errors.Rejected):
                room.administration.accept_totp(taken)

    def test_a_seed_sealed_before_there_was_a_cooling_off_signs(
        self, room: Room, alice: Person
    ) -> None:
        """Seals of the first schema hold the seed alone."""
        mine = alice.authenticator
        context = records.totp_context(mine.authenticator_id, mine.account_id)
        seed = b32decode(alice.seed.value)
        sealed = SecretKeys(room.device.service).seal(seed, context)
        assert room.mint(replace(alice, authenticator=replace(mine, sealed=sealed)))
