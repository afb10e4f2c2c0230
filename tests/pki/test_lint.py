"""The linter before the signature: bad certificates, and a broken linter.

(security-and-pki 2.3, appendix A, 7.2 row 19; many good ones: ``tests/campaign/test_subjects.py``)
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from asn1crypto import x509

from pki import authority, certificates, lint, linters, names, profiles
from pki.authority import Issuer, Order
from pki.certificates import Draft
from pki.lint import INTERNAL_DOMAIN
from pki.profiles import Linter, Profile
from policies import identity
from policies.algorithms import SignAlgorithm
from policies.errors import CertificateUnfit
from policies.identity import IdentifierScheme, Identity
from tests.pki import golden
from tests.pki.golden import ALICE, NOW, Golden

SERIAL = 0xB0 << 120
QUALIFIED = profiles.QUALIFIED_QSCD


def order(pki: Golden, who: Identity, profile: Profile) -> Order:
    """A certificate for a year."""
    return Order(
        profile,
        names.person(identity.proofed(who)),
        golden.public(pki.unit_key),
        timedelta(days=365),
        semantics=who.identifier.scheme is not IdentifierScheme.OPAQUE,
    )


def draft(pki: Golden, profile: Profile, who: Identity = ALICE) -> Draft:
    """The certificate as the authority would make it."""
    return authority.draft(pki.issuing, order(pki, who, profile), SERIAL, NOW)


def judge(pki: Golden, wanted: Draft, linter: Linter) -> None:
    """Return if the authority would sign it."""
    tbs = certificates.to_be_signed(wanted, pki.issuing.certificate, authority.ALGORITHM)
    lint.check(tbs, linter)


def silent(issuer: Issuer, **changes: object) -> Issuer:
    """An authority that must not sign."""

    async def sign(digest: bytes, algorithm: SignAlgorithm) -> bytes:
        raise AssertionError("signed")

    return dataclasses.replace(issuer, sign=sign, **changes)  # type: ignore[arg-type]  # a table


NAMELESS = x509.Name.build({"country_name": "RO", "common_name": "X", "serial_number": "CNP180"})
AUTHENTICATES = frozenset({"digital_signature"})
BOTH = frozenset({"digital_signature", "non_repudiation"})


@pytest.mark.parametrize(
    ("changes", "of_subject", "codes"),
    [
        ({"qualified": None}, None, ["qc_statements_extension_absent"]),
        ({"key_usage": AUTHENTICATES}, None, ["invalid_content_commitment_setting"]),
        ({}, NAMELESS, ["invalid_identifier_format", "required_attribute_missing"]),
        ({"key_usage": BOTH}, None, ["WARNING", "non_preferred_content_commitment_setting"]),
        (
            {"policies": (profiles.QCP_N,)},
            None,
            ["mismatched_policy_identifier_for_certificate_type"],
        ),
    ],
    ids=["no statements", "not for commitment", "nobody's name", "usage B", "policy of others"],
)
def test_bad_certificates_are_caught(
    changes: dict[str, object], of_subject: x509.Name | None, codes: list[str], pki: Golden
) -> None:
    """Each fault by its own finding; a warning is enough."""
    wanted = draft(pki, dataclasses.replace(QUALIFIED, **changes))  # type: ignore[arg-type]  # a table
    wanted = dataclasses.replace(wanted, subject=of_subject or wanted.subject)
    judge(pki, draft(pki, QUALIFIED), QUALIFIED.linter)
    with pytest.raises(CertificateUnfit) as caught:
        judge(pki, wanted, QUALIFIED.linter)
    assert all(code in str(caught.value) for code in codes), caught.value


async def test_nothing_is_signed_that_the_linter_refuses(pki: Golden) -> None:
    """The authority's key is not used."""
    bad = dataclasses.replace(QUALIFIED, key_usage=AUTHENTICATES)
    with pytest.raises(CertificateUnfit, match="content_commitment"):
        await authority.issue(silent(pki.issuing), order(pki, ALICE, bad), SERIAL, NOW)


@pytest.mark.parametrize("profile", [QUALIFIED, profiles.SIGNATURE, profiles.TSA])
async def test_nothing_is_signed_when_the_linter_breaks(
    profile: Profile, pki: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence is no proof."""

    def broken(linter: Linter) -> None:
        raise MemoryError("no linter today")

    monkeypatch.setattr(linters, "_validator", broken)
    with pytest.raises(CertificateUnfit, match="linter: MemoryError: no linter today"):
        await authority.issue(silent(pki.issuing), order(pki, ALICE, profile), SERIAL, NOW)


@pytest.mark.parametrize("host", ["127.0.0.1:8099", "localhost:8099", "localhost"])
async def test_only_what_the_instance_lives_with_is_tolerated(host: str, pki: Golden) -> None:
    """Addresses on this machine pass where that is said, and nothing else does by it."""
    here = dataclasses.replace(
        pki.issuing.addresses, ocsp=f"http://{host}/ocsp", crl="http://status.test/crl"
    )
    wanted = order(pki, ALICE, profiles.SIGNATURE)
    with pytest.raises(CertificateUnfit, match=INTERNAL_DOMAIN):
        await authority.issue(silent(pki.issuing, addresses=here), wanted, SERIAL, NOW)
    easy = dataclasses.replace(pki.issuing, addresses=here, tolerated=frozenset({INTERNAL_DOMAIN}))
    assert await authority.issue(easy, wanted, SERIAL, NOW)
    nobody = dataclasses.replace(wanted, subject=NAMELESS)
    with pytest.raises(CertificateUnfit, match="required_attribute_missing"):
        await authority.issue(silent(easy), nobody, SERIAL, NOW)


@pytest.mark.parametrize("host", ["localhost.", "localhost@evil", "paraph"])
async def test_other_addresses_that_are_none_are_refused(host: str, pki: Golden) -> None:
    """Also where addresses on this machine are tolerated."""
    there = dataclasses.replace(pki.issuing.addresses, ocsp=f"http://{host}/ocsp")
    easy = silent(pki.issuing, addresses=there, tolerated=frozenset({INTERNAL_DOMAIN}))
    with pytest.raises(CertificateUnfit, match="invalid_uri_syntax"):
        await authority.issue(easy, order(pki, ALICE, profiles.SIGNATURE), SERIAL, NOW)


async def test_localhost_is_refused_where_it_is_not_tolerated(pki: Golden) -> None:
    """Also for services, whose linter does not know which domains are internal."""
    there = dataclasses.replace(pki.issuing.addresses, issuer="http://localhost/issuing.cer")
    with pytest.raises(CertificateUnfit, match="invalid_uri_syntax"):
        await golden.issue(
            silent(pki.issuing, addresses=there), profiles.OCSP, "Example OCSP", pki.unit_key
        )
