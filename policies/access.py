"""May this principal touch this credential? (CSC v1 11.4, 11.5; security-and-pki 5.4)"""

from __future__ import annotations

from datetime import datetime

from policies import errors
from policies.values import AccountId, Credential, CredentialState, Principal


def visible(credential: Credential | None, principal: Principal) -> Credential:
    """The credential, if the principal may know that it exists.

    Raises:
        CredentialUnknown: No such credential, or another account's.
    """
    return owned(credential, principal.account_id)


def owned(credential: Credential | None, account_id: AccountId) -> Credential:
    """The credential, if it is this account's.

    Raises:
        CredentialUnknown: No such credential, or another account's.
    """
    if credential is None or credential.account_id != account_id:
        raise errors.CredentialUnknown("not among the account's credentials")
    return credential


def usable(credential: Credential, now: datetime) -> Credential:
    """The credential, if its key may be used at ``now``.

    Raises:
        CredentialDisabled: Switched off, or no certificate yet.
        CertificateExpired: ``now`` lies outside the certificate's validity.
    """
    certificate = credential.certificate
    if credential.state is not CredentialState.ENABLED or certificate is None:
        raise errors.CredentialDisabled(credential.credential_id)
    # RFC 5280 4.1.2.5: notAfter itself still belongs to the validity.
    if not certificate.not_before <= now <= certificate.not_after:
        raise errors.CertificateExpired(
            certificate.subject_organization, certificate.subject_common_name
        )
    return credential
