"""Every row of the error reference for the methods that exist, one violation at a time.

CSC v1 chapter 11 and v2 chapter 11, as retyped in the names of the rows.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.csc_server.api.conftest import World
from tests.service import PASSWORD, PIN, Client, digest_of

A, B = digest_of("a"), digest_of("b")
HASH = base64.b64encode(A).decode()
SHA256 = "2.16.840.1.101.3.4.2.1"
GENERIC = (
    "The request is missing a required parameter, includes an invalid parameter value, "
    "includes a parameter more than once, or is otherwise malformed."
)
BAD = "invalid_request"


def missing(kind: str, name: str) -> str:
    """The sentence for an absent member or one of another type."""
    return f"Missing (or invalid type) {kind} parameter {name}"


BEARER_METHODS = [
    "auth/revoke",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "signatures/signHash",
]


@pytest.mark.parametrize("method", BEARER_METHODS)
@pytest.mark.parametrize("header", [None, "Bearer", "Basic YTpi", "Token abc"])
@pytest.mark.parametrize(
    ("version", "text"), [(1, GENERIC), (2, "Malformed authorization header.")]
)
async def test_header_rows(
    client: Client, method: str, header: str | None, version: int, text: str
) -> None:
    """AREV-1, LIST-1, INFO-1, AUTH-1, EXT-1, SIGN-1 in both versions."""
    client.version = version
    headers = {} if header is None else {"Authorization": header}
    reply = await client.post(method, {}, headers=headers)
    assert reply.error == (400, BAD, text)


@pytest.mark.parametrize("method", BEARER_METHODS)
async def test_unknown_tokens(client: Client, method: str) -> None:
    """401 invalid_token with WWW-Authenticate (RFC 6750 3)."""
    client.token = "unknown"
    reply = await client.post(method, {})
    assert (reply.status, reply.body["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


LOGIN_ROWS: list[tuple[str, dict[str, str], Any, tuple[int, str, str]]] = [
    ("LOGIN-1 no header", {}, {}, (401, BAD, "Malformed authentication parameter.")),
    (
        "LOGIN-1 Bearer",
        {"Authorization": "Bearer x"},
        {},
        (401, BAD, "Malformed authentication parameter."),
    ),
    (
        "LOGIN-2",
        {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()},
        {},
        (400, BAD, "Malformed username-password."),
    ),
    ("LOGIN-3", {}, {"refresh_token": 7}, (400, BAD, "Invalid string parameter: refresh_token")),
    ("LOGIN-4", {}, {"refresh_token": "unknown"}, (400, BAD, "Invalid refresh_token")),
    (
        "LOGIN-5 unknown person",
        {"Authorization": "Basic " + base64.b64encode(b"ghost:x").decode()},
        {},
        (400, "authentication_error", "An error occurred during authentication process"),
    ),
    (
        "LOGIN-5 wrong password",
        {"Authorization": "Basic " + base64.b64encode(b"nobody:x").decode()},
        {},
        (400, "authentication_error", "An error occurred during authentication process"),
    ),
    (
        "rememberMe of another type",
        {"Authorization": "Basic " + base64.b64encode(f"nobody:{PASSWORD}".encode()).decode()},
        {"rememberMe": "yes"},
        (400, BAD, "Invalid parameter rememberMe"),
    ),
]


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [row[1:] for row in LOGIN_ROWS],
    ids=[row[0] for row in LOGIN_ROWS],
)
async def test_login_rows(
    client: Client, headers: dict[str, str], body: Any, error: tuple[int, str, str]
) -> None:
    """auth/login."""
    assert (await client.post("auth/login", body, headers=headers)).error == error


REVOKE_ROWS = [
    ("AREV-2 absent", {}, missing("string", "token")),
    ("AREV-2 type", {"token": 7}, missing("string", "token")),
    (
        "AREV-3",
        {"token": "x", "token_type_hint": "id_token"},
        "Invalid string parameter token_type_hint",
    ),
    ("AREV-4", {"token": "unknown"}, "Invalid string parameter token"),
]


@pytest.mark.parametrize(
    ("body", "text"), [row[1:] for row in REVOKE_ROWS], ids=[row[0] for row in REVOKE_ROWS]
)
async def test_revoke_rows(alice: Client, body: Any, text: str) -> None:
    """auth/revoke."""
    assert (await alice.post("auth/revoke", body)).error == (400, BAD, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"pageToken": "never issued"}, "Invalid parameter pageToken"),
        ({"pageToken": "é"}, "Invalid parameter pageToken"),
        ({"pageToken": 7}, "Invalid parameter pageToken"),
        ({"userID": "bob"}, "userID parameter MUST be null"),
        ({"userID": 7}, "Invalid parameter userID"),
    ],
)
async def test_list_rows_v1(alice: Client, body: Any, text: str) -> None:
    """LIST-2 to LIST-4."""
    assert (await alice.post("credentials/list", body)).error == (400, BAD, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"userID": "bob"}, "userID parameter MUST be null"),
        ({"certificates": "all"}, "Invalid parameter certificates"),
        ({"certificates": 1}, "Invalid parameter certificates"),
        ({"onlyValid": "yes"}, "Invalid parameter onlyValid"),
    ],
)
async def test_list_rows_v2(alice_v2: Client, body: Any, text: str) -> None:
    """LIST-3 to LIST-5, and flags of another type."""
    assert (await alice_v2.post("credentials/list", body)).error == (400, BAD, text)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"credentialID": None}, missing("string", "credentialID")),
        ({"credentialID": 7}, missing("string", "credentialID")),
        ({"credentialID": "unknown"}, "Invalid parameter credentialID"),
        ({"certificates": "all"}, "Invalid parameter certificates"),
        ({"certInfo": 1}, "Invalid parameter certInfo"),
        ({"authInfo": "true"}, "Invalid parameter authInfo"),
    ],
)
async def test_info_rows(
    alice: Client, world: World, version: int, changes: dict[str, Any], text: str
) -> None:
    """INFO-2 to INFO-4 in both versions."""
    alice.version = version
    body = {"credentialID": world.people["alice"].credentials["pin-p256"]} | changes
    assert (await alice.post("credentials/info", body)).error == (400, BAD, text)


AUTHORIZE_BOTH: list[tuple[str, dict[str, Any], str]] = [
    ("AUTH-2 absent", {"credentialID": None}, missing("string", "credentialID")),
    ("AUTH-2 type", {"credentialID": ["x"]}, missing("string", "credentialID")),
    ("AUTH-3", {"credentialID": "unknown"}, "Invalid parameter credentialID"),
    ("AUTH-5 absent", {"numSignatures": None}, missing("integer", "numSignatures")),
    ("AUTH-5 text", {"numSignatures": "1"}, missing("integer", "numSignatures")),
    ("AUTH-5 boolean", {"numSignatures": True}, missing("integer", "numSignatures")),
    ("AUTH-5 fraction", {"numSignatures": 1.5}, missing("integer", "numSignatures")),
    ("AUTH-6 zero", {"numSignatures": 0}, "Invalid value for parameter numSignatures"),
    ("AUTH-6 negative", {"numSignatures": -1}, "Invalid value for parameter numSignatures"),
    ("AUTH-7", {"numSignatures": 101}, "Numbers of signatures is too high"),
    ("fewer hashes than signatures", {"numSignatures": 2}, GENERIC),
    ("clientData", {"clientData": {}}, "Invalid parameter clientData"),
    ("description", {"description": "x" * 501}, "Invalid parameter description"),
]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("changes", "text"), [row[1:] for row in AUTHORIZE_BOTH], ids=[row[0] for row in AUTHORIZE_BOTH]
)
async def test_authorize_rows(
    alice: Client, world: World, version: int, changes: dict[str, Any], text: str
) -> None:
    """AUTH-2 to AUTH-7 in both versions, and our own where the standard has none."""
    alice.version = version
    credential = world.people["alice"].credentials["pin-p256"]
    assert (await alice.authorize(credential, A, **changes)).error == (400, BAD, text)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"hash": None}, (400, BAD, missing("array", "hash"))),
        ({"hash": HASH}, (400, BAD, missing("array", "hash"))),
        ({"hash": []}, (400, BAD, "Empty hash array")),
        ({"hash": ["!"]}, (400, BAD, "Invalid Base64 hash string parameter")),
        ({"hash": [7]}, (400, BAD, "Invalid Base64 hash string parameter")),
        ({"hash": ["YWJj"]}, (400, BAD, "Invalid digest value length")),
        ({"PIN": None}, (400, "invalid_pin", "The PIN is invalid")),
        ({"PIN": 493817}, (400, BAD, "Invalid parameter PIN")),
    ],
)
async def test_authorize_rows_v1(
    alice: Client, world: World, changes: dict[str, Any], error: tuple[int, str, str]
) -> None:
    """Hashes and factors in v1."""
    credential = world.people["alice"].credentials["pin-p256"]
    assert (await alice.authorize(credential, A, **changes)).error == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"hashes": None}, (400, BAD, missing("array", "hashes"))),
        ({"hashAlgorithmOID": None}, (400, BAD, missing("string", "hashAlgorithmOID"))),
        ({"hashAlgorithmOID": "1.3.14.3.2.26"}, (400, BAD, "Invalid parameter hashAlgorithmOID")),
        (
            {"hashAlgorithmOID": "2.16.840.1.101.3.4.2.2"},
            (400, BAD, "Invalid digest value length"),
        ),
        (
            {"authData": []},
            (400, "invalid_authentication_data", "The authentication data is invalid"),
        ),
        (
            {"authData": [{"id": "FACE", "value": "x"}]},
            (400, "invalid_authentication_data", "The authentication data is invalid"),
        ),
        ({"authData": "PIN"}, (400, BAD, missing("array", "authData"))),
        ({"authData": [{"id": "PIN"}]}, (400, BAD, "Invalid parameter authData")),
        (
            {"authData": [{"id": "PIN", "value": PIN}, {"id": "PIN", "value": PIN}]},
            (400, BAD, "Invalid parameter authData"),
        ),
    ],
)
async def test_authorize_rows_v2(
    alice_v2: Client, world: World, changes: dict[str, Any], error: tuple[int, str, str]
) -> None:
    """Hashes and authData in v2 (AUTH-12)."""
    credential = world.people["alice"].credentials["pin-p256"]
    assert (await alice_v2.authorize(credential, A, **changes)).error == error


async def test_wrong_pins_lock(client: Client, world: World) -> None:
    """AUTH-9 five times, then AUTH-10 and AUTH-13, also for the right PIN."""
    person = world.people["locked"]
    credential = person.credentials["pin-p256"]
    await client.log_in(person)
    for _ in range(5):
        wrong = await client.authorize(credential, A, PIN="271828")
        assert wrong.error == (400, "invalid_pin", "The PIN is invalid")
    assert (await client.authorize(credential, A)).error == (400, BAD, "PIN locked")
    client.version = 2
    assert (await client.authorize(credential, A)).error == (400, BAD, "Credential locked")


SIGN_BOTH: list[tuple[str, dict[str, Any], str]] = [
    ("SIGN-2 absent", {"SAD": None}, missing("string", "SAD")),
    ("SIGN-2 type", {"SAD": 7}, missing("string", "SAD")),
    ("SIGN-3", {"SAD": "unknown"}, "Invalid parameter SAD"),
    ("SIGN-4", {"credentialID": None}, missing("string", "credentialID")),
    ("SIGN-5", {"credentialID": "unknown"}, "Invalid parameter credentialID"),
    ("SIGN-10 absent", {"signAlgo": None}, missing("string", "signAlgo")),
    ("SIGN-10 type", {"signAlgo": 7}, missing("string", "signAlgo")),
    ("SIGN-11 type", {"signAlgoParams": 7}, missing("string", "signAlgoParams")),
    ("SIGN-14", {"signAlgo": "1.2.3"}, "Invalid parameter signAlgo"),
    ("SIGN-14 other key", {"signAlgo": "1.2.840.113549.1.1.11"}, "Invalid parameter signAlgo"),
    ("SIGN-19", {"clientData": 7}, "Invalid parameter clientData"),
    ("params of no use", {"signAlgoParams": "AAAA"}, "Invalid parameter signAlgoParams"),
]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("changes", "text"), [row[1:] for row in SIGN_BOTH], ids=[row[0] for row in SIGN_BOTH]
)
async def test_sign_rows(
    alice: Client, world: World, version: int, changes: dict[str, Any], text: str
) -> None:
    """SIGN-2 to SIGN-19 in both versions; afterwards the SAD still signs."""
    alice.version = version
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice.authorize(credential, A)).body["SAD"]
    assert (await alice.sign_hash(credential, sad, A, **changes)).error == (400, BAD, text)
    assert (await alice.sign_hash(credential, sad, A)).status == 200


@pytest.mark.parametrize(
    ("version", "name", "oid_name"), [(1, "hash", "hashAlgo"), (2, "hashes", "hashAlgorithmOID")]
)
async def test_sign_rows_of_the_hashes(
    alice: Client, world: World, version: int, name: str, oid_name: str
) -> None:
    """SIGN-6 to SIGN-9, SIGN-12, SIGN-13, SIGN-20 under the names of each version."""
    alice.version = version
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice.authorize(credential, A)).body["SAD"]
    bare = {"signAlgo": "1.2.840.10045.2.1"}
    rows: list[tuple[dict[str, Any], str]] = [
        ({name: None}, missing("array", name)),
        ({name: HASH}, missing("array", name)),
        ({name: []}, "Empty hash array"),
        ({name: ["***"]}, "Invalid Base64 hash string parameter"),
        ({name: [HASH.rstrip("=")]}, "Invalid Base64 hash string parameter"),
        ({name: [base64.b64encode(B).decode()]}, "Hash is not authorized by the SAD."),
        ({name: [HASH, HASH]}, "Hash is not authorized by the SAD."),
        (bare, missing("string", oid_name)),
        (bare | {oid_name: 7}, missing("string", oid_name)),
        (bare | {oid_name: "1.3.14.3.2.26"}, f"Invalid parameter {oid_name}"),
        ({name: ["YWJj"]}, "Invalid digest value length"),
    ]
    for changes, text in rows:
        reply = await alice.sign_hash(credential, sad, A, **changes)
        assert reply.error == (400, BAD, text), changes
    assert (await alice.sign_hash(credential, sad, A)).status == 200


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"operationMode": "B"}, "Invalid parameter operationMode"),
        ({"operationMode": 1}, "Invalid parameter operationMode"),
        ({"operationMode": "A", "validity_period": 1.5}, "Invalid parameter validity_period"),
        ({"operationMode": "A", "validity_period": 1}, "Out of bounds parameter validity_period"),
        ({"operationMode": "A", "response_uri": "https://x"}, "Invalid parameter response_uri"),
    ],
)
async def test_operation_mode_rows(
    alice_v2: Client, world: World, changes: dict[str, Any], text: str
) -> None:
    """SIGN-15 to SIGN-18; what goes with A is ignored with S."""
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice_v2.authorize(credential, A)).body["SAD"]
    refused = await alice_v2.sign_hash(credential, sad, A, **changes)
    assert refused.error == (400, BAD, text)
    ignored = changes | {"operationMode": "S"}
    assert (await alice_v2.sign_hash(credential, sad, A, **ignored)).status == 200


async def test_level_b_t_needs_an_authority(alice_v2: Client, world: World) -> None:
    """DOC-20 where none is configured."""
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice_v2.authorize(credential, A)).body["SAD"]
    element = {"hashes": [HASH], "signature_format": "C", "signAlgo": "1.2.840.10045.4.3.2"}
    body = {"credentialID": credential, "SAD": sad, "documentDigests": [element]}
    element["conformance_level"] = "AdES-B-T"
    refused = await alice_v2.post("signatures/signDoc", body)
    assert refused.error == (400, BAD, "Invalid parameter conformance_level")


async def test_pss_needs_its_parameters(alice: Client, world: World) -> None:
    """SIGN-11 when RSASSA-PSS comes without, or with the SHA-1 defaults."""
    credential = world.people["alice"].credentials["pin-rsa"]
    sad = (await alice.authorize(credential, A)).body["SAD"]
    pss = {"signAlgo": "1.2.840.113549.1.1.10"}
    absent = await alice.sign_hash(credential, sad, A, **pss)
    sha1 = await alice.sign_hash(credential, sad, A, **pss, signAlgoParams="MAA=")
    assert absent.error == (400, BAD, missing("string", "signAlgoParams"))
    assert sha1.error == (400, BAD, "Invalid parameter signAlgoParams")


async def test_what_belongs_to_others_does_not_exist(
    client: Client, alice: Client, world: World
) -> None:
    """Mallory: Alice's credential and SAD are as unknown as any other (BOLA)."""
    hers = world.people["alice"].credentials["pin-p256"]
    his = world.people["mallory"].credentials["pin-p256"]
    sad = (await alice.authorize(hers, A)).body["SAD"]
    mallory = Client(alice.http, alice.base_url)
    await mallory.log_in(world.people["mallory"])
    unknown = (400, BAD, "Invalid parameter credentialID")
    assert (await mallory.post("credentials/info", {"credentialID": hers})).error == unknown
    assert (await mallory.authorize(hers, A)).error == unknown
    assert (await mallory.sign_hash(hers, sad, A)).error == unknown
    stolen = await mallory.sign_hash(his, sad, A)
    assert stolen.error == (400, BAD, "Invalid parameter SAD")
    revoked = await mallory.post("auth/revoke", {"token": alice.token})
    assert revoked.error == (400, BAD, "Invalid string parameter token")
    assert (await alice.sign_hash(hers, sad, A)).status == 200


async def test_a_sad_of_one_credential_is_nothing_to_another(alice: Client, world: World) -> None:
    """The same person, two credentials: Invalid parameter SAD."""
    person = world.people["alice"]
    sad = (await alice.authorize(person.credentials["pin-few"], A)).body["SAD"]
    other = await alice.sign_hash(person.credentials["pin-p256"], sad, A)
    assert other.error == (400, BAD, "Invalid parameter SAD")
