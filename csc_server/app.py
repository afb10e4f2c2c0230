"""The composition root: settings to edges, edges to operations, operations to an application.

Every object of the service is made here and handed in; nothing reaches for anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from aiohttp import web

from ades.desk import Desk
from csc_server import ports, storage
from csc_server.adapters import client_file
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.evidence import StatusEvidence
from csc_server.adapters.jose import JoseJwts
from csc_server.adapters.pacing import ClientPacing
from csc_server.adapters.passwords import PepperedHasher
from csc_server.adapters.senders import renderer, senders
from csc_server.adapters.spool import Spool
from csc_server.adapters.status_socket import ORIGIN, SOCKET
from csc_server.adapters.strength import ZxcvbnStrength
from csc_server.adapters.tombstones import TombstoneLines
from csc_server.adapters.tsa.http import HttpTimestampAuthority
from csc_server.config import ConfigurationRefused, Settings
from csc_server.operations import api, approvals, certificates, people
from csc_server.operations.api.applications import WithdrawConsent
from csc_server.operations.authorize import Authorize
from csc_server.operations.background import Background, ForgetJobs, Poll
from csc_server.operations.ceremony import ROOT_KEY
from csc_server.operations.certificates.key_ends import RestoreTombstones
from csc_server.operations.certificates.telling import TellOwner
from csc_server.operations.check_password import CheckPassword
from csc_server.operations.credentials import CredentialInfo, ListCredentials
from csc_server.operations.effects import Effects
from csc_server.operations.expire import ExpireAuthorizations
from csc_server.operations.extend_transaction import ExtendTransaction
from csc_server.operations.forget_paces import ForgetPaces
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.messages import DeliverMessages, by_mail, by_sms
from csc_server.operations.oauth import wiring as oauth
from csc_server.operations.oauth.applications import ListApplications
from csc_server.operations.oauth.clients import CheckProof
from csc_server.operations.oauth.register import RegisterClients
from csc_server.operations.people import PeopleRules
from csc_server.operations.people.letters import Letters
from csc_server.operations.send_code import SendSigningCode
from csc_server.operations.sessions import BrowserSessions
from csc_server.operations.sign_doc import SignDoc
from csc_server.operations.sign_hash import SignHash
from csc_server.operations.timestamp import Timestamp
from csc_server.operations.tokens import Authenticate, LogIn, Refresh, Revoke
from csc_server.ports.documents import EvidenceSource, TimestampAuthority
from csc_server.ports.keys import TombstonesUnreadable
from csc_server.ports.messages import MailSender, SmsSender
from csc_server.ports.oauth import ClientTaken
from csc_server.web import middleware, routes
from csc_server.web.pages import look
from csc_server.web.pages.verbs import AuthorizationVerbs
from csc_server.web.services import SERVICES, Services
from csc_server.wire.common import ServiceInfo
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import KeyStoreKind, PoolSettings
from policies import pacing
from policies.algorithms import DEFAULT_KEY_ALGORITHMS, KeyAlgorithm
from policies.audit import Event, EventType, Outcome
from policies.documents import Level
from policies.messages import Channel, Language
from policies.oauth.clients import ClientRefused
from policies.sms_budget import SmsLimits
from policies.spray import LoginRules
from policies.tokens import DIRECT

T = TypeVar("T")

SWEEP_EVERY_S: Final = 15.0
"""Seconds between two looks for SADs whose time is over."""

WORKS: Final = ("csc_server.wire.bodies", "ades.assembly", "ades.levels.works", "ades.checking")
"""Modules whose works the desk of a web process does."""

CA_ROOT: Final = Path("ca/root.der")
CA_ISSUING: Final = Path("ca/issuing.der")
CA_ROOT_CRL: Final = Path("ca/root.crl")

_log = structlog.get_logger("csc_server")


@dataclass(frozen=True, slots=True)
class Edges:
    """The outside, opened."""

    device: SignerPool
    store: storage.Storage
    timestamps: TimestampAuthority | None
    evidence: EvidenceSource | None
    spool: Spool
    desk: Desk
    mail: MailSender
    sms: SmsSender


def root_pool_settings(settings: Settings) -> PoolSettings:
    """How the process of the root ceremony is started: with the root's token alone."""
    pki = settings.pki
    return PoolSettings(
        module=settings.pkcs11.module,
        softhsm_conf=settings.path(pki.root_softhsm_conf) if pki.root_softhsm_conf else None,
        service_token=pki.root_token,
        service_pin_file=settings.path(pki.root_pin_file),
        signers_token=None,
        signers_pin_file=None,
        service_keys=(ROOT_KEY,),
        processes=1,
        roles=frozenset({Role.AUTHORITY}),
    )


