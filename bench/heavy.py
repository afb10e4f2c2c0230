"""A client that signs one large PDF again and again: a process of its own, because building and
reading such bodies would hold up whoever measures. `python -m bench.heavy URL CREDENTIAL MB`, the
access token on standard input.

It stands for another machine, so it leaves the cores to the service wherever both want them.

Says "ready" when the first one is signed, and goes on until its input ends; then how many.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import sys
import threading
from typing import Any, Final
from urllib.parse import urlsplit

from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from csc_server.commands.demo import SAMPLE
from tests.service import PIN

ECDSA: Final = "1.2.840.10045.4.3.2"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
generic: Any = untyped_generic


def large_pdf(size: int) -> bytes:
    """The sample, brought to this size by a stream that no page shows."""
    sample = SAMPLE.read_bytes()
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(sample))
    # Some hundred bytes go into the revision around it.
    filling = os.urandom(size - len(sample) - 1000)
    stream = writer.add_object(generic.StreamObject(stream_data=filling))
    writer.root[generic.NameObject("/Filling")] = stream
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


class Heavy:
    """The client."""

    def __init__(self, base_url: str, credential_id: str, token: str, document: bytes) -> None:
        parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=120)
        self._credential_id, self._token = credential_id, token
        self._digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
        element = {
            "document": base64.b64encode(document).decode(),
            "signature_format": "P",
            "signAlgo": ECDSA,
        }
        self._documents = json.dumps([element])

    def sign(self) -> None:
        """One document."""
        issued = self._ask(
            "credentials/authorize",
            json.dumps(
                {
                    "credentialID": self._credential_id,
                    "numSignatures": 1,
                    "hashes": [self._digest],
                    "hashAlgorithmOID": SHA256,
                    "authData": [{"id": "PIN", "value": PIN}],
                }
            ),
        )
        order = json.dumps({"credentialID": self._credential_id, "SAD": json.loads(issued)["SAD"]})
        self._ask("signatures/signDoc", f'{order[:-1]}, "documents": {self._documents}}}')

    def _ask(self, method: str, body: str) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._connection.request("POST", f"/csc/v2/{method}", body.encode(), headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise AssertionError(f"{method}: {response.status} {answer[:300]!r}")
        return answer


def _wait(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def main(arguments: list[str]) -> int:
    """Sign until standard input ends."""
    base_url, credential_id, megabytes = arguments
    token = sys.stdin.readline().strip()
    heavy = Heavy(base_url, credential_id, token, large_pdf(int(megabytes) * 1_000_000))
    os.nice(19)
    over = threading.Event()
    threading.Thread(target=_wait, args=(over,), daemon=True).start()
    heavy.sign()
    print("ready", flush=True)
    count = 0
    while not over.is_set():
        heavy.sign()
        count += 1
    print(count, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
