"""Redirect URIs: exact, but for the port of a loopback address. (RFC 8252 7; RFC 9700 4.1)"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies import errors
from policies.oauth import clients as rules
from policies.oauth import redirects
from tests.csc_server.oauth import clients

REGISTERED = (
    "https://contab.example/callback",
    "http://127.0.0.1/done",
    "http://[::1]:4711/done?x=1",
    "example.paraph.agent:/done",
)


@pytest.mark.parametrize(
    "asked",
    [
        *REGISTERED,
        "http://127.0.0.1:1/done",
        "http://127.0.0.1:49152/done",
        "http://127.0.0.1:65535/done",
        "http://[::1]/done?x=1",
        "http://[::1]:80/done?x=1",
    ],
)
def test_rfc8252_7_3_the_port_of_a_loopback_address_is_free(asked: str) -> None:
    """Everything else is as registered."""
    assert redirects.matched(REGISTERED, asked) == asked


@pytest.mark.parametrize(
    "asked",
    [
        "https://contab.example/callback/",
        "https://contab.example/callback?",
        "https://contab.example/callback?x=1",
        "https://contab.example/callback#x",
        "https://contab.example/Callback",
        "https://CONTAB.example/callback",
        "HTTPS://contab.example/callback",
        "https://contab.example:443/callback",
        "https://contab.example/../callback",
        "https://contab.example/%63allback",
        "https://contab.example.evil.example/callback",
        "https://contab.example@evil.example/callback",
        "https://evil.example/?https://contab.example/callback",
        "https://evil.example\\@contab.example/callback",
        "http://contab.example/callback",
        " https://contab.example/callback",
        "https://contab.example/callback\n",
        "//contab.example/callback",
        "",
        "javascript:alert(1)",
    ],
)
def test_rfc9700_4_1_redirect_uris_match_to_the_letter(asked: str) -> None:
    """Neither normalised, nor by prefix, nor by pattern."""
    with pytest.raises(errors.RedirectUriRefused):
        redirects.matched(REGISTERED, asked)


@pytest.mark.parametrize(
    "asked",
    [
        "http://localhost/done",
        "http://127.0.0.2/done",
        "http://127.1/done",
        "http://0x7f.1/done",
        "http://127.0.0.1:0/done",
        "http://127.0.0.1:65536/done",
        "http://127.0.0.1:/done",
        "http://127.0.0.1:80x/done",
        "http://127.0.0.1:08/done",
        "http://127.0.0.1:80/other",
        "http://127.0.0.1:80/done?x",
        "http://127.0.0.1:80/done#x",
        "http://user@127.0.0.1:80/done",
        "http://127.0.0.1:80@evil.example/done",
        "http://127.0.0.1.evil.example/done",
        "https://127.0.0.1/done",
        "http://[::1]:4711/done",
        "http://[::1%25lo]:4711/done?x=1",
        "http://[0:0:0:0:0:0:0:1]:4711/done?x=1",
        "example.paraph.agent:/other",
        "example.paraph.agent://done",
    ],
)
def test_rfc8252_7_3_only_the_port_is_free(asked: str) -> None:
    """Host, scheme, path and query of a loopback address are exact."""
    with pytest.raises(errors.RedirectUriRefused):
        redirects.matched(REGISTERED, asked)


def test_rfc6749_3_1_2_3_the_default_needs_to_be_the_only_one() -> None:
    """An absent redirect URI is the registered one, or nobody's."""
    assert redirects.matched(REGISTERED[:1], None) == REGISTERED[0]
    with pytest.raises(errors.RedirectUriRefused):
        redirects.matched(REGISTERED, None)


@pytest.mark.parametrize(
    "uri",
    [
        "http://contab.example/callback",
        "http://localhost/callback",
        "https://contab.example/callback#fragment",
        "https://user@contab.example/callback",
        "https:///callback",
        "https://contab.example/call back",
        "javascript:alert(1)",
        "data:text/html,x",
        "agent:/done",
        "https://contab.example/" + "a" * 2100,
    ],
)
def test_rfc8252_8_4_what_cannot_be_registered(uri: str) -> None:
    """Plain http, fragments, user information, schemes that are no domain of one's own."""
    assert not redirects.registrable(uri, public=True)


@pytest.mark.parametrize("uri", ["http://127.0.0.1/x", "http://[::1]/x", "example.paraph:/x"])
def test_rfc8252_8_5_loopback_is_for_public_clients(uri: str) -> None:
    """A server has an https address."""
    assert redirects.registrable(uri, public=True)
    assert not redirects.registrable(uri, public=False)


def test_rfc6749_4_1_2_parameters_join_the_query() -> None:
    """A query that is registered stays; values are encoded."""
    made = redirects.with_parameters("https://a.example/x?y=1", {"state": "a&b=c", "code": None})
    assert made == "https://a.example/x?y=1&state=a%26b%3Dc"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": "basic"}, "auth/login"),
        ({"client_id": "0123456789abcdef0123456789abcdef"}, "account"),
        ({"name": ""}, "name"),
        ({"secret_digest": None}, "secret"),
        ({"auth_method": rules.ClientAuth.NONE}, "secret"),
        ({"auth_method": rules.ClientAuth.PRIVATE_KEY_JWT, "secret_digest": None}, "JWK"),
        ({"redirect_uris": ()}, "redirect"),
        ({"redirect_uris": ("http://contab.example/",)}, "https"),
        ({"grant_types": frozenset()}, "grant"),
        ({"scopes": frozenset()}, "scope"),
        (
            {
                "grant_types": frozenset({rules.GrantType.REFRESH_TOKEN}),
                "redirect_uris": (),
            },
            "refresh_token",
        ),
        ({"profile": rules.Profile.FAPI2}, "private_key_jwt"),
        ({"account_id": "alice"}, "account_id"),
    ],
)
def test_rfc9700_2_5_registrations_that_break_a_rule(changes: dict[str, Any], says: str) -> None:
    """Refused with a reason for the operator."""
    with pytest.raises(rules.ClientRefused, match=says):
        rules.check(replace(clients.client("contab"), **changes))


def test_rfc6749_4_4_no_client_credentials_without_authentication() -> None:
    """A public client has nothing to show for itself."""
    own = frozenset({rules.GrantType.CLIENT_CREDENTIALS})
    with pytest.raises(rules.ClientRefused, match="confidential"):
        rules.check(clients.public("agent", grant_types=own, redirect_uris=()))


def test_fapi2_5_3_2_1_a_profile_brings_its_rules() -> None:
    """Each of them, or no registration."""
    rules.check(clients.fapi("bank"))
    for missing in ("require_dpop", "require_par", "require_pkce"):
        with pytest.raises(rules.ClientRefused, match=missing):
            rules.check(clients.fapi("bank", **{missing: False}))
