"""A signer process on its own: what it believes, when it ends, what it never tells."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from hsm import errors, exits, handler, messages
from hsm.administration import Administration
from hsm.handler import Handler
from hsm.messages import Answer, Request
from hsm.pkcs11 import Device, Token
from hsm.pool import PoolSettings, Role, SignerPool
from policies import codec
from policies.algorithms import KeyAlgorithm
from policies.secret import Otp, Pin
from policies.values import CredentialId, MintedSad, SadId
from tests.hsm.world import DIGESTS, Clock, Room, enrol, mint
from tests.softhsm import make_tokens, read_pin

LIMIT_S = 10.0


class Line:
    """A signer process and the socket to it."""

    def __init__(self, settings: PoolSettings) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(LIMIT_S)
        with theirs:
            self.child = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hsm.signer"),
                    *(str(theirs.fileno()), codec.encode(settings).decode()),
                ],
                pass_fds=[theirs.fileno()],
                stderr=subprocess.PIPE,
            )

    def receive(self) -> Answer | None:
        head = self.socket.recv(4, socket.MSG_WAITALL)
        if not head:
            return None
        length = int.from_bytes(head, "big")
        return messages.decode_answer(self.socket.recv(length, socket.MSG_WAITALL))

    def ask(self, request: Request[Any]) -> Answer | None:
        self.socket.sendall(messages.encode_request(request))
        return self.receive()

    def end(self) -> tuple[int, str]:
        """Exit code and what it wrote."""
        self.socket.close()
        _, err = self.child.communicate(timeout=LIMIT_S)
        return self.child.returncode, err.decode()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Initialised tokens."""
    settings = make_tokens(tmp_path_factory.mktemp("signer"), roles=frozenset({Role.ADMIN}))
    line = Line(settings)
    assert line.receive() == Answer()
    answer = line.ask(messages.Initialise())
    assert answer is not None
    assert answer.error is None
    assert line.end()[0] == exits.DONE
    return replace(settings, roles=frozenset(Role))


@pytest.fixture
def line(tokens: PoolSettings) -> Iterator[Line]:
    """A process that has said that it is ready."""
    line = Line(tokens)
    ready = line.receive()
    assert ready is not None
    assert ready.error is None
    yield line
    line.end()


def test_a_process_ends_when_its_socket_closes(line: Line) -> None:
    """Without a pool there is no signer process."""
    assert line.end() == (exits.DONE, "")


def test_noise_is_answered_and_survived(line: Line) -> None:
    """What is no request is Rejected, and the next request is served."""
    for noise in (b"", b"null", b"[]", b'["Sign",{}]', b'["eval","1"]', b"\xff\xfe"):
        line.socket.sendall(len(noise).to_bytes(4, "big") + noise)
        answer = line.receive()
        assert answer is not None
        assert answer.error == "Rejected"
    answer = line.ask(messages.Canary())
    assert answer is not None
    assert answer.error is None


def test_a_stream_out_of_step_ends_the_process(line: Line) -> None:
    """A length that no frame has is not believed."""
    line.socket.sendall(b"\xff\xff\xff\xff")
    assert line.receive() is None
    assert line.end()[0] == exits.DONE


def test_a_device_that_does_not_work_ends_the_process(tokens: PoolSettings) -> None:
    """Before it is ready, with the exit code that means: try again."""
    for broken in (
        replace(tokens, service_token="nobody"),
        replace(tokens, signers_token="slot:999999"),
        replace(tokens, module=Path("/nowhere.so")),
        replace(tokens, service_pin_file=Path("/nowhere.pin")),
    ):
        line = Line(broken)
        assert line.receive() is None
        code, err = line.end()
        events = [json.loads(one) for one in err.splitlines()]
        assert {"event", "level", "logger", "pid", "timestamp"} == set().union(*events)
        assert code == exits.BROKEN
        assert "Traceback" not in err


