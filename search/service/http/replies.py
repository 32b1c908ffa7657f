"""Successful answers: JSON of a model, with an ETag where it may be asked for again."""

from __future__ import annotations

import gzip

from flask import Response, request, url_for
from pydantic import BaseModel

from search.model import Job
from search.service.http.answers.jobs import JobOut
from search.service.http.conditions import left_after_conditions

JSON = "application/json"
PRIVATE = "private, no-cache"
"""Kept by browsers, asked about before each use (an ETag answers that), never by caches that people share."""


_PACKED_BYTES = 2048
"""Less than that is sent as it is: it goes out in two packets anyway."""
_QUICKLY = 1
"""JSON of rows shrinks to an eighth at this level already, in a millisecond for 100 KB."""


def reply(model: BaseModel, status: int = 200) -> Response:
    """``model`` as JSON; packed (gzip) where that is worth while and the client reads it.

    An ETag that is made of the answer later on is of what is sent: packed it is another one, as RFC 9110 wants it.
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
    """A GET's response with an ETag; 304 without a body when the client has this very one."""
    response.add_etag()
    response.headers["Cache-Control"] = PRIVATE
    response.make_conditional(left_after_conditions(response))  # in place
    return response


def lasting(body: bytes, media_type: str, etag: str) -> Response:
    """Bytes that depend on ``etag`` alone; 304 when the client has them."""
    response = Response(body, mimetype=media_type)
    response.set_etag(etag)
    response.headers["Cache-Control"] = PRIVATE
    response.make_conditional(left_after_conditions(response))  # in place
    return response


def accepted(job: Job) -> Response:
    """202: the work is queued, and where to ask about it."""
    response = reply(JobOut.model_validate(job), 202)
    response.headers["Location"] = url_for("api.get_job", job_id=job.id)
    return response
