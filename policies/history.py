"""What a person is shown of their signatures. (journeys J7.8)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from policies.algorithms import HashAlgorithm
from policies.lifecycle import OccurrenceState
from policies.values import ClientId, CredentialId, SadId

PAGE: Final = 50
"""Entries of a page when nothing is asked for."""
LARGEST_PAGE: Final = 200


class Result(StrEnum):
    """What became of a hash that was approved and asked for."""

    SIGNED = "signed"
    UNDER_WAY = "under_way"
    UNCERTAIN = "uncertain"
    """The service was interrupted while it signed; the approval was burned, and is not charged."""


RESULTS: Final = {
    OccurrenceState.CONSUMED: Result.SIGNED,
    OccurrenceState.RESERVED: Result.UNDER_WAY,
    OccurrenceState.BURNED: Result.UNCERTAIN,
}
"""States that are history; a hash that nobody asked for is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last entry that was shown."""

    approval_ends_at: datetime
    """End of the approval's first SAD: what the list is sorted by, the newest first."""
    root_id: SadId
    ordinal: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One hash that the key was used for."""

    place: Place
    digest: bytes
    hash_algorithm: HashAlgorithm
    result: Result
    signed_at: datetime | None
    """When the key was asked; ``None`` for what was signed before this was kept."""
    credential_id: CredentialId
    client_id: ClientId
