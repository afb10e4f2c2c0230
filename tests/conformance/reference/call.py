"""One request to an API method, and how its members are read.

``null`` is as good as absent and unknown members are nobody's business (csc-divergences). Rules of
single methods are in their own modules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.reference import accounts
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.replies import (
    GENERIC,
    Refused,
    Reply,
    dead_token,
    generic,
    invalid,
    missing,
    unauthorized,
    unknown_token,
)
from tests.conformance.reference.server import Server, Token

LANGUAGES: Final = ("en-US", "de-DE")
LONGEST_DESCRIPTION: Final = 500


@dataclass(slots=True)
class Call:
    """What a method sees of a request."""

    server: Server
    method: str
    major: int
    """1 or 2: the version in the path."""
    authorization: str
    """The header; empty without one."""
    members: dict[str, Any]
    """The body, without its nulls."""
    _token: Token | None = None

    @property
    def token(self) -> Token:
        """The bearer's token, of scope ``service`` unless the method takes the other."""
        if self._token is None:
            raise RuntimeError(f"{self.method} takes no token")
        return self._token

    @property
    def lang(self) -> str:
        """The language of the answer: what was asked for if there is such a text (v1 11.1)."""
        wanted = self.members.get("lang")
        short = wanted[:2].lower() if isinstance(wanted, str) else ""
        return next((one for one in LANGUAGES if one.startswith(short or "en")), LANGUAGES[0])

    @property
    def hashes_name(self) -> str:
        """How this version calls the array of hashes."""
        return "hash" if self.major == 1 else "hashes"

    @property
    def algorithm_name(self) -> str:
        """How this version calls the digest OID of signHash."""
        return "hashAlgo" if self.major == 1 else "hashAlgorithmOID"

    def admit(self, *, credential_token: bool = False, malformed: str = "") -> None:
        """Take the token, or refuse it.

        Args:
            credential_token: A v2 token of scope ``credential`` will do (v2 8.3).
            malformed: What is said of another header; as all other methods say it by default.
        """
        scheme, _, text = self.authorization.partition(" ")
        if not self.authorization and self.wrong("header-missing"):
            raise Refused(GENERIC, status=403)
        if not self.server.wrong("transport-scheme-case"):
            scheme = scheme.capitalize()
        if scheme != "Bearer" or not text.strip():
            usual = GENERIC if self.major == 1 else "Malformed authorization header."
            error = "invalid_token" if self.wrong("header-malformed") else "invalid_request"
            raise Refused(malformed or usual, error=error)
        token = self.server.tokens.get(text.strip())
        if token is None and self.wrong("token-unknown"):
            token = self.server.issue("access", user="alice")
        serves = token is not None and token.client and self.server.wrong("refresh-token-serves")
        if token is None or (token.kind == "refresh" and not serves):
            raise unknown_token()
        if not token.live:
            raise dead_token()
        if "conformance" in self.members and self.wrong("unknown-members"):
            raise generic()
        if token.kind == "credential" and not (credential_token and self.major == 2):
            raise unauthorized(
                "unauthorized_client", "The client is not authorized to use this method."
            )
        self._token = token

    def wrong(self, defect: str) -> bool:
        """This method has that defect, which others can have as well."""
        return f"{defect} of {self.method}" in self.server.wrongs

    def text(self, name: str) -> str:
        """The member ``name``, a String that has to be there."""
        value = self.members.get(name)
        if value is not None and self.wrong("types-ignored"):
            return str(value)
        if not isinstance(value, str):
            raise missing("string", name)
        return value

    def flag(self, name: str) -> bool:
        """The member ``name``, a Boolean that is false by default."""
        value = self.members.get(name, False)
        if not isinstance(value, bool):
            raise generic()
        return value

    def choice(self, name: str, values: tuple[str, ...]) -> str:
        """The member ``name``, one of ``values``; the first by default."""
        value = self.members.get(name, values[0])
        if value not in values:
            raise invalid(name)
        return str(value)

    def client_data(self) -> None:
        """``clientData`` is a String wherever it is."""
        if not isinstance(self.members.get("clientData", ""), str) and not self.wrong(
            "client-data"
        ):
            raise invalid("clientData")

    def credential(self) -> Credential:
        """The credential ``credentialID``, which the bearer may use."""
        name = self.text("credentialID")
        found = self.server.credential(self.token, name)
        foreign = self.method == "credentials/info" and self.server.wrong("credential-foreign")
        if foreign or self.wrong("foreign") or self.wrong("sad-of-anybody"):
            found = accounts.CREDENTIALS.get(name)
        bound = self.token.sad
        strict = not self.server.wrong("credential-token-any")
        if found is None or (bound is not None and bound.credential != found and strict):
            raise invalid("credentialID")
        return found

    def for_user(self, refusal: str, malformed: str) -> str:
        """The user asked about; the bearer's own where the token says who it is (v1 11.4)."""
        named = self.members.get("userID", "")
        if self.token.user:
            if named != "":
                raise Refused(refusal)
            return self.token.user
        if not isinstance(named, str) or not (named == "" or named.isalnum()):
            raise Refused(malformed)
        return named


Handler = Callable[[Call], Awaitable[Reply]]
METHODS: Final[dict[tuple[int, str], Handler]] = {}
"""By major version and name; ``info.methods`` says the names."""


def method(name: str, *majors: int) -> Callable[[Handler], Handler]:
    """The function below answers ``name`` in these versions."""

    def register(handler: Handler) -> Handler:
        for major in majors:
            METHODS[major, name] = handler
        return handler

    return register
