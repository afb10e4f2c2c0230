"""signatures/signDoc and signatures/timestamp of the reference (v1 11.10; v2 11.11, 11.13)."""

from __future__ import annotations

from typing import Any


def announced(_major: int) -> dict[str, Any]:
    """What v2 ``info`` says about documents."""
    return {"signature_formats": {"formats": []}, "conformance_levels": []}
