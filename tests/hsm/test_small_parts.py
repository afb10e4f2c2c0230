"""Records, mechanisms, memory of what was signed, remembered handles: no device needed."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm import errors, mechanisms, provision, records
from hsm.guesses import Guesses
from hsm.handles import HandleCache
from hsm.interface import NewKey
from hsm.pkcs11 import Handle
from hsm.records import SadRecord
from hsm.spent import Spent
from policies import throttle
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.secret import Pin, Secret
from policies.values import (
    AccountId,
    AuthenticatorId,
    ClientId,
    CredentialId,
    Factor,
    KeyRef,
    SadId,
)
from tests.hsm.world import T0, claim_for

RECORD = SadRecord(
    sad_id=SadId("sad-1"),
    root_id=SadId("sad-0"),
    account_id=AccountId("alice"),
    client_id=ClientId("portal"),
    credential_id=CredentialId("alice-credential"),
    key_ref_digest=bytes(32),
    public_key_digest=bytes([1]) * 32,
    hash_oid=HashAlgorithm.SHA256.oid,
    hashes=(bytes([2]) * 32, bytes([3]) * 32),
    open_ordinals=(0, 1),
    factors=(Factor.OTP, Factor.PIN),
    totp_step=59_000_000,
    authenticated_at=T0,
    not_before=T0,
    expires_at=T0 + timedelta(minutes=5),
    hard_expires_at=T0 + timedelta(minutes=10, microseconds=1),
)


class TestRecords:
    def test_a_record_comes_back(self) -> None:
        """Decoding gives the record that was encoded, to the microsecond."""
        assert records.decode_sad(records.encode_sad(RECORD)) == RECORD

    def test_the_text_is_canonical(self) -> None:
        """Sorted keys, no white space, the type first: one text per record."""
        text = records.encode_sad(RECORD)
        assert text.startswith(b'{"@type":"paraph/sad/1","account_id":"alice"')
        assert text == orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
        assert orjson.loads(text)["count"] == 2

    def test_every_field_is_in_the_text(self) -> None:
        """Two records that differ anywhere have different texts."""
        texts = {records.encode_sad(RECORD)}
        for field in fields(SadRecord):
            value = getattr(RECORD, field.name)
            other: Any
            if isinstance(value, datetime):
                other = value + timedelta(microseconds=1)
            elif isinstance(value, tuple):
                other = value[:1]
            elif isinstance(value, int):
                other = value + 1
            else:
                other = value + type(value)() + (b"x" if isinstance(value, bytes) else "x")
            texts.add(records.encode_sad(replace(RECORD, **{field.name: other})))
        assert len(texts) == 1 + len(fields(SadRecord))

    def test_texts_of_other_kinds_are_no_records(self) -> None:
        """A binding or a PIN text is never taken for a SAD record."""
        claim = claim_for("alice", NewKey(KeyRef(bytes(16)), b"spki", b"csr"), bytes(32))
        for text in (
            records.encode_claim(claim),
            records.encode_pin(CredentialId("c"), Pin("294719")),
        ):
            with pytest.raises(ValueError, match="paraph/sad/1"):
                records.decode_sad(text)

    def test_a_claim_says_whether_a_verifier_is_missing_or_empty(self) -> None:
        """None and an empty value are not the same claim."""
        key = NewKey(KeyRef(bytes(16)), b"spki", b"csr")
        assert records.encode_claim(claim_for("a", key, None)) != records.encode_claim(
            claim_for("a", key, b"")
        )

    def test_identifiers_cannot_run_into_each_other(self) -> None:
        """The separator of a sealed seed's context is refused inside identifiers."""
        assert records.totp_context(AuthenticatorId("a"), AccountId("b")) == b"a|b|v1"
        for pair in (("a|b", "c"), ("a", "b|c")):
            with pytest.raises(ValueError, match="bar"):
                records.totp_context(AuthenticatorId(pair[0]), AccountId(pair[1]))


