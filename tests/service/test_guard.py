"""Authentication, rate limits, and headers that every response has."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from werkzeug.exceptions import TooManyRequests

from search.catalog.store import Catalog
from search.errors import ModelNotFound, UsageError
from search.library.library import Library
from search.service.config import Limits, is_loopback
from search.service.http.rates import RateLimiter, Slots, Turns
from tests.service.conftest import application, wav
from tests.waiting import PATIENCE_S, wait_until


def headed(value):
    return {"headers": {"Authorization": value}}


@pytest.fixture
def keyed(library_path):
    """A service that needs keys, and its keys by scope."""
    with Catalog.open(library_path / "catalog.sqlite") as catalog:
        keys = {scope: catalog.keys.add(scope, scope.split("+")) for scope in ("read", "write", "read+write")}
    with application(library_path, host="0.0.0.0", needs_keys=True) as client:
        yield client, keys


def test_on_loopback_nothing_is_needed(reader):
    assert reader.get("/api/v1/clips").status_code == 200


def test_elsewhere_a_key_is_needed_for_everything_but_health(keyed):
    client, keys = keyed
    refused = client.get("/api/v1/clips")
    assert refused.status_code == 401
    assert [value.split()[0].lower() for value in refused.headers.getlist("WWW-Authenticate")] == ["bearer", "basic"]
    assert client.get("/api/v1/clips", **headed("Bearer sla_wrong")).status_code == 401
    assert client.get("/api/v1/clips", **headed(f"Bearer {keys['read']}")).status_code == 200
    assert client.get("/metrics").status_code == 401
    assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_a_browser_may_send_the_key_as_a_password(keyed):
    """So that pages, their sounds and their pictures need no script to carry it."""
    client, keys = keyed
    assert client.get("/api/v1/clips", auth=("anything", keys["read"])).status_code == 200
    assert client.get("/api/v1/clips", auth=("anything", "wrong")).status_code == 401


def test_scopes_are_kept_apart(keyed):
    """Reading includes asking with a body; writing is everything that changes something."""
    client, keys = keyed
    search = {"json": {"parts": [{"text": "rain"}]}}
    assert client.post("/api/v1/search", **search, **headed(f"Bearer {keys['read']}")).status_code == 200
    assert client.post("/api/v1/search", **search, **headed(f"Bearer {keys['write']}")).status_code == 403
    assert client.delete("/api/v1/clips/1", **headed(f"Bearer {keys['read']}")).status_code == 403
    assert client.delete("/api/v1/clips/1", **headed(f"Bearer {keys['read+write']}")).status_code == 204


def test_whoever_may_read_may_have_sounds_made(keyed):
    """Nothing changes by it."""
    client, keys = keyed
    for path in ("made?words=beep", "made.wav?words=beep", "composed.mid?notes=C4+D4+E4"):
        assert client.get(f"/api/v1/{path}").status_code == 401
        assert client.get(f"/api/v1/{path}", **headed(f"Bearer {keys['read']}")).status_code == 200
        assert client.get(f"/api/v1/{path}", **headed(f"Bearer {keys['write']}")).status_code == 403


def test_a_revoked_key_lets_nobody_in(library_path):
    with Catalog.open(library_path / "catalog.sqlite") as catalog:
        secret = catalog.keys.add("shop", ["read"])
        catalog.keys.revoke("shop")
    with application(library_path, host="0.0.0.0", needs_keys=True) as client:
        assert client.get("/api/v1/clips", **headed(f"Bearer {secret}")).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""])
def test_a_name_that_was_bound_to_loopback_anew_is_refused(reader, host):
    """DNS rebinding: the browser believes that it talks to another site."""
    assert reader.get("/api/v1/clips", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "127.0.0.2:80"])
def test_every_name_of_this_machine_is_fine(reader, host):
    assert reader.get("/api/v1/clips", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_pages_of_other_sites_change_nothing(client, headers):
    assert client.post("/api/v1/jobs", json={"kind": "map"}, headers=headers).status_code == 403
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/jobs", json={"kind": "map"}, headers=own).status_code == 202


def test_who_asks_too_often_waits(library_path):
    """429 with Retry-After, for that client alone."""
    now_s = 0.0
    with application(library_path, limits=Limits(requests_per_s=2), clock=lambda: now_s) as client:
        statuses = [client.get("/api/v1/clips/1").status_code for _ in range(6)]
        assert statuses == [200] * 4 + [429] * 2
        refused = client.get("/api/v1/clips/1")
        assert int(refused.headers["Retry-After"]) >= 1
        other = client.get("/api/v1/clips/1", environ_overrides={"REMOTE_ADDR": "127.0.0.9"})
        assert other.status_code == 200
        now_s = float(refused.headers["Retry-After"])
        assert client.get("/api/v1/clips/1").status_code == 200


def test_workers_share_a_rate_out(library_path):
    """Each lets in its part: together they let in what was promised."""
    with application(library_path, workers=2, limits=Limits(requests_per_s=2), clock=lambda: 0.0) as client:
        statuses = [client.get("/api/v1/clips/1").status_code for _ in range(4)]
    assert statuses == [200] * 2 + [429] * 2


def test_whoever_looks_whether_the_service_runs_never_asks_too_often(library_path):
    """Nor does that count against what the same address asks beside it."""
    probes = ("/health", "/ready", "/api/v1/health", "/api/v1/ready")
    with application(library_path, limits=Limits(requests_per_s=1), clock=lambda: 0.0) as client:
        assert {client.get(path).status_code for path in probes for _ in range(3)} == {200}
        assert client.get("/api/v1/clips/1").status_code == 200


def test_a_bucket_fills_again_and_never_beyond_its_size():
    now = [0.0]
    limiter = RateLimiter(10, clock=lambda: now[0])
    assert [limiter.wait_s("a") for _ in range(20)] == [0.0] * 20
    assert limiter.wait_s("a") == pytest.approx(0.1)
    now[0] = 0.1
    assert limiter.wait_s("a") == 0.0
    now[0] = 1000.0
    assert sum(limiter.wait_s("a") == 0.0 for _ in range(30)) == 20


@pytest.mark.parametrize(
    ("limits", "request_", "status"),
    [
        (Limits(upload_bytes=10_000), {"path": "/api/v1/search", "seconds": 2}, 413),
        (Limits(query_s=1.0), {"path": "/api/v1/search", "seconds": 2}, 422),
        (Limits(decodes=0, decode_wait_s=0.0), {"path": "/api/v1/search", "seconds": 1}, 429),
        (Limits(indexed_s=1.0), {"path": "/api/v1/clips", "seconds": 2}, 422),
        (Limits(files=0), {"path": "/api/v1/clips", "seconds": 1}, 413),
        (Limits(streams=0), {"path": "/api/v1/jobs/1/events", "seconds": 0}, 429),
    ],
)
def test_each_limit_has_its_answer(library_path, limits, request_, status):
    """A problem document, and for what may be tried again when."""
    import io

    with application(library_path, limits=limits) as client:
        if request_["seconds"]:
            field = "audio" if request_["path"].endswith("search") else "files"
            data = {field: (io.BytesIO(wav(1, request_["seconds"])), "a.wav")}
            response = client.post(request_["path"], data=data)
        else:
            client.post("/api/v1/jobs", json={"kind": "map"})
            response = client.get(request_["path"])
        assert response.status_code == status, response.get_data(as_text=True)
        assert response.mimetype == "application/problem+json"
        assert ("Retry-After" in response.headers) == (status == 429)
        assert not list(library_path.glob("uploads/*/*")), "nothing of a refused upload stays"


def test_json_larger_than_any_question_is_refused(reader):
    body = json.dumps({"parts": [{"text": "x" * 2_000_000}]})
    refused = reader.post("/api/v1/search", data=body, content_type="application/json")
    assert refused.status_code == 413
    assert "at most 1 MB" in refused.get_json()["detail"]


@pytest.mark.parametrize("body", ["{", "[" * 100_000, "\x00", '{"k": 1e999}', ""])
def test_what_is_no_json_is_refused(reader, body):
    response = reader.post("/api/v1/search", data=body, content_type="application/json")
    assert response.status_code in (400, 422)


def test_every_answer_carries_the_security_headers(reader):
    """Errors too; and none opens the door to pages of other sites."""
    for path in ("/", "/health", "/api/v1/nothing", "/api/v1/clips/1/audio"):
        response = reader.get(path, headers={"Origin": "https://evil.example"})
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]


def test_every_error_is_a_problem_document(reader):
    for method, path, status in [
        ("get", "/nothing", 404),
        ("put", "/api/v1/clips", 405),
        ("get", "/api/v1/jobs/7", 404),
    ]:
        response = getattr(reader, method)(path)
        problem = response.get_json()
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
        assert (problem["status"], problem["request_id"]) == (status, response.headers["X-Request-Id"])


def test_an_unexpected_error_tells_the_log_and_not_the_client(library_path, monkeypatch, caplog):
    with application(library_path) as client:
        monkeypatch.setattr("search.service.http.listing.order", lambda columns, by: 1 / 0)
        with caplog.at_level(logging.ERROR):
            response = client.get("/api/v1/clips?sort=title")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.get_data(as_text=True)
    assert "ZeroDivisionError" in caplog.text


def test_a_model_that_is_not_there_is_told_without_the_folders_that_were_looked_into(library_path, monkeypatch, caplog):
    """503, and when to try again; the log names the folders."""

    def nowhere(library, query):
        raise ModelNotFound("cnn:mn04 is not in /home/anna/models; put the file there")

    monkeypatch.setattr(Library, "search", nowhere)
    with application(library_path) as client, caplog.at_level(logging.ERROR, logger="soundalike.service"):
        refused = client.post("/api/v1/search", json={"parts": [{"text": "rain"}]})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "/home/anna" not in refused.get_data(as_text=True)
    assert "/home/anna" in caplog.text


def test_a_request_is_logged_with_its_id(reader, caplog):
    with caplog.at_level(logging.INFO, logger="soundalike.service"):
        reader.get("/api/v1/clips/1", headers={"X-Request-Id": "abc-123"})
        strange = reader.get("/health", headers={"X-Request-Id": "x" * 500})
    first = caplog.records[0]
    assert (first.path, first.status) == ("/api/v1/clips/1", 200)
    assert len(strange.headers["X-Request-Id"]) == 32


def test_metrics_count_requests_and_say_how_large_the_library_is(client):
    client.get("/api/v1/clips/1")
    client.get("/api/v1/nothing")
    client.post("/api/v1/jobs", json={"kind": "map"})
    page = client.get("/metrics").get_data(as_text=True)
    assert 'soundalike_request_seconds_count{method="GET",route="/api/v1/clips/<int:clip_id>",status="200"} 1.0' in page
    assert 'soundalike_refused_total{status="404"} 1.0' in page
    assert 'soundalike_segments{space="spectral"} 6.0' in page
    assert 'soundalike_jobs{state="queued"} 1.0' in page


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_what_loopback_is(host, local):
    assert is_loopback(host) is local


def test_a_host_must_be_an_address():
    with pytest.raises(UsageError, match="address"):
        is_loopback("example.org")


def test_turns_are_given_in_the_order_in_which_they_are_asked_for():
    turns, served, inside = Turns(), [], []

    def ask(number):
        with turns.taken():
            inside.append(number)
            assert len(inside) == 1, "one at a time"
            served.append(number)
            inside.remove(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    with turns.taken():
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            wait_until(lambda waiting=waiting: len(turns._waiting) == waiting)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert served == list(range(20))


def test_whoever_comes_behind_a_long_queue_is_refused_without_a_wait():
    waiting = 0
    slots = Slots(1, PATIENCE_S, "sounds are being decoded", backlog=lambda: waiting, max_backlog=3)
    with slots.taken():
        pass
    waiting = 4
    with pytest.raises(TooManyRequests, match="sounds are being decoded"), slots.taken():
        pass


def test_a_turn_that_ends_badly_is_passed_on():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.taken():
        raise ZeroDivisionError
    with turns.taken():
        pass
