"""credentials/info of v2: ``auth`` with its objects, ``signatureQualifier``."""

from __future__ import annotations

import functools
import re
from typing import Final

from conformance.answer import Members
from conformance.approval import satisfied
from conformance.checks.a_info_v2 import is_oid
from conformance.checks.c_credential import METHOD, among, asked, first
from conformance.credential import Credential
from conformance.errors import NotApplicable, Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_v2 = functools.partial(check, group=METHOD, v2="11.5", methods=(METHOD,))

_OBJECT_TYPES: Final = ("Password", "PasswordOOB", "ChallengeResponse", "ChallengeResponseOOB")


@_v2(
    "credential.auth-mode-v2",
    Level.SHALL,
    expects="`auth/mode` is explicit or oauth2code, also without `authInfo`.",
    mend="Send `auth` with `mode` always.",
)
async def auth_mode_v2(target: Target) -> None:
    answer = await asked(target, await first(target))
    among(answer.succeeded().member("auth", dict), "mode", ("explicit", "oauth2code"))


@_v2(
    "credential.objects-gated",
    Level.SHALL,
    expects="`auth/objects` come only for `authInfo` true and the mode explicit.",
    mend="Leave them out otherwise.",
)
async def objects_gated(target: Target) -> None:
    for one in await target.credentials():
        plain = (await asked(target, one.id)).succeeded().member("auth", dict)
        plain.absent("objects", "without `authInfo`")
        if one.mode == "oauth2code" and one.facts["auth"].get("objects"):
            raise Violation(f"{one.id} is approved by OAuth and has `objects`")


def _objects(one: Credential) -> list[Members]:
    if one.mode != "explicit":
        return []
    found = one.facts.member("auth", dict).member("objects", list)
    if not all(isinstance(each, dict) for each in found):
        raise Violation("`objects` holds something that is not an Object")
    return [Members(each) for each in found]


@_v2(
    "credential.objects-type",
    Level.SHALL,
    expects="The `type` of each object is one of the four of the standard.",
    mend="Password, PasswordOOB, ChallengeResponse or ChallengeResponseOOB.",
)
async def objects_type(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            among(each, "type", _OBJECT_TYPES)


@_v2(
    "credential.objects-id",
    Level.SHALL,
    expects="Each object has an `id` of its own.",
    mend="Send a text that no other object of the credential has.",
)
async def objects_id(target: Target) -> None:
    for one in await target.credentials():
        ids = [each.member("id", str) for each in _objects(one)]
        if len(set(ids)) != len(ids):
            raise Violation(f"two objects of {one.id} have one `id`")


@_v2(
    "credential.objects-format",
    Level.SHALL,
    expects="The `format` of an object, where it is, is A or N.",
    mend="Leave it out where any character may be typed.",
)
async def objects_format(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            if each.get("format") is not None:
                among(each, "format", ("A", "N"))


@_v2(
    "credential.objects-texts",
    Level.SHALL,
    expects="`label`, `description` and `generator` of an object are texts.",
    mend="Send texts, or leave them out.",
)
async def objects_texts(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            for name in ("label", "description", "generator"):
                each.member(name, str, required=False)


@_v2(
    "credential.objects-challenge",
    Level.SHALL,
    expects="Where an object wants a challenge, `credentials/getChallenge` is announced.",
    mend="Announce and implement it.",
)
async def objects_challenge(target: Target) -> None:
    for one in await target.credentials():
        for each in _objects(one):
            wanted = str(each.get("type")).startswith("Challenge")
            if wanted and not target.announces("credentials/getChallenge"):
                raise Violation(f"{each.get('id')} of {one.id} wants a challenge")


@_v2(
    "credential.expression",
    Level.SHALL,
    expects="`auth/expression`, where it is, is a formula over the ids of the objects.",
    mend="Use AND, OR, XOR, parentheses and the ids; leave it out to want all.",
)
async def expression(target: Target) -> None:
    for one in await target.credentials():
        if one.mode != "explicit":
            continue
        text = one.facts.member("auth", dict).member("expression", str, required=False)
        ids = {each.member("id", str) for each in _objects(one)}
        if not text:
            continue
        if text in ("AND", "OR", "XOR"):
            note(f"`auth/expression` is the bare operator {text}")
            continue
        words = set(re.findall(r"[^\s()]+", text)) - {"AND", "OR", "XOR"}
        if words - ids:
            raise Violation(f"`auth/expression` has {min(words - ids)!r}, which is no object")
        if not satisfied(re.sub(r"\bXOR\b", "OR", text), ids):
            raise Violation(f"`auth/expression` {text!r} cannot be read")


@_v2(
    "credential.qualifier",
    Level.SHALL,
    expects="`signatureQualifier`, where it is, is a text.",
    mend="Send for example eu_eidas_aes, or leave it out.",
)
async def qualifier(target: Target) -> None:
    for one in await target.credentials():
        found = one.facts.member("signatureQualifier", str, required=False)
        if found is not None and found.count("_") < 2:
            note(f"`signatureQualifier` is {found!r}; the pattern is area_law_kind")


@_v2(
    "credential.algo-announced",
    Level.OURS,
    expects="Every algorithm of a key is among `signAlgorithms/algos` of `info`.",
    mend="Announce what keys can do.",
)
async def algo_announced(target: Target) -> None:
    announced = target.described().member("signAlgorithms", dict).texts("algos") or []
    if not all(is_oid(one) for one in announced):
        raise NotApplicable("`algos` are no OIDs")
    for one in await target.credentials():
        missing = set(one.algorithms) - set(announced)
        if missing:
            raise Violation(f"{min(missing)} of {one.id} is not announced")