class TestMechanisms:
    @pytest.mark.parametrize("algorithm", HashAlgorithm)
    def test_digest_info_is_what_software_pads(self, algorithm: HashAlgorithm) -> None:
        """Prefix and digest are exactly what an independent signature recovers (RFC 8017 9.2)."""
        name = algorithm.name.lower()
        software = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
        digest = hashlib.new(name, b"abc").digest()
        key = rsa.generate_private_key(65537, 2048)
        signature = key.sign(b"abc", padding.PKCS1v15(), software[name])
        numbers = key.public_key().public_numbers()
        padded = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")
        recipe = mechanisms.recipe(SignAlgorithm(Scheme.RSA_PKCS1, algorithm))
        assert padded.endswith(b"\xff\x00" + recipe.prefix + digest)

    def test_pss_never_leaves_a_parameter_to_the_default(self) -> None:
        """Digest, mask and salt are always named; without a salt there is no recipe."""
        recipe = mechanisms.recipe(SignAlgorithm(Scheme.RSA_PSS, HashAlgorithm.SHA384, 48))
        assert recipe.parameter == (0x0260, 0x0003, 48)
        with pytest.raises(errors.Rejected):
            mechanisms.recipe(SignAlgorithm(Scheme.RSA_PSS, HashAlgorithm.SHA384))

    def test_ecdsa_goes_out_as_der(self) -> None:
        """r and s side by side become ECDSA-Sig-Value; RSA stays as it is."""
        raw = bytes([0x80]) + bytes(31) + bytes(31) + bytes([7])
        assert utils.decode_dss_signature(mechanisms.signature_value(Scheme.ECDSA, raw)) == (
            0x80 << 248,
            7,
        )
        assert mechanisms.signature_value(Scheme.RSA_PSS, raw) == raw

    @pytest.mark.parametrize("wrapped", [True, False])
    @pytest.mark.parametrize(
        ("algorithm", "curve"),
        [(KeyAlgorithm.P_256, ec.SECP256R1()), (KeyAlgorithm.P_384, ec.SECP384R1())],
    )
    def test_points_are_read_with_and_without_their_octet_string(
        self, algorithm: KeyAlgorithm, curve: ec.EllipticCurve, wrapped: bool
    ) -> None:
        """Both forms that modules give for CKA_EC_POINT are the same key."""
        key = ec.generate_private_key(curve).public_key()
        numbers = key.public_numbers()
        size = algorithm.bits // 8
        point = b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")
        if wrapped:
            point = bytes([4, len(point)]) + point
        assert mechanisms.ec_public_key(algorithm, point).public_numbers() == numbers

    def test_other_kinds_of_keys_are_not_read(self) -> None:
        """Only RSA and elliptic curves for ECDSA are public keys here."""
        other = ed25519.Ed25519PrivateKey.generate().public_key()
        spki = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for text in (spki, b"", b"not DER"):
            with pytest.raises(ValueError, match=r".+"):
                mechanisms.public_key(text)


class TestSpent:
    END = T0 + timedelta(minutes=10)

    def test_an_ordinal_is_claimed_once(self) -> None:
        """A second claim is refused as a whole and changes nothing."""
        spent = Spent()
        spent.claim(SadId("a"), (0, 1), self.END, T0)
        with pytest.raises(errors.Rejected, match=r"\[1\]"):
            spent.claim(SadId("a"), (1, 2), self.END, T0)
        spent.claim(SadId("a"), (2,), self.END, T0)
        spent.claim(SadId("b"), (0,), self.END, T0)

    def test_what_was_released_can_be_claimed(self) -> None:
        """A definite failure leaves no trace."""
        spent = Spent()
        spent.claim(SadId("a"), (0, 1), self.END, T0)
        spent.release(SadId("a"), (0, 1))
        spent.claim(SadId("a"), (0, 1), self.END, T0)

    def test_memory_ends_with_the_last_extension(self) -> None:
        """Kept to the very end of the approval, forgotten at it."""
        spent = Spent()
        spent.claim(SadId("a"), (0,), self.END, T0)
        spent.claim(SadId("b"), (0,), self.END, self.END - timedelta(microseconds=1))
        assert len(spent) == 2
        spent.claim(SadId("c"), (0,), self.END + timedelta(minutes=1), self.END)
        assert len(spent) == 1

    def test_memory_is_bounded(self) -> None:
        """The oldest make room."""
        spent = Spent(most_roots=3)
        for number in range(10):
            spent.claim(SadId(str(number)), (0,), self.END, T0)
        assert len(spent) == 3
        with pytest.raises(errors.Rejected):
            spent.claim(SadId("9"), (0,), self.END, T0)


