"""Defects of the certificates in credentials/info, and of what is said about them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.conformance.reference import keys
from tests.conformance.reference.credentials import DESCRIBED
from tests.conformance.reference.defects import ALL, Defect
from tests.conformance.reference.replies import Reply

Group = dict[str, Any]


def _wrong(name: str, what: str, *checks: str) -> Defect:
    """A switch in the code."""
    return Defect(f"certificate-{name}", tuple(f"certificate.{one}" for one in checks), ALL, what)


def _changes(
    name: str, what: str, group: str, change: Callable[[Group], Group], *checks: str
) -> Defect:
    """``cert`` or ``key`` of every credential is another one."""

    def changed(reply: Reply) -> Reply:
        members = dict(reply.members or {})
        return replace(reply, members={**members, group: change(dict(members[group]))})

    ids = tuple(one if "." in one else f"certificate.{one}" for one in checks)
    return Defect(f"certificate-{name}", ids, ALL, what, DESCRIBED, changed)


def _certificates(change: Callable[[list[str]], list[str]]) -> Callable[[Group], Group]:
    """``cert`` with other certificates, where there are any."""

    def changed(cert: Group) -> Group:
        if "certificates" not in cert:
            return cert
        return {**cert, "certificates": change(list(cert["certificates"]))}

    return changed


def _told(name: str, change: Callable[[str], str]) -> Callable[[Group], Group]:
    """``cert`` with another text under ``name``, where there is one."""
    return lambda cert: {**cert, name: change(cert[name])} if name in cert else cert


def _pem(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


def _root() -> str:
    return base64.b64encode(keys.root().der()[0]).decode()


DEFECTS: Final = (
    _changes(
        "pem", "Certificates are PEM.", "cert", _certificates(lambda c: [*map(_pem, c)]), "encoding"
    ),
    _changes(
        "lines",
        "Certificates are base64 with line breaks.",
        "cert",
        _certificates(lambda chain: [f"{one[:64]}\n{one[64:]}" for one in chain]),
        "encoding",
    ),
    _changes(
        "upside-down",
        "The chain begins with the root.",
        "cert",
        _certificates(lambda chain: chain[::-1]),
        "order",
    ),
    _changes(
        "gap",
        "The issuing CA is missing in the chain.",
        "cert",
        _certificates(lambda chain: [*chain[:1], *chain[2:]]),
        "order",
    ),
    _changes(
        "twice",
        "The root is in the chain twice.",
        "cert",
        _certificates(lambda chain: [*chain, _root()] if len(chain) > 1 else chain),
        "order",
    ),
    _changes(
        "chain-short",
        "The chain is the end entity alone.",
        "cert",
        _certificates(lambda chain: chain[:1]),
        "chain",
    ),
    _wrong("single-long", "For single the whole chain comes.", "single"),
    _wrong("default-chain", "Without certificates the whole chain comes.", "single-default"),
    _wrong("none-ignored", "For none the end entity comes.", "none"),
    _wrong("info-always", "The decoded members come always.", "info-gated"),
    _wrong("info-with", "For none there are no decoded members.", "info-none"),
    _changes(
        "issuer",
        "issuerDN is the subject.",
        "cert",
        lambda cert: {**cert, "issuerDN": cert["subjectDN"]} if "issuerDN" in cert else cert,
        "issuer",
    ),
    _changes(
        "subject",
        "subjectDN lacks the organisation.",
        "cert",
        _told("subjectDN", lambda text: text.replace("O=Reference,", "")),
        "subject",
    ),
    _changes(
        "serial",
        "serialNumber is decimal.",
        "cert",
        _told("serialNumber", lambda text: str(int(text, 16))),
        "serial",
    ),
    _changes(
        "dates",
        "validTo is written as ISO 8601 writes it.",
        "cert",
        _told("validTo", lambda text: f"{text[:4]}-{text[4:6]}-{text[6:8]}T00:00:00Z"),
        "validity",
    ),
    _changes(
        "ends-later",
        "validTo is a year late.",
        "cert",
        _told("validTo", lambda text: f"{int(text[:4]) + 1}{text[4:]}"),
        "validity",
    ),
    _changes(
        "no-serial",
        "serialNumber is missing.",
        "cert",
        lambda cert: {name: value for name, value in cert.items() if name != "serialNumber"},
        *("info", "info-none", "serial"),
    ),
    _changes(
        "expired",
        "cert/status is expired for good certificates.",
        "cert",
        lambda cert: {**cert, "status": "expired"},
        *("status", "enabled", "sign-hash.certificate-expired", "sign-doc.certificate-expired"),
        "list.only-valid",
    ),
    _changes(
        "key-longer",
        "key/len of RSA keys is 3072.",
        "key",
        lambda key: {**key, "len": 3072} if key["len"] == 2048 else key,
        "key",
    ),
    _changes(
        "key-curve",
        "key/curve is P-384.",
        "key",
        lambda key: {**key, "curve": "1.3.132.0.34"} if "curve" in key else key,
        "key",
    ),
)
