"""`csc-server demo` (`make run`): an instance with one demo person, started, proved, kept up.

The proof is a client's: it logs in over HTTP, signs the bundled PDF with pyHanko's CSC signer and
a TOTP code, and validates the result. Refuses an instance that calls itself production.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pyotp
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator.context import ValidationContext

from csc_server import app
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.commands import account, client, common, init, run
from csc_server.commands.basics import CommandFailed
from csc_server.commands.common import Administration
from csc_server.config import PREFIX, Settings
from csc_server.operations.enrol import NewCredential
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.set_profile import SetProfile
from csc_server.ports import Call
from policies import phones, registration, totp
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.messages import Language
from policies.registration import RegistrationForm
from policies.secret import Otp, Password, Pin, TotpSeed

USERNAME: Final = "demo"
DEMO_FILE: Final = Path("demo.json")
SIGNED: Final = Path("demo/signed.pdf")
SAMPLE: Final = Path(__file__).parent / "sample.pdf"
LOG: Final = Path("log/csc-server.jsonl")
READY_WITHIN_S: Final = 20.0
PROOFS: Final = 3
"""Tries before the proof counts as failed; each later one waits for a fresh code."""
_FORM: Final = RegistrationForm(
    first_name="Demo",
    last_name="Signatory",
    email="demo@paraph.example",
    # Nobody's: Romania gives out no numbers that begin with 070 000.
    phone="+40700000000",
    privacy_read=True,
    language=Language.EN,
)
"""Who the demo person is; mails and SMS end in the outbox."""
_ALGORITHMS: Final = (KeyAlgorithm.RSA_3072, KeyAlgorithm.P_256)


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo person, as `demo.json` tells it to scripts."""

    password: Password
    seed: TotpSeed
    credentials: tuple[dict[str, str], ...]
    """``credential_id``, ``algorithm``, ``certificate`` (file)."""
    complete: bool = True
    """False: made before the demo person had a mail address and a phone number."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="create and run a demo instance, and prove it works")
    parser.add_argument("--instance", type=Path, default=argparse.SUPPRESS)
    parser.set_defaults(run=start)


def start(arguments: argparse.Namespace) -> int:
    """Create what is missing, serve, prove, print, and stay up until Ctrl-C."""
    instance: Path = arguments.instance
    # A shell that starts us in the background ignores SIGINT for us; and a SIGTERM must not leave
    # the service behind. Both end in KeyboardInterrupt.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    print(f"Preparing the demo instance in {instance} …", flush=True)
    settings = init.initialise(instance)
    if settings.environment == "production":
        raise CommandFailed(f"{instance} is a production instance; a demo has no place there")
    demo = load(settings) or asyncio.run(_create(settings))
    if not demo.complete:
        asyncio.run(_complete(settings))
    with _service(settings) as (service, base_url):
        try:
            _write(settings, demo, base_url)
            asyncio.run(_prove(settings, demo, base_url))
            _banner(settings, demo, base_url)
            return service.wait()
        except KeyboardInterrupt:
            print("\nStopping.")
            return 0


def load(settings: Settings) -> Demo | None:
    """The demo person of an earlier run."""
    path = settings.path(DEMO_FILE)
    if not path.exists():
        return None
    known: dict[str, Any] = json.loads(path.read_bytes())
    person = known["account"]
    return Demo(
        Password(person["password"]),
        TotpSeed(person["totp_secret"]),
        tuple(known["credentials"]),
        complete="email" in person,
    )


async def _create(settings: Settings) -> Demo:
    """One account, one authenticator, one credential per algorithm."""
    password = Password(SystemEntropy().token()[:20])
    async with common.administration(settings) as opened:
        if await opened.store.accounts.all():
            raise CommandFailed(f"{settings.instance} has accounts already, and they are no demo")
        applicant = registration.check(_FORM, phones.DEFAULT_PREFIXES)
        account_id = await opened.enrolment.create_account(USERNAME, password, applicant)
        seed = await opened.enrolment.pair_authenticator(account_id)
        credentials = [
            await _credential(
                opened, NewCredential(account_id, _person(settings), algorithm, None, use_otp=True)
            )
            for algorithm in _ALGORITHMS
        ]
    demo = Demo(password, seed, tuple(credentials))
    _write(settings, demo, settings.base_url)
    return demo


async def _complete(settings: Settings) -> None:
    """Give the demo person of an earlier version what the pages need."""
    async with common.administration(settings) as opened:
        account = await common.account_named(opened.store, USERNAME)
        rules = replace(app.people_rules(settings), prefixes=phones.DEFAULT_PREFIXES)
        change = SetProfile(opened.store.people, SystemClock(), Letters(SystemEntropy(), rules))
        await change(Call("local", "demo"), "operator:demo", account.account_id, _FORM)


def _person(settings: Settings) -> Identity:
    number = Identifier(IdentifierScheme.OPAQUE, "DEMO-1")
    return Identity(settings.service.region, number, given_name="Demo", surname="Signatory")


async def _credential(opened: Administration, new: NewCredential) -> dict[str, str]:
    async with common.certifying(opened) as ca:
        credential = await opened.enrolment.create_credential(new, ca)
    label = new.algorithm.label
    certificate = opened.settings.path(Path(f"demo/{label.lower()}.der"))
    common.write_private(certificate, credential.certificates[0])
    return {
        "credential_id": credential.credential_id,
        "algorithm": label,
        "certificate": str(certificate),
    }


def _write(settings: Settings, demo: Demo, base_url: str) -> None:
    """`demo.json`, mode 0600, for scripts."""
    content = {
        "base_url": base_url,
        "account": {
            "username": USERNAME,
            "password": demo.password.value,
            "totp_secret": demo.seed.value,
            "email": _FORM.email,
            "phone": _FORM.phone,
        },
        "credentials": list(demo.credentials),
        "ca_root": str(settings.path(app.CA_ROOT)),
        "signed_pdf": str(settings.path(SIGNED)),
    }
    common.write_private(settings.path(DEMO_FILE), json.dumps(content, indent=2).encode() + b"\n")


@contextmanager
def _service(settings: Settings) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The running service; its log goes to a file, so that the terminal stays readable."""
    # Opened here first, so that a taken port is said before anything starts.
    probes = run.open_listeners(settings)
    port = probes[0].getsockname()[1]
    for probe in probes:
        probe.close()
    base_url = settings.public_url or f"http://{settings.host}:{port}"
    log = settings.path(LOG)
    with log.open("ab") as file:
        service = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-m", "csc_server", "--instance", str(settings.instance), "run"],
            stdout=file,
            stderr=file,
            env=os.environ | {f"{PREFIX}PORT": str(port)},
            process_group=0,
        )
        try:
            asyncio.run(_ready(service, f"http://{settings.host}:{port}", log))
            yield service, base_url
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()


