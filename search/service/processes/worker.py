"""The processes behind ``soundalike serve``: a web worker, and the one that does the jobs.

Each loads what it needs once it runs. The supervisor, which starts them by these functions, loads nothing of it, and
the one for jobs nothing of the web: of a start, most is importing.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.synchronize import Event
from types import FrameType
from typing import NoReturn

from search import wiring
from search.errors import CLOSE_FILES, NO_HANDLES, SoundalikeError
from search.ground import process
from search.ground.memory import give_back_freed_memory
from search.service import logs
from search.service.config import ServiceConfig
from search.service.jobs.attempt import Attempt
from search.service.jobs.trouble import Trouble
from search.service.warmth import Warmth
from search.settings import Settings

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
    that does the jobs reports, ``measured`` what it listens to while there is none.
    """

    prepared: Event
    ready: Event
    warmth: Warmth
    trouble: Trouble
    measured: Attempt

    @classmethod
    def among(cls, workers: int) -> Shared:
        """For so many web workers."""
        context = multiprocessing.get_context("spawn")
        return cls(context.Event(), context.Event(), Warmth(workers), Trouble(), Attempt())


def web(number: int, config: ServiceConfig, settings: Settings, listening: socket.socket, shared: Shared) -> None:
    """Web worker ``number``, from 0: answers on ``listening`` until SIGTERM, then finishes what it has begun."""
    logs.configure()
    process.own(heaps=HEAPS)
    with _until_terminated() as stop, _refusals():
        with process.loading():
            from waitress.task import ThreadedTaskDispatcher

            from search.service.app import create_app
            from search.service.processes.answering import TURN_S, make_server, serve
            from search.service.service import Service
            from search.service.warming import Warming

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
                library.view().of()  # opens the snapshots now, not in the first request
            server = make_server(app, config, listening, dispatcher)
            threading.Thread(target=_give_back, args=(stop,), daemon=True).start()
            with warming.running(stop):
                shared.ready.set()
                serve(server, stop, TURN_S if config.workers > 1 else 0.0)
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


def jobs(config: ServiceConfig, settings: Settings, shared: Shared) -> None:
    """Work off jobs until SIGTERM; then put back the one that is running."""
    logs.configure()
    process.own()
    # the web workers answer people meanwhile: whatever can wait for them does
    process.give_way(settings.niceness)
    with _until_terminated() as stop:
        with process.loading():
            from search.service.jobs.idle import IdleMeasuring
            from search.service.jobs.runner import Runner
            from search.service.jobs.uploads import uploads_of
            from search.service.jobs.watching import watch_searches

        if not _wait(shared.prepared, stop):
            return
        with wiring.library(config.library, settings) as library:
            threading.Thread(target=_give_back, args=(stop,), daemon=True).start()
            thread = threading.Thread(target=watch_searches, args=(library, config, stop), daemon=True)
            thread.start()
            uploads = uploads_of(library)
            queue, longest_s = library.catalog.queue, config.limits.indexed_s
            idle = None if settings.facts == "off" else IdleMeasuring(library, shared.measured)
            if not Runner(library, queue, uploads, settings, longest_s, trouble=shared.trouble, idle=idle).run(stop):
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
