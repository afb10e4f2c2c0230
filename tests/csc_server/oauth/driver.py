"""A program and the browser of a person, as far as an authorization server meets them.

The browser keeps a session cookie and posts the forms of the approval page; it does not read them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from csc_server.ports.sessions import SessionKey
from csc_server.web.pages import guard
from policies.oauth.clients import ClientAuth
from tests.csc_server.oauth import clients, jwt
from tests.service import PIN, Reply

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636 appendix B."""
SHA256 = "2.16.840.1.101.3.4.2.1"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_METHODS = {
    "vtoken": ClientAuth.NONE,
    "desk": ClientAuth.NONE,
    "web-app": ClientAuth.NONE,
    "poster": ClientAuth.CLIENT_SECRET_POST,
    "signer": ClientAuth.PRIVATE_KEY_JWT,
    "bank": ClientAuth.PRIVATE_KEY_JWT,
    "bank-seal": ClientAuth.PRIVATE_KEY_JWT,
}
"""How those authenticate that do not use Basic."""
PKCE: dict[str, Any] = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass(frozen=True)
class Landing:
    """Where a redirect leads."""

    status: int
    location: str
    headers: Any = field(compare=False)
    text: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Query parameters of the location."""
        return dict(parse_qsl(urlsplit(self.location).query))

    @property
    def path(self) -> str:
        """The location without its query."""
        return self.location.partition("?")[0]


@dataclass
class Browser:
    """A signed-in person's browser."""

    http: aiohttp.ClientSession
    base_url: str
    key: SessionKey | None

    async def get(self, path: str, parameters: Any = None) -> Landing:
        """Follow a link, not its redirect."""
        async with self.http.get(
            self.base_url + path, params=parameters, headers=self._cookie(), allow_redirects=False
        ) as response:
            return Landing(
                response.status,
                response.headers.get("Location", ""),
                response.headers,
                await response.text(),
            )

    async def post(self, path: str, **form: str) -> Landing:
        """Send a form of ours."""
        assert self.key is not None
        data = {guard.FIELD: guard.token(self.key), **form}
        headers = self._cookie() | {"Origin": self.base_url}
        async with self.http.post(
            self.base_url + path, data=data, headers=headers, allow_redirects=False
        ) as response:
            return Landing(
                response.status,
                response.headers.get("Location", ""),
                response.headers,
                await response.text(),
            )

    async def authorize(self, version: int, **parameters: Any) -> Landing:
        """oauth2/authorize."""
        return await self.get(f"/csc/v{version}/oauth2/authorize", _given(parameters))

    async def allow(self, landing: Landing) -> Landing:
        """Answer the consent page that ``authorize`` led to."""
        assert landing.status == 303, landing.text[:500]
        assert landing.path == "/approve", landing.location
        request = landing.query["request"]
        shown = await self.get("/approve", {"request": request})
        if shown.status == 303:
            return shown
        return await self.post("/approve", request=request, do="allow")

    async def approve(self, landing: Landing, **form: str) -> Landing:
        """Answer the approval page with the PIN."""
        assert landing.path == "/approve", landing.location
        request = landing.query["request"]
        return await self.post("/approve", request=request, do="approve", **({"pin": PIN} | form))

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"sid={self.key.value}"} if self.key else {}


