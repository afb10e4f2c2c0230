"""Proof of possession: whoever asks for a certificate holds the key. (RFC 2986; RFC 4211 App. C)

Of a request the public key is taken and nothing else: subject, extensions and attributes come from
proofed data and from the profile (EJBCA's CVE-2022-34831: names in a request were believed).
"""

from __future__ import annotations

from typing import Final

from asn1crypto import csr
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pki import weak_keys
from policies import errors

LONGEST: Final = 16 * 1024
"""Bytes of a request; ours have 1 KB."""
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def proven(request: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) of a key that signed its own request and may be certified.

    Args:
        request: PKCS#10, DER.

    Raises:
        KeyUnfit: The signature is another key's, or see ``pki.weak_keys``.
    """
    if len(request) > LONGEST:
        raise errors.KeyUnfit("request too long")
    try:
        parsed = x509.load_der_x509_csr(request)
        public_key = parsed.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        good = parsed.is_signature_valid and isinstance(parsed.signature_hash_algorithm, _HASHES)
        # The key as it stands in the request, not as somebody's library would write it.
        asked = csr.CertificationRequest.load(request, strict=True)["certification_request_info"]
        same = bytes(asked["subject_pk_info"].dump()) == public_key
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise errors.KeyUnfit("no request") from error
    if not good:
        raise errors.KeyUnfit("no proof of possession")
    if not same:
        raise errors.KeyUnfit("not the usual encoding")
    weak_keys.check(public_key)
    return public_key
