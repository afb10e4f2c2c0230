"""How a browser gets to a page in a state. The states stand in ``stops``.

Ways are told by names of forms and fields, never by words, so that they are the same in every
language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response

from csc_server.ports.sessions import SessionKey
from tests.csc_server.pages import stage
from tests.csc_server.pages.stage import StageServer

Step = Callable[[Page], None]
Arrange = Callable[[StageServer], None]
PASSWORD: Final = "seven quiet otters painting fences"


@dataclass(frozen=True)
class Stop:
    """One page in one state."""

    name: str
    path: str
    who: SessionKey | None = stage.KEY
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    """How verbs end (``cast.StagedPeople``)."""
    arrange: Arrange | None = None
    steps: tuple[Step, ...] = ()
    """From the path to the state."""
    calls: bool = False
    """The page calls another program, and the window is of no use afterwards."""


class Tour:
    """One browser, one page, one stop after the other."""

    def __init__(self, server: StageServer, browser: Browser) -> None:
        self.server = server
        self.context = browser.new_context(base_url=server.url, locale="en-GB")
        self.context.set_default_timeout(10_000)
        self.status = 0
        """Of the last page."""
        self.console: list[str] = []
        """What the browser complained about: broken script, broken policy."""
        self.page, self._spent = self._window(), False

    def arrive(self, stop: Stop, language: str = "en") -> Page:
        """The page in this state, light, on a desk."""
        self.server.reset()
        self.server.people.outcomes |= stop.outcomes
        if stop.arrange is not None:
            stop.arrange(self.server)
        if self._spent:
            self.page.close()
            self.page = self._window()
        self._spent = stop.calls
        self.context.clear_cookies()
        cookies = [{"name": "lang", "value": language, "url": self.server.url}]
        if stop.who is not None:
            cookies.append(self.server.cookie(stop.who))
        self.context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dicts
        self.page.emulate_media(color_scheme="light", media="screen")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.goto(stop.path)
        for step in stop.steps:
            step(self.page)
        return self.page

    def _window(self) -> Page:
        page = self.context.new_page()
        page.on("response", self._answered)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        return page

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.status = response.status

    def _heard(self, message: ConsoleMessage) -> None:
        # That a refusal is 422 or 404 is written there too, and is no complaint.
        if message.type == "error" and "the server responded with a status" not in message.text:
            self.console.append(message.text)


def send(action: str, do: str = "", **typed: str) -> Step:
    """Fill in the form of this address, found by its ``do``, and send it."""

    def act(page: Page) -> None:
        form = page.locator(f'form[action="{action}"]')
        if do:
            form = form.filter(has=page.locator(f'[value="{do}"]'))
        for name, value in typed.items():
            _fill(form.first.locator(f'[name="{name}"]'), value)
        pressed = form.first.locator(f'button[value="{do}"]')
        button = pressed if do and pressed.count() else form.first.locator("button[type=submit]")
        with page.expect_navigation():
            button.first.click()

    return act


def _fill(fields: Locator, value: str) -> None:
    kind = fields.first.get_attribute("type")
    if kind == "radio":
        fields.and_(fields.page.locator(f'[value="{value}"]')).check()
    elif kind == "checkbox":
        fields.check()
    else:
        fields.fill(value)


def run(script: str) -> Step:
    """Do what nobody does by hand."""
    return lambda page: page.evaluate(script)


def press(selector: str) -> Step:
    """Press what leads nowhere else."""
    return lambda page: page.locator(selector).click()


def type_password(selector: str) -> Step:
    """Type, and wait until the server has judged."""

    def act(page: Page) -> None:
        with page.expect_response("**/password-strength"):
            page.locator(selector).fill(PASSWORD)

    return act


def visit(path: str) -> Step:
    """Type an address."""

    def act(page: Page) -> None:
        page.goto(path)

    return act


def fetch(path: str) -> Step:
    """Save a file: the browser stays where it is."""

    def act(page: Page) -> None:
        assert page.context.request.get(path).ok

    return act
