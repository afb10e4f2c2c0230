"""registration/v1 and account/v1 in one document, served at ``/openapi.json``."""

from __future__ import annotations

from typing import Any, Final

from csc_server.wire.openapi import account, certificates, registration, schemas
from csc_server.wire.openapi.own_rows import Operation

VERSION: Final = "1.0"
_SECURITY_SCHEMES: Final = {
    "registration": {
        "type": "http",
        "scheme": "bearer",
        "description": "Access token of scope `registration`, by client_credentials.",
    },
    "revocation": {
        "type": "http",
        "scheme": "bearer",
        "description": "Access token of scope `revocation`, by client_credentials: it ends the "
        "certificates that the same client ordered.",
    },
    "account": {
        "type": "http",
        "scheme": "bearer",
        "description": "Access token of scope `account`, by authorization code. A token of "
        "auth/login does not do.",
    },
}


def document(name: str) -> dict[str, Any]:
    """The description.

    Args:
        name: Of the service.
    """
    paths: dict[str, Any] = {}
    for api, operations in (
        ("registration", (*registration.OPERATIONS, *certificates.OPERATIONS)),
        ("account", (*account.OPERATIONS, *certificates.OWN)),
    ):
        for one in operations:
            path = paths.setdefault(f"/{api}/v1/{one.path}", {})
            path[one.http_method] = _operation(api, one)
    return {
        "openapi": schemas.OPENAPI,
        "info": {
            "title": f"{name}: registration API and account API",
            "version": VERSION,
            "description": "The registration API is for the portal, the account API for "
            "programs of the person. Members with null count as absent, unknown members of a "
            "request are ignored.",
        },
        "servers": schemas.SERVERS,
        "paths": paths,
        "components": {
            "schemas": schemas.error_components(),
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _operation(api: str, one: Operation) -> dict[str, Any]:
    refused = {400, 401, 403, 429, 500, 503, *one.refused}
    operation: dict[str, Any] = {
        "operationId": f"{api}_{one.name}",
        "tags": [api],
        "summary": one.summary,
        "security": [{str(one.scope or api): []}],
    }
    if one.parameters:
        operation["parameters"] = list(one.parameters)
    if one.request is not None:
        refused |= set(schemas.ANYWHERE)
        operation["requestBody"] = {
            "required": "required" in one.request,
            "content": {schemas.JSON: {"schema": one.request}},
        }
    return operation | {"responses": schemas.answers(one.answers, refused)}
