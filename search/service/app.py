"""`create_app`: the Flask application over one open library."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from typing import Any, cast

from flask import Response, g, request
from flask_openapi3 import APIBlueprint, Info, OpenAPI
from flask_openapi3.models import SecurityScheme
from flask_openapi3.types import SecuritySchemesDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from search import plugins
from search.service import logs
from search.service.config import MAX_JSON_BYTES
from search.service.http import problems
from search.service.http.cors import CrossOrigin
from search.service.http.guard import Guard
from search.service.http.proxies import BehindProxies
from search.service.http.questions import is_question
from search.service.http.rules import LateRule
from search.service.routes.asking import AskRoutes
from search.service.routes.clips import ClipRoutes
from search.service.routes.collecting import CollectionRoutes
from search.service.routes.embeddings import ROOT_PATH, EmbeddingRoutes
from search.service.routes.events import EventRoutes
from search.service.routes.exporting import ExportRoutes
from search.service.routes.facts import FactRoutes
from search.service.routes.failures import FailureRoutes
from search.service.routes.folders import FolderRoutes
from search.service.routes.identifying import IdentifyRoutes
from search.service.routes.jobs import JobRoutes
from search.service.routes.making import MakingRoutes
from search.service.routes.media import MediaRoutes
from search.service.routes.merging import MergeRoutes
from search.service.routes.overview import OverviewRoutes
from search.service.routes.recommending import PROFILE, ProfileConverter, RecommendRoutes
from search.service.routes.searches import SavedSearchRoutes
from search.service.routes.searching import SearchRoutes
from search.service.routes.session import SessionRoutes
from search.service.routes.speech import SpeechRoutes
from search.service.routes.status import StatusRoutes, plain_page
from search.service.service import Service

PREFIX = "/api/v1"
DOCUMENT = f"{PREFIX}/openapi.json"
COMMON = problems.described(400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
"""Errors of any endpoint: those of the guard, the limits and the engine."""
_ROUTES = (
    SearchRoutes,
    FactRoutes,
    IdentifyRoutes,
    AskRoutes,
    EmbeddingRoutes,
    RecommendRoutes,
    ClipRoutes,
    CollectionRoutes,
    SavedSearchRoutes,
    MediaRoutes,
    MakingRoutes,
    EventRoutes,
    SpeechRoutes,
    ExportRoutes,
    OverviewRoutes,
    MergeRoutes,
    FolderRoutes,
    FailureRoutes,
    JobRoutes,
    StatusRoutes,
    SessionRoutes,
)
_WITH_SOUNDS = (f"{PREFIX}/embeddings", ROOT_PATH)
"""Endpoints whose JSON may hold sounds, so that it may be as large as an upload."""
_FORM_MEMORY_BYTES = 1 << 20
_SLOW_MS = 1000.0
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Other sites cannot embed or script the page, nor read the API unless named; the page loads nothing from them.

The page's own referrer is kept: without any, browsers send `Origin: null` with the page's own forms."""

log = logging.getLogger("soundalike.service")


def create_app(service: Service, clock: Callable[[], float] = time.monotonic) -> OpenAPI:
    """Create the application. It touches nothing outside ``service``, and loads things when a request needs them.

    ``clock`` returns seconds, for rate limits and for how long a verified key is cached.
    """
    app = _bare(service)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.url_map.strict_slashes = True
    app.config.update(MAX_CONTENT_LENGTH=service.config.limits.upload_bytes, MAX_FORM_MEMORY_SIZE=_FORM_MEMORY_BYTES)
    problems.register(app, service.config.library)
    _around_requests(app, service, clock)
    app.register_api(_api(service, described=False))
    document = cache(partial(document_of, service))
    app.add_url_rule(DOCUMENT, "openapi_document", lambda: {**document(), **_below(request.script_root)})
    StatusRoutes(service).register_at_root(app)
    EmbeddingRoutes(service).register_at_root(app)
    _mount_page(app)
    config = service.config
    app.wsgi_app = BehindProxies(app.wsgi_app, config.trusted_proxies, config.base_path)  # type: ignore[method-assign]  # as Flask documents it
    return app


