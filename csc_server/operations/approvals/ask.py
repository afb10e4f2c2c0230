"""credentials/authorize that is to be approved on our page: the request is stored, a mail tells.

1. facts: credential, throttles; the person
2. rule: everything of ``credentials/authorize`` but the factors; may the person be asked?
3. store: the request and the mail about it, in one transaction, where the pace is judged
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from csc_server.operations.people.letters import Addressee, Letters
from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy
from csc_server.ports.approvals import Approvals
from csc_server.ports.people import People, Person
from policies import approvals
from policies.approvals import Approval
from policies.audit import EventType
from policies.authorize import AuthorizeRequest
from policies.lifecycle import ApprovalState
from policies.messages import MessageKind
from policies.secret import ApprovalHandle
from policies.values import AccountId, ApprovalId, Principal

PATH: Final = "/approval"
REQUEST: Final = "request"
"""The page of one request, and the name of its identifier in the query."""


@dataclass(frozen=True, slots=True)
class ApprovalOffered:
    """What credentials/info of v2 says beside the factors."""

    people: People

    async def __call__(self, account_id: AccountId) -> bool:
        """True when the person behind the account can be asked."""
        return reachable(await self.people.find(account_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForApproval:
    """The 202 of credentials/authorize."""

    approvals: Approvals
    authorizations: Authorizations
    people: People
    letters: Letters
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, principal: Principal, request: AuthorizeRequest
    ) -> ApprovalHandle:
        """The handle of a request that waits for the person from now on.

        Raises:
            Refused: See ``policies.approvals.asked``.
            ApprovalsTooMany: See ``policies.approvals.admit``.
            StorageUnavailable: Nobody was asked.
        """
        now = self.clock.now()
        facts = await self.authorizations.authorize_facts(request.credential_id)
        person = await self.people.find(principal.account_id)
        wanted = approvals.asked(facts, principal, request, now, reachable=reachable(person))
        assert person is not None  # noqa: S101 - whoever is reachable has a profile
        assert person.profile is not None  # noqa: S101
        new = Approval(
            approval_id=ApprovalId(self.entropy.identifier()),
            principal=principal,
            credential_id=wanted.credential.credential_id,
            hash_algorithm=wanted.hash_algorithm,
            hashes=wanted.hashes,
            description=request.description,
            state=ApprovalState.PENDING,
            asked_at=now,
            expires_at=now + approvals.LIFETIME,
            sad_id=None,
        )
        handle = ApprovalHandle(self.entropy.token())
        path = f"{PATH}?{urlencode({REQUEST: new.approval_id})}"
        mail = self.letters.page_mail(
            MessageKind.APPROVAL_WANTED,
            Addressee.of(person.profile),
            path,
            now,
            expires_at=new.expires_at,
        )
        record = event(
            EventType.APPROVAL_REQUESTED,
            principal.account_id,
            call,
            now,
            approval_id=new.approval_id,
            credential_id=new.credential_id,
            client_id=principal.client_id,
            hash_algorithm=new.hash_algorithm.oid,
            hashes=[digest.hex() for digest in new.hashes],
        )
        await self.approvals.ask(new, handle, mail, [record])
        return handle


def reachable(person: Person | None) -> bool:
    """Can this person be asked? See ``policies.approvals.offered``."""
    if person is None:
        return False
    email = person.profile.email if person.profile else None
    return approvals.offered(email, person.pairing)
