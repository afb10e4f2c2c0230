"""Certificates of people: ordered, shown, suspended, resumed, revoked."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.certificates.ending import EndCertificate, FindCertificates
from csc_server.operations.certificates.ordering import (
    CancelOrder,
    OrderCertificate,
    ShowOrder,
    ShowRenewals,
)
from csc_server.operations.certificates.telling import TellOwner
from csc_server.ports import Clock, Entropy
from csc_server.ports.certificates import Endings
from csc_server.ports.orders import Orders

__all__ = ["CertificateVerbs", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVerbs:
    """Every verb, under its name."""

    order: OrderCertificate
    show_order: ShowOrder
    cancel_order: CancelOrder
    renewals: ShowRenewals
    find: FindCertificates
    end: EndCertificate


def build(
    *,
    orders: Orders,
    register: Endings,
    tell: TellOwner,
    offered: frozenset[str],
    clock: Clock,
    entropy: Entropy,
) -> CertificateVerbs:
    """All verbs over these stores.

    Args:
        offered: Profiles that may be ordered.
    """
    return CertificateVerbs(
        order=OrderCertificate(orders=orders, clock=clock, entropy=entropy, offered=offered),
        show_order=ShowOrder(orders),
        cancel_order=CancelOrder(orders, clock),
        renewals=ShowRenewals(orders),
        find=FindCertificates(register),
        end=EndCertificate(register, orders, tell, clock),
    )
