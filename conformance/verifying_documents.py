"""What signDoc made, paired with what was asked for and judged.

Between the checks and ``judge.documents``; what an AdES signature has to be stands there.
(CSC v2 11.11; v2.1 OpenAPI)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from conformance import verifying
from conformance.answer import Members, decoded
from conformance.credential import Credential
from conformance.documenting import AROUND, BESIDE, Wish, authorized, sign
from conformance.errors import NotRun, Violation
from conformance.judge import algorithms, documents, pdf
from conformance.judge.documents import Asked, Level
from conformance.target import Target

_BASIC: Final = "AdES-B-B"
_EVIDENCE: Final = ("ocsp", "crl", "certificates")


def results(members: Members, wishes: Sequence[Wish]) -> list[bytes]:
    """What came of each wish, in their order.

    An attached CAdES signature may come in either member: both texts fit it.

    Raises:
        Violation: Too many or too few, or not base64.
    """
    named = {name: list(members.texts(name, required=False) or []) for name in (AROUND, BESIDE)}
    count = sum(map(len, named.values()))
    if count != len(wishes):
        raise Violation(f"{len(wishes)} documents came back as {count}")
    found = []
    for wish in wishes:
        name = BESIDE if wish.beside else AROUND
        if not named[name] and not wish.beside and wish.format in ("C", "J"):
            name = BESIDE
        if not named[name]:
            raise Violation(f"`{name}` has too few entries")
        found.append(decoded(named[name].pop(0), f"an entry of `{name}`"))
    return found


def judge(
    wish: Wish, made: bytes, credential: Credential, *, evidence_beside: bool = False
) -> None:
    """``made`` is the signature that ``wish`` asks for.

    Raises:
        Violation: It is not.
    """
    asked = _asked(wish, credential, evidence_beside)
    if wish.format == "P":
        _judge_pdf(wish, made, asked)
    elif wish.format == "C" and wish.beside:
        documents.judge_detached(made, documents.of_bytes(wish.content), asked)
    elif wish.format == "C":
        documents.judge_attached(made, wish.content, asked)


def _judge_pdf(wish: Wish, made: bytes, asked: Asked) -> None:
    if wish.awaiting is None:
        signed = pdf.read(made)
        entry = pdf.judge(signed, wish.content, asked)
        pdf.check_envelope(entry, certification=wish.envelope != "Revision")
        return
    try:
        whole = wish.awaiting.signed(made)
    except ValueError as reason:
        raise NotRun(f"the signature is too long for the sample: {reason}") from reason
    pdf.judge(pdf.read(whole), b"", asked)


def _asked(wish: Wish, credential: Credential, evidence_beside: bool) -> Asked:
    return Asked(
        leaf=verifying.leaf(credential),
        scheme=wish.scheme or algorithms.scheme(credential.sign_algo, credential.hash_algo),
        level=documents.level_of(wish.level or _BASIC) or Level.B,
        now=datetime.now(UTC),
        evidence_beside=evidence_beside,
    )


async def fulfilled(
    target: Target,
    wishes: Sequence[Wish],
    changes: Mapping[str, object] | None = None,
    credential: Credential | None = None,
) -> list[bytes]:
    """What signDoc makes of ``wishes``, each judged as it was asked for.

    Raises:
        Violation: It refuses, or makes something else.
    """
    given = await authorized(target, wishes, credential)
    members = (await sign(target, given, wishes, changes)).succeeded()
    return judged(members, wishes, given.credential)


def judged(members: Members, wishes: Sequence[Wish], credential: Credential) -> list[bytes]:
    """The results in an answer, each judged as it was asked for."""
    made = results(members, wishes)
    beside = bool(members.get("validationInfo"))
    for wish, one in zip(wishes, made, strict=True):
        judge(wish, one, credential, evidence_beside=beside)
    return made


def check_validation_info(members: Members) -> None:
    """``validationInfo`` has evidence, as arrays of base64.

    Raises:
        Violation: It has not.
    """
    info: Members = members.member("validationInfo", dict)
    found = {name: info.texts(name, required=False) or [] for name in _EVIDENCE}
    for name, texts in found.items():
        for one in texts:
            decoded(one, f"an entry of `validationInfo/{name}`")
    if not (found["ocsp"] or found["crl"]):
        raise Violation("`validationInfo` has neither `ocsp` nor `crl`")
