"""schemathesis: requests made up from our descriptions, answers held to them.

0 unhandled errors, every answer as described. A
few requests for each operation in `make test`, hundreds in `make campaign`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests import fuzz, service
from tests.backdoor import Backdoor
from tests.fuzz import Fuzz
from tests.service import Client, Person, Service

PER_ROUND = 3
"""Made-up requests for each operation and round, beside those that try each rule once."""
NOT_OF_CSC = ("ignored_auth", "missing_required_header")
"""Both expect 401 without a token; CSC wants 400 (LIST-1 and its likes)."""
SIGNER, SUSPENDED = "signer", "suspended"
"""Two people: the portal suspends whom it finds, so it finds somebody else."""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[str, Person]]]:
    """A service for nobody else, and who is known to it."""
    settings = service.create_instance(tmp_path_factory.mktemp("fuzz") / "instance")
    people = asyncio.run(
        service.enrol(settings, dict.fromkeys((SIGNER, SUSPENDED), service.PIN_P256))
    )
    for name, person in people.items():
        Backdoor(settings).profile(person.account_id, name)
    running = Service(settings)
    running.start()
    yield running, people
    assert running.stop() == 0


def test_the_csc_methods(
    fuzzed: tuple[Service, dict[str, Person]], tmp_path: Path, rounds: int
) -> None:
    """In the hands of somebody who has a credential and does not know its PIN."""
    running, people = fuzzed
    known = {"body.credentialID": list(people[SIGNER].credentials.values())}
    token = asyncio.run(_log_in(running.base_url, people[SIGNER]))
    url = f"{running.base_url}/csc/openapi.json"
    told = fuzz.run(Fuzz(url, token, known, NOT_OF_CSC), tmp_path, PER_ROUND * rounds)
    print(f"\nCSC methods: {told}")


@pytest.mark.parametrize(("api", "name"), [("registration", SUSPENDED), ("account", SIGNER)])
def test_our_own_apis(
    fuzzed: tuple[Service, dict[str, Person]], tmp_path: Path, rounds: int, api: str, name: str
) -> None:
    """With an account that exists."""
    running, people = fuzzed
    account_id = people[name].account_id
    owner = account_id if api == "account" else None
    token = Backdoor(running.settings).token(api, client_id="fuzzer", account_id=owner)
    known = {parameter: [account_id] for parameter in ("body.accountID", "path.accountID")}
    url = f"{running.base_url}/openapi.json"
    told = fuzz.run(Fuzz(url, token, known, tag=api), tmp_path, PER_ROUND * rounds)
    print(f"\n{api}/v1: {told}")


async def _log_in(base_url: str, person: Person) -> str:
    async with aiohttp.ClientSession() as http:
        return str((await Client(http, base_url).log_in(person)).body["access_token"])
