"""Is this request from the client it names? (RFC 6749 2.3, 3.2.1; CSC v1 8.4.1)"""

from __future__ import annotations

from dataclasses import dataclass

from policies import errors
from policies.oauth import clients, proofs
from policies.oauth.clients import Client, ClientAuth
from policies.secret import ClientSecret


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request says about its client."""

    client_id: str | None
    """Parameter ``client_id``."""
    basic: tuple[str, ClientSecret] | None
    """Id and secret of the Authorization header."""
    secret: ClientSecret | None
    """Parameter ``client_secret``."""
    assertion: str | None
    assertion_type: str | None


def named(presented: Presented) -> str:
    """The client that the request names, and names only once.

    Raises:
        ParameterMissing: No client (TOK-1, OREV-5).
        ParameterInvalid: Two ways to authenticate (RFC 6749 2.3), or two clients.
    """
    if presented.basic is not None and (presented.secret or presented.assertion):
        raise errors.ParameterInvalid("client_secret")
    if presented.secret is not None and presented.assertion is not None:
        raise errors.ParameterInvalid("client_assertion")
    if presented.basic is None:
        if presented.client_id is None:
            raise errors.ParameterMissing("client_id")
        return presented.client_id
    if presented.client_id not in (None, presented.basic[0]):
        raise errors.ParameterInvalid("client_id")
    return presented.basic[0]


def check(client: Client, presented: Presented) -> str | None:
    """The assertion that is still to be verified; ``None`` when all is well.

    Raises:
        ClientAuthMissing: The client has to authenticate and did not (TOK-12).
        ClientAuthFailed: A wrong secret, or another way than the registered one (TOK-13).
        ClientAssertionInvalid: An assertion of another type.
    """
    offered = _method(presented)
    if offered is ClientAuth.NONE and not client.public:
        raise errors.ClientAuthMissing(client.client_id)
    if offered is not client.auth_method:
        # Also a secret of a public client: whatever it is, it proves nothing (RFC 8252 8.5).
        raise errors.ClientAuthFailed(f"{client.client_id}: {offered}")
    if offered is ClientAuth.PRIVATE_KEY_JWT:
        if presented.assertion_type != proofs.ASSERTION_TYPE:
            raise errors.ClientAssertionInvalid("client_assertion_type")
        return presented.assertion
    secret = presented.basic[1] if presented.basic else presented.secret
    if secret is not None and not clients.secret_matches(client, secret):
        raise errors.ClientAuthFailed(client.client_id)
    return None


def _method(presented: Presented) -> ClientAuth:
    if presented.basic is not None:
        return ClientAuth.CLIENT_SECRET_BASIC
    if presented.secret is not None:
        return ClientAuth.CLIENT_SECRET_POST
    if presented.assertion is not None or presented.assertion_type is not None:
        return ClientAuth.PRIVATE_KEY_JWT
    return ClientAuth.NONE
