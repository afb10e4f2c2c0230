"""registration/v1 and account/v1 against a running service."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from csc_server.web import own_apis
from tests.backdoor import Backdoor
from tests.csc_server.api.conftest import World
from tests.service import Client, Person, Reply, digest_of

A, B = digest_of("own a"), digest_of("own b")
FORM = {
    "firstName": "Ioana",
    "lastName": "Ionescu",
    "phone": "+40712345678",
    "privacyRead": True,
    "lang": "ro",
}


class Api:
    """One of our own APIs in the hands of a client."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, token: str | None) -> None:
        self.http, self.base_url, self.token = http, base_url, token

    async def __call__(self, http_method: str, path: str, body: Any = None, **extra: str) -> Reply:
        """An answer; ``key`` becomes the header Idempotency-Key."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if "key" in extra:
            headers["Idempotency-Key"] = extra["key"]
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        url = f"{self.base_url}/{path}"
        async with self.http.request(http_method, url, data=data, headers=headers) as response:
            answer = await response.read()
            parsed = json.loads(answer) if answer else None
            return Reply(response.status, parsed, response.headers)


@pytest.fixture(scope="session")
def backdoor(world: World) -> Backdoor:
    """Olga and Petra have profiles; the rest comes as tests ask for it."""
    door = Backdoor(world.service.settings)
    for name in ("olga", "petra"):
        door.profile(world.people[name].account_id, name)
    return door


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def portal(world: World, backdoor: Backdoor, http: aiohttp.ClientSession) -> Api:
    """The portal, in its own name."""
    return Api(http, world.service.base_url, backdoor.token("registration", client_id="portal"))


@pytest.fixture
def olga(world: World) -> Person:
    """A person."""
    return world.people["olga"]


@pytest.fixture
def hers(world: World, backdoor: Backdoor, http: aiohttp.ClientSession, olga: Person) -> Api:
    """A program of Olga's."""
    token = backdoor.token("account", client_id="portal", account_id=olga.account_id)
    return Api(http, world.service.base_url, token)


def form(name: str, number: int = 1) -> dict[str, Any]:
    """A registration of somebody with this mail address, from an address of their own."""
    return FORM | {"email": f"{name}@example.com", "address": f"198.51.100.{number}"}


# registration/v1


async def test_a_registration_does_not_tell_who_is_known(portal: Api, backdoor: Backdoor) -> None:
    """Same bytes for both; the mails differ (journeys J1.1)."""
    new = await portal("POST", "registration/v1/registrations", form("ioana"))
    known = await portal("POST", "registration/v1/registrations", form("olga", 2))
    assert (new.status, new.body) == (known.status, known.body) == (202, {"status": "accepted"})
    assert set(new.headers) == set(known.headers)
    assert backdoor.messages_to("ioana@example.com") == ["invitation"]
    assert backdoor.messages_to("olga@example.com") == ["already_registered"]


async def test_a_wrong_form_names_every_field(portal: Api) -> None:
    """In the API's own spelling, all at once."""
    wrong = form("x", 3) | {"email": "nobody", "phone": "12", "firstName": "1", "privacyRead": None}
    refused = await portal("POST", "registration/v1/registrations", wrong)
    assert (refused.status, refused.body["error"]) == (400, "invalid_request")
    for name in ("firstName", "email", "phone", "privacyRead"):
        assert name in refused.body["error_description"]


async def test_one_network_address_registers_five_people_an_hour(portal: Api) -> None:
    """The person's address counts, not the portal's (security-and-pki 5.7)."""
    for number in range(5):
        body = form(f"crowd-{number}", 9)
        assert (await portal("POST", "registration/v1/registrations", body)).status == 202
    sixth = await portal("POST", "registration/v1/registrations", form("crowd-5", 9))
    assert (sixth.status, sixth.headers["Retry-After"]) == (429, "30")
    assert (
        await portal("POST", "registration/v1/registrations", form("crowd-5", 10))
    ).status == 202


