"""Files as answers, by RFC 9110: whole or one range, or 304 if the client's copy is current.

Werkzeug answers ranges, after `conditions`. Some ranges that it refuses have an answer in the RFC, so they are handled
here first: a suffix longer than the file means the whole file; unknown units, several ranges and invalid ranges are
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
    """A file, or 304; a browser may cache it, and revalidates it.

    ``name`` may be any file name; with ``to_keep``, a browser downloads the file and does not show it. ``length_bytes``
    is for sources whose length cannot be read. Raises PreconditionFailed (412), RequestedRangeNotSatisfiable (416).
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
    """The Range header to apply to a file of ``length`` bytes; None to ignore it.

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
    """A file name for a header: on one line, without marks that change the direction of writing."""
    return "".join(c if c.isprintable() else "_" for c in text(name))


def _follows_range(last_modified: datetime | None) -> bool:
    """Whether to apply the range of the request: it must be a GET, and its If-Range, if any, must be strong.

    Werkzeug compares strong entity tags; a date must be equal.
    """
    if request.method != "GET":
        return False
    written = request.headers.get("If-Range", "")
    condition = parse_if_range_header(written)
    return not written.startswith("W/") and (condition.date is None or condition.date == last_modified)
