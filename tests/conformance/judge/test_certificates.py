"""Certificates and what is said about them: true words pass, each false one has its sentence."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.judge import certificates
from conformance.judge.certificates import Chain
from conformance.judge.names import check_name
from conformance.judge.wrong import Wrong
from tests.conformance.judge import made

RSA_FACTS = {"len": 2048, "algo": ["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"]}
EC_FACTS = {"len": 256, "curve": "1.2.840.10045.3.1.7", "algo": ["1.2.840.10045.4.3.2"]}


def text(certificate: x509.Certificate) -> str:
    """As credentials/info hands it out."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def chain() -> Chain:
    """Alice's."""
    return made.rsa_leaf(), made.issuing(), made.root()


def said(function: Callable[..., object], *arguments: object) -> str:
    """What the judge says."""
    with pytest.raises(Wrong) as caught:
        function(*arguments)
    return str(caught.value)


def test_a_good_chain_passes() -> None:
    """Leaf first, with the root and without it, and alone."""
    read = certificates.read([text(one) for one in chain()])
    assert read == chain()
    for length in (3, 2, 1):
        certificates.check_order(read[:length])
    certificates.check_end_entity(read[0])
    certificates.check_usage(read[0])
    certificates.check_strength(read[0])


def test_chains_out_of_order_are_told() -> None:
    """Upside down, with a gap, twice the same, and an issuer that is none."""
    leaf, issuing, root = chain()
    assert "upside down" in said(certificates.check_order, (root, issuing, leaf))
    assert "1 is not issued by certificate 2" in said(certificates.check_order, (leaf, root))
    assert "twice" in said(certificates.check_order, (leaf, issuing, issuing))
    impostor = made.certificate(
        made.ISSUING, made.ca_key("issuing"), made.ROOT, made.ca_key("root"), [made.SIGNS]
    )
    assert "not a CA's" in said(certificates.check_order, (leaf, impostor))


def test_an_old_root_has_no_extensions() -> None:
    """It signs the issuing CA all the same."""
    key = made.ca_key("root")
    old = made.certificate(made.ROOT, key, made.ROOT, key, [])
    certificates.check_order((*chain()[:2], old))


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" * 5000, os.urandom(2**20)],
    ids=["empty", "cut", "longer", "deep", "noise"],
)
def test_garbage_is_wrong_and_nothing_else(garbage: bytes) -> None:
    """As a certificate."""
    text_ = base64.b64encode(garbage).decode()
    assert said(certificates.read, [text_]).startswith("Certificate 1 cannot be read")


@pytest.mark.parametrize("cut", range(1, 560, 23))
def test_a_certificate_cut_short_or_changed_never_breaks_the_judges(cut: int) -> None:
    """Either it is wrong at once, or every judge ends as usual."""
    der = made.rsa_leaf().public_bytes(Encoding.DER)
    for broken in (der[:-cut], der[:cut] + bytes([der[cut] ^ 0x55]) + der[cut + 1 :]):
        try:
            (leaf,) = certificates.read([base64.b64encode(broken).decode()])
            certificates.check_order((leaf, made.issuing()))
            certificates.check_end_entity(leaf)
            certificates.check_usage(leaf)
            certificates.check_strength(leaf)
            certificates.check_key(leaf, RSA_FACTS)
            check_name("cert/subjectDN", "CN=Alice", leaf.subject)
        except Wrong:
            continue


def test_how_certificates_are_written_matters() -> None:
    """PEM, line breaks, BER, nothing, and too many."""
    pem = made.rsa_leaf().public_bytes(Encoding.PEM).decode()
    assert "PEM" in said(certificates.read, [pem])
    assert "not a string" in said(certificates.read, [7])
    assert "0 certificates" in said(certificates.read, [])
    assert "17 certificates" in said(certificates.read, [text(made.root())] * 17)
    trailing = base64.b64encode(made.root().public_bytes(Encoding.DER) + b"\x00").decode()
    assert "Certificate 1" in said(certificates.read, [trailing])


def test_a_ca_is_no_end_entity() -> None:
    """Nor is a key allowed to sign certificates alone."""
    assert "CA's" in said(certificates.check_end_entity, made.issuing())
    assert "keyUsage" in said(certificates.check_usage, made.issuing())
    certificates.check_usage(made.leaf(made.ec_key(), ()))


def test_weak_keys_are_told() -> None:
    """Short RSA, small curves."""
    short = made.leaf(rsa.generate_private_key(65537, 1024))  # noqa: S505 - what the test is about
    assert "1024 bits; 2048" in said(certificates.check_strength, short)
    small = made.leaf(ec.generate_private_key(ec.SECP192R1()))
    assert "192 bits; 256" in said(certificates.check_strength, small)


