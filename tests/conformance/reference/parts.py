"""What one element of ``documents`` or ``documentDigests`` asks for (v2 11.11; v2.1 OpenAPI)."""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.conformance.reference import algorithms, cms
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.algorithms import Scheme
from tests.conformance.reference.call import Call
from tests.conformance.reference.replies import Refused, invalid, missing

FORMATS: Final = ("C", "P")
LEVELS: Final = ("AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA")
B, T, LT, LTA = range(4)
"""Places in ``LEVELS``."""
ENVELOPES: Final = {"C": ("Attached", "Detached"), "P": ("Certification", "Revision")}
"""The default first."""
PROPERTIES: Final = {"C": ("mime-type",), "P": ("Reason", "Location", "Name", "ContactInfo")}
DIGESTS: Final = "Invalid object parameter documentDigests"
DOCUMENTS: Final = "Invalid array parameter documents"
_BASE64_DIGEST: Final = "Invalid Base64 hashes string parameter"
_BASE64_DOCUMENT: Final = "Invalid Base64 documents string parameter"
_CONTRADICTS: Final = "String parameter hashAlgorithmOID contradicts with signAlgo parameter"


class Kind(enum.Enum):
    """How the signature comes back."""

    BESIDE = "SignatureObject"
    AROUND = "DocumentWithSignature"


@dataclass(frozen=True, slots=True)
class Part:
    """One signature that is asked for."""

    digest: bytes
    """What the SAD has to cover."""
    document: bytes | None
    """None: only its digest is known."""
    format: str
    level: int
    """Place in ``LEVELS``."""
    envelope: str
    scheme: Scheme
    texts: dict[str, str]
    """``signed_props`` by name."""
    key_kind: str
    """``EC`` or ``RSA``."""

    @property
    def kind(self) -> Kind:
        """Detached, or around the document."""
        beside = self.document is None or self.envelope == "Detached"
        return Kind.BESIDE if beside else Kind.AROUND


def read(call: Call, credential: Credential) -> list[Part]:
    """The signatures that the request asks for, in its order; checks in the order of the table."""
    digests, documents = call.members.get("documentDigests"), call.members.get("documents")
    _elements(digests, DIGESTS)
    _elements(documents, DOCUMENTS)
    if not digests and not documents:
        raise Refused("Empty documentDigests and documents objects")
    if digests and documents and not call.server.wrong("sign-doc-both"):
        raise Refused("Both documentDigests and documents parameters passed")
    if (
        call.server.wrong("sign-doc-no-mix")
        and len({one.get("signature_format") for one in documents or []}) > 1
    ):
        raise invalid("signature_format")
    return [
        part
        for one in documents or digests or []
        for part in _parts(_with(call, one), credential, whole=bool(documents))
    ]


def _elements(value: Any, refusal: str) -> None:
    """Return if it is an array of objects, or absent."""
    if value is not None and not (
        isinstance(value, list) and all(isinstance(one, dict) for one in value)
    ):
        raise Refused(refusal)


def _with(call: Call, element: dict[str, Any]) -> Call:
    """The request as if the members of ``element`` were its own."""
    spared = call.server.wrong("sign-doc-null")
    members = {name: value for name, value in element.items() if value is not None or spared}
    above, own = call.members.get("hashAlgorithmOID"), members.get("hashAlgorithmOID")
    if above is not None and own is not None and above != own:
        raise Refused(_CONTRADICTS)
    if above is not None and not call.server.wrong("sign-doc-oid-above"):
        members["hashAlgorithmOID"] = above
    return replace(call, members=members)


def _parts(call: Call, credential: Credential, *, whole: bool) -> list[Part]:
    contents = [_document(call)] if whole else _digests(call)
    scheme = _scheme(call, credential)
    form = _format(call)
    level = _level(call)
    envelope = _envelope(call, form, whole=whole)
    texts, kind = _texts(call, form, whole=whole), credential.kind
    if whole:
        _check_type(call)
        name = cms.NAMES[scheme.digest]
        digest = hashlib.new(name, contents[0]).digest()
        return [Part(digest, contents[0], form, level, envelope, scheme, texts, kind)]
    algorithms.measure(call, contents, scheme.digest)
    return [Part(one, None, form, level, envelope, scheme, texts, kind) for one in contents]