def test_a_refused_pin_has_a_code_of_its_own(tokens: PoolSettings, tmp_path: Path) -> None:
    """So that nobody tries it again; it is not shown."""
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("2718281828\n")
    line = Line(replace(tokens, signers_pin_file=wrong))
    assert line.receive() is None
    code, err = line.end()
    assert code == exits.PIN_REFUSED
    assert "2718281828" not in err
    assert "opening it again" not in err, "a second try brings a token nearer to its lock"


def test_tokens_can_be_named_by_slot(tokens: PoolSettings) -> None:
    """``slot:N`` opens the token in that slot."""
    listing = subprocess.run(
        ["softhsm2-util", "--show-slots"],
        env=os.environ | {"SOFTHSM2_CONF": str(tokens.softhsm_conf)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    slots = {
        block.split("Label:")[1].split()[0]: block.split()[0]
        for block in listing.split("\nSlot ")[1:]
        if "Initialized:      yes" in block
    }
    line = Line(
        replace(
            tokens,
            service_token=f"slot:{slots['service']}",
            signers_token=f"slot:{slots['signers']}",
        )
    )
    ready = line.receive()
    assert ready is not None
    assert ready.value is not None
    assert line.end()[0] == exits.DONE


def test_a_process_dies_with_its_parent(tokens: PoolSettings) -> None:
    """A killed service leaves no process that is logged in."""
    script = f"""
import asyncio, sys
from policies import codec
from hsm.pool import PoolSettings, SignerPool
async def main():
    settings = codec.reader(PoolSettings)(codec.decode({codec.encode(tokens)!r}))
    async with SignerPool(settings) as pool:
        print(*pool.pids, flush=True)
        await asyncio.sleep({LIMIT_S})
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        # A stopped process reads no end of file: only the kernel can end it.
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
    deadline = time.monotonic() + LIMIT_S
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class TestHandler:
    """The way from a frame to the device, inside this process."""

    @pytest.fixture
    def handler(self, initialised: Device, settings: PoolSettings) -> Handler:
        """On the module's device, as if just opened."""
        made = Handler(settings, Clock())
        made._device = initialised
        made.open()
        return made

    def ask(self, handler: Handler, request: Request[Any]) -> Answer:
        return handler.answer(messages.encode_request(request)[4:])

    def test_a_device_that_fails_once_is_reopened(
        self, handler: Handler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The caller gets the result and never hears of it."""
        honest, reset = Token.sign, handler._device.open
        works: list[bool] = []

        def fails_until_reset(token: Token, *args: Any) -> bytes:
            if not works:
                raise errors.Broken("DeviceError")
            return honest(token, *args)

        def reopen() -> None:
            works.append(True)
            reset()

        monkeypatch.setattr(Token, "sign", fails_until_reset)
        monkeypatch.setattr(handler._device, "open", reopen)
        answer = self.ask(handler, messages.Checkpoint(b""))
        assert answer.error is None
        assert not answer.leaving
        assert works == [True]

    def test_a_device_that_fails_again_ends_the_process(
        self, handler: Handler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It says Broken and leaves, so that a fresh process tries."""
        monkeypatch.setattr(Token, "mac", _broken)
        monkeypatch.setattr(handler._device, "open", _broken)
        answer = self.ask(handler, messages.NewPinVerifier(CredentialId("c"), Pin("294719")))
        assert answer.error == "Broken"
        assert answer.leaving

    def test_a_token_that_is_being_rewritten_is_opened_again(
        self, handler: Handler, settings: PoolSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another process's login empties the token's file for a moment; that is no outage."""
        assert settings.softhsm_conf is not None
        file, _ = settings.softhsm_conf.parent.glob("tokens/*/token.object")
        content, honest = file.read_bytes(), handler._device.open
        failed: list[str] = []

        def opened_by_two() -> None:
            try:
                honest()
            except errors.Broken as error:
                failed.append(str(error))
                file.write_bytes(content)
                raise

        monkeypatch.setattr(handler._device, "open", opened_by_two)
        file.write_bytes(b"")
        assert handler.open() == handler._clock()
        assert len(failed) == 1

    @pytest.mark.parametrize(("signing", "error"), [(True, "Ambiguous"), (False, "Broken")])
    def test_a_bug_is_answered_without_its_text(
        self,
        handler: Handler,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        signing: bool,
        error: str,
    ) -> None:
        """An unexpected exception may hold a PIN: neither answer nor log repeats it."""

        def bug(*_: object) -> None:
            raise KeyError("PIN 271828")

        monkeypatch.setattr(handler, "_perform", bug)
        room = Room(handler._device)
        alice = room.enrol()
        request: Request[Any] = messages.Checkpoint(b"")
        if signing:
            request = messages.Sign(room.order(alice, MintedSad(b"", b""), 0))
        with caplog.at_level(logging.DEBUG):
            answer = self.ask(handler, request)
        assert answer.error == error
        assert "271828" not in answer.text + caplog.text
        assert "KeyError at bug:" in caplog.text

    def test_the_memory_outlives_a_reopening(
        self, handler: Handler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was signed before the device was reset is not signed after it."""
        clock = handler._clock
        assert isinstance(clock, Clock)
        room = Room(handler._device, clock)
        alice = room.enrol()
        order = room.order(alice, room.mint(alice), 0)
        assert self.ask(handler, messages.Sign(order)).error is None
        handler.open()
        answer = self.ask(handler, messages.Sign(order))
        assert answer.error == "Rejected"
        assert "before" in answer.text


def _broken(*_: object) -> Any:
    raise errors.Broken("DeviceError")


async def test_secrets_stay_where_they_are(
    tokens: PoolSettings,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """PINs, codes, seeds and token PINs are in no log, no exception, no command line."""
    texts: list[str] = []
    with caplog.at_level(logging.DEBUG):
        async with SignerPool(replace(tokens, processes=1)) as pool:
            alice = await enrol(pool)
            code = alice.code(datetime.now(UTC))
            secrets = [alice.seed.value, code.value, "294719", "987654", "12121"]
            secrets += [
                read_pin(one).value
                for one in (tokens.service_pin_file, tokens.signers_pin_file)
                if one is not None
            ]
            await mint(pool, alice, "sad-1", DIGESTS[:1])
            process = psutil.Process(pool.pids[0])
            texts += [*process.cmdline(), repr(alice), repr(pool)]
            weak = pool.new_pin_verifier(CredentialId("c"), Pin("12121"))
            check = replace(
                alice.check(DIGESTS[:1]),
                credential=replace(alice.credential(), binding=bytes(32)),
                pin=Pin("987654"),
                otp=Otp(code.value),
            )
            now = datetime.now(UTC)
            tampered = pool.authorize(check, SadId("sad-2"), now, now)
            texts.append(repr(check))
            for call in (weak, tampered):
                with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever comes
                    await call
                texts += [repr(caught.value), *traceback.format_exception(caught.value)]
            os.kill(pool.pids[0], signal.SIGKILL)
    out, err = capfd.readouterr()
    texts += [out, err, caplog.text]
    for secret in secrets:
        assert not any(secret in text for text in texts), secret


def test_the_handler_logs_places(caplog: pytest.LogCaptureFixture) -> None:
    """A bug can be found from the log: type of the error, functions and lines."""
    try:
        orjson.loads("secret 271828")
    except orjson.JSONDecodeError as error:
        handler._log_bug(error)
    assert "JSONDecodeError at test_the_handler_logs_places:" in caplog.text
    assert "271828" not in caplog.text


def test_administration_is_not_reached_without_the_role(
    initialised: Device, settings: PoolSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes before anything is done."""
    touched: list[str] = []
    monkeypatch.setattr(Administration, "generate_key", lambda *_: touched.append("generate_key"))
    made = Handler(replace(settings, roles=frozenset({Role.SIGN})), Clock())
    made._device = initialised
    made.open()
    frame = messages.encode_request(messages.GenerateKey(KeyAlgorithm.P_256))
    assert made.answer(frame[4:]).error == "Rejected"
    assert touched == []
