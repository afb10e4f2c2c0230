"""Accounts and credentials from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.csc_server.api.conftest import World, world  # noqa: F401 - the running service
from tests.csc_server.commands.cli import run
from tests.service import PASSWORD


def test_people_and_credentials(instance: Path) -> None:
    """create, pair, credential create, list, disable, suspend, unlock; mistakes are explained."""
    assert run(instance, "account", "create", "ana", stdin=PASSWORD + "\n")[0] == 0
    again = run(instance, "account", "create", "ana", stdin=PASSWORD + "\n")
    assert again == (2, "csc-server: ana exists already\n")
    status, told = run(instance, "credential", "create", "ana", "--given-name", "Ana")
    assert status == 2
    assert "account pair ana" in told
    assert "TOTP secret: " in run(instance, "account", "pair", "ana")[1]
    status, told = run(instance, "credential", "create", "ana", "--given-name", "Ana")
    assert status == 0
    credential = told.split()[-1].rstrip(".")
    weak = run(
        instance, "credential", "create", "ana", "--given-name", "A", "--pin", stdin="123456\n"
    )
    assert weak[0] == 2
    by_sms = ("credential", "create", "ana", "--given-name", "A", "--sms")
    assert run(instance, *by_sms)[0] == 2
    status, told = run(instance, *by_sms, "--pin", stdin="493817\n")
    assert status == 2
    assert "no phone number" in told
    assert run(instance, "credential", "disable", credential)[0] == 0
    assert "disabled" in run(instance, "credential", "list", "ana")[1]
    assert run(instance, "account", "suspend", "ana")[0] == 0
    assert "suspended" in run(instance, "account", "list")[1]
    assert run(instance, "account", "unlock", "ana")[0] == 0
    for _ in range(2):
        credited = run(instance, "account", "credit", "ana", "200", "package 1")
        assert credited == (0, "ana has 200 of 200 left.\n")
    differs = "csc-server: package 1 was used for another credit\n"
    assert run(instance, "account", "credit", "ana", "5", "package 1") == (2, differs)
    assert run(instance, "account", "credit", "ana", "0", "package 2")[0] == 2
    assert run(instance, "account", "unlock", "ghost") == (2, "csc-server: no account ghost\n")


def test_a_new_key_for_passwords(instance: Path) -> None:
    """What is set from then on is kept under it; the rest until it is next seen."""
    assert run(instance, "account", "create", "first", stdin=PASSWORD + "\n")[0] == 0
    before = run(instance, "password-key", "list")
    assert run(instance, "password-key", "add") == (
        0,
        "Made password key 2. Restart the service to use it.\n",
    )
    assert run(instance, "account", "create", "second", stdin=PASSWORD + "\n")[0] == 0
    assert run(instance, "password-key", "list") == (0, f"{before[1]}key 2: 1\n")
    assert run(instance, "init")[0] == 0
    assert run(instance, "password-key", "list") == (0, f"{before[1]}key 2: 1\n")


def test_a_profile_for_the_pages(instance: Path) -> None:
    """With the account or later, shown, corrected; every mistake is named, nothing half done."""
    whole = ["--first-name", "Ion", "--last-name", "Pop", "--email", "Ion@example.ro"]
    number = ["--phone", "+40 722 000 111"]
    status, told = run(instance, "account", "create", "ion", *whole, stdin=PASSWORD + "\n")
    assert (status, told) == (2, "csc-server: --phone: missing\n")
    abroad = run(instance, "account", "create", "ion", *whole, "--phone", "+33612345678")
    assert abroad == (2, "csc-server: --phone: country\n")
    assert run(instance, "account", "create", "ion", *whole, *number, stdin=PASSWORD + "\n")[0] == 0
    told = run(instance, "account", "profile", "ion")[1]
    assert told == "Ion Pop, Ion@example.ro, +40722000111\n"
    assert run(instance, "account", "create", "later", stdin=PASSWORD + "\n")[0] == 0
    assert "later has no profile" in run(instance, "account", "profile", "later")[1]
    assert run(instance, "account", "profile", "later", "--email", "x@example.ro")[0] == 2
    taken = run(instance, "account", "profile", "later", *whole, *number)
    assert taken == (2, "csc-server: the mail address belongs to another account\n")
    whole[-1] = "later@example.ro"
    assert run(instance, "account", "profile", "later", *whole, *number)[0] == 0
    changed = run(instance, "account", "profile", "later", "--last-name", "Popa")
    assert changed == (0, "Ion Popa, later@example.ro, +40722000111\n")
