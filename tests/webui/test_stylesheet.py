"""The stylesheet against its contract: tokens, contrast, one place for colours, size."""

from __future__ import annotations

import re

import pytest

from webui import assets

CSS = next(a for name, a in assets.ASSETS.items() if name.endswith(".css")).body.decode()
JS = next(a for name, a in assets.ASSETS.items() if name.endswith(".js")).body.decode()

# The token table of ui 2, by scheme.
LIGHT = {
    "paper": "#f4f6f8",
    "sheet": "#ffffff",
    "sunken": "#edf0f4",
    "line": "#d6dce4",
    "edge": "#768294",
    "text": "#14181f",
    "muted": "#4d5766",
    "ink": "#2142ab",
    "ink-fill": "#2142ab",
    "ink-hover": "#18328a",
    "on-ink": "#ffffff",
    "ink-wash": "#edf1fc",
    "pencil": "#8a94a5",
    "ok": "#14653b",
    "ok-wash": "#e5f3eb",
    "warn": "#744700",
    "warn-wash": "#fdf2d9",
    "danger": "#a3211b",
    "danger-wash": "#fceceb",
}
DARK = {
    "paper": "#0f1218",
    "sheet": "#171b23",
    "sunken": "#1f252f",
    "line": "#2e3644",
    "edge": "#7d899b",
    "text": "#e9ecf1",
    "muted": "#a9b2c0",
    "ink": "#aebfff",
    "ink-fill": "#4560d6",
    "ink-hover": "#3a53c2",
    "on-ink": "#ffffff",
    "ink-wash": "#1d2540",
    "pencil": "#6d788a",
    "ok": "#7fd6a3",
    "ok-wash": "#14291e",
    "warn": "#f3c66b",
    "warn-wash": "#2c230f",
    "danger": "#ffa39b",
    "danger-wash": "#331917",
}
_GROUNDS = ("paper", "sheet", "sunken")
# WCAG 2.2 1.4.3: text; 1.4.11: borders of controls, the focus ring, drawings that mean something.
TEXT = [(front, ground) for front in ("text", "muted", "ink") for ground in _GROUNDS] + [
    *[("on-ink", ground) for ground in ("ink-fill", "ink-hover")],
    *[("text", f"{kind}-wash") for kind in ("ink", "ok", "warn", "danger")],
    *[(kind, f"{kind}-wash") for kind in ("ok", "warn", "danger")],
    *[(kind, ground) for kind in ("ok", "warn", "danger") for ground in _GROUNDS],
    ("muted", "ink-wash"),
]
SHAPES = [("edge", ground) for ground in _GROUNDS] + [
    ("pencil", "sheet"),
    ("ink-fill", "sheet"),
    ("ink", "ink-wash"),
]
_ROOT_BLOCK = re.compile(r":root\s*\{([^}]*)\}")
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(|"
    r"(?<=[\s:(])(?:white|black|gr[ae]y|silver|red|green|blue|navy|orange|yellow|gold|purple)\b(?!-)",
    re.IGNORECASE,
)


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block))


def _schemes() -> tuple[dict[str, str], dict[str, str]]:
    light, dark, *_ = _ROOT_BLOCK.findall(CSS)
    return _tokens(light), _tokens(light) | _tokens(dark)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_tokens_are_those_of_the_contract() -> None:
    """Each token has its value in both schemes; the QR ground is white in both."""
    light, dark = _schemes()
    assert light == LIGHT | {"qr-ground": "#ffffff"}
    assert dark == DARK | {"qr-ground": "#ffffff"}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast(scheme: int) -> None:
    """Text reaches 4.5 to 1 on every ground it stands on, shapes reach 3 to 1."""
    tokens = _schemes()[scheme]
    bounds = [(pair, 4.5) for pair in TEXT] + [(pair, 3.0) for pair in SHAPES]
    weak = {
        pair: round(ratio, 2)
        for pair, bound in bounds
        if (ratio := _contrast(tokens[pair[0]], tokens[pair[1]])) < bound
    }
    assert weak == {}


def test_contrast_is_computed_as_the_contract_does() -> None:
    """Three ratios that the table of ui 2 states."""
    stated = {("edge", "sheet"): 3.9, ("muted", "paper"): 6.8, ("text", "sunken"): 15.6}
    for (front, ground), ratio in stated.items():
        assert round(_contrast(LIGHT[front], LIGHT[ground]), 1) == ratio


def test_no_colour_outside_the_tokens() -> None:
    """A rule names a token, never a colour."""
    rules = re.sub(r"/\*.*?\*/", "", _ROOT_BLOCK.sub("", CSS), flags=re.DOTALL)
    assert _COLOUR.findall(rules) == []


def test_every_token_is_used() -> None:
    """A token nobody uses is a colour nobody looked at."""
    declared = set(re.findall(r"^\s*--([a-z-]+):", CSS, flags=re.MULTILINE))
    assert {name for name in declared if f"var(--{name})" not in CSS} == set()


def test_sizes() -> None:
    """One stylesheet of at most 25 KB, script of at most 15 KB in total (ui 3.19)."""
    assert len(CSS.encode()) <= 25 * 1024
    assert len(JS.encode()) <= 15 * 1024


@pytest.mark.parametrize(
    "sink", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("]
)
def test_script_writes_text_alone(sink: str) -> None:
    """None of the ways to turn text into HTML or code (Trusted Types would refuse them)."""
    assert sink not in JS
