"""The pool when its processes die, hang, lose the token or are asked too much.

Real processes, real tokens. Waiting is polling with a deadline; the deadlines are the promises
(security-and-pki promises 32 to 34).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pyotp
import pytest

from hsm import errors, mechanisms, records
from hsm.interface import DeviceHealth, KeyAdministration, SigningDevice
from hsm.labelled import OWN_ALGORITHM
from hsm.pool import KeyStoreKind, PoolSettings, Role, SignerPool
from policies.algorithms import KeyAlgorithm
from policies.authorize import Extension
from policies.errors import PinTooWeak
from policies.secret import Otp, Pin
from policies.values import (
    AccountId,
    AuthenticatorId,
    CredentialId,
    Factor,
    SadId,
    SealedTotp,
)
from tests.hsm.world import DIGESTS, ECDSA_SHA256, Person, authorization, enrol, mint
from tests.softhsm import make_tokens

FAILS_WITHIN_S = 5.0
HEALS_WITHIN_S = 10.0
SIGNING_ONLY = frozenset({Role.SIGN})


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Initialised tokens of this module, for either store and every role."""
    settings = make_tokens(tmp_path_factory.mktemp("pool"), roles=frozenset(Role))

    async def initialise() -> None:
        for kind in KeyStoreKind:
            async with SignerPool(replace(settings, key_store=kind, processes=1)) as pool:
                await pool.initialise()

    asyncio.run(initialise())
    return settings


@pytest.fixture
async def pool(ready: PoolSettings) -> AsyncIterator[SignerPool]:
    """Two processes with every role."""
    async with SignerPool(ready) as pool:
        yield pool


@pytest.fixture
async def lonely(ready: PoolSettings) -> AsyncIterator[SignerPool]:
    """One process with every role."""
    async with SignerPool(replace(ready, processes=1)) as pool:
        yield pool


async def until(true: Callable[[], bool], limit_s: float = HEALS_WITHIN_S) -> None:
    """Return as soon as ``true``; fail after ``limit_s``."""
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110  # other processes set no event
            await asyncio.sleep(0.01)


async def heals(pool: SignerPool, use: Callable[[], Awaitable[Any]]) -> None:
    """Return as soon as ``use`` works again; each failure before must be quick."""
    async with asyncio.timeout(HEALS_WITHIN_S):
        while True:
            try:
                async with asyncio.timeout(FAILS_WITHIN_S):
                    await use()
            except errors.HsmError:
                await asyncio.sleep(0.02)
            else:
                return


def only_pid(pool: SignerPool) -> int:
    (pid,) = pool.pids
    return pid


async def sign(pool: SignerPool, alice: Person, name: str) -> list[bytes]:
    """Authorise and sign one digest."""
    minted = await mint(pool, alice, name, DIGESTS[:1])
    return await pool.sign(alice.permit(minted, name, DIGESTS[:1]))


