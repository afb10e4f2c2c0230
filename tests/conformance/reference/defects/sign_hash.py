"""Defects of signatures/signHash: its rows, the signatures, what a SAD allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V1, V2, Defect
from tests.conformance.reference.replies import Reply, accepting, refusing

_SIGN: Final = "signatures/signHash"
_NO: Final = "Missing (or invalid type) string parameter "


def _is(
    name: str,
    what: str,
    *checks: str,
    versions: tuple[Version, ...] = ALL,
    change: Callable[[Reply], Reply] | None = None,
) -> Defect:
    """A switch in the code, or a change of the answer."""
    ids = tuple(f"sign-hash.{check}" if "." not in check else check for check in checks)
    return Defect(name, ids, versions, what, _SIGN if change else "", change)


def _rewords(name: str, what: str, text: str, *checks: str, **other: Any) -> Defect:
    return _is(f"sign-hash-{name}", what, *checks, change=refusing(text, **other))


def _skips(
    name: str, what: str, text: str, *checks: str, versions: tuple[Version, ...] = ALL
) -> Defect:
    change = accepting(text, signatures=["c2lnbmF0dXJl"])
    return _is(f"sign-hash-{name}", what, *checks, versions=versions, change=change)


_ROWS: Final = (
    _rewords(
        "sad-code",
        "A missing SAD is called invalid_sad.",
        f"{_NO}SAD",
        *("sad-missing", "sad-type"),
        error="invalid_sad",
    ),
    _rewords(
        "sad-401",
        "A bad SAD is answered with 401.",
        "Invalid parameter SAD",
        *("sad-unknown", "other-credential", "own-credential", "spent", "unbound"),
        *("extend.old-sad", "extend.count"),
        status=401,
        error="invalid_token",
    ),
    _rewords(
        "id-code",
        "A missing credentialID is called invalid_credential.",
        f"{_NO}credentialID",
        *("id-missing", "id-type"),
        error="invalid_credential",
    ),
    _rewords(
        "id-404",
        "An unknown credential is answered with 404.",
        "Invalid parameter credentialID",
        *("id-unknown", "id-foreign", "token-foreign", "oauth.sign-other-credential"),
        status=404,
    ),
    _is(
        f"types-ignored of {_SIGN}",
        "Whatever is sent as a text is taken for one.",
        *("id-type", "algo-type", "digest-type"),
    ),
    _rewords(
        "hashes-code",
        "Missing hashes are called invalid_hash.",
        "Missing (or invalid type) array parameter hash",
        *("hashes-missing", "hashes-type"),
        error="invalid_hash",
    ),
    _is(
        f"hashes-single of {_SIGN}",
        "A single text passes for an array of hashes.",
        "hashes-type",
    ),
    _skips("empty", "No hash, no signature, no error.", "Empty hash array", "hashes-empty"),
    _is(f"hashes-lenient of {_SIGN}", "What is not base64 is skipped.", "hashes-base64"),
    _is(
        f"hashes-element-500 of {_SIGN}",
        "A hash that is no text brings the server down.",
        "hashes-element",
    ),
    _rewords(
        "length-500",
        "A hash that is too short brings the server down.",
        "Invalid digest value length",
        "hashes-length",
        status=500,
        error="server_error",
    ),
    _rewords(
        "algo-code",
        "A missing signAlgo is called invalid_algorithm.",
        f"{_NO}signAlgo",
        *("algo-missing", "algo-type"),
        error="invalid_algorithm",
    ),
    _is("sign-hash-algo-default", "A missing signAlgo is the first of key/algo.", "algo-missing"),
    _rewords(
        "algo-unknown-500",
        "An unknown signAlgo brings the server down.",
        "Invalid parameter signAlgo",
        *("algo-unknown", "algo-other"),
        status=500,
        error="server_error",
    ),
    _is("sign-hash-algo-other", "key/algo is not looked at.", "algo-other"),
    _is(f"client-data of {_SIGN}", "clientData may be anything.", "client-data-type"),
    _is(
        "sign-hash-params-default",
        "Missing signAlgoParams mean SHA-256.",
        *("params-missing", "params-type", "sign-doc.params-missing"),
    ),
    _is(
        "sign-hash-params-500",
        "signAlgoParams that cannot be read bring the server down.",
        *("params-garbage", "params-sha1"),
    ),
    _is("sign-hash-salt-500", "A salt that is too long brings the server down.", "params-salt"),
    _is(
        "sign-hash-digest-guessed",
        "Without the digest's OID it is SHA-256.",
        *("digest-missing", "digest-type", "digest-unknown"),
    ),
    _is(
        "sign-hash-digest-v1",
        "An unknown digest is called invalid_hash.",
        *("digest-unknown", "digest-weak"),
        versions=V1,
        change=refusing("Invalid parameter hashAlgo", error="invalid_hash"),
    ),
    _is(
        "sign-hash-digest-v2",
        "An unknown digest is called invalid_hash.",
        *("digest-unknown", "digest-weak"),
        versions=V2,
        change=refusing("Invalid parameter hashAlgorithmOID", error="invalid_hash"),
    ),
    _is(
        "weak-digests",
        "SHA-1 is signed.",
        *("digest-weak", "params-sha1", "authorize.algorithm-weak"),
    ),
    _skips(
        "mode-any",
        "An unknown operationMode is S.",
        "Invalid parameter operationMode",
        "mode-unknown",
        versions=V2,
    ),
    _skips(
        "period-cast",
        "A validity_period of another type is taken.",
        "Invalid parameter validity_period",
        "period-type",
        versions=V2,
    ),
    _skips(
        "period-unbounded",
        "Any validity_period is taken.",
        "Out of bounds parameter validity_period",
        "period-bounds",
        versions=V2,
    ),
    _skips(
        "response-uri-any",
        "Any response_uri is taken.",
        "Invalid parameter response_uri",
        "response-uri",
        versions=V2,
    ),
    _is(
        "sign-hash-period-always",
        "Members for mode A are looked at in mode S.",
        "mode-synchronous",
        versions=V2,
    ),
)

_RSA: Final = ("rsa-sha256", "rsa-sha384", "rsa-sha512", "rsa-bare", "rsa-bare-sha512")
_ECDSA: Final = ("ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
_PSS: Final = ("pss", "pss-salt-none", "pss-salt-longest", "pss-sha512", "pss-mask")
_VERIFIED: Final = ("verifies", "order", "digest-ignored", "polling.ends", *_RSA, *_ECDSA, *_PSS)
"""The checks that look at the value of a signature."""

_VALUES: Final = (
    _is("sign-hash-again", "The hash is hashed again.", *_VERIFIED),
    _is("sign-hash-order", "The last signature comes first.", "order"),
    _is("sign-hash-first-only", "Only the first hash is signed.", *("order", "twice-authorized")),
    _is("sign-hash-lines", "Signatures have line breaks.", *_VERIFIED),
    _is(
        "sign-hash-bare-digest",
        "rsaEncryption signs without DigestInfo.",
        *("rsa-bare", "rsa-bare-sha512"),
    ),
    _is(
        "sign-hash-bare-ecdsa",
        "ECDSA signatures are r and s alone.",
        *_ECDSA,
    ),
    _is(
        "sign-hash-without-1.2.840.113549.1.1.12",
        "sha384WithRSAEncryption is listed and refused.",
        "rsa-sha384",
    ),
    _is(
        "sign-hash-without-1.2.840.113549.1.1.13",
        "sha512WithRSAEncryption is listed and refused.",
        "rsa-sha512",
    ),
    _is(
        "sign-hash-without-1.2.840.10045.4.3.3",
        "ecdsa-with-SHA384 is listed and refused.",
        "ecdsa-sha384",
    ),
    _is(
        "sign-hash-without-1.2.840.10045.4.3.4",
        "ecdsa-with-SHA512 is listed and refused.",
        "ecdsa-sha512",
    ),
    _is(
        "sign-hash-pss-salt",
        "The salt is as long as the digest, whatever was asked for.",
        *("pss-salt-none", "pss-salt-longest"),
    ),
    _is("sign-hash-pss-mask", "The mask has the digest of the hash.", "pss-mask"),
    _is(
        "sign-hash-pss-pkcs1",
        "RSASSA-PSS is PKCS#1 v1.5.",
        *(*_PSS, "sign-doc.pss"),
    ),
    _is("sign-hash-client-data-refused", "clientData is refused.", "client-data"),
    _is(f"unknown-members of {_SIGN}", "Unknown members are refused.", "lenient"),
    _is(f"contradiction of {_SIGN}", "A contradicting OID is refused.", "digest-ignored"),
)


_RACES: Final = ("race", "race-several", "race-different")
_SADS: Final = (
    _is(
        "sad-binds-nothing",
        "Any hash is signed.",
        *("not-authorized", "one-unauthorized", "twice", "extend.binds", "oauth.sign-other-hash"),
    ),
    _is("sad-one-is-enough", "One authorized hash is enough.", *("one-unauthorized", "twice")),
    _is("sad-set", "Hashes are compared as a set.", "twice"),
    _is("sad-forgets-doubles", "Hashes are authorized as a set.", "twice-authorized"),
    _is("sad-uncounted", "numSignatures is no limit.", "beyond"),
    _is(
        "sad-for-ever",
        "A SAD is never spent.",
        *("spent", "unbound", "some", *_RACES, "extend.count", "polling.spends"),
        *("sign-doc.spent", "oauth.sign-once"),
    ),
    _is("sad-keeps-hashes", "A hash stays authorized while signatures are left.", "some"),
    _is(
        "sad-of-any-credential",
        "A SAD opens all of its owner's keys.",
        *("other-credential", "extend.id-other"),
    ),
    _is(
        "sad-of-anybody-anywhere",
        "Nobody looks whose SAD it is, or for what.",
        *("own-credential", "other-credential", "extend.id-other"),
    ),
    _is(
        "sad-dies-of-refusals",
        "A refused call ends the SAD.",
        *("refused-keeps", "oauth.sign", "oauth.sign-other-hash"),
    ),
    _is("sign-hash-race", "All look before anybody counts.", *_RACES),
    _is(f"sad-lives-on of {_SIGN}", "Expired SADs sign.", "expired"),
)

DEFECTS: Final = (*_ROWS, *_VALUES, *_SADS)
