"""Which requests are questions: somebody waits for the answer, and jobs give way to it."""

from __future__ import annotations

from typing import Final

from flask import Request

from search.service.http.guard import PAGE

_API: Final = "/api/v1"
_LOOKS: Final = frozenset(
    {"/", "/health", "/ready", "/metrics", "/openapi.json", "/session", "/searches/matches", "/searches/events"}
)
"""What programs look at again and again, and what holds nothing of the library."""
_WORK: Final = frozenset({"jobs", "roots"})
"""What makes jobs and looks after them: these themselves do not slow them."""
_LISTS: Final = frozenset({("GET", "/searches"), ("POST", "/clips")})
"""The page looks for what saved searches found, now and then; files are handed in for a job."""


def is_question(request: Request) -> bool:
    """Whether jobs give way to a request: to any but those that look after jobs or whether the service runs, that open
    the page or an event stream, or that hand in files.
    """
    if request.method == "OPTIONS" or request.url_rule is None or request.blueprint == PAGE:
        return False
    path = request.path.removeprefix(_API)
    return not (path in _LOOKS or (request.method, path) in _LISTS or path.strip("/").partition("/")[0] in _WORK)
