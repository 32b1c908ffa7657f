"""The processes behind ``soundalike serve``: a web worker (waitress and its threads), and the one that does the jobs.

Waitress reads whole requests in one loop before a thread sees them. Slow senders and idle connections therefore cost
a socket and a buffer each, no thread (docs/decisions/0006-rest-service.md).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.synchronize import Event
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

from search import wiring
from search.errors import CLOSE_FILES, NO_HANDLES, SoundalikeError
from search.ground import process
from search.ground.memory import give_back_freed_memory
from search.service import logs
from search.service.config import ServiceConfig
from search.service.jobs.trouble import Trouble
from search.service.processes.receiving import FORM_OVERHEAD_BYTES, ProblemChannel
from search.service.warming import Warming, Warmth
from search.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTIONS = 2000
IDLE_S = 30
RECEIVE_S = 300.0
"""How long a request may take to come in, however busily: 64 MiB at 1.8 Mbit/s."""
BUFFER_BYTES = 1 << 16
"""Of each request in memory; what is longer waits in a file. A thousand at once are 64 MB."""
TICK_S = 0.5
DRAIN_S = 5.0
"""How long the end of a worker waits for answers that are on their way."""
UNFINISHED_S = 1.0
"""And for requests that are still coming in."""
TURN_S = 0.002
HEAPS = 2
REFUSED = 3
"""With what a web worker ends that cannot open its library: trying again changes nothing."""
PREPARED_POLL_S = 0.1
GIVE_BACK_S = 10.0
"""Between two times that a process gives freed memory back: it would keep the most that any request ever took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What the processes of a service share: each is handed it when it is started.

    ``prepared`` is set once the library can be opened, ``ready`` once a worker answers; ``trouble`` is what the process
    that does the jobs reports.
    """

    prepared: Event
    ready: Event
    warmth: Warmth
    trouble: Trouble

    @classmethod
    def among(cls, workers: int) -> Shared:
        """For so many web workers."""
        context = multiprocessing.get_context("spawn")
        return cls(context.Event(), context.Event(), Warmth(workers), Trouble())


def web(number: int, config: ServiceConfig, settings: Settings, listening: socket.socket, shared: Shared) -> None:
    """Web worker ``number``, from 0: answers on ``listening`` until SIGTERM, then finishes what it has begun."""
    logs.configure()
    process.own(heaps=HEAPS)
    with _until_terminated() as stop, _refusals():
        from search.service.app import create_app
        from search.service.service import Service

        if not _wait(shared.prepared, stop):
            return
        with wiring.library(config.library, settings) as library:
            dispatcher = ThreadedTaskDispatcher()
            warming = Warming(library, shared.warmth, number)
            service = Service.over(
                library, config, stop, lambda: len(dispatcher.queue), trouble=shared.trouble, warming=warming
            )
            app = create_app(service)
            if service.spaces():
                library.views()  # opens the snapshots now, not in the first request
            server = make_server(app, config, listening, dispatcher)
            threading.Thread(target=_give_back, args=(stop,), daemon=True).start()
            with warming.running(stop):
                shared.ready.set()
                _serve(server, stop, TURN_S if config.workers > 1 else 0.0)
            if not warming.has_ended:
                _leave()
    _leave()


@contextmanager
def _refusals() -> Iterator[None]:
    """What keeps a worker from serving its library is a line in the log, and its end."""
    try:
        yield
    except SoundalikeError as error:
        log.error("%s", error)
    except OSError as error:
        if error.errno not in NO_HANDLES:
            raise
        log.error("%s", CLOSE_FILES)
    else:
        return
    raise SystemExit(REFUSED)


def make_server(
    app: WSGIApplication, config: ServiceConfig, listening: socket.socket, dispatcher: ThreadedTaskDispatcher
) -> TcpWSGIServer:
    """What receives requests for ``app`` on ``listening`` and hands them to the threads of ``dispatcher``."""
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
        clear_untrusted_proxy_headers=False,  # the application does, by the network that they come from
        ident=None,
    )
    server.channel_class = ProblemChannel
    return server


def jobs(config: ServiceConfig, settings: Settings, shared: Shared) -> None:
    """Work off jobs until SIGTERM; then put back the one that is running."""
    logs.configure()
    process.own()
    # the web workers answer people meanwhile: whatever can wait for them does
    process.give_way(settings.niceness)
    with _until_terminated() as stop:
        from search.service.jobs.runner import Runner
        from search.service.jobs.uploads import Uploads, folder_of

        if not _wait(shared.prepared, stop):
            return
        with wiring.library(config.library, settings) as library:
            threading.Thread(target=_give_back, args=(stop,), daemon=True).start()
            uploads = Uploads(folder_of(config.library))
            queue, longest_s = library.catalog.queue, config.limits.indexed_s
            if not Runner(library, queue, uploads, settings, longest_s, trouble=shared.trouble).run(stop):
                _leave()
    _leave()


def _leave() -> NoReturn:
    """End this process now.

    What it was to answer is answered, and what it keeps is in the catalog. The interpreter's own way out would take
    native libraries down while their threads still run, which aborts.
    """
    logging.shutdown()
    os._exit(0)


def _wait(prepared: Event, stop: threading.Event) -> bool:
    """Wait until the library is prepared; False when the service is to end first."""
    while not prepared.wait(PREPARED_POLL_S):
        if stop.is_set():
            return False
    return True


def _give_back(stop: threading.Event) -> None:
    while not stop.wait(GIVE_BACK_S):
        give_back_freed_memory()


def _serve(
    server: TcpWSGIServer, stop: threading.Event, turn_s: float, clock: Callable[[], float] = time.monotonic
) -> None:
    """Answer until ``stop``; then take nothing new, and finish what was begun within `DRAIN_S`.

    Whoever took a connection leaves the next ``turn_s`` to the other workers: the one that wakes first would take all
    that come together, and the others would stay idle.
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
    _drain(server)
    server.task_dispatcher.shutdown(timeout=1)


