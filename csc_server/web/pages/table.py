"""Every page: path, who may see it, who answers."""

from __future__ import annotations

from typing import Final

from csc_server.web.pages import login, notice, pairing, password, register, unlock
from csc_server.web.pages.page import Access, Page
from csc_server.web.pages.static import Static
from webui import assets

ASSETS: Final = {assets.PREFIX + name: Static(asset) for name, asset in assets.ASSETS.items()}

_OWN: Final = Access.SIGNED_IN
PAGES: Final = (
    Page("/", login.home),
    Page("/login", login.show, login.submit),
    Page("/login/code", login.show_code, login.submit_code),
    Page("/logout", None, login.sign_out),
    Page("/register", register.show, register.submit),
    Page("/register/sent", register.show_sent),
    Page("/register/*", register.show_invitation, register.submit_invitation),
    Page("/password", password.show, password.submit),
    Page("/password/sent", password.show_sent),
    Page("/password/*", password.show_link, password.submit_link),
    Page("/password-strength", None, register.judge),
    Page("/unlock/*", unlock.show, unlock.submit),
    Page("/two-factor", notice.show, notice.submit, _OWN),
    # Also halfway through a login: the handlers look who it is.
    Page("/authenticator", pairing.show),
    Page("/authenticator/send", None, pairing.send),
    Page("/authenticator/phone", pairing.show_finish, pairing.confirm_phone),
    Page("/authenticator/app", pairing.show_finish, pairing.finish),
    Page("/authenticator/done", pairing.done),
)
GOALS: Final = frozenset(
    page.path for page in PAGES if page.get is not None and not page.path.startswith("/login")
)
"""Pages that a login may lead to."""
