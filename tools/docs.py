"""Write the generated parts of the documents: settings table, life-cycle tables, reasons.

`python tools/docs.py` rewrites them; `python tools/docs.py --check` says whether they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from csc_server import config
from policies import lifecycle, revocation, validation

ROOT = Path(__file__).parent.parent
_TABLES = (
    ("SAD", lifecycle.SAD),
    ("Occurrence", lifecycle.OCCURRENCE),
    ("Approval out of band", lifecycle.APPROVAL),
    ("Certificate", revocation.CERTIFICATE),
)


def lifecycle_text() -> str:
    """The state tables as Mermaid diagrams."""
    return "\n".join(
        f"### {title}\n\n```mermaid\nstateDiagram-v2\n{_moves(table)}\n```\n"
        for title, table in _TABLES
    )


def reasons_text() -> str:
    """What each reason of a validation leads to."""
    rows = "".join(
        f"| `{reason}` | {validation.indication(meaning.sub_indication)} | "
        f"{meaning.sub_indication} | {meaning.sentence} |\n"
        for reason, meaning in validation.MEANINGS.items()
    )
    return f"| code | indication | sub-indication | sentence |\n|---|---|---|---|\n{rows}"


def _moves(table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> str:
    return "\n".join(
        f"    {before} --> {after}: {event}"
        for event, moves in table.items()
        for before, after in moves.items()
    )


def with_part(text: str, name: str, part: str) -> str:
    """The document with the part between its two marks."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{part}{end}{after}"


def generated() -> dict[Path, str]:
    """Each document as it should be."""
    readme, cycle = ROOT / "README.md", ROOT / "docs" / "signing-cycle.md"
    reasons = ROOT / "docs" / "validation.md"
    return {
        readme: with_part(readme.read_text(), "settings", config.table()),
        cycle: with_part(cycle.read_text(), "lifecycle", lifecycle_text()),
        reasons: with_part(reasons.read_text(), "reasons", reasons_text()),
    }


def main(check: bool) -> int:
    """Rewrite the documents, or say which are old."""
    old = {path: text for path, text in generated().items() if path.read_text() != text}
    if check:
        return len(old)
    for path, text in old.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
