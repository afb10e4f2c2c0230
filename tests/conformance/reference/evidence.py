"""What is known about revocation: a list of each CA, which has revoked nothing. (RFC 5280 5)"""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.conformance.reference import keys


@functools.cache
def lists() -> tuple[bytes, ...]:
    """CRLs as DER, for every certificate but the root's."""
    return tuple(_list(one) for one in (keys.issuing(), keys.root()))


def authorities() -> tuple[bytes, ...]:
    """Certificates of the CAs as DER."""
    return keys.issuing().der()


def validation_info() -> dict[str, list[str]]:
    """The same as the member ``validationInfo``."""
    named = {"ocsp": (), "crl": lists(), "certificates": authorities()}
    return {
        name: [base64.b64encode(one).decode() for one in values] for name, values in named.items()
    }


def _list(holder: keys.Holder) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(holder.certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=1))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    return builder.sign(holder.key, hashes.SHA256()).public_bytes(Encoding.DER)
