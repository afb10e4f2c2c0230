"""info: what v2 added, and v2.1."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from conformance.answer import Members, decoded
from conformance.checks.a_info import OAUTH_TYPES
from conformance.errors import Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_v2 = functools.partial(check, group="info", v2="11.1")
_v21 = functools.partial(check, group="info", v21="11.1; OpenAPI")

FORMATS: Final = ("C", "X", "P", "J")
ENVELOPES: Final = {
    "C": {"Detached", "Attached", "Parallel"},
    "P": {"Certification", "Revision"},
    "X": {"Enveloped", "Enveloping", "Detached"},
    "J": {"Detached", "Attached", "Parallel"},
}
LEVELS: Final = frozenset(
    f"ades-{one}" for one in ("b-b", "b-t", "b-lt", "b-lta", "b", "t", "lt", "lta")
)
_OID: Final = re.compile(r"[0-2](\.(0|[1-9]\d*))+")


def is_oid(text: object) -> bool:
    """Whether ``text`` is an object identifier in dotted numbers."""
    return isinstance(text, str) and bool(_OID.fullmatch(text))


def _boolean(target: Target, name: str) -> None:
    target.described().member(name, bool, required=False)


@_v2(
    "info.sign-algorithms",
    Level.SHALL,
    expects="`signAlgorithms/algos` lists signature algorithms as OIDs.",
    mend="Send an object with the array `algos`.",
)
async def sign_algorithms(target: Target) -> None:
    algos = target.described().member("signAlgorithms", dict).texts("algos")
    strange = [one for one in algos if not is_oid(one)]
    if strange:
        raise Violation(f"`algos` has {strange[0]!r}")


@_v2(
    "info.algo-params",
    Level.SHALL,
    expects="`signAlgorithms/algoParams`, where it is, is an array of base64 texts.",
    mend="Send one entry for each algorithm: base64 of its parameters, or an empty text.",
)
async def algo_params(target: Target) -> None:
    algorithms = target.described().member("signAlgorithms", dict)
    found = algorithms.member("algoParams", list, required=False)
    if found is None:
        note("`algoParams` is missing; some clients cannot do without")
        return
    for one in found:
        if one is None:
            note("`algoParams` has null; clients of 2.0 expect texts")
        elif not isinstance(one, str):
            raise Violation(f"`algoParams` has {one!r}")
        else:
            decoded(one, "an entry of `algoParams`")


@_v2(
    "info.algo-params-aligned",
    Level.OURS,
    expects="`algoParams` has as many entries as `algos`.",
    mend="Say for each algorithm which parameters it takes.",
)
async def algo_params_aligned(target: Target) -> None:
    algorithms = target.described().member("signAlgorithms", dict)
    algos = algorithms.texts("algos") or []
    params = algorithms.member("algoParams", list, required=False)
    if params is not None and len(params) != len(algos):
        raise Violation(f"{len(algos)} algorithms, {len(params)} parameters")


@_v2(
    "info.signature-formats",
    Level.SHALL,
    expects="`signature_formats/formats` is an array of C, X, P and J.",
    mend="Send the object `signature_formats` also without signDoc, then with an empty array.",
)
async def signature_formats(target: Target) -> None:
    formats = target.described().member("signature_formats", dict).texts("formats")
    strange = [one for one in formats if one not in FORMATS]
    if strange:
        raise Violation(f"`formats` has {strange[0]!r}")


@_v2(
    "info.envelope-properties",
    Level.SHALL,
    expects="`envelope_properties` has an array of known values for each format, in order.",
    mend="Entry i belongs to format i; an empty array means the default alone.",
)
async def envelope_properties(target: Target) -> None:
    group = target.described().member("signature_formats", dict)
    formats = group.texts("formats") or []
    found = group.member("envelope_properties", list, required=False)
    if found is None:
        return
    if len(found) != len(formats):
        raise Violation(f"{len(formats)} formats, {len(found)} entries of `envelope_properties`")
    for which, values in zip(formats, found, strict=True):
        known = ENVELOPES.get(which, set())
        if not isinstance(values, list) or any(one not in known for one in values):
            raise Violation(f"`envelope_properties` of {which} is {values!r}")


@_v2(
    "info.conformance-levels",
    Level.SHALL,
    expects="`conformance_levels` is an array of levels such as AdES-B-B.",
    mend="Send the levels that signDoc can make; without signDoc an empty array.",
)
async def conformance_levels(target: Target) -> None:
    found = target.described().texts("conformance_levels") or []
    strange = [one for one in found if one.lower() not in LEVELS]
    if strange:
        raise Violation(f"`conformance_levels` has {strange[0]!r}")


@_v2(
    "info.sign-doc-formats",
    Level.SHALL,
    methods=("signatures/signDoc",),
    expects="A service with signDoc announces at least one format and one level.",
    mend="Fill `signature_formats/formats` and `conformance_levels`.",
)
async def sign_doc_formats(target: Target) -> None:
    info = target.described()
    if not info.member("signature_formats", dict).texts("formats"):
        raise Violation("`formats` is empty")
    if not info.texts("conformance_levels"):
        raise Violation("`conformance_levels` is empty")


@_v2(
    "info.asynchronous",
    Level.SHALL,
    expects="`asynchronousOperationMode`, where it is, is a Boolean.",
    mend="Send true or false without quotes.",
)
async def asynchronous(target: Target) -> None:
    _boolean(target, "asynchronousOperationMode")


@_v2(
    "info.asynchronous-polling",
    Level.SHALL,
    expects="Whoever announces the asynchronous mode announces signPolling.",
    mend="Without `signatures/signPolling` nobody can fetch a result.",
)
async def asynchronous_polling(target: Target) -> None:
    announced = target.described().get("asynchronousOperationMode") is True
    if announced and not target.announces("signatures/signPolling"):
        raise Violation("`methods` has no signatures/signPolling")


@_v2(
    "info.validation-info",
    Level.SHALL,
    expects="`validationInfo`, where it is, is a Boolean.",
    mend="Send true or false without quotes.",
)
async def validation_info(target: Target) -> None:
    _boolean(target, "validationInfo")


@_v21(
    "info.specs-2.1",
    Level.OURS,
    expects="`specs` begins with 2.1, or is later.",
    mend="Send `2.1.0.1`.",
)
async def specs(target: Target) -> None:
    found = target.described().member("specs", str)
    if found.startswith("2.0"):
        raise Violation(f"`specs` is {found!r}")


@_v21(
    "info.oauth2-exactly-one",
    Level.SHALL,
    expects="With an OAuth value in `authType` exactly one of `oauth2`, `oauth2Issuer` and "
    "`oauth2Servers` is there.",
    mend="Name the authorization server in one way only.",
)
async def oauth2_exactly_one(target: Target) -> None:
    info = target.described()
    names = ("oauth2", "oauth2Issuer", "oauth2Servers")
    found = [one for one in names if info.get(one) is not None]
    if OAUTH_TYPES & set(info.texts("authType") or []) and len(found) != 1:
        raise Violation(f"{' and '.join(found) or 'none'} is there")


def _servers(target: Target) -> list[Members]:
    found = target.described().member("oauth2Servers", list, required=False) or []
    if not all(isinstance(one, dict) for one in found):
        raise Violation("`oauth2Servers` holds something that is not an Object")
    return [Members(one) for one in found]


@_v21(
    "info.oauth2-servers-address",
    Level.SHALL,
    expects="Each entry of `oauth2Servers` has exactly one of `baseUri` and `issuerIdentifier`.",
    mend="Name each server in one way.",
)
async def oauth2_servers_address(target: Target) -> None:
    for one in _servers(target):
        ways = [name for name in ("baseUri", "issuerIdentifier") if one.get(name) is not None]
        if len(ways) != 1:
            raise Violation(f"an entry has {' and '.join(ways) or 'neither of them'}")
        one.member(ways[0], str)


@_v21(
    "info.oauth2-servers-auth-type",
    Level.SHALL,
    expects="`authType` of each entry of `oauth2Servers` is oauth2code, oauth2client or both.",
    mend="Say what each server is good for.",
)
async def oauth2_servers_auth_type(target: Target) -> None:
    covered: set[str] = set()
    for one in _servers(target):
        values = one.texts("authType") or []
        if not values or set(values) - OAUTH_TYPES:
            raise Violation(f"`authType` of an entry is {values!r}")
        covered |= set(values)
    wanted = OAUTH_TYPES & set(target.described().texts("authType") or [])
    if covered and wanted - covered:
        note(f"no entry of `oauth2Servers` covers {min(wanted - covered)}")


@_v21(
    "info.supports-rar",
    Level.SHALL,
    expects="`supportsRar`, where it is, is a Boolean.",
    mend="Send true or false without quotes.",
)
async def supports_rar(target: Target) -> None:
    _boolean(target, "supportsRar")
    for one in _servers(target):
        one.member("supportsRar", bool, required=False)


@_v21(
    "info.supports-rar-alone",
    Level.OURS,
    expects="`supportsRar` stands not beside `oauth2Servers`.",
    mend="Say it in the entries; some clients refuse it at the top.",
)
async def supports_rar_alone(target: Target) -> None:
    info = target.described()
    if info.get("oauth2Servers") is not None:
        info.absent("supportsRar", "beside `oauth2Servers`")


def _texts(target: Target, name: str) -> Any:
    return target.described().texts(name, required=False)


@_v21(
    "info.hash-types",
    Level.SHALL,
    expects="`supportedHashTypes`, where it is, is an array of texts.",
    mend="Send an array, or leave it out.",
)
async def hash_types(target: Target) -> None:
    _texts(target, "supportedHashTypes")


@_v21(
    "info.document-types",
    Level.SHALL,
    expects="`documentTypes`, where it is, is an array of sod and sfd.",
    mend="Send what signDoc takes.",
)
async def document_types(target: Target) -> None:
    strange = [one for one in _texts(target, "documentTypes") or [] if one not in ("sod", "sfd")]
    if strange:
        raise Violation(f"`documentTypes` has {strange[0]!r}")


@_v21(
    "info.allow-mix",
    Level.SHALL,
    expects="`signature_formats/allowMix`, where it is, is a Boolean.",
    mend="Send true or false without quotes.",
)
async def allow_mix(target: Target) -> None:
    target.described().member("signature_formats", dict).member("allowMix", bool, required=False)


@_v21(
    "info.formats-without-sign-doc",
    Level.SHOULD,
    expects="Without signDoc `formats` is empty.",
    mend="Send an empty array.",
)
async def formats_without_sign_doc(target: Target) -> None:
    formats = target.described().member("signature_formats", dict).texts("formats")
    if formats and not target.announces("signatures/signDoc"):
        raise Violation(f"`formats` is {formats!r}")


@_v21(
    "info.methods-of-2.1",
    Level.SHALL,
    expects="`methods` has no credentials/create and credentials/delete before v2.2.",
    mend="Announce 2.2 in `specs`, or leave these names out.",
)
async def methods_of(target: Target) -> None:
    specs_said = str(target.described().get("specs"))
    for one in ("credentials/create", "credentials/delete"):
        if target.announces(one) and specs_said.startswith(("2.0", "2.1")):
            raise Violation(f"`methods` has {one}")


@_v21(
    "info.methods-oauth",
    Level.OURS,
    expects="`methods` has no OAuth names.",
    mend="The list of v2.1 has none; metadata and `oauth2` tell clients enough.",
)
async def methods_oauth(target: Target) -> None:
    found = [one for one in target.described().texts("methods") or [] if one.startswith("oauth2/")]
    if found:
        raise Violation(f"`methods` has {found[0]!r}")
