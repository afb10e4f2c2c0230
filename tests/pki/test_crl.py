"""CRLs before outside judges: OpenSSL, pkilint, cryptography, pyHanko. (RFC 5280 5)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto.x509 import Certificate
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import RevokedError

from pki import authority, crl
from pki.crl import Entry, List
from policies import status
from policies.revocation import Reason, Revocation
from policies.status import Window
from tests.pki import golden, judges
from tests.pki.golden import NOW, Golden
from tests.pki.judges import openssl

LONG_AGO = NOW - timedelta(days=3650)
LONGEST_SERIAL = 2**159 - 1


async def issue(
    pki: Golden,
    entries: Iterable[Entry] = (),
    *,
    number: int = 7,
    window: Window | None = None,
    expired_since: datetime | None = None,
) -> bytes:
    """A CRL of the issuing authority."""
    wanted = List(
        pki.issuing.certificate,
        number,
        window or status.crl_window(NOW),
        entries,
        expired_since,
    )
    return await crl.issue(wanted, authority.ALGORITHM, pki.issuing.sign)


def revoked(serial: int, reason: Reason = Reason.SUPERSEDED) -> Entry:
    """Just now."""
    return Entry(serial, Revocation(NOW, reason))


def everything() -> list[Entry]:
    """Every reason, the shortest and the longest serial number."""
    entries = [revoked(1000 + number, reason) for number, reason in enumerate(Reason)]
    return [revoked(1), *entries, revoked(LONGEST_SERIAL)]


LISTS: dict[str, Callable[[Golden], Awaitable[bytes]]] = {
    "empty": issue,
    "every reason": lambda pki: issue(pki, everything()),
    "expired ones too": lambda pki: issue(pki, everything(), expired_since=LONG_AGO),
    "last": lambda pki: issue(pki, window=status.crl_window(NOW, last=True)),
    "greatest number": lambda pki: issue(pki, number=2**159 - 1),
}


@pytest.mark.parametrize("kind", LISTS)
async def test_outside_judges(kind: str, pki: Golden, tmp_path: Path) -> None:
    """OpenSSL verifies the signature, pkilint has nothing to say at NOTICE."""
    made = await LISTS[kind](pki)
    assert judges.lint_crl(made) == []
    command = ["crl", "-inform", "DER", "-in", "@crl", "-noout", "-CAfile", "@ca"]
    told = openssl(tmp_path, *command, crl=made, ca=golden.pem(pki.issuing.certificate))
    assert "verify OK" in told


async def test_what_stands_in_it(pki: Golden) -> None:
    """Version 2, names, times, key and number of the list; each entry as it was given."""
    made = await issue(pki, everything(), expired_since=LONG_AGO)
    found = x509.load_der_x509_crl(made)
    issuer = x509.load_der_x509_certificate(pki.issuing.certificate)
    assert found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # P-384
    assert found.issuer == issuer.subject
    assert (found.last_update_utc, found.next_update_utc) == (NOW, NOW + timedelta(hours=24))
    number = found.extensions.get_extension_for_class(x509.CRLNumber)
    assert number.value.crl_number == 7
    key = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ski = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert key.key_identifier == ski.digest
    assert not any(one.critical for one in found.extensions)
    assert [one.serial_number for one in found] == [one.serial for one in everything()]
    assert {one.revocation_date_utc for one in found} == {NOW}


async def test_reasons(pki: Golden) -> None:
    """Each with its code, not critical; *unspecified* is left out (RFC 5280 5.3.1)."""
    found = x509.load_der_x509_crl(await issue(pki, everything()))
    for number, reason in enumerate(Reason):
        entry = found.get_revoked_certificate_by_serial_number(1000 + number)
        assert entry is not None
        if reason is Reason.UNSPECIFIED:
            assert len(entry.extensions) == 0
            continue
        (extension,) = entry.extensions
        assert isinstance(extension.value, x509.CRLReason)
        assert (extension.value.reason.value, extension.critical) == (reason.value, False)


async def test_an_empty_list_has_no_empty_sequence(pki: Golden) -> None:
    """revokedCertificates is absent then (RFC 5280 5.1.2.6)."""
    tbs = asn1_crl.CertificateList.load(await issue(pki), strict=True)["tbs_cert_list"]
    assert tbs["version"].native == "v2"
    assert tbs["revoked_certificates"].native is None
    assert (
        tbs["signature"].dump()
        == asn1_crl.CertificateList.load(await issue(pki))["signature_algorithm"].dump()
    )


async def test_the_last_list_has_no_end(pki: Golden) -> None:
    """nextUpdate 99991231235959Z, in the form for years after 2049."""
    made = await issue(pki, window=status.crl_window(NOW, last=True))
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert x509.load_der_x509_crl(made).next_update_utc == end
    assert b"\x18\x0f99991231235959Z" in made


async def test_expired_certificates_stay_where_the_list_says_so(pki: Golden) -> None:
    """expiredCertsOnCRL holds the date from which on."""
    tbs = asn1_crl.CertificateList.load(await issue(pki, expired_since=LONG_AGO))["tbs_cert_list"]
    values = {one["extn_id"].dotted: one["extn_value"].native for one in tbs["crl_extensions"]}
    assert values["2.5.29.60"] == f"\x18\x0f{LONG_AGO:%Y%m%d%H%M%S}Z".encode()
    plain = asn1_crl.CertificateList.load(await issue(pki))["tbs_cert_list"]
    assert "2.5.29.60" not in {one["extn_id"].dotted for one in plain["crl_extensions"]}


@pytest.mark.parametrize("kind", LISTS)
async def test_what_was_written_is_read(kind: str, pki: Golden) -> None:
    """Times of the list and of each entry, serials as the register writes them."""
    made = await LISTS[kind](pki)
    window, ended = crl.read(made)
    found = x509.load_der_x509_crl(made)
    assert window == Window(found.last_update_utc, found.next_update_utc or NOW)
    assert crl.window(made) == window
    assert ended == {f"{one.serial_number:x}": one.revocation_date_utc for one in found}
    reasons = {one.serial_number: _reason_of(one) for one in found}
    final = {one.serial: one.revocation for one in crl.for_good(made)}
    assert {serial: one.reason for serial, one in final.items()} == {
        serial: reason
        for serial, reason in reasons.items()
        if reason is not Reason.CERTIFICATE_HOLD
    }
    assert all(ended[f"{serial:x}"] == one.at for serial, one in final.items())
    told = found.extensions.get_extension_for_class(x509.CRLNumber).value
    assert crl.number(made) == told.crl_number


def _reason_of(entry: x509.RevokedCertificate) -> Reason:
    try:
        found = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return Reason.UNSPECIFIED
    return Reason(found.value)


@pytest.mark.parametrize("number", [0, -1, 2**159])
async def test_numbers_that_no_list_has(number: int, pki: Golden) -> None:
    """Positive and at most 20 octets; anything else is a bug of ours."""
    with pytest.raises(ValueError, match="CRL number"):
        await issue(pki, number=number)


@pytest.mark.parametrize("ended", [False, True])
async def test_a_verifier_believes_it(ended: bool, pki: Golden) -> None:
    """pyHanko takes Alice's certificate until she stands on the list."""
    made = await issue(pki, [revoked(pki.alice_serial)] if ended else [revoked(5)])
    of_root = List(pki.root.certificate, 1, status.crl_window(NOW), ())
    context = ValidationContext(
        trust_roots=[Certificate.load(pki.root.certificate)],
        other_certs=[Certificate.load(pki.issuing.certificate)],
        crls=[made, await crl.issue(of_root, authority.ALGORITHM, pki.root.sign)],
        revocation_mode="require",
        allow_fetching=False,
        moment=NOW + timedelta(seconds=1),
    )
    validator: Any = CertificateValidator(Certificate.load(pki.alice), validation_context=context)
    if not ended:
        await validator.async_validate_usage({"non_repudiation"})
        return
    with pytest.raises(RevokedError):
        await validator.async_validate_usage({"non_repudiation"})
