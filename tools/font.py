"""Writes ``ades/pdf/fonts/DejaVuSans.ttf`` from Debian's fonts-dejavu-core.

    python tools/font.py /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf

Of the 6,000 glyphs those of European languages stay (Latin, Greek, Cyrillic), without hints and
without features; a signature embeds the few that its text needs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "ades/pdf/fonts/DejaVuSans.ttf"
KEPT = (
    (0x0020, 0x007E),  # Basic Latin
    (0x00A0, 0x024F),  # Latin-1, Extended-A and -B: ș ț of Romanian, œ of French
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x04FF),  # Cyrillic
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2010, 0x2026),  # dashes, quotation marks, ellipsis
    (0x202F, 0x203A),
    (0x20AC, 0x20AC),  # euro
    (0x2116, 0x2122),  # numero, trade mark
    (0xFB01, 0xFB02),
    (0xFFFD, 0xFFFD),  # for what is missing
)


def main(source: str) -> None:
    """Write the file."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14]
    )
    worker = subset.Subsetter(options)
    worker.populate(unicodes=[one for first, last in KEPT for one in range(first, last + 1)])
    worker.subset(font)
    font.save(TARGET)


if __name__ == "__main__":
    main(*sys.argv[1:])