def _document(call: Call) -> bytes:
    if not isinstance(call.members.get("document"), str):
        raise Refused(DOCUMENTS)
    return _bytes(call.members["document"], _BASE64_DOCUMENT)


def _digests(call: Call) -> list[bytes]:
    texts = call.members.get("hashes")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts:
        raise Refused(DIGESTS)
    return [_bytes(one, _BASE64_DIGEST) for one in texts]


def _bytes(text: object, refusal: str) -> bytes:
    try:
        if not isinstance(text, str) or not text:
            raise ValueError(text)
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Refused(refusal) from None


def _scheme(call: Call, credential: Credential) -> Scheme:
    """As for signHash, but a digest that contradicts is refused (v2 11.11)."""
    named = call.members.get("hashAlgorithmOID")
    if named is not None and named not in algorithms.DIGESTS:
        raise invalid("hashAlgorithmOID")
    call.text("signAlgo")
    found = algorithms.scheme(call, credential)
    if named not in (None, found.digest) and not call.server.wrong("sign-doc-contradiction"):
        raise Refused(_CONTRADICTS)
    return found


def _format(call: Call) -> str:
    form = call.members.get("signature_format")
    if form is None and call.server.wrong("sign-doc-format-guessed"):
        return FORMATS[0]
    if not isinstance(form, str):
        raise missing("string", "signature_format")
    if form not in FORMATS:
        raise invalid("signature_format")
    return form


def _level(call: Call) -> int:
    named = call.members.get("conformance_level", LEVELS[0])
    known = {one.lower(): at for at, one in enumerate(LEVELS)}
    known |= {one.lower().replace("-b-", "-"): at for one, at in known.items()}
    if not isinstance(named, str) or named.lower() not in known:
        raise invalid("conformance_level")
    return B if call.server.wrong("sign-doc-level-ignored") else known[named.lower()]


def _envelope(call: Call, form: str, *, whole: bool) -> str:
    known = ENVELOPES[form]
    default = known[0] if whole else known[-1]
    if call.server.wrong("sign-doc-envelope-default"):
        default = known[-1]
    named = call.members.get("signed_envelope_property", default)
    if named not in known or (form == "C" and named == "Attached" and not whole):
        raise invalid("signed_envelope_property")
    return str(named)


def _texts(call: Call, form: str, *, whole: bool) -> dict[str, str]:
    """``signed_props``: base64 of text, by name."""
    entries = call.members.get("signed_props", [])
    if call.server.wrong("sign-doc-props-any"):
        return {}
    known = PROPERTIES[form] if whole or form == "C" else ()
    found: dict[str, str] = {}
    strange = []
    for one in entries if isinstance(entries, list) else [entries]:
        name = one.get("attribute_name") if isinstance(one, dict) else "signed_props"
        try:
            if name not in known or name in found:
                raise ValueError(name)
            found[name] = base64.b64decode(one["attribute_value"], validate=True).decode()
        except (KeyError, TypeError, ValueError, binascii.Error):
            strange.append(str(name))
    if strange:
        raise Refused(f"Invalid parameter signed_props ({', '.join(strange)})")
    return found


def _check_type(call: Call) -> None:
    """``documentType`` and ``circumstantialData`` (v2.1); here nothing is made of them."""
    if not call.server.is_21:
        return
    kind = call.members.get("documentType", "sod")
    known = ("sod",) if call.server.wrong("sign-doc-sfd-refused") else ("sod", "sfd")
    if kind not in known:
        raise invalid("documentType")
    data = call.members.get("circumstantialData")
    if data is None:
        return
    try:
        if kind != "sod":
            raise ValueError(kind)
        base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise invalid("circumstantialData") from None
