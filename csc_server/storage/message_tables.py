"""The table of mails and SMS on their way. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, metadata, one_of
from policies.delivery import OPEN, MessageState
from policies.messages import Channel, Language


def _words(column: str, words: list[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


messages = sa.Table(
    "messages",
    metadata,
    sa.Column("message_id", TEXT, primary_key=True),
    sa.Column("kind", TEXT, nullable=False, doc="MessageKind.word; kinds grow, so unchecked"),
    sa.Column("channel", TEXT, nullable=False),
    sa.Column("recipient", TEXT, nullable=False),
    sa.Column("language", TEXT, nullable=False),
    sa.Column("facts", TEXT, doc="JSON; NULL as soon as the message is settled"),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id")),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("attempts", NUMBER, nullable=False),
    sa.Column("next_at", INSTANT, nullable=False, doc="when to send, or when the lease ends"),
    sa.Column("lease_id", TEXT, doc="who sends it now"),
    sa.Column("settled_at", INSTANT),
    sa.Column("reason", TEXT, doc="why it is not sent yet, or never was; for the operator"),
    sa.Column("reference", TEXT, doc="what the relay or the gateway calls it"),
    _words("channel", list(Channel)),
    _words("language", list(Language)),
    _words("state", list(MessageState)),
    sa.CheckConstraint("attempts >= 0", name="attempts"),
    sa.CheckConstraint("(facts IS NULL) = (settled_at IS NOT NULL)", name="facts_dropped"),
    sa.CheckConstraint("(state = 'sending') = (lease_id IS NOT NULL)", name="leased"),
)

OPEN_MESSAGE: Final = one_of(messages.c.state, OPEN)
"""Messages that are not settled."""

# Only open messages are indexed, so that looking for work does not grow with history.
sa.Index(
    "ix_messages_open",
    messages.c.channel,
    messages.c.next_at,
    sqlite_where=OPEN_MESSAGE,
    postgresql_where=OPEN_MESSAGE,
)

_SMS: Final = messages.c.channel == sa.literal_column("'sms'")

# How many SMS went out within a day (``policies.sms_budget``).
sa.Index("ix_messages_sms", messages.c.created_at, sqlite_where=_SMS, postgresql_where=_SMS)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", TEXT, primary_key=True),
    sa.Column("sent_at", INSTANT, nullable=False),
    sa.Column("content", BYTES, nullable=False, doc="JSON: the message as the person sees it"),
)
"""What the embedded outbox delivered. Development only: it keeps codes and links."""

sa.Index("ix_outbox_sent_at", outbox.c.sent_at)
