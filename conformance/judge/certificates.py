"""Certificates of a credential: the chain, and whether what is said about them is true.

No trust is judged and no revocation: the suite knows no anchors of the server under test.
(CSC v1 11.5, v2 11.5; RFC 5280 4.1, 4.2.1.3, 4.2.1.9)
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.judge import algorithms
from conformance.judge.signatures import key_of
from conformance.judge.wrong import Wrong, base64_bytes, guarded

MOST: Final = 16
"""Certificates of one chain; a longer one is no chain that anybody follows."""
LEAST_RSA_BITS: Final = 2048
LEAST_EC_BITS: Final = 256
_TIME: Final = re.compile(r"\d{14}Z")
_WEAK: Final = frozenset({"md2", "md5", "sha1"})

Chain = tuple[x509.Certificate, ...]


def read(texts: Sequence[object]) -> Chain:
    """The certificates of ``cert/certificates``, in their order.

    Raises:
        Wrong: Not base64 of one DER certificate each, or none at all.
    """
    if not 0 < len(texts) <= MOST:
        raise Wrong(f"There are {len(texts)} certificates; a chain has 1 to {MOST}.")
    return tuple(_read(text, f"Certificate {place + 1}") for place, text in enumerate(texts))


def _read(text: object, what: str) -> x509.Certificate:
    der = base64_bytes(text, what)

    @guarded(what)
    def parsed() -> x509.Certificate:
        certificate = x509.load_der_x509_certificate(der)
        if certificate.public_bytes(Encoding.DER) != der:
            raise Wrong(f"{what} is not in DER.")
        return certificate

    return parsed()


@guarded("The certificate")
def end_entity(chain: Sequence[bytes]) -> x509.Certificate:
    """The signer's certificate in a chain of DER, also where it does not come first.

    That it has to come first says ``check_order``; all else is held against the right one.

    Raises:
        Wrong: None can be read.
    """
    found = [x509.load_der_x509_certificate(one) for one in chain]
    if not found:
        raise Wrong("There is no certificate.")
    return next((one for one in found if not _is_ca(one)), found[0])


@guarded("The chain")
def check_order(chain: Chain) -> None:
    """Return if the end entity comes first and each certificate is signed by the next.

    Raises:
        Wrong: Another order, a gap, or a certificate that does not belong.
    """
    if len(chain) > 1 and _is_ca(chain[0]) and not _is_ca(chain[-1]):
        raise Wrong("The chain begins with a CA and ends with the end entity: it is upside down.")
    if len(set(chain)) != len(chain):
        raise Wrong("The chain holds the same certificate twice.")
    for place, (below, above) in enumerate(itertools.pairwise(chain), start=1):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as reason:
            raise Wrong(
                f"Certificate {place} is not issued by certificate {place + 1}."
            ) from reason
        # Old roots have no extensions; whoever believes one does so for other reasons.
        if not _is_ca(above) and above.issuer != above.subject:
            raise Wrong(f"Certificate {place + 1} issues another one, but is not a CA's.")


@guarded("The certificate")
def check_end_entity(leaf: x509.Certificate) -> None:
    """Return if it is not a CA's.

    Raises:
        Wrong: It is.
    """
    if _is_ca(leaf):
        raise Wrong("The first certificate is a CA's (basicConstraints), not the signer's.")


@guarded("The certificate's keyUsage")
def check_usage(leaf: x509.Certificate) -> None:
    """Return if its key may sign documents; without the extension every use is allowed.

    Raises:
        Wrong: Neither digitalSignature nor contentCommitment.
    """
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise Wrong("keyUsage allows neither digitalSignature nor contentCommitment.")


@guarded("The certificate's key")
def check_strength(leaf: x509.Certificate) -> None:
    """Return if key and signature are such as may still be relied upon (TS 119 312).

    Raises:
        Wrong: A key too short, or a certificate signed over SHA-1 or MD5.
    """
    key = key_of(leaf)
    least = LEAST_RSA_BITS if isinstance(key, rsa.RSAPublicKey) else LEAST_EC_BITS
    if key.key_size < least:
        raise Wrong(f"The certificate's key has {key.key_size} bits; {least} are the least.")
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e < 65537:
        raise Wrong(f"The certificate's RSA key has the exponent {key.public_numbers().e}.")
    signed_over = leaf.signature_hash_algorithm
    if signed_over is not None and signed_over.name in _WEAK:
        raise Wrong(f"The certificate is signed over {signed_over.name.upper()}.")


@guarded("The certificate's key")
def check_key(leaf: x509.Certificate, key: Mapping[str, object]) -> None:
    """Return if ``key/len``, ``key/curve`` and ``key/algo`` are true of the certificate's key.

    Raises:
        Wrong: One of them is not.
    """
    public = key_of(leaf)
    if key.get("len") != public.key_size:
        raise Wrong(f"key/len is {key.get('len')!r}; the certificate's has {public.key_size} bits.")
    _check_curve(public, key.get("curve"))
    listed = key.get("algo")
    for algo in listed if isinstance(listed, list) else ():
        is_rsa = isinstance(public, rsa.RSAPublicKey)
        foreign = _ECDSA if is_rsa else _RSA
        if algo in foreign:
            kind = "RSA" if is_rsa else "ECDSA"
            raise Wrong(f"key/algo lists {algo}; the certificate's key is {kind}.")


_RSA: Final = frozenset({algorithms.RSA, algorithms.RSA_PSS, *algorithms.RSA_WITH})
_ECDSA: Final = frozenset({algorithms.EC, *algorithms.ECDSA_WITH})


def _check_curve(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, curve: object) -> None:
    if isinstance(public, rsa.RSAPublicKey):
        if curve is not None:
            raise Wrong(f"key/curve is {curve!r}; the certificate's key is RSA.")
        return
    if curve is None:
        raise Wrong("key/curve is missing; the certificate's key is ECDSA.")
    if algorithms.CURVES.get(str(curve)) != public.curve.name:
        raise Wrong(f"key/curve is {curve!r}; the certificate's key is on {public.curve.name}.")


def check_validity(leaf: x509.Certificate, valid_from: object, valid_to: object) -> None:
    """Return if the two say when the certificate begins and ends.

    Raises:
        Wrong: Another form than ``YYYYMMDDHHMMSSZ``, or another time.
    """
    for name, said, true in (
        ("validFrom", valid_from, leaf.not_valid_before_utc),
        ("validTo", valid_to, leaf.not_valid_after_utc),
    ):
        if not isinstance(said, str) or not _TIME.fullmatch(said):
            raise Wrong(f"cert/{name} is {said!r}, not YYYYMMDDHHMMSSZ.")
        written = true.strftime("%Y%m%d%H%M%SZ")
        if said != written:
            raise Wrong(f"cert/{name} is {said}; the certificate says {written}.")


def check_serial(leaf: x509.Certificate, said: object) -> None:
    """Return if ``cert/serialNumber`` is the certificate's, as hexadecimal text of any form.

    Raises:
        Wrong: Another number, or a decimal one.
    """
    if not isinstance(said, str):
        raise Wrong(f"cert/serialNumber is {said!r}, not a string.")
    digits = re.sub(r"[\s:]|^0[xX]", "", said)
    if re.fullmatch(r"[0-9A-Fa-f]{1,80}", digits) and int(digits, 16) == leaf.serial_number:
        return
    if digits == str(leaf.serial_number):
        raise Wrong("cert/serialNumber is decimal; the API asks for hexadecimal.")
    raise Wrong(f"cert/serialNumber is {said[:80]}; the certificate says {leaf.serial_number:X}.")


def check_status(leaf: x509.Certificate, said: object, now: datetime) -> None:
    """Return if ``cert/status`` does not contradict the certificate's own dates.

    Raises:
        Wrong: ``valid`` outside of its time, or ``expired`` within it.
    """
    if now.tzinfo is None:
        raise ValueError("now has no zone")
    ended = leaf.not_valid_after_utc < now.astimezone(UTC)
    if said == "valid" and ended:
        raise Wrong(f"cert/status is valid; the certificate ended {leaf.not_valid_after_utc}.")
    if said == "valid" and leaf.not_valid_before_utc > now:
        raise Wrong(f"cert/status is valid; the certificate begins {leaf.not_valid_before_utc}.")
    if said == "expired" and not ended:
        raise Wrong(f"cert/status is expired; the certificate ends {leaf.not_valid_after_utc}.")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
