"""A full or read-only disk: searches continue, writes are refused, and jobs resume once there is room."""

from __future__ import annotations

import io
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from search import wiring
from search.service.jobs.runner import Runner
from search.service.jobs.trouble import FIRST_WAIT_S, LONGEST_WAIT_S, Trouble
from search.service.jobs.uploads import Uploads, folder_of
from tests import disks
from tests.service.conftest import application, serving, settings, wav
from tests.waiting import wait_until

SEARCH = {"parts": [{"text": "rain"}]}


@pytest.fixture
def on_small_disk(made_library, tmp_path):
    """A library of its own on a disk of 6 MB."""
    with disks.mounted(tmp_path / "disk", "6m") as disk:
        yield Path(shutil.copytree(made_library, disk / "library"))


def until_degraded(server, *what: str) -> list[dict]:
    """What `/ready` says is degraded, once it is just this."""
    degraded: list[dict] = []

    def is_just_this() -> bool:
        ready = server.get("/ready")
        degraded[:] = ready.json()["degraded"]
        return ready.status_code == 200 and [one["what"] for one in degraded] == list(what)

    wait_until(is_just_this, lambda: (degraded, server.log.read_text("utf-8")))
    return degraded


@pytest.mark.thorough
def test_on_a_full_disk_searches_go_on_and_jobs_do_once_there_is_room(on_small_disk):
    """The job that finds the disk full is not lost, and every process stays alive."""
    with serving(on_small_disk) as server:
        until_degraded(server)
        with server.jobs_held_up():  # or they are done before the disk is full
            accepted = [server.upload((f"{n}.wav", wav(n, 4.0))).json()["id"] for n in (21, 22, 23)]
            ballast = disks.fill(on_small_disk.parent)
        (full,) = (one for one in until_degraded(server, "writing", "jobs") if one["what"] == "writing")
        assert full["why"] == "the disk is full"
        assert server.post("/api/v1/search", json=SEARCH).json()["hits"]
        assert server.post("/api/v1/search", files={"audio": ("q.wav", wav(1))}).json()["hits"]
        refused = server.upload(("late.wav", wav(24, 4.0)))
        assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert "the disk is full; free some space" in refused.json()["detail"]
        ballast.unlink()
        for job_id in accepted:
            assert server.wait(job_id, "done", "failed")["state"] == "done"
        until_degraded(server)
        assert "ended with status" not in server.log.read_text("utf-8")
        assert server.stop() == 0


@pytest.mark.thorough
def test_a_library_on_read_only_media_is_served(made_library, tmp_path):
    """What would be kept is refused in words; sounds, pictures and searches need no place on the disk."""
    with disks.mounted(tmp_path / "library", "6m") as library:
        shutil.copytree(made_library, library, dirs_exist_ok=True)
        with wiring.library(library, settings(library)) as opened:
            opened.catalog.queue.add("duplicates", [])
        disks.remount(library, "ro")
        check_read_only(library)


def check_read_only(library):
    with serving(library) as server:
        degraded = until_degraded(server, "writing", "jobs")
        assert "read-only" in degraded[0]["why"]
        assert "read-only" in degraded[1]["why"]
        hits = server.post("/api/v1/search", json=SEARCH).json()["hits"]
        clip = f"/api/v1/clips/{hits[0]['clip_id']}"
        assert server.post("/api/v1/search", files={"audio": ("q.wav", wav(1))}).json()["hits"]
        reads = ("/api/v1/clips", clip, f"{clip}/audio", f"{clip}/peaks", f"{clip}/spectrogram.png", f"{clip}/similar")
        assert {path: server.get(path).status_code for path in reads} == dict.fromkeys(reads, 200)
        assert server.post("/api/v1/recommend", json={"likes": [{"clip_id": hits[0]["clip_id"]}]}).status_code == 200
        for refused in (
            server.upload(("new.wav", wav(31))),
            server.post("/api/v1/jobs", json={"kind": "duplicates"}),
            server.post("/api/v1/feedback/me", json={"feedback": [{"clip_id": 1, "opinion": "like"}]}),
        ):
            assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
            assert "read-only" in refused.json()["detail"]
            assert str(library) not in refused.text
        assert server.process.poll() is None
        assert "ended with status" not in server.log.read_text("utf-8")


