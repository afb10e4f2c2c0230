"""The state of a running reference server: tokens, SADs, handles, finished requests.

Every change happens between two awaits, so parallel requests see it whole.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from tests.conformance.reference import accounts, defects
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.replies import Reply

TOKEN_S: Final = 3600
Outcome = TypeVar("Outcome")


@dataclass(slots=True)
class Sad:
    """An authorization to sign with one credential."""

    text: str
    credential: Credential
    owner: str
    """Who it was made for: ``Token.subject``."""
    remaining: int
    hashes: Counter[bytes] | None
    """What may be signed, each as often as it was named; None: anything."""
    algorithm: str
    """Digest OID that came with the hashes; empty without one."""
    expires_at: float
    """Of the monotonic clock."""
    exchange: bool = True
    """Good for one signHash; the rest only after extendTransaction."""
    used: bool = False
    """Signed with, and not yet exchanged."""

    @property
    def expired(self) -> bool:
        """Its time is over."""
        return time.monotonic() >= self.expires_at


@dataclass(slots=True)
class Token:
    """A token for the API (``access``), for its renewal (``refresh``), or a ``credential`` one."""

    text: str
    kind: str
    grant: str
    """Tokens of one login share it: revoking the refresh token ends them all."""
    user: str
    """Empty: of a client that speaks for itself."""
    client: str = ""
    """OAuth client; empty for auth/login."""
    expires_at: float = 0.0
    """Of the monotonic clock."""
    revoked: bool = False
    sad: Sad | None = None
    """What a ``credential`` token allows."""
    details: dict[str, Any] = field(default_factory=dict)
    """Whatever the authorization server wants to remember."""

    @property
    def subject(self) -> str:
        """Who a SAD is made for."""
        return f"user {self.user}" if self.user else f"client {self.client}"

    @property
    def live(self) -> bool:
        """Neither revoked nor expired."""
        return not self.revoked and time.monotonic() < self.expires_at


@dataclass(slots=True)
class Pending(Generic[Outcome]):
    """Work that is finished after the first question: an approval or an asynchronous request."""

    owner: str
    """``Token.subject`` of who asked for it."""
    outcome: Outcome
    expires_at: float
    """Of the monotonic clock."""
    asked: int = 0

    @property
    def expired(self) -> bool:
        """Its time is over."""
        return time.monotonic() >= self.expires_at


@dataclass(slots=True)
class Server:
    """One instance; ``serve`` makes it."""

    specs: str
    """Of ``/csc/v2``; ``/csc/v1`` is always 1.0.4.0."""
    wrongs: frozenset[str]
    base: str = ""
    """Where it listens: ``http://127.0.0.1:port``."""
    tokens: dict[str, Token] = field(default_factory=dict)
    sads: dict[str, Sad] = field(default_factory=dict)
    approvals: dict[str, Pending[Sad]] = field(default_factory=dict)
    """By handle."""
    responses: dict[str, Pending[dict[str, Any]]] = field(default_factory=dict)
    """By ``responseID``."""
    sent: set[str] = field(default_factory=set)
    """Credentials whose one-time code is on its way."""
    spare: dict[str, Any] = field(default_factory=dict)
    """For the authorization server: codes, pushed requests, whatever it keeps."""

    def __post_init__(self) -> None:
        unknown = self.wrongs - defects.every().keys()
        if unknown:
            raise ValueError(f"there is no defect {sorted(unknown)}")

    def wrong(self, defect: str) -> bool:
        """This server has that defect."""
        if defect not in defects.every():
            raise KeyError(defect)
        return defect in self.wrongs

    def leaves_out(self, method: str) -> bool:
        """``method`` is not implemented; only the defect about such methods leaves one out."""
        return method == "signatures/timestamp" and self.wrong("unlisted-404")

    def changed(self, method: str, reply: Reply) -> Reply:
        """``reply`` as the defects of ``method`` leave it."""
        for name in self.wrongs:
            defect = defects.every()[name]
            if defect.change is not None and defect.method == method:
                reply = defect.change(reply)
        return reply

    @property
    def is_21(self) -> bool:
        """v2 is v2.1.0.1."""
        return self.specs.startswith("2.1")

    def issue(
        self,
        kind: str,
        *,
        user: str = "",
        client: str = "",
        grant: str = "",
        lifetime_s: float = TOKEN_S,
        sad: Sad | None = None,
    ) -> Token:
        """A new token of ``kind``: ``access``, ``refresh`` or ``credential``."""
        text = sad.text if sad else new(kind)
        ends = time.monotonic() + lifetime_s
        token = Token(text, kind, grant or new("grant"), user, client, ends, sad=sad)
        self.tokens[text] = token
        return token

    def revoke(self, token: Token) -> None:
        """``token`` is dead; with a refresh token, everything of its grant (v1 11.3; v2 11.3)."""
        token.revoked = True
        cascade = token.kind == "refresh" and not self.wrong("revoke-no-cascade")
        if cascade or self.wrong("revoke-too-much"):
            for other in self.tokens.values():
                other.revoked = other.revoked or other.grant == token.grant

    def authorize(
        self,
        credential: Credential,
        owner: str,
        count: int,
        hashes: Iterable[bytes] | None,
        *,
        algorithm: str = "",
        exchange: bool = True,
    ) -> Sad:
        """A new SAD for ``count`` signatures."""
        allowed = Counter(hashes) if hashes is not None else None
        if allowed is not None and self.wrong("sad-forgets-doubles"):
            allowed = Counter(set(allowed))
        ends = time.monotonic() + credential.lifetime_s
        text = new("sad")
        sad = Sad(text, credential, owner, count, allowed, algorithm, ends, exchange)
        self.sads[text] = sad
        return sad

    def kill(self, sad: Sad) -> None:
        """``sad`` is never good again, nor is a token that carries it."""
        self.sads.pop(sad.text, None)
        if sad.text in self.tokens:
            self.tokens[sad.text].revoked = True

    def credential(self, token: Token, name: str) -> Credential | None:
        """The credential ``name``, if the bearer may see it: clients may see all."""
        found = accounts.CREDENTIALS.get(name)
        if found is None or (token.user and found.owner != token.user):
            return None
        return found


def new(what: str) -> str:
    """A text that nobody can guess."""
    return f"{what}-{secrets.token_hex(16)}"
