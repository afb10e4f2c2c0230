"""signDoc as the checks use it: documents to sign, and the bodies that ask for it.

What comes back is looked at in ``verifying_documents``. (CSC v2 11.11; v2.1 OpenAPI)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from conformance import samples
from conformance.answer import Answer
from conformance.credential import Credential
from conformance.dialect import encoded
from conformance.errors import NotApplicable, NotRun
from conformance.judge import algorithms, documents
from conformance.judge.algorithms import Scheme
from conformance.model import Version
from conformance.target import Authorized, Target, changed

METHOD: Final = "signatures/signDoc"
DOCUMENTS: Final = "documents"
DIGESTS: Final = "documentDigests"
AROUND: Final = "DocumentWithSignature"
BESIDE: Final = "SignatureObject"
_DEFAULTS: Final = ("Attached", "Certification", "Enveloped")


@dataclass(frozen=True, slots=True)
class Wish:
    """One signature that is asked for."""

    format: str
    """``C``, ``P``, ``X`` or ``J``."""
    content: bytes
    """The document; of a PDF that awaits a signature, what is covered."""
    level: str = ""
    """``conformance_level``; empty: left out."""
    envelope: str = ""
    """``signed_envelope_property``; empty: left out."""
    awaiting: samples.Awaiting | None = None
    """The PDF whose digest is sent; the signature comes back alone."""
    by_digest: bool = False
    """Only the digest of the document is sent."""
    scheme: Scheme | None = None
    """Of ``signAlgo`` among the members; None: the credential's usual one."""
    members: Mapping[str, object] = field(default_factory=dict)
    """Of the element; ``ABSENT`` takes one away."""

    @property
    def beside(self) -> bool:
        """The signature comes back without the document."""
        return self.by_digest or self.envelope == "Detached"


# --- what is announced ----------------------------------------------------------------------------


def formats(target: Target) -> list[str]:
    """``signature_formats/formats``."""
    return target.described().member("signature_formats", dict).texts("formats") or []


def announced(target: Target, form: str, level: str = "") -> None:
    """Raises:
    NotApplicable: The format, or the level, is not announced.
    """
    if form not in formats(target):
        raise NotApplicable(f"signature_formats has no {form}")
    levels = target.described().texts("conformance_levels") or []
    named = [documents.level_of(one) for one in levels]
    if level and documents.level_of(level) not in named:
        raise NotApplicable(f"conformance_levels has no {level}")


def envelopes(target: Target, form: str) -> list[str]:
    """What ``envelope_properties`` lists for the format; empty: only the default."""
    group = target.described().member("signature_formats", dict)
    listed, places = group.get("envelope_properties"), formats(target)
    if not isinstance(listed, list) or form not in places or len(listed) != len(places):
        return []
    found = listed[places.index(form)]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


# --- what is to be signed -------------------------------------------------------------------------


def number(target: Target) -> int:
    """One that no other document of the run has."""
    return int.from_bytes(target.digests()[0][:8], "big")


def text(target: Target) -> bytes:
    """A file for CAdES."""
    return _named(target.profile.samples.file) or samples.text(number(target))


def a_pdf(target: Target) -> bytes:
    """A PDF without a signature."""
    return _named(target.profile.samples.pdf) or samples.pdf(number(target))


def _named(path: str) -> bytes:
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as reason:
        raise NotRun(f"the sample {path} cannot be read") from reason


def a_wish(target: Target, form: str, *, envelope: str | None = None, **members: Any) -> Wish:
    """A new document in this format.

    Args:
        envelope: None: one that is offered, by name; empty: none is named.
        members: Of the wish.
    """
    content = a_pdf(target) if form == "P" else text(target)
    if form == "X":
        content = f"<sample>{number(target)}</sample>".encode()
    chosen = _envelope(target, form) if envelope is None else envelope
    return Wish(form, content, envelope=chosen, **members)


def _envelope(target: Target, form: str) -> str:
    offered = envelopes(target, form)
    return next((one for one in _DEFAULTS if one in offered), offered[0] if offered else "")


