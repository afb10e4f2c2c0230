"""What signAlgo, hashAlgo and signAlgoParams mean for each key. (CSC v1 11.9, RFC 4055)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies import algorithms, errors
from policies.algorithms import HashAlgorithm, KeyAlgorithm, PssParameters, Scheme

SHA256, SHA384 = HashAlgorithm.SHA256, HashAlgorithm.SHA384
SHA1 = "1.3.14.3.2.26"
RSA, EC = KeyAlgorithm.RSA_3072, KeyAlgorithm.P_256
PSS = PssParameters(SHA256.oid, algorithms.MGF1, SHA256.oid, 32, 1)


@pytest.mark.parametrize("key", KeyAlgorithm)
def test_everything_offered_resolves(key: KeyAlgorithm) -> None:
    """No OID in key/algo is one that signHash then refuses."""
    for oid in algorithms.offered(key):
        parameters = PSS if oid == algorithms.RSASSA_PSS else None
        found = algorithms.resolve(key, oid, SHA256.oid, parameters)
        assert (found.scheme is Scheme.ECDSA) == (key.curve_oid is not None)


def test_the_digest_of_the_name_wins() -> None:
    """hashAlgo next to sha384WithRSA is ignored (CSC v1 11.9)."""
    found = algorithms.resolve(RSA, "1.2.840.113549.1.1.12", SHA256.oid, None)
    assert found.hash_algorithm is SHA384


def test_a_bare_name_needs_the_digest() -> None:
    """rsaEncryption says nothing about the digest."""
    with pytest.raises(errors.HashAlgoMissing):
        algorithms.resolve(RSA, algorithms.RSA_ENCRYPTION, None, None)


@pytest.mark.parametrize("weak", [SHA1, "2.16.840.1.101.3.4.2.4", "1.2.840.113549.2.5", "x"])
def test_weak_digests_are_refused(weak: str) -> None:
    """SHA-1, SHA-224, MD5 and nonsense."""
    with pytest.raises(errors.HashAlgoInvalid):
        algorithms.resolve(RSA, algorithms.RSA_ENCRYPTION, weak, None)


# RFC 8017 9.1.1: longest salt = ceil((bits - 1) / 8) - digest - 2. 222 for RSA-2048 and SHA-256
# is the value pyHanko asks for.
LONGEST = [(KeyAlgorithm.RSA_2048, 222), (KeyAlgorithm.RSA_3072, 350), (KeyAlgorithm.RSA_4096, 478)]


@pytest.mark.parametrize(("key", "longest"), LONGEST)
def test_any_salt_that_fits_is_honoured(key: KeyAlgorithm, longest: int) -> None:
    """Zero, the usual, the longest; one more is refused."""
    for salt in (0, 32, longest):
        parameters = replace(PSS, salt_bytes=salt)
        assert algorithms.resolve(key, algorithms.RSASSA_PSS, None, parameters).salt_bytes == salt
    too_long = replace(PSS, salt_bytes=longest + 1)
    with pytest.raises(errors.SignAlgoParamsInvalid):
        algorithms.resolve(key, algorithms.RSASSA_PSS, None, too_long)


@pytest.mark.parametrize(
    "changes",
    [
        {"hash_oid": SHA1},
        {"mask_hash_oid": SHA384.oid},
        {"mask_oid": "1.2.3"},
        {"trailer": 2},
        {"salt_bytes": -1},
    ],
)
def test_bad_pss_parameters_are_refused(changes: dict[str, str | int]) -> None:
    """SHA-1 (the default of absent fields), mixed digests, other masks, other trailers."""
    with pytest.raises(errors.SignAlgoParamsInvalid):
        algorithms.resolve(RSA, algorithms.RSASSA_PSS, None, replace(PSS, **changes))  # type: ignore[arg-type] # the values fit their fields


def test_pss_needs_parameters() -> None:
    """Without them nobody knows digest or salt."""
    with pytest.raises(errors.SignAlgoParamsMissing):
        algorithms.resolve(RSA, algorithms.RSASSA_PSS, SHA256.oid, None)


def test_hash_algo_must_agree_with_the_parameters() -> None:
    """Two digests for one signature are none."""
    with pytest.raises(errors.HashAlgoInvalid):
        algorithms.resolve(RSA, algorithms.RSASSA_PSS, SHA384.oid, PSS)


def test_small_rsa_is_not_offered_by_default() -> None:
    """TS 119 312 V1.5.1: no new certificates below 3000 bits from 2026 on."""
    assert KeyAlgorithm.RSA_2048 not in algorithms.DEFAULT_KEY_ALGORITHMS


@pytest.mark.parametrize("hash_algo", [None, SHA384.oid, SHA1])
@pytest.mark.parametrize("parameters", [None, PSS])
@pytest.mark.parametrize("key", KeyAlgorithm)
def test_the_named_digest_is_the_one_that_is_signed(
    key: KeyAlgorithm, parameters: algorithms.PssParameters | None, hash_algo: str | None
) -> None:
    """Whatever resolves has the digest that was named without the key; rubbish names none."""
    for sign_algo in algorithms.offered(key):
        named = algorithms.named_digest(sign_algo, hash_algo, parameters)
        try:
            resolved = algorithms.resolve(key, sign_algo, hash_algo, parameters)
        except errors.Refused:
            continue
        assert resolved.hash_algorithm is named
    assert algorithms.named_digest("1.2.3", None, None) is None
