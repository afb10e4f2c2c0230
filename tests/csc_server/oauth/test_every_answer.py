"""Headers, cookies and forms on every route, whatever HTTP method asks. (5.3; 7.2 row 18)

Crawled from the table of routes, by nobody and by a browser that another site sends: no answer
without its headers, no cookie but ours, nothing done for a form that is not ours, no 5xx.
"""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from csc_server.web.pages import cookies
from csc_server.web.routes import ROUTES, Route
from tests.csc_server.oauth.conftest import World

METHODS = ("GET", "POST", "DELETE", "OPTIONS")
"""``PUT`` and the others are as little in the table as ``OPTIONS``."""
UNSAFE = ("POST", "DELETE")
KEPT = "/static/"
"""What a browser may keep."""
COOKIES = {cookies.SESSION, cookies.LANGUAGE, cookies.REMEMBERED}
FORGED = {
    "Origin": "https://evil.example",
    "Sec-Fetch-Site": "cross-site",
    "Content-Type": "application/x-www-form-urlencoded",
}


@pytest.mark.parametrize("caller", ["nobody", "a browser that another site sends"])
async def test_every_answer_of_every_route(
    world: World, http: aiohttp.ClientSession, caller: str
) -> None:
    """All of them, each HTTP method; the browser is still signed in afterwards."""
    headers = dict(FORGED)
    if caller != "nobody":
        headers["Cookie"] = f"sid={world.keys['mallory'].value}"
    wrong: list[str] = []
    for path, route in ROUTES.items():
        url = world.issuer + path.replace("*", "x" * 43)
        for http_method in METHODS:
            async with http.request(
                http_method, url, headers=headers, allow_redirects=False
            ) as response:
                wrong += [
                    f"{http_method} {path} {response.status}: {what}"
                    for what in problems(route, http_method, response)
                ]
    assert not wrong, "\n".join(wrong)
    if caller != "nobody":
        async with http.get(f"{world.issuer}/settings", headers=headers) as response:
            assert response.status == 200


def problems(route: Route, http_method: str, answer: aiohttp.ClientResponse) -> list[str]:
    """What is wrong with an answer."""
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    kept = route.path.startswith(KEPT) and answer.status == 200
    public = route.path == "/logo.png"
    looks: dict[str, Any] = {
        "server error": answer.status < 500 or answer.status == 501,
        "sniffed": headers.get("X-Content-Type-Options") == "nosniff",
        "referrer": headers.get("Referrer-Policy") == "no-referrer",
        "policy": "default-src 'none'" in policy and "frame-ancestors 'none'" in policy,
        "unsafe policy": "unsafe" not in policy and "*" not in policy,
        "opener": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "embedded": public or headers.get("Cross-Origin-Resource-Policy") == "same-origin",
        "permissions": "camera=()" in headers.get("Permissions-Policy", ""),
        "cached": kept or headers.get("Cache-Control") == "no-store",
        "another origin may read": not [one for one in headers if "Access-Control" in one],
        "cookie": _good_cookies(route, headers.getall("Set-Cookie", [])),
        "method": (answer.status == 405) is (http_method not in route.http_methods),
        "forged": not (route.page and http_method in UNSAFE) or answer.status in (403, 405),
    }
    return [what for what, good in looks.items() if not good]


def _good_cookies(route: Route, given: list[str]) -> bool:
    """Ours, for pages alone, for the server alone, for the whole site."""
    if given and not route.page:
        return False
    for one in given:
        name = one.partition("=")[0]
        parts = {part.strip() for part in one.split(";")[1:]}
        ours = name in COOKIES and {"HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        if not ours or re.search("domain=", one, re.IGNORECASE):
            return False
    return True
