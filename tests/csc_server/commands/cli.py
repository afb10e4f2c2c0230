"""`csc-server` as a person uses it: real commands in real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(instance: Path, *words: str, stdin: str = "", **variables: str) -> tuple[int, str]:
    """Exit status and everything printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")}
    ended = subprocess.run(
        [sys.executable, "-m", "csc_server", "--instance", str(instance), *words],
        input=stdin,
        text=True,
        capture_output=True,
        env=environment | variables,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr
