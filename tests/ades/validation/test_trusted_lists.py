"""EU trusted lists on the disk: whose services become anchors, and which lists are not believed."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.xades.xades import XAdESSigner

from ades.validation import trusted_lists
from ades.validation.errors import Unreadable
from csc_server.__main__ import main
from tests.ades.validation import scribe
from tests.ades.validation.authority import (
    DAY,
    HOUR,
    T0,
    Identity,
    authority,
    certificate,
    key,
)

PKI = authority()
NAMESPACE = "http://uri.etsi.org/02231/v2#"
BASE = "http://uri.etsi.org/TrstSvc"
CA, UNIT = f"{BASE}/Svctype/CA/QC", f"{BASE}/Svctype/TSA/QTST"
GRANTED, WITHDRAWN = (f"{BASE}/TrustedList/Svcstatus/{one}" for one in ("granted", "withdrawn"))


@cache
def operator(name: str = "Operator") -> Identity:
    """Who signs lists."""
    return certificate(name, "signer", None, T0 - DAY, T0 + 365 * DAY)


def service(kind: str, of: Identity, status: str = GRANTED, since: datetime = T0 - DAY) -> str:
    """One service."""
    return f"""<TSPService><ServiceInformation>
      <ServiceTypeIdentifier>{kind}</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Service</Name></ServiceName>
      <ServiceDigitalIdentity><DigitalId><X509Certificate>{b64encode(of.der).decode()}</X509Certificate></DigitalId></ServiceDigitalIdentity>
      <ServiceStatus>{status}</ServiceStatus>
      <StatusStartingTime>{_time(since)}</StatusStartingTime>
    </ServiceInformation></TSPService>"""


def national(*services: str, until: datetime = T0 + 100 * DAY, by: Identity | None = None) -> bytes:
    """A signed list of one provider."""
    body = f"""<TrustServiceProviderList><TrustServiceProvider>
      <TSPInformation><TSPName><Name xml:lang="en">Provider</Name></TSPName></TSPInformation>
      <TSPServices>{"".join(services)}</TSPServices>
    </TrustServiceProvider></TrustServiceProviderList>"""
    return _signed("EUgeneric", "", body, until, by or operator())


def list_of_lists(of: Identity, by: Identity) -> bytes:
    """A signed list that names who signs the national one."""
    pointer = f"""<PointersToOtherTSL><OtherTSLPointer>
      <ServiceDigitalIdentities><ServiceDigitalIdentity><DigitalId><X509Certificate>{b64encode(of.der).decode()}</X509Certificate></DigitalId></ServiceDigitalIdentity></ServiceDigitalIdentities>
      <TSLLocation>https://example.com/tl.xml</TSLLocation>
      <AdditionalInformation>
        <OtherInformation><SchemeTerritory>RO</SchemeTerritory></OtherInformation>
        <OtherInformation><t:MimeType xmlns:t="http://uri.etsi.org/02231/v2/additionaltypes#">application/vnd.etsi.tsl+xml</t:MimeType></OtherInformation>
      </AdditionalInformation>
    </OtherTSLPointer></PointersToOtherTSL>"""
    return _signed("EUlistofthelists", pointer, "", T0 + 100 * DAY, by)


def _signed(kind: str, pointers: str, body: str, until: datetime, by: Identity) -> bytes:
    text = f"""<TrustServiceStatusList xmlns="{NAMESPACE}" TSLTag="{BASE}/TSLTag">
    <SchemeInformation>
      <TSLVersionIdentifier>6</TSLVersionIdentifier>
      <TSLSequenceNumber>1</TSLSequenceNumber>
      <TSLType>{BASE}/TrustedList/TSLType/{kind}</TSLType>
      <SchemeInformationURI><URI xml:lang="en">https://example.com/</URI></SchemeInformationURI>
      {pointers}
      <ListIssueDateTime>{_time(T0 - DAY)}</ListIssueDateTime>
      <NextUpdate><dateTime>{_time(until)}</dateTime></NextUpdate>
    </SchemeInformation>{body}</TrustServiceStatusList>"""
    signer = XAdESSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
    )
    private = key(by.name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    root = etree.fromstring(re.sub(r">\s+<", "><", text))
    made = signer.sign(root, key=private, cert=by.certificate.public_bytes(Encoding.PEM).decode())
    return bytes(etree.tostring(made))


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_granted_services_become_anchors() -> None:
    """Of those that are granted now: issuers for everything, units for time-stamps alone."""
    other = certificate("Other", "authority", None, T0 - DAY, T0 + DAY)
    made = national(
        service(CA, PKI.issuing),
        service(UNIT, PKI.unit),
        service(CA, other, WITHDRAWN),
        service(CA, PKI.root, since=T0 + DAY),
    )
    found = trusted_lists.listed([made], [operator().parsed], T0)
    assert found.authorities == (PKI.issuing.der,)
    assert found.units == (PKI.unit.der,)


def test_the_list_of_the_lists_names_who_signs() -> None:
    """In any order; without it, or signed by a stranger, the national list is not believed."""
    lists = operator("Commission")
    made, top = national(service(CA, PKI.issuing)), list_of_lists(operator(), lists)
    for files in ([made, top], [top, made]):
        found = trusted_lists.listed(files, [lists.parsed], T0)
        assert found.authorities == (PKI.issuing.der,)
    for files, signers in (
        ([made], []),
        ([made], [lists.parsed]),
        ([made, top], []),
        ([made, list_of_lists(lists, lists)], [lists.parsed]),
    ):
        with pytest.raises(Unreadable, match="not signed by anybody"):
            trusted_lists.listed(files, signers, T0)


def test_lists_that_are_not_believed() -> None:
    """Changed, wrapped, too old, no list, no XML, entities."""
    made = national(service(CA, PKI.issuing))
    changed = made.replace(b"granted", b"grantes")
    other = b64encode(PKI.root.der)
    wrapped = made.replace(
        b"<TrustServiceProviderList>",
        b"<TrustServiceProviderList><!-- --><TrustServiceProvider><X>" + other + b"</X>"
        b"</TrustServiceProvider></TrustServiceProviderList><TrustServiceProviderList>",
    )
    for file, told in (
        (changed, "not signed by anybody"),
        (wrapped, "not signed by anybody"),
        (national(until=T0 - HOUR), "too old"),
        (b"<a/>", "no trusted list"),
        (b"no XML", "no XML"),
    ):
        with pytest.raises(Unreadable, match=told):
            trusted_lists.listed([file], [operator().parsed], T0)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The listed authority and unit are anchors; the chain ends at them, not at a root."""
    files = {
        "file": scribe.leveled("B-T"),
        "list.xml": national(service(CA, PKI.issuing), service(UNIT, PKI.unit)),
        "operator.pem": operator().certificate.public_bytes(Encoding.PEM),
        "alice.ocsp": PKI.answer(PKI.alice, T0),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def validate(*words: str) -> tuple[int, str]:
        at = ["--at", (T0 + HOUR).isoformat(), "--evidence", str(tmp_path / "alice.ocsp")]
        listed = ["--trusted-list", str(tmp_path / "list.xml"), *words]
        top = ["--instance", str(tmp_path / "none"), "validate", str(tmp_path / "file")]
        status = main([*top, *at, *listed])
        told = capsys.readouterr()
        return status, told.out + told.err

    status, told = validate("--list-signer", str(tmp_path / "operator.pem"))
    assert (status, "anchor: Common Name: Issuing" in told) == (0, True), told
    status, told = validate()
    assert (status, "not signed by anybody" in told) == (3, True), told