def document_of(service: Service) -> dict[str, Any]:
    """The OpenAPI document of the application over ``service``.

    Registers the same endpoints again, with descriptions. Describing them takes far longer than serving them, and few
    clients request the document.
    """
    app = _bare(service)
    app.register_api(_api(service, described=True))
    return cast("dict[str, Any]", app.api_doc)


def _bare(service: Service) -> OpenAPI:
    """The application without endpoints."""
    app = OpenAPI(
        "soundalike",
        info=Info(
            title="Soundalike",
            version=version("soundalike"),
            description="Search a library of sounds, by example and by words.",
        ),
        security_schemes=_security(service),
        doc_ui=False,
        validation_error_status=422,
        validation_error_model=problems.Problem,
        validation_error_callback=problems.invalid,
        static_folder=None,
    )
    app.url_rule_class = LateRule
    app.url_map.converters[PROFILE] = ProfileConverter
    return app


def _security(service: Service) -> SecuritySchemesDict:
    key = SecurityScheme(type="http", scheme="bearer", description="An API key, created with `soundalike keys add`.")
    return {"key": key} if service.config.needs_keys else {}


def _api(service: Service, *, described: bool) -> APIBlueprint:
    """The endpoints of the API."""
    api = APIBlueprint(
        "api",
        __name__,
        url_prefix=PREFIX,
        abp_responses=COMMON,
        abp_security=[{"key": []}] if service.config.needs_keys else None,
        doc_ui=described,
    )
    for routes in _ROUTES:
        routes(service).register(api)
    return api


def _below(base: str) -> dict[str, object]:
    """The ``servers`` entry of the OpenAPI document, for a service below a path."""
    return {"servers": [{"url": base}]} if base else {}


def _around_requests(app: OpenAPI, service: Service, clock: Callable[[], float]) -> None:
    others = CrossOrigin(service.config.cors_origins)
    guard = Guard(service.config, service.keys, others, clock, service.library.allowances)

    def begin() -> None:
        g.started_s = time.perf_counter()
        g.request_id = logs.request_id(request.headers.get("X-Request-Id"))
        logs.REQUEST_ID.set(g.request_id)
        guard.admit(request)
        if is_question(request):
            service.library.giving_way.note_question()
        _check_json()

    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        others.describe(request, response)
        seconds = time.perf_counter() - g.started_s
        route = request.url_rule.rule if request.url_rule else "none"
        service.metrics.request(request.method, route, response.status_code, seconds)
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round(seconds * 1e3, 2),
            "bytes": response.content_length,
            "client": request.remote_addr,
            "key": g.get("key_name"),
        }
        level = logging.WARNING if response.status_code >= 500 or seconds * 1e3 > _SLOW_MS else logging.INFO
        log.log(level, "request", extra=fields)
        return response

    def forget(_error: BaseException | None) -> None:
        logs.REQUEST_ID.set(None)

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)


def _check_json() -> None:
    """Check the type and the size of a body. Raises BadRequest, UnsupportedMediaType, RequestEntityTooLarge."""
    if request.method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        return
    if request.mimetype == "application/json":
        if request.path not in _WITH_SOUNDS:
            request.max_content_length = MAX_JSON_BYTES
        try:
            request.get_json()
        except (BadRequest, RecursionError) as error:
            raise BadRequest("the body is not JSON") from error
    elif request.mimetype != "multipart/form-data" and request.content_length:
        raise UnsupportedMediaType("send application/json or multipart/form-data")


def _mount_page(app: OpenAPI) -> None:
    """Mount the search page at ``/`` if it is installed, else a short page that links to the API."""
    make_blueprint = plugins.page()
    if make_blueprint is not None:
        app.register_blueprint(make_blueprint())
    else:
        app.add_url_rule("/", "plain_page", plain_page)