async def test_the_same_key_does_it_once(portal: Api, backdoor: Backdoor) -> None:
    """The same answer, one mail; another body with it is refused; a refusal frees the key."""
    path, body = "registration/v1/registrations", form("once", 20)
    replies = [await portal("POST", path, body, key="k-1") for _ in range(3)]
    assert {(one.status, json.dumps(one.body)) for one in replies} == {
        (202, '{"status": "accepted"}')
    }
    assert backdoor.messages_to("once@example.com") == ["invitation"]
    other = await portal("POST", path, body | {"phone": "+40712345679"}, key="k-1")
    assert (other.status, other.body["error"]) == (422, "invalid_request")
    assert (await portal("POST", path, body | {"email": "x"}, key="k-2")).status == 400
    assert (await portal("POST", path, form("once-more", 21), key="k-2")).status == 202


async def test_keys_belong_to_their_client(
    portal: Api, backdoor: Backdoor, world: World, olga: Person
) -> None:
    """Another client may use the same key for another request."""
    shop = Api(portal.http, portal.base_url, backdoor.token("registration", client_id="shop"))
    path, body = "registration/v1/pairing-invitations", {"accountID": olga.account_id}
    assert (await portal("POST", path, body, key="shared")).status == 202
    other = {"accountID": world.people["petra"].account_id}
    assert (await shop("POST", path, other, key="shared")).status == 202
    assert "pairing_invitation" in backdoor.messages_to("petra@example.com")


@pytest.mark.parametrize("key", ["", "with blank", "ä", "x" * 256])
async def test_a_key_is_visible_ascii(portal: Api, olga: Person, key: str) -> None:
    """Anything else is refused before anything is done."""
    body = {"accountID": olga.account_id}
    refused = await portal("POST", "registration/v1/pairing-invitations", body, key=key)
    assert refused.error == (400, "invalid_request", "Invalid header Idempotency-Key")


async def test_the_state_of_an_account(portal: Api, world: World) -> None:
    """Where the person stands, without name or address."""
    person = world.people["petra"]
    shown = await portal("GET", f"registration/v1/accounts/{person.account_id}")
    created = shown.body.pop("createdAt")
    assert created.endswith("Z")
    assert (shown.status, shown.body) == (
        200,
        {
            "accountID": person.account_id,
            "state": "active",
            "authenticator": "none",
            "loginCode": False,
            "phoneProposed": False,
            "privacyNotice": None,
        },
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("suspensions", {}),
        ("resumptions", {}),
        ("pairing-invitations", {}),
        ("phone-proposals", {"phone": "+40712345678"}),
        ("credits", {"transactions": 1, "reference": "nobody"}),
    ],
)
async def test_nobody_has_this_account(portal: Api, path: str, body: dict[str, Any]) -> None:
    """404, for every verb and for the state."""
    unknown = {"accountID": "0" * 32, **body}
    assert (await portal("POST", f"registration/v1/{path}", unknown)).status == 404
    assert (await portal("GET", f"registration/v1/accounts/{'0' * 32}")).status == 404


async def test_a_suspended_account_does_nothing(
    portal: Api, backdoor: Backdoor, world: World, client: Client
) -> None:
    """Tokens are dead at once; resumed, the person logs in anew. The owner is told."""
    petra = world.people["petra"]
    token = backdoor.token("account", client_id="portal", account_id=petra.account_id)
    program = Api(portal.http, portal.base_url, token)
    assert (await program("GET", "account/v1/profile")).status == 200
    body = {"accountID": petra.account_id}
    suspended = await portal("POST", "registration/v1/suspensions", body)
    assert (suspended.status, suspended.body["state"]) == (200, "suspended")
    assert (await program("GET", "account/v1/profile")).body["error"] == "expired_token"
    assert (await client.log_in(petra)).status == 400
    resumed = await portal("POST", "registration/v1/resumptions", body)
    assert (resumed.status, resumed.body["state"]) == (200, "active")
    assert (await client.log_in(petra)).status == 200
    assert backdoor.messages_to("petra@example.com")[-2:] == [
        "account_suspended",
        "account_resumed",
    ]


async def test_a_number_is_proposed(portal: Api, hers: Api, olga: Person) -> None:
    """The person is asked later; until then it is not the account's (journeys J1.9)."""
    body = {"accountID": olga.account_id, "phone": "+40723456789"}
    assert (await portal("POST", "registration/v1/phone-proposals", body)).status == 202
    profile = (await hers("GET", "account/v1/profile")).body
    assert (profile["phone"], profile["proposedPhone"]) == ("+40712345678", "+40723456789")
    wrong = await portal("POST", "registration/v1/phone-proposals", body | {"phone": "12"})
    assert (wrong.status, "phone" in wrong.body["error_description"]) == (400, True)


