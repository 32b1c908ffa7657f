"""The log: every line is one JSON object that any program can read."""

from __future__ import annotations

import io
import json
import logging

import pytest

from search.service import logs
from tests.service.conftest import application


@pytest.fixture
def lines():
    """Everything that is logged, as a stream that takes ASCII alone writes it."""
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(stream=stream)

    def read() -> list[dict]:
        stream.flush()
        return [json.loads(line) for line in stream.buffer.getvalue().decode("ascii").splitlines()]

    yield read
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_request_is_a_line_with_what_was_asked_and_how_it_went(library_path, lines):
    """Also where it asks for letters that the log's encoding lacks."""
    with application(library_path) as client:
        client.get("/api/v1/clips/1", headers={"X-Request-Id": "mine-1"})
        client.get("/rain é \u96e8 \U0001f327")
    found, lost = (line for line in lines() if line["event"] == "request")
    assert {"at", "ms", "bytes", "client"} <= found.keys()
    assert (found["level"], found["logger"], found["request_id"]) == ("info", "soundalike.service", "mine-1")
    assert (found["method"], found["path"], found["status"]) == ("GET", "/api/v1/clips/1", 200)
    assert (lost["path"], lost["status"]) == ("/rain é \u96e8 \U0001f327", 404)


@pytest.mark.parametrize(
    "text", ["two\nlines", "nul \0 and \x1b[31m", "a name in bytes \udcff", "{not} %s a format"], ids=ascii
)
def test_a_message_is_one_line_whatever_is_in_it(lines, text, monkeypatch):
    """Past the capturing of pytest, which cannot hand half characters from one process to another."""
    log, root = logging.getLogger("soundalike.test"), logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler.formatter, logs.RequestFormatter)]
    monkeypatch.setattr(log, "handlers", ours)
    monkeypatch.setattr(log, "propagate", False)
    log.warning(text)
    (line,) = lines()
    assert (line["event"], line["level"], "request_id" in line) == (text, "warning", False)


def test_an_error_comes_with_its_traceback(lines):
    try:
        raise ValueError("no\nsuch thing")
    except ValueError:
        logging.getLogger("soundalike.test").exception("it failed")
    (line,) = lines()
    assert line["event"] == "it failed"
    assert line["traceback"].startswith("Traceback (most recent call last):\n")
    assert line["traceback"].endswith("ValueError: no\nsuch thing")


def test_warnings_of_libraries_are_lines_too(lines):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    (line,) = lines()
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
