"""Every component and state of the shared look on six pages, served for the tests alone."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import jinja2
import segno
from aiohttp import web

from webui import assets, mark
from webui.environment import environment
from webui.frame import Frame, Site
from webui.languages import Language, choose

PAGES = ("login", "pairing", "approve", "hashes", "home", "verify", "parts")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
LOCALE = Path(__file__).parent / "pages" / "locale"
SITE = Site(
    host="sign.paraph.example",
    operator="Paraph Trust Services",
    help="/help",
    privacy="/privacy",
    practice="/practice",
    verify="/verify",
)
ENVIRONMENTS = {
    language: environment(
        language,
        SITE,
        jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
        catalogues=[LOCALE],
    )
    for language in Language
}


def _document(name: str | None, note: str | None = None) -> dict[str, object]:
    digest = hashlib.sha256(f"{name}{note}".encode()).digest()
    return {"name": name, "note": note, "digest": digest, "href": name and "/view"}


_NAMED = [
    _document("Loan agreement 4471.pdf", "12 pages, 842 KB"),
    _document("Annex 2, repayment schedule.pdf", "3 pages, 96 KB"),
    _document("Balance sheet.xlsx", "signed as .p7s, 51 KB"),
]
_CONTEXT = {
    "amount": Decimal("1234.56"),
    "certificate": {
        "name": "Andreea Ionescu",
        "issuer": "Paraph Qualified CA 1",
        "serial": 0x5A0F7C1E90B4,
        "ends": date(2027, 1, 6),
        "mark": mark.of_public_key(b"a public key"),
    },
    "client": "Contab Pro",
    "code_error": None,
    "day": date(2027, 1, 6),
    "documents": _NAMED,
    "moment": datetime(2026, 11, 23, 8, 42, tzinfo=UTC),
    "names_given": True,
}
_HASHES_ONLY = {
    "documents": [_document(None, str(number)) | {"note": None} for number in range(12)],
    "names_given": False,
    "code_error": "The code is wrong or was already used. Wait for the next one. 3 tries left.",
}


def page(name: str, language: Language) -> str:
    """One page of the gallery as HTML."""
    context = _CONTEXT | (_HASHES_ONLY if name == "hashes" else {})
    template = ENVIRONMENTS[language].get_template(
        "approve.html" if name == "hashes" else f"{name}.html"
    )
    frame = Frame(
        address=f"/{name}?lang={language}",
        person="Andreea Ionescu" if name in {"home", "parts"} else None,
        csrf="t",
        failed=name == "parts",
    )
    return template.render(frame=frame, **context)


async def _page(request: web.Request) -> web.Response:
    accepted = request.headers.get("Accept-Language")
    language = choose(request.query.get("lang"), None, accepted)
    return web.Response(
        text=page(request.match_info["page"], language),
        content_type="text/html",
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )


async def _asset(request: web.Request) -> web.Response:
    asset = assets.ASSETS[request.match_info["name"]]
    headers = {"Content-Type": asset.content_type, "Cache-Control": assets.CACHE_CONTROL}
    return web.Response(body=asset.body, headers=headers)


async def _qr(_: web.Request) -> web.Response:
    picture = io.BytesIO()
    segno.make("otpauth://totp/Paraph:andreea?secret=JBSWY3DPEHPK3PXP", error="m").save(
        picture, kind="png", border=4, scale=1
    )
    return web.Response(body=picture.getvalue(), content_type="image/png")


async def _strength(request: web.Request) -> web.Response:
    form = await request.post()
    weak = "password" in str(form["judged"])
    return web.json_response(
        {"text": "<b>Too common.</b>" if weak else "Strong enough.", "strong": not weak}
    )


def application() -> web.Application:
    """The gallery as an aiohttp application: ``/<page>?lang=ro``."""
    made = web.Application()
    made.router.add_get(assets.PREFIX + "{name}", _asset)
    made.router.add_get("/qr.png", _qr)
    made.router.add_post("/strength", _strength)
    made.router.add_get("/{page}", _page)
    return made


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=8765)
