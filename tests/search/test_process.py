"""Soundalike changes the settings of a process only if it started it, not if it is imported."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import pytest

from indexer import threads
from search import cli
from search.errors import UsageError
from search.service.processes import worker
from search.settings import MOST_NICENESS, Settings
from tests.amounts import few
from training import running

LOAD = """
import sys, numpy, torch
from search import wiring
from search.ground import memory, process
from search.settings import Settings
calls = []
find = memory._function
memory._function = lambda name: calls.append(name) or find(name)
torch.set_num_threads(2)

def encode():
    # torch's threads, the switch interval and what the C library was told, once encoders have encoded
    for name in ("cnn:soundalike-1", "spectral"):
        encoder = wiring.encoder(name, Settings.from_env({}))
        encoder.encode_audio(numpy.ones((1, encoder.spec.window_samples), numpy.float32))
        if name != "spectral":
            encoder.in_torch()
    print(torch.get_num_threads(), sys.getswitchinterval(), *calls)

encode()
process.own(switch_s=0.001)
encode()
"""


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """What a process says that encodes, becomes ours, and encodes again."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    ran = subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True, env=environ)
    return ran.stdout.splitlines()


@pytest.mark.thorough
def test_loading_an_encoder_changes_nothing_of_the_process(printed):
    assert printed[0] == "2 0.005"


@pytest.mark.thorough
def test_a_process_of_ours_computes_in_one_thread_and_keeps_freed_memory(printed):
    assert printed[1] == "1 0.001 mallopt"


def test_the_command_line_and_the_processes_of_a_service_are_ours():
    """Whoever adds an edge calls `own` there: without it encoding takes a third more time, and waits for itself."""
    for edge in (cli.main, worker.web, worker.jobs, threads.one_thread_per_call, running.command):
        assert "process.own(" in inspect.getsource(edge), edge


def test_what_is_loaded_is_not_looked_through_for_garbage():
    """What comes later is. In a process of its own: whatever is there then stays in it."""
    script = """
import gc
from search.ground import process
with process.loading():
    during, kept = gc.isenabled(), [[] for _ in range(1000)]
later = []
looked_through = {id(one) for one in gc.get_objects()}
print(during, gc.isenabled(), gc.get_freeze_count() > 1000, id(kept[0]) in looked_through, id(later) in looked_through)
"""
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["False", "True", "True", "False", "True"]


def test_who_says_how_many_threads_a_call_takes_is_heard():
    script = "from search.ground import process; process.own(); print(process.threads_of_a_call())"
    run = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, env={"OMP_NUM_THREADS": "2"}
    )
    assert run.stdout.strip() == "2"


@pytest.mark.parametrize(("processors", "workers", "of_a_call"), [(16, None, 4), (16, 8, 2), (16, 1, 1), (2, 1, 1)])
def test_a_process_that_indexes_fills_as_many_processors_as_it_is_told(monkeypatch, processors, workers, of_a_call):
    """Not all of them with the one thread that encodes: workers of a shared job stand beside each other."""
    said = []
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    monkeypatch.setattr(threads.process, "own", lambda **given: said.append(given["threads"]))
    threads.one_thread_per_call(workers)
    assert said == [of_a_call]


@pytest.mark.parametrize(("environ", "passed_on"), [({}, None), ({"OMP_NUM_THREADS": "3"}, "3")])
def test_how_many_threads_a_call_takes_is_passed_on_where_somebody_said_it(environ, passed_on):
    """What a process chose for itself is not for those it starts."""
    script = """
import os
from search.ground import process
process.own(threads=2)
print(os.environ["OMP_NUM_THREADS"], process.environment_for_others().get("OMP_NUM_THREADS"))
"""
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environ)
    assert ran.stdout.split() == [passed_on or "2", str(passed_on)]


@pytest.mark.parametrize(
    ("said", "meant"),
    few([({}, 10), ({"SOUNDALIKE_NICENESS": "3"}, 3), ({"SOUNDALIKE_NICENESS": "0"}, 0)]),
)
def test_indexing_gives_way_to_other_programs(tmp_path, said, meant):
    """By what the environment says, and by 10 where it says nothing; a wrong value is refused."""
    script = f"""
import os
from search import cli
print(cli.main(["index", {str(tmp_path / "sounds")!r}, "--library", {str(tmp_path / "library")!r}]), os.nice(0))
"""
    begun_with = os.nice(0)
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SOUNDALIKE_ENCODER": "spectral", **said}
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environ)
    assert int(ran.stdout.split()[-1]) == min(begun_with + meant, MOST_NICENESS)


def test_how_much_indexing_gives_way_is_a_number_that_the_system_takes():
    for wrong in ("20", "-1", "high", "²"):
        with pytest.raises(UsageError, match=r"SOUNDALIKE_NICENESS is .*; it must be from 0 to 19"):
            Settings.from_env({"SOUNDALIKE_NICENESS": wrong})
