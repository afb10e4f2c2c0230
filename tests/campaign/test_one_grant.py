"""One code, one refresh token, one request_uri: 64 requests at once, one success.

Real processes, both databases. Whoever comes second with a code or a refresh token has a copy, so
the whole family dies (RFC 6749 4.1.2; RFC 9700 4.14.2). A request_uri opens one page (RFC 9126 4).
"""

from __future__ import annotations

import asyncio
from collections import Counter

from policies.audit import EventType
from tests.campaign import load
from tests.campaign.conftest import AT_ONCE, Racecourse
from tests.csc_server.oauth.driver import Browser, Program
from tests.service import Reply


def test_one_grant_many_requests(racecourse: Racecourse, rounds: int) -> None:
    """One success each round, and afterwards nothing of the family is good."""
    asyncio.run(_rounds(racecourse, rounds))
    seen = Counter(kind for kind, _ in load.records(racecourse.service))
    assert seen[EventType.TOKEN_REUSED] >= 2 * rounds * (AT_ONCE - 1)
    racecourse.was_run_by_all("oauth2/token", "page/csc/v2/oauth2/authorize")
    print(f"\n{rounds} rounds of {AT_ONCE}: codes, refresh tokens, request_uris")


async def _rounds(racecourse: Racecourse, rounds: int) -> None:
    base_url = racecourse.service.base_url
    async with racecourse.http() as http:
        browser = Browser(http, base_url, racecourse.cookie)
        program = Program(http, base_url, "house")
        for _ in range(rounds):
            await _one_code(browser, program)
            await _one_refresh_token(browser, program)
            await _one_request_uri(program)


async def _one_code(browser: Browser, program: Program) -> None:
    code = await program.code(browser)
    replies = await asyncio.gather(*(program.redeem(code) for _ in range(AT_ONCE)))
    await _family_is_dead(program, _only_success(replies))


async def _one_refresh_token(browser: Browser, program: Program) -> None:
    other, family = await program.tokens(browser), await program.tokens(browser)
    token = family["refresh_token"]
    replies = await asyncio.gather(*(program.refresh(token) for _ in range(AT_ONCE)))
    await _family_is_dead(program, _only_success(replies))
    assert await _listed(program, family["access_token"]) == 401
    # Another family of the same person and program lives on.
    assert await _listed(program, other["access_token"]) == 200


def _only_success(replies: list[Reply]) -> Reply:
    """The one good answer; everybody else hears ``invalid_grant``."""
    [good] = [reply for reply in replies if reply.status == 200]
    refused = {(reply.status, reply.body["error"]) for reply in replies if reply is not good}
    assert refused == {(400, "invalid_grant")}
    return good


async def _family_is_dead(program: Program, good: Reply) -> None:
    """What the one success gave is worth nothing any more either."""
    assert await _listed(program, good.body["access_token"]) == 401
    assert (await program.refresh(good.body["refresh_token"])).error[1] == "invalid_grant"


async def _listed(program: Program, token: str) -> int:
    return (await program.call("credentials/list", {}, token)).status


async def _one_request_uri(program: Program) -> None:
    """In 64 browsers at once."""
    uri = (await program.push()).body["request_uri"]
    stranger = Browser(program.http, program.base_url, None)
    landings = await asyncio.gather(
        *(
            stranger.authorize(2, client_id=program.client_id, request_uri=uri)
            for _ in range(AT_ONCE)
        )
    )
    statuses = Counter(one.status for one in landings)
    assert statuses == {303: 1, 410: AT_ONCE - 1}
