"""Composition root of the authority process: it alone uses the issuing key while the service runs.

Rolls the certificates of responder and time-stamping unit, makes revocation lists, publishes
files, tidies the register. One round every few seconds, for as long as it runs.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from csc_server import app, status, storage
from csc_server.adapters.ca.ejbca import EjbcaClient, Where
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.passwords import PepperedHasher
from csc_server.adapters.publications import PublicDirectory
from csc_server.adapters.tombstones import TombstoneLines
from csc_server.config import ConfigurationRefused, Settings
from csc_server.operations.ceremony import ISSUING_KEY, ROOT_KEY
from csc_server.operations.certificates.embedded import EmbeddedAuthority
from csc_server.operations.certificates.external import (
    ExternalAuthority,
    ForgetRequests,
    ReportEndings,
)
from csc_server.operations.certificates.key_ends import DestroyAgain, DestroyKeys
from csc_server.operations.certificates.work_off import WorkOffOrders
from csc_server.operations.certify import CertifyService
from csc_server.operations.enrol import Enrolment
from csc_server.operations.keep_authority import Desk, KeepAuthority
from csc_server.operations.status.desks import OCSP_KEYS, TSA_KEYS
from csc_server.ports import StorageUnavailable
from csc_server.ports.ca import CaUnavailable, CertificateAuthority
from hsm.errors import HsmError
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import PoolSettings
from pki import lint, profiles, service_keys
from pki.authority import Issuer
from pki.certificates import Addresses
from pki.names import Provider
from pki.service_keys import ServiceKeys
from pki.shared_factors import SharedFactors
from policies.errors import Refused

ROUND_EVERY_S: Final = 5.0
"""Seconds between rounds: a revocation is listed within 10 s and two rounds at most."""
_KEYS: Final = (ISSUING_KEY, *OCSP_KEYS, *TSA_KEYS)

Step = Callable[[], Awaitable[None]]

_log = structlog.get_logger("csc_server.authority")


def addresses(settings: Settings) -> Addresses:
    """What certificates of the issuing authority point to."""
    pki = settings.pki
    return Addresses(
        issuer=f"{pki.base_url}/issuing.cer",
        crl=f"{pki.base_url}/issuing.crl",
        ocsp=f"{pki.base_url}/ocsp",
        practice=pki.practice_url or "",
        policy=pki.policy or "",
        disclosure=tuple((url, language) for language, url in sorted(pki.disclosure_urls.items())),
    )


def root_addresses(settings: Settings) -> Addresses:
    """What certificates of the root point to."""
    base = settings.pki.base_url
    return Addresses(issuer=f"{base}/root.cer", crl=f"{base}/root.crl", ocsp="")


def tolerated(settings: Settings) -> frozenset[str]:
    """Findings of the linter that this instance lives with: a development one is on no domain."""
    return frozenset() if settings.pki.public_url else frozenset({lint.INTERNAL_DOMAIN})


def provider(settings: Settings) -> Provider:
    """Who runs the authorities."""
    pki = settings.pki
    organization = pki.organization or settings.service.name
    return Provider(organization, settings.service.region, pki.organization_identifier)


def issuer(settings: Settings, keys: ServiceKeys) -> Issuer:
    """The issuing authority.

    Raises:
        FileNotFoundError: The ceremony was not held yet.
    """
    root, issuing = (settings.path(one).read_bytes() for one in (app.CA_ROOT, app.CA_ISSUING))
    sign = service_keys.named(keys, ISSUING_KEY)
    return Issuer(issuing, (root,), sign, addresses(settings), tolerated(settings))


@dataclass(frozen=True, slots=True)
class Certifier:
    """Who certifies people's keys, and what has to be done for it in each round."""

    ca: CertificateAuthority
    steps: tuple[Step, ...] = ()


@asynccontextmanager
async def certifying(
    settings: Settings, store: storage.Storage, keys: ServiceKeys, actor: str
) -> AsyncIterator[Certifier]:
    """The authority that the settings name, while the context lasts.

    Raises:
        FileNotFoundError: The ceremony was not held yet.
        ConfigurationRefused: Files or names for an authority elsewhere cannot be used.
    """
    clock, entropy = SystemClock(), SystemEntropy()
    if settings.ejbca.url is None:
        register, issuing = store.certificates, issuer(settings, keys)
        yield Certifier(
            EmbeddedAuthority(
                register=register, issuer=issuing, clock=clock, entropy=entropy, actor=actor
            )
        )
        return
    requests = store.ca_requests
    async with EjbcaClient(*_ejbca(settings, settings.ejbca.url)) as client:
        ca = ExternalAuthority(
            client=client,
            requests=requests,
            chain=_chain(settings),
            clock=clock,
            entropy=entropy,
            actor=actor,
        )
        report = ReportEndings(client=client, requests=requests, clock=clock)
        forget = ForgetRequests(client=client, requests=requests, clock=clock)
        yield Certifier(ca, (report.__call__, forget.__call__))


