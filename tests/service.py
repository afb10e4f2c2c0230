"""A whole service under test: a real instance, real processes, real people.

The service runs as `csc-server run` does it; people and credentials are made by the same code as
on the command line.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pyotp

from csc_server import config
from csc_server.commands import common, init
from csc_server.config import Settings
from csc_server.operations.enrol import NewCredential
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.messages import Language
from policies.registration import Applicant
from policies.secret import Password, Pin, TotpSeed
from tests.ports import free_port

PASSWORD = "correct horse battery staple"
PIN = "493817"
OPAQUE = Identifier(IdentifierScheme.OPAQUE, "TEST-1")


@dataclass
class Person:
    """Somebody with an account."""

    username: str
    account_id: str
    credentials: dict[str, str] = field(default_factory=dict)
    """Our name for it (``pin-p256``) to credential id."""
    seed: TotpSeed | None = None

    def code(self, steps_back: int = 0) -> str:
        """The code of now, or of a step before."""
        assert self.seed is not None
        return pyotp.TOTP(self.seed.value).at(int(time.time()) - 30 * steps_back)


@dataclass(frozen=True)
class Wanted:
    """A credential to be made."""

    algorithm: KeyAlgorithm
    pin: bool = True
    otp: bool = False
    sms: bool = False
    """Beside the PIN; the account gets a phone number of its own."""
    multisign: int = 100


PIN_P256 = {"pin-p256": Wanted(KeyAlgorithm.P_256)}
OTP_P256 = {"otp-p256": Wanted(KeyAlgorithm.P_256, pin=False, otp=True)}


def create_instance(directory: Path, **settings: Any) -> Settings:
    """A new instance; further settings, also dotted ones, go to its ``paraph.toml``."""
    # A test signs as fast as it can, unless the pace is what it is about.
    unpaced = ("limits.signatures_per_second", "pki.live_per_second", "pki.stamps_per_second")
    given: dict[str, Any] = dict.fromkeys(unpaced, 0) | {"pkcs11.softhsm_conf": "softhsm.conf"}
    # Most tests start the web processes alone.
    given |= {"timestamp.own": False}
    settings = {"pki.port": free_port()} | given | settings
    directory.mkdir(parents=True, exist_ok=True)
    toml = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    (directory / config.FILE).write_text(f"port = {free_port()}\n{toml}")
    return init.initialise(directory)


async def enrol(settings: Settings, people: dict[str, dict[str, Wanted]]) -> dict[str, Person]:
    """Accounts with their authenticators and credentials."""
    made: dict[str, Person] = {}
    async with common.administration(settings) as opened, common.certifying(opened) as ca:
        for username, wanted in people.items():
            account_id = await opened.enrolment.create_account(
                username, Password(PASSWORD), _applicant(username, wanted)
            )
            person = made[username] = Person(username, account_id)
            if any(one.otp for one in wanted.values()):
                person.seed = await opened.enrolment.pair_authenticator(account_id)
            for name, one in wanted.items():
                new = NewCredential(
                    account_id=account_id,
                    person=Identity("RO", OPAQUE, pseudonym=username.title()),
                    algorithm=one.algorithm,
                    pin=Pin(PIN) if one.pin else None,
                    use_otp=one.otp,
                    use_sms=one.sms,
                    multisign=one.multisign,
                )
                credential = await opened.enrolment.create_credential(new, ca)
                person.credentials[name] = credential.credential_id
    return made


def _applicant(username: str, wanted: dict[str, Wanted]) -> Applicant | None:
    if not any(one.sms for one in wanted.values()):
        return None
    return Applicant(
        username.title(), "Example", f"{username}@example.com", phone_of(username), Language.EN
    )


def phone_of(username: str) -> str:
    """A number that nobody else has."""
    return f"+407{int.from_bytes(username.encode()) % 10**8:08}"


class Service:
    """`csc-server run` on an instance."""

    def __init__(self, settings: Settings, *parts: str) -> None:
        """Not started yet.

        Args:
            parts: What to start; the web processes alone unless said otherwise.
        """
        self.settings = settings
        self._only = [word for part in parts or ("web",) for word in ("--only", part)]
        self.base_url = settings.base_url
        self.log = settings.path(Path("log/test.jsonl"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready.

        Args:
            environment: Settings that stand above those of the instance: ``PARAPH_…``.
        """
        command = [sys.executable, "-m", "csc_server", "--instance", str(self.settings.instance)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "run", *self._only],
                stdout=log,
                stderr=log,
                process_group=0,
                env={k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")}
                | dict(environment or {}),
            )
        self.wait_ready()

    def stop(self) -> int:
        """Stop it like an operator; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def wait_ready(self, within_s: float = 15.0) -> None:
        """Return when ``/health/ready`` says 200 on each listener that was started."""
        if "web" in self._only:
            asyncio.run(_ready(self.base_url, within_s))
        if "status" in self._only:
            asyncio.run(_ready(self.settings.pki.base_url, within_s))

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def web_processes(self) -> list[psutil.Process]:
        """The web processes alive now."""
        return self.processes("serve")

    def processes(self, word: str) -> list[psutil.Process]:
        """The supervisor's children that run this command."""
        return list(_children(psutil.Process(self.pid), word))

    def signer_processes(self) -> list[psutil.Process]:
        """The signer processes alive now."""
        return [signer for web in self.web_processes() for signer in _children(web, "hsm.signer")]