@contextlib.contextmanager
def stopped(pid: int) -> Any:
    """The process hangs inside."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


class TestWork:
    @pytest.mark.parametrize("kind", KeyStoreKind)
    async def test_the_whole_way(self, ready: PoolSettings, kind: KeyStoreKind) -> None:
        """Enrol, authorise, sign two of three, extend, sign the third; all verify."""
        async with SignerPool(replace(ready, key_store=kind)) as pool:
            device: SigningDevice = pool
            administration: KeyAdministration = pool
            assert device.health().alive == len(pool.pids)
            assert await administration.capabilities() == []
            alice = await enrol(pool)
            hashes = DIGESTS[:3]
            minted = await mint(pool, alice, "sad-1", hashes)
            key = mechanisms.public_key(alice.key.public_key)
            signatures = await pool.sign(alice.permit(minted, "sad-1", hashes))
            assert all(
                mechanisms.verifies(key, ECDSA_SHA256, digest, signature)
                for digest, signature in zip(hashes, signatures, strict=True)
            )
            following = await pool.extend(
                Extension(
                    authorization(alice, minted, "sad-1", hashes),
                    alice.credential(),
                    frozenset({2}),
                    datetime.now(UTC) + timedelta(minutes=1),
                ),
                SadId("sad-2"),
            )
            assert records.decode_sad(following.record).open_ordinals == (2,)
            assert len(await pool.checkpoint(b"size 1")) > 60
            await pool.destroy_key(alice.key.key_ref)

    async def test_wrong_factors_come_back_as_such(self, pool: SignerPool) -> None:
        """A wrong code is an answer, not an error."""
        alice, now = await enrol(pool), datetime.now(UTC)
        check = replace(alice.check(DIGESTS[:1]), otp=Otp("000000"))
        result = await pool.authorize(
            check, SadId("s"), now + timedelta(minutes=5), now + timedelta(minutes=10)
        )
        assert result.wrong == {Factor.OTP}
        assert result.minted is None

    async def test_reasons_cross_the_process_boundary(self, pool: SignerPool) -> None:
        """A refusal of the rules arrives as itself, and no secret is in it."""
        with pytest.raises(PinTooWeak) as caught:
            await pool.new_pin_verifier(CredentialId("c"), Pin("111111"))
        assert "111111" not in repr(caught.value)

    async def test_text_that_is_no_unicode_is_rejected(self, pool: SignerPool) -> None:
        """A lone surrogate is refused before it is sent, without being shown."""
        with pytest.raises(errors.Rejected) as caught:
            await pool.new_pin_verifier(CredentialId("c"), Pin("12\ud80034"))
        assert "34" not in str(caught.value)

    async def test_a_permit_is_redeemed_once(self, pool: SignerPool) -> None:
        """The second use of a permit is a programming error and asks the device nothing."""
        alice = await enrol(pool)
        permit = alice.permit(await mint(pool, alice, "sad-1", DIGESTS[:1]), "sad-1", DIGESTS[:1])
        await pool.sign(permit)
        with pytest.raises(RuntimeError, match="redeemed"):
            await pool.sign(permit)

    async def test_many_calls_at_once_are_all_answered_rightly(self, pool: SignerPool) -> None:
        """Answers go to the calls they belong to."""
        alice = await enrol(pool)
        key = mechanisms.public_key(alice.key.public_key)

        async def one(place: int) -> bool:
            digest = DIGESTS[place % len(DIGESTS)]
            minted = await mint(pool, alice, f"sad-{place}", (digest,))
            (signature,) = await pool.sign(alice.permit(minted, f"sad-{place}", (digest,)))
            return mechanisms.verifies(key, ECDSA_SHA256, digest, signature)

        assert all(await asyncio.gather(*map(one, range(100))))

    async def test_a_wrapped_key_made_here_signs_in_the_next_process(
        self, ready: PoolSettings
    ) -> None:
        """A process that is worn by unwraps is replaced, and no call notices."""
        worn = replace(ready, key_store=KeyStoreKind.WRAPPED, processes=1, recycle_after_unwraps=1)
        async with SignerPool(worn) as pool:
            alice = await enrol(pool)
            for place in range(3):
                assert await sign(pool, alice, f"sad-{place}")
            await until(lambda: pool.health().restarts == 3 and pool.health().alive == 1)

    async def test_a_raw_speed_is_measured(self, pool: SignerPool) -> None:
        """Bare signatures take some time, and not for ever."""
        assert 0 < await pool.raw_signing_s(KeyAlgorithm.P_256, 10) < 10


class TestRoles:
    async def test_the_web_process_cannot_administer(self, ready: PoolSettings) -> None:
        """Processes without the role refuse every administrative verb and measure nothing."""
        async with SignerPool(replace(ready, roles=SIGNING_ONLY)) as pool:
            for call in (
                pool.initialise(),
                pool.generate_key(KeyAlgorithm.P_256),
                pool.new_pin_verifier(CredentialId("c"), Pin("294719")),
                pool.service_sign("audit", bytes(32), ECDSA_SHA256),
                pool.service_key("ca", KeyAlgorithm.P_256),
                pool.capabilities(),
                pool.raw_signing_s(KeyAlgorithm.P_256, 1),
            ):
                with pytest.raises(errors.Rejected, match="does not"):
                    await call
            assert await pool.checkpoint(b"")

    @pytest.mark.parametrize("kind", KeyStoreKind)
    async def test_the_web_process_signs_with_keys_made_elsewhere(
        self, ready: PoolSettings, kind: KeyStoreKind
    ) -> None:
        """A read-only process finds a key that was made after its own start."""
        settings = replace(ready, key_store=kind, processes=1)
        async with (
            SignerPool(replace(settings, roles=SIGNING_ONLY)) as web,
            SignerPool(replace(settings, roles=frozenset({Role.ADMIN, Role.ENROL}))) as admin,
        ):
            alice = await enrol(admin)
            assert await sign(web, alice, "sad-1")
            assert web.health().restarts == 0

    async def test_the_administrator_does_not_sign(
        self, ready: PoolSettings, pool: SignerPool
    ) -> None:
        """An administrative process has no way to use a signer's key."""
        alice = await enrol(pool)
        minted = await mint(pool, alice, "sad-1", DIGESTS[:1])
        async with SignerPool(replace(ready, roles=frozenset({Role.ADMIN}), processes=1)) as admin:
            with pytest.raises(errors.Rejected, match="does not sign"):
                await admin.sign(alice.permit(minted, "sad-1", DIGESTS[:1]))

    async def test_the_web_process_makes_seeds_and_nothing_else_of_administration(
        self, ready: PoolSettings
    ) -> None:
        """Role ``enrol``: a seed that its own code opens; no binding, no key, no PIN."""
        roles = frozenset({Role.SIGN, Role.ENROL})
        async with SignerPool(replace(ready, roles=roles, processes=1)) as web:
            mine = AuthenticatorId("phone"), AccountId("alice")
            sealed, seed = await web.new_totp(*mine)
            code = Otp(pyotp.TOTP(seed.value).now())
            assert await web.check_otp(SealedTotp(*mine, sealed, -1), code) is not None
            for refused in (
                web.generate_key(KeyAlgorithm.P_256),
                web.new_pin_verifier(CredentialId("c"), Pin("246813")),
                web.service_sign("audit", bytes(32), OWN_ALGORITHM),
            ):
                with pytest.raises(errors.Rejected, match="does not admin"):
                    await refused

    async def test_a_process_that_only_signs_makes_no_seeds(self, ready: PoolSettings) -> None:
        """Role ``enrol`` is asked for, not taken for granted."""
        async with SignerPool(replace(ready, roles=SIGNING_ONLY, processes=1)) as pool:
            with pytest.raises(errors.Rejected, match="does not enrol"):
                await pool.new_totp(AuthenticatorId("phone"), AccountId("alice"))


