"""The supervisor: binds the address, starts the processes, restarts those that die, and ends them in order.

All web workers accept connections from the one socket that is bound here. The supervisor itself opens no library and
serves nothing, so that little can go wrong in it. If it is killed, its children notice and end. A web worker that keeps
dying ends the service; without the jobs process, searches continue.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from search.errors import CLOSE_FILES, NO_HANDLES, UsageError
from search.ground import process
from search.service.config import CONNECTIONS, DRAIN_S, ServiceConfig
from search.service.jobs.trouble import Trouble
from search.service.processes import worker
from search.settings import Settings

TICK_S = 0.5
STOP_S = DRAIN_S + 2.0
"""How long a process may take to end before it is killed (containers give 10 s); its results are in the catalog."""
REAP_S = 1.0
QUICK_DEATH_S = 5.0
QUICK_DEATHS = 5
LONGEST_PAUSE_S = 60.0
"""Longest pause before a process is restarted that keeps dying soon after its start."""
START_S = 120.0
LEAST_FILES = 128
"""How many open files a web worker may need: parts of an index, the catalog, uploads."""


@dataclass
class _Member:
    """One process, how often it died soon after its start, and when to restart it.

    If an ``essential`` process keeps dying, the service ends.
    """

    name: str
    target: Callable[..., None]
    args: tuple[Any, ...]
    essential: bool = True
    process: SpawnProcess | None = None
    started_s: float = 0.0
    quick_deaths: int = 0
    due_s: float = 0.0

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        started = context.Process(target=self.target, args=self.args, name=self.name)
        started.start()
        self.process, self.started_s = started, time.monotonic()

    def has_died(self) -> bool:
        """Whether it ended. Does not wait until the system has freed its memory, which may take a while."""
        if self.process is None:
            return False
        return bool(connection.wait([self.process.sentinel], 0)) or not self.process.is_alive()

    def bury(self) -> None:
        """Forget a process that died, and set when to restart it: at once, unless it died soon after its start."""
        now_s = time.monotonic()
        quick = now_s - self.started_s < QUICK_DEATH_S
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        self.due_s = now_s + (min(TICK_S * 2 ** (self.quick_deaths - 1), LONGEST_PAUSE_S) if quick else 0.0)
        self.process = None

    @property
    def is_due(self) -> bool:
        """Whether there is no process, and it is time to start one."""
        return self.process is None and time.monotonic() >= self.due_s

    def status(self) -> int | None:
        """Its exit status; None if that is not known within `REAP_S`."""
        if self.process is None:
            return None
        self.process.join(REAP_S)
        return self.process.exitcode


def serve(
    config: ServiceConfig, settings: Settings, prepare: Callable[[], None], on_ready: Callable[[str], None]
) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status: 0, or 3 if a process keeps dying.

    ``prepare`` makes the library ready to be opened, while the processes start. ``on_ready`` is called with the URL
    once requests are answered. Raises what ``prepare`` raises, and UsageError when the address cannot be bound.
    """
    process.one_thread_for_products()
    _check_file_limit()
    listening = bind(config.host, config.port)
    shared = worker.Shared.among(config.workers)
    web = [_Member(f"web {n + 1}", worker.web, (n, config, settings, listening, shared)) for n in range(config.workers)]
    jobs = _Member("jobs", worker.jobs, (config, settings, shared), essential=False)
    with listening, _metrics_folder(config.workers), _signals() as stop:
        try:
            _start(web)
            prepare()
            shared.prepared.set()
            if _wait_until_ready(shared.ready.is_set, web, stop):
                on_ready(url(config.host, listening))
            elif any(member.has_died() and member.status() == worker.REFUSED for member in web):
                _say("the service cannot start; its log says why")
                return 3
            return _watch([*web, jobs], stop, shared.trouble)  # also starts the jobs process, which can wait
        finally:
            _end([*web, jobs])


def _check_file_limit() -> None:
    """Raises UsageError if a process may open too few files to serve a library."""
    limit = process.raise_file_limit()
    if limit is not None and limit < LEAST_FILES:
        raise UsageError(
            f"a process may have {limit} files open here, and a service needs {LEAST_FILES} at least: raise the limit "
            "(ulimit -n 1024), then run the command again"
        )


def _start(members: list[_Member]) -> None:
    """Start all processes. Raises UsageError if the system refuses to start more."""
    try:
        for member in members:
            member.start()
    except OSError as error:
        remedy = CLOSE_FILES if error.errno in NO_HANDLES else "the system refuses; choose fewer --workers"
        raise UsageError(f"a process cannot be started ({error.strerror}): {remedy}") from error


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket. Raises UsageError with the cause."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((bare, port))
        listening.listen(CONNECTIONS)
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host} port {port}: {error.strerror}; choose another --port") from error
    return listening


def url(host: str, listening: socket.socket) -> str:
    """The URL for a browser on this machine."""
    port = listening.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  shown, not bound
    return f"http://{shown}:{port}/"


def _wait_until_ready(ready: Callable[[], bool], members: list[_Member], stop: _Stop) -> bool:
    deadline_s = time.monotonic() + START_S
    while (
        time.monotonic() < deadline_s and not stop.requested and not any(m.essential and m.has_died() for m in members)
    ):
        if ready():
            return True
        time.sleep(0.02)  # poll: the loop also watches for deaths and for a request to stop
    return False


def _watch(members: list[_Member], stop: _Stop, trouble: Trouble) -> int:
    """Restart processes that die, until asked to stop; returns the exit status."""
    while not stop.requested:
        connection.wait([stop.event, *(member.process.sentinel for member in members if member.process)], TICK_S)
        for member in members:
            if member.has_died() and not _can_go_on_without(member, trouble):
                return 3
            if member.is_due and not stop.requested:
                member.start()
    return 0


def _can_go_on_without(member: _Member, trouble: Trouble) -> bool:
    """Whether to restart a process that died, now or later, rather than end the service."""
    _say(f"process {member.name!r} ended with status {member.status()}")
    member.bury()
    if member.quick_deaths < QUICK_DEATHS:
        return True
    if member.essential:
        _say(f"process {member.name!r} does not stay alive; stopping")
        return False
    trouble.report("the process that does the jobs does not stay alive; the log of the service says why")
    return True


def _say(text: str) -> None:
    """Print a line on stderr, if that can be written: the log may be on a full disk."""
    with suppress(OSError):
        print(f"soundalike: {text}", file=sys.stderr, flush=True)


def _end(members: list[_Member]) -> None:
    """Ask all processes to end, wait for them, and kill those that do not."""
    running = [member.process for member in members if member.process is not None]
    for one in running:
        one.terminate()
    deadline_s = time.monotonic() + STOP_S
    for one in running:
        one.join(max(0.0, deadline_s - time.monotonic()))
        if one.is_alive():
            one.kill()
            one.join()


class _Stop:
    """Whether a signal requested the end; ``event`` becomes readable then."""

    def __init__(self) -> None:
        self.event, self._asks = multiprocessing.Pipe(duplex=False)
        self.requested = False

    def request(self) -> None:
        """Request the end."""
        if not self.requested:
            self.requested = True
            self._asks.send_bytes(b"stop")


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Turn SIGINT and SIGTERM into a request to stop."""
    stop = _Stop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.request()

    before = [(number, signal.signal(number, handle)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Make the folder where several workers write their metrics (`search.service.metrics`); one worker needs none."""
    if workers == 1:
        yield
        return
    folder = tempfile.mkdtemp(prefix="soundalike-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        shutil.rmtree(folder, ignore_errors=True)
