"""Successful answers: JSON of a model, with an ETag if clients may revalidate it."""

from __future__ import annotations

import gzip

from flask import Response, request, url_for
from pydantic import BaseModel

from search.model import Job
from search.service.http.answers.jobs import JobOut
from search.service.http.conditions import left_after_conditions

JSON = "application/json"
PRIVATE = "private, no-cache"
"""Cached by browsers, which revalidate it by its ETag before each use; never by shared caches."""


_PACKED_BYTES = 2048
"""Smaller answers are not compressed: they fit into two packets anyway."""
_QUICKLY = 1
"""Compression level: rows of JSON shrink to an eighth already, in a millisecond for 100 KB."""


def reply(model: BaseModel, status: int = 200) -> Response:
    """``model`` as JSON, compressed (gzip) if that pays and the client accepts it.

    An ETag that is added later is computed from the bytes sent, so compressed answers have their own, as RFC 9110
    requires.
    """
    body = model.model_dump_json().encode()
    if len(body) < _PACKED_BYTES:
        return Response(body, status, mimetype=JSON)
    response = Response(status=status, mimetype=JSON)
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        body = gzip.compress(body, _QUICKLY, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    return response


def revisable(response: Response) -> Response:
    """The response to a GET, with an ETag; 304 without a body if the client's copy is current."""
    response.add_etag()
    response.headers["Cache-Control"] = PRIVATE
    response.make_conditional(left_after_conditions(response))  # in place
    return response


def lasting(body: bytes, media_type: str, etag: str) -> Response:
    """Bytes that are determined by ``etag``; 304 if the client's copy is current."""
    response = Response(body, mimetype=media_type)
    response.set_etag(etag)
    response.headers["Cache-Control"] = PRIVATE
    response.make_conditional(left_after_conditions(response))  # in place
    return response


def accepted(job: Job) -> Response:
    """202: the job is queued; ``Location`` is its URL."""
    response = reply(JobOut.model_validate(job), 202)
    response.headers["Location"] = url_for("api.get_job", job_id=job.id)
    return response
