"""Many people, every profile: no finding of pkilint, and OpenSSL takes each certificate.

(security-and-pki 7.2 row 19: 1,000 subjects with ``make campaign``, fewer with ``make test``)
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from pki import authority, lint, names, profiles
from pki.authority import Order
from pki.profiles import FOR_PEOPLE, Profile
from policies import identity
from policies.identity import IdentifierScheme, Identity
from tests.pki import golden, subjects
from tests.pki.judges import openssl

PER_ROUND = 6
PURPOSES = {"authentication": "sslclient"}
"""What OpenSSL is asked whether the certificate is good for; anything, where not said."""


@pytest.mark.parametrize("profile", FOR_PEOPLE.values(), ids=FOR_PEOPLE)
def test_whom_the_rules_let_pass_the_judges_let_pass(
    profile: Profile, rounds: int, tmp_path: Path
) -> None:
    """People with any name, pseudonym and number; linted, signed, linted again, verified."""
    pki, issued = golden.golden(), dict[Identity, bytes]()

    @settings(max_examples=rounds * PER_ROUND, database=None)
    @given(who=subjects.people)
    def issue(who: Identity) -> None:
        order = Order(
            profile,
            names.person(identity.proofed(who)),
            golden.public(pki.unit_key),
            timedelta(days=365),
            semantics=who.identifier.scheme is not IdentifierScheme.OPAQUE,
        )
        der = asyncio.run(authority.issue(pki.issuing, order, (1 << 127) + len(issued), golden.NOW))
        assert lint.findings(der, profile.linter) == []
        issued[who] = der

    issue()
    files = {f"{number}.pem": golden.pem(der) for number, der in enumerate(issued.values())}
    told = openssl(
        tmp_path,
        *("verify", "-x509_strict", "-explicit_policy", "-policy", profile.policies[0]),
        *("-purpose", PURPOSES.get(profile.name, "any")),
        *("-CAfile", "@root", "-untrusted", "@issuing", *(f"@{name}" for name in files)),
        root=golden.pem(pki.root.certificate),
        issuing=golden.pem(pki.issuing.certificate),
        **files,
    )
    assert told.count(": OK") == len(issued)
    print(f"\n{profile.name}: {len(issued)} people")


@pytest.mark.parametrize("profile", [profiles.SIGNATURE, profiles.QUALIFIED_QSCD])
def test_the_judge_knows_policies(profile: Profile, tmp_path: Path) -> None:
    """A certificate of one profile is not good under the policy of another."""
    pki = golden.golden()
    wrong = {profiles.NCP, profiles.QCP_N_QSCD, profiles.QCP_N} - set(profile.policies)
    order = Order(
        profile,
        names.person(identity.proofed(golden.ALICE)),
        golden.public(pki.unit_key),
        timedelta(days=365),
        semantics=True,
    )
    der = asyncio.run(authority.issue(pki.issuing, order, 1 << 127, golden.NOW))
    files = {
        "root": golden.pem(pki.root.certificate),
        "issuing": golden.pem(pki.issuing.certificate),
        "leaf": golden.pem(der),
    }
    for policy in wrong:
        with pytest.raises(AssertionError, match="no explicit policy"):
            openssl(
                tmp_path,
                *("verify", "-x509_strict", "-explicit_policy", "-policy", policy),
                *("-CAfile", "@root", "-untrusted", "@issuing", "@leaf"),
                **files,
            )


@pytest.mark.parametrize(
    ("name", "policy", "purpose"),
    [
        ("responder", golden.ADDRESSES.policy, "ocsphelper"),
        ("unit", profiles.NCP, "timestampsign"),
        ("issuing", profiles.NCP, "crlsign"),
    ],
)
def test_services_are_taken_too(name: str, policy: str, purpose: str, tmp_path: Path) -> None:
    """Responder, time-stamping unit and authority, each under a policy that it was issued for."""
    pki = golden.golden()
    one = getattr(pki, name)
    openssl(
        tmp_path,
        *("verify", "-x509_strict", "-explicit_policy", "-policy", policy, "-purpose", purpose),
        *("-CAfile", "@root", "-untrusted", "@authority", "@leaf"),
        root=golden.pem(pki.root.certificate),
        authority=golden.pem(pki.issuing.certificate),
        leaf=golden.pem(one.certificate),
    )
