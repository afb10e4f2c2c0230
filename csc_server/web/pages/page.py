"""One visit of a browser to a page, and what stands around every page handler.

Finds language and session, holds forms against their session, renders, and sets the cookies. A
visit that only looks writes nothing: a session is a row only when there is something to keep.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, Final

import aiohttp_jinja2
from aiohttp import web

from csc_server.ports import Call
from csc_server.ports.sessions import SessionKey
from csc_server.web.pages import cookies, forms, guard, headers
from csc_server.web.pages.forms import Form
from csc_server.web.pages.look import ENVIRONMENTS, LOOK, Look
from csc_server.web.requests import ACCOUNT, LINK, call, respond, services
from csc_server.web.services import Services
from policies import errors, sessions
from policies.passwords import Weakness
from policies.secret import LinkToken
from policies.sessions import Session, SessionId, Stage
from policies.values import AccountId
from webui import languages
from webui.frame import Frame
from webui.languages import Language

NONCE: Final = web.RequestKey("nonce", str)
LANGUAGE: Final = web.RequestKey("language", Language)


class Access(Enum):
    """Who may see a page."""

    PUBLIC = auto()
    SIGNED_IN = auto()
    """Others are led to the login page and back."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request of a browser."""

    request: web.Request
    look: Look
    language: Language
    key: SessionKey
    """The cookie's value; a new one for a browser that brought none."""
    session: Session | None
    """``None`` when there is no row, or it is over."""
    gone: errors.SessionMissing | None = None
    """Why the session that the cookie names does not count."""
    form: Form = field(default_factory=lambda: Form({}))
    """Empty unless the method is POST."""
    form_targets: Sequence[str] = ()
    """Origins besides ours to which an answer of this page's forms may redirect."""
    person: str | None = None
    """Name of the signed-in person, for the header."""
    chosen: bool = False
    """The language was asked for, and is to be remembered."""
    remember: tuple[str | None] | None = None
    """A tuple: afterwards the browser remembers this e-mail address, or none."""

    @property
    def services(self) -> Services:
        """The operations of this process."""
        return services(self.request)

    @property
    def call(self) -> Call:
        """Who calls from where, for the audit log."""
        return call(self.request)

    @property
    def device(self) -> str:
        """What the browser calls itself."""
        return self.request.headers.get("User-Agent", "")

    @property
    def here(self) -> str:
        """This page without its query; never the address of another host (``//host``)."""
        return "/" + self.request.path.lstrip("/")

    @property
    def link(self) -> LinkToken:
        """The token at the end of the address."""
        return LinkToken(self.request[LINK])

    @property
    def remembered_address(self) -> str:
        """The e-mail address that this browser remembers, or nothing."""
        return cookies.remembered_address(self.request, secure=self.look.secure)

    @property
    def data(self) -> Mapping[str, str]:
        """What the session holds."""
        return self.session.data if self.session else {}

    @property
    def account_id(self) -> AccountId:
        """Who is signed in.

        Raises:
            SessionMissing: Nobody.
        """
        return sessions.signed_in(self.session)

    @property
    def signed_in(self) -> bool:
        """True when somebody is."""
        return self.session is not None and self.session.stage is Stage.SIGNED_IN

    def speak(self, tag: str | None) -> None:
        """Use the language that a program asks for, if it is one of ours."""
        if tag:
            self.language = languages.choose(tag, None, None, self.language)
            self.chosen = True

    async def keep(self, **changes: str | None) -> None:
        """Afterwards the session holds these texts too; ``None`` removes one.

        Raises:
            Malformed: More than a session holds.
        """
        data = {name: value for name, value in {**self.data, **changes}.items() if value}
        if self.session is None:
            # Never under a cookie that named a session before.
            self.key = self.services.sessions.new_key()
            self.session = await self.services.sessions.open(self.key, self.call, self.device, data)
            return
        await self.services.sessions.keep(self.session, data)
        self.session = replace(self.session, data=data)

    async def bind(self) -> SessionId:
        """The session's identifier; afterwards there is a row, so that a request can wait in it."""
        if self.session is None:
            await self.keep()
        assert self.session is not None  # noqa: S101 - kept
        return self.session.session_id

    async def advance(
        self, stage: Stage, account_id: AccountId | None, data: Mapping[str, str]
    ) -> None:
        """Afterwards the session is in this stage, under a new cookie.

        Raises:
            SessionMissing: Another request was faster.
        """
        operation = self.services.sessions
        self.key = await operation.advance(
            self.session, stage, account_id, self.call, self.device, data
        )
        self.session = await operation.find(self.key)
        self.gone = None

    async def sign_out(self) -> None:
        """Afterwards the cookie is worth nothing and the browser has a new one."""
        if self.session is not None:
            await self.services.sessions.sign_out(self.session, self.call)
        self.key, self.session = self.services.sessions.new_key(), None

    def render(
        self, template: str, *, status: int = 200, failed: bool = False, **context: Any
    ) -> web.Response:
        """An HTML answer."""
        token = guard.token(self.key)
        context |= {
            "frame": Frame(
                address=self.request.path_qs,
                person=self.person,
                failed=failed,
                sign_out="/logout",
                csrf=token,
                nonce=self.request[NONCE],
            ),
            "hidden": {guard.FIELD: token},
            "now": self.services.clock.now(),
        }
        return aiohttp_jinja2.render_template(
            template, self.request, context, app_key=ENVIRONMENTS[self.language], status=status
        )

    def verdict(self, weakness: Weakness | None) -> web.Response:
        """The sentence beside a password field, as JSON ``{"text", "strong"}``."""
        words = self.request.app[ENVIRONMENTS[self.language]].get_template("problems.html")
        text = str(words.make_module().verdict(weakness))  # type: ignore[attr-defined]
        return respond({"text": text.strip(), "strong": weakness is None})

    def go(self, address: str) -> web.Response:
        """See other: after a POST, so that a reload repeats nothing."""
        return web.Response(status=303, headers={"Location": address})


