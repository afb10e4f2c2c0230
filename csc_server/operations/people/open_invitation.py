"""Open the link of an invitation. (journeys J1.2)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Clock
from csc_server.ports.people import People, Registration
from policies import errors
from policies.secret import LinkToken


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the page behind the link shows. Opening does not use the link up."""

    people: People
    clock: Clock

    async def __call__(self, link: LinkToken) -> Registration:
        """The registration.

        Raises:
            LinkInvalid: No such invitation, or it is used or over.
        """
        found = await self.people.registration(link.digest(), self.clock.now())
        if found is None:
            raise errors.LinkInvalid("invitation")
        return found
