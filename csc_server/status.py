"""Composition root of the status process: OCSP, revocation lists, time-stamps.

It has a database for the register, signer processes for the keys of responder and time-stamping
unit, and the published files; no credential, no account, no page. Certificates of its desks come
from the authority process and are looked at anew every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp import web
from asn1crypto import x509

from csc_server import app, storage
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.high_water import HighWaterFile
from csc_server.adapters.publications import PublicDirectory
from csc_server.adapters.time_source import TrustedClock
from csc_server.config import Settings
from csc_server.operations.status.ocsp import TellStatus
from csc_server.operations.status.stamp import StampTime
from csc_server.ports import Clock
from csc_server.ports.pki import Publications
from csc_server.web import public
from csc_server.web.public import PUBLIC, Public
from hsm.errors import KeyGone
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import PoolSettings
from pki import issuers, service_keys
from pki.ocsp.responders import Responder, Responders
from pki.service_keys import ServiceKeys
from pki.signed import Sign
from pki.tsa.tokens import Unit
from policies import rolling
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm

OCSP_KEYS: Final = ("ocsp-a", "ocsp-b")
TSA_KEYS: Final = ("tsa-a", "tsa-b")
ALGORITHM: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
PUBLIC_DIRECTORY: Final = Path("public")
MARK: Final = Path("tsa-mark")
STAMP_POLICY: Final = "0.4.0.2023.1.1"
"""Best practice time-stamp policy of EN 319 421, unless the settings name another."""
LOOK_EVERY_S: Final = 5.0
"""Seconds between two looks for rolled certificates."""


class Desks:
    """Responder and time-stamping unit as their certificates are now."""

    def __init__(
        self, publications: Publications, keys: ServiceKeys, clock: Clock, issuer: bytes
    ) -> None:
        self._publications, self._keys, self._clock = publications, keys, clock
        self._issuer = issuer
        self._looked_at_s = -LOOK_EVERY_S
        self._responders: Responders | None = None
        self._unit: Unit | None = None

    def responders(self) -> Responders:
        """The authority's responder.

        Raises:
            KeyGone: It has no certificate yet.
        """
        self._look()
        if self._responders is None:
            raise KeyGone("no certificate for a responder yet")
        return self._responders

    def unit(self) -> Unit:
        """The time-stamping unit.

        Raises:
            KeyGone: It has no certificate yet.
        """
        self._look()
        if self._unit is None:
            raise KeyGone("no certificate for a time-stamping unit yet")
        return self._unit

    def _look(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        if (found := self._present(OCSP_KEYS)) is not None:
            certificate, sign = found
            since = x509.Certificate.load(self._issuer).not_valid_before
            responder = Responder(self._issuer, certificate, ALGORITHM, sign, since)
            self._responders = Responders([responder])
        if (found := self._present(TSA_KEYS)) is not None:
            certificate, sign = found
            self._unit = Unit(certificate, (self._issuer,), ALGORITHM, sign)

    def _present(self, keys: tuple[str, str]) -> tuple[bytes, Sign] | None:
        """Certificate and key that work now."""
        published = {key: self._publications.get(f"{key}.cer") for key in keys}
        lives = {key: issuers.life(der) for key, der in published.items()}
        key = rolling.present_key(lives, self._clock.now())
        certificate = published[key] if key is not None else None
        if key is None or certificate is None:
            return None
        return certificate, service_keys.named(self._keys, key)


def pool_settings(settings: Settings) -> PoolSettings:
    """Signer processes for these keys alone."""
    processes, keys = settings.pki.processes, (*OCSP_KEYS, *TSA_KEYS)
    return app.service_pool_settings(settings, keys, Role.STATUS, processes)


def build(settings: Settings, node: str) -> web.Application:
    """The aiohttp application of the status process.

    Raises:
        FileNotFoundError: There is no authority yet (`csc-server init`).
    """
    issuer = settings.path(app.CA_ISSUING).read_bytes()
    issuer_id = issuers.issuer_id(issuer)
    publications = PublicDirectory(settings.path(PUBLIC_DIRECTORY))
    clock = SystemClock()
    application = web.Application(middlewares=[public.edge])
    public.install(application)

    async def lifespan(application: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            keys = await stack.enter_async_context(SignerPool(pool_settings(settings)))
            store = await stack.enter_async_context(
                storage.open_storage(
                    settings.database,
                    journal=app.journal_path(settings, node),
                    checkpoints=app.checkpoints_path(settings, node),
                    node=node,
                )
            )
            desks = Desks(publications, keys, clock, issuer)
            application[PUBLIC] = Public(
                tell=TellStatus(
                    register=store.certificates,
                    responders=desks.responders,
                    issuer_ids=lambda _: issuer_id,
                    clock=clock,
                ),
                stamp=StampTime(
                    unit=desks.unit,
                    source=TrustedClock(clock),
                    mark=HighWaterFile(settings.path(MARK)),
                    clock=clock,
                    entropy=SystemEntropy(),
                ),
                stamp_policies=(settings.pki.timestamp_policy or STAMP_POLICY,),
                serves=lambda one: desks.responders().serves(one),
                publications=publications,
                clock=clock,
                health=keys.health,
            )
            yield

    application.cleanup_ctx.append(lifespan)
    return application