def _ejbca(settings: Settings, url: str) -> tuple[Where, ssl.SSLContext]:
    wanted = settings.ejbca
    if not (wanted.ca_name and wanted.end_entity_profile and wanted.certificate_profiles):
        raise ConfigurationRefused("ejbca: ca_name and the profiles have to be named")
    vouches = settings.path(wanted.server_ca_file) if wanted.server_ca_file else None
    try:
        tls = ssl.create_default_context(cafile=vouches)
        tls.load_cert_chain(settings.path(wanted.certificate_file), settings.path(wanted.key_file))
    except (OSError, ssl.SSLError) as reason:
        raise ConfigurationRefused(f"ejbca: {reason}") from reason
    where = Where(
        url=url,
        ca_name=wanted.ca_name,
        certificate_profiles=wanted.certificate_profiles,
        end_entity_profile=wanted.end_entity_profile,
        timeout_s=wanted.timeout_s,
    )
    return where, tls


def _chain(settings: Settings) -> tuple[bytes, ...]:
    try:
        found = load_pem_x509_certificates(settings.path(settings.ejbca.chain_file).read_bytes())
    except (OSError, ValueError) as reason:
        raise ConfigurationRefused(f"ejbca.chain_file: {reason}") from reason
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def root(settings: Settings, keys: ServiceKeys) -> Issuer:
    """The root, while its token is at hand.

    Raises:
        FileNotFoundError: The ceremony was not held yet.
    """
    certificate = settings.path(app.CA_ROOT).read_bytes()
    sign = service_keys.named(keys, ROOT_KEY)
    return Issuer(certificate, (), sign, root_addresses(settings), tolerated(settings))


def pool_settings(settings: Settings) -> PoolSettings:
    """One signer process for the authority's keys and those of its desks."""
    return app.service_pool_settings(settings, _KEYS, Role.AUTHORITY, 1)


def admin_settings(settings: Settings) -> PoolSettings:
    """One signer process that makes keys for the people of orders."""
    roles = frozenset({Role.ADMIN, Role.ENROL})
    return app.pool_settings(settings, roles=roles, processes=1)


async def keep(settings: Settings, node: str, stop: asyncio.Event) -> None:
    """Round after round until ``stop`` is set."""
    publications = PublicDirectory(settings.path(status.PUBLIC_DIRECTORY))
    async with AsyncExitStack() as stack:
        keys = await stack.enter_async_context(SignerPool(pool_settings(settings)))
        device = await stack.enter_async_context(SignerPool(admin_settings(settings)))
        store = await stack.enter_async_context(
            storage.open_storage(
                settings.database,
                journal=app.journal_path(settings, node),
                checkpoints=app.checkpoints_path(settings, node),
                node=node,
            )
        )
        await _bury_the_dead(settings, device, store)
        certifier = await stack.enter_async_context(certifying(settings, store, keys, "system"))
        rounds = _rounds(settings, keys, device, store, publications, certifier)
        _publish_certificates(settings, publications)
        while not stop.is_set():
            await _round(rounds)
            try:
                async with asyncio.timeout(ROUND_EVERY_S):
                    await stop.wait()
            except TimeoutError:
                continue


def _rounds(
    settings: Settings,
    keys: SignerPool,
    device: SignerPool,
    store: storage.Storage,
    publications: PublicDirectory,
    certifier: Certifier,
) -> tuple[Step, ...]:
    clock, entropy = SystemClock(), SystemEntropy()
    organization = provider(settings).organization
    issuing = issuer(settings, keys)
    keeping = KeepAuthority(
        issuer=issuing,
        provider=provider(settings),
        keys=keys,
        register=store.certificates,
        authorizations=store.authorizations,
        publications=publications,
        certify=CertifyService(
            register=store.certificates, clock=clock, entropy=entropy, actor="system"
        ),
        clock=clock,
        desks=(
            Desk(profiles.OCSP, f"{organization} OCSP", OCSP_KEYS),
            Desk(profiles.TSA, f"{organization} TSU", TSA_KEYS),
        ),
    )
    working_off = WorkOffOrders(
        orders=store.orders,
        enrolment=Enrolment(
            accounts=store.accounts,
            people=store.people,
            credentials=store.credentials,
            register=store.certificates,
            device=device,
            hasher=PepperedHasher(entropy, device),
            clock=clock,
            entropy=entropy,
            actor="system",
            shared_factors=SharedFactors(store.credentials),
        ),
        ca=certifier.ca,
        clock=clock,
    )
    destroying = DestroyKeys(
        tombstones=store.tombstones,
        file=TombstoneLines(app.tombstones_path(settings)),
        device=device,
        tell=app.tell_owner(settings, store),
        clock=clock,
    )
    return (*keeping.steps, working_off.__call__, *certifier.steps, destroying.__call__)


async def _bury_the_dead(settings: Settings, device: SignerPool, store: storage.Storage) -> None:
    """Database and token may have been put back from copies: what was destroyed stays so."""
    lost = await app.restore_tombstones(settings, store).at_start()
    again = DestroyAgain(device=device, note=store.authorizations.note, clock=SystemClock())
    if (count := await again()) or lost:
        _log.warning("keys_destroyed_again", count=count, tombstones_restored=lost)


async def _round(steps: tuple[Step, ...]) -> None:
    for step in steps:
        try:
            await step()
        except (CaUnavailable, HsmError, Refused, StorageUnavailable) as reason:
            _log.error(
                "step_failed", step=step.__qualname__, reason=f"{type(reason).__name__}: {reason}"
            )


def _publish_certificates(settings: Settings, publications: PublicDirectory) -> None:
    for source, name in (
        (app.CA_ROOT, "root.cer"),
        (app.CA_ISSUING, "issuing.cer"),
        (app.CA_ROOT_CRL, "root.crl"),
    ):
        publications.put(name, settings.path(source).read_bytes())