def service_pool_settings(
    settings: Settings, keys: tuple[str, ...], role: Role, processes: int
) -> PoolSettings:
    """How signer processes with the service token alone are started, for these keys."""
    hsm = settings.pkcs11
    return PoolSettings(
        module=hsm.module,
        softhsm_conf=settings.path(hsm.softhsm_conf) if hsm.softhsm_conf else None,
        service_token=hsm.service_token,
        service_pin_file=settings.path(hsm.service_pin_file),
        signers_token=None,
        signers_pin_file=None,
        service_keys=keys,
        processes=processes,
        roles=frozenset({role}),
        queue_limit=hsm.queue_limit,
        call_limit_s=hsm.call_limit_s,
    )


def pool_settings(settings: Settings, *, roles: frozenset[Role], processes: int) -> PoolSettings:
    """How this instance's signer processes are started."""
    hsm = settings.pkcs11
    return PoolSettings(
        module=hsm.module,
        softhsm_conf=settings.path(hsm.softhsm_conf) if hsm.softhsm_conf else None,
        service_token=hsm.service_token,
        service_pin_file=settings.path(hsm.service_pin_file),
        signers_token=hsm.signers_token,
        signers_pin_file=settings.path(hsm.signers_pin_file),
        key_store=KeyStoreKind(hsm.key_store),
        processes=processes,
        roles=roles,
        tombstones=tombstones_path(settings),
        queue_limit=hsm.queue_limit,
        call_limit_s=hsm.call_limit_s,
        cooling_off_s=hsm.cooling_off_h * 3600,
    )


def journal_path(settings: Settings, node: str) -> Path:
    """Where a process keeps its own copy of the audit log's head."""
    return settings.path(Path("audit")) / f"head-{node}"


def checkpoints_path(settings: Settings, node: str) -> Path:
    """Where a process keeps the signed checkpoints of the audit log."""
    return settings.path(Path("audit")) / f"checkpoints-{node}.jsonl"


def tombstones_path(settings: Settings) -> Path:
    """Which keys were destroyed, as this host remembers it."""
    return settings.path(Path("audit/tombstones.jsonl"))


def restore_tombstones(settings: Settings, store: storage.Storage) -> RestoreTombstones:
    """What brings database and file up to each other."""
    return RestoreTombstones(
        tombstones=store.tombstones,
        file=TombstoneLines(tombstones_path(settings)),
        clock=SystemClock(),
    )


@asynccontextmanager
async def open_edges(settings: Settings, node: str) -> AsyncIterator[Edges]:
    """Signer processes and database, closed again at the end, in the other order."""
    spool = Spool(
        settings.path(settings.documents.spool),
        node,
        settings.documents.spool_bytes,
        SystemEntropy(),
    )
    spool.open()
    async with AsyncExitStack() as stack:
        wanted = pool_settings(
            settings, roles=frozenset({Role.SIGN, Role.ENROL}), processes=settings.pkcs11.processes
        )
        # First, so that its parent loads its libraries while the signers log in.
        desk = await stack.enter_async_context(Desk(WORKS))
        device = await stack.enter_async_context(SignerPool(wanted))
        store = await stack.enter_async_context(
            storage.open_storage(
                settings.database,
                journal=journal_path(settings, node),
                checkpoints=checkpoints_path(settings, node),
                sign_checkpoint=device.checkpoint,
                node=node,
            )
        )
        timestamps = None
        if (authority := timestamp_authority(settings)) is not None:
            timestamps = await stack.enter_async_context(authority)
        evidence = None
        if (source := evidence_source(settings)) is not None:
            evidence = await stack.enter_async_context(source)
        mail, sms = await stack.enter_async_context(senders(settings, store.outbox, SystemClock()))
        yield Edges(device, store, timestamps, evidence, spool, desk, mail, sms)


def timestamp_authority(settings: Settings) -> HttpTimestampAuthority | None:
    """Where time-stamps are fetched, not yet connected; ``None``: they are not offered."""
    wanted = settings.timestamp
    if wanted.url is None and not own_timestamps(settings):
        return None
    return HttpTimestampAuthority(
        wanted.url or f"{ORIGIN}/tsa",
        policy=wanted.policy,
        timeout_s=wanted.timeout_s,
        socket=None if wanted.url else settings.path(SOCKET),
    )


