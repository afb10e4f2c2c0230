"""The documents say what the code says."""

from __future__ import annotations

import importlib.util
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from ades.validation import report
from hsm import provision
from policies import validation

ROOT = Path(__file__).parent.parent


def tool(name: str) -> Any:
    """A module of ``tools/``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_current() -> None:
    """Settings table and life-cycle diagrams; `python tools/docs.py` writes them anew."""
    for path, text in tool("docs").generated().items():
        assert path.read_text() == text, f"{path.name} is old"


def test_every_field_of_a_validation_report_is_explained() -> None:
    """docs/validation.md names each, and each reason has its sentence."""
    text = (ROOT / "docs" / "validation.md").read_text()
    kinds = [one for one in vars(report).values() if isinstance(one, type) and is_dataclass(one)]
    names = {field.name for kind in kinds for field in fields(kind) if kind is not report.Verdict}
    assert len(names) > 30
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert set(validation.MEANINGS) == set(validation.Reason)


def test_softhsm_conf_says_what_an_instance_gets(tmp_path: Path) -> None:
    """The file in the repository's root differs only in the token directory's place."""
    written = tmp_path / "softhsm.conf"
    provision.write_configuration(written, tmp_path / "tokens")
    lines = (ROOT / "softhsm.conf").read_text().splitlines()
    ours = [line for line in lines if not line.startswith("#")]
    assert ours == written.read_text().replace(f"{tmp_path}/", "var/").splitlines()
