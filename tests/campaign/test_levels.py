"""Four levels, three kinds of keys in SoftHSM, fifty documents: all through the gate.

security-and-pki 3.4, appendix B: pyHanko for each level, `pdfsig -nocert`, for CAdES OpenSSL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies.pdf import MIB, MOST_PDF_BYTES, Permission
from policies.pdf_signing import Place
from tests.ades import keys, pdfs
from tests.ades.gate import SAID, Gate, pdfsig
from tests.ades.office import ALGORITHMS, Office
from tests.pki.golden import golden

DOCUMENTS = 50
ROUNDS_A_DOCUMENT = 4
"""So that the 200 rounds of `make campaign` take all of them."""
VERSIONS = ((1, 4), (1, 5), (1, 6), (1, 7), (2, 0))
PAGES = (1, 2, 3, 5, 10, 25, 50, 120, 250, 500)
SIZES = (20_000, 60_000, 200_000, MIB, 3 * MIB, 20_000, 100_000, 10 * MIB, 30_000, 40 * MIB)
LARGEST = MOST_PDF_BYTES - 2 * MIB
"""What 500 pages take beside their pictures."""


@dataclass(frozen=True)
class Kind:
    """A document that is made up."""

    number: int

    @property
    def pages(self) -> int:
        """From 1 to 500."""
        return PAGES[self.number % len(PAGES)]

    @property
    def streams(self) -> bool:
        """With object streams, which came with 1.5."""
        return self.version >= (1, 5) and self.number % 2 == 1

    @property
    def version(self) -> tuple[int, int]:
        """Of PDF."""
        return VERSIONS[self.number // 2 % len(VERSIONS)]

    @property
    def padding(self) -> int:
        """Bytes of pictures: from 20 KB to 50 MB for the document."""
        if self.number == DOCUMENTS - 1:
            return LARGEST
        return SIZES[(self.number * 7 + self.number // 10) % len(SIZES)]

    async def document(self, office: Office) -> bytes:
        """A third with a form, a third signed or certified before."""
        made = pdfs.book(
            self.pages, version=self.version, streams=self.streams, padding=self.padding
        )
        if self.number % 3 == 1:
            made = pdfs.updated(made, pdfs.add_form)
        if self.number % 3 == 2 and len(made) < LARGEST:
            certify = Permission.FORMS_AND_SIGNATURES if self.number % 2 else None
            made = await office.sign_pdf(made, place=Place(None, certify), stamped=True)
        return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """With keys in SoftHSM."""
    with keys.in_hsm(tmp_path_factory.mktemp("office")) as device:
        yield Office(device, golden())


async def test_every_document_at_every_level(office: Office, tmp_path: Path, rounds: int) -> None:
    """Each level of each document passes its judges; poppler finds every signature intact."""
    gate = Gate(golden())
    many = max(1, min(DOCUMENTS, rounds // ROUNDS_A_DOCUMENT))
    passed = largest = 0
    for number in range(DOCUMENTS - many, DOCUMENTS) if many == DOCUMENTS else range(many):
        document = await Kind(number).document(office)
        largest = max(largest, len(document))
        before = pdfs.signatures(document)
        for name, algorithm in ALGORITHMS.items():
            evidence = await office.evidence_for(algorithm)
            made = await office.ladder(document, algorithm)
            for level, one in made.items():
                said = await gate.all_levels(one, evidence, place=before)
                assert said == SAID[level], (number, name, level)
                pdfsig(tmp_path, one)
                passed += 1
    print(f"{passed} signed documents through the gate, the largest of {largest} bytes")
    assert passed == many * len(ALGORITHMS) * len(SAID)
