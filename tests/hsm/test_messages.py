"""What crosses the process boundary comes out as it went in, and nothing else comes in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm import messages
from hsm.interface import BindingClaim, DrawnCode, FactorResult, NewKey, TotpProof
from hsm.messages import Answer
from hsm.pool import KeyStoreKind, PoolSettings, Role
from policies import codec
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.secret import Code, Otp, Pin, TotpSeed
from policies.sign import SigningOrder
from policies.values import Factor, KeyRef, MintedSad, SealedTotp, StampedCode
from tests.hsm.world import T0, claim_for

NEW_KEY = NewKey(KeyRef(b"id", b"blob"), b"spki", b"csr")
REQUESTS: dict[Any, Any] = dict(messages.REQUESTS)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def payload(frame: bytes) -> bytes:
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    return frame[4:]


instants = st.datetimes(
    min_value=T0.replace(tzinfo=None),
    max_value=T0.replace(tzinfo=None, year=2100),
    timezones=st.just(UTC),
)
key_refs = st.builds(KeyRef, st.binary(), st.none() | st.binary())
minted = st.builds(MintedSad, st.binary(), st.binary())
sign_algorithms = st.builds(
    SignAlgorithm,
    st.sampled_from(Scheme),
    st.sampled_from(HashAlgorithm),
    st.none() | st.integers(0, 400),
)
claims = st.builds(
    BindingClaim,
    st.text(),
    st.text(),
    key_refs,
    st.binary(),
    st.frozensets(st.sampled_from(Factor)),
    st.integers(1, 100),
    st.none() | st.text(),
    st.none() | st.binary(),
)
digests = st.lists(st.binary()).map(tuple)
requests = st.one_of(
    st.builds(
        messages.Authorize,
        claim=claims,
        binding=st.binary(),
        client_id=st.text(),
        hashes=digests,
        hash_algorithm=st.sampled_from(HashAlgorithm),
        pin=st.none() | st.builds(Pin, st.text()),
        otp=st.none() | st.builds(Otp, st.text()),
        authenticator=st.none()
        | st.builds(SealedTotp, st.text(), st.text(), st.binary(), st.integers(-1, 2**40)),
        sad_id=st.text(),
        expires_at=instants,
        hard_expires_at=instants,
        code=st.none() | st.builds(StampedCode, st.text(), instants, st.binary()),
    ),
    st.builds(messages.DrawCode, claims, st.binary(), st.text(), instants),
    st.builds(messages.Extend, minted, st.frozensets(st.integers(0, 99)), st.text(), instants),
    st.builds(
        messages.Sign,
        st.builds(
            SigningOrder,
            key_refs,
            st.binary(),
            minted,
            st.lists(st.integers(0, 99)).map(tuple),
            digests,
            sign_algorithms,
        ),
    ),
    st.builds(messages.Checkpoint, st.binary()),
    st.just(messages.Canary()),
    st.just(messages.Initialise()),
    st.builds(messages.GenerateKey, st.sampled_from(KeyAlgorithm), st.none() | st.binary()),
    st.builds(messages.DestroyKey, key_refs),
    st.builds(messages.Bind, claims),
    st.builds(messages.NewTotp, st.text(), st.text()),
    st.builds(messages.NewPinVerifier, st.text(), st.builds(Pin, st.text())),
    st.builds(messages.ServiceKey, st.text(), st.sampled_from(KeyAlgorithm)),
    st.builds(messages.ServiceSign, st.text(), st.binary(), sign_algorithms),
    st.just(messages.Capabilities()),
    st.builds(messages.Bench, st.sampled_from(KeyAlgorithm), st.integers(1, 9)),
)


@given(requests)
def test_requests_come_out_as_they_went_in(request: Any) -> None:
    """Every request survives the way to the process, with its types."""
    again = messages.decode_request(payload(messages.encode_request(request)))
    assert again == request
    assert type(again) is type(request)


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        (messages.Canary(), datetime(2026, 1, 1, tzinfo=UTC)),
        (messages.Initialise(), None),
        (messages.Capabilities(), ["one", "two"]),
        (messages.Checkpoint(b""), b"\0\xff"),
        (messages.GenerateKey(KeyAlgorithm.P_256), NEW_KEY),
        (messages.AcceptTotp(SealedTotp("a", "b", b"s", -1)), b"sealed"),  # type: ignore[arg-type]
        (messages.CheckOtp(SealedTotp("a", "b", b"s", -1), Otp("1")), 7),  # type: ignore[arg-type]
        (messages.CheckOtp(SealedTotp("a", "b", b"s", -1), Otp("1")), None),  # type: ignore[arg-type]
        (messages.ProveTotp(SealedTotp("a", "b", b"s", -1), Otp("1")), TotpProof(None, 7)),  # type: ignore[arg-type]
        (messages.NewTotp("a", "b"), (b"sealed", TotpSeed("ABC"))),  # type: ignore[arg-type]
        (
            messages.DrawCode(claim_for("a", NEW_KEY, None), b"binding", "code-1", T0),
            DrawnCode(Code("123456"), StampedCode("code-1", T0, b"mac")),
        ),
        (messages.Bench(KeyAlgorithm.P_256, 1), 1.5),
        (messages.Bench(KeyAlgorithm.P_256, 1), 2.0),
    ],
)
def test_answers_come_out_as_they_went_in(request_: Any, value: object) -> None:
    """Every kind of result survives the way back."""
    answer = messages.decode_answer(payload(messages.encode_answer(Answer(value))))
    assert messages.result_reader(request_)(answer.value) == value


@pytest.mark.parametrize(
    "result",
    [
        FactorResult(frozenset(), 7, MintedSad(b"record", b"mac")),
        FactorResult(frozenset(Factor), None, None),
    ],
)
def test_factor_results_come_out_as_they_went_in(result: FactorResult) -> None:
    """The result of an authorisation, minted or not."""
    answer = messages.decode_answer(payload(messages.encode_answer(Answer(result))))
    assert codec.reader(FactorResult)(answer.value) == result


@given(st.one_of(st.binary(), PLAIN.map(orjson.dumps)))
def test_noise_is_malformed(noise: bytes) -> None:
    """Nothing but Malformed comes out of the parser."""
    with pytest.raises(codec.Malformed):
        messages.decode_request(noise)


@given(requests, st.data())
def test_a_changed_request_is_malformed_or_another_request(
    request: Any, data: st.DataObject
) -> None:
    """Replacing any part of a request by noise never gives an ill-typed one."""
    name, body = orjson.loads(payload(messages.encode_request(request)))
    _replace_some_part(body, data)
    text = orjson.dumps([name, body])
    try:
        again = messages.decode_request(text)
    except codec.Malformed:
        return
    assert orjson.loads(payload(messages.encode_request(again)))[0] == name


def _replace_some_part(body: Any, data: st.DataObject) -> None:
    while isinstance(body, dict) and body:
        name = data.draw(st.sampled_from(sorted(body)))
        if not isinstance(body[name], dict) or data.draw(st.booleans()):
            body[name] = data.draw(PLAIN)
            return
        body = body[name]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, True),
        (int, 1.0),
        (int, "1"),
        (str, 1),
        (bytes, "A"),
        (bytes, "QUI"),
        (bytes, "QU JD"),
        (bytes, None),
        (bytes, 5),
        (datetime, "2026-01-01T00:00:00"),
        (datetime, "tomorrow"),
        (datetime, 5),
        (Factor, "face"),
        (KeyAlgorithm, ["RSA-1024", 1024, None]),
        (KeyAlgorithm, [[]]),
        (HashAlgorithm, "1.3.14.3.2.26"),
        (tuple[int, ...], 1),
        (tuple[int, ...], "12"),
        (tuple[int, str], [1]),
        (frozenset[int], [[1]]),
        (KeyRef, {}),
        (KeyRef, {"key_id": "QUJD", "wrapped": None, "more": 1}),
        (KeyRef, {"key_id": "QUJD", "rapped": None}),
        (KeyRef, ["QUJD", None]),
        (int | None, "x"),
        (None, 0),
        (float, "1"),
        (float, True),
        (Path, 1),
    ],
)
def test_ill_typed_values_are_malformed(kind: Any, value: object) -> None:
    """No value is bent into a type."""
    with pytest.raises(codec.Malformed):
        codec.reader(kind)(value)


def test_instants_keep_their_offset() -> None:
    """An instant with another offset is the same instant."""
    instant = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    assert codec.reader(datetime)(orjson.loads(codec.encode(instant))) == instant


def test_settings_travel_whole() -> None:
    """A signer process gets the very settings of its pool."""
    settings = PoolSettings(
        module=Path("/module.so"),
        softhsm_conf=Path("/conf"),
        service_token="a",
        service_pin_file=Path("/a.pin"),
        signers_token="slot:1",
        signers_pin_file=Path("/b.pin"),
        key_store=KeyStoreKind.WRAPPED,
        roles=frozenset(Role),
        call_limit_s=4,
    )
    assert codec.reader(PoolSettings)(codec.decode(codec.encode(settings))) == settings


@pytest.mark.parametrize("kind", [Pin, Otp, TotpSeed])
def test_secrets_do_not_show_in_messages(kind: Callable[[str], Any]) -> None:
    """The repr of every message that carries a secret hides it."""
    request = messages.NewPinVerifier("c", kind("271828"))  # type: ignore[arg-type]
    assert "271828" not in repr(request)
    with pytest.raises(codec.Malformed) as caught:
        codec.encode(dataclasses.replace(request, pin=kind("271828\ud800")))
    assert "271828" not in f"{caught.value!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_has_one_role_and_one_result(name: str) -> None:
    """The table of requests is whole: a role, and a result type that can be read."""
    kind = REQUESTS[name]
    assert kind.role in Role
    assert kind.__name__ == name
    assert callable(messages._result_reader(kind))
