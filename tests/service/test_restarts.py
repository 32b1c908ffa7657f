"""After a kill during jobs and a restart, nothing is lost that was answered with 2xx."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
import requests

from tests.service.conftest import serving, wav
from tests.service.test_workers import held_by_each
from tests.waiting import wait_until


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "kills", [pytest.param(1, marks=pytest.mark.thorough), pytest.param(20, marks=pytest.mark.slow)]
)
def test_killed_in_the_middle_of_uploads_and_jobs_nothing_that_was_promised_is_lost(library_path, kills):
    """All processes are killed after some promises; each upload that got 202 ends as a clip that can be played."""
    promised: dict[int, int] = {}
    rng = random.Random(5)
    number = 100
    for _ in range(kills):
        with serving(library_path) as server:

            def upload(server=server):
                """Until the server is gone."""
                nonlocal number
                while True:
                    number += 1
                    try:
                        response = server.upload((f"{number}.wav", wav(number, 1.0)))
                    except requests.RequestException:
                        return
                    if response.status_code == 202:
                        promised[response.json()["id"]] = number

            enough = len(promised) + (3 if kills == 1 else rng.randint(3, 9))
            thread = threading.Thread(target=upload)
            thread.start()
            wait_until(lambda enough=enough: len(promised) >= enough)
            server.kill()
            thread.join()
    with serving(library_path) as server:
        for job_id, seed in promised.items():
            job = server.wait(job_id, "done", "failed")
            assert job["state"] == "done", job
            (clip_id,) = job["clip_ids"]
            assert server.get(f"/api/v1/clips/{clip_id}/audio").content == wav(seed, 1.0)


@pytest.mark.slow
def test_a_job_that_is_paused_goes_on_after_a_restart_when_it_is_told_to(library_path):
    with serving(library_path) as server:
        job_id = server.upload(*[(f"{n}.wav", wav(n, 1.0)) for n in range(30)]).json()["id"]
        assert server.post(f"/api/v1/jobs/{job_id}/pause").status_code == 200
        paused = server.wait(job_id, "paused", "done")
        server.kill()
    with serving(library_path) as server:
        later = server.post("/api/v1/jobs", json={"kind": "duplicates"}).json()["id"]
        server.wait(later, "done")
        assert server.get(f"/api/v1/jobs/{job_id}").json()["state"] == paused["state"]
        if paused["state"] == "paused":
            assert server.post(f"/api/v1/jobs/{job_id}/resume").json()["state"] in ("queued", "running")
        assert len(server.wait(job_id, "done")["clip_ids"]) == 30


@pytest.mark.thorough
def test_several_workers_answer_as_one(library_path):
    """Their metrics are added up, and one that dies is replaced."""
    with serving(library_path, "--workers", "2") as server:
        wait_until(lambda: sum(map(bool, held_by_each(server, 16))) == 2)  # both answer: none is killed while it starts
        for _ in range(20):
            assert server.get("/api/v1/clips").status_code == 200
        page = server.get("/metrics").text
        counted = [line for line in page.splitlines() if "request_seconds_count" in line and '"/api/v1/clips"' in line]
        assert sum(float(line.split()[-1]) for line in counted) == 20
        before = server.workers(2)
        before[0].kill()
        wait_until(
            lambda: before[0] not in server.workers(2),
            lambda: (server.log.read_text("utf-8"), _threads(before[0]), _threads(server.process)),
        )
        wait_until(lambda: server.get("/ready").status_code == 200)  # the new one warms up first
        assert server.stop() == 0


def _threads(process):
    """What each thread of a process is in the middle of, as Linux tells it; for a test that failed."""
    tasks = Path(f"/proc/{process.pid}/task")
    return [[(task / name).read_text() for name in ("stat", "wchan")] for task in sorted(tasks.glob("*"))]
