"""The paths of registration/v1 and account/v1, and who answers.

A path that ends in ``*`` takes an identifier there. Described in ``wire.openapi``; a test holds
this table and the description against each other.
"""

from __future__ import annotations

from typing import Final

from csc_server.web import account, certificates, registration
from csc_server.web.middleware import Handler
from csc_server.web.registration import once
from policies.tokens import Scope

TABLE: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("/registration/v1/registrations", "POST", once(registration.register)),
    ("/registration/v1/accounts/*", "GET", registration.show_account),
    ("/registration/v1/phone-proposals", "POST", once(registration.propose_phone)),
    ("/registration/v1/suspensions", "POST", once(registration.suspend)),
    ("/registration/v1/resumptions", "POST", once(registration.resume)),
    ("/registration/v1/pairing-invitations", "POST", once(registration.invite_to_pair)),
    ("/registration/v1/credits", "POST", once(registration.add_credit)),
    ("/registration/v1/certificate-orders", "POST", once(certificates.order)),
    ("/registration/v1/certificate-orders/*", "GET", certificates.show_order),
    ("/registration/v1/certificate-cancellations", "POST", once(certificates.cancel)),
    ("/registration/v1/certificates/*", "GET", certificates.of_account),
    (
        "/registration/v1/certificate-suspensions",
        "POST",
        once(certificates.suspend, Scope.REVOCATION),
    ),
    (
        "/registration/v1/certificate-resumptions",
        "POST",
        once(certificates.resume, Scope.REVOCATION),
    ),
    (
        "/registration/v1/certificate-revocations",
        "POST",
        once(certificates.revoke, Scope.REVOCATION),
    ),
    ("/account/v1/profile", "GET", account.profile),
    ("/account/v1/authenticators", "GET", account.authenticators),
    ("/account/v1/sessions", "GET", account.sessions),
    ("/account/v1/sessions/*", "DELETE", account.end_session),
    ("/account/v1/sessions/end-others", "POST", account.end_other_sessions),
    ("/account/v1/grants", "GET", account.grants),
    ("/account/v1/grants/*", "DELETE", account.withdraw),
    ("/account/v1/transactions", "GET", account.transactions),
    ("/account/v1/signatures", "GET", account.signatures),
    ("/account/v1/certificates", "GET", certificates.own),
    ("/account/v1/certificate-suspensions", "POST", certificates.suspend_own),
    ("/account/v1/certificate-revocations", "POST", certificates.revoke_own),
)
