"""What OCSP clients send, and what a responder must make of it: one table. (security-and-pki 2.5)

The table knows no responder: a case says which request is meant in a world of certificates, what
arrives of it, and what must come back. So it serves bytes in a test as well as a running server.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from asn1crypto import x509

from ades import der
from policies.status import LONGEST_GET, LONGEST_POST, MOST_QUESTIONS, Failure

GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
MALFORMED, UNAUTHORIZED = Failure.MALFORMED_REQUEST, Failure.UNAUTHORIZED
NONCE: Final = bytes(range(32))
NEVER_ISSUED: Final = 0xDEADBEEF << 90
FALSE, TRUE = b"\x01\x01\x00", b"\x01\x01\xff"
SHA1: Final = "1.3.14.3.2.26"
OIDS: Final = {
    "sha1": SHA1,
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
NONCE_OID: Final = "1.3.6.1.5.5.7.48.1.2"
ACCEPTABLE: Final = "1.3.6.1.5.5.7.48.1.4"
SERVICE_LOCATOR: Final = "1.3.6.1.5.5.7.48.1.7"
NOT_KNOWN: Final = "1.3.6.1.4.1.99999.7"


@dataclass(frozen=True)
class World:
    """Certificates that requests can ask for."""

    issuer: bytes
    """An authority with a responder, DER."""
    other: bytes
    """Another one, with a responder of its own, DER."""
    stranger: bytes
    """An authority without one, DER."""
    good: int
    """Serial number of a certificate by ``issuer``, as are the next."""
    revoked: int
    held: int
    """Suspended."""


Part = Callable[[World], bytes]
Sent = bytes | str
"""The body of a POST, or what follows the responder's own path in a GET."""


def post(body: bytes) -> Sent:
    """As it is."""
    return body


def get(body: bytes) -> Sent:
    """As RFC 6960 A.1 has it."""
    return quote(_base64(body), safe="")


@dataclass(frozen=True)
class Case:
    """One request, and what must come of it."""

    name: str
    request: Callable[[World], bytes]
    """What is meant."""
    expected: Failure | tuple[str, ...]
    """A word for each certificate asked for."""
    send: Callable[[bytes], Sent] = post
    """What arrives of it."""
    nonce: bytes | None = None
    """What must come back."""


# Parts of requests


def cert_id(
    issuer: bytes,
    serial: int | bytes,
    algorithm: str = "sha1",
    *,
    key_of: bytes | None = None,
    rest: bytes = b"\x05\x00",
) -> bytes:
    """By the hashes of the issuer's name and key.

    Args:
        serial: Or the contents of the INTEGER.
        key_of: The authority whose key is named instead.
        rest: What follows the algorithm's OID: NULL.
    """
    names, keys = x509.Certificate.load(issuer), x509.Certificate.load(key_of or issuer)
    number = der.integer(serial) if isinstance(serial, int) else der.encoded(der.INTEGER, serial)
    return der.sequence(
        der.sequence(der.oid(OIDS[algorithm]), rest),
        der.octets(hashlib.new(algorithm, names.subject.dump()).digest()),
        der.octets(hashlib.new(algorithm, bytes(keys.public_key["public_key"])).digest()),
        number,
    )


def extension(oid: str, value: bytes, critical: bytes = b"") -> bytes:
    """One extension; ``critical`` is encoded."""
    return der.sequence(der.oid(oid), critical, der.octets(value))


def nonce(value: bytes, critical: bytes = b"") -> bytes:
    """As RFC 9654 writes it: an OCTET STRING in the OCTET STRING."""
    return extension(NONCE_OID, der.octets(value), critical)


