"""Attacks from end to end: what is stolen, replayed, mixed up or pressed twice.

(RFC 9700 4; RFC 9449 11; RFC 6749 10; security-and-pki 6)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from playwright.async_api import Page, Request

from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.chromium import Window
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Landing, Program, std_hash, url_hash
from tests.csc_server.storage import raw
from tests.service import PASSWORD, PIN, Reply, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")
ECDSA = "1.2.840.10045.4.3.2"
RIVAL = "https://rival.example/callback"


@pytest.fixture
def alice(world: World, wire: aiohttp.ClientSession) -> Browser:
    """Alice's browser, signed in."""
    return Browser(wire, world.issuer, world.keys["alice"])


@pytest.fixture
def mallory(world: World, wire: aiohttp.ClientSession) -> Browser:
    """Mallory's browser, signed in as Mallory."""
    return Browser(wire, world.issuer, world.keys["mallory"])


@pytest.fixture
def contab(world: World, wire: aiohttp.ClientSession) -> Program:
    """A good program."""
    return Program(wire, world.issuer)


@pytest.fixture
def rival(world: World, wire: aiohttp.ClientSession) -> Program:
    """A registered program in wrong hands."""
    return Program(wire, world.issuer, "rival", redirect_uri=RIVAL)


def wish(world: World, *names: str) -> dict[str, Any]:
    """The parameters of v1 that ask for Alice's signatures."""
    return {
        "scope": "credential",
        "credentialID": world.people["alice"].credentials["pin"],
        "numSignatures": str(len(names)),
        "hash": ",".join(url_hash(one) for one in names),
    }


async def authorized(program: Program, world: World, token: str, *names: str) -> str:
    """A SAD by credentials/authorize of v2, with Alice's PIN."""
    body = {
        "credentialID": world.people["alice"].credentials["pin"],
        "numSignatures": len(names),
        "hashes": [std_hash(one) for one in names],
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "authData": [{"id": "PIN", "value": PIN}],
    }
    headers = proved(program, "credentials/authorize", token)
    reply = await program.call("credentials/authorize", body, token, **headers)
    sad: str = reply.body["SAD"]
    return sad


def proved(program: Program, method: str, token: str) -> dict[str, str]:
    """The headers that a program with a key adds."""
    if program.key is None:
        return {}
    url = f"{program.base_url}/csc/v{program.version}/{method}"
    proof = jwt.proof(program.key, url, token=token)
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


async def signs(
    program: Program, world: World, token: str, sad: str, name: str, **headers: str
) -> Reply:
    """signatures/signHash for one of the hashes."""
    body = {
        "credentialID": world.people["alice"].credentials["pin"],
        "SAD": sad,
        "hashes": [std_hash(name)],
        "signAlgo": ECDSA,
    }
    return await program.call("signatures/signHash", body, token, **headers)


async def assert_dead(program: Program, tokens: dict[str, Any]) -> None:
    """Neither half of a grant opens anything."""
    listed = await program.call("credentials/list", {}, tokens["access_token"])
    assert listed.error[:2] == (401, "expired_token")
    assert (await program.refresh(tokens["refresh_token"])).body["error"] == "invalid_grant"


@contextmanager
def asleep(service: Service) -> Iterator[None]:
    """Nothing is signed and no SAD made for so long."""
    signers = service.signer_processes()
    for one in signers:
        one.suspend()
    try:
        yield
    finally:
        for one in signers:
            one.resume()


def sads(world: World) -> int:
    """How many there ever were."""
    [(count,)] = raw.query(world.service.settings.database, "SELECT count(*) FROM authorizations")
    return int(count)


async def test_a_stolen_code(world: World, alice: Browser, contab: Program, rival: Program) -> None:
    """Nothing for another client; used twice, all that it gave dies. (RFC 6749 4.1.2, 10.5)"""
    code = await contab.code(alice)
    for redirect_uri in (RIVAL, clients.CALLBACK):
        taken = await rival.redeem(code, redirect_uri=redirect_uri)
        assert (taken.status, taken.body["error"]) == (400, "invalid_grant")
    tokens = (await contab.redeem(code)).body
    access = tokens["access_token"]
    sad = await authorized(contab, world, access, "a", "b")
    # Another client's try takes nothing from the good one.
    assert (await rival.redeem(code)).body["error"] == "invalid_grant"
    assert (await signs(contab, world, access, sad, "a")).status == 200
    assert (await contab.redeem(code)).body["error"] == "invalid_grant"
    await assert_dead(contab, tokens)
    again = await contab.tokens(alice)
    kept = await signs(contab, world, again["access_token"], sad, "b")
    assert kept.error == (400, "invalid_request", "Invalid parameter SAD")


