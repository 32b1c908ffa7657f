"""Conditional requests in the order of RFC 9110 (section 13.2.2): first preconditions, then the client's copy.

Werkzeug handles ranges first and `If-Match` last, and knows neither `If-Unmodified-Since` nor ``*`` in `If-Match`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.http import is_resource_modified, parse_date

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_RANGE: Final = "HTTP_RANGE"


def left_after_conditions(response: Response) -> WSGIEnvironment:
    """The request's environ without what is settled here: `If-Match`, and the range if the client's copy is current.

    Raises PreconditionFailed (412) if a condition does not hold, after closing the response.
    """
    if not _holds(response):
        response.close()
        raise PreconditionFailed("it has changed since; send the request without the condition")
    environ = {name: value for name, value in request.environ.items() if name != "HTTP_IF_MATCH"}
    written = {name: response.headers.get(name) for name in ("ETag", "Last-Modified")}
    if not is_resource_modified(environ, written["ETag"], last_modified=written["Last-Modified"]):
        environ.pop(_RANGE, None)
    return environ


def _holds(response: Response) -> bool:
    if "If-Match" in request.headers:
        wanted, etag = request.if_match, response.get_etag()[0]
        return wanted.star_tag or (etag is not None and wanted.is_strong(etag))
    latest = parse_date(request.headers.get("If-Unmodified-Since"))
    return latest is None or response.last_modified is None or response.last_modified <= latest
