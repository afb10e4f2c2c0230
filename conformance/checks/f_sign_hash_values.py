"""signatures/signHash: the signatures themselves, each verified as it was asked for."""

from __future__ import annotations

import functools
from typing import Final

from conformance import verifying
from conformance.checks.f_sign_hash import METHOD
from conformance.checks.f_sign_hash_params import with_algorithm
from conformance.credential import Credential
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.judge import algorithms
from conformance.judge.algorithms import Digest, Pss
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Authorized, Target, signatures

_check = functools.partial(check, group=METHOD, v1="11.9", v2="11.10", methods=(METHOD,))
_v2 = functools.partial(check, group=METHOD, v2="11.10", methods=(METHOD,))
_MEND_VALUE: Final = (
    "The digest is signed as it is, not hashed again, by the key of the credential's certificate."
)
_SEVERAL: Final = 5
_ECDSA: Final = "1.2.840.10045.4.3."
_RSA: Final = "1.2.840.113549.1.1."


@_check(
    "sign-hash.verifies",
    Level.SHALL,
    expects="The signature verifies under the credential's certificate.",
    mend=_MEND_VALUE,
)
async def verifies(target: Target) -> None:
    authorized = await target.granted()
    answer = await target.sign(authorized)
    verifying.verify(answer, authorized.credential, authorized.hashes)


async def _several(target: Target, credential: Credential | None = None) -> Authorized:
    """An authorization for some hashes at once."""
    credential = credential or await target.signing_credential(
        lambda one: one.multisign > 1, "that signs several hashes at once"
    )
    return await target.granted(min(_SEVERAL, credential.multisign), credential=credential)


@_check(
    "sign-hash.order",
    Level.SHALL,
    expects="Signatures come in the order of the request, whatever that of the authorization was.",
    mend="Keep the order of the hashes in signHash.",
)
async def order(target: Target) -> None:
    authorized = await _several(target)
    turned = authorized.hashes[::-1]
    body = target.names.sign(
        authorized.credential.id,
        authorized.sad,
        turned,
        authorized.credential.sign_algo,
        authorized.credential.hash_algo,
    )
    answer = await target.call(METHOD, body, token=authorized.token)
    verifying.verify(answer, authorized.credential, turned)


async def _signs(target: Target, algorithm: str, digest: Digest, *, implied: bool = True) -> None:
    """A hash of ``digest`` is signed with ``algorithm``.

    Args:
        implied: The algorithm says which digest, so its OID is left out.
    """
    credential = await with_algorithm(target, algorithm)
    hashes = tuple(digest.of(one) for one in target.digests())
    authorized = await target.granted(credential=credential, hashes=hashes, algorithm=digest.oid)
    name = target.names.hash_algorithm
    changes = {"signAlgo": algorithm, name: ABSENT if implied else digest.oid}
    answer = await target.sign(authorized, changes)
    verifying.verify(answer, credential, hashes, algorithms.scheme(algorithm, digest.oid))


@_check(
    "sign-hash.rsa-sha256",
    Level.SHALL,
    expects="sha256WithRSAEncryption signs, without the digest's OID.",
    mend=f"{_MEND_VALUE} PKCS#1 v1.5 wraps it into a DigestInfo.",
)
async def rsa_sha256(target: Target) -> None:
    await _signs(target, f"{_RSA}11", algorithms.SHA256)


@_check(
    "sign-hash.rsa-sha384",
    Level.SHALL,
    expects="sha384WithRSAEncryption signs hashes of SHA-384.",
    mend="Take the algorithm out of `key/algo`, or sign with it.",
)
async def rsa_sha384(target: Target) -> None:
    await _signs(target, f"{_RSA}12", algorithms.SHA384)


@_check(
    "sign-hash.rsa-sha512",
    Level.SHALL,
    expects="sha512WithRSAEncryption signs hashes of SHA-512.",
    mend="Take the algorithm out of `key/algo`, or sign with it.",
)
async def rsa_sha512(target: Target) -> None:
    await _signs(target, f"{_RSA}13", algorithms.SHA512)


@_check(
    "sign-hash.rsa-bare",
    Level.SHALL,
    expects="rsaEncryption signs with the digest that its OID names.",
    mend="PKCS#1 v1.5 with a DigestInfo of that digest.",
)
async def rsa_bare(target: Target) -> None:
    await _signs(target, algorithms.RSA, algorithms.SHA256, implied=False)


@_check(
    "sign-hash.rsa-bare-sha512",
    Level.SHALL,
    expects="rsaEncryption signs hashes of SHA-512 where their OID is named.",
    mend="PKCS#1 v1.5 with a DigestInfo of that digest.",
)
async def rsa_bare_sha512(target: Target) -> None:
    await _signs(target, algorithms.RSA, algorithms.SHA512, implied=False)


@_check(
    "sign-hash.ecdsa-sha256",
    Level.SHALL,
    expects="ecdsa-with-SHA256 signs, without the digest's OID.",
    mend=f"{_MEND_VALUE} Clients expect DER of r and s.",
)
async def ecdsa_sha256(target: Target) -> None:
    await _signs(target, f"{_ECDSA}2", algorithms.SHA256)


@_check(
    "sign-hash.ecdsa-sha384",
    Level.SHALL,
    expects="ecdsa-with-SHA384 signs hashes of SHA-384.",
    mend="Take the algorithm out of `key/algo`, or sign with it.",
)
async def ecdsa_sha384(target: Target) -> None:
    await _signs(target, f"{_ECDSA}3", algorithms.SHA384)


@_check(
    "sign-hash.ecdsa-sha512",
    Level.SHALL,
    expects="ecdsa-with-SHA512 signs hashes of SHA-512.",
    mend="Take the algorithm out of `key/algo`, or sign with it.",
)
async def ecdsa_sha512(target: Target) -> None:
    await _signs(target, f"{_ECDSA}4", algorithms.SHA512)


