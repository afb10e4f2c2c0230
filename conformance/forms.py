"""A page of an authorization server as far as a person's next move needs it: forms and links.

Reads markup that may be hostile: nothing is run, nothing is loaded, and long pages are refused.
(HTML Living Standard 4.10.21, "constructing the entry list", in its plain cases)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

PAGE_BYTES: Final = 512 << 10
"""The longest page that is read; the largest login pages in the field are around 200 KB."""
CONTROLS: Final = 2000
"""Forms, links and controls that are read of one page."""
_BUTTONS: Final = frozenset({"submit", "image"})
_NEVER_SENT: Final = frozenset({"reset", "button", "file"})
_CHECKED: Final = frozenset({"checkbox", "radio"})
_ON: Final = frozenset({"true", "on", "yes", "1"})
_REFRESH: Final = re.compile(r"[\d.]*[;,]?url='?\"?([^'\"]+)", re.IGNORECASE)

Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class Control:
    """Something in a form that has a name or a label."""

    kind: str
    """Of an input its type; else ``select``, ``textarea``, ``submit``."""
    name: str
    value: str
    checked: bool = False
    action: str = ""
    """Of a button: where it sends the form instead."""
    method: str = ""
    """Of a button: how it sends the form instead."""
    label: str = ""
    """What is written on a button."""

    def called(self, press: str) -> bool:
        """Is this the button that a step names: by name, value or label?"""
        label = " ".join(self.label.split()).lower()
        return press in (self.name, self.value) or press.lower() == label


@dataclass(slots=True, eq=False)
class Form:
    """A form and what it would send. Two forms of a page are two, however alike they begin."""

    action: str = ""
    method: str = "get"
    controls: list[Control] = field(default_factory=list)

    def has(self, names: Mapping[str, str], press: str) -> bool:
        """All the fields, and the button if one is named."""
        fields = {one.name for one in self.controls if one.kind not in _BUTTONS | {"hidden"}}
        return names.keys() <= fields and (not press or self.button(press) is not None)

    def button(self, press: str) -> Control | None:
        """The button that is meant: the first one without ``press``."""
        buttons = (one for one in self.controls if one.kind in _BUTTONS)
        return next((one for one in buttons if not press or one.called(press)), None)

    def filled(self, values: Mapping[str, str], press: str) -> Submission:
        """What is sent when the fields have these values and the button is pressed."""
        button = self.button(press)
        pairs: Pairs = []
        for one in self.controls:
            if one.kind in _BUTTONS:
                sent = one is button
            elif one.kind in _CHECKED and one.name in values:
                given = values[one.name]
                sent = given == one.value or (one.kind == "checkbox" and given.lower() in _ON)
            else:
                sent = one.kind not in _CHECKED or one.checked
            if sent and one.name and one.kind not in _NEVER_SENT:
                keep = one.kind in _BUTTONS | _CHECKED
                pairs.append((one.name, one.value if keep else values.get(one.name, one.value)))
        action = button.action if button and button.action else self.action
        method = button.method if button and button.method else self.method
        return Submission(action, method, pairs)


@dataclass(frozen=True, slots=True)
class Submission:
    """A form on its way."""

    action: str
    """As written: relative to the page, empty for the page itself."""
    method: str
    """``get`` or ``post``."""
    pairs: Pairs


@dataclass(slots=True)
class Page:
    """Forms, links and the refresh of a page, in the order in which they stand."""

    title: str = ""
    base: str = ""
    refresh: str = ""
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


def read(markup: str) -> Page:
    """The page that ``markup`` shows; whatever is wrong in it is passed over."""
    reader = _Reader()
    # Never closed: what is left open at the end of a page belongs to no form, and closing is
    # where the parser takes quadratic time over broken markup (CVE-2025-6069).
    with suppress(AssertionError):  # of the parser, at some broken declarations: read up to there
        reader.feed(markup)
    return reader.page


class _Reader(HTMLParser):
    """Collects the page; ``form`` attributes of controls outside of their form are honoured."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._text: Control | None = None
        self._select: Control | None = None
        self._titled = False
        self._read = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._read += 1
        if self._read > CONTROLS * 20:
            return
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "title":
                self._titled = not self.page.title
            case "base":
                self.page.base = self.page.base or given.get("href", "")
            case "meta":
                self._meta(given)
            case "a" | "area":
                self._link(given)
            case "form":
                self._open(given)
            case "input" | "button" | "select" | "textarea":
                self._control(tag, given)
            case "option":
                self._option(given)

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "title":
                self._titled = False
            case "form":
                self._form = None
            case "select":
                self._select = None
            case "button" | "textarea":
                self._text = None

    def handle_data(self, data: str) -> None:
        if self._titled:
            self.page.title = (self.page.title + data)[:200]
        elif self._text is not None and self._text.kind == "textarea":
            self._text.value = (self._text.value + data)[: PAGE_BYTES >> 3]
        elif self._text is not None:
            self._text.label = (self._text.label + data)[:200]

    def _meta(self, given: dict[str, str]) -> None:
        if given.get("http-equiv", "").lower() != "refresh":
            return
        # Blanks mean nothing here, and an address has none.
        found = _REFRESH.match("".join(given.get("content", "").split()))
        if found and not self.page.refresh:
            self.page.refresh = found[1]

    def _link(self, given: dict[str, str]) -> None:
        if given.get("href") and len(self.page.links) < CONTROLS:
            self.page.links.append(given["href"].strip())

    def _open(self, given: dict[str, str]) -> None:
        if self._form is not None or len(self.page.forms) >= CONTROLS:
            return  # forms do not nest: the inner tag means nothing
        method = given.get("method", "").lower()
        action = given.get("action", "").strip()
        self._form = self._by_id.get(given.get("id", "")) or Form()
        self._form.action, self._form.method = action, "post" if method == "post" else "get"
        if given.get("id"):
            self._by_id[given["id"]] = self._form
        if self._form not in self.page.forms:
            self.page.forms.append(self._form)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "").lower() if tag in ("input", "button") else tag
        if tag == "button" and kind not in ("reset", "button"):
            kind = "submit"
        control = Control(
            kind=kind or "text",
            name=given.get("name", ""),
            value=given.get("value", "on" if kind in _CHECKED else ""),
            checked="checked" in given,
            action=given.get("formaction", "").strip(),
            method=given.get("formmethod", "").lower(),
            label=given.get("value", "") if tag == "input" else "",
        )
        form = self._owner(given)
        if tag in ("button", "textarea"):
            self._text = control
        if tag == "select":
            self._select = control
        if form is not None and "disabled" not in given and len(form.controls) < CONTROLS:
            form.controls.append(control)

    def _owner(self, given: dict[str, str]) -> Form | None:
        if "form" not in given:
            return self._form
        # A control may stand before the form that it belongs to.
        if given["form"] not in self._by_id and len(self._by_id) < CONTROLS:
            self._by_id[given["form"]] = Form()
        return self._by_id.get(given["form"])

    def _option(self, given: dict[str, str]) -> None:
        select = self._select
        if select is None:
            return
        # The first option counts until one says that it is selected.
        if "selected" in given or not select.checked:
            select.value = given.get("value", "")
            select.checked = True
