"""``soundalike work`` and ``index --share``: their options, their output, and the processes that they start."""

from __future__ import annotations

import json
import os
import signal

import pytest

from indexer import workers
from indexer.staffing import Staffing
from indexer.workers import MAX_FRUITLESS_ENDS, Crew, LocalWorker
from search import cli
from search.errors import JobError
from search.settings import Settings
from tests.indexer.conftest import write_tone
from tests.waiting import PATIENCE_S


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Three tones and what is no sound; the library is the default one."""
    monkeypatch.setenv("SOUNDALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    for number in range(3):
        write_tone(tmp_path / "sounds" / f"{number}.wav", hz=300 + 200 * number)
    (tmp_path / "sounds" / "bad.wav").write_bytes(b"RIFF but no sound")
    return tmp_path / "sounds"


def run(*words):
    return cli.main([str(word) for word in words])


def said(capsys, *words):
    capsys.readouterr()
    assert run("work", *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_what_was_planned_is_done_by_workers_and_can_be_paused_and_dropped(sounds, tmp_path, capsys):
    """The status says how much is left; a bad file makes the exit status 1, as with index."""
    library = tmp_path / "library"
    run("index", sounds, "--plan-only", "--quiet")
    assert said(capsys, "--status")["waiting"] == 1
    assert said(capsys, "--pause")["state"] == "paused"
    assert said(capsys, library, "--resume")["state"] == "open"

    assert run("work", library, "--once", "--workers", "1", "--json") == 1
    worked = json.loads(capsys.readouterr().out)
    assert {name: worked[name] for name in worked if name != "audio_s"} == {
        "chunks": 1,
        "files": 4,
        "failed": 1,
        "lost": 0,
    }
    assert said(capsys, "--library", library, "--status")["done"] == 1

    write_tone(sounds / "3.wav", hz=1000)
    run("index", sounds, "--plan-only", "--quiet")
    assert said(capsys, "--cancel")["state"] == "ended"
    assert run("work", "--once", "--quiet") == 0
    assert run("index", sounds, "--json", "--workers", "1") == 1
    assert json.loads(capsys.readouterr().out)["indexed"] == 1


def test_without_shared_work_there_is_nothing_to_say_or_do(sounds, capsys):
    run("index", sounds, "--quiet")
    assert run("work", "--status") == 0
    assert run("work", "--once") == 0
    assert capsys.readouterr().out == "there is no shared work\n0 files in 0 chunks, 0.00 h\n"


def test_a_job_starts_its_workers_and_stops_them(sounds, capsys, monkeypatch):
    """As processes of their own; one that is killed is started again."""
    started = []
    monkeypatch.setattr(workers, "LocalWorker", lambda staffing: started.append(LocalWorker(staffing)) or started[-1])

    def check(crew, done):
        CHECK(crew, done)
        if len(started) == 1:
            os.kill(started[0].pid, signal.SIGKILL)

    CHECK = Crew.check
    monkeypatch.setattr(Crew, "check", check)
    assert run("index", sounds, "--share", "1", "--workers", "1", "--json") == 1

    output = capsys.readouterr()
    summary = json.loads(output.out)
    assert (summary["indexed"], len(summary["failed"])) == (3, 1)
    assert "a worker ended, and is started again: killed by signal 9" in output.err
    assert len(started) == 2


@pytest.mark.parametrize(("count", "share", "each"), [(3, 0.15, 0.05), (1, 0.2, 0.2), (4, 1.0, 1.0), (0, 0.5, 0.5)])
def test_workers_have_the_share_of_a_job_together(tmp_path, monkeypatch, count, share, each):
    """While somebody asks: else so many workers would take so many times as much."""
    given = []
    monkeypatch.setattr(workers.subprocess, "Popen", lambda *_, env, **_more: given.append(Settings.from_env(env)))
    LocalWorker(Staffing(count, 1, tmp_path, job_share=share))
    assert given[0].job_share == pytest.approx(each)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("index", "x", "--share", "-1"), "--share is -1"),
        (("index", "x", "--plan-only", "--prune"), "--plan-only does not wait"),
        (("work", "--workers", "0"), "--workers is 0"),
        (("work", "--actors", "0"), "--actors must be"),
    ],
)
def test_what_makes_no_sense_is_refused(sounds, capsys, words, cause):
    assert run(*words) == 2
    assert cause in capsys.readouterr().err


def test_a_number_of_workers_in_the_environment_must_be_one(sounds, capsys, monkeypatch):
    monkeypatch.setenv("SOUNDALIKE_SHARE", "many")
    assert run("index", sounds) == 2
    assert "SOUNDALIKE_SHARE is 'many'" in capsys.readouterr().err


class Ending:
    """A worker that is gone as soon as it was started."""

    def __init__(self, cause):
        self._cause = cause

    def ended(self):
        return self._cause

    def stop(self):
        pass

    def wait(self, seconds):
        pass


def test_workers_that_end_one_after_the_other_end_the_job_with_their_cause():
    """Unless something gets done in between."""
    notes = []
    crew = Crew(2, lambda: Ending("no such encoder"), notes.append)
    for done in range(3 * MAX_FRUITLESS_ENDS):
        crew.check(done)
    for _ in range(MAX_FRUITLESS_ENDS - 2):
        crew.check(done)
    with pytest.raises(JobError, match="no such encoder"):
        crew.check(done)
    assert len(notes) > 3 * MAX_FRUITLESS_ENDS


def test_a_worker_that_cannot_begin_says_why(tmp_path):
    """The job's user sees one line."""
    worker = LocalWorker(Staffing(1, 1, tmp_path / "nowhere"))
    worker._process.wait(PATIENCE_S)
    assert "no library at" in worker.ended()


def test_a_worker_ends_with_whoever_started_it(sounds, tmp_path, monkeypatch):
    """Its input ends then, and it stops as if it had been asked to."""
    run("index", sounds, "--plan-only", "--quiet")
    reading, writing = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(reading))
    os.close(writing)
    assert run("work", "--until-eof", "--quiet") in (0, 1)
