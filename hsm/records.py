"""The texts that the HSM puts its MAC on: canonical JSON, one text per content.

Pure. Keys are sorted, bytes are base64, instants are microseconds since 1970. The first field
(``@type``, sorted before all letters) says kind and version, so that a text of one kind can
never be taken for another, whatever key made its MAC.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from hsm.interface import BindingClaim
from policies import totp
from policies.secret import Code, PasswordTag, Pin
from policies.values import (
    AccountId,
    AuthenticatorId,
    ClientId,
    Credential,
    CredentialId,
    Factor,
    SadId,
    microseconds_from_utc,
    utc_from_microseconds,
)

SAD_TYPE: Final = "paraph/sad/1"
BINDING_TYPE: Final = "paraph/binding/1"
PIN_TYPE: Final = "paraph/pin/1"
CODE_TYPE: Final = "paraph/code/1"
PASSWORD_TYPE: Final = "paraph/password/1"  # noqa: S105 - the name of a text
TOTP_VERSION: Final = "v1"
"""Format of a sealed seed (security-and-pki 5.1)."""


@dataclass(frozen=True, slots=True)
class SadRecord:
    """Who approved what: everything that the activation module checks before it signs."""

    sad_id: SadId
    root_id: SadId
    """The SAD that the signer approved; equals ``sad_id`` until the first extension."""
    account_id: AccountId
    client_id: ClientId
    credential_id: CredentialId
    key_ref_digest: bytes
    """``KeyRef.digest()``, 32 bytes."""
    public_key_digest: bytes
    """SHA-256 of the SubjectPublicKeyInfo."""
    hash_oid: str
    hashes: tuple[bytes, ...]
    """The full list that the signer approved, in order."""
    open_ordinals: tuple[int, ...]
    """Places in ``hashes`` that this SAD may sign, ascending."""
    factors: tuple[Factor, ...]
    """The factors that were proven, in alphabetical order."""
    totp_step: int | None
    """Time step of the code that was used."""
    authenticated_at: datetime
    not_before: datetime
    expires_at: datetime
    """First instant at which the SAD is no longer good."""
    hard_expires_at: datetime
    """No extension goes past this instant."""


def encode_sad(record: SadRecord) -> bytes:
    """The record's one text."""
    return _canonical(
        {
            "@type": SAD_TYPE,
            "sad_id": record.sad_id,
            "root_id": record.root_id,
            "account_id": record.account_id,
            "client_id": record.client_id,
            "credential_id": record.credential_id,
            "key_ref": _text(record.key_ref_digest),
            "public_key": _text(record.public_key_digest),
            "hash_oid": record.hash_oid,
            "hashes": [_text(digest) for digest in record.hashes],
            "open": list(record.open_ordinals),
            "count": len(record.hashes),
            "factors": list(record.factors),
            "totp_step": record.totp_step,
            "authenticated_at": microseconds_from_utc(record.authenticated_at),
            "not_before": microseconds_from_utc(record.not_before),
            "expires_at": microseconds_from_utc(record.expires_at),
            "hard_expires_at": microseconds_from_utc(record.hard_expires_at),
        }
    )


def decode_sad(text: bytes) -> SadRecord:
    """The record in a text whose MAC was found right.

    Raises:
        ValueError: Another kind or version: made by an older or newer release.
    """
    fields = orjson.loads(text)
    if fields["@type"] != SAD_TYPE:
        raise ValueError(f"not a {SAD_TYPE}")
    return SadRecord(
        sad_id=fields["sad_id"],
        root_id=fields["root_id"],
        account_id=fields["account_id"],
        client_id=fields["client_id"],
        credential_id=fields["credential_id"],
        key_ref_digest=b64decode(fields["key_ref"]),
        public_key_digest=b64decode(fields["public_key"]),
        hash_oid=fields["hash_oid"],
        hashes=tuple(b64decode(digest) for digest in fields["hashes"]),
        open_ordinals=tuple(fields["open"]),
        factors=tuple(Factor(factor) for factor in fields["factors"]),
        totp_step=fields["totp_step"],
        authenticated_at=utc_from_microseconds(fields["authenticated_at"]),
        not_before=utc_from_microseconds(fields["not_before"]),
        expires_at=utc_from_microseconds(fields["expires_at"]),
        hard_expires_at=utc_from_microseconds(fields["hard_expires_at"]),
    )


def claim_of(credential: Credential) -> BindingClaim:
    """What the activation module relies on, out of a credential's row."""
    return BindingClaim(
        credential_id=credential.credential_id,
        account_id=credential.account_id,
        key_ref=credential.key_ref,
        public_key=credential.public_key,
        factors=credential.factors,
        multisign=credential.multisign,
        authenticator_id=credential.authenticator_id,
        pin_verifier=credential.pin_verifier,
    )


def encode_claim(claim: BindingClaim) -> bytes:
    """The claim's one text."""
    return _canonical(
        {
            "@type": BINDING_TYPE,
            "credential_id": claim.credential_id,
            "account_id": claim.account_id,
            "key_ref": _text(claim.key_ref.digest()),
            "public_key": _text(sha256(claim.public_key)),
            "factors": sorted(claim.factors),
            "multisign": claim.multisign,
            "authenticator_id": claim.authenticator_id,
            "pin_verifier": None if claim.pin_verifier is None else _text(claim.pin_verifier),
        }
    )


def encode_pin(credential_id: CredentialId, pin: Pin) -> bytes:
    """The text whose MAC is the PIN's verifier: the same PIN looks different on each credential."""
    return _canonical({"@type": PIN_TYPE, "credential_id": credential_id, "pin": pin.value})


def encode_code(
    credential_id: CredentialId, binding: bytes, code_id: str, expires_at: datetime, code: Code
) -> bytes:
    """The text whose MAC is kept of a code by SMS: for this credential as it is bound now, until
    this instant, and no other.
    """
    return _canonical(
        {
            "@type": CODE_TYPE,
            "credential_id": credential_id,
            "binding": _text(binding),
            "code_id": code_id,
            "expires_at": microseconds_from_utc(expires_at),
            "code": code.value,
        }
    )


def encode_password(account_id: AccountId, tag: PasswordTag) -> bytes:
    """The text whose MAC is a password's verifier: no account's is good for another."""
    return _canonical({"@type": PASSWORD_TYPE, "account_id": account_id, "tag": tag.value})


def totp_context(authenticator_id: AuthenticatorId, account_id: AccountId) -> bytes:
    """Additional data of a sealed seed: authenticator | account | version.

    Raises:
        ValueError: An identifier contains the separator.
    """
    if "|" in authenticator_id or "|" in account_id:
        raise ValueError("identifier with a vertical bar")
    return f"{authenticator_id}|{account_id}|{TOTP_VERSION}".encode()


def encode_seed(seed: bytes, signs_from: datetime) -> bytes:
    """What is sealed of an authenticator: 20 bytes of seed, 8 of microseconds since 1970."""
    return seed + microseconds_from_utc(signs_from).to_bytes(8, "big")


def decode_seed(plain: bytes) -> tuple[bytes, datetime]:
    """Seed, and the instant from which it signs.

    A seed sealed before there was a cooling-off stands alone and signs.
    """
    seed, instant = plain[: totp.SEED_BYTES], plain[totp.SEED_BYTES :]
    return seed, utc_from_microseconds(int.from_bytes(instant, "big"))


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def _canonical(fields: dict[str, object]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
