"""Several signatures: each is judged by itself, and locks are held to."""

from __future__ import annotations

from typing import Any

import pytest
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, SigFieldSpec
from pyhanko.sign.signers.cms_embedder import SigMDPSetup

from ades.validation.report import Report
from policies.validation import Indication, Reason
from tests.ades.validation import scribe
from tests.ades.validation.attacks import shadows, updates
from tests.ades.validation.authority import authority
from tests.ades.validation.test_levels import validated

PKI = authority()


def judged(document: bytes) -> Report:
    """With all evidence."""
    return validated(document, given=PKI.evidence())


def in_a_row(count: int, **changes: Any) -> bytes:
    """The sample with as many signatures, one after another."""
    document = scribe.PDF
    for number in range(1, count + 1):
        by = scribe.signer(**changes.get(f"of_{number}", {}))
        document = scribe.pdf(document, by=by, name=f"Signature{number}")
    return document


def test_successive_signers_all_pass() -> None:
    """Later signatures are harmless to earlier ones, and listed in their order."""
    found = judged(in_a_row(4))
    assert found.indication is Indication.PASSED
    assert [one.name for one in found.signatures] == [f"Signature{n}" for n in (1, 2, 3, 4)]
    levels = [one.changes.level for one in found.signatures if one.changes]
    assert levels == ["form_filling"] * 3 + ["none"]
    assert all(one.changes and one.changes.fields == () for one in found.signatures)


def test_a_broken_one_does_not_hide_the_others() -> None:
    """The second has a wrong value: the file fails, the first and third pass."""

    def spoiled(made: Any) -> None:
        made["signer_infos"][0]["signature"] = b"\x30\x06\x02\x01\x01\x02\x01\x01"

    found = judged(in_a_row(3, of_2={"finish": spoiled}))
    assert found.indication is Indication.FAILED
    passed = [one.indication is Indication.PASSED for one in found.signatures]
    assert passed == [True, False, True]
    assert found.signatures[1].reasons == (Reason.SIGNATURE_WRONG,)


def test_no_signature_lives_on_the_certificates_of_another() -> None:
    """The issuer's certificate in one container does not complete the chain of the other."""
    found = judged(in_a_row(2, of_2={"chain": ()}))
    assert [one.reasons for one in found.signatures] == [(), (Reason.CHAIN_NOT_FOUND,)]


@pytest.mark.parametrize("permission", [2, 3])
def test_certified_documents_that_permit_it(permission: int) -> None:
    """Filling in and an invisible signature are what P2 and P3 are for."""
    certified = scribe.pdf(shadows.with_form(), certify=permission)
    filled = judged(shadows.filled(certified))
    assert filled.indication is Indication.PASSED
    (one,) = filled.signatures
    assert one.locks is not None
    assert one.changes is not None
    assert (one.locks.certifies, one.locks.permission) == (True, permission)
    assert (one.changes.permitted, one.changes.fields) == (True, ("Amount",))
    assert judged(scribe.pdf(certified, name="Signature2")).indication is Indication.PASSED


def test_a_locked_field() -> None:
    """A field that the signer locked may not be filled in."""
    spec = FieldMDPSpec(FieldMDPAction.INCLUDE, ["Amount"])
    locked = scribe.pdf(
        shadows.with_form(),
        spec=SigFieldSpec("Signature1", field_mdp_spec=spec),
        mdp=SigMDPSetup("sha256", field_lock=spec),
    )
    found = judged(locked).signatures[0]
    assert found.indication is Indication.PASSED
    assert found.locks is not None
    assert (found.locks.fields_action, found.locks.fields) == ("Include", ("Amount",))
    changed = judged(shadows.filled(locked)).signatures[0]
    assert Reason.CHANGE_NOT_PERMITTED in changed.reasons


def test_an_update_of_one_is_seen_by_all_before() -> None:
    """Two signatures and an evil page behind: both fail."""
    found = judged(updates.evil_page(in_a_row(2)))
    assert [one.reasons for one in found.signatures] == [(Reason.CHANGED_AFTER_SIGNING,)] * 2