def _children(parent: psutil.Process, word: str) -> Iterator[psutil.Process]:
    for child in parent.children():
        try:
            if word in child.cmdline():
                yield child
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # It ended between the list and the look.


async def _ready(base_url: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            try:
                async with http.get(f"{base_url}/health/ready") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # Not there yet; asked again until the deadline.
            await asyncio.sleep(0.05)
    raise AssertionError(f"not ready within {within_s} s")


@dataclass
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Any

    @property
    def error(self) -> tuple[int, str | None, str | None]:
        """Status, code and sentence."""
        return self.status, self.body.get("error"), self.body.get("error_description")


class Client:
    """A CSC client in the hands of a test."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, version: int = 1) -> None:
        self.http, self.base_url, self.version = http, base_url, version
        self.token: str | None = None

    async def post(self, method: str, body: Any, **changes: Any) -> Reply:
        """POST a body; ``headers`` and ``data`` override what a good client sends."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        raw = changes.pop("data", None) or json.dumps(body).encode()
        json_type = {"Content-Type": "application/json"}
        headers = json_type | changes.pop("headers", headers)
        url = f"{self.base_url}/csc/v{self.version}/{method}"
        async with self.http.post(url, data=io.BytesIO(raw), headers=headers) as response:
            answer = await response.read()
            parsed = json.loads(answer) if answer else None
            return Reply(response.status, parsed, response.headers)

    async def log_in(self, person: Person, **body: Any) -> Reply:
        """auth/login; the token is kept."""
        basic = base64.b64encode(f"{person.username}:{PASSWORD}".encode()).decode()
        reply = await self.post("auth/login", body, headers={"Authorization": f"Basic {basic}"})
        if reply.status == 200:
            self.token = reply.body["access_token"]
        return reply

    async def authorize(self, credential_id: str, *digests: bytes, **changes: Any) -> Reply:
        """credentials/authorize for these digests, by PIN unless said otherwise."""
        hashes = [base64.b64encode(digest).decode() for digest in digests]
        body: dict[str, Any] = {"credentialID": credential_id, "numSignatures": len(digests)}
        if self.version == 1:
            body |= {"hash": hashes, "PIN": PIN}
        else:
            body |= {
                "hashes": hashes,
                "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
                "authData": [{"id": "PIN", "value": PIN}],
            }
        return await self.post("credentials/authorize", body | changes)

    async def sign_hash(
        self, credential_id: str, sad: str, *digests: bytes, **changes: Any
    ) -> Reply:
        """signatures/signHash, ECDSA with SHA-256 unless said otherwise."""
        hashes = [base64.b64encode(digest).decode() for digest in digests]
        body: dict[str, Any] = {
            "credentialID": credential_id,
            "SAD": sad,
            "signAlgo": "1.2.840.10045.4.3.2",
            "hash" if self.version == 1 else "hashes": hashes,
        }
        return await self.post("signatures/signHash", body | changes)


def digest_of(text: str) -> bytes:
    """SHA-256 of a text: a document's hash with a name."""
    return hashlib.sha256(text.encode()).digest()
