"""A process that issues, reserves and completes without end, and says what was answered.

argv: URL, directory of its witnesses. Prints `VERB SAD` after each answer, or `unavailable`.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from csc_server.ports import StorageUnavailable
from csc_server.storage import Storage
from tests.build import DIGEST_A, DIGEST_B
from tests.contracts import stores

CALLERS = 16


async def main(url: str, directory: Path) -> None:
    """Work until killed, or until the store gives up."""
    async with stores.opened(url, directory) as store:
        try:
            async with asyncio.TaskGroup() as group:
                for caller in range(CALLERS):
                    group.create_task(_work(store, caller))
        except* StorageUnavailable:
            _say("unavailable")


async def _work(store: Storage, caller: int) -> None:
    for number in count():
        name = f"sad-{caller}-{number}"
        await stores.issue(store, name, DIGEST_A, DIGEST_B)
        _say(f"issued {name}")
        permit = await stores.permit(store, name, DIGEST_A)
        await stores.reserve(store, permit, f"operation-{name}")
        _say(f"consuming {name}")
        await stores.complete(store, permit, f"operation-{name}")
        _say(f"used {name}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
