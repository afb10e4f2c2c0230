"""The headers of every answer, and those of pages besides. (security-and-pki 5.3)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from webui import assets

HSTS: Final = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Sent over https only; over http browsers ignore it (RFC 6797 7.2)."""

FOR_ALL: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def of_page(nonce: str, form_targets: Sequence[str] = ()) -> Mapping[str, str]:
    """Headers of an HTML answer.

    Args:
        nonce: Of this answer alone; the page's one script carries it.
        form_targets: Further origins to which a form's answer may redirect: Chromium holds
            ``form-action`` against redirects too, and a consent ends at the client.
    """
    targets = " ".join(["'self'", *form_targets])
    policy = (
        "default-src 'none'; "
        f"script-src 'nonce-{nonce}' 'strict-dynamic'; "
        "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        f"form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'"
    )
    return {**FOR_ALL, "Cache-Control": "no-store", "Content-Security-Policy": policy}


OF_ASSET: Final[Mapping[str, str]] = {
    **FOR_ALL,
    "Cache-Control": assets.CACHE_CONTROL,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers of style sheet, script and icon: their names change with their content."""
