"""What several commands need: the instance, its administration, questions to the person."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csc_server import app, authority, storage
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.passwords import PepperedHasher
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.certificates.ending import EndCertificate
from csc_server.operations.enrol import Enrolment
from csc_server.ports import Account
from csc_server.ports.ca import CertificateAuthority
from hsm import provision
from hsm.messages import Role
from hsm.pool import SignerPool
from pki.shared_factors import SharedFactors
from policies.secret import Pin

AUDIT: Final = Path("audit")


@dataclass(frozen=True, slots=True)
class Administration:
    """An opened instance, for commands that change it."""

    settings: Settings
    device: SignerPool
    store: storage.Storage
    enrolment: Enrolment


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[Administration]:
    """One signer process with the administrator's role, and the database."""
    roles = frozenset({Role.ADMIN, Role.ENROL, Role.SIGN})
    wanted = app.pool_settings(settings, roles=roles, processes=1)
    async with (
        SignerPool(wanted) as device,
        storage.open_storage(
            settings.database,
            journal=app.journal_path(settings, "cli"),
            checkpoints=app.checkpoints_path(settings, "cli"),
            sign_checkpoint=device.checkpoint,
            node="cli",
        ) as store,
    ):
        yield Administration(settings, device, store, _enrolment(store, device))


def _enrolment(store: storage.Storage, device: SignerPool) -> Enrolment:
    entropy = SystemEntropy()
    return Enrolment(
        accounts=store.accounts,
        people=store.people,
        credentials=store.credentials,
        register=store.certificates,
        device=device,
        hasher=PepperedHasher(entropy, device),
        clock=SystemClock(),
        entropy=entropy,
        actor=f"operator:{getpass.getuser()}",
        shared_factors=SharedFactors(store.credentials),
    )


@asynccontextmanager
async def certifying(opened: Administration) -> AsyncIterator[CertificateAuthority]:
    """Who certifies people's keys, while the context lasts.

    Raises:
        CommandFailed: There is no authority yet.
    """
    actor = f"operator:{getpass.getuser()}"
    async with AsyncExitStack() as stack:
        try:
            certifier = await stack.enter_async_context(
                authority.certifying(opened.settings, opened.store, opened.device, actor)
            )
        except FileNotFoundError as missing:
            raise CommandFailed("there is no authority yet; run: csc-server ca init") from missing
        yield certifier.ca


def end_certificate(opened: Administration) -> EndCertificate:
    """What an operator suspends, resumes and revokes with."""
    store, tell = opened.store, app.tell_owner(opened.settings, opened.store)
    return EndCertificate(store.certificates, store.orders, tell, SystemClock())


async def account_named(store: storage.Storage, username: str) -> Account:
    """The account.

    Raises:
        CommandFailed: No such account.
    """
    account = await store.accounts.find(username)
    if account is None:
        raise CommandFailed(f"no account {username}")
    return account


def ask_secret(question: str, *, twice: bool = False) -> str:
    """A secret from the terminal, or one line of standard input when that is no terminal.

    Raises:
        CommandFailed: Empty, or the two entries differ.
    """
    if not sys.stdin.isatty():
        answer = sys.stdin.readline().rstrip("\n")
    else:
        answer = getpass.getpass(f"{question}: ")
        if twice and getpass.getpass(f"{question}, once more: ") != answer:
            raise CommandFailed("the two entries differ")
    if not answer:
        raise CommandFailed(f"{question}: nothing entered")
    return answer


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def softhsm_tokens(conf: Path, tokens: Path, pin_files: Mapping[str, Path]) -> None:
    """SoftHSM tokens with random PINs in files of their own, by label.

    They are made in a directory that gets its name when all is done: a token whose PIN nobody
    wrote down would be lost.
    """
    unfinished = tokens.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    temporary = conf.with_suffix(".new")
    provision.write_configuration(temporary, unfinished)
    entropy = SystemEntropy()
    for label, pin_file in pin_files.items():
        pin, so_pin = Pin(entropy.identifier()), Pin(entropy.identifier())
        write_private(pin_file, pin.value.encode())
        write_private(pin_file.with_suffix(".so-pin"), so_pin.value.encode())
        provision.create_token(temporary, label, pin, so_pin)
    provision.write_configuration(conf, tokens)
    temporary.unlink()
    unfinished.rename(tokens)
