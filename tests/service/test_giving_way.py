"""A job sees that its library is asked: whoever asks says so, and whoever looks after jobs does not."""

from __future__ import annotations

import pytest

from search.library.givingway import FILE, GivingWay
from tests.service.conftest import library_path, made_library, serving  # noqa: F401 - fixtures
from tests.waiting import wait_until

ASK = {"query": [{"text": "rain"}]}


@pytest.mark.parametrize("path", ["/ready", "/health", "/api/v1/jobs", "/api/v1/clips/1", "/metrics"])
def test_who_only_looks_slows_no_job(client, library_path, path):  # noqa: F811
    assert client.get(path).status_code == 200
    assert not (library_path / FILE).exists()


def test_a_question_is_seen_by_another_process(library_path):  # noqa: F811
    """Of a real service; and while a job runs ``/ready`` says so."""
    with serving(library_path) as server:
        job = GivingWay(library_path, 0.15)

        def asks() -> bool:
            assert server.get("/api/v1/clips/1/similar").status_code == 200
            return job.is_asked()

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
