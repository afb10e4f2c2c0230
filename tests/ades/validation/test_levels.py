"""Each level passes by itself, is not taken for more than it is, and pyHanko agrees."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from ades.validation import validator
from ades.validation.report import Report, SignatureLevel, SignatureReport
from ades.validation.trust import Evidence, Trust
from policies.validation import Indication, Reason
from tests.ades.validation import scribe
from tests.ades.validation.authority import DAY, HOUR, T0, authority

LEVELS = list(SignatureLevel)


def validated(
    document: bytes,
    *,
    given: Evidence | None = None,
    now: datetime = T0 + HOUR,
    original: bytes | None = None,
) -> Report:
    """The report, with the root as anchor and what is given."""
    return validator.validate(
        document, original, Trust(authority().trust.anchors, given or Evidence()), now
    )


def first(document: bytes, **rest: object) -> SignatureReport:
    """The report on the first signature."""
    return validated(document, **rest).signatures[0]  # type: ignore[arg-type]  # passed on


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_reached_and_no_higher_one(level: SignatureLevel) -> None:
    """With today's evidence from outside all four pass, each at its own level."""
    found = validated(scribe.leveled(level), given=authority().evidence())
    assert found.indication is Indication.PASSED
    assert [one.level for one in found.signatures if one.kind == "signature"] == [level]
    assert all(one.intact and one.reasons == () for one in found.signatures)


@pytest.mark.parametrize(("level", "asked"), list(itertools.product(LEVELS, LEVELS)))
def test_check_asks_for_the_row_of_the_level(level: SignatureLevel, asked: SignatureLevel) -> None:
    """A signature passes the check of its level and of lower ones, and of no higher one."""
    given = Trust(authority().trust.anchors, authority().evidence())
    found = validator.check(scribe.leveled(level), asked, given, T0 + HOUR, status_known=True)
    assert found.passed is level.reaches(asked)
    if not found.passed:
        assert found.reasons


def test_without_evidence_the_self_contained_levels_pass() -> None:
    """B-LT and B-LTA bring everything along; of the others the status is not known."""
    for level in LEVELS:
        found = first(scribe.leveled(level))
        if level.reaches(SignatureLevel.B_LT):
            assert (found.indication, found.level) == (Indication.PASSED, level)
        else:
            assert found.indication is Indication.INDETERMINATE
            assert Reason.STATUS_UNKNOWN in found.reasons


@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_check_without_known_status(level: str) -> None:
    """Where nothing is known of status, form, value and chain are checked."""
    given = authority().trust
    found = validator.check(
        scribe.leveled(level), SignatureLevel(level), given, T0 + HOUR, status_known=False
    )
    assert found.passed
    stranger = Trust((authority().alice.parsed,))
    other = validator.check(
        scribe.pdf(by=scribe.signer(by=authority().unit)),
        SignatureLevel.B_B,
        stranger,
        T0 + HOUR,
        status_known=False,
    )
    assert not other.passed


def test_a_report_says_who_and_when() -> None:
    """Signer, policies, times, chain, evidence and time-stamp of a B-LTA signature."""
    found = first(scribe.leveled("B-LTA"))
    assert found.signer is not None
    assert "Alice" in found.signer.subject
    assert found.signer.policies == ("1.3.6.1.4.1.99999.1.1",)
    assert found.signer.serial_number == f"{authority().alice.parsed.serial_number:x}"
    assert found.claimed_time == found.proven_time == T0
    assert found.chain is not None
    assert found.chain.trusted
    assert [one.evidence for one in found.chain.revocation] == ["ocsp", "crl"]
    (stamp,) = found.timestamps
    assert (stamp.kind, stamp.valid, stamp.time) == ("signature", True, T0)
    assert (found.coverage, found.format) == ("entire_revision", "PAdES")
    assert found.changes is not None
    assert (found.changes.level, found.changes.permitted) == ("lta_updates", True)


@pytest.mark.parametrize("days", [1, 30, 80])
def test_long_term_signatures_stay_good(days: int) -> None:
    """Evidence of the time of signing is enough later, as long as who signed it still lives."""
    for level in ("B-LT", "B-LTA"):
        found = validated(scribe.leveled(level), now=T0 + timedelta(days=days))
        assert found.indication is Indication.PASSED, level
        assert found.signatures[0].level == level


def test_after_the_end_of_the_certificate() -> None:
    """Evidence by a responder whose certificate has ended too is in doubt, unless archived."""
    pki, later = authority(), T0 + 400 * DAY
    found = pki.evidence()
    answers = Evidence(crls=found.crls[:1], ocsps=found.ocsps)
    everyone = (pki.alice, pki.issuing, pki.unit, pki.responder)
    by_answers = scribe.with_store(scribe.leveled("B-T"), answers, everyone)
    assert first(by_answers).level is SignatureLevel.B_LT
    assert first(by_answers, now=later).reasons[0] is Reason.EXPIRED
    given = pki.evidence(later - HOUR)
    archived = scribe.archived(by_answers)
    assert first(archived, now=later, given=given).level is SignatureLevel.B_LTA
    # A list is as good as the authority that signed it, which lives on.
    assert first(scribe.leveled("B-LT"), now=later).level is SignatureLevel.B_LT
    assert first(scribe.leveled("B-T"), now=later, given=found).level is SignatureLevel.B_T
    assert first(scribe.leveled("B-B"), now=later, given=given).reasons == (Reason.EXPIRED,)


def test_after_the_end_of_the_archive() -> None:
    """The time-stamping unit's certificate has ended and nobody renewed: in doubt."""
    found = validated(scribe.leveled("B-LTA"), now=T0 + 1900 * DAY)
    assert found.indication is Indication.INDETERMINATE


@pytest.mark.parametrize("level", LEVELS)
async def test_pyhanko_agrees(level: SignatureLevel) -> None:
    """EN 319 102-1 as pyHanko reads it: LTA passes for B-LTA alone."""
    pki = authority()
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            CertValidationPolicySpec(
                SimpleTrustManager.build([pki.root.parsed]), CertRevTrustPolicy(REQUIRE_REVINFO)
            ),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY,
                certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
            ),
        )
    )
    embedded = scribe.reader(scribe.leveled(level)).embedded_regular_signatures[0]
    now = ValidationTimingInfo(T0 + HOUR, T0 + HOUR, point_in_time_validation=True)
    found = await ades.ades_lta_validation(embedded, spec, now)
    passed = found.ades_subindic is AdESPassed.OK
    assert passed is (level is SignatureLevel.B_LTA)
