"""Evidence that a PDF brings along: the Document Security Store. (ISO 32000-2 12.8.4.3)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from ades.validation import der
from ades.validation.trust import Evidence

MOST_ITEMS: Final = 1000
"""Of one kind; a document with twenty signers has some hundred."""


def of(handler: Any) -> Evidence:
    """What the store holds in this state of the document; empty without one.

    What cannot be read is left out: it proves nothing.
    """
    root = handler.root
    if "/DSS" not in root:
        return Evidence()
    store = root["/DSS"]
    return Evidence(
        tuple(_parsed(store, "/Certs", DecodePurpose.CERTIFICATE, x509.Certificate)),
        tuple(_parsed(store, "/CRLs", DecodePurpose.CRL, crl.CertificateList)),
        tuple(_parsed(store, "/OCSPs", DecodePurpose.OCSP_RESPONSE, ocsp.OCSPResponse)),
    )


def _parsed(store: Any, name: str, purpose: DecodePurpose, kind: Any) -> Iterator[Any]:
    listed = store[name] if name in store else ()  # noqa: SIM401 - get resolves nothing
    for place in range(min(len(listed), MOST_ITEMS)):
        data = listed[place].read_data(purpose)
        try:
            if der.outline(data) == len(data):
                yield kind.load(data, strict=True)
        except ValueError:
            continue