class Disk:
    """How many pages each database may have: SQLite finds the disk full beyond."""

    def __init__(self) -> None:
        self.pages = 1 << 30

    def limit(self, connection, _record, _proxy) -> None:
        connection.execute(f"PRAGMA max_page_count = {self.pages}")


@pytest.fixture
def disk():
    disk = Disk()
    event.listen(Pool, "checkout", disk.limit)
    yield disk
    event.remove(Pool, "checkout", disk.limit)


class Clock(threading.Event):
    """A stop event whose waits take no time: it notes them, calls ``then`` after each, and is set after ``last``."""

    def __init__(self, then, last: int = 40) -> None:
        super().__init__()
        self.waits_s: list[float] = []
        self._then = then
        self._last = last

    def wait(self, timeout: float | None = None) -> bool:
        self.waits_s.append(timeout)
        self._then(len(self.waits_s))
        if len(self.waits_s) >= self._last:
            self.set()
        return self.is_set()


@contextmanager
def running(library_path: Path, trouble: Trouble):
    with wiring.library(library_path, settings(library_path)) as library:
        uploads = Uploads(folder_of(library_path))
        yield Runner(library, library.catalog.queue, uploads, settings(library_path), 3600, trouble=trouble)


@pytest.mark.thorough
def test_a_job_that_finds_the_disk_full_waits_longer_each_time_and_is_done_once_there_is_room(library_path, disk):
    trouble, whys = Trouble(), []

    def then(waits: int) -> None:
        whys.append(trouble.why)
        if waits == 12:
            disk.pages = 1 << 30
        if waits > 12 and client.get(f"/api/v1/jobs/{job_id}").get_json()["state"] == "done":
            clock.set()

    clock = Clock(then)
    with application(library_path) as client, running(library_path, trouble) as runner:
        files = [(io.BytesIO(wav(n, 3.0)), f"{n}.wav") for n in range(41, 49)]
        job_id = client.post("/api/v1/clips", data={"files": files}).get_json()["id"]
        disk.pages = 1
        runner.run(clock)
        job = client.get(f"/api/v1/jobs/{job_id}").get_json()
    assert (job["state"], len(job["clip_ids"])) == ("done", 8), job
    assert all("the disk is full" in why for why in whys[:12])
    assert str(library_path) not in "".join(whys)
    assert clock.waits_s[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert max(clock.waits_s) == LONGEST_WAIT_S
    assert trouble.why == ""


def test_the_end_of_a_job_is_kept_however_long_the_disk_is_full(library_path, disk):
    """It fills while the job runs: the outcome is written once it can be, and the job is not done again."""
    trouble, done = Trouble(), []
    clock = Clock(lambda waits: disk.__setattr__("pages", 1 << 30) if waits == 5 else None, last=6)
    with application(library_path) as client, running(library_path, trouble) as runner:
        job_id = client.post("/api/v1/jobs", json={"kind": "duplicates"}).get_json()["id"]
        perform = runner._perform

        def fill(job, progress, halt):
            perform(job, progress, halt)
            done.append(job.id)
            disk.pages = 1

        runner._perform = fill
        runner.run(clock)
        assert client.get(f"/api/v1/jobs/{job_id}").get_json()["state"] == "done"
    assert done == [job_id]


def test_trouble_is_told_to_whoever_asks_whether_the_service_is_ready(library_path):
    with application(library_path) as client:
        assert client.get("/ready").get_json()["degraded"] == []


def test_a_question_by_sound_is_refused_where_its_file_has_no_place(library_path, tmp_path):
    """Files of requests lie in the system's folder for temporary ones, which is full; a long one while it comes in."""
    with (
        disks.mounted(tmp_path / "temporary", "1m") as temporary,
        serving(library_path, environ={"TMPDIR": str(temporary)}) as server,
    ):
        until_degraded(server)  # warm: the sound that it warms up with lies in that folder, and leaves its room
        disks.fill(temporary)
        for seconds in (1.0, 60.0):
            refused = server.post("/api/v1/search", files={"audio": ("q.wav", wav(1, seconds))})
            assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
            assert "full" in refused.json()["detail"]
        assert server.post("/api/v1/search", json=SEARCH).json()["hits"]
