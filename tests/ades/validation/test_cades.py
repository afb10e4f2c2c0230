"""CMS signatures: levels up to archive time-stamps version 3, and what does not pass as one."""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto import cms, pem

from ades.levels import cades
from ades.validation.report import SignatureLevel, SignatureReport
from policies.validation import Indication, Reason
from tests.ades.validation import scribe
from tests.ades.validation.authority import DAY, T0, authority
from tests.ades.validation.test_levels import validated

CONTENT = b"contract of sale"
LEVELS = list(SignatureLevel)


def report(signature: bytes, **rest: Any) -> SignatureReport:
    """On the one signature, with its original."""
    (found,) = validated(signature, original=CONTENT, **rest).signatures
    return found


def changed(signature: bytes, change: Any) -> bytes:
    """Another container after a change of its SignedData."""
    parsed = cms.ContentInfo.load(signature)
    change(parsed["content"])
    return bytes(parsed.dump())


@pytest.mark.parametrize("level", LEVELS)
def test_each_level(level: SignatureLevel) -> None:
    """Reached with evidence from outside; B-LT and B-LTA by themselves."""
    made = scribe.leveled_p7s(level, CONTENT)
    found = report(made, given=authority().evidence())
    assert (found.reasons, found.level, found.format) == ((), level, "CAdES")
    alone = report(made)
    assert (alone.level is level) is level.reaches(SignatureLevel.B_LT)


def test_attached_armoured_and_without_its_time() -> None:
    """Content inside, PEM around; without signing-time it is CMS and no CAdES."""
    given = authority().evidence()
    attached = scribe.p7s(CONTENT, detached=False)
    for made in (attached, pem.armor("PKCS7", attached)):
        found = validated(made, given=given)
        assert found.indication is Indication.PASSED
        assert found.signatures[0].level is SignatureLevel.B_B
    plain = report(scribe.p7s(CONTENT, signing_time=None), given=given)
    assert (plain.indication, plain.format, plain.level) == (Indication.PASSED, "CMS", None)


def test_originals() -> None:
    """None, another one, and one that differs from what is inside."""
    detached, attached = scribe.p7s(CONTENT), scribe.p7s(CONTENT, detached=False)
    given = authority().evidence()
    (found,) = validated(detached, given=given).signatures
    assert found.reasons == (Reason.ORIGINAL_MISSING,)
    for made in (detached, attached):
        (found,) = validated(made, given=given, original=CONTENT + b".").signatures
        assert found.reasons == (Reason.DIGEST_WRONG,)


def test_an_archive_keeps_it() -> None:
    """After the end of the signer's certificate, and renewed after that of the unit's."""
    made = scribe.leveled_p7s("B-LTA", CONTENT)
    assert report(made, now=T0 + 400 * DAY).level is SignatureLevel.B_LTA
    assert report(made, now=T0 + 1900 * DAY).level is None


def test_an_archive_over_something_else() -> None:
    """Evidence that was taken out, another index, an archive that leaves out a time-stamp."""
    made = scribe.leveled_p7s("B-LTA", CONTENT)

    def without_a_list(data: Any) -> None:
        data["crls"] = list(data["crls"])[1:]

    def another_index(data: Any) -> None:
        token = _archive(data)
        for attribute in token["content"]["signer_infos"][0]["unsigned_attrs"]:
            if attribute["type"].native == cades.HASH_INDEX:
                attribute["values"][0]["crls"] = []

    def one_more_stamp(data: Any) -> None:
        info = data["signer_infos"][0]
        stamp = info["unsigned_attrs"][0].copy()
        value = info["signature"].native
        (other,) = scribe.stamped(T0)(value)
        info["unsigned_attrs"] = [*info["unsigned_attrs"], other]
        assert stamp["type"].native == other["type"].native

    for change in (without_a_list, another_index, one_more_stamp):
        found = report(changed(made, change))
        assert Reason.TIMESTAMP_WRONG in found.reasons, change.__name__
        assert found.level is None


def test_evidence_that_came_after_the_archive() -> None:
    """It does not make the archived signature good: it was not there then."""
    stamped = scribe.leveled_p7s("B-T", CONTENT)
    early = scribe.archived_p7s(stamped)
    found = report(early, given=authority().evidence())
    assert (found.indication, found.level) == (Indication.PASSED, SignatureLevel.B_T)
    later = report(early, given=authority().evidence(), now=T0 + 400 * DAY)
    assert later.level is not SignatureLevel.B_LTA


def _archive(data: Any) -> Any:
    for attribute in data["signer_infos"][0]["unsigned_attrs"]:
        if attribute["type"].native == cades.ARCHIVE_STAMP:
            return attribute["values"][0]
    raise AssertionError("no archive time-stamp")
