"""Judge a new password: for every verb that sets one, and for the meter beside the field."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.rules import PeopleRules
from csc_server.ports.people import PasswordStrength, Profile
from policies import errors, passwords
from policies.passwords import Weakness
from policies.registration import Applicant, Problem
from policies.secret import Password


@dataclass(frozen=True, slots=True)
class JudgePassword:
    """What is wrong with a password, in one word."""

    strength: PasswordStrength
    rules: PeopleRules

    async def __call__(
        self, password: Password, person: Profile | Applicant | None, *, second_factor: bool
    ) -> Weakness | None:
        """The first rule it breaks, ``None`` when it may be set.

        Args:
            person: Whose names it must not consist of.
            second_factor: An authenticator is paired: a shorter one will do.
        """
        text, context = passwords.normal(password), self.rules.context
        if person is not None:
            about = [person.first_name, person.last_name, person.email]
            context |= passwords.context_words(about)
        estimate = await self.strength(text, context)
        return passwords.weakness(text, estimate, context, second_factor=second_factor)

    async def demand(
        self,
        password: Password,
        repeated: Password,
        person: Profile | Applicant | None,
        *,
        second_factor: bool,
    ) -> None:
        """Return when the password may be set.

        Raises:
            FormInvalid: Field ``repeated``: the two differ.
            PasswordRefused: See ``policies.passwords``.
        """
        found = await self(password, person, second_factor=second_factor)
        if found is not None:
            raise errors.PasswordRefused(found)
        if password != repeated:
            raise errors.FormInvalid({"repeated": Problem.DIFFERS})