@pytest.mark.parametrize("first", ["owner", "thief"])
async def test_a_stolen_refresh_token(
    world: World, alice: Browser, wire: aiohttp.ClientSession, first: str
) -> None:
    """Whoever comes second, the family dies, to the newest token. (RFC 9700 4.14.2)"""
    desk = Program(wire, world.issuer, "desk", redirect_uri="http://127.0.0.1:4711/done")
    stolen = await desk.tokens(alice)
    renewed = (await desk.refresh(stolen["refresh_token"])).body
    if first == "owner":
        renewed = (await desk.refresh(renewed["refresh_token"])).body
    assert (await desk.call("credentials/list", {}, renewed["access_token"])).status == 200
    again = await desk.refresh(stolen["refresh_token"])
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    await assert_dead(desk, renewed)
    await assert_dead(desk, stolen)


async def test_a_replayed_proof(world: World, alice: Browser, contab: Program) -> None:
    """Worth nothing at the token endpoint and at signHash, and nothing is used up by it."""
    contab.key = jwt.new_key()
    url = f"{world.issuer}/csc/v2/oauth2/token"
    heard = contab.authorization() | {"DPoP": jwt.proof(contab.key, url)}
    code = await contab.code(alice)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": contab.redirect_uri,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    tokens = (await contab.post("token", form, headers=heard)).body
    other = form | {"code": await contab.code(alice)}
    replayed = await contab.post("token", other, headers=heard)
    assert (replayed.status, replayed.body["error"]) == (400, "invalid_dpop_proof")
    assert (await contab.redeem(other["code"])).status == 200

    access = tokens["access_token"]
    sad = await authorized(contab, world, access, "a", "b")
    heard = proved(contab, "signatures/signHash", access)
    assert (await signs(contab, world, access, sad, "a", **heard)).status == 200
    for name in ("a", "b"):
        replayed = await signs(contab, world, access, sad, name, **heard)
        assert (replayed.status, replayed.body["error"]) == (401, "invalid_dpop_proof")
    # An unfinished SAD has to be exchanged before its second use; it is alive.
    exchange: dict[str, Any] = {
        "credentialID": world.people["alice"].credentials["pin"],
        "SAD": sad,
    }
    exchange |= {"hashes": [std_hash("b")], "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"}
    headers = proved(contab, "credentials/extendTransaction", access)
    extended = await contab.call("credentials/extendTransaction", exchange, access, **headers)
    headers = proved(contab, "signatures/signHash", access)
    kept = await signs(contab, world, access, extended.body["SAD"], "b", **headers)
    assert kept.status == 200, kept.body


async def test_a_bound_token_as_bearer(world: World, alice: Browser, contab: Program) -> None:
    """Without the key neither list nor signature; with it the approval is as good as before."""
    contab.key = jwt.new_key()
    access = (await contab.tokens(alice))["access_token"]
    sad = await authorized(contab, world, access, "a")
    bare = await contab.call("credentials/list", {}, access)
    assert (bare.status, bare.body["error"]) == (401, "invalid_token")
    bare = await signs(contab, world, access, sad, "a")
    assert (bare.status, bare.body["error"]) == (401, "invalid_token")
    thief = jwt.proof(jwt.new_key(), f"{world.issuer}/csc/v2/signatures/signHash", token=access)
    foreign = {"Authorization": f"DPoP {access}", "DPoP": thief}
    assert (await signs(contab, world, access, sad, "a", **foreign)).status == 401
    own = proved(contab, "signatures/signHash", access)
    assert (await signs(contab, world, access, sad, "a", **own)).status == 200


async def test_a_mixed_up_redirect_uri(
    world: World, alice: Browser, window: Window, contab: Program, wire: aiohttp.ClientSession
) -> None:
    """Another one of the same client's takes no code; another client's is never gone to."""
    both = Program(wire, world.issuer, "two-ways")
    code = await both.code(alice)
    for wrong in (clients.OTHER_CALLBACK, clients.CALLBACK + "?", None):
        mixed = await both.redeem(code, redirect_uri=wrong)
        assert (mixed.status, mixed.body["error"]) == (400, "invalid_grant"), wrong
    assert (await both.redeem(code)).status == 200
    await window.enter(world.keys["alice"])
    for version in (1, 2):
        await window.ask(version, contab.request(redirect_uri=RIVAL))
        await window.heading("We do not know this program")
        await window.ask(version, contab.request(redirect_uri=RIVAL, scope="nonsense"))
        await window.heading("We do not know this program")
    assert window.sites.visits == []


async def test_the_request_uri_of_another_client(
    world: World, window: Window, contab: Program
) -> None:
    """Leads nowhere, and is as good as before for its own. (RFC 9126 7.3)"""
    uri = (await contab.push(scope="account")).body["request_uri"]
    await window.enter(world.keys["alice"])
    await window.ask(2, {"client_id": "rival", "request_uri": uri})
    await window.heading("This request is over")
    assert window.sites.visits == []
    await window.ask(2, {"client_id": "contab", "request_uri": uri})
    assert window.page.url.startswith((f"{world.issuer}/approve?", f"{clients.CALLBACK}?"))


