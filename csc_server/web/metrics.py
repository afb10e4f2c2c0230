"""Prometheus metrics: requests, and how the device is."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hsm.interface import DeviceHealth

_REGISTRY: Final = CollectorRegistry()
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
    "paraph_sms_last_day", "SMS of the whole service within 24 hours.", registry=_REGISTRY
)
_SMS_MOST: Final = Gauge(
    "paraph_sms_per_day", "The most there may be (people.sms_per_day).", registry=_REGISTRY
)


def observe(method: str, status: int, duration_s: float) -> None:
    """Count one request."""
    _REQUESTS.labels(method, str(status)).inc()
    _SECONDS.labels(method).observe(duration_s)


def exposition(health: DeviceHealth, sms_today: int | None, sms_per_day: int) -> bytes:
    """The text that Prometheus scrapes.

    Args:
        sms_today: ``None``: nobody knows now, and what was known last is told.
    """
    _SMS_MOST.set(sms_per_day)
    if sms_today is not None:
        _SMS.set(sms_today)
    _SIGNERS.set(health.alive)
    _QUEUED.set(health.queued)
    _RESTARTS.set(health.restarts)
    if health.last_canary_at is not None:
        _CANARY.set(health.last_canary_at.timestamp())
    return generate_latest(_REGISTRY)
