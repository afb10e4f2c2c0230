"""Prometheus metrics: requests, how the device is, and what else a kind of process knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hsm.interface import DeviceHealth
from policies.spray import FailedLogins

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_REGISTRY: Final = CollectorRegistry()
_OF_WEB: Final = CollectorRegistry()
_OF_STATUS: Final = CollectorRegistry()
_REQUESTS: Final = Counter(
    "paraph_requests", "Requests by method and status.", ["method", "status"], registry=_REGISTRY
)
_SECONDS: Final = Histogram(
    "paraph_request_seconds",
    "Time to answer.",
    ["method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
    registry=_REGISTRY,
)
_SIGNERS: Final = Gauge("paraph_signers_alive", "Signer processes alive.", registry=_REGISTRY)
_QUEUED: Final = Gauge("paraph_signer_queue", "Calls waiting for a signer.", registry=_REGISTRY)
_RESTARTS: Final = Gauge("paraph_signer_restarts", "Signers replaced.", registry=_REGISTRY)
_CANARY: Final = Gauge(
    "paraph_canary_timestamp_seconds", "When a canary signature last verified.", registry=_REGISTRY
)
_SMS: Final = Gauge(
    "paraph_sms_last_day", "SMS of the whole service within 24 hours.", registry=_OF_WEB
)
_SMS_MOST: Final = Gauge(
    "paraph_sms_per_day", "The most there may be (people.sms_per_day).", registry=_OF_WEB
)
_AGE: Final = Gauge(
    "paraph_status_age_seconds",
    "Age of the oldest OCSP answer made in advance, and of the revocation list.",
    ["what"],
    registry=_OF_STATUS,
)
_KEPT: Final = Gauge(
    "paraph_ocsp_answers", "OCSP answers made in advance, at the last round.", registry=_OF_STATUS
)
_OFFSET: Final = Gauge(
    "paraph_tsa_clock_offset_seconds",
    "Our clock minus that of the time servers; NaN while nobody knows.",
    registry=_OF_STATUS,
)


_NAMES: Final = Gauge(
    "paraph_login_names_failed",
    "Names that a place failed at within the hour and never got into, over all places.",
    registry=_REGISTRY,
)
_PLACES: Final = Gauge(
    "paraph_login_places_spraying",
    "Places with more of them than they may have (limits.failed_accounts_per_hour).",
    registry=_REGISTRY,
)


def observe(method: str, status: int, duration_s: float) -> None:
    """Count one request."""
    _REQUESTS.labels(method, str(status)).inc()
    _SECONDS.labels(method).observe(duration_s)


def exposition(
    health: DeviceHealth, sms_today: int | None, sms_per_day: int, failed: FailedLogins | None
) -> bytes:
    """The text that Prometheus scrapes.

    Args:
        sms_today: ``None``: nobody knows now, and what was known last is told.
        failed: Likewise.
    """
    if failed is not None:
        _NAMES.set(failed.names)
        _PLACES.set(failed.places)
    _SMS_MOST.set(sms_per_day)
    if sms_today is not None:
        _SMS.set(sms_today)
    _of_device(health)
    return generate_latest(_REGISTRY) + generate_latest(_OF_WEB)


def status_exposition(
    health: DeviceHealth, ages: Mapping[str, timedelta], kept: int, offset: timedelta | None
) -> bytes:
    """The same of the status process.

    Args:
        ages: By what it is that grows old.
        kept: Answers made in advance.
        offset: Of the clock; ``None``: nobody knows.
    """
    for what, age in ages.items():
        _AGE.labels(what).set(age.total_seconds())
    _KEPT.set(kept)
    _OFFSET.set(math.nan if offset is None else offset.total_seconds())
    _of_device(health)
    return generate_latest(_REGISTRY) + generate_latest(_OF_STATUS)


def _of_device(health: DeviceHealth) -> None:
    _SIGNERS.set(health.alive)
    _QUEUED.set(health.queued)
    _RESTARTS.set(health.restarts)
    if health.last_canary_at is not None:
        _CANARY.set(health.last_canary_at.timestamp())
