"""Errors as problem documents (RFC 9457, ``application/problem+json``), or as a page for browsers."""

from __future__ import annotations

import difflib
import logging
from pathlib import Path
from typing import Any

from flask import Response, g, has_request_context, request
from flask_openapi3 import OpenAPI
from markupsafe import escape
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from search.errors import (
    FULL,
    AudioError,
    EncoderError,
    LibraryBusy,
    LibraryError,
    QueryError,
    SoundalikeError,
    StoreAway,
    UsageError,
    printable,
)
from search.service.http.described import MODELS, Described
from search.service.refusals import MEDIA_TYPE, NO_ROOM, FileRefused, megabytes, public_message, too_large

HTML = "text/html"
BUSY_RETRY_S = 5

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Soundalike</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light"></head>
<body><main><h1>{title}</h1>
<p>{detail}</p>
<p><a href="{top}">Search the sounds</a></p></main></body></html>
"""

log = logging.getLogger("soundalike.service")

_STATUS: tuple[tuple[type[SoundalikeError], int], ...] = (
    (QueryError, 422),
    (AudioError, 422),
    (UsageError, 422),
    (LibraryBusy, 409),
    (EncoderError, 503),
    (StoreAway, 503),
    (LibraryError, 503),
)


class FieldProblem(Described, BaseModel):
    """One defect of a request: where, and what."""

    where: str
    what: str


class Problem(Described, BaseModel):
    """An error, as in RFC 9457; ``request_id`` identifies its line in the service's log."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


def described(*statuses: int) -> dict[int | str, Any]:
    """The OpenAPI responses of these statuses, for a route's declaration."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTP_STATUS_CODES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def problem(
    status: int,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    retry_after_s: int | None = None,
) -> Response:
    """The response with a problem document."""
    body = Problem(
        title=HTTP_STATUS_CODES.get(status, "Error"),
        status=status,
        detail=detail,
        request_id=getattr(g, "request_id", None) if has_request_context() else None,
        errors=errors,
    )
    response = Response(body.model_dump_json(exclude_none=True), status, mimetype=MEDIA_TYPE)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


UNLIKE_PATTERN = "it cannot be read; write it as the API document says"
NOTHING_HERE = "there is nothing at this address"
LISTED = "/api/v1/openapi.json"
_IN_JSON = dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "it must be a JSON object")
"""Replaces texts of pydantic that are about Python and name our classes."""


def invalid(error: ValidationError) -> Response:
    """The response to a request that does not fit its model. Its text for people leaves out regular expressions."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    found = [
        FieldProblem(
            where=".".join(printable(str(step)) for step in one["loc"]) or "body",
            what=printable(_what(error.title, one)),
        )
        for one in problems
    ]
    plain = [
        UNLIKE_PATTERN if one["type"] == "string_pattern_mismatch" else problem.what
        for one, problem in zip(problems, found, strict=True)
    ]
    shown = "; ".join(f"{one.where}: {what}" for one, what in zip(found[:3], plain, strict=False))
    return problem(422, shown or "the request is not valid", errors=found[:20])


def _what(title: str, one: ErrorDetails) -> str:
    """What is wrong, in words; for an unknown field, also the fields of the request's model, which ``title`` names."""
    if one["type"] != "extra_forbidden":
        return _IN_JSON.get(one["type"], one["msg"])
    if len(one["loc"]) != 1 or title not in MODELS:
        return "there is no such field"
    fields = list(MODELS[title].model_fields)
    near = difflib.get_close_matches(str(one["loc"][0]), fields, n=1)
    if near:
        return f"there is no such field; did you mean {near[0]}? There are: {', '.join(fields)}"
    return f"there is no such field; there are: {', '.join(fields)}"


def refusal(error: SoundalikeError, library: Path) -> Response:
    """The response to an error of the engine."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status >= 500:
        log.error("refused: %s", error)
    errors = None
    if isinstance(error, FileRefused):
        errors = [FieldProblem(where=printable(error.where), what=printable(error.cause))]
    retry_after_s = BUSY_RETRY_S if status in (409, 503) else None
    return problem(status, public_message(error, library), errors=errors, retry_after_s=retry_after_s)


def register(app: OpenAPI, library: Path) -> None:
    """Answer every error of the application over ``library`` with a problem document."""

    def http_error(error: HTTPException) -> Response:
        if isinstance(error.response, Response):
            return error.response
        as_page = _is_lost_browser()
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            error.description = f"this address takes {', '.join(sorted({*error.valid_methods} - {'HEAD', 'OPTIONS'}))}"
        if isinstance(error, NotFound) and error.description == NotFound.description:
            error.description = NOTHING_HERE if as_page else f"there is nothing at this address; {LISTED} lists all"
        return _from_http(error, as_page=as_page)

    def failure(error: InternalServerError) -> Response:
        # the exception is in the log, with its request id; clients see no internals
        return problem(500, "the service failed on this request; its log says why, under this request id")

    def disk(error: OSError) -> Response:
        # files of requests are in the system's temporary folder until they are read
        if error.errno not in FULL:
            raise error
        log.error("no space for a file: %s", error)
        return problem(503, NO_ROOM, retry_after_s=BUSY_RETRY_S)

    def large(error: RequestEntityTooLarge) -> Response:
        if error.description == RequestEntityTooLarge.description:
            if request.mimetype == "multipart/form-data":
                error.description = too_large(app.config["MAX_CONTENT_LENGTH"], request.content_length)
            else:
                most = megabytes(request.max_content_length or 0)
                error.description = f"a request in JSON has at most {most}; send sounds as files"
        return http_error(error)

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(RequestEntityTooLarge, large)
    app.register_error_handler(OSError, disk)
    app.register_error_handler(SoundalikeError, lambda error: refusal(error, library))
    app.register_error_handler(InternalServerError, failure)


def _is_lost_browser() -> bool:
    """Whether a browser requests a page outside the API: it prefers HTML to a problem document."""
    kinds = (MEDIA_TYPE, HTML)
    return not request.path.startswith("/api/") and request.accept_mimetypes.best_match(kinds) == HTML


def _page(status: int, detail: str) -> Response:
    title = HTTP_STATUS_CODES.get(status, "Error")
    body = _PAGE.format(title=escape(title), detail=escape(detail), top=escape(f"{request.script_root}/"))
    return Response(body, status, mimetype=HTML)


def _from_http(error: HTTPException, *, as_page: bool) -> Response:
    response = (_page if as_page else problem)(error.code or 500, error.description or "")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    return response
