"""Webhooks: signed, retried for a while, and never sent to forbidden addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from search.ground import webhooks
from search.ground.webhooks import Webhook, signature, why_not


@contextmanager
def receiving(*statuses: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An address that answers with these, then with 200; and what came."""
    came: list[tuple[dict[str, str], bytes]] = []
    left = list(statuses)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook?a=b", came
        finally:
            server.shutdown()
            thread.join()


def posted(url: str, *bodies: bytes, **options: object) -> list[str]:
    """What went wrong with posting these."""
    failures: list[str] = []
    with Webhook(url, failures.append, **{"pauses_s": (0.0, 0.0, 0.0), **options}) as hook:  # type: ignore[arg-type]
        for body in bodies:
            hook.post(body)
    return failures


def test_bodies_are_posted_in_order_and_signed():
    with receiving() as (url, came):
        assert posted(url, b"1", b"2", secret="key") == []
    assert [body for _, body in came] == [b"1", b"2"]
    headers = came[0][0]
    assert headers["Content-Type"] == "application/json"
    assert headers[webhooks.SIGNATURE] == signature("key", headers[webhooks.TIMESTAMP], b"1")
    assert signature("other", headers[webhooks.TIMESTAMP], b"1") != headers[webhooks.SIGNATURE]


def test_one_that_answers_500_or_429_is_tried_again():
    with receiving(500, 429, 503) as (url, came):
        assert posted(url, b"1", b"2") == []
    assert [body for _, body in came] == [b"1"] * 4 + [b"2"]


def test_one_that_never_answers_well_is_given_up_after_so_many_tries():
    with receiving(*[500] * 9) as (url, came):
        assert posted(url, b"1") == [f"{url}: a message could not be posted (it answers 500)"]
    assert len(came) == 4


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_what_is_refused_or_sent_elsewhere_is_not_tried_again(status):
    """A redirection is not followed: it might lead to where nothing may be posted."""
    with receiving(status) as (url, came):
        assert posted(url, b"1") == [f"{url}: a message could not be posted (it answers {status})"]
    assert len(came) == 1


def test_one_that_hangs_holds_nobody_up_and_is_given_up():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and nobody answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        (failure,) = posted(url, b"1", wait_s=0.02)
    assert "timed out" in failure


def test_nothing_is_posted_to_private_addresses_unless_they_are_allowed(monkeypatch):
    """Whatever a name meant before: it is looked up when it is posted to."""
    with receiving() as (url, came):
        (failure,) = posted(url, b"1", may_be_private=False)
        assert "127.0.0.1 is not a public address" in failure
        found = [(None, None, None, None, ("10.0.0.7", 80))]
        monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *_args, **_named: found)
        (failure,) = posted("http://example.org/", b"1", may_be_private=False)
    assert "example.org is not a public address" in failure
    assert came == []


@pytest.mark.parametrize(
    ("url", "private", "why"),
    [
        ("https://example.org/hook", False, ""),
        ("http://127.0.0.1:9/x", True, ""),
        ("http://127.0.0.1:9/x", False, "not a public address"),
        ("http://[::1]/", False, "not a public address"),
        ("http://[::ffff:10.0.0.1]/", False, "not a public address"),
        ("http://169.254.169.254/latest", False, "not a public address"),
        ("http://localhost/", False, "not a public address"),
        ("http://224.0.0.1/", False, "not a public address"),
        ("ftp://example.org/", True, "give a URL"),
        ("nowhere", True, "give a URL"),
        ("http://", True, "give a URL"),
        ("http://a b/", True, "give a URL"),
        ("http://example.org/\r\nHost: x", True, "give a URL"),
        ("http://example.org:99999/", True, "not a URL"),
        ("http://me:secret@example.org/", True, "must not have a name or password"),
    ],
)
def test_addresses_are_checked_before_anything_is_posted(url, private, why):
    said = why_not(url, may_be_private=private)
    assert (why in said) if why else said == ""
