"""A small real library, the application over it, and real servers on loopback that end with the test."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import requests
import soundfile

from indexer.job import index
from indexer.model import Options
from search import wiring
from search.library.library import Library
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import uploads_of
from search.service.service import Service
from search.settings import Settings
from tests.fakes import Notes
from tests.waiting import PATIENCE_S, wait_until

RATE_HZ = 16_000
SOUNDS = {"rain": 1, "rain on tin": 2, "wind": 3, "bell": 4, "bell far": 5, "dog": 6}


def noise(seed: int, seconds: float = 1.5) -> np.ndarray:
    """Noise with a different spectrum for each seed; (samples,) float64."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * RATE_HZ)))
    shape = np.exp(-(((np.linspace(0, 1, len(spectrum)) - seed % 9 / 8) * 5) ** 2))
    sound = np.fft.irfft(spectrum * shape)
    return 0.5 * sound / np.abs(sound).max()


def wav(seed: int, seconds: float = 1.5) -> bytes:
    """`noise` as a WAV file."""
    out = io.BytesIO()
    soundfile.write(out, noise(seed, seconds), RATE_HZ, format="WAV")
    return out.getvalue()


def settings(folder: Path) -> Settings:
    return Settings(library=folder, models=(), model_cache=folder / "models", encoder="spectral", device="cpu")


def index_in_order(library: Library, folder: Path, with_settings: Settings) -> None:
    """Index a folder with one thread, so that clips are numbered in the order of their paths.

    With several threads, they are numbered in the order in which they finish, which varies on a busy machine.
    """
    index(library, wiring.encoder("spectral", with_settings), [str(folder)], Options(workers=1, facts=False), Notes())


@pytest.fixture(scope="session")
def made_library(tmp_path_factory) -> Path:
    """A library of six clips in two folders, made once; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    for name, seed in SOUNDS.items():
        place = folder / "sounds" / ("weather" if seed <= 3 else "things")
        place.mkdir(parents=True, exist_ok=True)
        soundfile.write(place / f"{name}.wav", noise(seed), RATE_HZ)
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        index_in_order(library, folder / "sounds", settings(folder))
    return folder / "library"


@pytest.fixture
def library_path(made_library, tmp_path) -> Path:
    """A new copy of the library for one test."""
    return Path(shutil.copytree(made_library, tmp_path / "library"))


@contextmanager
def application(path: Path, *, clock: Callable[[], float] = time.monotonic, **changes: object):
    """A client of the application over a library, without a network."""
    with wiring.library(path, settings(path), create=True) as library:
        app = create_app(Service.over(library, ServiceConfig(path, **changes)), clock)
        client = app.test_client()
        yield client


@pytest.fixture
def client(library_path):
    with application(library_path) as made:
        yield made


@pytest.fixture(scope="module")
def reader(made_library, tmp_path_factory):
    """A shared client for requests that change nothing."""
    copy = shutil.copytree(made_library, tmp_path_factory.mktemp("read") / "library")
    with application(Path(copy)) as made:
        yield made


def work_off(library_path, given=None):
    """Run the queued jobs as the jobs' process does, until none is left. ``given``: other settings."""
    given = given or settings(library_path)
    with wiring.library(library_path, given) as library:
        stop = threading.Event()

        class OneRound:
            """The queue, which ends the runner once it is empty."""

            def claim(self):
                job = library.jobs.claim()
                if job is None:
                    stop.set()
                return job

            def is_awaited(self):
                return library.jobs.is_awaited()

            def report(self, job_id, progress):
                return library.jobs.report(job_id, progress)

            def finish(self, job_id, outcome, files):
                library.jobs.finish(job_id, outcome, files)

        Runner(library, OneRound(), uploads_of(library), given, 3600).run(stop)


