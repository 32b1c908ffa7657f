"""A job notices queries of its library; requests that only monitor the service do not count."""

from __future__ import annotations

import pytest

from search.library.givingway import FILE, GivingWay
from tests.amounts import few
from tests.service.conftest import library_path, made_library  # noqa: F401 - fixtures
from tests.waiting import wait_until

ASK = {"query": [{"text": "rain"}]}


LOOKS = ("/ready", "/health", "/metrics", *(f"/api/v1/{name}" for name in ("ready", "jobs", "roots", "searches")))
QUESTIONS = (
    ("GET", "clips?q=rain"),
    ("GET", "clips/1/events"),
    ("GET", "map"),
    ("POST", "search"),
    ("POST", "identify"),
    ("POST", "recommend"),
    ("GET", "clips/1"),
    ("GET", "clips/1/similar"),
    ("GET", "clips/1/facts"),
    ("GET", "clips/1/speech"),
    ("GET", "clips/1/peaks"),
    ("GET", "duplicates"),
    ("GET", "spoken?q=rain"),
    ("POST", "moments"),
    ("POST", "embeddings"),
    ("POST", "ask"),
)


@pytest.mark.parametrize(("method", "path"), few(QUESTIONS, 6))
def test_whatever_somebody_waits_for_is_a_question(client, library_path, method, path):  # noqa: F811
    """Whether there is an answer to it or not."""
    client.open(f"/api/v1/{path}", method=method, json={} if method == "POST" else None)
    assert (library_path / FILE).exists()


def test_what_is_nowhere_or_handed_in_is_no_question(client, library_path):  # noqa: F811
    assert client.get("/api/v1/nowhere").status_code == 404
    assert client.post("/api/v1/clips", json={}).status_code >= 400
    assert client.options("/api/v1/search").status_code < 500
    assert not (library_path / FILE).exists()


@pytest.mark.parametrize("path", [*LOOKS, "/api/v1/openapi.json", "/api/v1/searches/matches"])
def test_who_only_looks_slows_no_job(client, library_path, path):  # noqa: F811
    assert client.get(path).status_code == 200
    assert not (library_path / FILE).exists()


def test_a_question_is_seen_by_another_process(server):
    """Of a real service; and while a job runs ``/ready`` says so."""
    job = GivingWay(server.library, 0.15)

    def asks() -> bool:
        assert server.get("/api/v1/clips/1/similar").status_code == 200
        return job.is_asked()

    wait_until(lambda: server.get("/ready").json()["jobs"] == 0)
    wait_until(asks)
    assert server.get("/ready").json()["giving_way"] is False, "no job runs"


def test_ready_says_that_a_job_gives_way(client, library_path):  # noqa: F811
    job_id = client.post("/api/v1/jobs", json={"kind": "duplicates"}).get_json()["id"]
    from search import wiring
    from tests.service.conftest import settings

    with wiring.library(library_path, settings(library_path)) as library:
        assert library.catalog.queue.claim().id == job_id
        assert client.get("/ready").get_json()["giving_way"] is False
        assert client.get("/api/v1/clips/1/similar").status_code == 200
        wait_until(lambda: client.get("/ready").get_json()["giving_way"])
