"""``/health``, ``/ready`` and ``/metrics``: for operators of the service."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from flask import Flask, Response
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict

from search.errors import LibraryError
from search.ground.disks import why_unwritable
from search.service import metrics
from search.service.http.answers.jobs import DegradedOut, HealthOut, ReadyOut
from search.service.http.replies import reply
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="status", description="For the operators of the service.")
START_RETRY_S = 1
_METRICS: ResponseDict = {
    200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Soundalike</title></head>
<body><h1>Soundalike</h1>
<p>The search service is running; the search page is not installed here.</p>
<p>The API is described by <a href="api/v1/openapi.json">/api/v1/openapi.json</a>; try
<a href="api/v1/clips">/api/v1/clips</a> and <a href="ready">/ready</a>.</p>
</body></html>
"""


_AWAY: Final = ReadyOut(
    status="away",
    clips=0,
    segments=0,
    spaces=[],
    melody=False,
    unmeasured=0,
    jobs=0,
    giving_way=False,
    warm=False,
    degraded=[DegradedOut(what="catalog", why="the catalog does not answer; the log says why")],
)

log = logging.getLogger(__name__)


class StatusRoutes:
    """Health, readiness and metrics."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints to the API."""
        api.get("/health", tags=[TAG], responses={200: HealthOut})(view(self.health))
        api.get("/ready", tags=[TAG], responses={200: ReadyOut, 503: ReadyOut})(view(self.ready))
        api.get("/metrics", tags=[TAG], responses=_METRICS)(view(self.metrics))

    def register_at_root(self, app: Flask) -> None:
        """Add them at the top too, where supervisors and Prometheus expect them."""
        for method in (self.health, self.ready, self.metrics):
            app.add_url_rule(f"/{method.__name__}", f"root_{method.__name__}", method)

    def health(self) -> Response:
        """Check that the process answers."""
        return reply(HealthOut(status="ok"))

    def ready(self) -> Response:
        """Check that the library is open: its size, whether its models are loaded, and what does not work.

        503 with the same body while the service starts, when a search may have to wait for a model, and while the
        catalog does not answer.
        """
        try:
            found = self._found()
        except LibraryError as error:
            log.warning("the catalog does not answer: %s", error)
            found = _AWAY
        response = reply(found, 200 if found.status == "ready" else 503)
        if found.status != "ready":
            response.headers["Retry-After"] = str(START_RETRY_S)
        return response

    def _found(self) -> ReadyOut:
        library = self._service.library
        spaces = self._service.spaces()
        views = library.view().of() if spaces else []
        states = self._service.jobs.counts()
        return ReadyOut(
            status="starting" if self._service.warming.is_pending else "ready",
            clips=int(views[0].columns.present.sum()) if views else 0,
            segments=sum(len(view.index) for view in views),
            spaces=[space.name for space in spaces],
            melody=any(space.is_melody for space in library.reader.spaces()),
            unmeasured=int(views[0].columns.unmeasured.sum()) if views else 0,
            jobs=states.get("queued", 0) + states.get("running", 0),
            giving_way=states.get("running", 0) > 0 and library.giving_way.is_asked(),
            warm=self._service.warming.is_done(spaces),
            degraded=list(self._degraded()),
        )

    def _degraded(self) -> Iterator[DegradedOut]:
        unwritable = why_unwritable(self._service.library.path)
        if unwritable is not None:
            yield DegradedOut(what="writing", why=unwritable)
        if self._service.trouble.why:
            yield DegradedOut(what="jobs", why=self._service.trouble.why)
        shipping = self._service.library.shipping
        if shipping is not None and shipping.trouble:
            yield DegradedOut(what="snapshots", why="the latest snapshots cannot be fetched; the log says why")

    def metrics(self) -> Response:
        """Get metrics for Prometheus: latency by endpoint and stage, errors, the job queue, the size of the index."""
        with_state = self._service.metrics.page(self._service.library, self._service.jobs)
        return Response(with_state, content_type=metrics.MEDIA_TYPE)


def plain_page() -> Response:
    """The page at ``/`` if the search page is not installed."""
    return Response(_PAGE, mimetype="text/html")
