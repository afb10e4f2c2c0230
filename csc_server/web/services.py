"""What the handlers call, gathered under one key of the aiohttp application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from csc_server.operations.api import Apis
from csc_server.operations.approvals import ApprovalVerbs
from csc_server.operations.authorize import Authorize
from csc_server.operations.background import Poll
from csc_server.operations.credentials import CredentialInfo, ListCredentials
from csc_server.operations.effects import Effects
from csc_server.operations.extend_transaction import ExtendTransaction
from csc_server.operations.oauth.wiring import OAuth
from csc_server.operations.people import People
from csc_server.operations.send_code import SendSigningCode
from csc_server.operations.sessions import BrowserSessions
from csc_server.operations.sign_doc import SignDoc
from csc_server.operations.sign_hash import SignHash
from csc_server.operations.timestamp import Timestamp
from csc_server.operations.tokens import Authenticate, LogIn, Refresh, Revoke
from csc_server.ports import Clock
from csc_server.ports.documents import Desk, Spool
from csc_server.ports.messages import Outbox
from csc_server.web.pages.verbs import AuthorizationVerbs
from csc_server.wire.common import ServiceInfo
from hsm.interface import DeviceHealth
from policies.algorithms import KeyAlgorithm
from policies.spray import FailedLogins


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The operations and what surrounds them."""

    info: ServiceInfo
    key_algorithms: tuple[KeyAlgorithm, ...]
    """Key types that credentials may have, for ``info`` of v2."""
    clock: Clock
    authenticate: Authenticate
    log_in: LogIn
    refresh: Refresh
    revoke: Revoke
    list_credentials: ListCredentials
    credential_info: CredentialInfo
    authorize: Authorize
    send_code: SendSigningCode
    approvals: ApprovalVerbs
    """Approval on our page, asked for by ``authorize`` of v2."""
    extend_transaction: ExtendTransaction
    sign_hash: SignHash
    sign_doc: SignDoc
    poll: Poll
    timestamp: Timestamp | None
    """``None``: there is no time-stamping authority."""
    document_body_bytes: int
    """Largest body of signDoc."""
    spool: Spool
    desk: Desk
    sessions: BrowserSessions
    apis: Apis
    """What registration/v1 and account/v1 do beyond the verbs of ``people``."""
    people: People
    """Registration, login, factors, settings: every verb of ``operations.people``."""
    outbox: Outbox | None
    """What the embedded outbox keeps; ``None``: nothing ends there."""
    oauth: OAuth
    """What clients ask of the authorization server."""
    issuer: str
    """Its name: our public URL, without a trailing slash (RFC 8414 2)."""
    authorization: AuthorizationVerbs | None = None
    """Consent and approval; ``None``: no program can ask."""
    effects: Effects
    ping_storage: Callable[[], Awaitable[None]]
    """Returns when the database answers, raises ``StorageUnavailable`` when it does not."""
    device_health: Callable[[], DeviceHealth]
    sms_today: Callable[[], Awaitable[int]]
    """SMS of the whole service within a day; raises ``StorageUnavailable`` likewise."""
    sms_per_day: int
    """The most there may be."""
    failed_logins: Callable[[], Awaitable[FailedLogins]]
    """How the logins of all places are; raises ``StorageUnavailable`` likewise."""


SERVICES: Final = web.AppKey("services", Services)
