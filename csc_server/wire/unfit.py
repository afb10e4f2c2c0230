"""Why a PDF is not signed, in the words of an error description. (CSC v2 11.11, DOC-7)

The standard has one sentence for all of them; what follows it is ours.
"""

from __future__ import annotations

from typing import Final

from policies.pdf import Unfit

UNFIT: Final = {
    Unfit.TOO_LARGE: "the PDF is larger than 50 MiB",
    Unfit.NO_HEADER: "not a PDF (its header has to be the first bytes)",
    Unfit.BROKEN: "the PDF is damaged",
    Unfit.EMPTY: "the PDF has no pages",
    Unfit.ENCRYPTED: "the PDF is encrypted",
    Unfit.XFA: "the PDF is an XFA form",
    Unfit.HYBRID: "the PDF has two cross-references (hybrid)",
    Unfit.UNFOLDS: "the PDF unfolds to too much data",
    Unfit.TOO_MANY_OBJECTS: "the PDF has more than 1,000,000 objects",
    Unfit.TOO_MANY_PAGES: "the PDF has more than 5,000 pages",
    Unfit.TOO_MANY_FIELDS: "the PDF has more than 20,000 form fields",
    Unfit.TOO_MANY_FILTERS: "the PDF has a stream with more than 4 filters",
    Unfit.TOO_DEEP: "the PDF is nested too deeply",
    Unfit.SCRIPT: "the PDF runs a script when it is opened",
    Unfit.ACTION: "the PDF acts by itself when it is opened",
    Unfit.MEDIA: "the PDF has media that move",
    Unfit.NO_CHANGES: "a signature in the PDF allows no further ones",
    Unfit.LOCKED: "a signature in the PDF has locked this field",
    Unfit.NO_SUCH_FIELD: "the PDF has no such signature field",
    Unfit.FIELD_TAKEN: "this signature field is signed already",
    Unfit.SEED_VALUES: "this signature field sets conditions that cannot be met here",
    Unfit.NO_NEW_PLACE: "a certified PDF takes visible signatures only in fields that it has",
    Unfit.OUTSIDE: "the visible signature would not lie on a page, or is too small",
    Unfit.PICTURE: "the picture is no PNG or JPEG, or too large",
}
