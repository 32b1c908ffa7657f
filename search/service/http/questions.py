"""Which requests are questions: a person waits for the answer, so jobs give way to it."""

from __future__ import annotations

from typing import Final

from flask import Request

from search.service.http.guard import PAGE

_API: Final = "/api/v1"
_LOOKS: Final = frozenset(
    {"/", "/health", "/ready", "/metrics", "/openapi.json", "/session", "/searches/matches", "/searches/events"}
)
"""Paths that programs poll, and paths without content of the library."""
_WORK: Final = frozenset({"jobs", "roots"})
"""Paths that start and manage jobs; such requests must not slow the jobs."""
_LISTS: Final = frozenset({("GET", "/searches"), ("POST", "/clips")})
"""The page polls saved searches; an upload only starts a job."""


def is_question(request: Request) -> bool:
    """Whether jobs give way to a request.

    They do not for requests that manage jobs, check the service, open the page or an event stream, or upload files.
    """
    if request.method == "OPTIONS" or request.url_rule is None or request.blueprint == PAGE:
        return False
    path = request.path.removeprefix(_API)
    return not (path in _LOOKS or (request.method, path) in _LISTS or path.strip("/").partition("/")[0] in _WORK)
