"""Logs for machines: one JSON object a line on stderr, with the id of the request it belongs to."""

from __future__ import annotations

import logging
import re
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import g, has_request_context

from search.errors import printable

_GIVEN_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
FIELDS = "soundalike_fields"
"""The attribute of a log record that holds further fields."""


class JsonFormatter(logging.Formatter):
    """``{"at", "level", "event", "logger", "request_id", ...}``, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": printable(record.getMessage()),
            "logger": record.name,
        }
        request_id = getattr(g, "request_id", None) if has_request_context() else None
        if request_id is not None:
            line["request_id"] = request_id
        line.update(getattr(record, FIELDS, {}))
        if record.exc_info:
            line["traceback"] = printable(self.formatException(record.exc_info)).replace("\\n", "\n")
        return orjson.dumps(line).decode("ascii", "backslashreplace")


def configure(level: int = logging.INFO) -> None:
    """Send every log of this process to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # says at every burst that requests wait


def request_id(given: str | None) -> str:
    """The caller's id for a request where it is a sane one, else a new one."""
    return given if given and _GIVEN_ID.match(given) else uuid.uuid4().hex