def _drain(server: TcpWSGIServer) -> None:
    """Finish what was begun; each connection ends with its answer (`search.service.processes.receiving`)."""
    server.is_ending = True
    wasyncore.loop(timeout=0, use_poll=True, map=server._map, count=1)  # what came before it was to end is begun
    begun_s = time.monotonic()
    while (waited_s := time.monotonic() - begun_s) < DRAIN_S:
        unfinished = waited_s < UNFINISHED_S
        if not any(_is_busy(one, unfinished) for one in list(server.active_channels.values())):
            return
        wasyncore.loop(timeout=0.05, use_poll=True, map=server._map, count=1)


class _Begun:
    """Requests that are still being received, and since when: whoever sends a byte now and then is not idle."""

    def __init__(self) -> None:
        self._since_s: dict[int, tuple[object, float]] = {}
        self._looked_s = 0.0

    def close_late(self, server: TcpWSGIServer) -> None:
        """Close connections whose request has not come in within `RECEIVE_S`."""
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
    """Whether an answer is on its way; with ``unfinished``, or a request."""
    return bool(channel.requests or channel.total_outbufs_len or (unfinished and channel.request is not None))


@contextmanager
def _until_terminated() -> Iterator[threading.Event]:
    """An event that SIGTERM sets, and so does the end of the supervisor, which SIGINT (from a terminal) is for.

    A thread sets it. A handler runs between any two steps of the main thread, which may hold the event's lock.
    """
    stop = threading.Event()
    reads, writes = multiprocessing.Pipe(duplex=False)

    def note(_number: int, _frame: FrameType | None) -> None:
        writes.send_bytes(b"SIGTERM")

    def watch() -> None:
        parent = multiprocessing.parent_process()
        connection.wait([reads] if parent is None else [reads, parent.sentinel])
        stop.set()

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
    yield stop
