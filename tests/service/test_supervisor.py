"""The supervisor: what stops the service, and what does not."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from search import wiring
from search.errors import UsageError
from search.service.jobs.trouble import Trouble
from search.service.processes import supervisor, worker
from search.service.processes.supervisor import QUICK_DEATHS, _end, _Member, _Stop, _watch
from search.settings import Settings
from tests.service.dying import dies, lives
from tests.waiting import PATIENCE_S


class Ends(Trouble):
    """Asks the supervisor to stop once it is told something."""

    def __init__(self, stop: _Stop) -> None:
        super().__init__()
        self._stop = stop

    def report(self, why: str) -> None:
        super().report(why)
        self._stop.request()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(supervisor, "TICK_S", 0.01)


def watched(*members: _Member) -> tuple[int, Trouble]:
    stop = _Stop()
    trouble = Ends(stop)
    for member in members:
        member.start()
    try:
        return _watch(list(members), stop, trouble), trouble
    finally:
        _end(list(members))


def test_without_the_process_that_does_the_jobs_the_others_go_on(capfd):
    """It is tried again and again, and whoever asks whether the service is ready hears of it."""
    web, jobs = _Member("web 1", lives, ()), _Member("jobs", dies, (), essential=False)
    status, trouble = watched(web, jobs)
    assert status == 0
    assert "does not stay alive" in trouble.why
    assert jobs.quick_deaths == QUICK_DEATHS
    assert web.quick_deaths == 0
    assert capfd.readouterr().err.count("process 'jobs' ended with status 1") == QUICK_DEATHS


def test_a_web_worker_that_does_not_stay_alive_ends_the_service(capfd):
    status, trouble = watched(_Member("web 1", dies, ()), _Member("jobs", lives, (), essential=False))
    assert (status, trouble.why) == (3, "")
    assert "process 'web 1' does not stay alive; stopping" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs ulimit")
def test_a_service_with_too_few_file_handles_says_so_before_it_starts(tmp_path):
    command = f"ulimit -n 40; exec '{sys.executable}' -m search.cli serve --library '{tmp_path}'"
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "a process may have 40 files open" in done.stderr
    assert "ulimit -n 1024" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_worker_that_cannot_open_its_library_says_why_and_ends_for_good(tmp_path, caplog):
    """Its status tells the supervisor that another one would do no better."""
    with pytest.raises(SystemExit) as ended, worker._refusals():
        wiring.library(tmp_path / "nowhere", Settings.from_env({}))
    assert ended.value.code == worker.REFUSED
    assert "no library at" in caplog.text
    with pytest.raises(SystemExit), worker._refusals():
        raise OSError(errno.EMFILE, "Too many open files")
    assert "ulimit -n" in caplog.text


def test_without_file_handles_for_a_process_the_remedy_is_told(monkeypatch):
    """Not a failure of something that was never started."""

    def refuses(_member) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(_Member, "start", refuses)
    members = [_Member("web 1", lives, ())]
    with pytest.raises(UsageError, match="ulimit -n"):
        supervisor._start(members)
    _end(members)
