"""Letting pages of other sites ask, where their sites are named (``--cors-origin``): cross-origin resource sharing.

Werkzeug writes the headers. Flask-CORS is not used: it leaves ``Vary: Origin`` out of answers to requests without an
origin, and a browser that keeps such an answer refuses it to the page that asks next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Request, Response
from werkzeug.datastructures import HeaderSet

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_MAY_SEND: Final = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "If-Range", "Range", "X-Request-Id")
_MAY_READ: Final = (
    "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag", "Location", "Retry-After",
    "X-Request-Id",
)  # fmt: skip
_MAX_AGE_S: Final = 600


class CrossOrigin:
    """Says which pages may ask, and tells browsers so. Cookies are not for other sites: a page brings its own key."""

    def __init__(self, origins: Sequence[str]) -> None:
        """``origins``: as browsers send them, ``https://example.org``."""
        self._origins = frozenset(origins)

    def is_named(self, request: Request) -> bool:
        """Whether the request comes from a page of a site that is named."""
        return request.headers.get("Origin") in self._origins

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks, for a page of a named site, whether that may ask; it sends no key with that."""
        return (
            request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
            and self.is_named(request)
        )

    def describe(self, request: Request, response: Response) -> None:
        """Add to an answer what browsers go by."""
        if not self._origins:
            return
        response.vary.add("Origin")
        if not self.is_named(request):
            return
        response.access_control_allow_origin = request.headers["Origin"]
        response.access_control_expose_headers = HeaderSet(_MAY_READ)
        if self.is_preflight(request):
            response.access_control_allow_methods = HeaderSet(_METHODS)
            response.access_control_allow_headers = HeaderSet(_MAY_SEND)
            response.access_control_max_age = _MAX_AGE_S
