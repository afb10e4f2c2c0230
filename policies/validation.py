"""What a validation may conclude, and why: indications, sub-indications and our closed reasons.

EN 319 102-1 5.1.3 names the indications. A reason is one finding in our words; the table gives
the sub-indication that it leads to and the sentence that a person reads. A report never carries
a reason that is not in it. Pure: whoever looks at a signature gives the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Indication(StrEnum):
    """Outcome for one signature (EN 319 102-1 5.1.3 table 5)."""

    PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "TOTAL-FAILED"


class SubIndication(StrEnum):
    """Why it is not passed (EN 319 102-1 5.1.3 table 6); those that our reasons lead to."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NOT_YET_VALID = "NOT_YET_VALID"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


_FAILING: Final = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.NOT_YET_VALID,
    }
)
"""EN 319 102-1 table 6: these are TOTAL-FAILED, all others INDETERMINATE."""


class Reason(StrEnum):
    """One finding against a signature. Closed: a report has no other."""

    # The container and what it covers.
    SIGNATURE_DICTIONARY_BROKEN = "signature_dictionary_broken"
    SUBFILTER_UNSUPPORTED = "subfilter_unsupported"
    CONTENTS_BROKEN = "contents_broken"
    BYTE_RANGE_BROKEN = "byte_range_broken"
    BYTE_RANGE_GAP = "byte_range_gap"
    COVERAGE_UNCLEAR = "coverage_unclear"
    HYBRID_REFERENCES = "hybrid_references"
    CHANGED_AFTER_SIGNING = "changed_after_signing"
    CHANGE_NOT_PERMITTED = "change_not_permitted"
    FIELDS_FILLED_AFTER_SIGNING = "fields_filled_after_signing"
    CMS_BROKEN = "cms_broken"
    SIGNERS_NOT_ONE = "signers_not_one"
    SIGNED_ATTRIBUTES_MISSING = "signed_attributes_missing"
    CONTENT_TYPE_WRONG = "content_type_wrong"
    CONTENT_TWICE = "content_twice"
    ORIGINAL_MISSING = "original_missing"
    # The value.
    DIGEST_WRONG = "digest_wrong"
    SIGNATURE_WRONG = "signature_wrong"
    ALGORITHMS_CONTRADICT = "algorithms_contradict"
    ALGORITHM_WEAK = "algorithm_weak"
    ALGORITHM_EXPIRED = "algorithm_expired"
    # The signing certificate.
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_NOT_NAMED = "certificate_not_named"
    CERTIFICATE_NAMED_BY_SHA1 = "certificate_named_by_sha1"
    CERTIFICATE_NOT_THE_NAMED = "certificate_not_the_named"
    KEY_USAGE_WRONG = "key_usage_wrong"
    # The chain and its status.
    CHAIN_NOT_FOUND = "chain_not_found"
    CHAIN_INVALID = "chain_invalid"
    STATUS_UNKNOWN = "status_unknown"
    STATUS_OUTDATED = "status_outdated"
    REVOKED = "revoked"
    AUTHORITY_REVOKED = "authority_revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    # Time.
    TIMESTAMP_BROKEN = "timestamp_broken"
    TIMESTAMP_WRONG = "timestamp_wrong"
    TIMESTAMP_NOT_TRUSTED = "timestamp_not_trusted"
    TIMESTAMP_ORDER = "timestamp_order"
    # Asked for and not there.
    LEVEL_NOT_REACHED = "level_not_reached"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason leads to, and its sentence."""

    sub_indication: SubIndication
    sentence: str


_FORMAT: Final = SubIndication.FORMAT_FAILURE
_CONSTRAINTS: Final = SubIndication.SIG_CONSTRAINTS_FAILURE
_CRYPTO: Final = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
_CHAIN: Final = SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE

MEANINGS: Final = {
    Reason.SIGNATURE_DICTIONARY_BROKEN: Meaning(_FORMAT, "The signature dictionary is broken."),
    Reason.SUBFILTER_UNSUPPORTED: Meaning(_CONSTRAINTS, "This kind of signature is not known."),
    Reason.CONTENTS_BROKEN: Meaning(
        _FORMAT, "The signature itself (/Contents) is missing or is none."
    ),
    Reason.BYTE_RANGE_BROKEN: Meaning(
        _FORMAT, "What is signed (/ByteRange) is missing or makes no sense."
    ),
    Reason.BYTE_RANGE_GAP: Meaning(_FORMAT, "What is left out of the digest is not the signature."),
    Reason.COVERAGE_UNCLEAR: Meaning(_FORMAT, "The signature does not cover a whole revision."),
    Reason.HYBRID_REFERENCES: Meaning(_FORMAT, "The file has two tables of references."),
    Reason.CHANGED_AFTER_SIGNING: Meaning(_FORMAT, "The document was changed after signing."),
    Reason.CHANGE_NOT_PERMITTED: Meaning(
        _FORMAT, "The document was changed in a way that the signer forbade."
    ),
    Reason.FIELDS_FILLED_AFTER_SIGNING: Meaning(
        _CONSTRAINTS, "Form fields were filled in after signing."
    ),
    Reason.CMS_BROKEN: Meaning(_FORMAT, "The signature container is broken."),
    Reason.SIGNERS_NOT_ONE: Meaning(_FORMAT, "The signature container has not one signer."),
    Reason.SIGNED_ATTRIBUTES_MISSING: Meaning(_FORMAT, "Signed attributes are missing."),
    Reason.CONTENT_TYPE_WRONG: Meaning(_FORMAT, "The content is not of the type that was signed."),
    Reason.CONTENT_TWICE: Meaning(_FORMAT, "A detached signature carries content of its own."),
    Reason.ORIGINAL_MISSING: Meaning(
        SubIndication.SIGNED_DATA_NOT_FOUND, "The signed document was not given."
    ),
    Reason.DIGEST_WRONG: Meaning(
        SubIndication.HASH_FAILURE, "The document is not the one that was signed."
    ),
    Reason.SIGNATURE_WRONG: Meaning(
        SubIndication.SIG_CRYPTO_FAILURE, "The signature value does not fit the certificate."
    ),
    Reason.ALGORITHMS_CONTRADICT: Meaning(_FORMAT, "The named algorithms contradict each other."),
    Reason.ALGORITHM_WEAK: Meaning(_CRYPTO, "An algorithm or a key is too weak."),
    Reason.ALGORITHM_EXPIRED: Meaning(
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "An algorithm or a key is too weak by now."
    ),
    Reason.CERTIFICATE_MISSING: Meaning(
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The signing certificate is missing."
    ),
    Reason.CERTIFICATE_NOT_NAMED: Meaning(
        _CONSTRAINTS, "The signature does not name its certificate."
    ),
    Reason.CERTIFICATE_NAMED_BY_SHA1: Meaning(
        _CRYPTO, "The signature names its certificate by SHA-1."
    ),
    Reason.CERTIFICATE_NOT_THE_NAMED: Meaning(
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "The certificate is not the one that the signature names.",
    ),
    Reason.KEY_USAGE_WRONG: Meaning(
        SubIndication.CHAIN_CONSTRAINTS_FAILURE, "The certificate is not for signatures."
    ),
    Reason.CHAIN_NOT_FOUND: Meaning(
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "No chain leads to a trusted authority."
    ),
    Reason.CHAIN_INVALID: Meaning(_CHAIN, "The chain of certificates is not valid."),
    Reason.STATUS_UNKNOWN: Meaning(_CHAIN, "Whether a certificate is revoked is not known."),
    Reason.STATUS_OUTDATED: Meaning(
        SubIndication.TRY_LATER, "What is known of revocation is too old."
    ),
    Reason.REVOKED: Meaning(SubIndication.REVOKED_NO_POE, "The certificate is revoked."),
    Reason.AUTHORITY_REVOKED: Meaning(
        SubIndication.REVOKED_CA_NO_POE, "The certificate of an authority is revoked."
    ),
    Reason.EXPIRED: Meaning(
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        "The certificate has ended, and nothing proves that the signature is older.",
    ),
    Reason.NOT_YET_VALID: Meaning(
        SubIndication.NOT_YET_VALID, "The signature is older than its certificate."
    ),
    Reason.TIMESTAMP_BROKEN: Meaning(_FORMAT, "A time-stamp is broken."),
    Reason.TIMESTAMP_WRONG: Meaning(
        SubIndication.HASH_FAILURE, "A time-stamp belongs to something else."
    ),
    Reason.TIMESTAMP_NOT_TRUSTED: Meaning(_CONSTRAINTS, "A time-stamp is not trusted."),
    Reason.TIMESTAMP_ORDER: Meaning(
        SubIndication.TIMESTAMP_ORDER_FAILURE, "The time-stamps contradict each other."
    ),
    Reason.LEVEL_NOT_REACHED: Meaning(
        _CONSTRAINTS, "The signature does not have the level that it should have."
    ),
}


def indication(sub_indication: SubIndication | None) -> Indication:
    """TOTAL-PASSED without a sub-indication, else what table 6 says."""
    if sub_indication is None:
        return Indication.PASSED
    return Indication.FAILED if sub_indication in _FAILING else Indication.INDETERMINATE


def conclusion(reasons: Iterable[Reason]) -> tuple[Indication, SubIndication | None]:
    """The outcome that these findings lead to: the first that fails, else the first of all."""
    found = [MEANINGS[reason].sub_indication for reason in reasons]
    failing = [one for one in found if one in _FAILING]
    decisive = next(iter([*failing, *found]), None)
    return indication(decisive), decisive


def worst(indications: Iterable[Indication]) -> Indication | None:
    """The outcome of a document: that of its worst signature; ``None`` without a signature."""
    order = (Indication.FAILED, Indication.INDETERMINATE, Indication.PASSED)
    given = set(indications)
    return next((one for one in order if one in given), None)
