"""Defects of credentials/extendTransaction."""

from __future__ import annotations

from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V2, Defect
from tests.conformance.reference.replies import accepting, refusing

_EXTEND: Final = "credentials/extendTransaction"


def _skips(name: str, text: str, what: str, versions: tuple[Version, ...] = ALL) -> Defect:
    """A rule that is not kept: a SAD instead of a refusal with ``text``."""
    change = accepting(text, SAD="sad-of-a-defect", expiresIn=300)
    return Defect(f"extend-{name}", (f"extend.{name}",), versions, what, _EXTEND, change)


def _rewords(name: str, checks: tuple[str, ...], text: str, what: str, **other: Any) -> Defect:
    return Defect(name, checks, ALL, what, _EXTEND, refusing(text, **other))


DEFECTS: Final = (
    _rewords(
        "extend-id-code",
        ("extend.id-missing", "extend.id-type"),
        "Missing (or invalid type) string parameter credentialID",
        "A missing credentialID is called invalid_credential.",
        error="invalid_credential",
    ),
    Defect(
        "extend-any-credential",
        ("extend.id-missing", "extend.id-type", "extend.id-unknown", "extend.id-other"),
        ALL,
        "Nobody looks at credentialID: the SAD says enough.",
    ),
    _rewords(
        "extend-sad-code",
        ("extend.sad-missing", "extend.sad-type"),
        "Missing (or invalid type) string parameter SAD",
        "A missing SAD is called invalid_sad.",
        error="invalid_sad",
    ),
    _rewords(
        "extend-sad-404",
        ("extend.sad-unknown", "extend.id-other", "extend.once", "extend.count"),
        "Invalid parameter SAD",
        "A bad SAD is answered with 404.",
        status=404,
    ),
    Defect("extend-hashes-optional", ("extend.hashes-missing",), ALL, "Hashes are optional."),
    Defect(
        f"hashes-single of {_EXTEND}",
        ("extend.hashes-type",),
        ALL,
        "An object passes for an array of hashes.",
    ),
    _skips("hashes-base64", "Invalid Base64 hash string parameter", "Anything is taken."),
    _skips("hashes-length", "Invalid digest value length", "Any length is taken."),
    Defect(
        f"hashes-more of {_EXTEND}",
        ("extend.hashes-more",),
        ALL,
        "More hashes than signatures are left are taken.",
    ),
    _skips(
        "algorithm-missing",
        "Missing (or invalid type) string parameter hashAlgorithmOID",
        "Hashes are taken without their algorithm.",
        V2,
    ),
    Defect(
        f"client-data of {_EXTEND}",
        ("extend.client-data-type",),
        ALL,
        "clientData may be anything.",
    ),
    Defect(
        "extend-same-sad",
        ("extend.answers", "extend.old-sad", "extend.once"),
        ALL,
        "The SAD is prolonged, not exchanged.",
    ),
    Defect(
        "extend-keeps-old",
        ("extend.old-sad", "extend.once", "extend.race"),
        ALL,
        "The old SAD stays good.",
    ),
    Defect(
        "extend-unused-only",
        ("extend.chain", "extend.later-hash", "extend.count"),
        ALL,
        "A SAD that has signed cannot be extended.",
    ),
    Defect(
        "extend-used-only",
        (
            "extend.answers",
            "extend.prolongs",
            "extend.old-sad",
            "extend.once",
            "extend.binds",
            "extend.race",
        ),
        ALL,
        "A SAD that has not signed cannot be extended.",
    ),
    Defect(
        "extend-old-hashes",
        ("extend.later-hash",),
        ALL,
        "New hashes are ignored, the old ones stay.",
    ),
    Defect(
        "extend-counts-anew",
        ("extend.count",),
        ALL,
        "Each exchange makes multisign signatures possible again.",
    ),
    Defect("extend-unbinds", ("extend.binds",), ALL, "The new SAD is bound to no hash."),
    Defect("extend-race", ("extend.race",), ALL, "Parallel calls all get a new SAD."),
    Defect(
        f"sad-of-anybody of {_EXTEND}",
        ("extend.token-foreign",),
        ALL,
        "Whoever has the SAD may extend it.",
    ),
    Defect(f"sad-lives-on of {_EXTEND}", ("extend.expired",), ALL, "Expired SADs are extended."),
)