def usual(target: Target, **members: Any) -> Wish:
    """A new document in the format that is easiest for a server.

    Raises:
        NotApplicable: It announces none.
    """
    for form in ("C", "P", "J", "X"):
        if form in formats(target):
            return a_wish(target, form, **members)
    raise NotApplicable("signature_formats is empty")


def digest_only(wish: Wish) -> Wish:
    """The same, but that the document stays here: then nothing can be attached to it."""
    envelope = "Detached" if wish.format in ("C", "J") else ""
    return replace(wish, by_digest=True, envelope=envelope)


# --- asking ---------------------------------------------------------------------------------------


async def authorized(
    target: Target, wishes: Sequence[Wish], credential: Credential | None = None
) -> Authorized:
    """A fresh authorization for the digests of what is to be signed."""
    hashes = [hashlib.sha256(one.content).digest() for one in wishes]
    return await target.authorized(hashes=hashes, credential=credential)


def body(
    target: Target,
    given: Authorized,
    wishes: Sequence[Wish],
    changes: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Body of signDoc for ``wishes``, with ``changes`` to its own members."""
    name = DIGESTS if wishes and wishes[0].by_digest else DOCUMENTS
    members: dict[str, Any] = {
        "credentialID": given.credential.id,
        name: [element(one, given.credential) for one in wishes],
    }
    if given.sad is not None:
        members["SAD"] = given.sad
    if target.version is Version.V21:
        members["hashAlgorithmOID"] = given.credential.hash_algo
    return changed(members, changes)


def element(wish: Wish, credential: Credential) -> dict[str, Any]:
    """Of ``documents`` or ``documentDigests``."""
    members: dict[str, Any] = {
        "signature_format": wish.format,
        "signAlgo": credential.sign_algo,
        "conformance_level": wish.level,
        "signed_envelope_property": wish.envelope,
    }
    # v2.0 has the OID here and v2.1 above; clients send both.
    if wish.by_digest or credential.sign_algo in (algorithms.RSA, algorithms.EC):
        members["hashAlgorithmOID"] = credential.hash_algo
    if wish.by_digest:
        members["hashes"] = encoded([hashlib.sha256(wish.content).digest()])
    else:
        members["document"] = encoded([wish.content])[0]
    return changed({name: value for name, value in members.items() if value}, wish.members)


async def sign(
    target: Target,
    given: Authorized,
    wishes: Sequence[Wish],
    changes: Mapping[str, object] | None = None,
) -> Answer:
    """The answer of signDoc."""
    return await target.call(METHOD, body(target, given, wishes, changes), token=given.token)


async def refused(
    target: Target,
    members: Mapping[str, object] | None = None,
    changes: Mapping[str, object] | None = None,
    *,
    by_digest: bool = False,
    about_sad: bool = False,
) -> Answer:
    """The answer to a signDoc that has one thing wrong, its SAD being good.

    The SAD is one for all such calls, and made anew where a server spends it on a refusal.

    Args:
        members: Of the element that change.
        changes: Of the request.
        about_sad: The refusal that is due speaks of the SAD itself.
    """

    async def attempt() -> Answer:
        wish, given = await shared(target)
        chosen = replace(wish, members=members or {})
        if by_digest:
            chosen = digest_only(chosen)
        return await sign(target, given, [chosen], changes)

    answer = await attempt()
    spent = answer.status >= 400 and b"by the SAD" not in answer.body and b"SAD" in answer.body
    if answer.status < 400 or (spent and not about_sad):
        target.once.forget(_SHARED)
    return await attempt() if spent and not about_sad else answer


_SHARED: Final = "an authorization for a document"


async def shared(target: Target) -> tuple[Wish, Authorized]:
    """A document and its authorization, which only refused requests may be tried with."""

    async def make() -> tuple[Wish, Authorized]:
        wish = usual(target)
        return wish, await authorized(target, [wish])

    found: tuple[Wish, Authorized] = await target.once.get(_SHARED, make)
    return found
