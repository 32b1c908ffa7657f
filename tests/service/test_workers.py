"""Several web workers behind one address."""

from __future__ import annotations

import itertools
import socket
import threading
from urllib.parse import urlsplit

import psutil
import pytest
from waitress.server import create_server

from search.catalog.store import Catalog
from search.errors import UsageError
from search.service.config import ServiceConfig
from search.service.processes.answering import serve
from search.service.processes.supervisor import bind
from tests.service.conftest import serving
from tests.waiting import PATIENCE_S, wait_until


def held_by_each(server, count: int) -> list[int]:
    """How many of so many connections, opened one after the other, each process of the service holds."""
    where = urlsplit(server.url)
    callers = [socket.create_connection((where.hostname, where.port)) for _ in range(count)]
    own = {caller.getsockname()[1] for caller in callers}

    def held() -> list[int]:
        return [
            sum(bool(one.raddr) and one.raddr.port in own for one in process.net_connections("tcp"))
            for process in psutil.Process(server.process.pid).children(recursive=True)
        ]

    try:
        return wait_until(lambda: now if sum(now := held()) == count else None, held)
    finally:
        for caller in callers:
            caller.close()


@pytest.mark.thorough
def test_connections_that_come_together_are_shared_out(library_path):
    """None of two workers takes nearly all, once both are up: its requests would wait while the other idles.

    How they share is up to the system's scheduler; that each leaves its turn to the other is tested below.
    """
    with serving(library_path, "--workers", "2") as server:
        wait_until(lambda: max(held_by_each(server, 16)) <= 12)


@pytest.mark.thorough
def test_who_follows_jobs_leaves_threads_for_everybody_else(library_path):
    """As many streams of one paused job as there are threads: half of them are refused, and others are answered."""
    with Catalog.open(library_path / "catalog.sqlite") as catalog:
        job_id = catalog.queue.add("map", []).id
        catalog.queue.request(job_id, "pause")
    with serving(library_path, "--threads", "4") as server:
        streams = [server.get(f"/api/v1/jobs/{job_id}/events", stream=True) for _ in range(4)]
        assert [stream.status_code for stream in streams] == [200, 200, 429, 429]
        assert server.get("/health").status_code == 200
        for stream in streams:
            stream.close()


@pytest.mark.parametrize(("threads", "streams"), [(2, 1), (3, 1), (4, 2), (8, 4), (64, 4)])
def test_streams_hold_at_most_half_of_the_threads(tmp_path, threads, streams):
    assert ServiceConfig(tmp_path, threads=threads).streams == streams


def test_who_took_a_connection_leaves_the_next_to_the_others_for_a_turn():
    """Two callers at once: one server takes the first, and the second only when its turn has come again."""
    stop, times = threading.Event(), itertools.repeat(0.0)
    held: list[int] = []

    def clock() -> float:
        """What `times` says; notes how many connections the server holds by then."""
        held.append(len(server.active_channels))
        return next(times)

    with bind("127.0.0.1", 0) as listening:
        server = create_server(lambda environ, start: [], sockets=[listening])
        address = listening.getsockname()
        serving_thread = threading.Thread(target=serve, args=(server, stop, 0.01, clock))
        with socket.create_connection(address), socket.create_connection(address):
            serving_thread.start()
            wait_until(lambda: len(held) > 20)
            assert set(held) == {1}, "time stands still, so it is the others' turn"
            times = itertools.count(1.0)
            wait_until(lambda: len(server.active_channels) == 2)
            stop.set()
        serving_thread.join(PATIENCE_S)
    assert not serving_thread.is_alive()


def test_an_address_that_is_taken_is_refused():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: .*choose another --port"):
            bind("127.0.0.1", port)
