"""Time-stamp tokens: do they stamp this, and who says so? (RFC 3161 2.4.2; EN 319 102-1 5.4)

A token's own time counts as the moment for which its authority's status has to be known: evidence
that was fresh then is enough as long as the authority's certificate has not ended. Whoever wants
more gives newer evidence, and a later revocation in it counts. (docs/validation.md)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, tsp

from ades.validation import containers, describe, values
from ades.validation.chains import Chain, Judge, Moment, Purpose
from ades.validation.containers import Container, Refused
from ades.validation.errors import FAULTS
from ades.validation.report import TimestampReport
from ades.validation.trust import Evidence
from policies import algorithms
from policies.validation import Reason

TST_INFO = "tst_info"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is thought of a token."""

    kind: str
    time: datetime | None
    reasons: tuple[Reason, ...]
    chain: Chain | None = None
    container: Container | None = None

    @property
    def valid(self) -> bool:
        """It proves its time."""
        return not self.reasons and self.time is not None

    def report(self) -> TimestampReport:
        """In the words of the report."""
        chain = None if self.chain is None else describe.chain(self.chain)
        return TimestampReport(self.kind, self.time, self.valid, self.reasons, chain)


async def judge(
    kind: str,
    token: Container | cms.ContentInfo,
    stamped: Callable[[str], bytes],
    judge: Judge,
    evidence: Evidence,
    moment: Moment,
    further: Evidence,
) -> Stamp:
    """What is thought of this token.

    Args:
        kind: For the report.
        token: Read, or as it stands in an attribute.
        stamped: Digest of what it should stamp, by name of the algorithm.
        judge: Whom to trust.
        evidence: Beside what is in the token.
        moment: ``now`` alone counts: the token proves itself.
        further: Heard only where it says "revoked".
    """
    try:
        container = token if isinstance(token, Container) else containers.of(token)
        info = _info(container)
        time: datetime = info["gen_time"].native
        found = _findings(container, info, stamped, moment.now)
    except Refused as refusal:
        weak = refusal.reason is Reason.ALGORITHM_WEAK
        return Stamp(kind, None, (Reason.ALGORITHM_WEAK if weak else Reason.TIMESTAMP_BROKEN,))
    except FAULTS:
        return Stamp(kind, None, (Reason.TIMESTAMP_BROKEN,))
    if found or container.certificate is None:
        return Stamp(kind, time, tuple(found), container=container)
    known = evidence + Evidence(container.certificates, container.crls, container.ocsps)
    its_moment = Moment(moment.now, time, moment.today)
    chain = await judge.chain(container.certificate, known, Purpose.TIMESTAMP, its_moment, further)
    reasons = (Reason.TIMESTAMP_NOT_TRUSTED,) if chain.reasons else ()
    if time > moment.now + judge.clocks_differ:
        reasons = (Reason.TIMESTAMP_ORDER,)
    return Stamp(kind, time, reasons, chain, container)


def _info(container: Container) -> Any:
    content = container.signed_data["encap_content_info"]["content"]
    if container.content_type != TST_INFO or isinstance(content, core.Void):
        raise Refused(Reason.TIMESTAMP_BROKEN)
    return tsp.TSTInfo.load(bytes(content), strict=True)


def _findings(
    container: Container, info: Any, stamped: Callable[[str], bytes], now: datetime
) -> list[Reason]:
    imprint = info["message_imprint"]
    name = imprint["hash_algorithm"]["algorithm"].native
    if not algorithms.reliance_on_digest(name, now).good:
        return [Reason.ALGORITHM_WEAK]
    if stamped(name) != imprint["hashed_message"].native:
        return [Reason.TIMESTAMP_WRONG]
    content = bytes(container.signed_data["encap_content_info"]["content"])
    digest = hashlib.new(values.digest_name(container), content).digest()
    found = values.findings(container, digest, TST_INFO, now)
    weak = {Reason.ALGORITHM_WEAK, Reason.ALGORITHM_EXPIRED, Reason.CERTIFICATE_NAMED_BY_SHA1}
    return [one if one in weak else Reason.TIMESTAMP_BROKEN for one in found][:1]
