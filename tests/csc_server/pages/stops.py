"""Every page in every state: one table, walked by tests and for pictures.

A new page or state is a line here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from csc_server.operations.people.pairing import Paired
from csc_server.ports import StorageUnavailable
from csc_server.ports.messages import Kept
from policies import errors
from policies.passwords import Weakness
from tests.csc_server.pages import cast, papers, stage
from tests.csc_server.pages.cast import sent, soon
from tests.csc_server.pages.stage import StageServer
from tests.csc_server.pages.tour import Arrange, Stop, fetch, press, run, send, type_password, visit

TOKEN: Final = "T" * 43
_MISSING: Final = ("first_name", "last_name", "email", "phone", "privacy_read")


def refuse(reason: errors.Refused) -> Arrange:
    """Approvals end so."""

    def act(server: StageServer) -> None:
        server.programs.refusal = server.approvals.refusal = reason

    return act


def refuse_ending(reason: errors.Refused) -> Arrange:
    """A certificate cannot be ended so."""

    def act(server: StageServer) -> None:
        server.certificates.refusal = reason

    return act


def shown(**changes: Any) -> Arrange:
    """Another profile."""
    return lambda server: server.people.show(**changes)


def became(**changes: Any) -> Arrange:
    """Another person: fields of ``ports.people.Person``."""

    def act(server: StageServer) -> None:
        server.people.person = replace(server.people.person, **changes)

    return act


def _mandatory(server: StageServer) -> None:
    server.people.rules = replace(server.people.rules, mandatory_from=soon(0).date())


def _command_line(server: StageServer) -> None:
    server.people.person = cast.from_command_line()


def _cooling(server: StageServer) -> None:
    paired = cast.authenticator(signs_from=soon(24 * 60))
    server.people.person = replace(server.people.person, authenticator=paired)


def _no_programs(server: StageServer) -> None:
    server.programs.applications_of.clear()


def _long_names(server: StageServer) -> None:
    programs = server.programs.applications_of
    programs[:] = [replace(one, name=cast.FORTY, host=f"{'x' * 63}.example") for one in programs]


def _no_certificates(server: StageServer) -> None:
    server.certificates.lines.clear()


def _no_approvals(server: StageServer) -> None:
    server.approvals.requests.clear()


def _sessions(server: StageServer) -> None:
    server.open_elsewhere(
        "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/605.1.15",
        "",
    )


def _messages(server: StageServer) -> None:
    mail = {
        "channel": "mail",
        "kind": "invitation",
        "to": cast.EMAIL,
        "language": "ro",
        "from": "Paraph <no-reply@paraph.example>",
        "subject": "Invitația la Paraph",
        "text": f"Bună ziua\n\nhttps://sign.paraph.example/register/{TOKEN}\n",
        "html": "<!doctype html><html lang=ro><title>x</title><main><h1>Bună</h1></main></html>",
    }
    sms = {
        "channel": "sms",
        "kind": "phone_code",
        "to": cast.PHONE,
        "language": "en",
        "text": "482913 - Paraph code.\n@sign.paraph.example #482913",
    }
    server.messages = [
        Kept(f"m{number}", soon(-number), json.dumps(one).encode())
        for number, one in enumerate((sms, mail))
    ]


def _login() -> Iterator[Stop]:
    nobody, half = None, stage.HALF
    typed = {"email": cast.EMAIL, "password": "x"}
    yield Stop("login", "/login", nobody)
    for name, reason in (
        ("mismatch", errors.LoginFailed("x")),
        ("too-often", errors.RateLimited("x")),
    ):
        steps = (send("/login", **typed),)
        yield Stop(f"login-{name}", "/login", nobody, {"sign_in": reason}, steps=steps)
    for news in ("signed_out", "created", "password", "unlocked", "phone"):
        yield Stop(f"login-{news.replace('_', '-')}", f"/login?{news}=1", nobody)
    yield Stop("login-idle", "/settings", stage.IDLE)
    yield Stop("login-ended", "/settings", stage.ENDED)
    yield Stop("login-for-program", "/login?next=/approve?request=consent", half)
    yield Stop("signed-out", "/settings", steps=(send("/logout"),))
    yield Stop("home", "/")
    yield Stop("code", "/login/code", half)
    for name, refused in (
        ("wrong", errors.LoginCodeWrong(4)),
        ("last-try", errors.LoginCodeWrong(1)),
        ("locked", errors.LoginCodeLocked(soon(15))),
        ("stopped", errors.LoginCodeLocked(None)),
        ("skewed", errors.ClockSkewed(-120)),
    ):
        steps = (send("/login/code", code="123 456"),)
        outcomes = {"check_login_code": refused}
        yield Stop(f"code-{name}", "/login/code", half, outcomes, steps=steps)


def _registration() -> Iterator[Stop]:
    nobody, here = None, f"/register/{TOKEN}"
    yield Stop("register", "/register", nobody)
    missing = errors.FormInvalid(dict.fromkeys(_MISSING, "missing"))
    broken = errors.FormInvalid(
        {"first_name": "too_long", "email": "malformed", "phone": "country"}
    )
    for name, reason in (("empty", missing), ("broken", broken)):
        outcomes = {"start_registration": reason}
        yield Stop(f"register-{name}", "/register", nobody, outcomes, steps=(send("/register"),))
    yield Stop("register-sent", "/register", nobody, steps=(send("/register"),))
    ask = send(here, "phone", phone=cast.PHONE)
    number = {"send_phone_code": errors.FormInvalid({"phone": "malformed"})}
    often = {"send_phone_code": errors.RateLimited("x")}
    yield Stop("invitation-phone", here, nobody)
    yield Stop("invitation-phone-wrong", here, nobody, number, steps=(ask,))
    yield Stop("invitation-phone-too-often", here, nobody, often, steps=(ask,))
    yield Stop("invitation-code", here, nobody, steps=(ask,))
    # Asked for again, after its end and before another may go.
    late = {"send_phone_code": sent(minutes=-1, again=19, fresh=False)}
    yield Stop("invitation-code-late", here, nobody, late, steps=(ask,))
    again = {"send_phone_code": sent(minutes=-20, again=-1)}
    yield Stop("invitation-code-again", here, nobody, again, steps=(ask,))
    for name, told in (
        ("wrong", errors.CodeWrong(2)),
        ("last-try", errors.CodeWrong(1)),
        ("dead", errors.CodeExpired("x")),
    ):
        steps = (ask, send(here, "code", code="123456"))
        yield Stop(f"invitation-code-{name}", here, nobody, {"confirm_phone": told}, steps=steps)
    confirmed = {"open_invitation": cast.invitation(confirmed=True)}
    yield Stop("invitation-password", here, nobody, confirmed)
    judged = confirmed | {"judge_password": Weakness.CONTEXT}
    yield Stop(
        "invitation-password-judged", here, nobody, judged, steps=(type_password("#password"),)
    )
    for name, wrong in (
        ("differs", errors.FormInvalid({"repeated": "differs"})),
        ("weak", errors.PasswordRefused("too_short")),
    ):
        refused = confirmed | {"create_account": wrong}
        chosen = send(here, "password")
        yield Stop(f"invitation-password-{name}", here, nobody, refused, steps=(chosen,))
    dead = {"open_invitation": errors.LinkInvalid("x")}
    yield Stop("dead-link-register", here, nobody, dead)


def _passwords() -> Iterator[Stop]:
    nobody, here, lift = None, f"/password/{TOKEN}", f"/unlock/{TOKEN}"
    yield Stop("forgotten", "/password", nobody)
    yield Stop("forgotten-empty", "/password", nobody, steps=(send("/password"),))
    yield Stop("forgotten-sent", "/password", nobody, steps=(send("/password", email=cast.EMAIL),))
    ask, answer = send(here, "send"), send(here, "set", code="123456")
    yield Stop("new-password", here, nobody)
    yield Stop("new-password-code", here, nobody, steps=(ask,))
    often = {"send_password_code": errors.RateLimited("x")}
    yield Stop("new-password-too-often", here, nobody, often, steps=(ask,))
    for name, reason in (
        ("weak", errors.PasswordRefused("common")),
        ("wrong", errors.CodeWrong(2)),
        ("dead", errors.CodeExpired("x")),
    ):
        outcomes = {"set_new_password": reason}
        yield Stop(f"new-password-{name}", here, nobody, outcomes, steps=(ask, answer))
    dead = errors.LinkInvalid("x")
    yield Stop("dead-link-password", here, nobody, {"send_password_code": dead}, steps=(ask,))
    yield Stop("unlock", lift, nobody)
    wrong = errors.PasswordWrong("x")
    yield Stop("unlock-wrong", lift, nobody, {"unlock": wrong}, steps=(send(lift, password="x"),))
    yield Stop("dead-link-unlock", lift, nobody, {"unlock": dead}, steps=(send(lift),))


def _notices() -> Iterator[Stop]:
    late = errors.FormInvalid({"remind_on": "too_late"})
    yield Stop("two-factor", "/two-factor")
    choose = send("/two-factor", deferral="until", remind_on="2199-01-01")
    yield Stop(
        "two-factor-late", "/two-factor", outcomes={"defer_second_factor": late}, steps=(choose,)
    )
    none = run("document.querySelectorAll('[name=deferral]').forEach(r => { r.checked = false; })")
    yield Stop("two-factor-none", "/two-factor", steps=(none, send("/two-factor")))
    yield Stop("two-factor-mandatory", "/two-factor", arrange=_mandatory)
    yield Stop("privacy-read", "/privacy/read")
    early = press("form[data-read] button")
    yield Stop("privacy-read-too-early", "/privacy/read", steps=(early,))
    ended = run("document.getElementById('notice').scrollTop = 10000")
    yield Stop("privacy-accepted", "/privacy/read", steps=(ended, send("/privacy/read")))
    proposed = shown(proposed_phone=cast.NEW_PHONE)
    yield Stop("phone-question", "/phone", arrange=proposed)
    confirmed = send("/phone", "confirm")
    yield Stop("phone-confirmed", "/phone", arrange=proposed, steps=(confirmed,))
    confirm = "/confirm?next=/settings/phone"
    yield Stop("confirm-code", confirm, stage.STALE)
    outcomes = {"check_login_code": errors.LoginCodeWrong(3)}
    steps = (send("/confirm", code="123456"),)
    yield Stop("confirm-code-wrong", confirm, stage.STALE, outcomes, steps=steps)
    reset = "/confirm?next=/authenticator"
    yield Stop("confirm-password", "/authenticator", stage.STALE)
    wrong = {"sign_in": errors.LoginFailed("x")}
    steps = (send("/confirm", password="x"),)
    yield Stop("confirm-password-wrong", reset, stage.STALE, wrong, steps=steps)


def _settings() -> Iterator[Stop]:
    yield Stop("settings", "/settings")
    yield Stop("settings-cooling", "/settings", arrange=_cooling)
    yield Stop("settings-unpaired", "/settings", arrange=became(authenticator=None))
    yield Stop("settings-command-line", "/settings", arrange=_command_line)
    long = shown(first_name=cast.LONG_NAME, last_name=cast.LONG_NAME[::-1])
    yield Stop("settings-long-name", "/settings", arrange=long)
    address = shown(email="a" * 64 + "@" + "mail." * 12 + "example.ro")
    yield Stop("settings-long-address", "/settings", arrange=address)
    yield Stop("data-long-address", "/settings/data", arrange=address)
    yield Stop("settings-arabic-name", "/settings", arrange=shown(first_name="نور", last_name="ع"))
    for done in ("password", "language", "sessions", "programs"):
        yield Stop(f"settings-{done}-done", f"/settings?{done}=1")
    here = "/settings/password"
    yield Stop("password", here)
    for name, reason in (
        ("wrong", errors.PasswordWrong("x")),
        ("same", errors.PasswordRefused("same")),
        ("differs", errors.FormInvalid({"repeated": "differs"})),
    ):
        yield Stop(
            f"password-{name}", here, outcomes={"change_password": reason}, steps=(send(here),)
        )
    yield Stop("language", "/settings/language")
    steps = (send("/settings/language", language="fr"),)
    yield Stop("language-done", "/settings/language", steps=steps)
    yield Stop(
        "sessions-one", "/settings/sessions", arrange=lambda server: server.keep_only(stage.KEY)
    )
    yield Stop("sessions", "/settings/sessions", arrange=_sessions)
    yield Stop(
        "sessions-ended",
        "/settings/sessions",
        arrange=_sessions,
        steps=(send("/settings/sessions"),),
    )
    yield Stop("programs", "/settings/programs")
    yield Stop("programs-none", "/settings/programs", arrange=_no_programs)
    yield Stop("programs-long-names", "/settings/programs", arrange=_long_names)
    yield Stop("program-withdrawn", "/settings/programs", steps=(send("/settings/programs"),))
    yield Stop("data", "/settings/data")
    yield Stop("data-command-line", "/settings/data", arrange=_command_line)


def _certificates() -> Iterator[Stop]:
    here = "/certificates"
    yield Stop("certificates", here)
    yield Stop("certificates-none", here, arrange=_no_certificates)
    for done in ("suspended", "revoked"):
        yield Stop(f"certificates-{done}", f"{here}?{done}=1")
    for line in papers.StagedCertificates(b"").lines:
        yield Stop(f"certificate-{line.serial}", f"{here}/{line.serial}")
    file = fetch(f"{here}/file/{papers.VALID}")
    yield Stop("certificate-file", f"{here}/{papers.VALID}", steps=(file,))
    for how in ("suspend", "revoke"):
        asked = f"{here}/end?how={how}&serial={papers.VALID}"
        yield Stop(f"certificate-{how}", asked)
        yield Stop(f"certificate-{how}-proof", asked, stage.STALE)
    sure = send(f"{here}/end")
    asked = f"{here}/end?how=revoke&serial={papers.VALID}"
    yield Stop("certificate-revoke-no-reason", asked, steps=(sure,))
    why = send(f"{here}/end", reason="superseded")
    yield Stop("certificate-revoke-done", asked, steps=(why,))
    late = refuse_ending(errors.CertificateNotSo("revoked"))
    yield Stop("certificate-revoke-late", asked, arrange=late, steps=(why,))


def _phone() -> Iterator[Stop]:
    here = "/settings/phone"
    mail, mail_code = send(here, "mail"), send(here, "mail_code", code="123456")
    number, code = send(here, "number", phone=cast.NEW_PHONE), send(here, "sms_code", code="1")
    wrong = {"confirm_email": errors.CodeWrong(2)}
    foreign = {"send_new_phone_code": errors.FormInvalid({"phone": "country"})}
    often = {"send_new_phone_code": errors.RateLimited("x")}
    dead = {"confirm_new_phone": errors.CodeExpired("x")}
    yield Stop("phone", here)
    yield Stop("phone-mail-code", here, steps=(mail,))
    yield Stop("phone-mail-code-wrong", here, outcomes=wrong, steps=(mail, mail_code))
    yield Stop("phone-number", here, steps=(mail, mail_code))
    yield Stop("phone-number-foreign", here, outcomes=foreign, steps=(mail, mail_code, number))
    yield Stop("phone-too-often", here, outcomes=often, steps=(mail, mail_code, number))
    yield Stop("phone-sms-code", here, steps=(mail, mail_code, number))
    yield Stop("phone-sms-code-dead", here, outcomes=dead, steps=(mail, mail_code, number, code))
    yield Stop("phone-command-line", here, arrange=_command_line)


def _pairing() -> Iterator[Stop]:
    here, unpaired = "/authenticator", became(authenticator=None)
    ask, app = send("/authenticator/send"), "/authenticator/app"
    confirm = send("/authenticator/phone", code="123456", installed="1")
    prove = send(app, code="123456")
    yield Stop("pair", here, arrange=unpaired)
    yield Stop("pair-demanded", here, stage.PAIRING, arrange=unpaired)
    yield Stop("pair-sent", here, arrange=unpaired, steps=(ask,))
    for name, unsent in (
        ("too-often", errors.RateLimited("x")),
        ("no-sms-left", errors.SmsBudgetSpent("x")),
    ):
        none = {"start_pairing": unsent}
        yield Stop(f"pair-{name}", here, outcomes=none, arrange=unpaired, steps=(ask,))
    for name, reason in (
        ("no-tick", errors.FormInvalid({"installed": "missing"})),
        ("code-wrong", errors.CodeWrong(1)),
    ):
        outcomes = {"confirm_pairing_code": reason}
        steps = (ask, confirm)
        yield Stop(f"pair-{name}", here, outcomes=outcomes, arrange=unpaired, steps=steps)
    yield Stop("pair-replace", here)
    yield Stop("pair-app", here, arrange=unpaired, steps=(ask, confirm))
    key = run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    yield Stop("pair-app-key", here, arrange=unpaired, steps=(ask, confirm, key))
    for name, refused in (
        ("wrong", errors.OtpWrong("x")),
        ("skewed", errors.ClockSkewed(180)),
        ("ended", errors.StepMissing("x")),
    ):
        proved = {"finish_pairing": refused}
        way = (ask, confirm, prove)
        yield Stop(f"pair-app-{name}", here, outcomes=proved, arrange=unpaired, steps=way)
    yield Stop("pair-app-reloaded", here, arrange=unpaired, steps=(ask, confirm, visit(app)))
    yield Stop(
        "pair-phone-reloaded", here, arrange=unpaired, steps=(visit("/authenticator/phone"),)
    )
    yield Stop("paired", here, arrange=unpaired, steps=(ask, confirm, prove))
    cooling = {"finish_pairing": Paired(replaced=True, signs_from=soon(24 * 60))}
    yield Stop("paired-cooling", here, outcomes=cooling, steps=(ask, confirm, prove))
    yield Stop("pair-command-line", here, arrange=_command_line)


def _programs() -> Iterator[Stop]:
    for version in (1, 2):
        path = f"/csc/v{version}/oauth2/authorize?client_id="
        yield Stop(f"begin-v{version}", f"{path}contab&state=approve")
        yield Stop(f"unknown-program-v{version}", f"{path}rogue")
    for asked in (
        *("consent", "more", "native", "long", "forty", "other", "gone"),
        *("approve", "hashes", "many", "odd", "pin", "choose", "none"),
    ):
        yield Stop(f"ask-{asked}", f"/approve?request={asked}")
    native = "/approve?request=native"
    for name, do in (("go-on", "allow"), ("go-on-refused", "refuse")):
        yield Stop(name, native, steps=(send("/approve", do),), calls=True)
    yield Stop("signed-in", "/signed-in", None)
    for name, reason in (
        ("code-wrong", errors.OtpWrong("x")),
        ("code-locked", errors.OtpLocked("x")),
        ("code-cooling", errors.AuthenticatorCooling("x")),
        ("unpaired", errors.AuthenticatorNotReady("x")),
        ("pin-wrong", errors.PinWrong("x")),
        ("pin-locked", errors.PinLocked("x")),
        ("expired", errors.CertificateExpired("O", "CN")),
    ):
        steps = (send("/approve", "approve", code="123456", pin="1"),)
        yield Stop(f"ask-{name}", "/approve?request=pin", arrange=refuse(reason), steps=steps)


def _approvals() -> Iterator[Stop]:
    yield Stop("approvals", "/approvals")
    for done in ("approved", "refused"):
        none = _no_approvals if done == "refused" else None
        yield Stop(f"approvals-{done}", f"/approvals?{done}=1", arrange=none)
    for asked in (
        *("unnamed", "named", "native", "odd", "many"),
        *("pin", "sms", "choose", "none", "gone"),
    ):
        yield Stop(f"approval-{asked}", f"/approval?request={asked}")
    here = "/approval?request=pin"
    typed = send("/approval", "approve", code="123456", pin="1")
    for name, reason in (
        ("wrong", errors.OtpWrong("x")),
        ("locked", errors.OtpLocked("x")),
        ("pin-wrong", errors.PinWrong("x")),
        ("unusable", errors.NumSignaturesTooHigh(5)),
    ):
        yield Stop(f"approval-{name}", here, arrange=refuse(reason), steps=(typed,))
    sms, ask = "/approval?request=sms", send("/approval", "send")
    often = {"send_code": errors.RateLimited("x")}
    unsent = {"send_code": errors.OtpNotSent("x")}
    yield Stop("approval-sms-sent", sms, steps=(ask,))
    yield Stop("approval-sms-too-often", sms, outcomes=often, steps=(ask,))
    yield Stop("approval-sms-unsent", sms, outcomes=unsent, steps=(ask,))
    yield Stop("approval-sms-no-phone", sms, arrange=_command_line)
    wrong = refuse(errors.OtpWrong("x"))
    yield Stop("approval-sms-wrong", sms, arrange=wrong, steps=(ask, typed))
    yield Stop("approval-given", here, steps=(typed,))
    yield Stop("approval-refused", here, steps=(send("/approval", "refuse"),))


def _rest() -> Iterator[Stop]:
    nobody = None
    yield Stop("privacy", "/privacy", nobody)
    yield Stop("help", "/help", nobody)
    yield Stop("outbox", "/outbox", nobody, arrange=_messages)
    yield Stop("outbox-empty", "/outbox", nobody)
    yield Stop("error-404", "/nothing/here", nobody)
    yield Stop("error-405", "/logout", nobody)
    token = "document.querySelector('form[action=\"/logout\"] [name=csrf]')"
    forged = run(f"{token}.value = 'x'")
    large = run(f"{token}.value = 'x'.repeat(70000)")
    strange = run(f"{token}.form.enctype = 'multipart/form-data'")
    for name, step in (("403", forged), ("413", large), ("415", strange)):
        yield Stop(f"error-{name}", "/settings", steps=(step, send("/logout")))
    for name, reason in (
        ("429", errors.RateLimited("x")),
        ("500", RuntimeError("a bug")),
        ("503", StorageUnavailable("gone")),
    ):
        outcomes = {"check_login_code": reason}
        steps = (send("/login/code", code="123456"),)
        yield Stop(f"error-{name}", "/login/code", stage.HALF, outcomes, steps=steps)


def every() -> tuple[Stop, ...]:
    """Every page in every state, with times as of now: tests are collected long before they run."""
    return (
        *_login(),
        *_registration(),
        *_passwords(),
        *_notices(),
        *_settings(),
        *_certificates(),
        *_phone(),
        *_pairing(),
        *_programs(),
        *_approvals(),
        *_rest(),
    )


def paths(stops: Iterable[Stop]) -> list[Stop]:
    """The first of each path that stays where it is."""
    first: dict[str, Stop] = {}
    for one in stops:
        if not one.calls:
            first.setdefault(one.path.partition("?")[0], one)
    return list(first.values())


def layouts(stops: Iterable[Stop]) -> list[Stop]:
    """The first of each kind: states after the same number of steps look much alike."""
    kinds: dict[tuple[str, int], Stop] = {}
    for one in stops:
        kinds.setdefault((one.path, len(one.steps)), one)
    return list(kinds.values())
