"""Evidence of revocation: when it is fresh, who may sign it, and that "revoked" is heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp

from ades.validation.report import SignatureLevel, SignatureReport
from ades.validation.trust import Evidence
from policies.validation import Indication, Reason
from tests.ades.validation import scribe
from tests.ades.validation.authority import DAY, HOUR, T0, Identity, authority, certificate, crl
from tests.ades.validation.test_levels import first

SECOND = timedelta(seconds=1)
PKI = authority()
ROOT_LIST = asn1_crl.CertificateList.load(crl(PKI.root, T0, 30 * DAY))


def answers(*ders: bytes) -> Evidence:
    """These OCSP answers, and the root's list."""
    return Evidence(crls=(ROOT_LIST,), ocsps=tuple(map(asn1_ocsp.OCSPResponse.load, ders)))


def lists(revoked: dict[Identity, datetime], at: datetime = T0) -> Evidence:
    """The issuing authority's list, and the root's."""
    serials = {one.parsed.serial_number: moment for one, moment in revoked.items()}
    made = asn1_crl.CertificateList.load(crl(PKI.issuing, at, 12 * HOUR, serials))
    return Evidence(crls=(ROOT_LIST, made))


def stamped_with(given: Evidence, now: datetime = T0 + HOUR) -> SignatureReport:
    """A B-T signature, made at ``T0``, with evidence from outside."""
    unit = answers(PKI.answer(PKI.unit, T0))
    return first(scribe.leveled("B-T"), given=given + unit, now=now)


@pytest.mark.parametrize(
    ("issued", "lives", "reason"),
    [
        (T0, 12 * HOUR, None),
        (T0 - HOUR, HOUR, None),
        (T0 - HOUR, HOUR - SECOND, Reason.STATUS_OUTDATED),
        (T0 + HOUR, HOUR, None),
        (T0 + HOUR + timedelta(minutes=1), HOUR, None),
        (T0 + HOUR + timedelta(minutes=2), HOUR, Reason.STATUS_UNKNOWN),
    ],
)
def test_fresh_for_the_proven_time(
    issued: datetime, lives: timedelta, reason: Reason | None
) -> None:
    """An answer counts that speaks of the proven time or later and is not from the future."""
    found = stamped_with(answers(PKI.answer(PKI.alice, issued, lives)))
    assert found.reasons == (() if reason is None else (reason,))


def test_without_a_proven_time_it_has_to_be_fresh_now() -> None:
    """An answer of yesterday says nothing about a signature that may be of today."""
    given = answers(PKI.answer(PKI.alice, T0, HOUR))
    assert first(scribe.pdf(), given=given, now=T0 + HOUR).indication is Indication.PASSED
    found = first(scribe.pdf(), given=given, now=T0 + 2 * HOUR)
    assert found.reasons == (Reason.STATUS_OUTDATED,)


def test_revoked_before_and_after_the_proven_time() -> None:
    """Before: not passed, whoever says so. After: passed, and told."""
    for moment, passed in ((T0 - HOUR, False), (T0, False), (T0 + SECOND, True)):
        for given in (
            lists({PKI.alice: moment}, T0 + HOUR),
            answers(PKI.answer(PKI.alice, T0 + HOUR, revoked=moment)),
        ):
            found = stamped_with(given, now=T0 + 2 * HOUR)
            assert (found.indication is Indication.PASSED) is passed, moment
            assert found.reasons == (() if passed else (Reason.REVOKED,))
            assert found.chain is not None
            if passed:
                assert found.chain.revocation[0].revoked_at == moment


def test_revoked_without_a_proven_time() -> None:
    """Revoked later than the signer says he signed: that proves nothing."""
    found = first(scribe.pdf(), given=lists({PKI.alice: T0 + SECOND}, T0 + HOUR))
    assert (found.indication, found.reasons) == (Indication.INDETERMINATE, (Reason.REVOKED,))


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_later_evidence_that_says_revoked_is_heard(level: str) -> None:
    """The document's own evidence says good; a newer list tells of an earlier revocation."""
    now = T0 + 2 * DAY
    for moment, passed in ((T0 - SECOND, False), (T0 + HOUR, True)):
        given = lists({PKI.alice: moment}, now)
        found = first(scribe.leveled(level), given=given, now=now)
        assert (found.indication is Indication.PASSED) is passed, moment
        assert passed or Reason.REVOKED in found.reasons


def test_a_revoked_authority() -> None:
    """Nothing below it is trusted, though everything else says good."""
    serials = {PKI.issuing.parsed.serial_number: T0 - DAY}
    revoked = asn1_crl.CertificateList.load(crl(PKI.root, T0, 30 * DAY, serials))
    given = replace(PKI.evidence(), crls=(revoked,))
    assert first(scribe.pdf(), given=given).reasons == (Reason.AUTHORITY_REVOKED,)


def test_a_revoked_time_stamping_unit() -> None:
    """A key that is out of hand stamps any time: its time-stamps are not trusted."""
    given = lists({PKI.unit: T0 + HOUR}, T0 + HOUR)
    found = first(scribe.leveled("B-LT"), given=given, now=T0 + 2 * HOUR)
    assert Reason.TIMESTAMP_NOT_TRUSTED in found.reasons
    archived = first(scribe.leveled("B-LTA"), given=given, now=T0 + 2 * HOUR)
    assert archived.level is None


def test_who_may_answer() -> None:
    """Neither another certificate of the authority (CVE-2026-93578), nor a stranger."""
    young = certificate("Stranger", "responder", None, T0 - DAY, T0 + DAY)
    for nobody in (PKI.unit, PKI.alice, young):
        given = answers(PKI.answer(PKI.alice, T0, responder=nobody))
        found = first(scribe.pdf(), given=given)
        assert found.indication is Indication.INDETERMINATE, nobody.name
        assert found.reasons == (Reason.STATUS_UNKNOWN,)


def test_an_answer_about_somebody_else() -> None:
    """Nothing is known of the one that is asked about."""
    found = first(scribe.pdf(), given=answers(PKI.answer(PKI.unit, T0)))
    assert found.reasons == (Reason.STATUS_UNKNOWN,)


def test_level_is_what_the_document_brings() -> None:
    """With evidence from outside B-T passes and stays B-T."""
    found = stamped_with(answers(PKI.answer(PKI.alice, T0)))
    assert found.level is SignatureLevel.B_T
