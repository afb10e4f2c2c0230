"""What the registration API and the account API do beyond the verbs of ``operations.people``."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.api.applications import WithdrawConsent
from csc_server.operations.api.credits import AddCredit
from csc_server.operations.api.once import Once
from csc_server.operations.api.own_sessions import EndOtherSessions, EndSession
from csc_server.operations.api.signatures import SignatureHistory
from csc_server.operations.certificates import CertificateVerbs
from csc_server.ports import Clock, Credentials
from csc_server.ports.api import Applications, History, Idempotency, Ledger
from csc_server.ports.people import People
from csc_server.ports.sessions import Sessions

__all__ = ["AddCredit", "Apis", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apis:
    """Every verb, under its name."""

    once: Once
    people: People
    """Read only here: states, profiles, authenticators."""
    ledger: Ledger
    """Read only here: balances."""
    applications: Applications
    """Read only here: what was allowed."""
    add_credit: AddCredit
    end_session: EndSession
    end_other_sessions: EndOtherSessions
    withdraw_consent: WithdrawConsent
    signature_history: SignatureHistory
    certificates: CertificateVerbs


def build(
    *,
    people: People,
    sessions: Sessions,
    credentials: Credentials,
    applications: Applications,
    ledger: Ledger,
    history: History,
    idempotency: Idempotency,
    certificates: CertificateVerbs,
    clock: Clock,
) -> Apis:
    """All verbs over these stores."""
    return Apis(
        once=Once(idempotency, clock),
        people=people,
        ledger=ledger,
        applications=applications,
        add_credit=AddCredit(people, ledger, clock),
        end_session=EndSession(sessions, clock),
        end_other_sessions=EndOtherSessions(sessions, clock),
        withdraw_consent=WithdrawConsent(applications, clock),
        signature_history=SignatureHistory(history, credentials),
        certificates=certificates,
    )