def own_timestamps(settings: Settings) -> bool:
    """True where time-stamps are those of our own status process."""
    wanted = settings.timestamp
    return wanted.url is None and wanted.own and settings.path(CA_ISSUING).exists()


def levels(settings: Settings) -> tuple[Level, ...]:
    """What signDoc offers for credentials of our authority."""
    if timestamp_authority(settings) is None:
        return (Level.B_B,)
    # The status of somebody else's certificates nobody here knows.
    return tuple(Level) if own_timestamps(settings) else (Level.B_B, Level.B_T)


def evidence_source(settings: Settings) -> StatusEvidence | None:
    """Who knows the status of our certificates, not yet connected; ``None``: nobody here."""
    if not own_timestamps(settings):
        return None
    return StatusEvidence(
        socket=settings.path(SOCKET),
        issuing=settings.path(CA_ISSUING).read_bytes(),
        root=settings.path(CA_ROOT).read_bytes(),
        root_list=settings.path(CA_ROOT_CRL),
        entropy=SystemEntropy(),
    )


def stamp_anchors(settings: Settings) -> tuple[bytes, ...]:
    """What time-stamps have to end in; empty: whoever answers is believed.

    Raises:
        ConfigurationRefused: The file cannot be read.
    """
    if own_timestamps(settings):
        return (settings.path(CA_ROOT).read_bytes(),)
    if (file := settings.timestamp.anchors_file) is None:
        return ()
    try:
        return (settings.path(file).read_bytes(),)
    except OSError as error:
        raise ConfigurationRefused(f"timestamp.anchors_file: {error.strerror}") from error


def services(settings: Settings, edges: Edges, entropy: ports.Entropy) -> Services:
    """The operations over these edges."""
    store, clock, effects = edges.store, SystemClock(), Effects()
    signing: dict[str, Any] = {
        "authorizations": store.authorizations,
        "device": edges.device,
        "clock": clock,
        "entropy": entropy,
        "effects": effects,
    }
    shield = ClientPacing(settings.limits.signatures_per_second, DIRECT)
    background = Background(
        jobs=store.jobs, spool=edges.spool, clock=clock, entropy=entropy, effects=effects
    )
    paced: dict[str, Any] = {**signing, "pacing": shield, "background": background}
    authorize, jwts = Authorize(**signing), JoseJwts()
    verbs = oauth.build(oauth_edges(store, jwts, clock, entropy), authorize, settings.base_url)
    hasher, rules = PepperedHasher(entropy, edges.device), people_rules(settings)
    letters = Letters(entropy, rules)
    return Services(
        info=service_info(settings),
        key_algorithms=key_algorithms(settings),
        clock=clock,
        authenticate=Authenticate(store.tokens, clock, CheckProof(jwts, store.oauth_replays)),
        log_in=LogIn(
            accounts=store.accounts,
            tokens=store.tokens,
            check_password=CheckPassword(store.accounts, hasher),
            limits=LoginLimits(store.paces, rules.logins),
            clock=clock,
            entropy=entropy,
        ),
        refresh=Refresh(store.tokens, clock, entropy),
        revoke=Revoke(store.tokens, clock),
        list_credentials=ListCredentials(store.credentials),
        credential_info=CredentialInfo(store.credentials),
        authorize=authorize,
        send_code=SendSigningCode(
            codes=store.signing_codes,
            people=store.people,
            device=edges.device,
            letters=letters,
            clock=clock,
            entropy=entropy,
        ),
        approvals=approvals.build(
            approvals=store.approvals,
            authorize=authorize,
            clients=store.oauth_clients,
            credentials=store.credentials,
            people=store.people,
            letters=letters,
        ),
        extend_transaction=ExtendTransaction(**signing),
        sign_hash=SignHash(**paced),
        sign_doc=SignDoc(
            **paced,
            timestamps=edges.timestamps,
            evidence=edges.evidence,
            desk=edges.desk,
            stamp_anchors=stamp_anchors(settings),
        ),
        poll=Poll(store.jobs, clock),
        timestamp=None
        if edges.timestamps is None
        else Timestamp(
            authority=edges.timestamps,
            pacing=shield,
            paces=store.paces,
            clock=clock,
            entropy=entropy,
        ),
        document_body_bytes=settings.limits.document_body_bytes,
        spool=edges.spool,
        desk=edges.desk,
        sessions=BrowserSessions(store.sessions, clock, entropy),
        apis=api.build(
            people=store.people,
            sessions=store.sessions,
            credentials=store.credentials,
            applications=store.applications,
            certificates=certificates.build(
                orders=store.orders,
                register=store.certificates,
                tell=tell_owner(settings, store),
                offered=frozenset(settings.pki.profiles),
                clock=clock,
                entropy=entropy,
            ),
            ledger=store.ledger,
            history=store.history,
            idempotency=store.idempotency,
            clock=clock,
        ),
        people=people.build(
            people=store.people,
            accounts=store.accounts,
            device=edges.device,
            hasher=hasher,
            strength=ZxcvbnStrength(),
            paces=store.paces,
            clock=clock,
            entropy=entropy,
            effects=effects,
            rules=rules,
        ),
        outbox=store.outbox if "outbox" in (settings.mail.kind, settings.sms.kind) else None,
        oauth=verbs,
        issuer=settings.base_url,
        authorization=AuthorizationVerbs(
            peek=verbs.peek,
            view=verbs.view,
            allow=verbs.allow,
            approve=verbs.approve,
            refuse=verbs.refuse,
            applications=ListApplications(store.applications, store.oauth_clients),
            withdraw=WithdrawConsent(store.applications, clock),
        ),
        effects=effects,
        ping_storage=store.ping,
        device_health=edges.device.health,
        sms_today=lambda: store.messages.sms_lately(clock.now()),
        sms_per_day=settings.people.sms_per_day,
        failed_logins=lambda: store.login_tries.numbers(rules.logins.most_names, clock.now()),
    )


