"""Proof that who redeems a code is who asked for it. (RFC 7636; RFC 9700 2.1.1)"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from policies import errors

METHOD: Final = "S256"
"""The only method: ``plain`` would put the verifier into the browser (RFC 9700 2.1.1)."""
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""RFC 7636 4.2: base64url of 32 bytes."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
"""RFC 7636 4.1: unreserved characters."""


def challenge(value: str | None, method: str | None, *, required: bool) -> str | None:
    """The challenge to keep with the request.

    Raises:
        ParameterMissing: Required and absent.
        ParameterInvalid: Another method than S256 (an absent method means ``plain``, RFC 7636
            4.3), or no S256 challenge.
    """
    if value is None:
        if required or method is not None:
            raise errors.ParameterMissing("code_challenge")
        return None
    if method != METHOD:
        raise errors.ParameterInvalid("code_challenge_method")
    if not _CHALLENGE.fullmatch(value):
        raise errors.ParameterInvalid("code_challenge")
    return value


def verify(kept: str | None, verifier: str | None) -> None:
    """Return when the verifier belongs to the challenge.

    Raises:
        VerifierWrong: It does not, it is absent or malformed, or there was no challenge at all:
            then somebody took it out of the request (RFC 9700 4.8.2).
    """
    if kept is None:
        if verifier is not None:
            raise errors.VerifierWrong("no challenge was sent")
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise errors.VerifierWrong("absent or malformed")
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    if not hmac.compare_digest(made, kept):
        raise errors.VerifierWrong("another verifier")
