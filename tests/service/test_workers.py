"""Several web workers behind one address."""

from __future__ import annotations

import socket
import time
from collections import Counter
from urllib.parse import urlsplit

import psutil
import pytest

from search.errors import UsageError
from search.service.processes import bind
from tests.service.conftest import serving


def test_connections_that_come_together_are_shared_out(library_path):
    """None of two workers takes nearly all: its requests would wait for each other while the other idles."""
    with serving(library_path, "--workers", "2") as server:
        where = urlsplit(server.url)
        time.sleep(1.0)  # the second worker too is up
        callers = [socket.create_connection((where.hostname, where.port)) for _ in range(16)]
        own = {caller.getsockname()[1] for caller in callers}
        time.sleep(1.0)
        held: Counter[int] = Counter()
        for process in psutil.Process(server.process.pid).children(recursive=True):
            theirs = [one for one in process.net_connections("tcp") if one.raddr and one.raddr.port in own]
            held[process.pid] += len(theirs)
        for caller in callers:
            caller.close()
        assert held.total() == 16
        assert max(held.values()) <= 12


def test_an_address_that_is_taken_is_refused():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: .*choose another --port"):
            bind("127.0.0.1", port)
