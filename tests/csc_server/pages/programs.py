"""What programs ask on the stage, on its approval pages and out of band.

The identifier of a request says which case it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from csc_server.operations.approvals.answer import ApprovalView, Asking
from csc_server.operations.oauth.views import (
    Application,
    AuthorizationView,
    Redirect,
    Signatures,
    Waiting,
)
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.oauth.values import Document
from policies.tokens import Scope
from policies.values import AccountId, ApprovalId, Credential, Factor
from tests import build, service
from tests.csc_server.pages.cast import FORTY, soon

CALLBACK: Final = "https://contabpro.example/back?code=c&iss=i"
OWN_SCHEME: Final = "example.contabpro:/back?code=c&iss=i"
ODD_NAMES: Final[list[str | None]] = [
    "عقد القرض رقم 4471.pdf",
    "חוזה הלוואה 12 (סופי).docx",
    "Invoice \u202efdp.exe",
    "契約書 Zażółć gęślą jaźń \U0001f469\u200d\u2696\ufe0f.pdf",
    "S" * 200 + ".pdf",
    "annex_" + "0123456789" * 9,
    "\u200b\u202e",
    None,
]
"""What clients call documents: other directions, other scripts, no blanks, nothing at all."""


class Programs:
    """What programs ask: the identifier of the request says which case it is."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.refusal: errors.Refused | None = None
        """What the next approval ends with."""
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.applications_of: list[Application] = [
            Application("contab", "Contab Pro", "contabpro.example", (Scope.SERVICE,), soon(0)),
            Application("desk", "Paraph for the desktop", "", (Scope.SERVICE,), soon(0)),
        ]

    async def peek(self, request_id: str, session_id: str) -> Waiting:
        """Who waits."""
        return self._waiting(request_id)

    async def view(self, request_id: str, session_id: str, account_id: AccountId) -> Any:
        """The request."""
        if request_id == "gone":
            raise errors.AuthorizationRequestGone("over")
        waiting = self._waiting(request_id)
        new = (Scope.ACCOUNT,) if request_id == "more" else waiting.scopes
        return AuthorizationView(
            waiting=waiting,
            consent_given=request_id == "given",
            new_scopes=new,
            other_account=request_id == "other",
            signatures=self.signatures(request_id),
        )

    async def allow(self, call: Any, *request: str, asked: bool) -> Redirect:
        """Let in."""
        self.answers.append(("allow", {"asked": asked}))
        return Redirect(OWN_SCHEME if request[0] == "native" else CALLBACK)

    async def approve(self, call: Any, *request: str, **given: Any) -> Redirect:
        """Sign, or end with ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        self.answers.append(("approve", given))
        return Redirect(CALLBACK)

    async def refuse(self, call: Any, *request: str) -> Redirect:
        """No."""
        self.answers.append(("refuse", {}))
        scheme = OWN_SCHEME if request[0] == "native" else CALLBACK
        return Redirect(scheme.partition("?")[0] + "?error=access_denied")

    async def applications(self, account_id: AccountId) -> list[Application]:
        """Those that were let in."""
        return self.applications_of

    async def withdraw(self, call: Any, account_id: AccountId, client_id: str) -> None:
        """Shut out."""
        self.answers.append(("withdraw", {"client_id": client_id}))

    def _waiting(self, request_id: str) -> Waiting:
        native = request_id == "native"
        names = {"odd": "شركة المحاسبة 24", "long": "Contabilitate" * 9, "forty": FORTY}
        return Waiting(
            request_id=request_id,
            client_name=names.get(request_id, "Contab Pro <b>\u202eevil</b>"),
            client_host="" if native else "contabpro.example",
            native=native,
            scopes=(Scope.ACCOUNT, Scope.SERVICE),
            lang=None,
            expires_at=soon(10),
            answers_to="https://contabpro.example",
        )

    def signatures(self, request_id: str) -> Signatures | None:
        """What is to be signed."""
        if request_id in ("consent", "more", "native", "other", "given", "long", "forty"):
            return None
        names: list[str | None] = ["Loan agreement 4471.pdf", "Annex 2, repayment schedule.pdf"]
        if request_id == "hashes":
            names = [None, None]
        if request_id == "many":
            names = [f"Payslip {number}.pdf" for number in range(100)]
        if request_id == "odd":
            names = ODD_NAMES
        documents = tuple(
            Document(service.digest_of(f"{at} {name}"), name) for at, name in enumerate(names)
        )
        pin = replace(self._credential, factors=frozenset({Factor.PIN, Factor.OTP}))
        fitting: dict[str, tuple[Credential, ...]] = {
            "none": (),
            "choose": (self._credential, replace(pin, credential_id="second")),  # type: ignore[arg-type]  # a name of ours
            "pin": (pin,),
            "sms": (replace(pin, factors=frozenset({Factor.PIN, Factor.SMS})),),
        }
        description = "بيان 3 — for the board of 12 May" if request_id == "odd" else None
        usable = fitting.get(request_id, (self._credential,))
        return Signatures(documents, HashAlgorithm.SHA256, description, usable)


class StagedApprovals:
    """Requests that wait out of band; what each asks is as of ``Programs``."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.refusal: errors.Refused | None = None
        """What the next approval ends with."""
        self.answers: list[tuple[str, str, dict[str, Any]]] = []
        self.requests: list[Asking] = [
            _asking("named", "Contab Pro <b>\u202eevil</b>", "contabpro.example", 240),
            _asking("unnamed", "", "", 1),
            _asking("native", "Paraph for the desktop", "", 2),
        ]

    async def waiting(self, account_id: AccountId) -> list[Asking]:
        """All of them."""
        return self.requests

    async def view(self, request_id: str, account_id: AccountId) -> ApprovalView:
        """One; ``gone`` is over, ``none`` has no certificate."""
        if request_id == "gone":
            raise errors.AuthorizationRequestGone("over")
        unnamed = request_id == "unnamed"
        name, host = ("", "") if unnamed else ("Contab Pro", "contabpro.example")
        kinds = {"unnamed": "hashes", "named": "hashes", "native": "approve"}
        signatures = self._programs.signatures(kinds.get(request_id, request_id))
        assert signatures is not None
        said = replace(signatures, description="Contract 17 </p><b>now</b>")
        return ApprovalView(_asking(request_id, name, host, len(said.documents)), said)

    async def approve(
        self, call: Any, request_id: str, account_id: AccountId, **given: Any
    ) -> None:
        """Take it, or end with ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        self.answers.append(("approve", request_id, given))

    async def refuse(self, call: Any, request_id: str, account_id: AccountId) -> None:
        """No."""
        self.answers.append(("refuse", request_id, {}))


def credential() -> Credential:
    """A credential with a real certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Paraph Qualified CA 1")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Andreea Ionescu")])
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 0x5A3B00117C1E90B4)
        .not_valid_before(soon(0))
        .not_valid_after(soon(0) + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return build.credential(
        certificates=(certificate.public_bytes(Encoding.DER),), public_key=spki, multisign=1000
    )


def _asking(request_id: str, name: str, host: str, count: int) -> Asking:
    return Asking(ApprovalId(request_id), name, host, count, soon(0), soon(10))
