"""What fits into an SMS."""

from __future__ import annotations

import pytest

from policies import sms


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ăâîșțĂÂÎȘȚ", "aaistAAIST"),
        ("şţŞŢ", "stST"),
        ("àâçéèêëîïôùûüÿœŒæÆ", "aaceeeeiiouuuyoeOEaeAE"),
        ("l\u2019app “x” \u2013 y… «z»\u00a0;\u202f!", 'l\'app "x" - y... "z" ; !'),
        ("plain 123 @#\n", "plain 123 @#\n"),
    ],
)
def test_transliteration(text: str, plain: str) -> None:
    """Letters lose their marks, typography its shapes."""
    assert sms.transliterate(text) == plain


@pytest.mark.parametrize("text", ["я", "漢", "😀", "ß", "€"])
def test_letters_without_a_plain_form_are_refused(text: str) -> None:
    """They are not dropped in silence."""
    with pytest.raises(sms.TextUnsendable):
        sms.transliterate(text)


@pytest.mark.parametrize(
    ("text", "septets"), [("", 0), ("abc", 3), ("{}", 4), ("€", 2), ("é@£\n", 4), ("[a]", 5)]
)
def test_septets(text: str, septets: int) -> None:
    """Extension characters cost two."""
    assert sms.septets(text) == septets


@pytest.mark.parametrize("letter", ["ă", "ș", "ţ", "ê", "`", "😀"])
def test_what_is_not_gsm_7(letter: str) -> None:
    """One of them would make the whole text UCS-2."""
    with pytest.raises(sms.TextUnsendable):
        sms.septets(letter)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        # 160 septets; then one more.
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        # An escape pair does not straddle parts: 152 + 2, and so on.
        ("a" * 152 + "€" + "a" * 152, 3),
    ],
)
def test_segments(text: str, segments: int) -> None:
    """160 alone, 153 in a row, escape pairs whole."""
    assert sms.segments(text) == segments


def test_a_fourth_segment_is_refused() -> None:
    """460 septets do not go out."""
    with pytest.raises(sms.TextUnsendable):
        sms.segments("a" * 460)
