"""Defects of signatures/timestamp."""

from __future__ import annotations

from typing import Any, Final

from tests.conformance.reference.defects import ALL, Defect
from tests.conformance.reference.replies import accepting, refusing, without

_METHOD: Final = "signatures/timestamp"
_TOKENS: Final = ("verifies", "nonce-absent", "nonce-forms", "sha384", "sha512", "certificate")


def _named(checks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"timestamp.{one}" for one in checks)


def _wrong(name: str, what: str, *checks: str) -> Defect:
    """A switch in the code."""
    return Defect(f"timestamp-{name}", _named(checks), ALL, what)


def _rewords(name: str, what: str, text: str, *checks: str, **other: Any) -> Defect:
    """The refusal with ``text`` is another one."""
    change = refusing(text, **other)
    return Defect(f"timestamp-{name}", _named(checks), ALL, what, _METHOD, change)


def _skips(name: str, what: str, text: str, *checks: str) -> Defect:
    """What ``text`` is about is not looked at."""
    change = accepting(text, timestamp="AAAA")
    return Defect(f"timestamp-{name}", _named(checks), ALL, what, _METHOD, change)


DEFECTS: Final = (
    _rewords(
        "hash-status",
        "A missing hash is answered with 422.",
        "Missing (or invalid type) string parameter hash",
        "hash-missing",
        status=422,
    ),
    _rewords(
        "empty-code",
        "An empty hash is called invalid_hash.",
        "Empty hash parameter",
        "hash-empty",
        error="invalid_hash",
    ),
    _skips(
        "base64-any",
        "A hash that is not base64 is taken.",
        "Invalid Base64 hash string parameter",
        "hash-base64",
    ),
    _skips(
        "algo-any",
        "Any hashAlgo is taken.",
        "Invalid parameter hashAlgo",
        *("algo-missing", "algo-unknown", "algo-weak"),
    ),
    _wrong("length-any", "A hash of any length is stamped.", "hash-length"),
    _wrong("nonce-any", "A nonce that is no number is taken.", "nonce-invalid"),
    _wrong("nonce-lost", "The token has no nonce.", *_TOKENS[:1], *_TOKENS[2:]),
    _wrong("nonce-decimal", "A nonce of digits alone is read as decimal.", "nonce-forms"),
    _wrong("nonce-needed", "Without nonce there is no token.", "nonce-absent", "own", "lenient"),
    _skips(
        "client-data-any",
        "A clientData that is no text is taken.",
        "Invalid parameter clientData",
        "client-data-type",
    ),
    _wrong("again", "The hash is hashed once more.", *_TOKENS),
    _wrong("late", "The clock is an hour ahead.", *_TOKENS),
    _wrong("usage", "extendedKeyUsage of the unit is not critical.", *_TOKENS),
    _wrong("no-attribute", "signing-certificate-v2 is missing.", *_TOKENS),
    _wrong("response", "The whole TimeStampResp comes.", *_TOKENS),
    _wrong("lines", "The token is base64 with line breaks.", *_TOKENS, "own", "lenient"),
    _wrong("kept", "The same token comes for the same request.", "own"),
    _wrong("bare", "The token holds no certificate.", *_TOKENS),
    Defect(
        "timestamp-empty",
        _named((*_TOKENS, "own", "lenient")),
        ALL,
        "The answer has no timestamp.",
        _METHOD,
        without("timestamp"),
    ),
)
