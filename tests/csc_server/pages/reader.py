"""A browser without script, style or mercy: what every flow has to work with."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit


@dataclass
class Form:
    """A form as it stands on the page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    """Everything that would be sent if nothing was typed."""
    names: set[str] = field(default_factory=set)
    """Everything that can be filled in."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(values.get("action", "")))
        elif not self.found or not (form := self.found[-1]):
            return
        elif tag == "input" and "name" in values:
            form.names.add(values["name"])
            if values.get("type") not in ("checkbox", "radio") or "checked" in values:
                form.fields[values["name"]] = values.get("value", "")
        elif tag == "select":
            self._select = values["name"]
            form.names.add(values["name"])
        elif tag == "option" and self._select is not None:
            form.fields.setdefault(self._select, values["value"])


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def forms(self) -> list[Form]:
        """The forms of the page, in order."""
        parser = _Forms()
        parser.feed(self.text)
        return parser.found

    def form(self, action: str, **values: str) -> Form:
        """The first form to this address that has these values."""
        return next(
            one
            for one in self.forms
            if one.action == action and values.items() <= one.fields.items()
        )

    @property
    def location(self) -> str:
        """Where a 303 leads."""
        assert self.status == 303, (self.status, self.text)
        return str(self.headers["Location"])


class Reader:
    """One browser with its cookies."""

    def __init__(self, base_url: str, language: str = "en") -> None:
        parts = urlsplit(base_url)
        self.origin, self._netloc = base_url, parts.netloc
        self._language = language
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        """GET, redirects left alone."""
        return self._ask("GET", path, None, headers)

    def follow(self, answer: Answer) -> Answer:
        """The page at the end of redirects."""
        while answer.status == 303:
            answer = self.get(answer.location)
        return answer

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """POST as a browser does from one of our pages; ``headers`` override."""
        sent = {
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask("POST", path, urlencode(fields), sent | given)

    def submit(self, page: Answer, action: str, match: str = "", **typed: str) -> Answer:
        """Fill in and send the form of this page; ``match`` picks it by its ``do``."""
        form = page.form(action, do=match) if match else page.form(action)
        assert typed.keys() <= form.names | {"answer"}, (typed, form.names)
        return self.post(action, form.fields | typed)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self._netloc, timeout=15)
        sent = {"Accept": "text/html", "Accept-Language": self._language, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {name: value for name, value in sent.items() if value}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return Answer(response.status, response.headers, text)