PageHandler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Page:
    """A path for people."""

    path: str
    get: PageHandler | None = None
    """Has no side effects."""
    post: PageHandler | None = None
    access: Access = Access.PUBLIC

    @property
    def http_methods(self) -> tuple[str, ...]:
        """What the path takes."""
        given = {"GET": self.get, "POST": self.post}
        return tuple(method for method, handler in given.items() if handler is not None)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a request whose method is one of ``http_methods``."""
        visit = await _arrive(request)
        handler = self.get
        if request.method == "POST":
            handler = self.post
            await _demand_ours(visit)
        if self.access is Access.SIGNED_IN:
            request[ACCOUNT] = visit.account_id
        if visit.signed_in:
            visit.person = await _name_of(visit)
        assert handler is not None  # noqa: S101 - dispatch has looked at http_methods
        response = await handler(visit)
        _finish(visit, response)
        return response


async def _name_of(visit: Visit) -> str:
    person = await visit.services.people.show_person(visit.account_id)
    if person.profile is None:
        return person.account.username
    return f"{person.profile.first_name} {person.profile.last_name}"


def language_of(request: web.Request) -> Language:
    """The language of an answer: asked for, remembered, or the browser's."""
    return languages.choose(
        request.query.get(languages.PARAMETER),
        cookies.remembered_language(request, secure=request.app[LOOK].secure),
        request.headers.get("Accept-Language"),
    )


def nonce_of(request: web.Request) -> str:
    """What the script of this answer carries."""
    if NONCE not in request:
        request[NONCE] = services(request).sessions.new_key().value
    return request[NONCE]


async def _arrive(request: web.Request) -> Visit:
    look, operation = request.app[LOOK], services(request).sessions
    request[LANGUAGE] = language_of(request)
    nonce_of(request)
    key, session, gone = cookies.session_key(request, secure=look.secure), None, None
    if key is not None:
        try:
            session = await operation.find(key)
        except errors.SessionMissing as reason:
            gone = reason
    return Visit(
        request=request,
        look=look,
        language=request[LANGUAGE],
        key=key or operation.new_key(),
        session=session,
        gone=gone,
        chosen=languages.PARAMETER in request.query,
    )


async def _demand_ours(visit: Visit) -> None:
    guard.demand_same_site(visit.request.headers, visit.look.origin)
    visit.form = await forms.read(visit.request)
    brought = cookies.session_key(visit.request, secure=visit.look.secure)
    guard.demand_token(visit.form.values.get(guard.FIELD, ""), brought)


def _finish(visit: Visit, response: web.StreamResponse) -> None:
    secure = visit.look.secure
    if cookies.session_key(visit.request, secure=secure) != visit.key:
        cookies.set_session(response, visit.key, secure=secure)
    if visit.chosen:
        cookies.set_language(response, visit.language, secure=secure)
    if visit.remember is not None:
        cookies.set_remembered(response, visit.remember[0], secure=secure)
    nonce = visit.request[NONCE]
    response.headers.update(headers.of_page(nonce, visit.form_targets))
