"""The header ``WWW-Authenticate`` of a refusal: what would open the door.

(RFC 6750 3; RFC 9449 7.1; RFC 6749 5.2)
"""

from __future__ import annotations

from typing import Final

from csc_server.wire import errors
from policies import errors as reasons
from policies.oauth import proofs

_REALM: Final = 'realm="paraph"'
_CLIENT: Final = (
    reasons.ClientUnknown,
    reasons.ClientAuthMissing,
    reasons.ClientAuthFailed,
    reasons.ClientAssertionInvalid,
    reasons.ClientHeaderInvalid,
)
_OTHERS: Final = (errors.HeaderMalformed, errors.TokenInAddress, reasons.ScopeInsufficient)
"""Refusals with a challenge whose status is not 401: RFC 6750 3 asks for it whatever the status,
and the standard's tables have 400 (LIST-1 and its likes)."""
_OF_PROOFS: Final = (reasons.TokenBoundToKey, reasons.CallProofInvalid)


def challenge(reason: Exception, status: int) -> str | None:
    """The challenge beside this refusal; ``None`` when nothing about tokens is wrong."""
    if status != 401 and not isinstance(reason, _OTHERS):
        return None
    if isinstance(reason, errors.LoginHeaderMalformed):
        return f'Basic {_REALM}, error="invalid_request"'  # LOGIN-1
    if isinstance(reason, _CLIENT):
        return f"Basic {_REALM}"
    if isinstance(reason, errors.BearerMissing | errors.HeaderMissing):
        # RFC 6750 3.1: nothing about errors to who brought no token.
        return f"Bearer {_REALM}"
    if isinstance(reason, errors.HeaderMalformed | errors.TokenInAddress):
        return f'Bearer {_REALM}, error="invalid_request"'
    if isinstance(reason, _OF_PROOFS):
        error = "invalid_token"
        if isinstance(reason, reasons.CallProofInvalid):
            error = "invalid_dpop_proof"
        return f'DPoP {_REALM}, error="{error}", algs="{" ".join(proofs.ALGORITHMS)}"'
    if isinstance(reason, reasons.ScopeInsufficient):
        return f'Bearer {_REALM}, error="insufficient_scope"'
    return f'Bearer {_REALM}, error="invalid_token"'
