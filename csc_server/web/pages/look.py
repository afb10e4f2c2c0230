"""What all pages of this process share: templates in three languages, name and origin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jinja2
from aiohttp import web

from csc_server.config import Settings
from csc_server.web.pages.limits import LIMITS
from webui.environment import environment
from webui.frame import Site
from webui.languages import Language

LOCALE: Final = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Look:
    """The pages of one deployment."""

    origin: str
    """Scheme, host and port as a browser writes them in ``Origin``."""
    site: Site

    @property
    def secure(self) -> bool:
        """True when browsers reach us by https."""
        return self.origin.startswith("https://")


LOOK: Final = web.AppKey("look", Look)
ENVIRONMENTS: Final = {
    language: web.AppKey(f"environment_{language}", jinja2.Environment) for language in Language
}


def install(application: web.Application, settings: Settings) -> None:
    """Afterwards the application can render pages."""
    look = Look(_origin(settings.base_url), _site(settings))
    application[LOOK] = look
    loader = jinja2.PackageLoader("csc_server.web.pages")
    for language, key in ENVIRONMENTS.items():
        made = environment(language, look.site, loader, catalogues=[LOCALE])
        made.globals["limits"] = LIMITS
        application[key] = made


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _site(settings: Settings) -> Site:
    return Site(
        host=urlsplit(settings.base_url).netloc,
        operator=settings.service.name,
        help="/help",
        privacy="/privacy",
        practice="/help#practice",
        verify="/help#verify",
    )
