"""The published list as a witness: read anew now and then, and only when it is another one."""

from __future__ import annotations

import time

import pytest

from csc_server.operations.status.published import LOOK_EVERY_S, PublishedRevocations
from pki import authority, crl
from policies import status
from policies.revocation import Reason, Revocation
from tests.pki.golden import NOW, Golden

OVER = Revocation(NOW, Reason.SUPERSEDED)
HELD = Revocation(NOW, Reason.CERTIFICATE_HOLD)


async def listing(pki: Golden, *entries: crl.Entry) -> bytes:
    """A list."""
    wanted = crl.List(pki.issuing.certificate, 7, status.crl_window(NOW), entries)
    return await crl.issue(wanted, authority.ALGORITHM, pki.issuing.sign)


async def test_a_new_list_is_seen(pki: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few seconds; who is only suspended does not count; a list that is gone is kept."""
    lists = [None, await listing(pki, crl.Entry(5, HELD)), await listing(pki, crl.Entry(5, OVER))]
    now_s = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    published = PublishedRevocations(lambda: lists[0])
    for expected in (None, None, OVER):
        assert published(5) == expected
        lists.append(lists.pop(0))
        assert published(5) == expected, "not looked at yet"
        now_s[0] += LOOK_EVERY_S
    assert lists[0] is None
    assert published(5) == OVER
    assert published(6) is None
