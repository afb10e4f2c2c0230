"""B-LT and B-LTA of PDFs: the security store and document time-stamps. (EN 319 142-1 5.4, 6.3)

Each step reads a document and gives what is to be appended to it. A document time-stamp leaves
room for its token, like a signature for its CMS; who has the token fills it in (``ades.cms``).
"""

from __future__ import annotations

from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers import constants
from pyhanko.sign.signers.cms_embedder import SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError

from ades.levels import tokens
from ades.levels.ports import Evidence
from ades.pdf import fields, preparing, reading, updating
from ades.pdf.appended import Appended
from ades.pdf.preparing import Prepared
from ades.pdf.reading import File, Reader
from policies.algorithms import HashAlgorithm
from policies.documents import PreparedPdf
from policies.levels import STAMP_ROOM, StampFacts

_PDF_2: tuple[int, int] = (2, 0)


def in_question(file: File) -> tuple[bytes, ...]:
    """The certificates, DER, whose status has to be in the document for all its signatures.

    That is the last document time-stamp's and those of signatures after it: what was before it
    has its evidence, and certificates that ended since are not known any more.

    Raises:
        DocumentUnfit: Not a PDF that can be read, or with a signature that cannot.
    """
    with reading.judging():
        reader = reading.opened(file)
        found = [one for each in _in_question(reader) for one in tokens.in_question(each)]
        return tuple(dict.fromkeys(one.dump() for one in found))


def stamps(file: File) -> tuple[StampFacts, ...]:
    """The document time-stamps in their order.

    Raises:
        DocumentUnfit: As above.
    """
    with reading.judging():
        found = [contents for _, is_stamp, contents in _contents(reading.opened(file)) if is_stamp]
        return tuple(tokens.stamp_facts(tokens.signer(tokens.signed_data(one))) for one in found)


def add_evidence(file: File, evidence: Evidence) -> bytes:
    """What is to be appended for B-LT: a security store with this evidence; empty if it is there.

    Raises:
        DocumentUnfit: As above.
    """
    whole = Appended(file)
    with reading.judging():
        _write_store(reading.opened(whole), whole, evidence)
    return whole.tail


def prepare_stamp(
    file: File, evidence: Evidence, algorithm: HashAlgorithm, room: int = STAMP_ROOM
) -> Prepared:
    """What is to be appended for B-LTA: the evidence, and a time-stamp over everything.

    Args:
        file: With its signatures.
        evidence: For ``in_question``.
        algorithm: Of the digest that is time-stamped.
        room: Bytes for the token. If one does not fit, prepare anew with more room.

    Raises:
        DocumentUnfit: As above.
    """
    whole = Appended(file)
    with reading.judging():
        reader = reading.opened(whole)
        if _write_store(reader, whole, evidence):
            reader = reading.opened(whole)
        writer = updating.Writer(reader)
        _tell_extension(writer)
        dictionary: Any = DocumentTimestamp
        names = {one.name for one in fields.form_fields(reader)}
        hole = updating.write_signed(
            writer,
            whole,
            SigFieldSpec(preparing.free_name("Timestamp", names)),
            # pyHanko counts hexadecimal digits.
            SigObjSetup(dictionary(bytes_reserved=2 * room)),
            algorithm,
        )
    return Prepared(hole.digest, PreparedPdf(whole.tail, hole.start, hole.end))


def _contents(reader: Reader) -> list[tuple[int, bool, bytes]]:
    """Of each signature, in order: its revision, whether it is a time-stamp, and its CMS."""
    found: list[tuple[int, bool, bytes]] = []
    for field in fields.form_fields(reader):
        value = reading.entry(field.dictionary, "/V") if field.kind == "/Sig" else None
        if value is not None:
            revision = reader.xrefs.get_last_change(field.dictionary.raw_get("/V").reference)
            is_stamp = reading.entry(value, "/Type") == "/DocTimeStamp"
            contents = bytes(value.raw_get("/Contents").original_bytes)
            found.append((revision, is_stamp, contents))
    return sorted(found)


def _in_question(reader: Reader) -> list[bytes]:
    """The last document time-stamp, and what came after it."""
    found = _contents(reader)
    last = max((place for place, (_, is_stamp, _) in enumerate(found) if is_stamp), default=0)
    return [contents for _, _, contents in found[last:]]


def _write_store(reader: Reader, whole: Appended, evidence: Evidence) -> bool:
    """Whether a revision was written: nothing is, when all of the evidence is there already."""
    held = _held(reader)
    fresh = [
        [one for one in kind if one not in held]
        for kind in (evidence.certificates, evidence.ocsps, evidence.crls)
    ]
    if not any(fresh):
        return False
    writer: Any = updating.Writer(reader)
    _tell_extension(writer)
    store: Any = DocumentSecurityStore
    store.supply_dss_in_writer(
        writer,
        None,  # No VRI: optional (EN 319 142-1 5.4.2.3), and it would name signatures by SHA-1.
        certs=[x509.Certificate.load(one) for one in fresh[0]],
        ocsps=[ocsp.OCSPResponse.load(one) for one in fresh[1]],
        crls=[crl.CertificateList.load(one) for one in fresh[2]],
    )
    writer.write(whole)
    return True


def _held(reader: Reader) -> set[bytes]:
    """What the security store of the document has."""
    try:
        store: Any = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return set()
    references = (*store.certs.values(), *store.ocsps, *store.crls)
    return {bytes(one.get_object().data) for one in references}


def _tell_extension(writer: Any) -> None:
    """Before PDF 2.0 the store and the time-stamp are an extension (EN 319 142-1 5.7)."""
    if writer.output_version < _PDF_2:
        writer.register_extension(constants.ESIC_EXTENSION_1)
