"""The answers of v2.1.0.1 as its OpenAPI document declares them, its slips patched.

Typed after CSC spec 4.4 to 4.7 with the patches of 12.2; members that are not declared are open.
"""

from __future__ import annotations

from typing import Any, Final

Rule = Any
"""A type; ``[rule]`` for an array; a set for an enumeration; a dict for an object, whose names
end in ``?`` when they are optional."""

_CERT: Final[Rule] = {
    "status?": {"valid", "expired", "revoked", "suspended"},
    "certificates?": [str],
    "issuerDN?": str,
    "serialNumber?": str,
    "subjectDN?": str,
    "validFrom?": str,
    "validTo?": str,
}
_CREDENTIAL: Final[Rule] = {
    "description?": str,
    "signatureQualifier?": str,
    "key": {"status": {"enabled", "disabled"}, "algo": [str], "len": int, "curve?": str},
    "cert?": _CERT,
    "auth": {
        "mode": {"explicit", "oauth2code"},
        "expression?": str,
        "objects?": [
            {
                "id": str,
                "type": str,
                "format?": str,
                "generator?": str,
                "label?": str,
                "description?": str,
            }
        ],
    },
    "SCAL?": {"1", "2"},
    "multisign": int,
    "lang?": str,
}
_SIGNED: Final[Rule] = {
    "signatures?": [str],
    "DocumentWithSignature?": [str],
    "SignatureObject?": [str],
    "responseID?": str,
    "validationInfo?": {"ocsp?": [str], "crl?": [str], "certificates?": [str]},
}
ANSWERS: Final[dict[str, Rule]] = {
    "info": {
        "specs": str,
        "name": str,
        "logo": str,
        "region": str,
        "lang": str,
        "description": str,
        "authType": [{"external", "TLS", "basic", "digest", "oauth2code", "oauth2client"}],
        "oauth2?": str,
        "oauth2Issuer?": str,
        "supportsRar?": bool,
        "supportedHashTypes?": [str],
        "asynchronousOperationMode?": bool,
        "methods": [str],
        "validationInfo?": bool,
        "signAlgorithms": {"algos": [str], "algoParams?": [str]},
        "documentTypes?": [{"sod", "sfd"}],
        "signature_formats": {
            "formats": [{"C", "X", "P", "J"}],
            "envelope_properties?": [[str]],
            "allowMix?": bool,
        },
        "conformance_levels": [str],
    },
    "credentials/list": {
        "credentialIDs": [str],
        "credentialInfos?": [{"credentialID": str} | _CREDENTIAL],
        "onlyValid?": bool,
    },
    "credentials/info": _CREDENTIAL,
    "credentials/authorize": {"SAD": str, "expiresIn?": int},
    "credentials/extendTransaction": {"SAD": str, "expiresIn?": int},
    "signatures/signHash": _SIGNED,
    "signatures/signDoc": _SIGNED,
    "signatures/signPolling": _SIGNED,
    "signatures/timestamp": {"timestamp": str},
}
CODES: Final = {
    401: {"unauthorized_client", "access_denied", "expired_token", "invalid_token"},
    429: {"temporarily_unavailable"},
    500: {"server_error"},
    501: {"not_implemented"},
    503: {"temporarily_unavailable"},
}
"""4.4: ``error`` by status, the same for all methods."""


def check(value: Any, rule: Rule, where: str = "") -> None:
    """Assert that ``value`` is what ``rule`` says."""
    if isinstance(rule, dict):
        assert isinstance(value, dict), where
        for name, inner in rule.items():
            bare = name.rstrip("?")
            if bare in value:
                check(value[bare], inner, f"{where}/{bare}")
            else:
                assert name.endswith("?"), f"{where}/{bare} is missing"
    elif isinstance(rule, list):
        assert isinstance(value, list), where
        for one in value:
            check(one, rule[0], f"{where}[]")
    elif isinstance(rule, set):
        assert value in rule, where
    else:
        assert type(value) is rule, where
