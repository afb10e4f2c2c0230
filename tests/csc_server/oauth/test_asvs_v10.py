"""What ASVS 5.0 chapter V10 asks beyond the RFCs. (OWASP ASVS 10.4, 10.7; security-and-pki 4.2)

Level 3 asks for PAR, bound tokens and key-based authentication of every client: that is the
profile ``fapi2`` (``test_fapi2_profile``); other clients may be registered with less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from policies import errors
from policies.oauth import grants
from policies.oauth.values import AuthorizationRequest, CodeFacts
from policies.secret import AuthorizationCode, Token
from policies.tokens import Scope
from policies.values import AccountId, ClientId, GrantId
from tests.backdoor import Backdoor
from tests.csc_server.oauth import approvals, clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import CHALLENGE, SHA256, VERIFIER, Browser, Program, url_hash
from tests.csc_server.oauth.store import opened

Of = Callable[..., Program]
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _code(expires_at: datetime) -> CodeFacts:
    request = AuthorizationRequest(
        version=2,
        client_id=ClientId("contab"),
        redirect_uri=clients.CALLBACK,
        redirect_uri_given=True,
        scopes=frozenset({Scope.SERVICE}),
        state=None,
        code_challenge=CHALLENGE,
        dpop_jkt=None,
        account_id=None,
        lang=None,
        signatures=None,
    )
    return CodeFacts(
        request=request,
        account_id=AccountId("alice"),
        grant_id=GrantId("grant"),
        sad_id=None,
        credential_id=None,
        sad_expires_at=None,
        expires_at=expires_at,
        redeemed=False,
    )


def test_asvs_10_4_3_a_code_lives_a_minute() -> None:
    """Good until the last instant before, not from the end on."""
    end = T0 + grants.CODE_LIFETIME
    assert timedelta(minutes=1) == grants.CODE_LIFETIME
    contab = clients.client("contab")
    just_before = end - timedelta(microseconds=1)
    assert grants.code(_code(end), contab, clients.CALLBACK, VERIFIER, None, just_before)
    for late in (end, end + timedelta(seconds=1)):
        with pytest.raises(errors.CodeInvalid):
            grants.code(_code(end), contab, clients.CALLBACK, VERIFIER, None, late)


async def test_asvs_10_4_3_every_code_is_made_so(
    browser: Browser, program: Program, world: World, credential: str, backdoor: Backdoor
) -> None:
    """For the service and for signatures; over, it is refused."""
    details = approvals.details(credential, "a")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    approved = (await browser.approve(landing)).query["code"]
    for code in (await program.code(browser), approved):
        async with opened(world.service.settings, "reader") as store:
            facts = await store.oauth_grants.code(AuthorizationCode(code))
        assert facts is not None
        assert 0 < facts.expires_at.timestamp() - time.time() <= 60
        backdoor.end_code(code)
        refused = await program.redeem(code)
        assert refused.error == (
            400,
            "invalid_grant",
            "Authorization code is invalid or expired",
        )


async def test_asvs_10_4_8_a_refresh_does_not_prolong(
    browser: Browser, program: Program, world: World
) -> None:
    """The successor of a refresh token ends when the first one would have."""
    first = (await program.tokens(browser))["refresh_token"]
    second = (await program.refresh(first)).body["refresh_token"]
    ends = []
    async with opened(world.service.settings, "reader") as store:
        for one in (first, second):
            facts = await store.tokens.find(Token(one).digest())
            assert facts is not None
            ends.append(facts.expires_at)
    assert ends[0] == ends[1]
    assert ends[0].timestamp() - time.time() <= timedelta(days=30).total_seconds()


async def test_asvs_10_4_8_then_the_person_is_asked_again(
    browser: Browser, program: Program, backdoor: Backdoor
) -> None:
    """Over is over: told so, and the grant's access token lives its own hour."""
    body = await program.tokens(browser)
    backdoor.end(body["refresh_token"])
    reply = await program.refresh(body["refresh_token"])
    assert reply.error == (400, "invalid_grant", "Refresh token expired")
    assert (await program.call("credentials/list", {}, body["access_token"])).status == 200


async def test_asvs_10_4_9_the_person_sees_what_was_let_in(
    browser_of: Callable[[str], Browser], program: Program
) -> None:
    """Name, host, and a way out; nothing of other people's."""
    browser = browser_of("coder")
    assert "Contab" not in (await browser.get("/settings/programs")).text
    await program.code(browser)
    shown = (await browser.get("/settings/programs")).text
    for words in ("Contab", "contab.example", "Withdraw", 'name="client" value="contab"'):
        assert words in shown


