"""What people do with their accounts: one object with every verb, for pages and APIs.

Each verb reads facts, asks ``policies``, and writes its change with audit events and messages in
one transaction. None waits for a mail or an SMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from csc_server.operations.check_password import CheckPassword
from csc_server.operations.effects import Effects
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.people.account_state import SetAccountState
from csc_server.operations.people.change_phone import (
    ConfirmEmail,
    ConfirmNewPhone,
    SendEmailCode,
    SendNewPhoneCode,
)
from csc_server.operations.people.check_login_code import CheckLoginCode
from csc_server.operations.people.confirm_phone import ConfirmPhone, SendPhoneCode
from csc_server.operations.people.create_account import CreateAccount
from csc_server.operations.people.defer_second_factor import DeferSecondFactor
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.new_passwords import JudgePassword
from csc_server.operations.people.open_invitation import OpenInvitation
from csc_server.operations.people.pairing import (
    ConfirmPairingCode,
    FinishPairing,
    SendPairingInvitation,
    StartPairing,
)
from csc_server.operations.people.password import (
    ChangePassword,
    ForgottenPassword,
    SendPasswordCode,
    SetNewPassword,
)
from csc_server.operations.people.phone_proposal import AnswerPhoneProposal, ProposePhone
from csc_server.operations.people.profile import AcceptPrivacyNotice, SetLanguage, ShowPerson
from csc_server.operations.people.purge import Purge
from csc_server.operations.people.rules import PeopleRules
from csc_server.operations.people.sign_in import SignIn
from csc_server.operations.people.start_registration import StartRegistration
from csc_server.operations.people.unlock import Unlock
from csc_server.ports import Accounts, Clock, Entropy, Paces, PasswordHasher
from csc_server.ports import people as ports
from hsm.interface import Enrolment, SigningDevice

__all__ = ["People", "PeopleRules", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Every verb, under its name."""

    rules: PeopleRules
    # J1.1, J1.2
    start_registration: StartRegistration
    open_invitation: OpenInvitation
    send_phone_code: SendPhoneCode
    """Also *Change phone number*: it takes the number to be used."""
    confirm_phone: ConfirmPhone
    create_account: CreateAccount
    judge_password: JudgePassword
    # J1.3
    sign_in: SignIn
    check_login_code: CheckLoginCode
    defer_second_factor: DeferSecondFactor
    unlock: Unlock
    # J1.4, J1.11, J6
    start_pairing: StartPairing
    confirm_pairing_code: ConfirmPairingCode
    finish_pairing: FinishPairing
    send_pairing_invitation: SendPairingInvitation
    # J4
    change_password: ChangePassword
    forgotten_password: ForgottenPassword
    send_password_code: SendPasswordCode
    set_new_password: SetNewPassword
    # J5
    send_email_code: SendEmailCode
    confirm_email: ConfirmEmail
    send_new_phone_code: SendNewPhoneCode
    confirm_new_phone: ConfirmNewPhone
    # J1.6, J1.9
    propose_phone: ProposePhone
    answer_phone_proposal: AnswerPhoneProposal
    accept_privacy_notice: AcceptPrivacyNotice
    show_person: ShowPerson
    set_language: SetLanguage
    set_account_state: SetAccountState
    purge: Purge
    """Called now and then by a background task."""


class Device(SigningDevice, Enrolment, Protocol):
    """The device of a web process: checks codes and makes seeds."""


def build(
    *,
    people: ports.People,
    accounts: Accounts,
    device: Device,
    hasher: PasswordHasher,
    strength: ports.PasswordStrength,
    paces: Paces,
    clock: Clock,
    entropy: Entropy,
    effects: Effects,
    rules: PeopleRules,
) -> People:
    """All verbs over these edges."""
    letters = Letters(entropy, rules)
    judge = JudgePassword(strength, rules)
    opened = OpenInvitation(people, clock)
    check, limits = CheckPassword(accounts, hasher), LoginLimits(paces, rules.logins)
    plain = (people, clock, letters)
    return People(
        rules=rules,
        start_registration=StartRegistration(
            people=people, paces=paces, clock=clock, letters=letters
        ),
        open_invitation=opened,
        send_phone_code=SendPhoneCode(
            people=people, open_invitation=opened, clock=clock, letters=letters
        ),
        confirm_phone=ConfirmPhone(people, opened, clock),
        create_account=CreateAccount(
            people=people,
            open_invitation=opened,
            judge=judge,
            hasher=hasher,
            clock=clock,
            entropy=entropy,
        ),
        judge_password=judge,
        sign_in=SignIn(
            people=people, check_password=check, limits=limits, clock=clock, letters=letters
        ),
        check_login_code=CheckLoginCode(
            people=people, device=device, clock=clock, letters=letters, effects=effects
        ),
        defer_second_factor=DeferSecondFactor(people, clock, rules),
        unlock=Unlock(people=people, check_password=check, limits=limits, clock=clock),
        start_pairing=StartPairing(*plain),
        confirm_pairing_code=ConfirmPairingCode(
            people=people, device=device, clock=clock, entropy=entropy, letters=letters
        ),
        finish_pairing=FinishPairing(people=people, device=device, clock=clock, letters=letters),
        send_pairing_invitation=SendPairingInvitation(*plain),
        change_password=ChangePassword(
            people=people,
            judge=judge,
            check_password=check,
            hasher=hasher,
            clock=clock,
            letters=letters,
        ),
        forgotten_password=ForgottenPassword(people=people, clock=clock, letters=letters),
        send_password_code=SendPasswordCode(people=people, clock=clock, letters=letters),
        set_new_password=SetNewPassword(
            people=people, judge=judge, hasher=hasher, clock=clock, letters=letters
        ),
        send_email_code=SendEmailCode(*plain),
        confirm_email=ConfirmEmail(people, clock),
        send_new_phone_code=SendNewPhoneCode(*plain),
        confirm_new_phone=ConfirmNewPhone(*plain),
        propose_phone=ProposePhone(*plain),
        answer_phone_proposal=AnswerPhoneProposal(*plain),
        accept_privacy_notice=AcceptPrivacyNotice(people, clock, rules),
        show_person=ShowPerson(people),
        set_language=SetLanguage(people),
        set_account_state=SetAccountState(*plain),
        purge=Purge(people, clock),
    )
