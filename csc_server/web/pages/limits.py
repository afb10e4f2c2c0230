"""Numbers of the rules that stand in sentences of the pages, taken from the rules themselves.

Ends of codes and requests are not here: they are instants, which the verbs tell. (ui 1)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from policies import authorize, codes, links, registration, sessions, totp
from policies.links import LinkPurpose

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

LIMITS: Final[Mapping[str, int]] = {
    "invitation_hours": links.LIFE[LinkPurpose.INVITATION] // _HOUR,
    "password_link_hours": links.LIFE[LinkPurpose.PASSWORD] // _HOUR,
    "resend_minutes": codes.RESEND_AFTER // _MINUTE,
    "sms_a_day": codes.SMS_PER_DAY,
    "proof_minutes": sessions.STEP_UP // _MINUTE,
    "approved_minutes": authorize.LIFETIME // _MINUTE,
    "name_letters": registration.NAME_CHARACTERS,
    "digits": totp.DIGITS,
    "step_s": totp.STEP_S,
}
"""As ``limits`` in every template."""
