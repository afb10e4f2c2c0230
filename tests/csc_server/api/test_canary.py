"""Secrets leave no trace: not in logs, not in the database, not in the audit log."""

from __future__ import annotations

from pathlib import Path

from tests.csc_server.api.conftest import World
from tests.service import PASSWORD, PIN, Client, digest_of

A = digest_of("canary")


async def test_no_secret_is_written_anywhere(client: Client, world: World) -> None:
    """Password, PIN, code, seed, tokens, SADs and HSM PINs, used well and badly: in no file."""
    person = world.with_code()
    alice = world.people["alice"]
    credential = alice.credentials["pin-p256"]
    code = person.code()
    await client.log_in(person)
    issued = await client.authorize(person.credentials["otp-p256"], A, PIN=None, OTP=code)
    await client.authorize(person.credentials["otp-p256"], A, PIN="777001", OTP="WRONG-CODE")
    remembered = await client.log_in(alice, rememberMe=True)
    sad = (await client.authorize(credential, A)).body["SAD"]
    await client.sign_hash(credential, sad, A)
    await client.sign_hash(credential, sad, A)
    await client.post("credentials/list", None, data=b'{"PIN":"888001"')
    settings = world.service.settings
    secrets = {
        "password": PASSWORD,
        "PIN": PIN,
        "wrong PIN": "777001",
        "PIN in broken JSON": "888001",
        "wrong code": "WRONG-CODE",
        "seed": person.seed.value if person.seed else "",
        "SAD": sad,
        "unused SAD": issued.body["SAD"],
        "access token": remembered.body["access_token"],
        "refresh token": remembered.body["refresh_token"],
        "HSM PIN": settings.path(settings.pkcs11.signers_pin_file).read_text().strip(),
    }
    written = [path for path in written_files(settings.instance) if path.is_file()]
    assert any(path.suffix == ".jsonl" for path in written)
    for path in written:
        content = path.read_bytes()
        found = [name for name, secret in secrets.items() if secret.encode() in content]
        assert not found, (path, found)
    # A code is six digits, which random bytes may hold: it is looked for in text only.
    assert code not in world.service.log.read_text()


def written_files(instance: Path) -> list[Path]:
    """Everything the service writes; not the PIN files, and not the HSM's own."""
    return [
        *instance.glob("*.sqlite*"),
        *instance.glob("audit/*"),
        *instance.glob("log/*"),
        *instance.glob("*.toml"),
    ]
