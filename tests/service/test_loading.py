"""What the processes of a service load: most of what a start costs is importing."""

from __future__ import annotations

import subprocess
import sys

LIBRARIES = ("av", "faiss", "flask", "onnxruntime", "pydantic", "sqlalchemy", "torch", "waitress", "werkzeug")
WEB = {"flask", "pydantic", "waitress", "werkzeug"}

OF_JOBS = """
import multiprocessing, os, sys
from pathlib import Path
from search.service.config import ServiceConfig
from search.service.jobs.runner import Runner
from search.service.processes import worker
from search.settings import Settings
Runner.run = lambda _runner, _stop: print(*sys.modules, flush=True)
shared = worker.Shared.among(1)
shared.prepared.set()
worker.jobs(ServiceConfig(Path({library!r})), Settings.from_env(os.environ), shared)
"""


def loaded(script: str) -> set[str]:
    """Which of `LIBRARIES` a process has loaded that prints the names of its modules."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split()) & set(LIBRARIES)


def test_the_supervisor_loads_no_library_of_those_it_starts():
    assert loaded("import sys; from search.service.processes import supervisor; print(*sys.modules)") == set()


def test_the_process_for_jobs_loads_no_web_and_no_index(library_path):
    """Once it is about to look for its first job."""
    found = loaded(OF_JOBS.format(library=str(library_path)))
    assert "sqlalchemy" in found
    assert not found & (WEB | {"faiss", "onnxruntime", "torch"})