class Server:
    """A running ``soundalike serve``. It does not measure facts when idle, so that tests do not depend on timing."""

    def __init__(self, library: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        self.library = library
        self.log = library.parent / f"serve-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "search.cli", "serve", "--library", str(library), "--port", "0", *options]
        own = {**os.environ, "SOUNDALIKE_FACTS": "off", **(environ or {})}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, env=own)
        self.url = self._url()

    def _url(self) -> str:
        def announced() -> str | None:
            ended = self.process.poll() is not None
            log = self.log.read_text("utf-8")
            for line in log.rpartition("\n")[0].splitlines():
                if line.startswith("soundalike: serving"):
                    return line.split(" at ")[1].split()[0].rstrip("/")
            assert not ended, log
            return None

        return wait_until(announced, lambda: self.log.read_text("utf-8"))

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE_S, **options)

    def post(self, path: str, **options: object) -> requests.Response:
        return requests.post(self.url + path, timeout=PATIENCE_S, **options)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.url + path, timeout=PATIENCE_S)

    def upload(self, *files: tuple[str, bytes]) -> requests.Response:
        return self.post("/api/v1/clips", files=[("files", file) for file in files])

    def wait(self, job_id: int, *states: str) -> dict:
        """The job once it is in one of these states."""

        def reached() -> dict | None:
            job = self.get(f"/api/v1/jobs/{job_id}").json()
            return job if job["state"] in states else None

        return wait_until(reached, lambda: self.log.read_text("utf-8"))

    def workers(self, web: int = 1) -> list[psutil.Process]:
        """The ``web`` processes that answer, and last the one that runs the jobs, without processes that have ended.

        Waits until all of them run: the one for the jobs starts after requests are answered.
        """

        def all_of_them() -> list[psutil.Process] | None:
            found = []
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess):  # a zombie is one
                    if "spawn_main" in " ".join(child.cmdline()):
                        found.append(child)
            return sorted(found, key=psutil.Process.create_time) if len(found) == web + 1 else None

        return wait_until(all_of_them, lambda: self.log.read_text("utf-8"))

    @contextmanager
    def jobs_held_up(self) -> Iterator[None]:
        """Suspend the process that runs the jobs within the block, at a moment when it holds no lock."""
        jobs = self.workers()[-1]

        def holds_nothing() -> bool:
            jobs.suspend()
            wait_until(lambda: jobs.status() == psutil.STATUS_STOPPED)
            with closing(sqlite3.connect(self.library / "catalog.sqlite", timeout=0)) as catalog:
                try:
                    catalog.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:  # it was suspended while writing: everybody would wait for it
                    jobs.resume()
                    return False
            return True

        wait_until(holds_nothing)
        try:
            yield
        finally:
            jobs.resume()

    def stop(self) -> int:
        """Stop it cleanly. Return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """Kill all of its processes at once, as a power cut would, and wait until the system has released their ids.

        Python's resource tracker is not killed: it removes the semaphores of the others, and then ends by itself.
        """
        psutil.wait_procs(self.end(), timeout=PATIENCE_S)

    def end(self) -> list[psutil.Process]:
        """Kill all processes as `kill` does, without waiting for their ids to be released, which can take a second."""
        supervisor = psutil.Process(self.process.pid)
        supervisor.suspend()  # it would restart processes that die before it
        found = [*supervisor.children(recursive=True), supervisor]
        family = [one for one in found if "resource_tracker" not in " ".join(one.cmdline())]
        for one in family:
            one.kill()
        self.process.wait(PATIENCE_S)
        wait_until(lambda: all(_has_ended(one) for one in family))
        return family


def _has_ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


@contextmanager
def serving(library: Path, *options: str, environ: dict[str, str] | None = None) -> Iterator[Server]:
    server = Server(library, *options, environ=environ)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


@pytest.fixture(scope="session")
def server(made_library, tmp_path_factory) -> Iterator[Server]:
    """A server that several tests share."""
    with serving(Path(shutil.copytree(made_library, tmp_path_factory.mktemp("served") / "library"))) as running:
        yield running
