"""What the approval pages need to know, and nothing that they may not show.

Texts of clients (labels, description, state) come as the client sent them: escape them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.algorithms import HashAlgorithm
from policies.oauth.values import Document
from policies.tokens import Scope
from policies.values import Credential


@dataclass(frozen=True, slots=True)
class Begun:
    """The request is stored; the browser goes to the approval page."""

    request_id: str
    lang: str | None
    """``lang`` of the request (CSC v1 8.4.1), not yet judged."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer for the client: send the browser there with 303 (RFC 9700 4.12)."""

    url: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What may be shown before anybody is signed in: who waits for the login."""

    request_id: str
    client_name: str
    client_host: str
    """Empty for a program on the person's own machine."""
    native: bool
    """A program on the person's own machine: the words are *Activate* (journeys J8.1)."""
    scopes: tuple[Scope, ...]
    lang: str | None
    expires_at: datetime
    answers_to: str
    """Origin, or for a private scheme the scheme, that the answer goes to; for ``form-action``
    of the page (security-and-pki 5.3)."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """What scope ``credential`` asks of the person."""

    documents: tuple[Document, ...]
    """In the client's order, at least one; one signature each."""
    hash_algorithm: HashAlgorithm
    description: str | None
    credentials: tuple[Credential, ...]
    """What may sign. One when the client named it; none when nothing of this account fits.
    ``credential.factors`` says what to ask for; ``credential.certificate`` whom it names."""


@dataclass(frozen=True, slots=True)
class AuthorizationView:
    """An open request in front of the signed-in person."""

    waiting: Waiting
    consent_given: bool
    """True: nothing has to be asked, ``AllowAuthorization(asked=False)`` works. Never for
    signatures."""
    new_scopes: tuple[Scope, ...]
    """Those of ``waiting.scopes`` that were not allowed before (ui 5.4)."""
    other_account: bool
    """True: the client wants another account; only *sign in with another account* helps."""
    signatures: Signatures | None
    """Set exactly for scope ``credential``: the page is *Approve*, else it is *Consent*."""


@dataclass(frozen=True, slots=True)
class Application:
    """A connected program, for Settings."""

    client_id: str
    name: str
    host: str
    scopes: tuple[Scope, ...]
    since: datetime
