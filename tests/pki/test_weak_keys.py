"""Keys that are not certified, each for its reason, and proofs of possession that prove nothing.

(security-and-pki 1.5; 6.3, EJBCA CVE-2022-34831)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from asn1crypto import csr as asn1
from asn1crypto import keys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pki import authority, possession, profiles, weak_keys
from pki.shared_factors import BLOCK, SharedFactors
from policies.errors import KeyUnfit
from tests.pki import golden
from tests.pki.bad_keys import ANOTHER, CLOSE, ROCA, P, Q, private, spki, with_small_factor
from tests.pki.golden import NOW, Golden
from tests.pki.test_lint import SERIAL, order, silent

GOOD = P * Q
CURVE = ec.generate_private_key(ec.SECP256R1())
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def public(key: PrivateKey | dsa.DSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def on_curve(curve: ec.EllipticCurve, form: PublicFormat) -> bytes:
    """A public key on this curve."""
    return ec.generate_private_key(curve).public_key().public_bytes(Encoding.DER, form)


def off_its_curve() -> bytes:
    """A point that satisfies no equation."""
    good = public(CURVE)
    return good[:-1] + bytes([good[-1] ^ 1])


@pytest.mark.parametrize(
    ("public_key", "reason"),
    [
        (spki(ROCA[0] * ROCA[1]), "ROCA"),
        (spki(P * CLOSE), "close primes"),
        (spki(P * P), "close primes"),
        (spki(with_small_factor(3)), "small factor"),
        (spki(with_small_factor(16381)), "small factor"),
        (spki(GOOD - 1), "small factor"),
        (spki(GOOD, 3), "exponent"),
        (spki(GOOD, 65539), "exponent"),
        (spki(GOOD >> 1 | 1), "3071 bits"),
        (spki(GOOD << 1 | 1), "3073 bits"),
        (spki(GOOD >> 2048 | 1), "1024 bits"),
        (on_curve(ec.SECP256K1(), PublicFormat.SubjectPublicKeyInfo), "kind of key"),
        (on_curve(ec.SECP224R1(), PublicFormat.SubjectPublicKeyInfo), "kind of key"),
        (public(ed25519.Ed25519PrivateKey.generate()), "kind of key"),
        (off_its_curve(), "no public key"),
        (public(CURVE) + b"\0", "no public key"),
        (b"", "no public key"),
    ],
    ids=[
        *("roca", "close primes", "a square", "divided by 3", "by the last prime tried"),
        *("even", "exponent 3", "exponent 65539", "a bit short", "a bit long", "1024 bits"),
        *("bitcoin's curve", "224 bits", "Ed25519", "off the curve", "more behind it", "nothing"),
    ],
)
async def test_bad_keys_are_not_certified(public_key: bytes, reason: str, pki: Golden) -> None:
    """By name; and the authority signs for none of them."""
    with pytest.raises(KeyUnfit, match=reason):
        weak_keys.check(public_key)
    wanted = order(pki, golden.ALICE, profiles.SIGNATURE)
    bad = authority.Order(wanted.profile, wanted.subject, public_key, wanted.lifetime)
    with pytest.raises(KeyUnfit):
        await authority.issue(silent(pki.issuing), bad, SERIAL, NOW)


@pytest.mark.parametrize("public_key", [spki(GOOD), public(CURVE)], ids=["RSA-3072", "P-256"])
def test_good_keys_are(public_key: bytes) -> None:
    """What a good generator makes passes."""
    weak_keys.check(public_key)


def request(key: PrivateKey, *names: x509.NameAttribute[str], **how: object) -> bytes:
    """A request for these names."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    alternative = x509.SubjectAlternativeName([x509.DNSName("bank.example")])
    authority_too = x509.BasicConstraints(ca=True, path_length=None)
    builder = builder.add_extension(alternative, False).add_extension(authority_too, True)
    digest = how.get("digest", hashes.SHA256())
    return builder.sign(key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]  # a table


MALLORY = x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mallory")


async def test_only_the_key_of_a_request_counts(pki: Golden) -> None:
    """Names, alternative names and the wish to be an authority stand in no certificate."""
    public_key = possession.proven(request(CURVE, MALLORY))
    assert public_key == public(CURVE)
    wanted = order(pki, golden.ALICE, profiles.SIGNATURE)
    asked = authority.Order(wanted.profile, wanted.subject, public_key, wanted.lifetime)
    der = await authority.issue(pki.issuing, asked, SERIAL, NOW)
    certificate = x509.load_der_x509_certificate(der)
    plain = x509.load_der_x509_certificate(await authority.issue(pki.issuing, wanted, SERIAL, NOW))
    assert certificate.subject == plain.subject
    kinds = [one.oid for one in certificate.extensions]
    assert kinds == [one.oid for one in plain.extensions]
    assert b"Mallory" not in der
    assert b"bank.example" not in der


def other_key(der: bytes) -> bytes:
    """The same request for somebody else's key."""
    parsed = asn1.CertificationRequest.load(der)
    parsed["certification_request_info"]["subject_pk_info"] = keys.PublicKeyInfo.load(spki(GOOD))
    return bytes(parsed.dump(force=True))


def unsigned(der: bytes) -> bytes:
    """The same request with another signature value."""
    return der[:-1] + bytes([der[-1] ^ 1])


@pytest.mark.parametrize(
    ("der", "reason"),
    [
        (unsigned(request(CURVE)), "no proof of possession"),
        (other_key(request(CURVE)), "no proof of possession|no request"),
        (request(CURVE, digest=hashes.SHA224()), "no proof of possession"),
        (request(CURVE) + b"\0", "no request"),
        (request(CURVE)[:-1], "no request"),
        (b"\x30" + bytes(20_000), "too long"),
        (b"", "no request"),
        (request(private(*ROCA)), "ROCA"),
        (request(private(P, CLOSE)), "close primes"),
    ],
    ids=[
        *("another signature", "another's key", "SHA-224", "more behind it", "cut off", "long"),
        *("nothing", "roca", "close primes"),
    ],
)
def test_requests_that_prove_nothing(der: bytes, reason: str) -> None:
    """Refused, each for its reason; so is a proof for a bad key."""
    with pytest.raises(KeyUnfit, match=reason):
        possession.proven(der)


@dataclass
class Keys:
    """The port ``KnownKeys`` over a list."""

    found: list[bytes]
    reads: list[int] = field(default_factory=list)

    async def rsa_keys(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Positions count from 1."""
        self.reads.append(after)
        return list(enumerate(self.found, 1))[after : after + limit]


async def test_a_prime_in_common_is_found() -> None:
    """With any key before, also one that came since the last look; the key itself, too."""
    known = Keys([spki((1 << 3071) + 2 * number + 1) for number in range(BLOCK + 3)])
    shared = SharedFactors(known)
    await shared.check(spki(GOOD))
    await shared.check(public(CURVE))
    known.found.append(spki(P * ANOTHER))
    for bad in (GOOD, P * ANOTHER):
        with pytest.raises(KeyUnfit, match="shared factor"):
            await shared.check(spki(bad))
    await shared.check(spki(Q * CLOSE))
    assert known.reads.count(0) == 1, "what was read is remembered"
