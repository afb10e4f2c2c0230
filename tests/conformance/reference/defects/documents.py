"""Defects of signatures/signDoc and signatures/timestamp."""

from __future__ import annotations

from typing import Final

from tests.conformance.reference.defects import V2, V21, Defect

DEFECTS: Final = (
    Defect(
        "sign-doc-both",
        ("sign-doc.both",),
        V2,
        "signDoc takes documents and documentDigests at once and signs the documents.",
    ),
    Defect(
        "sign-doc-contradiction",
        ("sign-doc.algorithms-contradict",),
        V2,
        "signDoc ignores a hashAlgorithmOID that contradicts signAlgo.",
    ),
    Defect(
        "sign-doc-format-guessed",
        ("sign-doc.format-missing",),
        V2,
        "signDoc takes a document without signature_format for CAdES.",
    ),
    Defect(
        "sign-doc-level-ignored",
        ("sign-doc.cades-t", "sign-doc.pades-t"),
        V2,
        "signDoc makes AdES-B-B whatever conformance_level asks for.",
    ),
    Defect(
        "sign-doc-envelope-default",
        ("sign-doc.cades-default", "sign-doc.pades-default"),
        V2,
        "signDoc makes detached CAdES and approving PAdES where no envelope is named.",
    ),
    Defect(
        "sign-doc-props-any",
        ("sign-doc.props-unknown",),
        V2,
        "signDoc ignores signed_props that it does not know.",
    ),
    Defect(
        "sign-doc-sfd-refused",
        ("sign-doc.type-announced",),
        V21,
        "info announces the documentType sfd and signDoc refuses it.",
    ),
)