# account/v1


async def test_the_profile(hers: Api, olga: Person) -> None:
    """Who the account belongs to."""
    profile = (await hers("GET", "account/v1/profile")).body
    assert (profile["accountID"], profile["email"]) == (olga.account_id, "olga@example.com")
    assert (profile["firstName"], profile["lang"]) == ("Olga", "en")


async def test_authenticators(world: World, backdoor: Backdoor, hers: Api) -> None:
    """One that was paired, with since when it signs; none for who has none."""
    assert (await hers("GET", "account/v1/authenticators")).body == {"authenticators": []}
    someone = world.people["code-0"]
    token = backdoor.token("account", client_id="portal", account_id=someone.account_id)
    program = Api(hers.http, hers.base_url, token)
    [one] = (await program("GET", "account/v1/authenticators")).body["authenticators"]
    assert one["state"] == "active"
    assert one["pairedAt"] is not None
    assert one["signsFrom"] is None


async def test_sessions_are_listed_and_ended(hers: Api, backdoor: Backdoor, olga: Person) -> None:
    """One by one, all but one, all."""
    one, two, three, four = (backdoor.session(olga.account_id) for _ in range(4))

    async def listed() -> set[str]:
        reply = await hers("GET", "account/v1/sessions")
        return {session["sessionID"] for session in reply.body["sessions"]}

    assert await listed() == {one, two, three, four}
    assert (await hers("DELETE", f"account/v1/sessions/{one}")).status == 204
    assert (await hers("DELETE", f"account/v1/sessions/{one}")).status == 404
    assert await listed() == {two, three, four}
    path = "account/v1/sessions/end-others"
    assert (await hers("POST", path, {"keep": "0" * 32})).status == 404
    assert await listed() == {two, three, four}
    assert (await hers("POST", path, {"keep": two})).status == 204
    assert await listed() == {two}
    assert (await hers("POST", path, {})).status == 204
    assert await listed() == set()


async def test_an_application_is_shut_out(hers: Api, backdoor: Backdoor, olga: Person) -> None:
    """It is listed, and after *revoke* its tokens are dead, those of others alive."""
    backdoor.consent(olga.account_id, "desktop", "account service")
    token = backdoor.token("account", client_id="desktop", account_id=olga.account_id)
    desktop = Api(hers.http, hers.base_url, token)
    assert (await desktop("GET", "account/v1/profile")).status == 200
    [grant] = (await hers("GET", "account/v1/grants")).body["grants"]
    assert (grant["clientID"], grant["scopes"]) == ("desktop", ["account", "service"])
    assert (await hers("DELETE", "account/v1/grants/desktop")).status == 204
    assert (await desktop("GET", "account/v1/profile")).body["error"] == "expired_token"
    assert (await hers("GET", "account/v1/grants")).body == {"grants": []}
    assert (await hers("DELETE", "account/v1/grants/desktop")).status == 404


async def test_what_is_bought_can_be_signed(
    portal: Api, hers: Api, client: Client, olga: Person
) -> None:
    """A balance from the first credit on; at zero no signature, and the history tells the rest."""
    await client.log_in(olga)
    credential = olga.credentials["pin-p256"]
    free = await hers("GET", "account/v1/transactions")
    assert free.body == {"credited": None, "used": 0, "left": None}
    body = {"accountID": olga.account_id, "transactions": 1, "reference": "order-1"}
    for _ in range(2):
        credited = await portal("POST", "registration/v1/credits", body)
        assert (credited.status, credited.body) == (200, {"credited": 1, "used": 0, "left": 1})
    other = await portal("POST", "registration/v1/credits", body | {"transactions": 2})
    assert other.status == 409
    for digest, status in ((A, 200), (B, 403)):
        sad = (await client.authorize(credential, digest)).body["SAD"]
        signed = await client.sign_hash(credential, sad, digest)
        assert signed.status == status
    assert signed.body["error"] == "access_denied"
    assert (await hers("GET", "account/v1/transactions")).body["left"] == 0
    more = await portal("POST", "registration/v1/credits", body | {"reference": "order-2"})
    assert more.body["left"] == 1
    assert (await client.sign_hash(credential, sad, digest)).status == 200
    whole = (await hers("GET", "account/v1/signatures")).body
    assert [
        (one["result"], one["credentialID"], one["clientID"]) for one in whole["signatures"]
    ] == [("signed", credential, "basic")] * 2
    assert all(one["certificateSerialNumber"] for one in whole["signatures"])
    first = (await hers("GET", "account/v1/signatures?pageSize=1")).body
    token = first["nextPageToken"]
    second = (await hers("GET", f"account/v1/signatures?pageSize=1&pageToken={token}")).body
    assert first["signatures"] + second["signatures"] == whole["signatures"]
    assert "nextPageToken" not in second


