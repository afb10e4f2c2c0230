"""Every attack of the list: never passed, and named rightly. (security-and-pki 6.1)"""

from __future__ import annotations

import pytest

from ades.validation import validator
from ades.validation.report import SignatureLevel
from ades.validation.trust import Trust
from policies.validation import Indication
from tests.ades.validation import attacks, scribe
from tests.ades.validation.attacks import ATTACKS, containers, forgery, shadows, stamps, updates
from tests.ades.validation.authority import HOUR, T0, authority

# Loading them makes the list.
KINDS = (containers, forgery, shadows, stamps, updates)
TRUST = Trust(authority().trust.anchors, authority().evidence())


def test_what_they_start_from_is_right() -> None:
    """Without the attack the same document passes."""
    for document in (attacks.signed(), scribe.pdf(certify=1), attacks.in_pdf()):
        found = validator.validate(document, None, TRUST, T0 + HOUR)
        assert found.indication is Indication.PASSED


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str) -> None:
    """Not passed, with the reason that fits; the self-check refuses it too."""
    attack = ATTACKS[name]
    document = attack.make()
    found = validator.validate(document, attack.original, TRUST, T0 + HOUR)
    assert found.indication in (Indication.FAILED, Indication.INDETERMINATE)
    named = {reason for one in found.signatures for reason in one.reasons}
    assert named & attack.reasons, named
    level = SignatureLevel.B_B
    first = found.signatures[0]
    if first.indication is not Indication.PASSED and len(found.signatures) == 1:
        verdict = validator.check(
            document, level, TRUST, T0 + HOUR, status_known=True, original=attack.original
        )
        assert not verdict.passed
