"""What HTTP caches are told. (RFC 9919 7.2)"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from pki import caching
from policies import status

T0 = datetime(2026, 3, 1, 9, 5, 7, tzinfo=UTC)


def test_headers_of_an_answer() -> None:
    """The body's digest, thisUpdate and nextUpdate, and how long, to the margin."""
    window = status.ocsp_window(T0)
    assert caching.headers(b"answer", window, T0 + timedelta(hours=1, microseconds=1)) == {
        "ETag": f'"{hashlib.sha256(b"answer").hexdigest()}"',
        "Last-Modified": "Sun, 01 Mar 2026 09:05:07 GMT",
        "Expires": "Sun, 01 Mar 2026 21:05:07 GMT",
        "Cache-Control": f"max-age={11 * 3600 - 300 - 1}, public, no-transform, must-revalidate",
    }


def test_headers_of_a_list() -> None:
    """A list lives a day and is fetched anew each hour."""
    window = status.crl_window(T0)
    told = caching.headers(b"list", window, T0, status.CRL_EVERY)["Cache-Control"]
    assert told.startswith("max-age=3600, ")


def test_near_the_end_nothing_is_kept() -> None:
    """And behind it nothing negative is said."""
    window = status.ocsp_window(T0)
    for now in (window.next_update - timedelta(minutes=5), window.next_update + timedelta(days=1)):
        assert caching.headers(b"old", window, now)["Cache-Control"].startswith("max-age=0, ")


def test_errors_are_never_kept() -> None:
    """A cached error would outlive its cause."""
    assert caching.NEVER == {"Cache-Control": "no-store"}
