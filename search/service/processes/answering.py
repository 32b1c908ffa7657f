"""How a web worker answers: waitress and its threads, on a socket that the workers share, until the process ends.

Waitress reads whole requests in one loop before a thread gets them. So slow senders and idle connections cost a socket
and a buffer each, but no thread (docs/decisions/0006-rest-service.md).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

from search.service.config import CONNECTIONS, DRAIN_S, ServiceConfig
from search.service.processes.receiving import FORM_OVERHEAD_BYTES, ProblemChannel

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

IDLE_S = 30
RECEIVE_S = 300.0
"""How long it may take to receive a request, even if data keeps coming: 64 MiB at 1.8 Mbit/s."""
BUFFER_BYTES = 1 << 16
"""How much of a request is held in memory; longer ones are in a file. A thousand at once are 64 MB."""
TICK_S = 0.5
UNFINISHED_S = 1.0
"""How long to wait for a request that is still being received, unless data keeps coming."""
TURN_S = 0.002


def make_server(
    app: WSGIApplication, config: ServiceConfig, listening: socket.socket, dispatcher: ThreadedTaskDispatcher
) -> TcpWSGIServer:
    """The server that receives requests for ``app`` on ``listening``, for the threads of ``dispatcher``."""
    dispatcher.set_thread_count(config.threads)
    server = create_server(
        app,
        _dispatcher=dispatcher,
        sockets=[listening],
        connection_limit=CONNECTIONS,
        backlog=CONNECTIONS,
        channel_timeout=IDLE_S,
        cleanup_interval=5,
        inbuf_overflow=BUFFER_BYTES,
        max_request_body_size=config.limits.upload_bytes + FORM_OVERHEAD_BYTES,
        asyncore_use_poll=True,
        expose_tracebacks=False,
        clear_untrusted_proxy_headers=False,  # the application does, by their network
        ident=None,
    )
    server.channel_class = ProblemChannel
    return server


def serve(
    server: TcpWSGIServer, stop: threading.Event, turn_s: float, clock: Callable[[], float] = time.monotonic
) -> None:
    """Answer until ``stop`` is set; then accept nothing new, and finish what was begun, within `DRAIN_S`.

    A worker that has accepted a connection leaves the next ``turn_s`` to the others. Else the worker that wakes first
    would accept all connections that come together, and the others would stay idle.
    """
    begun = _Begun()
    while not stop.is_set():
        connections = len(server.active_channels)
        wasyncore.loop(timeout=TICK_S, use_poll=True, map=server._map, count=1)
        if turn_s and len(server.active_channels) > connections:
            server.accepting = False
            turn_ends_s = clock() + turn_s
            while (left_s := turn_ends_s - clock()) > 0:
                wasyncore.loop(timeout=left_s, use_poll=True, map=server._map, count=1)
            server.accepting = True
        begun.close_late(server)
    server.accepting = False
    server.del_channel()
    _drain(server, clock)
    server.task_dispatcher.shutdown(timeout=1)


def _drain(server: TcpWSGIServer, clock: Callable[[], float]) -> None:
    """Finish what was begun; each connection is closed after its answer (`search.service.processes.receiving`)."""
    server.is_ending = True
    wasyncore.loop(timeout=0, use_poll=True, map=server._map, count=1)  # begin what came before the end
    begun_s, received = clock(), True
    while (waited_s := clock() - begun_s) < DRAIN_S:
        # data that has arrived is read, even if this process is late
        unfinished = received or waited_s < UNFINISHED_S
        if not any(_is_busy(one, unfinished) for one in list(server.active_channels.values())):
            return
        before = _received(server)
        wasyncore.loop(timeout=0.05, use_poll=True, map=server._map, count=1)
        received = _received(server) != before


def _received(server: TcpWSGIServer) -> dict[int, int]:
    """How many bytes each connection has received."""
    return {number: channel.received_bytes for number, channel in list(server.active_channels.items())}


class _Begun:
    """Requests that are still being received, and since when. A client that sends a byte now and then is not idle."""

    def __init__(self) -> None:
        self._since_s: dict[int, tuple[object, float]] = {}
        self._looked_s = 0.0

    def close_late(self, server: TcpWSGIServer) -> None:
        """Close connections whose request was not received within `RECEIVE_S`."""
        now_s = time.monotonic()
        if now_s - self._looked_s < IDLE_S / 10:
            return
        self._looked_s = now_s
        since_s: dict[int, tuple[object, float]] = {}
        for number, channel in list(server.active_channels.items()):
            request = channel.request
            if request is None:
                continue
            before = self._since_s.get(number)
            since_s[number] = before if before is not None and before[0] is request else (request, now_s)
            if now_s - since_s[number][1] > RECEIVE_S:
                channel.will_close = True
        self._since_s = since_s


def _is_busy(channel: HTTPChannel, unfinished: bool) -> bool:
    """Whether an answer is in progress, or, with ``unfinished``, a request is being received."""
    return bool(channel.requests or channel.total_outbufs_len or (unfinished and channel.request is not None))
