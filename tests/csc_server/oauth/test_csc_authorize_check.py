"""Approval out of band: authorize answers 202, the person answers on our page, authorizeCheck
gives the SAD. (CSC v2 11.6, 11.7; CSC spec 3.7, 3.8, 5.10, 5.11; ADR 9)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.backdoor import Backdoor
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import SHA256, Browser, Landing, Program, std_hash
from tests.service import PIN, Client, Person, Reply

Of = Callable[..., Program]
BAD = "invalid_request"
ECDSA = "1.2.840.10045.4.3.2"
DENIED = (400, "invalid_authentication_data", "The authentication data is invalid")
NO_HANDLE = (400, BAD, "Invalid parameter handle")
APPROVAL = [{"id": "APPROVAL"}]

_numbers = iter(range(100))


@dataclass
class Asked:
    """Somebody who can be asked, with a browser, and a program that may ask."""

    person: Person
    browser: Browser
    program: Program
    token: str

    async def authorize(self, *names: str, pin: bool = True, **changes: Any) -> Reply:
        """credentials/authorize, to be approved on our page."""
        credential = self.person.credentials["pin" if pin else "both"]
        body = {
            "credentialID": credential,
            "numSignatures": len(names),
            "hashes": [std_hash(one) for one in names],
            "hashAlgorithmOID": SHA256,
            "authData": APPROVAL,
        }
        return await self.program.call("credentials/authorize", body | changes, self.token)

    async def handle(self, *names: str, **changes: Any) -> str:
        """The handle of a good request."""
        reply = await self.authorize(*names, **changes)
        assert reply.status == 202, reply.body
        assert reply.body.keys() == {"handle"}
        return str(reply.body["handle"])

    async def check(self, handle: Any) -> Reply:
        """credentials/authorizeCheck."""
        body = {} if handle is ... else {"handle": handle}
        return await self.program.call("credentials/authorizeCheck", body, self.token)

    async def waiting(self) -> list[str]:
        """Identifiers on the page of what waits, the oldest first."""
        shown = await self.browser.get("/approvals")
        assert shown.status == 200
        links = shown.text.split('href="/approval?request=')[1:]
        return [link.partition('"')[0] for link in links]

    async def answer(self, request_id: str, do: str = "approve", **form: str) -> Landing:
        """The form of the page."""
        given = {"pin": PIN, **form} if do == "approve" else form
        return await self.browser.post("/approval", request=request_id, do=do, **given)

    async def sign(self, sad: str, *names: str) -> Reply:
        """signatures/signHash."""
        body = {
            "credentialID": self.person.credentials["pin"],
            "SAD": sad,
            "hashes": [std_hash(one) for one in names],
            "signAlgo": ECDSA,
        }
        return await self.program.call("signatures/signHash", body, self.token)


@pytest.fixture(scope="module")
def backdoor(world: World) -> Backdoor:
    """Everybody who can be asked has a mail address."""
    door = Backdoor(world.service.settings)
    for name, one in world.people.items():
        if name.startswith("asked-"):
            door.profile(one.account_id, name)
    return door


@pytest.fixture
async def asked(
    world: World, backdoor: Backdoor, browser_of: Callable[[str], Browser], program: Program
) -> Asked:
    """Somebody whom no test has asked."""
    name = f"asked-{next(_numbers)}"
    browser = browser_of(name)
    token = (await program.tokens(browser))["access_token"]
    return Asked(world.people[name], browser, program, token)


async def test_ask_approve_collect_sign(asked: Asked, backdoor: Backdoor) -> None:
    """202 until the person has typed the PIN on our page; then one SAD for exactly these hashes."""
    handle = await asked.handle("a", "b", description="Two contracts")
    email = f"{asked.person.username}@example.com"
    assert backdoor.messages_to(email) == ["approval_wanted"]
    for _ in range(2):
        pending = await asked.check(handle)
        assert (pending.status, pending.body) == (202, {"handle": handle})
    [request_id] = await asked.waiting()
    shown = await asked.browser.get("/approval", {"request": request_id})
    for words in ("Contab", "contab.example", "Two contracts", "Approve 2 signatures"):
        assert words in shown.text
    answer = await asked.answer(request_id)
    assert (answer.status, answer.location) == (303, "/approvals?approved=1")
    assert await asked.waiting() == []
    given = await asked.check(handle)
    assert given.status == 200
    assert given.body.keys() == {"SAD", "expiresIn"}
    assert 0 < given.body["expiresIn"] <= 300
    other = await asked.sign(given.body["SAD"], "a", "c")
    assert other.error == (400, BAD, "Hash is not authorized by the SAD.")
    signed = await asked.sign(given.body["SAD"], "b", "a")
    assert len(signed.body["signatures"]) == 2
    assert (await asked.check(handle)).error == NO_HANDLE


async def test_one_of_many_checks_gets_the_sad(asked: Asked) -> None:
    """Of 16 at a time one; the others are told what a used handle is told."""
    handle = await asked.handle("a")
    [request_id] = await asked.waiting()
    assert (await asked.answer(request_id)).status == 303
    replies = await asyncio.gather(*(asked.check(handle) for _ in range(16)))
    assert sorted(one.status for one in replies) == [200] + [400] * 15
    assert {one.error for one in replies if one.status == 400} == {NO_HANDLE}


async def test_check_3_a_refusal(asked: Asked) -> None:
    """The client is told that the person said no, however often it asks; nothing can be undone."""
    handle = await asked.handle("a")
    [request_id] = await asked.waiting()
    assert (await asked.answer(request_id, "refuse")).location == "/approvals?refused=1"
    assert (await asked.check(handle)).error == DENIED
    assert (await asked.check(handle)).error == DENIED
    assert (await asked.answer(request_id)).status == 410


async def test_wrong_pins_and_check_4(asked: Asked) -> None:
    """A wrong PIN leaves the request open; after five it is locked, and the client learns it."""
    handle = await asked.handle("a")
    [request_id] = await asked.waiting()
    for _ in range(5):
        wrong = await asked.answer(request_id, pin="271828")
        assert (wrong.status, wrong.location) == (422, "")
        assert "Contab" in wrong.text
    assert (await asked.check(handle)).error == (400, BAD, "Credential locked")
    assert (await asked.answer(request_id)).status == 422
    assert (await asked.authorize("b")).error == (400, BAD, "Credential locked")


async def test_a_code_of_the_authenticator_approves_once(asked: Asked) -> None:
    """PIN and code together, as at authorize; the same code approves nothing more."""
    code = asked.person.code()
    handles = [await asked.handle(name, pin=False) for name in ("a", "b")]
    first, second = await asked.waiting()
    assert (await asked.answer(first)).status == 422
    assert (await asked.answer(first, code=code)).status == 303
    assert (await asked.answer(second, code=code)).status == 422
    assert [(await asked.check(one)).status for one in handles] == [200, 202]


async def test_a_request_is_its_owners(asked: Asked, browser_of: Callable[[str], Browser]) -> None:
    """In whatever browser; nobody else can look at it, approve it or refuse it."""
    handle = await asked.handle("a")
    [request_id] = await asked.waiting()
    stranger = browser_of("mallory")
    assert (await stranger.get("/approval", {"request": request_id})).status == 410
    for do in ("approve", "refuse"):
        answer = await stranger.post("/approval", request=request_id, do=do, pin=PIN)
        assert answer.status == 410
    nobody = await Browser(stranger.http, stranger.base_url, None).get(
        "/approval", {"request": request_id}
    )
    assert nobody.path == "/login"
    assert (await asked.check(handle)).status == 202


async def test_check_2_a_handle_is_its_clients(asked: Asked, program_of: Of) -> None:
    """Unknown, another client's, another account's: one answer for all; missing is told apart."""
    handle = await asked.handle("a")
    rival = program_of("rival", redirect_uri="https://rival.example/callback")
    hers = (await rival.tokens(asked.browser))["access_token"]
    for reply in (
        await rival.call("credentials/authorizeCheck", {"handle": handle}, hers),
        await asked.check("never issued"),
    ):
        assert reply.error == NO_HANDLE
    missing = "Missing (or invalid type) string parameter handle"
    for wrong in (..., None, 7, ""):
        assert (await asked.check(wrong)).error == (400, BAD, missing)
    assert (await asked.check(handle)).status == 202


async def test_check_1_the_header(asked: Asked, world: World) -> None:
    """400 without one, 401 with an unknown token, 401 with a token of another scope."""
    url = f"{world.issuer}/csc/v2/credentials/authorizeCheck"
    async with asked.program.http.post(url, json={"handle": "x"}) as response:
        body = await response.json()
    assert (response.status, body["error_description"]) == (400, "Malformed authorization header.")
    unknown = await asked.program.call("credentials/authorizeCheck", {"handle": "x"}, "unknown")
    assert (unknown.status, unknown.body["error"]) == (401, "invalid_token")


async def test_what_is_asked_keeps_the_rules(asked: Asked) -> None:
    """AUTH-2 to AUTH-7 as ever, and how the object may be sent; nobody is asked meanwhile."""
    both = [{"id": "PIN", "value": PIN}, {"id": "APPROVAL"}]
    rows: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
        ({"credentialID": "unknown"}, (400, BAD, "Invalid parameter credentialID")),
        ({"numSignatures": 3}, (400, BAD, "Numbers of signatures is too high")),
        (
            {"hashes": None},
            (400, BAD, "Missing (or invalid type) array parameter hashes"),
        ),
        ({"authData": both}, (400, BAD, "Invalid parameter authData")),
        ({"authData": APPROVAL * 2}, (400, BAD, "Invalid parameter authData")),
        (
            {"authData": [{"id": "APPROVAL", "value": "yes"}]},
            (400, BAD, "Invalid parameter authData"),
        ),
        ({"description": "x" * 501}, (400, BAD, "Invalid parameter description")),
    ]
    for changes, error in rows:
        assert (await asked.authorize("a", **changes)).error == error, changes
    assert await asked.waiting() == []
    await asked.handle("a", authData=[{"id": "APPROVAL", "value": None}])


async def test_few_requests_wait_for_one_person(asked: Asked) -> None:
    """The fourth is told to come back later; an answer makes room."""
    for name in ("a", "b", "c"):
        await asked.handle(name)
    full = await asked.authorize("d")
    assert (full.status, full.body["error"]) == (429, "temporarily_unavailable")
    assert full.headers["Retry-After"] == "60"
    [first, *_] = await asked.waiting()
    await asked.answer(first, "refuse")
    await asked.handle("d")


async def test_a_request_dies_with_its_program(asked: Asked) -> None:
    """Withdrawn in Settings: gone from the list, and nothing can be approved any more."""
    await asked.handle("a")
    [request_id] = await asked.waiting()
    answer = await asked.browser.post("/settings/programs", client="contab")
    assert answer.status == 303
    assert await asked.waiting() == []
    assert (await asked.answer(request_id)).status == 410
    again = (await asked.program.tokens(asked.browser))["access_token"]
    assert again != asked.token


async def test_info_tells_of_the_object(asked: Asked) -> None:
    """Behind an OR, without a format, in the language asked for; also in credentials/list."""
    for name, expression in (
        ("pin", "PIN OR APPROVAL"),
        ("both", "(PIN AND OTP) OR APPROVAL"),
    ):
        question = {"credentialID": asked.person.credentials[name], "authInfo": True, "lang": "fr"}
        auth = (await asked.program.call("credentials/info", question, asked.token)).body["auth"]
        assert auth["expression"] == expression
        assert auth["objects"][-1] == {
            "type": "PasswordOOB",
            "id": "APPROVAL",
            "label": "Approbation sur notre page",
            "description": "Un e-mail vous mène à notre page, où vous approuvez",
        }
    question = {"credentialInfo": True, "authInfo": True}
    listed = (await asked.program.call("credentials/list", question, asked.token)).body
    for one in listed["credentialInfos"]:
        assert one["auth"]["expression"].endswith(" OR APPROVAL")


async def test_who_cannot_be_asked(browser: Browser, program: Program, world: World) -> None:
    """No mail address, no authenticator: no object in info, and asking is refused like an
    unknown one."""
    alice = world.people["alice"].credentials["pin"]
    token = (await program.tokens(browser))["access_token"]
    question = {"credentialID": alice, "authInfo": True}
    auth = (await program.call("credentials/info", question, token)).body["auth"]
    assert (auth["expression"], [one["id"] for one in auth["objects"]]) == ("PIN", ["PIN"])
    body = {
        "credentialID": alice,
        "numSignatures": 1,
        "hashes": [std_hash("a")],
        "hashAlgorithmOID": SHA256,
        "authData": APPROVAL,
    }
    assert (await program.call("credentials/authorize", body, token)).error == DENIED


async def test_a_program_without_a_name(
    asked: Asked, world: World, http: aiohttp.ClientSession
) -> None:
    """auth/login gives a program no name, and the page says so; v1 knows nothing of approvals."""
    client = Client(http, world.issuer)
    await client.log_in(asked.person)
    client.version = 2
    reply = await client.authorize(asked.person.credentials["pin"], b"d" * 32, authData=APPROVAL)
    assert reply.status == 202
    [request_id] = await asked.waiting()
    shown = await asked.browser.get("/approval", {"request": request_id})
    assert "A program signed in with your password" in shown.text
    assert (await asked.check(reply.body["handle"])).error == NO_HANDLE
    await asked.answer(request_id)
    given = await client.post("credentials/authorizeCheck", reply.body)
    assert given.status == 200
    client.version = 1
    gone = await client.post("credentials/authorizeCheck", reply.body)
    assert gone.status == 404
