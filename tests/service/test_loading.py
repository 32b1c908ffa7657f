"""What the processes of a service import: most of the time of a start is importing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from werkzeug.routing import Rule

from search.service import app as applications
from tests.service.conftest import application

LIBRARIES = ("av", "faiss", "flask", "numpy", "onnxruntime", "pydantic", "sqlalchemy", "torch", "waitress", "werkzeug")
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


OF_THE_COMMAND = """
import sys
from search.cli import main
from search.service.processes import supervisor
supervisor.serve = lambda _config, _settings, prepare, on_ready: print(prepare(), *sys.modules) or 0
sys.exit(main(["serve", "--library", {library!r}, "--port", "0"]))
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


def test_the_command_opens_no_library_that_needs_nothing(library_path):
    """Its processes do: that it can be opened is told by its file."""
    assert loaded(OF_THE_COMMAND.format(library=str(library_path))) == set()


def test_the_command_makes_a_library_where_there_is_none(tmp_path):
    assert "sqlalchemy" in loaded(OF_THE_COMMAND.format(library=str(tmp_path / "library")))
    assert (tmp_path / "library" / "catalog.sqlite").exists()


def test_endpoints_are_described_once_somebody_asks(library_path, monkeypatch: pytest.MonkeyPatch):
    """They are served before, and described once."""
    described, describe = [], applications.document_of
    monkeypatch.setattr(applications, "document_of", lambda service: described.append(1) or describe(service))
    with application(library_path) as client:
        assert client.get("/api/v1/clips").status_code == 200
        assert described == []
        first, again = (client.get("/api/v1/openapi.json").get_json() for _ in range(2))
    assert first == again
    assert described == [1]


def test_what_builds_addresses_is_made_for_those_that_are_built(library_path, monkeypatch: pytest.MonkeyPatch):
    compiled, compile_builder = [], Rule._compile_builder
    monkeypatch.setattr(
        Rule, "_compile_builder", lambda rule, unknown: compiled.append(rule.endpoint) or compile_builder(rule, unknown)
    )
    with application(library_path) as client:
        assert compiled == []
        for name in ("one", "two"):
            made = client.post("/api/v1/collections", json={"name": name})
            assert made.headers["Location"].endswith(f"/api/v1/collections/{made.get_json()['id']}")
    assert compiled == ["api.get_collection"]
