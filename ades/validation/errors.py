"""Why a file cannot be validated at all. The texts are for the person who gave it."""

from __future__ import annotations


class Unreadable(Exception):
    """Not a document that we read, or not one with a signature container."""
