"""The CSC methods as this service speaks them, v1 and v2 in one document.

Only what ``info`` of this instance announces is described. The standard's own words are in the
standard; here stand shapes. (CSC v1 and v2 chapter 11; CSC spec 4.3, 4.4)
"""

from __future__ import annotations

from typing import Any, Final

from csc_server.wire.openapi import csc_methods, schemas
from csc_server.wire.openapi.csc_rows import BEARER, Method

SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "Access token of auth/login or of the authorization server.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "User name and password, for auth/login without a refresh token.",
    },
}


_UNAUTHORIZED: Final[dict[tuple[str, ...], tuple[int, ...]]] = {
    ("basic",): (401,),
    BEARER: (401, 403),
}
"""403: the token has another scope; of signatures also: nothing is left of the package."""


def document(info_v1: dict[str, Any], info_v2: dict[str, Any]) -> dict[str, Any]:
    """The description, from what ``info`` of both versions answers."""
    paths: dict[str, Any] = {}
    for version, info, methods in (
        (1, info_v1, csc_methods.V1),
        (2, info_v2, csc_methods.V2),
    ):
        announced = {"info", *info["methods"]}
        for method in methods:
            if method.name in announced:
                path = f"/csc/v{version}/{method.name}"
                paths[path] = {"post": _operation(version, method)}
                if method.name == "info":
                    paths[path]["get"] = _get_info(version, method)
    return {
        "openapi": schemas.OPENAPI,
        "info": {
            "title": f"{info_v1['name']}: CSC API",
            "version": f"{info_v1['specs']} and {info_v2['specs']}",
            "description": "The methods of the Cloud Signature Consortium's API that this "
            "service has. Members with null count as absent, unknown members are ignored.",
        },
        "servers": schemas.SERVERS,
        "paths": paths,
        "components": {
            "schemas": schemas.error_components() | csc_methods.COMPONENTS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _operation(version: int, method: Method) -> dict[str, Any]:
    refused = {*schemas.ANYWHERE, *_UNAUTHORIZED.get(method.security, ())}
    security: list[dict[str, list[str]]] = [{name: []} for name in method.security]
    if method.name == "auth/login":
        security.append({})  # A refresh token in the body needs no header.
    return {
        "operationId": f"v{version}_{method.name.replace('/', '_')}",
        "tags": [f"CSC v{version}"],
        "summary": method.summary,
        "requestBody": {
            "required": "required" in method.request,
            "content": {schemas.JSON: {"schema": method.request}},
        },
        "responses": schemas.answers(method.answers, refused),
        "security": security,
    }


def _get_info(version: int, method: Method) -> dict[str, Any]:
    """``info`` also answers GET: a courtesy to people with a browser."""
    return {
        "operationId": f"v{version}_get_info",
        "tags": [f"CSC v{version}"],
        "summary": method.summary,
        "responses": schemas.answers(method.answers, schemas.ANYWHERE),
    }