class TestHealth:
    async def test_a_pool_is_alive_after_a_canary(self, pool: SignerPool) -> None:
        """A started pool has signed already."""
        health = pool.health()
        assert health.last_canary_at is not None
        assert health == DeviceHealth(2, 2, 0, health.last_canary_at, 0)

    async def test_canaries_go_on(self, ready: PoolSettings) -> None:
        """An idle pool signs again every so often."""
        async with SignerPool(replace(ready, canary_every_s=0.05)) as pool:
            first = pool.health().last_canary_at
            await until(lambda: pool.health().last_canary_at != first)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.ENROL, Role.BENCH])
    async def test_processes_that_do_not_sign_prove_themselves_as_well(
        self, ready: PoolSettings, role: Role, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The canary needs no role: it used to be refused by the authority's pool."""
        alone = replace(ready, roles=frozenset({role}), canary_every_s=0.05, processes=1)
        async with SignerPool(alone) as pool:
            first = pool.health().last_canary_at
            await until(lambda: "canary" in caplog.text or pool.health().last_canary_at != first)
            assert pool.health().restarts == 0
        assert caplog.text == ""

    async def test_there_is_no_canary_before_there_are_keys(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An administrator's process stays until it has made them; then it proves itself."""
        empty = make_tokens(tmp_path, roles=frozenset({Role.ADMIN}))
        async with SignerPool(replace(empty, canary_every_s=0.05, processes=1)) as pool:
            await asyncio.sleep(0.2)
            assert pool.health().last_canary_at is None
            await pool.initialise()
            await until(lambda: pool.health().last_canary_at is not None)
            assert pool.health().restarts == 0
        assert caplog.text == ""

    async def test_a_process_that_hangs_idle_is_found_and_replaced(
        self, ready: PoolSettings
    ) -> None:
        """The canary notices a stopped process before a caller does."""
        quick = replace(ready, canary_every_s=0.05, call_limit_s=0.5, processes=1)
        async with SignerPool(quick) as pool:
            pid = only_pid(pool)
            with stopped(pid):
                await until(lambda: pool.health().restarts == 1 and pool.health().alive == 1)
            assert not psutil.pid_exists(pid)

    async def test_an_uninitialised_token_serves_nobody_but_the_administrator(
        self, tmp_path: Path
    ) -> None:
        """Before ``initialise`` a signing pool is dead; afterwards it heals by itself."""
        settings = make_tokens(tmp_path)
        async with SignerPool(settings) as signing:
            with pytest.raises(errors.Broken):
                await signing.checkpoint(b"")
            roles = frozenset({Role.ADMIN})
            async with SignerPool(replace(settings, roles=roles, processes=1)) as admin:
                await admin.initialise()
            await heals(signing, lambda: signing.checkpoint(b""))


class TestDeath:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
    async def test_a_dead_process_is_replaced(
        self, pool: SignerPool, number: signal.Signals
    ) -> None:
        """Killed or crashed, all processes are back within the promise."""
        alice = await enrol(pool)
        for pid in pool.pids:
            os.kill(pid, number)
        await heals(pool, lambda: sign(pool, alice, f"sad-{time.monotonic()}"))
        await until(lambda: pool.health().alive == 2)
        assert pool.health().restarts == 2

    @pytest.mark.parametrize(
        ("signing", "error"), [(True, errors.Ambiguous), (False, errors.Broken)]
    )
    async def test_a_process_that_dies_with_a_call(
        self, ready: PoolSettings, signing: bool, error: type[errors.HsmError]
    ) -> None:
        """A signature under way is ambiguous, anything else not done; both are known at once."""
        async with SignerPool(replace(ready, processes=1, call_limit_s=60.0)) as pool:
            alice = await enrol(pool)
            minted = await mint(pool, alice, "sad-1", DIGESTS[:1])
            permit = alice.permit(minted, "sad-1", DIGESTS[:1])
            os.kill(only_pid(pool), signal.SIGSTOP)
            call = asyncio.ensure_future(pool.sign(permit) if signing else pool.checkpoint(b""))
            await asyncio.sleep(0)
            os.kill(only_pid(pool), signal.SIGKILL)
            async with asyncio.timeout(FAILS_WITHIN_S):
                with pytest.raises(error) as caught:
                    await call
            assert type(caught.value) is error

    async def test_a_call_after_a_death_waits_for_the_next_process(
        self, lonely: SignerPool
    ) -> None:
        """A process known to be dead gets no request; its successor does."""
        os.kill(only_pid(lonely), signal.SIGKILL)
        await until(lambda: lonely.health().alive == 0)
        assert await lonely.checkpoint(b"")
        assert lonely.health().restarts == 1

    @pytest.mark.parametrize(
        ("signing", "limit_s", "error"),
        [(True, 4.0, errors.Ambiguous), (False, 0.5, errors.Broken)],
    )
    async def test_a_process_that_hangs_is_killed_in_time(
        self, ready: PoolSettings, signing: bool, limit_s: float, error: type[errors.HsmError]
    ) -> None:
        """The call fails within five seconds and the process does not survive it."""
        async with SignerPool(replace(ready, processes=1, call_limit_s=limit_s)) as pool:
            alice = await enrol(pool)
            minted = await mint(pool, alice, "sad-1", DIGESTS[:1])
            permit = alice.permit(minted, "sad-1", DIGESTS[:1])
            pid = only_pid(pool)
            os.kill(pid, signal.SIGSTOP)
            async with asyncio.timeout(FAILS_WITHIN_S):
                with pytest.raises(error) as caught:
                    await (pool.sign(permit) if signing else pool.checkpoint(b""))
            assert type(caught.value) is error
            await heals(pool, lambda: pool.checkpoint(b""))
            assert not psutil.pid_exists(pid)

    async def test_a_batch_may_take_longer(self, ready: PoolSettings) -> None:
        """Each signature of a batch adds to the limit."""
        async with SignerPool(
            replace(ready, processes=1, call_limit_s=0.2, per_signature_limit_s=60.0)
        ) as pool:
            alice = await enrol(pool)
            minted = await mint(pool, alice, "sad-1", DIGESTS[:10])
            with stopped(only_pid(pool)):
                call = asyncio.ensure_future(pool.sign(alice.permit(minted, "sad-1", DIGESTS[:10])))
                done, _ = await asyncio.wait([call], timeout=0.5)
                assert not done
            assert len(await call) == 10

    async def test_processes_die_with_the_pool(self, ready: PoolSettings) -> None:
        """Leaving the block leaves no process."""
        async with SignerPool(ready) as pool:
            pids = pool.pids
            assert len(pids) == 2
        assert not any(psutil.pid_exists(pid) for pid in pids)

    async def test_a_stopped_process_does_not_keep_the_pool_open(self, ready: PoolSettings) -> None:
        """Closing ends even a process that does not listen."""
        async with SignerPool(replace(ready, processes=1)) as pool:
            pid = only_pid(pool)
            os.kill(pid, signal.SIGSTOP)
        assert not psutil.pid_exists(pid)

    async def test_ctrl_c_is_the_parents_business(self, pool: SignerPool) -> None:
        """SIGINT and SIGTERM to the group do not end a process that the parent still needs."""
        pids = pool.pids
        for pid in pids:
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        for _ in pids:
            await pool.checkpoint(b"")
        assert pool.pids == pids
        assert pool.health().restarts == 0


class TestToken:
    async def test_the_token_goes_and_comes_back(self, ready: PoolSettings) -> None:
        """Each call of the outage fails in time, definitely; afterwards all is as before."""
        assert ready.softhsm_conf is not None
        tokens = ready.softhsm_conf.parent / "tokens"
        away = tokens.with_name("away")
        async with SignerPool(ready) as pool:
            alice = await enrol(pool)
            for cycle in range(2):
                tokens.rename(away)
                try:
                    # The first calls notice; what follows is refused at once.
                    for _ in range(20):
                        async with asyncio.timeout(FAILS_WITHIN_S):
                            with pytest.raises((errors.Broken, errors.Busy)):
                                await mint(pool, alice, f"out-{cycle}", DIGESTS[:1])
                    await until(lambda: pool.health().alive == 0)
                finally:
                    away.rename(tokens)
                await heals(pool, lambda: sign(pool, alice, f"sad-{time.monotonic()}"))
                await until(lambda: pool.health().alive == 2)

    async def test_a_missing_module_is_an_outage_not_a_crash(
        self, ready: PoolSettings, tmp_path: Path
    ) -> None:
        """A pool over nothing starts, fails at once, and works when the module appears."""
        module = tmp_path / "module.so"
        async with SignerPool(replace(ready, module=module)) as pool:
            assert pool.health().alive == 0
            with pytest.raises(errors.Broken):
                await pool.checkpoint(b"")
            module.symlink_to(ready.module)
            await heals(pool, lambda: pool.checkpoint(b""))

    async def test_a_wrong_pin_is_tried_once(self, ready: PoolSettings, tmp_path: Path) -> None:
        """One login attempt in all, whatever the number of processes, and no restart."""
        pins = CountedFile(tmp_path / "pin", "not the PIN\n")
        wrong = replace(ready, processes=3, service_pin_file=pins.path)
        with pins, pytest.raises(errors.PinRefused):
            async with SignerPool(wrong):
                pass
        assert pins.reads == 1

    async def test_a_pin_that_becomes_wrong_is_not_tried_again(
        self, ready: PoolSettings, tmp_path: Path
    ) -> None:
        """A process that is replaced after a change of PIN tries once, then the pool is dead."""
        right = ready.service_pin_file.read_text()
        pins = CountedFile(tmp_path / "pin", right)
        changed = replace(ready, processes=1, service_pin_file=pins.path)
        with pins:
            async with SignerPool(changed) as pool:
                pins.text = "not the PIN\n"
                os.kill(only_pid(pool), signal.SIGKILL)
                await until(lambda: pins.reads == 2 and pool.health().alive == 0)
                with pytest.raises(errors.HsmError):
                    await pool.checkpoint(b"")
                # Ten times the first back-off: time enough for another try, were there one.
                done, _ = await asyncio.wait(
                    [asyncio.ensure_future(until(lambda: pins.reads > 2, 1.0))]
                )
                assert all(isinstance(one.exception(), TimeoutError) for one in done)
                with pytest.raises(errors.Broken):
                    await pool.checkpoint(b"")
        assert pins.reads == 2


class TestQueue:
    async def test_a_full_queue_is_busy_at_once(self, ready: PoolSettings) -> None:
        """The call after the last place is refused without waiting."""
        async with SignerPool(replace(ready, processes=1, queue_limit=3)) as pool:
            with stopped(only_pid(pool)):
                calls = [asyncio.ensure_future(pool.checkpoint(b"")) for _ in range(4)]
                await asyncio.sleep(0)
                assert pool.health().queued == 3
                with pytest.raises(errors.Busy, match="waiting"):
                    await pool.checkpoint(b"")
            assert len(await asyncio.gather(*calls)) == 4

    async def test_waiting_too_long_is_busy(self, ready: PoolSettings) -> None:
        """A call that was never started is definitely not done, even a signature."""
        async with SignerPool(replace(ready, processes=1)) as pool:
            alice = await enrol(pool)
            minted = await mint(pool, alice, "sad-1", DIGESTS[:1])
            with stopped(only_pid(pool)):
                running = asyncio.ensure_future(pool.checkpoint(b""))
                await asyncio.sleep(0)
                async with asyncio.timeout(FAILS_WITHIN_S):
                    with pytest.raises(errors.Busy, match="in time"):
                        await pool.sign(alice.permit(minted, "sad-1", DIGESTS[:1]))
            assert await running
            assert pool.health().queued == 0

    async def test_callers_who_leave_do_not_shift_the_answers(self, pool: SignerPool) -> None:
        """Cancelled while running or while waiting, the others get their own answers."""
        alice = await enrol(pool)
        key = mechanisms.public_key(alice.key.public_key)
        minted = await mint(pool, alice, "sad-1", DIGESTS[:10])
        permits = [
            alice.permit(await mint(pool, alice, f"s{place}", (digest,)), f"s{place}", (digest,))
            for place, digest in enumerate(DIGESTS)
        ]
        with stopped(pool.pids[0]), stopped(pool.pids[1]):
            running = [asyncio.ensure_future(pool.sign(permit)) for permit in permits]
            await asyncio.sleep(0)
            for call in running[::2]:
                call.cancel()
            await asyncio.gather(*running[::2], return_exceptions=True)
            assert pool.health().queued == 5
        for call, digest in zip(running[1::2], DIGESTS[1::2], strict=True):
            (signature,) = await call
            assert mechanisms.verifies(key, ECDSA_SHA256, digest, signature)
        assert len(await pool.sign(alice.permit(minted, "sad-1", DIGESTS[:10]))) == 10

    async def test_closing_ends_every_wait(self, ready: PoolSettings) -> None:
        """No caller waits for a pool that is gone."""
        async with SignerPool(replace(ready, processes=1)) as pool:
            os.kill(only_pid(pool), signal.SIGSTOP)
            calls = [asyncio.ensure_future(pool.checkpoint(b"")) for _ in range(3)]
            await asyncio.sleep(0)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [errors.Broken] * 3
        with pytest.raises(errors.Broken):
            await pool.checkpoint(b"")


class TestCrashes:
    async def test_most_calls_survive_a_crash_every_fifty(self, pool: SignerPool) -> None:
        """With one retry where nothing was signed, 99 of 100 calls succeed."""
        failed = 0
        for place in range(300):
            if place % 50 == 25:
                os.kill(pool.pids[0], signal.SIGSEGV)
            try:
                await pool.checkpoint(b"")
            except errors.HsmError:
                try:
                    await pool.checkpoint(b"")
                except errors.HsmError:
                    failed += 1
        assert failed <= 3


class CountedFile:
    """A PIN file that counts how often it is read: a pipe with a writer behind it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.reads = 0
        self._open = True
        os.mkfifo(path, 0o600)

    def __enter__(self) -> CountedFile:
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        # Lets go of the writer that waits for a reader.
        os.close(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK))
        self._thread.join()

    def _serve(self) -> None:
        while self._open:
            with self.path.open("w") as pipe:
                if not self._open:
                    return
                self.reads += 1
                with contextlib.suppress(BrokenPipeError):
                    pipe.write(self.text)
                    pipe.flush()
            # The next open must meet the next reader, not the end of this one.
            time.sleep(0.5)
