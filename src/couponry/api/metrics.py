"""Metrics for Prometheus: requests of all API processes, and the jobs that wait or run."""

import os
from collections.abc import Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.plugins.prometheus import PrometheusConfig
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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


class _Jobs(Collector):
    """How many jobs wait or run, as of now: nothing that a process would count or keep."""

    def __init__(self, unfinished: dict[str, int]) -> None:
        self._unfinished = unfinished

    def collect(self) -> Iterator[Metric]:
        """Yield the one family."""
        family = GaugeMetricFamily("couponry_jobs", "Jobs that have not ended, by status", labels=["status"])
        for status in ("pending", "processing", "cancelling"):
            family.add_metric([status], self._unfinished.get(status, 0))
        yield family


def _jobs(unfinished: dict[str, int]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Jobs(unfinished))
    return generate_latest(registry)
