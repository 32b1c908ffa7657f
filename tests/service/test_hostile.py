"""Hostile requests get a response, and the service stays up. More: ``python -m benchmarks.serving.hostile``."""

from __future__ import annotations

import itertools
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from benchmarks.serving.hostile_files import spoiled, whole_files
from tests.service.conftest import wav
from tests.waiting import PATIENCE_S, wait_until

REFUSED = (400, 413, 415, 422, 429)


@pytest.fixture(scope="module")
def files():
    return whole_files()


@pytest.mark.thorough
def test_every_format_is_understood(server, files):
    for name, content in files.items():
        response = server.post("/api/v1/search", files={"audio": (name, content)})
        assert response.status_code == 200, (name, response.text)


def test_spoiled_files_are_answered_and_nobody_dies(server, files):
    before = server.workers()
    for name, content in spoiled(files, 60, seed=11):
        response = server.post("/api/v1/search", files={"audio": (name, content)})
        assert response.status_code in (200, *REFUSED), (name, response.text)
    assert server.workers() == before


@pytest.mark.parametrize(
    ("place", "value"),
    [(4, b"\xff\xff\xff\xef"), (22, b"\xff\xff"), (24, b"\xff\xff\xff\xff"), (40, b"\xff\xff\xff\xef")],
)
def test_a_header_that_promises_the_world_is_not_believed(server, place, value):
    lying = bytearray(wav(1, 0.2))
    lying[place : place + len(value)] = value
    for path, field in (("/api/v1/search", "audio"), ("/api/v1/clips", "files")):
        response = server.post(path, files={field: ("a.wav", bytes(lying))})
        assert response.status_code in (200, 202, *REFUSED), response.text


def test_many_at_once_are_answered_or_told_to_come_again(server):
    """Each of sixty clients, and whoever is refused hears when to try again."""

    def ask(number):
        return server.post("/api/v1/search", files={"audio": ("a.wav", wav(number % 5, 1.0))})

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(60)))
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 429)
    assert any(answer.status_code == 200 for answer in answers)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_what_is_no_http_is_refused_as_a_problem_document(server, sent):
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    status = int(answer.split()[1])
    assert 400 <= status < 500 or status == 501
    assert b"application/problem+json" in answer


def test_who_expects_to_go_on_and_has_sent_everything_is_answered(server):
    """With no content, and with content that did not wait."""
    where = urlsplit(server.url)
    body = b'{"parts": [{"clip_id": 1}]}'
    heads = (b"GET /api/v1/health", b""), (b"POST /api/v1/search", body)
    for line, content in heads:
        kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(content) if content else b""
        sent = line + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: 100-continue\r\n" + kind
        with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as connection:
            connection.sendall(sent + b"\r\n" + content)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert b"HTTP/1.1 200 OK" in answer


def test_a_form_of_many_parts_is_refused(server):
    parts = {f"part{number}": (None, "x") for number in range(3000)}
    assert server.post("/api/v1/search", files=parts).status_code in REFUSED


def test_after_all_this_it_answers(server):
    wait_until(lambda: server.get("/ready").status_code == 200)
    assert all(server.get("/ready").status_code == 200 for _ in itertools.repeat(None, 5))