def oauth_edges(
    store: storage.Storage, jwts: JoseJwts, clock: SystemClock, entropy: ports.Entropy
) -> oauth.OAuthEdges:
    """What the authorization server stands on."""
    return oauth.OAuthEdges(
        accounts=store.accounts,
        clients=store.oauth_clients,
        clock=clock,
        credentials=store.credentials,
        entropy=entropy,
        grants=store.oauth_grants,
        jwts=jwts,
        paces=store.paces,
        replays=store.oauth_replays,
        requests=store.oauth_requests,
        tokens=store.tokens,
    )


async def load_clients(settings: Settings, store: storage.Storage) -> None:
    """Afterwards the clients of the configured file are registered, and no others of it.

    Raises:
        ConfigurationRefused: The file, or a registration in it, cannot be used.
    """
    path = settings.oauth.clients_file
    entries = [] if path is None else _refusing(client_file.read, settings.path(path))
    found = []
    for entry in entries:
        account = await store.accounts.find(entry.account) if entry.account else None
        if entry.account and account is None:
            raise ConfigurationRefused(f"{entry.client_id}: no account {entry.account}")
        account_id = account.account_id if account else None
        found.append(_refusing(client_file.registration, entry, account_id, settings.path))
    register = RegisterClients(store.oauth_clients, SystemClock(), "configuration")
    try:
        await register.load(found)
    except (ClientRefused, ClientTaken) as reason:
        raise ConfigurationRefused(f"oauth.clients_file: {reason}") from reason


def _refusing(work: Callable[..., T], *arguments: Any) -> T:
    try:
        return work(*arguments)
    except client_file.ClientFileRefused as reason:
        raise ConfigurationRefused(f"oauth.clients_file: {reason}") from reason


def people_rules(settings: Settings) -> PeopleRules:
    """What this instance decides about people."""
    wanted = settings.people
    return PeopleRules(
        brand=settings.service.name,
        base_url=settings.base_url,
        prefixes=wanted.phone_prefixes,
        mandatory_from=wanted.second_factor_from,
        cooling_off=timedelta(hours=settings.pkcs11.cooling_off_h),
        sms=SmsLimits(timedelta(seconds=wanted.sms_gap_s), wanted.sms_per_day),
        privacy_version=wanted.privacy_version,
        logins=login_rules(settings),
        registrations=replace(pacing.REGISTRATIONS, most=wanted.registrations_per_hour),
    )


def tell_owner(settings: Settings, store: storage.Storage) -> TellOwner:
    """How owners of certificates hear what happened to them."""
    return TellOwner(store.people, Letters(SystemEntropy(), people_rules(settings)))


def login_rules(settings: Settings) -> LoginRules:
    """What this instance decides about failed logins."""
    limits = settings.limits
    return LoginRules(
        failures=replace(pacing.FAILED_LOGINS, most=limits.failed_logins_per_minute),
        most_names=limits.failed_accounts_per_hour,
        of_all_per_minute=limits.failed_logins_of_all_per_minute,
    )


