"""How a check ends early. The runner alone turns these into verdicts."""

from __future__ import annotations


class Ended(Exception):
    """A check ended before its last line."""


class Violation(Ended):
    """The server did something that the check's clause does not allow. The text says what."""


class Unreachable(Violation):
    """No usable answer: connection, TLS, time, size, redirect. The text says which."""


class NotApplicable(Ended):
    """The server does not offer what the check is about."""


class NotRun(Ended):
    """Something outside the server keeps the check from running: profile, budget, time."""


class Spent(NotRun):
    """The budget of requests, bytes or time is used up: nothing further is sent."""


class BadProfile(Exception):
    """The profile or the command line cannot be used. The text is for the person who wrote it."""
