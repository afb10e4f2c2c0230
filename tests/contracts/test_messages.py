"""The ports ``Messages`` and ``Outbox``, and ``insert`` inside a unit."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from csc_server.ports.messages import Attempt, GivenUp, Kept, Leased, NewMessage
from csc_server.storage import Storage, messages
from csc_server.storage.units import ConstraintBroken, Sql
from policies import delivery
from policies.delivery import MessageState, Next, Outcome
from policies.messages import Channel, Language, MessageKind
from tests.build import HOUR, SECOND, T0
from tests.contracts import stores

LINK = "https://sign.example/register/link-canary-7d1f"
MAIL, SMS = Channel.MAIL, Channel.SMS
SENT = Next(MessageState.SENT)
ACCEPTED = Attempt(Outcome.ACCEPTED, "250", "queue-1")
LATER = Attempt(Outcome.TRANSIENT, "451")


def mail(name: str, **changes: Any) -> NewMessage:
    """An invitation that lives an hour."""
    values: dict[str, Any] = {
        "kind": MessageKind.INVITATION,
        "recipient": f"{name}@example.org",
        "language": Language.RO,
        "facts": {"name": "Ana Ionescu", "link": LINK},
        "account_id": None,
        "created_at": T0,
        "expires_at": T0 + HOUR,
    }
    return NewMessage(message_id=name, **{**values, **changes})


def code(name: str, kind: MessageKind = MessageKind.PHONE_CODE) -> NewMessage:
    """A code by SMS that lives ten minutes."""
    return mail(
        name,
        kind=kind,
        recipient="+40721234567",
        facts={"code": "482913"},
        expires_at=T0 + 600 * SECOND,
    )


async def insert(storage: Storage, *new: NewMessage) -> None:
    """As a store does it that changes something for a person."""
    await storage.database.write(lambda sql: stores.insert_messages(sql, new))


async def claim(
    storage: Storage, at: datetime = T0, channel: Channel = MAIL, limit: int = 10
) -> list[Leased]:
    """What is to be sent now."""
    lease = f"lease-{at.isoformat()}"
    return list((await storage.messages.claim(channel, lease, at, limit)).to_send)


async def test_a_message_comes_back_as_it_was_written(storage: Storage) -> None:
    """Every field, the account and the number of the attempt included."""
    written = mail("one", account_id="alice", kind=MessageKind.PASSWORD_LINK)
    await insert(storage, written)
    [leased] = await claim(storage)
    assert (leased.message, leased.attempts) == (written, 1)


async def test_a_unit_that_fails_writes_no_message(storage: Storage) -> None:
    """The message stands and falls with its cause."""

    def unit(sql: Sql) -> None:
        messages.insert(sql, [mail("one")])
        raise LookupError

    with pytest.raises(LookupError):
        await storage.database.write(unit)
    assert await claim(storage) == []


async def test_the_same_message_is_written_once(storage: Storage) -> None:
    """The identifier is the key to idempotence."""
    await insert(storage, mail("one"))
    with pytest.raises(ConstraintBroken):
        await insert(storage, mail("one"))


async def test_a_channel_claims_its_own(storage: Storage) -> None:
    """A slow relay never holds codes by SMS."""
    await insert(storage, mail("letter"), code("code"))
    assert [one.message.message_id for one in await claim(storage, channel=SMS)] == ["code"]
    assert [one.message.message_id for one in await claim(storage)] == ["letter"]


async def test_the_oldest_first_and_no_more_than_asked(storage: Storage) -> None:
    """Five wait, two are wanted."""
    ages = {"c": 3, "e": 5, "a": 1, "d": 4, "b": 2}
    await insert(storage, *(mail(n, created_at=T0 - s * SECOND) for n, s in ages.items()))
    first = await claim(storage, limit=2)
    rest = await claim(storage)
    found = [[one.message.message_id for one in batch] for batch in (first, rest)]
    assert found == [["e", "d"], ["c", "b", "a"]]


async def test_nothing_is_claimed_before_its_time(storage: Storage) -> None:
    """A microsecond early is early."""
    await insert(storage, mail("one"))
    assert await claim(storage, T0 - timedelta(microseconds=1)) == []
    assert len(await claim(storage)) == 1


async def test_two_claimers_never_get_the_same(storage: Storage, url: str, tmp_path: Path) -> None:
    """Two processes, many claims at once: each message has one lease."""
    names = [f"{n:03}" for n in range(40)]
    await insert(storage, *(mail(name) for name in names))
    directory = tmp_path / "other"
    directory.mkdir()
    async with stores.opened(url, directory, node="other") as other:
        batches = await asyncio.gather(
            *(
                store.messages.claim(MAIL, f"lease-{n}-{store is other}", T0, 3)
                for n in range(10)
                for store in (storage, other)
            )
        )
    taken = [one.message.message_id for batch in batches for one in batch.to_send]
    assert sorted(taken) == names


async def test_a_lease_keeps_others_away_until_it_ends(storage: Storage) -> None:
    """A second before its end nobody, at its end somebody, with the next number."""
    await insert(storage, mail("one"))
    await claim(storage)
    end = T0 + delivery.LEASE[MAIL]
    assert await claim(storage, end - SECOND) == []
    [again] = await claim(storage, end)
    assert again.attempts == 2


async def test_a_code_whose_sender_died_is_unknown(storage: Storage) -> None:
    """It is not sent again, whether it would still be good or not."""
    await insert(storage, code("one"))
    await claim(storage, channel=SMS)
    end = T0 + delivery.LEASE[SMS]
    found = await storage.messages.claim(SMS, "other", end, 10)
    assert found.to_send == ()
    assert found.given_up == (GivenUp("one", MessageKind.PHONE_CODE, MessageState.UNKNOWN),)
    assert (await storage.messages.claim(SMS, "third", end + HOUR, 10)).given_up == ()


async def test_a_message_whose_time_is_over_expires(storage: Storage) -> None:
    """At its end it is not sent."""
    await insert(storage, mail("one"))
    found = await storage.messages.claim(MAIL, "lease", T0 + HOUR, 10)
    assert found.to_send == ()
    assert found.given_up == (GivenUp("one", MessageKind.INVITATION, MessageState.EXPIRED),)


async def test_sent_is_the_end(storage: Storage) -> None:
    """No lease, no other attempt."""
    await insert(storage, mail("one"))
    [leased] = await claim(storage)
    assert await storage.messages.record(leased, ACCEPTED, SENT, T0)
    assert await claim(storage, T0 + HOUR / 2) == []
    assert not await storage.messages.record(leased, ACCEPTED, SENT, T0)


async def test_what_waits_is_claimed_when_its_time_has_come(storage: Storage) -> None:
    """The pause counts, the facts are still there."""
    await insert(storage, mail("one"))
    [leased] = await claim(storage)
    at = T0 + 30 * SECOND
    assert await storage.messages.record(leased, LATER, Next(MessageState.WAITING, at), T0)
    assert await claim(storage, at - SECOND) == []
    [again] = await claim(storage, at)
    assert (again.message, again.attempts) == (leased.message, 2)


async def test_who_lost_the_lease_changes_nothing(storage: Storage) -> None:
    """A sender that was too slow cannot settle what another has taken over."""
    await insert(storage, mail("one"))
    [slow] = await claim(storage)
    end = T0 + delivery.LEASE[MAIL]
    [quick] = await claim(storage, end)
    assert not await storage.messages.record(slow, ACCEPTED, SENT, end)
    wait = Next(MessageState.WAITING, end)
    assert not await storage.messages.record(slow, LATER, wait, end)
    assert await storage.messages.record(quick, ACCEPTED, SENT, end)


@pytest.mark.parametrize(
    "state",
    [MessageState.SENT, MessageState.FAILED, MessageState.UNKNOWN, MessageState.EXPIRED],
)
async def test_facts_are_dropped_when_settled(
    storage: Storage, url: str, state: MessageState
) -> None:
    """The link is in the database while the mail waits, and not afterwards."""
    await insert(storage, mail("one"))
    [leased] = await claim(storage)
    assert "link-canary-7d1f" in stores.dump(url)
    await storage.messages.record(leased, ACCEPTED, Next(state), T0)
    assert "link-canary-7d1f" not in stores.dump(url)


@pytest.mark.parametrize("kind", [MessageKind.INVITATION, MessageKind.PHONE_CODE])
async def test_facts_are_dropped_when_given_up(
    storage: Storage, url: str, kind: MessageKind
) -> None:
    """Expired, or unknown after a crash."""
    name = "link" if kind is MessageKind.INVITATION else "code"
    facts = {"name": "Ana", "link": "canary-5521"} if name == "link" else {"code": "canary-5521"}
    await insert(storage, mail("one", kind=kind, facts=facts))
    await claim(storage, channel=kind.channel)
    assert "canary-5521" in stores.dump(url)
    await storage.messages.claim(kind.channel, "other", T0 + HOUR, 10)
    assert "canary-5521" not in stores.dump(url)


async def test_facts_of_another_release_do_not_stop_the_rest(storage: Storage) -> None:
    """A row whose facts are not those of its kind fails; the next one goes out."""
    odd = mail("odd", created_at=T0 - SECOND)
    object.__setattr__(odd, "facts", {"name": "Ana", "url": "of yesterday"})
    await insert(storage, odd, mail("good"))
    found = await storage.messages.claim(MAIL, "lease", T0, 10)
    assert [one.message.message_id for one in found.to_send] == ["good"]
    assert found.given_up == (GivenUp("odd", MessageKind.INVITATION, MessageState.FAILED),)


def test_a_message_must_have_its_facts() -> None:
    """No more and no less; the refusal does not say what they are."""
    for facts in ({"name": "Ana"}, {"name": "Ana", "link": LINK, "code": "482913"}):
        with pytest.raises(ValueError, match="invitation needs the facts") as refusal:
            mail("one", facts=facts)
        assert "482913" not in str(refusal.value)


def test_a_message_does_not_show_its_facts() -> None:
    """In no log and no traceback."""
    assert "link-canary" not in repr(mail("one"))


async def test_the_outbox_keeps_the_newest_first(storage: Storage) -> None:
    """A second delivery of the same message replaces the first."""
    await storage.outbox.keep(Kept("a", T0, b"first"))
    await storage.outbox.keep(Kept("b", T0 + SECOND, b"second"))
    await storage.outbox.keep(Kept("a", T0 + 2 * SECOND, b"again"))
    assert await storage.outbox.latest(10) == [
        Kept("a", T0 + 2 * SECOND, b"again"),
        Kept("b", T0 + SECOND, b"second"),
    ]
    assert len(await storage.outbox.latest(1)) == 1
