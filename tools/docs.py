"""Write the generated parts of the documents: settings, life cycles, reasons, conformance suite.

`python tools/docs.py` rewrites them; `python tools/docs.py --check` says whether they are current.
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from csc_server import config
from policies import lifecycle, revocation, validation

ROOT = Path(__file__).parent.parent
# The conformance suite is a product of its own: it is not installed with the rest.
sys.path.insert(0, str(ROOT))
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


def checks_text() -> str:
    """The page of the conformance suite's checks."""
    from conformance import registry
    from conformance.report import explain

    return explain.page(registry.every())


def profile_text() -> str:
    """Every key of a profile of the conformance suite, as the comments of its fields say."""
    from conformance import profile

    body = ast.parse(Path(profile.__file__).read_text()).body
    kinds = {one.name: one for one in body if isinstance(one, ast.ClassDef)}
    names = ("Profile", *(name for name in kinds if name != "Profile"))
    return "\n".join(_keys(kinds[name], getattr(profile, name)()) for name in names)


def _keys(kind: ast.ClassDef, defaults: object) -> str:
    """One table of a profile: what it is for, then a row for each key with a comment."""
    rows = "".join(
        f"| `{field.target.id}` | {_toml(getattr(defaults, field.target.id))} | {_line(told)} |\n"
        for field, told in itertools.pairwise(kind.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(told, ast.Expr)
    )
    purpose, _, rest = " ".join((ast.get_docstring(kind) or "").split()).partition(": ``")
    table, _, more = rest.partition("``")
    title = f"`{table}`" if table else "Top of the file"
    lead = f"{purpose}{more}\n\n" if table else ""
    return f"### {title}\n\n{lead}| Key | Default | Meaning |\n|---|---|---|\n{rows}"


def _toml(value: object) -> str:
    """A default as a profile would write it; nothing for empty ones."""
    return f"`{json.dumps(value)}`" if value or value is False else ""


def _line(told: ast.Expr) -> str:
    return " ".join(str(ast.literal_eval(told.value)).replace("``", "`").split())


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
    suite = ROOT / "conformance" / "README.md"
    return {
        readme: with_part(readme.read_text(), "settings", config.table()),
        cycle: with_part(cycle.read_text(), "lifecycle", lifecycle_text()),
        reasons: with_part(reasons.read_text(), "reasons", reasons_text()),
        suite: with_part(suite.read_text(), "profile", profile_text()),
        ROOT / "docs" / "conformance-checks.md": checks_text(),
    }


def main(check: bool) -> int:
    """Rewrite the documents, or say which are old."""
    old = {
        path: text
        for path, text in generated().items()
        if not path.exists() or path.read_text() != text
    }
    if check:
        return len(old)
    for path, text in old.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
