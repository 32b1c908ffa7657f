"""``/session``: an API key as a cookie, for browsers; audio and image elements cannot send a header."""

from __future__ import annotations

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import Unauthorized

from search.service.http.guard import COOKIE
from search.service.http.requests.overview import SessionIn
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="status", description="For the operators of the service.")
MAX_AGE_S = 30 * 86_400


class SessionRoutes:
    """Sessions of browsers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.post("/session", tags=[TAG], responses={204: None})(view(self.begin_session))
        api.delete("/session", tags=[TAG], responses={204: None})(view(self.end_session))

    def begin_session(self, body: SessionIn) -> Response:
        """Store an API key in this browser, as a cookie that scripts cannot read and other sites cannot use."""
        if self._service.keys.find(body.key) is None:
            raise Unauthorized("no such API key, or it was revoked")
        response = Response(status=204)
        response.set_cookie(
            COOKIE,
            body.key,
            max_age=MAX_AGE_S,
            path=None,  # the path of the API as the browser sees it: a proxy may add a prefix
            secure=self._is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return response

    def end_session(self) -> Response:
        """Delete the API key that this browser stores."""
        response = Response(status=204)
        response.delete_cookie(COOKIE, path=None, secure=self._is_secure(), httponly=True, samesite="Strict")
        return response

    def _is_secure(self) -> bool:
        """Whether the browser's connection uses TLS, to this service or to a proxy."""
        return request.is_secure or self._service.config.public_url.startswith("https:")
