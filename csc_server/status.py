"""Composition root of the status process: OCSP, revocation lists, time-stamps.

It has a database for the register, signer processes for the keys of responder and time-stamping
unit, and the published files; no credential, no account, no page. Certificates of its desks come
from the authority process and are looked at anew every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from csc_server import app, storage
from csc_server.adapters import ntp
from csc_server.adapters.answer_files import AnswerFiles
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.high_water import HighWaterFile
from csc_server.adapters.pacing import SourcePacing
from csc_server.adapters.publications import PublicDirectory
from csc_server.adapters.time_source import TrustedClock
from csc_server.config import Settings
from csc_server.operations.status.compare_clock import CompareClock
from csc_server.operations.status.desks import OCSP_KEYS, TSA_KEYS, Desks
from csc_server.operations.status.freshness import ANSWERS, LIST, LOOK_EVERY_S, Freshness
from csc_server.operations.status.lookup import LateRegister, Lookup
from csc_server.operations.status.ocsp import TellStatus
from csc_server.operations.status.published import PublishedRevocations
from csc_server.operations.status.refresh import RefreshAnswers
from csc_server.operations.status.stamp import StampTime
from csc_server.ports import StorageUnavailable
from csc_server.ports.pki import TimeSource
from csc_server.web import public
from csc_server.web.public import PUBLIC, Public
from hsm.errors import HsmError
from hsm.interface import DeviceHealth
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import PoolSettings
from pki import crl
from pki.ports import StatusRegister
from policies import status
from policies.status import Window

PUBLIC_DIRECTORY: Final = Path("public")
MARK: Final = Path("tsa-mark")
STAMP_POLICY: Final = "0.4.0.2023.1.1"
"""Best practice time-stamp policy of EN 319 421, unless the settings name another."""
REFRESH_EVERY_S: Final = 1.0
"""Seconds between two looks at what changed in the register: a change has its answers within
``status.PRESIGNED_WITHIN``."""

_log = structlog.get_logger("csc_server.status")


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
    application = web.Application(middlewares=[public.edge])
    public.install(application)

    async def lifespan(application: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            keys = await stack.enter_async_context(SignerPool(pool_settings(settings)))
            register = LateRegister(partial(_register, settings, node, stack))
            work = [] if await register.open() else [register.open_later()]
            desks = Desks(_publications(settings), keys, SystemClock(), issuer)
            refresh = _refresh(settings, desks, register)
            source = _time_source(settings)
            if isinstance(source, CompareClock):
                work.append(source.run())
            application[PUBLIC] = found = _public(settings, desks, refresh, source, keys.health)
            work += [_keep(refresh), _watch(found.freshness)]
            tasks = [asyncio.create_task(one) for one in work]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    application.cleanup_ctx.append(lifespan)
    return application


async def _register(settings: Settings, node: str, stack: AsyncExitStack) -> StatusRegister:
    store = await stack.enter_async_context(
        storage.open_storage(
            settings.database,
            journal=app.journal_path(settings, node),
            checkpoints=app.checkpoints_path(settings, node),
            node=node,
        )
    )
    return store.certificates


def _publications(settings: Settings) -> PublicDirectory:
    return PublicDirectory(settings.path(PUBLIC_DIRECTORY))


def _refresh(settings: Settings, desks: Desks, register: StatusRegister) -> RefreshAnswers:
    return RefreshAnswers(
        register=register,
        issuer_id=desks.issuer_id,
        responder=desks.responder,
        answers=AnswerFiles(settings.path(PUBLIC_DIRECTORY)),
        published=PublishedRevocations(lambda: _publications(settings).get("issuing.crl")),
        clock=SystemClock(),
    )


def _time_source(settings: Settings) -> TimeSource:
    if not settings.pki.time_servers:
        return TrustedClock(SystemClock())
    return CompareClock(
        servers=settings.pki.time_servers, ask=ntp.ask, clock=SystemClock(), entropy=SystemEntropy()
    )


def _public(
    settings: Settings,
    desks: Desks,
    refresh: RefreshAnswers,
    source: TimeSource,
    health: Callable[[], DeviceHealth],
) -> Public:
    pki, clock, publications = settings.pki, SystemClock(), _publications(settings)

    def listed() -> Window | None:
        content = publications.get("issuing.crl")
        return None if content is None else crl.window(content)

    stamp = StampTime(
        unit=desks.unit,
        source=source,
        mark=HighWaterFile(settings.path(MARK)),
        clock=clock,
        entropy=SystemEntropy(),
    )
    return Public(
        tell=TellStatus(
            lookup=Lookup(
                register=refresh.register,
                issuer_ids=lambda _: desks.issuer_id,
                published=refresh.published,
            ),
            responders=desks.responders,
            answers=refresh.answers,
            pacing=SourcePacing(pki.live_per_second, status.LIVE_BURST * pki.live_per_second),
            clock=clock,
        ),
        stamp=stamp,
        stamp_policies=(pki.timestamp_policy or STAMP_POLICY,),
        stamp_pacing=SourcePacing(pki.stamps_per_second),
        serves=lambda one: desks.responders().serves(one),
        publications=publications,
        clock=clock,
        health=health,
        freshness=Freshness(sources={ANSWERS: lambda: refresh.oldest, LIST: listed}, clock=clock),
        kept=lambda: refresh.count,
        # A clock that is believed was compared with nothing.
        offset=stamp.offset if pki.time_servers else lambda: None,
        proxies=settings.trusted_proxies,
    )


async def _keep(refresh: RefreshAnswers) -> None:
    """Step after step; what fails is tried again, and told once."""
    told = ""
    while True:
        try:
            more = await refresh()
            told = ""
        except (HsmError, StorageUnavailable, OSError) as reason:
            more, before, told = False, told, f"{type(reason).__name__}: {reason}"
            if told != before:
                _log.error("answers_not_renewed", reason=told)
        except Exception:  # noqa: BLE001 - this loop's one: a bug must not leave answers to grow old
            more = False
            _log.exception("unexpected")
        await asyncio.sleep(0 if more else REFRESH_EVERY_S)


async def _watch(freshness: Freshness) -> None:
    while True:
        freshness.look()
        await asyncio.sleep(LOOK_EVERY_S)
