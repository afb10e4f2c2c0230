"""The signatures of an answer, verified under the certificate that credentials/info returned.

Between the checks and ``judge.signatures``; what a signature value has to be stands there.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from conformance.answer import Answer, decoded
from conformance.credential import Credential
from conformance.errors import NotRun, Violation
from conformance.judge import algorithms, certificates, signatures
from conformance.judge.algorithms import Scheme
from conformance.judge.wrong import Unusual, Wrong
from conformance.recording import note
from conformance.target import signatures as texts


def verify(
    answer: Answer, credential: Credential, digests: Sequence[bytes], scheme: Scheme | None = None
) -> None:
    """``answer`` holds one good signature for each of ``digests``, in their order.

    Args:
        scheme: How they were asked for; as ``Target.sign_body`` does by default.

    Raises:
        Violation: They are not that.
        NotRun: There is no certificate to verify them with.
    """
    scheme = scheme or usual(credential)
    found = [decoded(text, "a signature") for text in texts(answer, len(digests))]
    try:
        signatures.verify_all(found, digests, key(credential), scheme)
    except Unusual as unusual:
        note(str(unusual))
    except Wrong as wrong:
        raise Violation(str(wrong)) from wrong


def usual(credential: Credential) -> Scheme:
    """How ``Target.sign_body`` asks ``credential`` for signatures."""
    return algorithms.scheme(credential.sign_algo, credential.hash_algo)


def key(credential: Credential) -> signatures.PublicKey:
    """The key of the end entity's certificate.

    Raises:
        NotRun: There is no certificate that can be read. The certificate checks say so.
    """
    try:
        return signatures.key_of(leaf(credential))
    except Wrong as reason:
        raise NotRun(f"the certificate of {credential.id} cannot be used: {reason}") from reason


def leaf(credential: Credential) -> x509.Certificate:
    """The end entity's certificate.

    Raises:
        NotRun: There is none that can be read. The certificate checks say so.
    """
    if not credential.certificates:
        raise NotRun(f"credentials/info has no certificate of {credential.id}")
    try:
        return certificates.end_entity(credential.certificates)
    except Wrong as reason:
        raise NotRun(f"the certificate of {credential.id} cannot be read: {reason}") from reason
