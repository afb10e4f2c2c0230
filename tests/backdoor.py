"""What tests put into the database of a running instance: tokens, profiles, consents, sessions.

Each has a way in of its own, with pages and tests of its own; here only what follows is tested.
Written like another process of the instance would do it. SQLite only.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from contextlib import closing
from typing import Any

from csc_server.config import Settings
from policies.secret import Token

DAY_US = 24 * 3600 * 1_000_000


class Backdoor:
    """The database of an instance."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.database.removeprefix("sqlite:///")

    def token(self, scope: str, *, client_id: str, account_id: str | None = None) -> str:
        """An access token of this scope, of a client in its own name or for an account."""
        token, grant_id = secrets.token_urlsafe(32), secrets.token_hex(16)
        self._insert(
            "grants",
            grant_id=grant_id,
            account_id=account_id,
            client_id=client_id,
            created_at=now_us(),
        )
        self._insert(
            "tokens",
            digest=digest(token),
            grant_id=grant_id,
            kind="access",
            scope=scope,
            token_type="Bearer",
            expires_at=now_us() + DAY_US,
        )
        return token

    def end(self, token: str) -> None:
        """The token's time is over."""
        self._change("UPDATE tokens SET expires_at = ? WHERE digest = ?", now_us(), digest(token))

    def end_code(self, code: str) -> None:
        """The authorization code's time is over."""
        self._change(
            "UPDATE oauth_codes SET expires_at = ? WHERE digest = ?", now_us(), digest(code)
        )

    def end_reference(self, request_uri: str) -> None:
        """The time of a pushed request is over."""
        self._change(
            "UPDATE oauth_requests SET expires_at = ? WHERE uri_digest = ?",
            now_us(),
            digest(request_uri),
        )

    def profile(self, account_id: str, name: str) -> None:
        """The account has a person with a mail address and a phone number."""
        self._insert(
            "profiles",
            account_id=account_id,
            first_name=name.title(),
            last_name="Example",
            email=f"{name}@example.com",
            email_key=f"{name}@example.com",
            phone="+40712345678",
            language="en",
            login_code=0,
            deferral="none",
            created_at=now_us(),
        )

    def lock(self, subject: str) -> None:
        """Too many wrong guesses of this subject, just now."""
        until = now_us() + DAY_US // 96
        self._insert("throttles", subject=subject, failures=5, locked_until=until)

    def consent(self, account_id: str, client_id: str, scopes: str) -> None:
        """The person let the client in."""
        self._insert(
            "oauth_consents",
            account_id=account_id,
            client_id=client_id,
            scopes=scopes,
            given_at=now_us(),
        )

    def order(self, account_id: str, source: str) -> str:
        """A certificate that ``client:ID`` ordered, and that nobody works at; its identifier."""
        order_id = secrets.token_hex(16)
        self._insert(
            "certificate_orders",
            order_id=order_id,
            account_id=account_id,
            source=source,
            wish=b"{}",
            state="waiting",
            due_at=now_us() + DAY_US,
            tries=0,
            leased_until=0,
            created_at=now_us(),
        )
        return order_id

    def session(self, account_id: str) -> str:
        """The person is signed in somewhere; the session's identifier."""
        session_id = secrets.token_hex(16)
        self._insert(
            "sessions",
            session_id=session_id,
            digest=secrets.token_bytes(32),
            stage="signed_in",
            account_id=account_id,
            opened_at=now_us(),
            seen_at=now_us(),
            ends_at=now_us() + DAY_US // 2,
            proved_at=now_us(),
            source="192.0.2.7",
            device="Firefox",
            data="{}",
        )
        return session_id

    def sessions(self) -> int:
        """How many sessions there are or were."""
        with closing(sqlite3.connect(self._path)) as connection:
            [[count]] = connection.execute("SELECT count(*) FROM sessions")
            return int(count)

    def messages_to(self, recipient: str) -> list[str]:
        """Kinds of the messages written to an address, the oldest first."""
        with closing(sqlite3.connect(self._path)) as connection:
            found = connection.execute(
                "SELECT kind FROM messages WHERE recipient = ? ORDER BY created_at", [recipient]
            )
            return [kind for [kind] in found]

    def _change(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            assert connection.execute(statement, values).rowcount == 1

    def _insert(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our own words
                list(values.values()),
            )


def digest(text: str) -> bytes:
    """How a token, a code or a reference is kept."""
    return Token(text).digest()


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000
