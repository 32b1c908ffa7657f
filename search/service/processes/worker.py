"""The processes behind ``soundalike serve``: the web workers and the jobs process.

Each imports what it needs when it runs, since imports take most of the time of a start. The supervisor, which starts
them by these functions, imports none of it, and the jobs process imports nothing of the web.
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
"""Exit status of a web worker that cannot open its library: a restart would not help."""
PREPARED_POLL_S = 0.1
GIVE_BACK_S = 10.0
"""How often a process gives freed memory back; else it would keep the most that any request ever took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """State that the processes of a service share; each gets it when it starts.

    ``prepared`` is set once the library can be opened, ``ready`` once a worker answers. The jobs process sets
    ``trouble``, and ``measured`` while it measures sounds in idle time.
    """

    prepared: Event
    ready: Event
    warmth: Warmth
    trouble: Trouble
    measured: Attempt

    @classmethod
    def among(cls, workers: int) -> Shared:
        """The state for ``workers`` web workers."""
        context = multiprocessing.get_context("spawn")
        return cls(context.Event(), context.Event(), Warmth(workers), Trouble(), Attempt())


def web(number: int, config: ServiceConfig, settings: Settings, listening: socket.socket, shared: Shared) -> None:
    """Run web worker ``number``, from 0: answer on ``listening`` until SIGTERM, then finish what was begun."""
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
    """Log an error that keeps a worker from serving its library, and end the process with `REFUSED`."""
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
    """Do jobs until SIGTERM; then queue the running one again."""
    logs.configure()
    process.own()
    # the web workers have priority: they answer people
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
    """End this process at once.

    All answers are sent, and all state is in the catalog. A normal exit of the interpreter would unload native
    libraries while their threads still run, which aborts.
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
    """An event that SIGTERM sets, and the end of the supervisor. SIGINT from a terminal is left to the supervisor.

    A thread sets the event: a signal handler must not, because the main thread may hold the event's lock.
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
