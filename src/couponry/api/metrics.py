"""Metrics for Prometheus: requests of all API processes, and the jobs that wait or run."""

import os
from typing import Any

from litestar import Request, Response, get
from litestar.plugins.prometheus import PrometheusConfig
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from couponry.api.state import api_of
from couponry.storage import jobs

middleware = PrometheusConfig(
    app_name="couponry", prefix="couponry", group_path=True, exclude=["^/metrics", "^/healthz", "^/readyz"]
).middleware
"""Counts and times requests by path template, method and status."""


@get("/metrics", operation_id="getMetrics")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell Prometheus how the API and the jobs fare."""
    async with api_of(request).database.connection() as connection:
        unfinished = await jobs.count_unfinished(connection)
    return Response(_requests() + _jobs(unfinished), headers={"content-type": CONTENT_TYPE_LATEST})


def _requests() -> bytes:
    """Return what was counted, in every process where `couponry serve` runs several."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # pyright: ignore[reportUnknownMemberType]
    return generate_latest(registry)


def _jobs(unfinished: dict[str, int]) -> bytes:
    registry = CollectorRegistry()
    gauge = Gauge("couponry_jobs", "Jobs that have not ended, by status", ["status"], registry=registry)
    for status in ("pending", "processing", "cancelling"):
        gauge.labels(status).set(unfinished.get(status, 0))
    return generate_latest(registry)
