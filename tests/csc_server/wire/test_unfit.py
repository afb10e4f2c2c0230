"""Each reason why a PDF is not signed has words of its own."""

from __future__ import annotations

from csc_server.wire import errors
from csc_server.wire.unfit import UNFIT
from policies.errors import DocumentUnfit
from policies.pdf import Unfit


def test_every_reason_has_words() -> None:
    """None is without, no two share theirs."""
    assert set(UNFIT) == set(Unfit)
    assert len(set(UNFIT.values())) == len(Unfit)


def test_the_words_follow_the_sentence_of_the_standard() -> None:
    """DOC-7, and what is wrong."""
    row = errors.TABLE[DocumentUnfit]
    assert callable(row.description)
    described = row.description(DocumentUnfit(Unfit.ENCRYPTED))
    assert described == "Invalid array parameter documents: the PDF is encrypted"