@pytest.mark.parametrize(
    "query", ["pageSize=0", "pageSize=201", "pageSize=x", "pageToken=x", "pageToken=ä"]
)
async def test_pages_that_do_not_exist(hers: Api, query: str) -> None:
    """400."""
    assert (await hers("GET", f"account/v1/signatures?{query}")).status == 400


# Who may


def paths(api: str, identifier: str) -> list[tuple[str, str]]:
    """Every route of an API, with this identifier where one is taken."""
    return [
        (http_method, path.strip("/").replace("*", identifier))
        for path, http_method, _ in own_apis.TABLE
        if path.startswith(f"/{api}/")
    ]


ENDS = ("certificate-suspensions", "certificate-resumptions", "certificate-revocations")


async def test_every_path_wants_its_own_scope(
    portal: Api, hers: Api, client: Client, olga: Person, backdoor: Backdoor
) -> None:
    """No token 401; a token of auth/login or of the other API 403, before anything is looked at.

    Nor does the right scope in the wrong hands: a person's for the portal's, a client's for hers.
    Who may order certificates may not end them by it, nor the other way round.
    """
    await client.log_in(olga)
    nobody = Api(portal.http, portal.base_url, None)
    signer = Api(portal.http, portal.base_url, client.token)
    sealer = Api(portal.http, portal.base_url, backdoor.token("service", client_id="sealer"))
    officer = Api(portal.http, portal.base_url, backdoor.token("revocation", client_id="portal"))
    odd = {
        "registration": backdoor.token("registration", client_id="x", account_id=olga.account_id),
        "account": backdoor.token("account", client_id="x"),
    }
    for api, stranger in (("registration", hers), ("account", portal)):
        wrong_hands = Api(portal.http, portal.base_url, odd[api])
        for http_method, path in paths(api, "0" * 32):
            body: Any = {} if http_method == "POST" else None
            missing = await nobody(http_method, path, body)
            assert (missing.status, missing.body["error"]) == (401, "invalid_token")
            assert missing.headers["WWW-Authenticate"].startswith("Bearer")
            ends = path.rpartition("/")[2] in ENDS and api == "registration"
            other = [portal] if ends else [officer] if api == "registration" else []
            for caller in (signer, stranger, sealer, wrong_hands, *other):
                refused = await caller(http_method, path, body)
                assert (refused.status, refused.body["error"]) == (403, "insufficient_scope")


async def test_another_persons_things_do_not_exist(
    hers: Api, backdoor: Backdoor, world: World, olga: Person
) -> None:
    """Every route that takes an identifier, with each of Olga's, in Mallory's hands: 404.

    Nothing changes, and nothing that Mallory may read names anything of Olga's
    (security-and-pki 5.4).
    """
    session, client_id = backdoor.session(olga.account_id), "olgas-own-client"
    backdoor.consent(olga.account_id, client_id, "service")
    mallory_id = world.people["mallory"].account_id
    token = backdoor.token("account", client_id="portal", account_id=mallory_id)
    mallory = Api(hers.http, hers.base_url, token)
    hers_alone = (session, client_id, olga.account_id, *olga.credentials.values())
    for identifier in hers_alone:
        for http_method, path in paths("account", identifier):
            if identifier in path:
                assert (await mallory(http_method, path)).status == 404
    keep = await mallory("POST", "account/v1/sessions/end-others", {"keep": session})
    assert keep.status == 404
    for http_method, path in paths("account", "unused"):
        if http_method == "GET":
            seen = await mallory(http_method, path)
            assert seen.status == 200
            assert not [one for one in hers_alone if one in json.dumps(seen.body)]
    still = (await hers("GET", "account/v1/sessions")).body["sessions"]
    assert session in {one["sessionID"] for one in still}
    grants = (await hers("GET", "account/v1/grants")).body["grants"]
    assert client_id in {one["clientID"] for one in grants}