@dataclass
class Program:
    """A client of the authorization server."""

    http: aiohttp.ClientSession
    base_url: str
    client_id: str = "contab"
    version: int = 2
    redirect_uri: str = clients.CALLBACK
    key: Any = None
    """Its DPoP key, if it proves one."""
    alg: str = "ES256"
    """Of proofs and assertions."""

    def request(self, **changes: Any) -> dict[str, Any]:
        """A good authorization request for the service."""
        good = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "service",
            "state": "xyz",
            **PKCE,
        }
        return _given(good | changes)

    async def post(self, endpoint: str, data: Any, **more: Any) -> Reply:
        """POST a form to one of the endpoints, without authentication."""
        url = f"{self.base_url}/csc/v{self.version}/oauth2/{endpoint}"
        headers = dict(more.pop("headers", {}))
        if self.key is not None and "DPoP" not in headers:
            headers["DPoP"] = jwt.proof(self.key, url, alg=self.alg)
        form = _given(data) if isinstance(data, dict) else data
        async with self.http.post(url, data=form, headers=headers, **more) as response:
            answer = await response.read()
            return Reply(response.status, json.loads(answer) if answer else None, response.headers)

    async def push(self, **changes: Any) -> Reply:
        """oauth2/pushed_authorize of a good request."""
        return await self.send("pushed_authorize", self.request() | changes)

    async def token(self, **parameters: Any) -> Reply:
        """oauth2/token."""
        return await self.send("token", parameters)

    async def send(self, endpoint: str, parameters: dict[str, Any]) -> Reply:
        """POST a form, authenticated as the client is registered."""
        form = self.identification() | parameters
        return await self.post(endpoint, form, headers=self.authorization())

    async def redeem(self, code: str, **changes: Any) -> Reply:
        """A code becomes tokens."""
        good = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            "client_id": self.client_id,
        }
        return await self.token(**(good | changes))

    async def refresh(self, token: str, **changes: Any) -> Reply:
        """A refresh token becomes tokens."""
        good = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id}
        return await self.token(**(good | changes))

    async def revoke(self, token: str, **changes: Any) -> Reply:
        """oauth2/revoke."""
        return await self.send("revoke", {"token": token} | changes)

    async def code(self, browser: Browser, **changes: Any) -> str:
        """A code for the service."""
        landing = await browser.authorize(self.version, **self.request(**changes))
        answer = await browser.allow(landing)
        assert "code" in answer.query, answer
        return answer.query["code"]

    async def tokens(self, browser: Browser, **changes: Any) -> dict[str, Any]:
        """Tokens for the service."""
        reply = await self.redeem(await self.code(browser, **changes))
        assert reply.status == 200, reply.body
        body: dict[str, Any] = reply.body
        return body

    async def call(self, method: str, body: Any, token: str, **headers: str) -> Reply:
        """A CSC method with this access token as bearer."""
        url = f"{self.base_url}/csc/v{self.version}/{method}"
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"} | headers
        async with self.http.post(url, data=json.dumps(body), headers=given) as response:
            answer = await response.read()
            return Reply(response.status, json.loads(answer) if answer else None, response.headers)

    async def proved(self, method: str, body: Any, token: str) -> Reply:
        """A CSC method with this access token and a proof of the program's key."""
        url = f"{self.base_url}/csc/v{self.version}/{method}"
        proof = jwt.proof(self.key, url, token=token, alg=self.alg)
        return await self.call(method, body, token, Authorization=f"DPoP {token}", DPoP=proof)

    def authorization(self) -> dict[str, str]:
        """The Authorization header of a client that has one."""
        if self.client_id in _METHODS:
            return {}
        return basic(self.client_id, clients.SECRET)

    def identification(self) -> dict[str, str]:
        """What a client without Basic puts into its forms to say who it is."""
        method = _METHODS.get(self.client_id)
        if method is None:
            return {}
        said = {"client_id": self.client_id}
        if method is ClientAuth.CLIENT_SECRET_POST:
            said["client_secret"] = clients.SECRET
        if method is ClientAuth.PRIVATE_KEY_JWT:
            said["client_assertion_type"] = ASSERTION
            said["client_assertion"] = jwt.assertion(
                clients.KEYS[self.alg], self.client_id, self.base_url, alg=self.alg
            )
        return said


def basic(client_id: str, secret: str) -> dict[str, str]:
    """An Authorization header with these."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def url_hash(text: str) -> str:
    """SHA-256 of a text as ``oauth2/authorize`` wants it."""
    return jwt.b64(hashlib.sha256(text.encode()).digest())


def std_hash(text: str) -> str:
    """SHA-256 of a text as the JSON methods want it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