async def _ready(service: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline and service.poll() is None:
            try:
                async with http.get(f"{url}/health/ready") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # Not listening yet; asked again until the deadline.
            await asyncio.sleep(0.05)
    raise CommandFailed(f"the service did not get ready; its log is {log}")


async def _prove(settings: Settings, demo: Demo, base_url: str) -> None:
    """Sign the sample PDF like any client would, and validate it.

    The code is the one of the step before the current one, which the service accepts too: so the
    current code is left to the person at the terminal. After a quick restart that step may be
    spent; then the next step is waited for.
    """
    for _ in range(PROOFS - 1):
        try:
            await _sign_sample(settings, demo, base_url)
            break
        except client.ServiceRefused as refusal:
            if refusal.error != "invalid_otp":
                raise
            print("The last code was used moments ago; waiting for the next one …", flush=True)
            await asyncio.sleep(_until_next_step_s())
    else:
        await _sign_sample(settings, demo, base_url)
    await validate(settings.path(SIGNED), settings.path(app.CA_ROOT))


async def _sign_sample(settings: Settings, demo: Demo, base_url: str) -> None:
    async def ask(about: dict[str, Any], hashes: list[str]) -> tuple[Pin | None, Otp | None]:
        del about, hashes
        code = pyotp.TOTP(demo.seed.value, digits=totp.DIGITS, interval=totp.STEP_S)
        previous = totp.step_at(SystemClock().now()) - 1
        return None, Otp(code.at(previous * totp.STEP_S))

    async with client.log_in(base_url, USERNAME, demo.password) as person:
        signer = await person.signer(demo.credentials[0]["credential_id"], ask)
        await client.sign_file(signer, SAMPLE, settings.path(SIGNED))


def _until_next_step_s() -> float:
    now = SystemClock().now().timestamp()
    return totp.STEP_S - now % totp.STEP_S + 0.2


async def validate(pdf: Path, root: Path) -> None:
    """Integrity, coverage, modifications and chain of the one signature in a PDF.

    Raises:
        CommandFailed: It does not hold.
    """
    anchor = x509.Certificate.load(root.read_bytes())
    context = ValidationContext(trust_roots=[anchor], allow_fetching=False)
    with pdf.open("rb") as file:
        signature = PdfFileReader(file).embedded_regular_signatures[-1]
        status = await async_validate_pdf_signature(signature, context)
    if not status.bottom_line:
        raise CommandFailed(f"the proof failed: {status.summary()}")


def _banner(settings: Settings, demo: Demo, base_url: str) -> None:
    print()
    account.show_pairing(USERNAME, settings.service.name, demo.seed)
    print(
        f"""
Paraph is up, and has proved it: a PDF was signed over HTTP with a TOTP code, and validates.

  signed PDF   {settings.path(SIGNED)}
  CSC API v1   {base_url}/csc/v1/
  CSC API v2   {base_url}/csc/v2/
  OCSP, CRL    {settings.pki.base_url}/ocsp, /issuing.crl; time-stamps at /tsa
  user name    {USERNAME}
  password     {demo.password.value}
  pages        {base_url}/login
  mails, SMS   {base_url}/outbox
  for scripts  {settings.path(DEMO_FILE)}
  log          {settings.path(LOG)}

A demo for development: its keys lie in SoftHSM, its certificates are worth nothing outside.
Ctrl-C stops it; `make run` starts it again with the same data.""",
        flush=True,
    )