def test_the_key_is_what_it_is_said_to_be() -> None:
    """Length, curve and algorithms of both kinds."""
    certificates.check_key(made.rsa_leaf(), RSA_FACTS)
    certificates.check_key(made.ec_leaf(), EC_FACTS)
    check = certificates.check_key
    assert "2048 bits" in said(check, made.rsa_leaf(), {**RSA_FACTS, "len": 3072})
    assert "key is RSA" in said(check, made.rsa_leaf(), {**RSA_FACTS, "curve": "1.2.3"})
    assert "curve is missing" in said(check, made.ec_leaf(), {**EC_FACTS, "curve": None})
    assert "on secp256r1" in said(check, made.ec_leaf(), {**EC_FACTS, "curve": "1.3.132.0.34"})
    assert "key is ECDSA" in said(check, made.ec_leaf(), {**EC_FACTS, "algo": RSA_FACTS["algo"]})
    assert "key is RSA" in said(check, made.rsa_leaf(), {**RSA_FACTS, "algo": EC_FACTS["algo"]})


def test_the_dates_are_the_certificate_s() -> None:
    """To the second, in the one form."""
    leaf = made.rsa_leaf()
    begins = made.FROM.strftime("%Y%m%d%H%M%SZ")
    ends = made.TO.strftime("%Y%m%d%H%M%SZ")
    certificates.check_validity(leaf, begins, ends)
    assert "validTo is" in said(certificates.check_validity, leaf, begins, begins)
    for form in (made.FROM.isoformat(), begins[2:], None, 20250101000000):
        assert "not YYYYMMDDHHMMSSZ" in said(certificates.check_validity, leaf, form, ends)


def test_the_serial_number_is_compared_as_a_number() -> None:
    """Any form of hexadecimal; decimal is told."""
    leaf, number = made.rsa_leaf(), made.rsa_leaf().serial_number
    for form in (f"{number:X}", f"{number:x}", f"00{number:X}", f"0x{number:x}", f"00:{number:X}"):
        certificates.check_serial(leaf, form)
    assert "decimal" in said(certificates.check_serial, leaf, str(number))
    for wrong in (f"{number + 1:X}", "", "xyz", None, number, "1" * 100_000):
        assert said(certificates.check_serial, leaf, wrong)


def test_the_status_goes_with_the_dates() -> None:
    """The second before and after each end."""
    leaf, second = made.rsa_leaf(), timedelta(seconds=1)
    for now, status, good in (
        (made.NOW, "valid", True),
        (made.NOW, "expired", False),
        (made.NOW, "revoked", True),
        (made.NOW, None, True),
        (made.TO - second, "valid", True),
        (made.TO + second, "valid", False),
        (made.TO + second, "expired", True),
        (made.FROM - second, "valid", False),
    ):
        if good:
            certificates.check_status(leaf, status, now)
        else:
            assert said(certificates.check_status, leaf, status, now).startswith("cert/status is")


@pytest.mark.parametrize(
    "form",
    [
        r"O=Example\, Ltd,CN=Alice Example,C=BE",
        r"C=BE, CN=Alice Example, O=Example\2C Ltd",
        'C=BE; CN=alice  EXAMPLE; O="Example, Ltd"',
        r"2.5.4.6=BE,OID.2.5.4.3=Alice Example,o=Example\, Ltd",
        r"countryName=BE+commonName=Alice Example,organizationName=Example\, Ltd",
        r"CN=Alice Example,O=#0C0C4578616D706C652C204C7464,C=BE",
    ],
)
def test_a_name_may_be_written_in_many_ways(form: str) -> None:
    """Order, blanks, case, keywords, escapes, quotes, hexadecimal."""
    check_name("cert/subjectDN", form, made.SIGNER)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("CN=Alice Example,C=BE", "leaves out"),
        (r"CN=Bob,C=BE,O=Example\, Ltd", "CN=bob, which the certificate has not"),
        (r"CN=Alice Example,C=BE,O=Example\, Ltd,OU=x", "which the certificate has not"),
        (r"O=Alice Example,C=BE,CN=Example\, Ltd", "which the certificate has not"),
        ("/C=BE/O=Example, Ltd/CN=Alice Example", "has /C=be/o=example"),
        ("", "leaves out"),
        (None, "is not the text"),
        ("C" * 5000, "is not the text"),
        (" " * 4000, "no distinguished name"),
        ("CN=" + "\\" * 4000, "which the certificate has not"),
        ("CN=" + "\\" * 4001, "no distinguished name"),
    ],
)
def test_another_name_is_told(form: object, why: str) -> None:
    """One attribute too few, too many, or another."""
    assert why in said(check_name, "cert/subjectDN", form, made.SIGNER)
