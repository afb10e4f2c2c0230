"""certomancer-csc-dummy, the reference to compare with: no login, no durability, no audit.

Its own log level is lowered (it logs at DEBUG otherwise). It loads its key anew on every call and
validates RSA keys while it does, so P-256 is the fair row.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

_CONFIGURATION: Final = """
keysets:
  bench:
    path-prefix: {directory}
    keys:
      root: {{path: root.pem}}
      p256: {{path: p256.pem}}
      rsa: {{path: rsa.pem}}
pki-architectures:
  bench:
    keyset: bench
    entity-defaults: {{country-name: RO, organization-name: Bench}}
    entities:
      root: {{common-name: Root}}
      p256: {{common-name: P256}}
      rsa: {{common-name: RSA}}
    certs:
      root: {{subject: root, issuer: root, validity: {validity}}}
      p256: {{issuer: root, validity: {validity}}}
      rsa: {{issuer: root, validity: {validity}}}
"""
_VALIDITY: Final = '{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2040-01-01T00:00:00+0000"}'
_PROGRAM: Final = """
import logging, sys
logging.basicConfig(level=logging.WARNING)
from csc_dummy.runner import run_from_file
run_from_file(sys.argv[1], port=int(sys.argv[2]))
"""


@contextmanager
def running(directory: Path, port: int) -> Iterator[str]:
    """Its base URL while it runs; credentials ``bench/p256`` and ``bench/rsa``."""
    directory.mkdir()
    for name, key in (
        ("root", ec.generate_private_key(ec.SECP256R1())),
        ("p256", ec.generate_private_key(ec.SECP256R1())),
        ("rsa", rsa.generate_private_key(65537, 3072)),
    ):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (directory / f"{name}.pem").write_bytes(pem)
    configuration = directory / "bench.yml"
    configuration.write_text(_CONFIGURATION.format(directory=directory, validity=_VALIDITY))
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(configuration), str(port)], stdout=subprocess.DEVNULL
    )
    try:
        base_url = f"http://localhost:{port}"
        _wait(base_url)
        yield base_url
    finally:
        process.terminate()
        process.wait()


def _wait(base_url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{base_url}/info").close()  # noqa: S310 - our own loopback URL
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("certomancer-csc-dummy did not start")
