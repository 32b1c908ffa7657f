"""Metrics for Prometheus: latency by endpoint and stage, errors, the job queue, the size of the index.

With several workers, each writes its figures to its own files (``PROMETHEUS_MULTIPROC_DIR``, which the supervisor
sets before a worker starts), and the worker that answers a scrape adds them up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from search.library.library import Library
    from search.ports import JobQueue

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = CONTENT_TYPE_LATEST
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "soundalike_request_seconds",
            "Latency of whole requests.",
            ["method", "route", "status"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._stages = Histogram(
            "soundalike_stage_seconds",
            "Latency of the stages of a request: receive, wait, decode, engine, write.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._refused = Counter(
            "soundalike_refused", "Requests answered with an error.", ["status"], registry=self._registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is the rule, not the path, so that the number of series stays small."""
        self._requests.labels(method, route, str(status)).observe(seconds)
        if status >= 400:
            self._refused.labels(str(status)).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of a request."""
        started_s = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(time.perf_counter() - started_s)

    def page(self, library: Library, jobs: JobQueue) -> bytes:
        """Everything in Prometheus' text format."""
        registry = self._registry
        if os.environ.get(DIRECTORY):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client types it half
        state = CollectorRegistry()
        state.register(_State(library, jobs))
        return generate_latest(registry) + generate_latest(state)


class _State(Collector):
    """The state of the library at the moment of the scrape, the same in every worker."""

    def __init__(self, library: Library, jobs: JobQueue) -> None:
        self._library = library
        self._jobs = jobs

    def collect(self) -> Iterable[Metric]:
        """Segments by space, clips, and jobs by state."""
        segments = GaugeMetricFamily("soundalike_segments", "Segments that can be found.", labels=["space"])
        clips = GaugeMetricFamily("soundalike_clips", "Clips of the library.")
        if any(not space.is_melody for space in self._library.reader.spaces()):
            views = self._library.view().of()
            for view in views:
                segments.add_metric([view.space.name], len(view.index))
            clips.add_metric([], int(views[0].columns.present.sum()))
        yield segments
        yield clips
        queue = GaugeMetricFamily("soundalike_jobs", "Jobs by state.", labels=["state"])
        for state, count in self._jobs.counts().items():
            queue.add_metric([state], count)
        yield queue
