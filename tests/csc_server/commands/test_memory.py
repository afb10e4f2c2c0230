"""What a web process loads: memory is its modules, long before the first request."""

from __future__ import annotations

import subprocess
import sys


def test_a_web_process_leaves_heavy_modules_alone() -> None:
    """Migrations and the lists of passwords are loaded where they are needed."""
    heavy = ["alembic", "mako", "zxcvbn", "asyncpg", "pyhanko"]
    program = f"""
import sys
import csc_server.commands.serve
print([name for name in {heavy} if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ended.stdout.decode().strip() == "[]"
