"""Who opens connections to the outside: a short list, all to addresses of the configuration.

Nobody who is served can set an address that we ask (security-and-pki 5.6): clients' keys are
registered, not fetched; documents are judged without fetching; nobody is called back. So there is
no filter of addresses that could have a hole. ``tests/csc_server/oauth/test_addresses.py`` tries it
on a running service. A module that starts to ask something has to be put on the list here, and its
addresses have to be the operator's.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("policies", "hsm", "pki", "ades", "webui", "csc_server")
ASKS = {
    "csc_server/adapters/ca/ejbca.py": "ejbca.url",
    "csc_server/adapters/evidence.py": "instance",
    "csc_server/adapters/mail/smtp.py": "mail.host",
    "csc_server/adapters/ntp.py": "pki.time_servers",
    "csc_server/adapters/sms/http.py": "sms.url",
    "csc_server/adapters/tsa/http.py": "timestamp.url",
}
"""Module to the setting that its address comes from; ``instance``: a socket in its directory."""
OWN = ("csc_server/commands/",)
"""Commands ask the service itself, for the person who typed them."""
CALLS = {
    "ClientSession",
    "create_connection",
    "create_datagram_endpoint",
    "open_connection",
    "urlopen",
    "urlretrieve",
}
MODULES = {
    "aiosmtplib",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socketserver",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "xmlrpc.client",
}
FETCHERS = {"aiohttp_fetchers", "requests_fetchers"}
"""Of the library that builds certificate paths."""


def test_only_listed_modules_ask_the_outside() -> None:
    """By what they import and call; each listed one still does."""
    found = {str(path.relative_to(ROOT)) for path, tree in _modules() if any(_asks(tree))}
    assert {one for one in found if not one.startswith(OWN)} == set(ASKS)


def test_nothing_fetches_for_a_certificate() -> None:
    """AIA, CDP and OCSP addresses of what people send are never asked."""
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "allow_fetching":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = {part for name in _imported(node) for part in name.split(".")}
                assert not names & FETCHERS, path


@functools.cache
def _modules() -> list[tuple[Path, ast.Module]]:
    paths = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return [(path, ast.parse(path.read_text())) for path in paths]


def _asks(tree: ast.AST) -> Iterator[bool]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "attr", getattr(called, "id", ""))
            yield name in CALLS
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield any(name in MODULES for name in _imported(node))


def _imported(node: ast.ImportFrom | ast.Import) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    module = node.module or ""
    return [module, *(f"{module}.{one.name}" for one in node.names)]
