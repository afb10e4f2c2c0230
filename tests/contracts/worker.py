"""A process that claims SADs in competition with another: argv is URL, directory and its name.

Reads names of SADs, one a line; for each it sends many reservations at a time and answers with
how many succeeded.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from csc_server.ports import SadAlreadyUsed
from csc_server.storage import Storage
from policies import errors
from tests.build import DIGEST_A
from tests.contracts import stores

AT_A_TIME = 32


async def main(url: str, directory: Path, name: str) -> None:
    """Work until the input ends."""
    async with stores.opened(url, directory, node=name) as store:
        _answer("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            _answer(str(await claims(store, line.strip(), name)))


async def claims(store: Storage, sad: str, name: str) -> int:
    """How many of many reservations of one SAD succeeded."""
    try:
        permits = [await stores.permit(store, sad, DIGEST_A) for _ in range(AT_A_TIME)]
    except errors.SadNotUsable:
        return 0  # the other process was faster than our reading
    results = await asyncio.gather(
        *(stores.reserve(store, one, f"{name}-{n}") for n, one in enumerate(permits)),
        return_exceptions=True,
    )
    strange = [r for r in results if r is not None and not isinstance(r, SadAlreadyUsed)]
    assert not strange, strange
    return results.count(None)


def _answer(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
