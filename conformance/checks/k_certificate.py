"""credentials/info: the certificates, and whether what is said about them and the key is true."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from conformance import verifying
from conformance.answer import Members
from conformance.credential import Credential
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.judge import certificates
from conformance.judge.certificates import Chain
from conformance.judge.names import check_name
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_METHOD: Final = "credentials/info"
_check = functools.partial(check, group="certificates", v1="11.5", v2="11.5", methods=(_METHOD,))
_DECODED: Final = ("issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo")


async def _cert(target: Target, credential_id: str, **body: Any) -> Members:
    """``cert`` of credentials/info."""
    answer = await target.call(_METHOD, {"credentialID": credential_id, **body})
    found = answer.succeeded().member("cert", dict, required=False)
    return Members(found or {})


async def _with_certificates(target: Target) -> list[Credential]:
    """The credentials that have any.

    Raises:
        NotRun: None has.
    """
    found = [one for one in await target.credentials() if _texts(one)]
    if not found:
        raise NotRun("no credential has a certificate")
    return found


def _texts(credential: Credential) -> list[Any]:
    group = credential.facts.get("cert")
    texts = group.get("certificates") if isinstance(group, dict) else None
    return texts if isinstance(texts, list) else []


async def _chains(target: Target) -> list[tuple[Credential, Chain]]:
    """The chains that can be read.

    Raises:
        NotRun: None can be; ``certificate.encoding`` says why.
    """
    found = []
    for one in await _with_certificates(target):
        try:
            found.append((one, certificates.read(_texts(one))))
        except Violation:
            continue
    if not found:
        raise NotRun("no chain can be read")
    return found


async def _each(
    target: Target, judge: Callable[[x509.Certificate, Members, Credential], None]
) -> None:
    """``judge`` for the end entity of each chain, what is said about it, and its credential."""
    for one, _ in await _chains(target):
        judge(verifying.leaf(one), one.facts.member("cert", dict), one)


# --- the certificates -----------------------------------------------------------------------------


@_check(
    "certificate.encoding",
    Level.SHALL,
    expects="`cert/certificates` are base64 of DER, one certificate each.",
    mend="No PEM armour, no line breaks, no whole chain in one text.",
)
async def encoding(target: Target) -> None:
    for one in await _with_certificates(target):
        certificates.read(_texts(one))


@_check(
    "certificate.order",
    Level.SHALL,
    expects="For `chain` the end entity comes first, and each certificate is signed by the next.",
    mend="Order the chain from the signer's certificate upwards.",
)
async def order(target: Target) -> None:
    for _, chain in await _chains(target):
        certificates.check_order(chain)


@_check(
    "certificate.chain",
    Level.SHALL,
    expects="For `chain` the whole chain comes, or the end entity signed itself.",
    mend="Send the certificates of all CAs up to the root (the root itself may be left out).",
)
async def chain(target: Target) -> None:
    for one, found in await _chains(target):
        if len(found) == 1 and found[0].issuer != found[0].subject:
            raise Violation(f"the chain of {one.id} is its end entity alone")


@_check(
    "certificate.single",
    Level.SHALL,
    expects="For `single` exactly the end entity comes.",
    mend="One certificate: the first of the chain.",
)
async def single(target: Target) -> None:
    for one, _ in await _chains(target):
        cert = await _cert(target, one.id, certificates="single")
        certificate = certificates.read(cert.texts("certificates") or [])
        if certificate != (verifying.leaf(one),):
            raise Violation(f"{len(certificate)} certificates came, or not the end entity")


@_check(
    "certificate.single-default",
    Level.SHALL,
    expects="Without `certificates` it is as for `single`.",
    mend="The default is `single`.",
)
async def single_default(target: Target) -> None:
    one = (await _chains(target))[0][0]
    found = certificates.read((await _cert(target, one.id)).texts("certificates") or [])
    if found != (verifying.leaf(one),):
        raise Violation(f"{len(found)} certificates came, or not the end entity")


@_check(
    "certificate.none",
    Level.SHALL,
    expects="For `none` no certificate comes.",
    mend="Leave `cert/certificates` out.",
)
async def none(target: Target) -> None:
    for one in await _with_certificates(target):
        cert = await _cert(target, one.id, certificates="none")
        cert.absent("certificates", "for `none`")


@_check(
    "certificate.end-entity",
    Level.SHALL,
    expects="The certificate of a credential is not a CA's.",
    mend="Issue one with basicConstraints CA false, or without that extension.",
)
async def end_entity(target: Target) -> None:
    await _each(target, lambda leaf, *_: certificates.check_end_entity(leaf))


@_check(
    "certificate.usage",
    Level.SHALL,
    expects="keyUsage of the certificate allows signatures.",
    mend="digitalSignature or contentCommitment (nonRepudiation).",
)
async def usage(target: Target) -> None:
    await _each(target, lambda leaf, *_: certificates.check_usage(leaf))


@_check(
    "certificate.strength",
    Level.OURS,
    expects="Key and signature of the certificate may still be relied upon.",
    mend="RSA from 2048 bits on, curves from 256 on, nothing signed over SHA-1.",
)
async def strength(target: Target) -> None:
    await _each(target, lambda leaf, *_: certificates.check_strength(leaf))


# --- what is said ---------------------------------------------------------------------------------


@_check(
    "certificate.key",
    Level.SHALL,
    expects="`key/len`, `key/curve` and `key/algo` are those of the certificate's key.",
    mend="Take them from the certificate.",
)
async def key(target: Target) -> None:
    def judge(leaf: x509.Certificate, _: Members, one: Credential) -> None:
        certificates.check_key(leaf, one.facts.member("key", dict))

    await _each(target, judge)


def _told(cert: Members) -> Members:
    """Raises:
    NotApplicable: Nothing decoded is there; ``certificate.info`` says so.
    """
    if not any(cert.get(name) is not None for name in _DECODED):
        raise NotApplicable("the server does not decode certificates")
    return cert


@_check(
    "certificate.info",
    Level.SHALL,
    expects="With `certInfo` the five decoded members come.",
    mend="Send issuerDN, serialNumber, subjectDN, validFrom and validTo.",
)
async def info(target: Target) -> None:
    one = (await target.credentials())[0]
    cert = await _cert(target, one.id, certInfo=True)
    for name in _DECODED:
        cert.member(name, str)


@_check(
    "certificate.info-gated",
    Level.SHALL,
    expects="Without `certInfo` none of the five decoded members comes.",
    mend="The default is false.",
)
async def info_gated(target: Target) -> None:
    one = (await target.credentials())[0]
    for body in ({}, {"certInfo": False}):
        cert = await _cert(target, one.id, **body)
        for name in _DECODED:
            cert.absent(name, "without `certInfo`")


@_check(
    "certificate.info-none",
    Level.SHALL,
    expects="`certInfo` works also where no certificate is asked for.",
    mend="`certInfo` and `certificates` have nothing to do with each other.",
)
async def info_none(target: Target) -> None:
    one = (await target.credentials())[0]
    _told(one.facts.member("cert", dict))
    cert = await _cert(target, one.id, certInfo=True, certificates="none")
    for name in _DECODED:
        cert.member(name, str)


@_check(
    "certificate.validity",
    Level.SHALL,
    expects="`validFrom` and `validTo` are the certificate's, as `YYYYMMDDHHMMSSZ`.",
    mend="UTC, with seconds and Z.",
)
async def validity(target: Target) -> None:
    def judge(leaf: x509.Certificate, cert: Members, _: Credential) -> None:
        told = _told(cert)
        certificates.check_validity(leaf, told.get("validFrom"), told.get("validTo"))

    await _each(target, judge)


@_check(
    "certificate.issuer",
    Level.SHALL,
    expects="`issuerDN` names the issuer of the certificate.",
    mend="RFC 4514, UTF-8.",
)
async def issuer(target: Target) -> None:
    await _each(
        target,
        lambda leaf, cert, _: check_name("cert/issuerDN", _told(cert).get("issuerDN"), leaf.issuer),
    )


@_check(
    "certificate.subject",
    Level.SHALL,
    expects="`subjectDN` names the subject of the certificate.",
    mend="RFC 4514, UTF-8.",
)
async def subject(target: Target) -> None:
    await _each(
        target,
        lambda leaf, cert, _: check_name(
            "cert/subjectDN", _told(cert).get("subjectDN"), leaf.subject
        ),
    )


@_check(
    "certificate.serial",
    Level.SHALL,
    expects="`serialNumber` is the certificate's, as hexadecimal text.",
    mend="Not decimal; any case, with or without leading zeros.",
)
async def serial(target: Target) -> None:
    def judge(leaf: x509.Certificate, cert: Members, _: Credential) -> None:
        certificates.check_serial(leaf, _told(cert).get("serialNumber"))

    await _each(target, judge)


@_check(
    "certificate.status",
    Level.SHALL,
    expects="`cert/status`, where it is, goes with the dates of the certificate.",
    mend="Send it only if it is accurate right now.",
)
async def status(target: Target) -> None:
    def judge(leaf: x509.Certificate, cert: Members, _: Credential) -> None:
        certificates.check_status(leaf, cert.get("status"), datetime.now(UTC))

    await _each(target, judge)


@_check(
    "certificate.enabled",
    Level.SHALL,
    expects="The key of an expired, revoked or suspended certificate is not enabled.",
    mend="`key/status` is disabled where the certificate cannot be used.",
)
async def enabled(target: Target) -> None:
    for one in await target.credentials():
        found = one.facts.member("cert", dict, required=False) or {}
        if one.enabled and found.get("status") in ("expired", "revoked"):
            raise Violation(f"{one.id} is enabled; its certificate is {found['status']}")
