"""Words for people in the API's answers, in the languages of the service. (CSC v1 11.1, ``lang``)

Errors are not here: their sentences are the standard's own and stay English.
"""

from __future__ import annotations

from typing import Final

from csc_server.wire.fields import Body, optional_string
from policies.messages import Language
from policies.values import Factor

DEFAULT: Final = Language.EN
"""What is answered to a language that we do not speak; never an error (CSC v1 11.1)."""

FACTORS: Final[dict[Factor, dict[Language, tuple[str, str]]]] = {
    Factor.PIN: {
        Language.EN: ("Signing PIN", "The PIN of this credential, digits only"),
        Language.RO: ("PIN de semnare", "PIN-ul acestui certificat, numai cifre"),
        Language.FR: ("PIN de signature", "Le PIN de ce certificat, uniquement des chiffres"),
    },
    Factor.OTP: {
        Language.EN: ("One-time code", "The 6-digit code that your authenticator app shows now"),
        Language.RO: (
            "Cod de unică folosință",
            "Codul de 6 cifre afișat acum de aplicația de autentificare",
        ),
        Language.FR: (
            "Code à usage unique",
            "Le code à 6 chiffres affiché maintenant par votre application d'authentification",
        ),
    },
    Factor.SMS: {
        Language.EN: ("Code by SMS", "The 6-digit code that we send to your phone"),
        Language.RO: ("Cod prin SMS", "Codul de 6 cifre pe care îl trimitem pe telefon"),
        Language.FR: (
            "Code par SMS",
            "Le code à 6 chiffres que nous envoyons sur votre téléphone",
        ),
    },
}
"""Label and description of each factor."""
APPROVAL: Final[dict[Language, tuple[str, str]]] = {
    Language.EN: ("Approval on our page", "An e-mail leads you to our page, where you approve"),
    Language.RO: (
        "Aprobare pe pagina noastră",
        "Un e-mail vă duce la pagina noastră, unde aprobați",
    ),
    Language.FR: (
        "Approbation sur notre page",
        "Un e-mail vous mène à notre page, où vous approuvez",
    ),
}
"""Label and description of approval out of band."""


def language(body: Body) -> Language:
    """The language of ``lang``: an RFC 5646 tag whose first part we speak, else our own."""
    wish = optional_string(body, "lang") or ""
    primary = wish.partition("-")[0].lower()
    return next((one for one in Language if one == primary), DEFAULT)


def factor(which: Factor, wanted: Language) -> dict[str, str]:
    """``label`` and ``description`` of a factor."""
    return _notice(FACTORS[which][wanted])


def approval(wanted: Language) -> dict[str, str]:
    """``label`` and ``description`` of approval out of band."""
    return _notice(APPROVAL[wanted])


def _notice(words: tuple[str, str]) -> dict[str, str]:
    label, description = words
    return {"label": label, "description": description}
