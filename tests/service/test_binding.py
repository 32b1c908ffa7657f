"""The address of a service: who may have it, and how its workers share it."""

from __future__ import annotations

import socket
import sys

import pytest

from search.errors import UsageError
from search.service.processes import bind


@pytest.fixture
def two():
    sockets = bind("127.0.0.1", 0, 2)
    yield sockets
    for one in sockets:
        one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the workers wait at one socket")
def test_the_workers_of_one_address_all_get_connections(two):
    """64 connections that nobody accepted yet lie in both queues: one worker cannot take them all."""
    port = two[0].getsockname()[1]
    assert two[1].getsockname()[1] == port
    callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(64)]
    for one in two:
        one.settimeout(5)
        taken, _ = one.accept()
        taken.close()
    for caller in callers:
        caller.close()


@pytest.mark.parametrize("count", [1, 2])
def test_an_address_that_is_taken_is_refused_even_where_it_could_be_shared(two, count):
    port = two[0].getsockname()[1]
    with pytest.raises(UsageError, match=f"port {port}: .*choose another --port"):
        bind("127.0.0.1", port, count)
