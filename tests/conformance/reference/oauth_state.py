"""What the authorization server of the reference remembers, and which clients it knows.

Every change happens between two awaits, so parallel requests see it whole.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.server import Server

CODE_S: Final = 60
PUSHED_S: Final = 90
REDIRECT_URI: Final = "http://127.0.0.1:9/callback"
CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
OWN: Final = "client_credentials"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client."""

    id: str
    secret: str = ""
    """Empty: it proves itself with the key."""
    redirect_uris: tuple[str, ...] = (REDIRECT_URI,)
    grants: tuple[str, ...] = (CODE, REFRESH, OWN)


CLIENTS: Final = {
    client.id: client
    for client in (
        Client("app", "app-secret-3"),
        Client("other", "other-secret-4"),
        Client("robot", redirect_uris=(), grants=(OWN,)),
    )
}


@functools.cache
def robot_key() -> ec.EllipticCurvePrivateKey:
    """The key of the client ``robot``."""
    return ec.generate_private_key(ec.SECP256R1())


def robot_pem() -> bytes:
    """It as PEM."""
    return robot_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request that keeps all rules."""

    major: int
    client: Client
    redirect_uri: str
    redirect_given: bool
    """The client named it, and has to name it again."""
    state: str | None
    scope: str
    """``service`` or ``credential``."""
    challenge: str = ""
    method: str = "plain"
    credential: Credential | None = None
    count: int = 0
    hashes: tuple[bytes, ...] | None = None
    algorithm: str = ""
    details: list[dict[str, Any]] | None = None
    """Authorization details, if the request came with them."""


@dataclass(slots=True)
class Code:
    """An authorization code."""

    request: Request
    user: str
    grant: str
    """Of the tokens that it becomes."""
    expires_at: float
    """Of the monotonic clock."""
    used: bool = False

    @property
    def live(self) -> bool:
        """Neither used nor expired."""
        return not self.used and time.monotonic() < self.expires_at


@dataclass(slots=True)
class State:
    """Of one server."""

    codes: dict[str, Code] = field(default_factory=dict)
    pushed: dict[str, tuple[Request, float]] = field(default_factory=dict)
    """By ``request_uri``: the request, and when it ends (monotonic)."""
    waiting: dict[str, Request] = field(default_factory=dict)
    """Requests that a person looks at."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Who is logged in, by cookie."""
    seen: set[str] = field(default_factory=set)
    """``jti`` of assertions and account tokens."""


def state(server: Server) -> State:
    """The one of ``server``."""
    found: State = server.spare.setdefault("oauth", State())
    return found
