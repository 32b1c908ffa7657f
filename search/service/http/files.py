"""Files as answers, as RFC 9110 has them: whole or one range of them, and only if the client has not got them.

Werkzeug answers ranges, once `conditions` are met. What it refuses although the RFC has an answer is settled before: a
suffix that is longer than the file is all of it; units that nobody knows, several ranges and what does not parse are
ignored.
"""

from __future__ import annotations

import re
from datetime import datetime
from io import RawIOBase
from typing import BinaryIO, Final, cast

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_if_range_header, parse_range_header

from search.service.http.answers.common import text
from search.service.http.conditions import left_after_conditions
from search.service.http.replies import PRIVATE

_RANGE: Final = "HTTP_RANGE"
_NO_BYTES: Final = re.compile(r"bytes=\s*-0+\s*", re.IGNORECASE)


def sent(
    source: str | BinaryIO | RawIOBase,
    media_type: str,
    name: str,
    etag: str,
    *,
    to_keep: bool = False,
    last_modified: datetime | float | None = None,
    length_bytes: int | None = None,
) -> Response:
    """A file, or 304; for one browser to keep and ask about.

    ``name`` may be any name of a file; ``to_keep``: a browser stores it and does not show it. ``length_bytes`` is for a
    source that nobody can ask for it. Raises
    PreconditionFailed (412), RequestedRangeNotSatisfiable (416).
    """
    file = cast("str | BinaryIO", source)
    response = send_file(
        file, media_type, to_keep, header_name(name), conditional=False, etag=etag, last_modified=last_modified
    )
    if length_bytes is not None:
        response.content_length = length_bytes
    length = response.content_length or 0
    environ = left_after_conditions(response)
    if _RANGE not in environ or not _follows_range(response.last_modified):
        environ.pop(_RANGE, None)
    elif (asked := followed(environ[_RANGE], length)) is None:
        del environ[_RANGE]
    else:
        environ[_RANGE] = asked
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=length)  # in place
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Accept-Ranges"] = "bytes"
    return response


def followed(written: str, length: int) -> str | None:
    """The Range header that is followed for a file of ``length`` bytes; None where there is none to follow.

    Raises RequestedRangeNotSatisfiable.

    >>> followed("bytes=-500", 100), followed("seconds=1-2", 100), followed("bytes=0-1,5-6", 100)
    ('bytes=0-', None, None)
    """
    if _NO_BYTES.fullmatch(written):
        raise RequestedRangeNotSatisfiable(length)
    ranges = parse_range_header(written)
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) != 1:
        return None
    start, _ = ranges.ranges[0]
    return "bytes=0-" if start < 0 and -start >= length > 0 else written


def header_name(name: str) -> str:
    """A file's name as a header can carry it: on one line, without marks that turn the direction of writing."""
    return "".join(c if c.isprintable() else "_" for c in text(name))


def _follows_range(last_modified: datetime | None) -> bool:
    """Whether the request may have a range: a GET, whose If-Range, if it has one, is strong.

    An entity tag that is strong is compared by Werkzeug, a date has to be the very one.
    """
    if request.method != "GET":
        return False
    written = request.headers.get("If-Range", "")
    condition = parse_if_range_header(written)
    return not written.startswith("W/") and (condition.date is None or condition.date == last_modified)
