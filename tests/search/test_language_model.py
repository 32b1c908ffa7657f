"""A language model reads what rules do not, at a real OpenAI-style endpoint; all its answers are checked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from search.errors import QueryError
from search.library.understanding import understand
from search.model import ClipPart, TextPart
from tests.amounts import few
from tests.search.libraries import Entry, axis, fill, open_library

BEYOND = "was klingt wie Regen, aber kürzer"
FORM = {
    "parts": [{"said": "Regen", "text": "rain", "hit": None, "weight": 1}],
    "filters": [{"said": "kürzer", "where": "duration_s < 3"}],
    "k": 5,
    "collapse": False,
    "not_understood": [],
}


class Endpoint:
    """A server on loopback; ``answer`` handles a request, ``requests`` are the bodies that came, with their keys."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.requests: list[tuple[str, dict]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.headers.get("Authorization", ""), body))
                answer(self)

            def log_message(self, *args: object) -> None:
                """Prints nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


def sends(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def says(form: object) -> Callable[[BaseHTTPRequestHandler], None]:
    content = form if isinstance(form, str) else json.dumps(form)
    return sends(json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode())


@contextmanager
def library_with(tmp_path, answer, wait_s: float = 20.0) -> Iterator:
    endpoint = Endpoint(answer)
    thread = threading.Thread(target=endpoint.server.serve_forever, daemon=True)
    thread.start()
    try:
        with open_library(tmp_path) as library:
            fill(library, [Entry("a.wav", axis(1)[None]), Entry("b.wav", axis(2)[None])])
            library.settings = replace(
                library.settings,
                language_model_url=endpoint.url,
                language_model="small",
                language_model_key="secret",
                language_model_wait_s=wait_s,
            )
            yield library, endpoint
    finally:
        endpoint.server.shutdown()
        endpoint.server.server_close()


def test_what_rules_do_not_read_the_model_reads_in_the_form_it_is_given(tmp_path):
    with library_with(tmp_path, says(FORM)) as (library, endpoint):
        understood = understand(library, BEYOND)
    assert understood.read_by == "model"
    assert understood.query.parts == (TextPart("rain"),)
    assert (understood.query.where, understood.query.k) == ("(duration_s < 3)", 5)
    ((key, body),) = endpoint.requests
    assert key == "Bearer secret"
    assert body["model"] == "small"
    assert body["response_format"]["json_schema"]["schema"]["required"]
    assert body["messages"][1]["content"] == BEYOND


def test_a_sentence_that_rules_read_is_sent_nowhere(tmp_path):
    with library_with(tmp_path, says(FORM)) as (library, endpoint):
        assert understand(library, "rain under 3 seconds, no thunder").read_by == "rules"
        assert understand(library, BEYOND, reader="rules").read_by == "rules"
        assert endpoint.requests == []
        assert understand(library, "rain under 3 seconds", reader="model").read_by == "model"


def test_hits_of_the_last_answer_are_named_by_their_place(tmp_path):
    form = {**FORM, "parts": [{"said": "x", "text": None, "hit": 2, "weight": 1}]}
    with library_with(tmp_path, says(form)) as (library, _):
        ids = library.clips.ids().tolist()
        understood = understand(library, BEYOND, previous=ids)
        assert understood.query.parts == (ClipPart(ids[1]),)
        assert understand(library, BEYOND, previous=ids[:1]).read_by == "rules"


PART = FORM["parts"][0]
GARBAGE = {
    "no JSON": "I think you want rain!",
    "another form": {"query": "rain"},
    "a list": [FORM],
    "more than the form": {**FORM, "among": [1]},
    "a file": {**FORM, "parts": [{**PART, "audio": "/etc/passwd"}]},
    "no number": {**FORM, "parts": [{**PART, "weight": "1"}]},
    "not a finite number": '{"parts": [{"said": "", "text": "rain", "hit": null, "weight": Infinity}], "filters": [],'
    ' "k": 1, "collapse": false, "not_understood": []}',
    "nothing": {**FORM, "parts": [{**PART, "text": " "}]},
    "both": {**FORM, "parts": [{**PART, "hit": 1}]},
    "a filter of another language": {**FORM, "filters": [{"said": "", "where": "1=1; DROP TABLE clips"}]},
    "a filter that closes a bracket": {**FORM, "filters": [{"said": "", "where": "silent) or (missing"}]},
    "too many": {**FORM, "k": 10**9},
    "true is no number": {**FORM, "k": True},
    "long lists": {**FORM, "parts": [PART] * 17},
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", few(GARBAGE, 5))
def test_garbage_is_refused_and_rules_read(tmp_path, name):
    with library_with(tmp_path, says(GARBAGE[name])) as (library, _):
        understood = understand(library, BEYOND)
    assert understood.read_by == "rules"
    assert "language model" in understood.note
    assert understood.query.where is None


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (sends(b"no", 401), "answered 401"),
        (sends(b"", 500), "answered 500"),
        (sends(b"", 302, Location="http://127.0.0.1:9/"), "answered 302"),
        (sends(b"<html>"), "not answer in the given form"),
        (sends(b"{" * 100_000), "more than 65536 bytes"),
    ],
)
def test_an_endpoint_that_refuses_costs_nothing_but_its_reading(tmp_path, answer, note):
    with library_with(tmp_path, answer) as (library, _):
        understood = understand(library, BEYOND)
    assert understood.read_by == "rules"
    assert note in understood.note


def test_an_endpoint_that_answers_byte_by_byte_is_left_in_time(tmp_path):
    """Each byte in time, the whole never."""
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not ended.wait(0.02):
            try:
                handler.wfile.write(b"H")
                handler.wfile.flush()
            except OSError:
                return

    with library_with(tmp_path, drip, wait_s=0.2) as (library, _):
        understood = understand(library, BEYOND)
        ended.set()
    assert "did not answer within 0.2 s" in understood.note


def test_nobody_there_and_nothing_configured(tmp_path):
    with open_library(tmp_path) as library:
        with pytest.raises(QueryError, match="SOUNDALIKE_LANGUAGE_MODEL_URL"):
            understand(library, BEYOND, reader="model")
        library.settings = replace(library.settings, language_model_url="http://127.0.0.1:9/v1")
        assert "cannot be reached" in understand(library, BEYOND).note
        assert "secret" not in repr(replace(library.settings, language_model_key="secret"))