class TestHandles:
    def cache(self, size: int = 2) -> tuple[HandleCache[str], list[str], list[object]]:
        looked_up: list[str] = []
        released: list[object] = []

        def look_up(name: str) -> Handle:
            looked_up.append(name)
            return Handle(f"{name}{len(looked_up)}")

        return HandleCache(look_up, size=size, release=released.append), looked_up, released

    def test_a_handle_is_looked_up_once(self) -> None:
        """The second use costs no search."""
        cache, looked_up, _ = self.cache()
        assert [cache.use("a", str) for _ in range(2)] == ["a1", "a1"]
        assert looked_up == ["a"]

    def test_a_stale_handle_is_looked_up_again_once(self) -> None:
        """One new search; when that is no good either, the error goes out."""
        cache, looked_up, _ = self.cache()
        cache.use("a", str)

        def action(handle: Handle) -> str:
            if str(handle) == "a1":
                raise errors.Stale("ObjectHandleInvalid")
            return str(handle)

        assert cache.use("a", action) == "a2"

        def never(handle: Handle) -> str:
            raise errors.Stale("ObjectHandleInvalid")

        with pytest.raises(errors.Stale):
            cache.use("a", never)
        assert looked_up == ["a", "a", "a"]

    def test_the_handle_used_longest_ago_makes_room(self) -> None:
        """And is released."""
        cache, _, released = self.cache()
        for name in ("a", "b", "a", "c"):
            cache.use(name, str)
        assert released == ["b2"]
        cache.drop("a")
        assert released == ["b2", "a1"]


class TestProvision:
    def test_pin_files_are_private_and_never_overwritten(self, tmp_path: Path) -> None:
        """Mode 0600, and a second PIN for the same file is refused."""
        path = tmp_path / "pin"
        provision.write_pin(path, Secret("1234"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileExistsError):
            provision.write_pin(path, Secret("5678"))
        assert path.read_text() == "1234\n"

    @pytest.mark.parametrize("command_there", [True, False])
    def test_a_failed_provision_does_not_show_the_pin(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_there: bool
    ) -> None:
        """A failing or missing command is Broken, without its arguments."""
        if not command_there:
            monkeypatch.setenv("PATH", "")
        with pytest.raises(errors.Broken) as caught:
            provision.create_token(tmp_path / "no.conf", "x", Secret("271828"), Secret("314159"))
        assert "271828" not in repr(caught.value)
        assert caught.value.__cause__ is None


def test_errors_say_what_is_definite() -> None:
    """Only Ambiguous and its kind leave open whether a signature exists."""
    for kind in (errors.Busy, errors.Broken, errors.KeyGone, errors.Rejected):
        assert not issubclass(kind, errors.Ambiguous)
    assert issubclass(errors.WrongSignature, errors.Ambiguous)
    for kind in (errors.Stale, errors.PinRefused):
        assert issubclass(kind, errors.Broken)
    assert T0.tzinfo is UTC


class TestGuesses:
    def test_the_hundredth_wrong_guess_is_the_last(self) -> None:
        """Each subject has its own hundred."""
        guesses = Guesses()
        for _ in range(throttle.DEVICE_GUESSES):
            guesses.admit("otp:a", T0)
            guesses.wrong("otp:a", T0)
        guesses.admit("otp:b", T0)
        with pytest.raises(errors.Rejected, match="100 wrong guesses of otp:a"):
            guesses.admit("otp:a", T0)

    def test_a_day_later_the_owner_is_back(self) -> None:
        """Guesses count for a day, to the microsecond."""
        guesses = Guesses()
        for _ in range(throttle.DEVICE_GUESSES):
            guesses.wrong("otp:a", T0)
        with pytest.raises(errors.Rejected):
            guesses.admit("otp:a", T0 + throttle.DEVICE_WINDOW - timedelta(microseconds=1))
        guesses.admit("otp:a", T0 + throttle.DEVICE_WINDOW)

    def test_memory_is_bounded(self) -> None:
        """The subject guessed at longest ago is forgotten."""
        guesses = Guesses(most_subjects=1)
        for subject in ("otp:a", "otp:b"):
            for _ in range(throttle.DEVICE_GUESSES):
                guesses.wrong(subject, T0)
        guesses.admit("otp:a", T0)
        with pytest.raises(errors.Rejected):
            guesses.admit("otp:b", T0)