async def test_another_person_s_browser(
    world: World, window: Window, alice: Browser, mallory: Browser, contab: Program
) -> None:
    """A request is answered where it was opened and nowhere else, signed in or not."""
    contab.version = 1
    opened = await alice.authorize(1, **contab.request(**wish(world, "a")))
    request = opened.query["request"]
    assert (await mallory.get("/approve", {"request": request})).status == 410
    for do in ("approve", "allow", "refuse"):
        forged = await mallory.post("/approve", request=request, do=do, pin=PIN)
        assert (forged.status, forged.location) == (410, ""), do
    # Mallory's own request, sent to Alice as a link: before and after she signs in.
    bait = await mallory.authorize(1, **contab.request(**wish(world, "b")))
    await window.page.goto(bait.location)
    await window.sign_in(world.people["alice"])
    await window.heading("This request is over")
    await window.page.goto(bait.location)
    await window.heading("This request is over")
    assert window.sites.visits == []
    answer = await alice.approve(opened)
    assert (await contab.redeem(answer.query["code"])).body["token_type"] == "SAD"


async def test_pressed_twice(world: World, window: Window, contab: Program) -> None:
    """Further clicks on *Approve* while it works send nothing: one SAD, and it arrives."""
    contab.version = 1
    sent: list[Request] = []
    window.page.on("request", lambda one: sent.append(one) if one.method == "POST" else None)
    await window.enter(world.keys["alice"])
    await window.ask(1, contab.request(**wish(world, "a")))
    before = sads(world)
    await window.page.get_by_label("PIN of the certificate").fill(PIN)
    button = window.page.locator("button[value=approve]")
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # The mouse itself: everything else waits for the page that is on its way.
    with asleep(world.service):
        async with window.page.expect_request("**/approve"):
            await window.page.mouse.dblclick(*middle)
        await window.page.mouse.click(*middle)
    answer = await window.landed(clients.CALLBACK)
    assert (await contab.redeem(answer["code"])).body["token_type"] == "SAD"
    assert len(sent) == 1
    assert sads(world) == before + 1


async def test_sent_five_times(world: World, alice: Browser, contab: Program) -> None:
    """Without script: one answer has the code, the others are over, and there is one SAD."""
    contab.version = 1
    opened = await alice.authorize(1, **contab.request(**wish(world, "a")))
    before = sads(world)
    answers: list[Landing] = await asyncio.gather(*(alice.approve(opened) for _ in range(5)))
    assert sorted(one.status for one in answers) == [303, 410, 410, 410, 410]
    assert sads(world) == before + 1


async def test_back_after_the_approval(world: World, window: Window, contab: Program) -> None:
    """The request is over; neither the page nor its form gives anything a second time."""
    contab.version = 1
    await window.enter(world.keys["alice"])
    await window.ask(1, contab.request(**wish(world, "a")))
    asked = window.page.url
    await window.page.get_by_label("PIN of the certificate").fill(PIN)
    await window.press("Approve and sign one")
    await window.landed(clients.CALLBACK)
    before = sads(world)
    await window.page.go_back()
    await window.heading("This request is over")
    assert window.page.url == asked
    await window.page.reload()
    await window.heading("This request is over")
    browser = Browser(contab.http, world.issuer, world.keys["alice"])
    request = asked.partition("request=")[2]
    again = await browser.post("/approve", request=request, do="approve", pin=PIN)
    assert (again.status, again.location) == (410, "")
    assert sads(world) == before
    assert len(window.sites.visits) == 1


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/settings",
    "/\\evil.example/settings",
    "\\\\evil.example",
    "https:evil.example",
    "/\t/evil.example/",
    "/settings/..//evil.example",
    "//evil.example/approve?request=1",
    "javascript:location='https://evil.example'",
    "/csc/v2/oauth2/authorize?response_type=code&client_id=contab"
    "&redirect_uri=https%3A%2F%2Fevil.example%2Fcallback",
    "/approve?request=1&next=https://evil.example/",
    "/confirm?next=//evil.example/",
]


async def test_no_open_redirect(world: World, window: Window) -> None:
    """Wherever an address asks to go, by link or by form: the browser stays with us."""
    page, alice = window.page, world.people["alice"]
    for address in ELSEWHERE[1:3]:
        await page.goto(f"/login?next={quote(address)}")
        await hide(page, "/login", address)
        await window.sign_in(alice)
        assert page.url == f"{world.issuer}/settings", address
        await hide(page, "/logout", address)
        await window.press("Sign out")
        assert page.url == f"{world.issuer}/login?next=%2Fsettings"
    await window.sign_in(alice)
    for address in ELSEWHERE:
        await page.goto(f"/login?next={quote(address)}")
        assert page.url.startswith(f"{world.issuer}/"), address
    await page.goto(f"/confirm?next={quote(ELSEWHERE[1])}")
    await hide(page, "/confirm", ELSEWHERE[1])
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.locator("main form button[type=submit]").click()
    await page.wait_for_url(f"{world.issuer}/settings")
    assert window.blocked == []
    assert window.sites.visits == []


async def hide(page: Page, action: str, address: str) -> None:
    """Put ``next`` into the form, as if the page had let it through."""
    script = """([action, address]) => {
        const form = document.querySelector(`form[action="${action}"]`);
        const next = form.elements.next ?? form.appendChild(document.createElement("input"));
        [next.name, next.type, next.value] = ["next", "hidden", address];
    }"""
    await page.evaluate(script, [action, address])