# --- RSASSA-PSS -----------------------------------------------------------------------------------


async def _pss(target: Target, pss: Pss) -> None:
    credential = await with_algorithm(target, algorithms.RSA_PSS)
    hashes = tuple(pss.digest.of(one) for one in target.digests())
    authorized = await target.granted(
        credential=credential, hashes=hashes, algorithm=pss.digest.oid
    )
    params = pss.encoded()
    changes = {
        "signAlgo": algorithms.RSA_PSS,
        "signAlgoParams": params,
        target.names.hash_algorithm: pss.digest.oid,
    }
    answer = await target.sign(authorized, changes)
    scheme = algorithms.scheme(algorithms.RSA_PSS, pss.digest.oid, params)
    verifying.verify(answer, credential, hashes, scheme)


@_check(
    "sign-hash.pss",
    Level.SHALL,
    expects="RSASSA-PSS signs with a salt as long as the digest.",
    mend="Take hash, mask and length of the salt from `signAlgoParams`.",
)
async def pss_usual(target: Target) -> None:
    await _pss(target, algorithms.default_pss(algorithms.SHA256))


@_check(
    "sign-hash.pss-salt-none",
    Level.SHALL,
    expects="RSASSA-PSS signs without a salt where `signAlgoParams` say so.",
    mend="Take the length of the salt from `signAlgoParams`, 0 too.",
)
async def pss_salt_none(target: Target) -> None:
    await _pss(target, Pss(algorithms.SHA256, algorithms.SHA256, 0))


@_check(
    "sign-hash.pss-salt-longest",
    Level.SHALL,
    expects="RSASSA-PSS signs with the longest salt that the key takes.",
    mend="Take the length of the salt from `signAlgoParams`; some clients ask for the longest.",
)
async def pss_salt_longest(target: Target) -> None:
    credential = await with_algorithm(target, algorithms.RSA_PSS)
    key = verifying.key(credential)
    longest = (key.key_size + 6) // 8 - algorithms.SHA256.length - 2
    await _pss(target, Pss(algorithms.SHA256, algorithms.SHA256, longest))


@_check(
    "sign-hash.pss-sha512",
    Level.SHALL,
    expects="RSASSA-PSS signs hashes of SHA-512 where `signAlgoParams` name it.",
    mend="Take hash and mask from `signAlgoParams`.",
)
async def pss_sha512(target: Target) -> None:
    await _pss(target, algorithms.default_pss(algorithms.SHA512))


@_check(
    "sign-hash.pss-mask",
    Level.OURS,
    expects="RSASSA-PSS signs with another digest in the mask than for the hash.",
    mend="Take the mask's digest from `signAlgoParams`; it stands there on its own.",
)
async def pss_mask(target: Target) -> None:
    await _pss(target, Pss(algorithms.SHA256, algorithms.SHA512, 32))


# --- members that do not matter -------------------------------------------------------------------


@_check(
    "sign-hash.client-data",
    Level.SHALL,
    expects="`clientData` is accepted.",
    mend="Keep it with the transaction, or ignore it.",
)
async def client_data(target: Target) -> None:
    authorized = await target.granted()
    answer = await target.sign(authorized, {"clientData": "conformance"})
    signatures(answer, len(authorized.hashes))


@_check(
    "sign-hash.lenient",
    Level.OURS,
    expects="Members that are null or unknown do not matter.",
    mend="Take null for absent, and skip what you do not know: some clients send both.",
)
async def lenient(target: Target) -> None:
    authorized = await target.granted()
    changes = {"signAlgoParams": None, "clientData": None, "conformance": {"a": [1]}}
    answer = await target.sign(authorized, changes)
    signatures(answer, len(authorized.hashes))


@_check(
    "sign-hash.digest-ignored",
    Level.OURS,
    expects="Where `signAlgo` names the digest, another OID beside it does not matter.",
    mend="Look at the digest's OID only where `signAlgo` leaves it open.",
)
async def digest_ignored(target: Target) -> None:
    credential = await target.signing_credential()
    if credential.sign_algo in (algorithms.RSA, algorithms.EC):
        raise NotApplicable("no algorithm of the credential names its digest")
    authorized = await target.granted(credential=credential)
    changes = {target.names.hash_algorithm: algorithms.SHA512.oid}
    answer = await target.sign(authorized, changes)
    verifying.verify(answer, credential, authorized.hashes)


@_v2(
    "sign-hash.mode-synchronous",
    Level.SHALL,
    expects="In mode S signatures are in the answer; members for mode A are ignored.",
    mend="Look at `validity_period` and `response_uri` in mode A alone.",
)
async def mode_synchronous(target: Target) -> None:
    authorized = await target.granted()
    changes = {"operationMode": "S", "validity_period": -1, "response_uri": "no uri"}
    answer = await target.sign(authorized, changes)
    signatures(answer, len(authorized.hashes))
    answer.members.absent("responseID", "in mode S")


@_check(
    "sign-hash.certificate-expired",
    Level.SHALL,
    expects="A credential whose certificate is expired signs nothing.",
    mend="Answer 400, `Signing certificate 'O=[organization],CN=[common_name]' is expired.`.",
)
async def certificate_expired(target: Target) -> None:
    found = [one for one in await target.credentials() if _expired(one)]
    if not found:
        raise NotRun("no credential has an expired certificate")
    try:
        authorized = await target.authorized(credential=found[0])
    except Violation:
        # Refused even before there was a SAD.
        return
    (await target.sign(authorized)).refused()


def _expired(credential: Credential) -> bool:
    cert = credential.facts.get("cert")
    return isinstance(cert, dict) and cert.get("status") == "expired"
