"""Which tests share a worker of pytest-xdist, and which come first.

A file stays whole, so its module's fixtures are made once. The campaign stays whole as well: its
runs fill the processors and measure, two of them at a time would judge each other. So do the
tests of a directory that share one running service with many people: to make it takes a while.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_TOGETHER = (
    "tests/campaign/",
    "tests/csc_server/api/",
    "tests/csc_server/oauth/",
    "tests/csc_server/status/",
)


_LONGEST = (
    "tests/campaign/",
    "tests/csc_server/pages/test_every_page.py",
    "tests/csc_server/api/",
    "tests/csc_server/status/",
    "tests/csc_server/oauth/",
    "tests/csc_server/commands/test_people.py",
    "tests/conformance/test_own.py",
)


def longest_first(nodeid: str) -> int:
    """A key to sort tests by: what takes minutes begins at once, and nobody waits for it in the
    end."""
    starts = (at for at, place in enumerate(_LONGEST) if nodeid.startswith(place))
    return next(starts, len(_LONGEST))


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out files in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        for directory in _TOGETHER:
            if nodeid.startswith(directory):
                return directory
        return nodeid.partition("::")[0]
