"""One signature that signDoc makes, and the defects of those. (EN 319 122-1; EN 319 142-1)"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from tests.conformance.reference import cms, der, evidence, keys, parts, pdfs, tokens
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.cms import Draft
from tests.conformance.reference.parts import Kind, Part
from tests.conformance.reference.pdfs import Place
from tests.conformance.reference.replies import Refused
from tests.conformance.reference.server import Server

_MIME_TYPE: Final = "0.4.0.1733.2.1"


def made(server: Server, part: Part, credential: Credential) -> bytes:
    """A CMS object or a PDF, as ``part`` says."""
    if part.format == "P" and part.document is not None:
        return _pdf(server, part, credential, part.document)
    content = part.document if part.kind is Kind.AROUND else None
    digest = part.digest
    if content is not None and server.wrong("sign-doc-other-content"):
        content += b"\n"
        digest = hashlib.new(cms.NAMES[part.scheme.digest], content).digest()
    if part.document is None and server.wrong("sign-doc-digest-again"):
        digest = hashlib.new(cms.NAMES[part.scheme.digest], digest).digest()
    return _object(server, part, credential, digest, content)


def _pdf(server: Server, part: Part, credential: Credential, document: bytes) -> bytes:
    if server.wrong("sign-doc-pdf-rewritten"):
        document = document.replace(b"%PDF-1.7", b"%PDF-1.6", 1)
    legacy = server.wrong("sign-doc-pdf-legacy")
    place = Place(
        certifies=part.envelope == "Certification",
        texts={} if server.wrong("sign-doc-reason-lost") else part.texts,
        subfilter=pdfs.LEGACY if legacy else pdfs.PADES,
    )
    name = cms.NAMES[part.scheme.digest]
    try:
        pdf = pdfs.signed(
            document, name, lambda digest: _object(server, part, credential, digest, None), place
        )
    except pdfs.Unsignable:
        raise Refused(parts.DOCUMENTS) from None
    if part.level >= parts.LT and not server.wrong("sign-doc-no-evidence"):
        pdf = pdfs.with_evidence(pdf, (*evidence.authorities(), *tokens.unit().der()[:1]))
    if part.level >= parts.LTA and not server.wrong("sign-doc-no-archive"):
        pdf = pdfs.stamped(pdf, lambda digest: tokens.token(tokens.Wanted(digest=digest)))
    return pdf + b"% signed\n" if server.wrong("sign-doc-pdf-tail") else pdf


def _object(
    server: Server, part: Part, credential: Credential, digest: bytes, content: bytes | None
) -> bytes:
    draft = Draft(
        holder=credential.holder,
        scheme=part.scheme,
        digest=digest,
        content=content,
        with_time=part.format == "C",
        attributes=_attributes(part),
        stamp=_stamp(server, digest) if part.level >= parts.T else None,
    )
    if part.format == "C" and part.level >= parts.LT and not server.wrong("sign-doc-no-evidence"):
        draft = replace(draft, lists=evidence.lists())
    if part.format == "C" and part.level >= parts.LTA and not server.wrong("sign-doc-no-archive"):
        draft = replace(draft, archive=_stamp(server, digest)(digest))
    return cms.build(_spoilt(server, part, draft))


def _spoilt(server: Server, part: Part, draft: Draft) -> Draft:
    if server.wrong("sign-doc-stranger"):
        draft = replace(draft, holder=keys.leaf("a stranger", part.key_kind))
    if server.wrong("sign-doc-no-certificate"):
        draft = replace(draft, drop=frozenset({cms.SIGNING_CERTIFICATE_V2}))
    if server.wrong("sign-doc-no-time"):
        draft = replace(draft, with_time=False)
    if server.wrong("sign-doc-pdf-time"):
        draft = replace(draft, with_time=True)
    if part.scheme.salt is not None and server.wrong("sign-doc-pss-ignored"):
        draft = replace(draft, scheme=replace(part.scheme, salt=None))
    return draft


def _attributes(part: Part) -> dict[str, bytes]:
    if part.format == "P" or "mime-type" not in part.texts:
        return {}
    return {_MIME_TYPE: der.text(part.texts["mime-type"])}


def _stamp(server: Server, digest: bytes) -> Callable[[bytes], bytes]:
    """Makes the time-stamp over a signature."""
    late = timedelta(hours=1) if server.wrong("sign-doc-stamp-late") else timedelta()

    def stamp(signature: bytes) -> bytes:
        over = hashlib.sha256(signature).digest()
        if server.wrong("sign-doc-stamp-content"):
            over = digest
        return tokens.token(tokens.Wanted(digest=over, late=late))

    return stamp
