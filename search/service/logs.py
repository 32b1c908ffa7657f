"""Logs for programs: one JSON object a line on stderr, with the id of its request."""

from __future__ import annotations

import logging
import re
import sys
import uuid
from contextvars import ContextVar
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

_GIVEN_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the current request, None between requests."""
_NAMES = {"levelname": "level", "message": "event", "name": "logger", "exc_info": "traceback"}


class RequestFormatter(JsonFormatter):
    """``{"level", "event", "logger", "at", "request_id", ...}``, with the fields of ``extra`` and tracebacks.

    Lines are ASCII, with JSON escapes for other characters, so that any text from a client can be written and read.
    """

    def __init__(self) -> None:
        super().__init__(list(_NAMES)[:3], style=",", rename_fields=_NAMES, timestamp="at")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the request id, and write the level in lower case."""
        log_data["level"] = log_data["level"].lower()
        found = REQUEST_ID.get()
        return log_data if found is None else {**log_data, "request_id": found}


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log of this process to ``stream`` (stderr when None) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RequestFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns at every burst that requests wait


def request_id(given: str | None) -> str:
    """The caller's id for a request if it is valid, else a new one."""
    return given if given and _GIVEN_ID.match(given) else uuid.uuid4().hex
