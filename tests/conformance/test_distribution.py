"""The suite as a product of its own: what its wheel holds and does, what its README says."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from conformance import cli, profile
from conformance.model import Verdict
from conformance.report import json_file, words
from tests.conformance import made_up
from tests.conformance.reference import serve

SOURCE = Path(cli.__file__).parent
README = (SOURCE / "README.md").read_text()
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text())
BIN = Path(sys.executable).parent


def _run(*command: str | Path, directory: Path) -> str:
    """What a command says; nothing of this repository is on its path."""
    site = directory / "site"
    environment = {**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty directory with the wheel installed under ``site``; dependencies are the venv's."""
    directory = tmp_path_factory.mktemp("installed")
    ignore = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(SOURCE, directory / "source", ignore=ignore)
    common = ("--offline", "--quiet", "--python", sys.executable)
    build = ("build", "source", "--no-build-isolation", "--out-dir", "dist")
    _run(BIN / "uv", *build, *common, directory=directory)
    (wheel,) = (directory / "dist").glob("*.whl")
    install = ("pip", "install", "--no-deps", "--target", "site", wheel)
    _run(BIN / "uv", *install, *common, directory=directory)
    shutil.rmtree(directory / "source")
    return directory


def test_the_wheel_lists_its_checks(installed: Path) -> None:
    """From an empty directory, the installed suite and no other."""
    where = "import conformance; print(conformance.__file__)"
    place = _run(sys.executable, "-c", where, directory=installed)
    assert Path(place.strip()) == installed / "site" / "conformance" / "__init__.py"
    listed = _run(sys.executable, "-m", "conformance", "--list", directory=installed)
    assert "info.name" in listed
    script = _run(installed / "site" / "bin" / "csc-conformance", "--list", directory=installed)
    assert script == listed


def test_the_wheel_holds_every_file(installed: Path) -> None:
    """Modules, the page with its look, profiles: nothing is left behind."""
    kinds = {".py", ".html", ".css", ".toml"}
    site = installed / "site" / "conformance"
    there = {str(file.relative_to(site)) for file in site.rglob("*") if file.suffix in kinds}
    here = {str(file.relative_to(SOURCE)) for file in SOURCE.rglob("*") if file.suffix in kinds}
    built = {one for one in here if one.startswith("build/")}
    assert here - built - there == {"pyproject.toml"}


async def test_the_wheel_runs(installed: Path) -> None:
    """A run with all reports, from there."""
    outputs = ("--json", "r.json", "--junit", "r.xml", "--html", "r.html")
    async with serve() as running:
        arguments = ("-m", "conformance", running.v2_url, "--only", "info.*", *outputs)
        said = await asyncio.to_thread(_run, sys.executable, *arguments, directory=installed)
    assert "fails none" in said
    assert json.loads((installed / "r.json").read_text())["counts"]["fail"] == 0
    assert "<h1>" in (installed / "r.html").read_text()


def test_all_packages_are_listed() -> None:
    """A new directory of modules is not forgotten."""
    found = {file.parent.relative_to(SOURCE.parent) for file in SOURCE.rglob("__init__.py")}
    names = {".".join(place.parts) for place in found if "build" not in place.parts}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == names


def test_what_is_imported_is_declared() -> None:
    """An installed wheel lacks nothing."""
    imported: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add((node.module or "").partition(".")[0])
    outside = imported - sys.stdlib_module_names - {"conformance"}
    names = {packages_distributions()[one][0].lower() for one in outside}
    declared = [re.split(r"[\[>=<]", one)[0].lower() for one in PROJECT["project"]["dependencies"]]
    assert names <= set(declared)


def test_dependencies_are_those_of_the_repository() -> None:
    """The versions that the tests run with are good enough for the wheel."""
    repository = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())["project"]
    ours = [*repository["dependencies"], *repository["optional-dependencies"]["dev"]]
    known = {re.split(r"[\[>=<]", one)[0]: one.partition(">=")[2] for one in ours}
    for one in PROJECT["project"]["dependencies"]:
        name, _, least = one.partition(">=")
        assert known.get(name, least) == least


def test_profiles_of_the_readme_are_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each TOML block is read without complaint."""
    for name in set(re.findall(r"env:(\w+)", README)):
        monkeypatch.setenv(name, "GEZDGNBVGY3TQOJQ")
    blocks = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert len(blocks) > 3
    for block in blocks:
        profile.parse(tomllib.loads(block), Path())


def test_commands_of_the_readme_are_understood() -> None:
    """Each command line of the README is one that the program takes."""
    lines = re.findall(r"^(?:- run: |    - )?csc-conformance (.*)$", README, re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        cli.parser().parse_args(line.partition("||")[0].split())


def test_options_of_the_readme_exist() -> None:
    """What the text calls an option is one."""
    known = set(re.findall(r"--[a-z-]+", cli.parser().format_help()))
    named = set(re.findall(r"`(--[a-z-]+)", README))
    assert named
    assert named <= known


def test_verdicts_stand_in_the_readme() -> None:
    """With the words that the page has for them."""
    for verdict in Verdict:
        assert f"| {words.VERDICTS[verdict]} | {words.MEANINGS[verdict]} |" in README


def test_members_of_the_json_report_stand_in_the_readme() -> None:
    """Each name in the file is explained."""

    def names(value: Any, within: str = "") -> set[str]:
        if isinstance(value, list):
            return {name for one in value for name in names(one)}
        if not isinstance(value, dict):
            return set()
        own = set() if within in ("counts", "checks", "clauses") else set(value)
        return own.union(*(names(one, name) for name, one in value.items()))

    document = json.loads(json_file.dumps(made_up.report()))
    missing = {name for name in names(document) if f"`{name}`" not in README}
    assert missing == set()
