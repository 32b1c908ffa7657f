"""Stopping a service: started requests are finished, nothing waits needlessly, and a job is requeued."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from contextlib import contextmanager
from itertools import chain, repeat

import pytest
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from search import wiring
from search.catalog.store import Catalog
from search.library import leasing
from search.service.config import ServiceConfig
from search.service.jobs import runner
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import Uploads, folder_of
from search.service.processes import answering, supervisor
from search.service.processes.answering import make_server, serve
from search.service.processes.supervisor import bind
from tests.service.conftest import serving, settings, wav
from tests.waiting import PATIENCE_S, wait_until


class SlowApplication:
    """Answers once it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, environ, start_response):
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]


@contextmanager
def answers_of(app, tmp_path):
    """A server of ``app`` in a thread: the server, its address, what ends it, and the thread."""
    stop = threading.Event()
    with bind("127.0.0.1", 0) as listening:
        server = make_server(app, ServiceConfig(tmp_path), listening, ThreadedTaskDispatcher())
        thread = threading.Thread(target=serve, args=(server, stop, 0.0))
        thread.start()
        try:
            yield server, listening.getsockname(), stop, thread
        finally:
            stop.set()
            thread.join(PATIENCE_S)


def test_a_request_in_hand_is_answered_and_its_connection_ends(tmp_path):
    """A client that keeps its connection open, and would ask on and on, is told to connect anew."""
    app = SlowApplication()
    with answers_of(app, tmp_path) as (server, address, stop, thread):
        connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
        connection.request("GET", "/")
        assert app.begun.wait(PATIENCE_S)
        stop.set()
        wait_until(lambda: getattr(server, "is_ending", False))
        assert not server.accepting
        app.may_end.set()
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.headers["Connection"]) == (200, b"done", "close")
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_request_that_came_before_the_end_is_answered_though_nobody_had_read_it(tmp_path):
    """It lies in the system's buffer when the service is told to end."""
    app, stop = SlowApplication(), threading.Event()
    app.may_end.set()
    stop.set()
    with bind("127.0.0.1", 0) as listening:
        server = make_server(app, ServiceConfig(tmp_path), listening, ThreadedTaskDispatcher())
        connection = http.client.HTTPConnection(*listening.getsockname(), timeout=PATIENCE_S)
        connection.connect()
        while not server.active_channels:
            wasyncore.loop(timeout=PATIENCE_S, use_poll=True, map=server._map, count=1)
        connection.request("GET", "/")
        [channel] = server.active_channels.values()
        assert select.select([channel.socket], [], [], PATIENCE_S)[0]
        serve(server, stop, 0.0)
        assert connection.getresponse().read() == b"done"


def test_a_long_request_that_came_before_the_end_is_read_however_late_that_is(tmp_path):
    """On a busy machine the process gets to it when the time for what still comes is over."""
    app, stop = SlowApplication(), threading.Event()
    app.may_end.set()
    stop.set()
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n" + bytes(40_000)
    times_s = chain([0.0], repeat((answering.UNFINISHED_S + answering.DRAIN_S) / 2))
    with bind("127.0.0.1", 0) as listening:
        server = make_server(app, ServiceConfig(tmp_path), listening, ThreadedTaskDispatcher())
        with socket.create_connection(listening.getsockname(), timeout=PATIENCE_S) as client:
            while not server.active_channels:
                wasyncore.loop(timeout=PATIENCE_S, use_poll=True, map=server._map, count=1)
            client.sendall(request)
            [channel] = server.active_channels.values()
            wait_until(lambda: len(channel.socket.recv(len(request), socket.MSG_PEEK)) == len(request))
            serve(server, stop, 0.0, lambda: next(times_s))
            assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"])
def test_whoever_sends_nothing_more_is_not_waited_for(tmp_path, sent, monkeypatch):
    """Not for as long as an answer would be: one that is begun never comes to an end."""
    monkeypatch.setattr(answering, "UNFINISHED_S", 0.01)
    monkeypatch.setattr(answering, "DRAIN_S", PATIENCE_S * 2)
    with (
        answers_of(SlowApplication(), tmp_path) as (_, address, stop, thread),
        socket.create_connection(address) as client,
    ):
        client.sendall(sent)
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_job_that_does_not_stop_at_once_is_put_back(library_path, monkeypatch):
    """Another program writes, and the job waits for it; the process ends without waiting, and says so."""
    monkeypatch.setattr(runner, "PUT_BACK_S", 0.01)
    monkeypatch.setattr(leasing, "WAIT_S", 2 * PATIENCE_S)
    stop = threading.Event()
    with (
        Catalog.open(library_path / "catalog.sqlite") as other,
        wiring.library(library_path, settings(library_path)) as library,
    ):
        uploads = Uploads(folder_of(library_path))
        job_id = library.jobs.add("map", []).id
        worked = Runner(library, library.catalog.queue, uploads, settings(library_path), 60.0)
        ended: list[bool] = []
        with other.lease("another", wait_s=5):
            thread = threading.Thread(target=lambda: ended.append(worked.run(stop)))
            thread.start()
            wait_until(lambda: library.jobs.get(job_id).state == "running")
            stop.set()
            thread.join(PATIENCE_S)
            assert ended == [False]
            assert library.jobs.get(job_id).state == "queued"
        for left in threading.enumerate():
            if left.name == "job":  # what the process would not have waited for ends before its library is closed
                left.join(PATIENCE_S)


def test_with_nothing_to_do_a_runner_ends_at_once(library_path):
    stop = threading.Event()
    stop.set()
    with wiring.library(library_path, settings(library_path)) as library:
        worked = Runner(library, library.catalog.queue, Uploads(library_path), settings(library_path), 60.0)
        assert worked.run(stop) is True


@pytest.mark.thorough
def test_a_service_that_indexes_ends_in_order(library_path):
    """Nothing aborts on the way out, no process is killed, and the job is put back."""
    with serving(library_path) as server:
        job_id = server.upload(*[(f"{n}.wav", wav(n, 1.0)) for n in range(20)]).json()["id"]
        server.wait(job_id, "running", "done")
        assert server.stop() == 0
        log = server.log.read_text("utf-8")
    for trouble in ("terminate called", "Abort", "Fatal Python", "Traceback"):
        assert trouble not in log
    with Catalog.open(library_path / "catalog.sqlite") as catalog:
        assert catalog.queue.get(job_id).state in ("queued", "done")


def test_containers_give_enough_time():
    """10 s; answers on their way, and a job that is put back, have less than what a process is killed after."""
    assert answering.DRAIN_S + 1 < supervisor.STOP_S < 8
    assert runner.PUT_BACK_S + runner.POLL_S < supervisor.STOP_S