async def test_asvs_10_4_13_and_14_a_client_can_be_held_to_par_and_dpop(
    browser: Browser, program_of: Of
) -> None:
    """Each by its own registration, without the profile too."""
    pushy, bound = program_of("pushy"), program_of("bound")
    direct = await browser.authorize(2, **pushy.request())
    assert direct.query["error_description"] == "This request has to be pushed."
    code = await bound.code(browser)
    assert (await bound.redeem(code)).body["error"] == "invalid_dpop_proof"
    bound.key = jwt.new_key()
    assert (await bound.redeem(code)).body["token_type"] == "DPoP"


async def test_asvs_10_7_1_consent_is_asked_for_each_client(
    browser_of: Callable[[str], Browser], program: Program, program_of: Of
) -> None:
    """What one was allowed, another was not."""
    browser = browser_of("coder")
    await program.code(browser)
    other = program_of("two-ways")
    landing = await browser.authorize(2, **other.request())
    assert (await browser.get("/approve", {"request": landing.query["request"]})).status == 200


@pytest.mark.parametrize(
    ("client_id", "scope", "words"),
    [
        (
            "tenant",
            "service account",
            (
                "Tenant wants to use your account",
                "contab.example",
                "Know that it is you, and list your certificates",
                "See your name, e-mail address and account history",
                "It cannot sign without your code",
                "Until you withdraw it in Settings.",
                "Signed in as coder.",
            ),
        ),
        (
            "vtoken",
            "service",
            (
                "Activate Vtoken",
                "A program on this computer.",
                "Know that it is you, and list your certificates",
                "Until you withdraw it in Settings.",
            ),
        ),
    ],
)
async def test_asvs_10_7_2_what_a_consent_says(
    browser_of: Callable[[str], Browser],
    program_of: Of,
    client_id: str,
    scope: str,
    words: tuple[str, ...],
) -> None:
    """Which program, where it runs, what it gets, for how long, and as whom."""
    redirect_uri = clients.TENANT if client_id == "tenant" else "http://127.0.0.1:7300/done"
    program = program_of(client_id, redirect_uri=redirect_uri)
    browser = browser_of("coder")
    landing = await browser.authorize(2, **program.request(scope=scope))
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    for one in words:
        assert one in shown.text, one
    if scope == "service":
        assert "account history" not in shown.text


async def test_asvs_10_7_2_what_an_approval_says(
    browser: Browser, program: Program, credential: str
) -> None:
    """Which program, which documents by name and digest, which certificate, until when."""
    details = approvals.details(credential, "contract", "annex")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    text = (await browser.get("/approve", {"request": landing.query["request"]})).text
    for words in (
        "Approve 2 signatures",
        "Contab",
        "contab.example",
        "contract.pdf",
        "annex.pdf",
        "SHA-256",
        "Alice",
        "This request ends at",
    ):
        assert words in text, words


async def test_asvs_10_4_15_what_is_signed_does_not_pass_through_a_browser(
    browser: Browser, program_of: Of, credential: str
) -> None:
    """v2, a client with a back end: has to be pushed; a program on the own machine has none."""
    program = program_of("contab")
    plain = approvals.plain(credential, "a", hashes=url_hash("a"), hashAlgorithmOID=SHA256)
    for changes in (
        plain,
        {"scope": None, "authorization_details": approvals.details(credential, "a")},
    ):
        landing = await browser.authorize(2, **program.request(**changes))
        assert landing.query["error_description"] == "This request has to be pushed."
        agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7777/done")
        direct = await browser.authorize(2, **agent.request(**changes))
        assert direct.path == "/approve"


async def test_asvs_10_7_2_wider_scopes_are_asked_for(
    browser_of: Callable[[str], Browser], program: Program
) -> None:
    """Consent covers what it was given for; both together afterwards."""
    browser = browser_of("mallory")
    await program.code(browser)
    landing = await browser.authorize(2, **program.request(scope="service account"))
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    assert shown.status == 200
    await browser.post("/approve", request=landing.query["request"], do="allow")
    landing = await browser.authorize(2, **program.request(scope="account"))
    assert (await browser.get("/approve", {"request": landing.query["request"]})).status == 303


async def test_asvs_10_7_3_a_withdrawn_consent_ends_everything(
    browser_of: Callable[[str], Browser], program: Program
) -> None:
    """Tokens are dead, and the program has to ask again."""
    browser = browser_of("guessing")
    body = await program.tokens(browser)
    withdrawn = await browser.post("/settings/programs", client="contab")
    assert withdrawn.status == 303
    assert (await program.call("credentials/list", {}, body["access_token"])).status == 401
    assert (await program.refresh(body["refresh_token"])).body["error"] == "invalid_grant"
    landing = await browser.authorize(2, **program.request())
    assert (await browser.get("/approve", {"request": landing.query["request"]})).status == 200