def request(
    *cert_ids: bytes,
    extensions: tuple[bytes, ...] = (),
    single: tuple[bytes, ...] = (),
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """An OCSPRequest.

    Args:
        single: Extensions of each question.
        before: Version and name of the requestor.
        after: A signature.
    """
    of_each = der.explicit(0, der.sequence(*single)) if single else b""
    questions = der.sequence(*(der.sequence(one, of_each) for one in cert_ids))
    of_all = der.explicit(2, der.sequence(*extensions)) if extensions else b""
    return der.sequence(der.sequence(before, questions, of_all), after)


def good(
    *extensions: bytes, single: tuple[bytes, ...] = (), before: bytes = b"", after: bytes = b""
) -> Callable[[World], bytes]:
    """The request that nearly everybody sends, with additions."""
    return lambda world: request(
        cert_id(world.issuer, world.good),
        extensions=extensions,
        single=single,
        before=before,
        after=after,
    )


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")


# The table


def statuses() -> list[Case]:
    """Every status, in both ways, by both hashes."""
    serials: dict[str, tuple[Callable[[World], int], str]] = {
        "good": (lambda world: world.good, GOOD),
        "revoked": (lambda world: world.revoked, REVOKED),
        "suspended": (lambda world: world.held, REVOKED),
        "never issued": (lambda _: NEVER_ISSUED, UNKNOWN),
        "neighbour": (lambda world: world.good + 1, UNKNOWN),
    }

    def ask(serial: Callable[[World], int], algorithm: str) -> Callable[[World], bytes]:
        return lambda world: request(cert_id(world.issuer, serial(world), algorithm))

    return [
        Case(f"{send.__name__} {algorithm} {name}", ask(serial, algorithm), (word,), send)
        for send in (post, get)
        for algorithm in ("sha1", "sha256")
        for name, (serial, word) in serials.items()
    ]


def nonces() -> list[Case]:
    """RFC 9654 2.1: lengths from 1 to 128 come back, all others are refused."""
    taken = [
        Case(f"{send.__name__} nonce of {length}", good(nonce(one)), (GOOD,), send, one)
        for send in (post, get)
        for length in (1, 15, 16, 32, 33, 128)
        for one in (bytes(range(length)),)
    ]
    refused = [
        Case(f"{send.__name__} nonce of {length}", good(nonce(bytes(length))), MALFORMED, send)
        for send in (post, get)
        for length in (0, 129)
    ]
    return taken + refused


def several() -> list[Case]:
    """More than one certificate."""

    def ask(*parts: Part) -> Callable[[World], bytes]:
        return lambda world: request(*(one(world) for one in parts), extensions=(nonce(NONCE),))

    def case(name: str, *parts: tuple[Part, str]) -> Case:
        words = tuple(word for _, word in parts)
        return Case(name, ask(*(part for part, _ in parts)), words, nonce=NONCE)

    fine: tuple[Part, str] = (lambda w: cert_id(w.issuer, w.good), GOOD)
    over: tuple[Part, str] = (lambda w: cert_id(w.issuer, w.revoked, "sha256"), REVOKED)
    never: tuple[Part, str] = (lambda w: cert_id(w.issuer, NEVER_ISSUED), UNKNOWN)
    others: tuple[Part, str] = (lambda w: cert_id(w.other, w.good), UNKNOWN)
    strangers: tuple[Part, str] = (lambda w: cert_id(w.stranger, w.good), UNKNOWN)
    return [
        case("two", fine, over),
        case("three, by both hashes", never, over, fine),
        case("the same twice", fine, fine),
        case("as many as may be", *[fine] * MOST_QUESTIONS),
        case("of two authorities", fine, others),
        case("of a stranger too", strangers, fine),
        Case("of strangers only", ask(strangers[0], strangers[0]), UNAUTHORIZED),
        Case("one too many", ask(*[fine[0]] * (MOST_QUESTIONS + 1)), MALFORMED),
        Case("none", ask(), MALFORMED),
    ]


def strangers() -> list[Case]:
    """Who does not belong to us is told that, and nothing else."""

    def ask(algorithm: str) -> Callable[[World], bytes]:
        return lambda world: request(cert_id(world.stranger, world.good, algorithm))

    def mixed(world: World) -> bytes:
        return request(cert_id(world.issuer, world.good, key_of=world.stranger))

    def short(world: World) -> bytes:
        algorithm = der.sequence(der.oid(SHA1), der.null())
        number = der.integer(world.good)
        return request(der.sequence(algorithm, der.octets(b""), der.octets(b""), number))

    return [
        Case("stranger, SHA-1", ask("sha1"), UNAUTHORIZED),
        Case("stranger, SHA-256", ask("sha256"), UNAUTHORIZED),
        Case("stranger, GET", ask("sha1"), UNAUTHORIZED, get),
        Case("name of ours, key of a stranger", mixed, UNAUTHORIZED),
        Case("empty hashes", short, UNAUTHORIZED),
        Case(
            "ours, by SHA-512",
            lambda world: request(cert_id(world.issuer, world.good, "sha512")),
            UNAUTHORIZED,
        ),
    ]


def oddities() -> list[Case]:
    """Unusual, and answered."""
    name = der.explicit(1, der.encoded(der.context(6, constructed=False), b"http://me.example"))
    signature = der.explicit(0, der.sequence(der.sequence(der.oid(SHA1)), der.bits(b"x")))
    version = der.explicit(0, der.integer(0))
    types = extension(ACCEPTABLE, b"?", TRUE)
    locator = extension(SERVICE_LOCATOR, b"?")

    def serial(number: int) -> Callable[[World], bytes]:
        return lambda world: request(cert_id(world.issuer, number))

    return [
        Case("version written", good(before=version), (GOOD,)),
        Case("with a name", good(before=name), (GOOD,)),
        Case("signed", good(before=name, after=signature), (GOOD,)),
        Case(
            "algorithm without NULL",
            lambda world: request(cert_id(world.issuer, world.good, rest=b"")),
            (GOOD,),
        ),
        Case("critical nonce", good(nonce(NONCE, TRUE)), (GOOD,), nonce=NONCE),
        Case("FALSE written", good(nonce(NONCE, FALSE)), (GOOD,), nonce=NONCE),
        Case("unknown extension", good(extension(NOT_KNOWN, b"?")), (GOOD,)),
        Case("types and nonce", good(types, nonce(NONCE)), (GOOD,), nonce=NONCE),
        Case("extension of the question", good(single=(locator,)), (GOOD,)),
        Case("serial 0", serial(0), (UNKNOWN,)),
        Case("negative serial", serial(-5), (UNKNOWN,)),
        Case("serial of 30 octets", serial(1 << 238), (UNKNOWN,)),
    ]


def malformed() -> list[Case]:
    """Not a request, or one that must not be taken for understood."""

    def spoilt(name: str, send: Callable[[bytes], Sent]) -> Case:
        return Case(name, good(), MALFORMED, send)

    strange = extension(NOT_KNOWN, b"?", TRUE)
    longer = der.sequence(der.oid(NOT_KNOWN), der.octets(b"?"), der.null())
    signature = der.explicit(0, der.sequence(der.oid(SHA1)))
    twice = der.octets(NONCE) + der.octets(NONCE)

    def wide(world: World) -> bytes:
        return request(der.sequence(der.Reader(_single(world)).contents(der.SEQUENCE), der.null()))

    def padded(world: World) -> bytes:
        return request(cert_id(world.issuer, b"\x00\x05"))

    return [
        spoilt("nothing", lambda _: b""),
        spoilt("text", lambda _: b"GET / HTTP/1.1"),
        spoilt("an answer", lambda _: der.sequence(der.integer(0, der.ENUMERATED))),
        spoilt("cut off", lambda body: body[:-1]),
        spoilt("something behind", lambda body: body + b"\x00"),
        spoilt("endless", lambda body: b"\x30\x80" + body[2:] + b"\x00\x00"),
        spoilt("length too long", lambda body: b"\x30\x81" + body[1:]),
        Case("version 2", good(before=der.explicit(0, der.integer(1))), MALFORMED),
        Case("padded serial", padded, MALFORMED),
        Case("bare nonce", good(extension(NONCE_OID, NONCE)), MALFORMED),
        Case("two nonces", good(nonce(NONCE), nonce(NONCE)), MALFORMED),
        Case("critical and unknown", good(strange), MALFORMED),
        Case("critical of the question", good(single=(strange,)), MALFORMED),
        Case("empty list of extensions", good(b""), MALFORMED),
        Case("more in an extension", good(longer), MALFORMED),
        Case("more behind the nonce", good(extension(NONCE_OID, twice)), MALFORMED),
        Case("more behind the signature", good(after=signature + der.null()), MALFORMED),
        Case("more behind the extensions", _more(lambda w: [_single(w)], der.null()), MALFORMED),
        Case(
            "more beside the extensions", _more(lambda w: [_single(w)], b"", der.null()), MALFORMED
        ),
        Case("more in the question", _more(lambda w: [_single(w) + der.null()]), MALFORMED),
        Case("more in the CertID", wide, MALFORMED),
        Case(
            "more in the algorithm",
            lambda world: request(cert_id(world.issuer, world.good, rest=der.null() * 2)),
            MALFORMED,
        ),
        Case("too big", good(extension(NOT_KNOWN, bytes(LONGEST_POST))), MALFORMED),
    ]


def _single(world: World) -> bytes:
    return cert_id(world.issuer, world.good)


def _more(
    questions: Callable[[World], list[bytes]], behind: bytes = b"", beside: bytes = b""
) -> Callable[[World], bytes]:
    """A request with a nonce and something too much.

    Args:
        behind: Behind the extensions of the request.
        beside: Behind the SEQUENCE in the tag around them.
    """
    extensions = der.explicit(2, der.sequence(nonce(NONCE)), beside)
    return lambda world: der.sequence(
        der.sequence(der.sequence(*map(der.sequence, questions(world))), extensions, behind)
    )


def with_slashes(world: World, ending: str = "") -> bytes:
    """A request for what was never issued, with just one ``//`` and some ``+`` in its base64.

    Args:
        ending: How the base64 ends.
    """
    for number in range(1 << 14):
        # The last three octets are the base64 ``//8/`` where they are a group of their own.
        serial = (NEVER_ISSUED + number) << 8 * (3 + number % 3) | 0xFFFF3F
        # The issuer's hashes hold slashes of their own once in a while; then the other ones do.
        algorithm = ("sha1", "sha256")[number % 2]
        made = request(cert_id(world.issuer, serial, algorithm))
        text = _base64(made)
        once = text.count("//") == 1 and "///" not in text
        if once and "+" in text and text.endswith(ending):
            return made
    raise AssertionError("no such request")


def paths() -> list[Case]:
    """What clients and proxies make of a GET's path."""

    def changed(name: str, change: Callable[[str], str]) -> Case:
        return Case(name, good(), (GOOD,), lambda body: change(_base64(body)))

    def slashes(name: str, change: Callable[[str], str], ending: str = "") -> Case:
        return Case(
            name,
            lambda world: with_slashes(world, ending),
            (UNKNOWN,),
            lambda body: change(_base64(body)),
        )

    def refused(name: str, change: Callable[[str], str]) -> Case:
        return Case(name, good(), MALFORMED, lambda body: change(_base64(body)))

    def escaped(text: str) -> str:
        return quote(text, safe="")

    return [
        changed("not escaped", str),
        slashes("not escaped, with slashes", str),
        changed("escaped twice", lambda text: escaped(escaped(text))),
        slashes("escaped twice, with slashes", lambda text: escaped(escaped(text))),
        slashes("escaped in small letters", lambda text: escaped(text).replace("%2F", "%2f")),
        slashes("plus as a form has it", lambda text: text.replace("+", "%20")),
        changed("without padding", lambda text: text.rstrip("=")),
        changed("slash before", lambda text: "/" + text),
        changed("slash behind", lambda text: text + "/"),
        changed("slash behind, without padding", lambda text: text.rstrip("=") + "/"),
        slashes("two slashes made one", lambda text: text.replace("//", "/")),
        slashes("last slash lost", lambda text: text.removesuffix("/"), "/"),
        refused("empty path", lambda _: ""),
        refused("only slashes", lambda _: "////"),
        refused("not base64", lambda text: text[:-6] + "*" + text[-5:]),
        refused("not ASCII", lambda text: text[:-6] + "%C3%A9" + text[-5:]),
        refused("letters behind", lambda text: text.rstrip("=") + "AA/"),
        refused("half", lambda text: text[: len(text) // 2]),
        refused("too long", lambda text: text + "/" * LONGEST_GET),
        refused("base64 of text", lambda _: _base64(b"not a request")),
    ]


CASES: Final = [
    *statuses(),
    *nonces(),
    *several(),
    *strangers(),
    *oddities(),
    *malformed(),
    *paths(),
]
