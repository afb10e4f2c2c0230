"""Every page: path, who may see it, who answers."""

from __future__ import annotations

from typing import Final

from csc_server.web.pages import (
    approvals,
    authorization,
    authorize,
    login,
    notice,
    own_certificates,
    pairing,
    password,
    phone,
    privacy,
    register,
    settings,
    step_up,
    unlock,
)
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
    Page("/confirm", step_up.show, step_up.submit, _OWN),
    Page("/privacy/read", privacy.show_to_read, privacy.accept, _OWN),
    Page("/phone", phone.show_question, phone.answer, _OWN),
    Page("/settings", settings.show, None, _OWN),
    Page("/settings/password", settings.show_password, settings.submit_password, _OWN),
    Page("/settings/phone", phone.show, phone.submit, _OWN),
    Page("/settings/language", settings.show_language, settings.submit_language, _OWN),
    Page("/settings/sessions", settings.show_sessions, settings.end_sessions, _OWN),
    Page("/settings/programs", authorization.show_programs, authorization.withdraw, _OWN),
    Page("/certificates", own_certificates.show_list, None, _OWN),
    Page("/certificates/*", own_certificates.show, None, _OWN),
    Page("/certificates/file/*", own_certificates.download, None, _OWN),
    Page("/certificates/end", own_certificates.show_question, own_certificates.end, _OWN),
    Page("/csc/v1/oauth2/authorize", authorize.begin_v1),
    Page("/csc/v2/oauth2/authorize", authorize.begin_v2),
    Page("/approve", authorization.show, authorization.submit, _OWN),
    Page("/signed-in", authorization.show_succeeded),
    Page("/approvals", approvals.show_list, None, _OWN),
    Page("/approval", approvals.show, approvals.submit, _OWN),
    Page("/settings/data", settings.show_data, None, _OWN),
    Page("/privacy", privacy.show),
    Page("/help", privacy.show_help),
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
