"""Encoders are loaded before the first query, once, without blocking anybody."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from search import plugins, wiring
from search.errors import ModelNotFound
from search.service import warming
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.service import Service
from search.service.warmth import Warmth
from tests.service.conftest import application, serving, settings, wav
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture(autouse=True)
def ends_before_its_library(monkeypatch):
    """However late: what still loads when a test is over would be told of in the log of the next."""
    monkeypatch.setattr(warming, "JOIN_S", PATIENCE_S)


class SlowLoader:
    """Loads the real encoder, once it is let; counts how often it is asked to."""

    def __init__(self) -> None:
        self.times = 0
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, name, its_settings):
        self.times += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        return wiring.encoder(name, its_settings)


@contextmanager
def service_over(path, loader):
    """A client of a service that warms up when it is told to look, and the service."""
    with wiring.library(path, settings(path), load_encoder=loader) as library:
        service = Service.over(library, ServiceConfig(path))
        yield create_app(service).test_client(), service


def test_an_encoder_that_is_loading_holds_up_nothing_but_the_questions_that_need_it(library_path):
    """Those wait for the same one: it is loaded once."""
    loader = SlowLoader()
    with service_over(library_path, loader) as (client, service), service.warming.running(service.stopping):
        assert loader.begun.wait(PATIENCE_S)
        starting = client.get("/ready")
        assert (starting.status_code, starting.headers["Retry-After"]) == (503, "1")
        assert (starting.get_json()["status"], starting.get_json()["warm"]) == ("starting", False)
        assert client.get("/api/v1/clips").get_json()["total"] == 6
        assert client.get("/api/v1/clips/1/similar").status_code == 200
        answers = []
        sound = {"audio": (io.BytesIO(wav(4)), "bell.wav")}
        asking = threading.Thread(target=lambda: answers.append(client.post("/api/v1/search", data=sound)))
        asking.start()
        loader.may_end.set()
        asking.join(PATIENCE_S)
        assert answers[0].get_json()["hits"][0]["title"] == "bell"
        wait_until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/ready").get_json()["warm"] is True
        service.stopping.set()
    assert loader.times == 1


def test_a_service_that_cannot_warm_up_is_ready_all_the_same(library_path, monkeypatch, caplog):
    """There may be no place for the sound that it asks by."""

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("search.service.warming.tempfile.TemporaryDirectory", full)
    loader = SlowLoader()
    with service_over(library_path, loader) as (client, service), service.warming.running(service.stopping):
        wait_until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/ready").get_json()["warm"] is False
        service.stopping.set()
    assert "No space left" in caplog.text


def test_a_service_is_ready_once_each_of_its_workers_is():
    """Whichever is asked: the next question may come to another."""
    warmth = Warmth(2)
    assert not warmth.is_pending, "nobody answers yet"
    warmth.begins(0)
    warmth.begins(1)
    warmth.is_warm(0)
    assert warmth.is_pending
    warmth.is_warm(1)
    assert not warmth.is_pending


def test_what_the_first_question_of_each_kind_loads_is_loaded_before(library_path):
    """In a process of its own: afterwards these questions import nothing."""
    script = FIRST_QUESTIONS.format(library=str(library_path))
    environ = {**os.environ, "SOUNDALIKE_ENCODER": "spectral"}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, check=True)
    assert ran.stdout.splitlines() == []


FIRST_QUESTIONS = """
import io, sys, threading
from pathlib import Path
from search import wiring
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.service import Service
from search.settings import Settings
from tests.service.conftest import settings, wav

path = Path({library!r})
with wiring.library(path, settings(path)) as library:
    service = Service.over(library, ServiceConfig(path))
    client = create_app(service).test_client()
    client.get("/health")
    bell = wav(4)
    service.warming.look(threading.Event())
    before = set(sys.modules)
    client.post("/api/v1/search", data={{"audio": (io.BytesIO(bell), "bell.wav")}})
    client.post("/api/v1/search", json={{"parts": [{{"text": "bell"}}]}})
    client.post("/api/v1/recommend", json={{"likes": [{{"clip_id": 1}}]}})
    client.get("/api/v1/clips/1/similar")
    client.get("/api/v1/clips/1/peaks")
    client.get("/api/v1/clips/1/spectrogram.png")
    print(*sorted(set(sys.modules) - before), sep="\\n", end="")
"""


def test_a_library_without_a_space_loads_nothing_until_it_has_one(tmp_path, made_library):
    loader = SlowLoader()
    loader.may_end.set()
    path = tmp_path / "new"
    with application(path):
        pass
    with service_over(path, loader) as (client, service):
        service.warming.look(service.stopping)
        assert client.get("/ready").get_json()["warm"] is True, "there is nothing to wait for"
        assert loader.times == 0
        plugins.job("index")(service.library, "spectral", [str(made_library.parent / "sounds")], settings(path))
        wait_until(lambda: client.get("/ready").get_json()["clips"] == 6)
        assert client.get("/ready").get_json()["warm"] is False
        service.warming.look(service.stopping)
        assert client.get("/ready").get_json()["warm"] is True


def test_an_encoder_that_cannot_be_had_is_tried_once_and_the_service_answers_on(library_path, caplog):
    tried = []

    def nowhere(name, _):
        tried.append(name)
        raise ModelNotFound(f"{name} is nowhere")

    with service_over(library_path, nowhere) as (client, service):
        for _ in range(3):
            service.warming.look(service.stopping)
        assert "spectral is nowhere" in caplog.text
        assert client.get("/ready").get_json()["warm"] is False
        assert client.get("/api/v1/clips/1/similar").status_code == 200
    assert tried == ["spectral"]


@pytest.mark.thorough
def test_workers_warm_up_by_themselves(library_path):
    """And end in order while, or after, they do."""
    with serving(library_path, "--workers", "2") as server:
        wait_until(lambda: server.get("/ready").json()["warm"])
        assert server.stop() == 0
