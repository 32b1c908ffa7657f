"""Cross-origin resource sharing, for pages of the sites that ``--cors-origin`` names.

Werkzeug writes the headers. Flask-CORS is not used: it omits ``Vary: Origin`` from answers to requests without an
origin, and a browser that caches such an answer then refuses it to a page of another site.
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
    """Decides which pages may call the API, and tells browsers. Pages of other sites send a key, not the cookie."""

    def __init__(self, origins: Sequence[str]) -> None:
        """``origins``: in the form that browsers send, ``https://example.org``."""
        self._origins = frozenset(origins)

    def is_named(self, request: Request) -> bool:
        """Whether the request comes from a page of a named site."""
        return request.headers.get("Origin") in self._origins

    def is_preflight(self, request: Request) -> bool:
        """Whether this is the preflight of a page of a named site; browsers send it without a key."""
        return (
            request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
            and self.is_named(request)
        )

    def describe(self, request: Request, response: Response) -> None:
        """Add the CORS headers to an answer."""
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