def service_info(settings: Settings) -> ServiceInfo:
    """What ``info`` says of this instance."""
    about = settings.service
    logo = about.logo or f"{settings.base_url}/logo.png"
    description = {
        Language.EN: about.description,
        Language.RO: about.description_ro,
        Language.FR: about.description_fr,
    }
    return ServiceInfo(
        about.name,
        logo,
        about.region,
        description,
        csc_v2=about.csc_v2,
        timestamps=timestamp_authority(settings) is not None,
        levels=levels(settings),
        issuer=settings.base_url,
    )


def key_algorithms(settings: Settings) -> tuple[KeyAlgorithm, ...]:
    """Key types that new credentials may have."""
    if settings.allow_rsa_2048:
        return (KeyAlgorithm.RSA_2048, *DEFAULT_KEY_ALGORITHMS)
    return DEFAULT_KEY_ALGORITHMS


def build(settings: Settings, node: str) -> web.Application:
    """The aiohttp application of one web process.

    Args:
        node: Name of the process among those of this instance; its journal carries it.
    """
    entropy = SystemEntropy()
    application = web.Application(
        middlewares=[middleware.edge(settings.limits.request_s, entropy, settings.trusted_proxies)],
        client_max_size=settings.limits.body_bytes,
    )
    look.install(application, settings)
    # Line breaks too: the dispatcher answers every path, so that every refusal is ours.
    application.router.add_route("*", r"/{path:[\s\S]*}", routes.dispatch)

    async def lifespan(application: web.Application) -> AsyncIterator[None]:
        async with open_edges(settings, node) as edges:
            application[SERVICES] = services(settings, edges, entropy)
            await load_clients(settings, edges.store)
            tombstones = restore_tombstones(settings, edges.store)
            if count := await tombstones.at_start():
                _log.warning("tombstones_restored", count=count)
            await edges.store.authorizations.note([_system(EventType.SYSTEM_STARTED)])
            chores = _chores(edges, application[SERVICES], tombstones)
            sweeper = asyncio.create_task(_sweep(chores))
            async with _delivery(settings, edges, entropy):
                yield
            sweeper.cancel()
            await asyncio.wait([sweeper])
            await application[SERVICES].effects.drain()
            await _say_goodbye(edges.store)

    application.cleanup_ctx.append(lifespan)
    return application


@asynccontextmanager
async def _delivery(
    settings: Settings, edges: Edges, entropy: ports.Entropy
) -> AsyncIterator[None]:
    """Mails and SMS go out while the context lasts."""
    words, clock, messages = renderer(settings, SystemClock()), SystemClock(), edges.store.messages
    ways = {Channel.MAIL: by_mail(words, edges.mail), Channel.SMS: by_sms(words, edges.sms)}
    deliveries = [
        DeliverMessages(channel=channel, messages=messages, send=send, clock=clock, entropy=entropy)
        for channel, send in ways.items()
    ]
    tasks = [asyncio.create_task(delivery.run()) for delivery in deliveries]
    try:
        yield
    finally:
        for delivery in deliveries:
            delivery.stop()
        await asyncio.gather(*tasks)


def _system(kind: EventType) -> Event:
    return Event(kind, Outcome.SUCCESS, SystemClock().now(), "system")


async def _say_goodbye(store: storage.Storage) -> None:
    """The record of a stop; a database that is gone must not make the stop fail."""
    try:
        await store.authorizations.note([_system(EventType.SYSTEM_STOPPED)])
    except ports.StorageUnavailable as reason:
        _log.warning("stop_not_recorded", reason=str(reason))


def _chores(
    edges: Edges, services: Services, tombstones: RestoreTombstones
) -> list[Callable[[], Awaitable[object]]]:
    """What each process does every now and then, in this order."""
    store = edges.store
    expire = ExpireAuthorizations(store.authorizations, SystemClock())

    async def expired() -> None:
        if count := await expire():
            _log.info("sads_expired", count=count)

    return [
        expired,
        ForgetJobs(store.jobs, edges.spool, SystemClock()),
        services.approvals.expire,
        services.people.purge,
        services.oauth.purge,
        services.sessions.purge,
        ForgetPaces(store.paces, store.login_tries, SystemClock()),
        tombstones,
    ]


async def _sweep(chores: Sequence[Callable[[], Awaitable[object]]]) -> None:
    while True:
        try:
            for chore in chores:
                await chore()
        except (ports.StorageUnavailable, TombstonesUnreadable) as reason:
            _log.warning("sweep_failed", reason=str(reason))
        await asyncio.sleep(SWEEP_EVERY_S)
