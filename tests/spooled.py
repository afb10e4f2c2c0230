"""Documents as the service has them: files in a directory."""

from __future__ import annotations

import hashlib
from pathlib import Path

from policies.documents import Document


def spooled(directory: Path, content: bytes) -> Document:
    """The content as a document in this directory."""
    path = directory / hashlib.sha256(content).hexdigest()
    path.write_bytes(content)
    return Document(path, len(content))
