"""The supervisor: binds the address, starts the processes, starts those again that die, and ends them in order.

Every web worker accepts from the one socket that is bound here. The supervisor itself opens no library and serves
nothing, so that there is little in it to go wrong; when it is killed, its children notice and end.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from search.errors import UsageError
from search.service.config import ServiceConfig
from search.service.processes import worker
from search.settings import Settings

TICK_S = 0.5
STOP_S = worker.DRAIN_S + 10.0
"""After so long a process that was asked to end is killed; what it was doing is in the catalog."""
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""For the processes that are started, whose requests run beside each other: one thread for a product of matrices. A
second doubles the CPU time of a recommendation in a library of a million by waiting for the first, and when other work
goes on, the slowest of a hundred takes three times as long."""
REAP_S = 1.0
QUICK_DEATH_S = 5.0
QUICK_DEATHS = 5
START_S = 120.0


@dataclass
class _Member:
    """One process, and how often it died soon after it was started."""

    name: str
    target: Callable[..., None]
    args: tuple[Any, ...]
    process: SpawnProcess | None = None
    started_s: float = 0.0
    quick_deaths: int = field(default=0)

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=self.target, args=self.args, name=self.name)
        self.process.start()
        self.started_s = time.monotonic()

    def has_died(self) -> bool:
        """Whether it ended; a system under load may take a while to give its memory back, which nobody waits for."""
        if self.process is None:
            return False
        return bool(connection.wait([self.process.sentinel], 0)) or not self.process.is_alive()

    def status(self) -> int | None:
        """With what it ended; None when that is not known within `REAP_S`."""
        if self.process is None:
            return None
        self.process.join(REAP_S)
        return self.process.exitcode


def serve(config: ServiceConfig, settings: Settings, on_ready: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; the exit status: 0, or 3 when a process cannot be kept alive.

    ``on_ready`` is called with the address once requests are answered. Raises UsageError when it cannot be bound.
    """
    os.environ.setdefault(*ONE_THREAD)
    listening = bind(config.host, config.port)
    ready = multiprocessing.get_context("spawn").Event()
    web = [_Member(f"web {n + 1}", worker.web, (config, settings, listening, ready)) for n in range(config.workers)]
    members = [*web, _Member("jobs", worker.jobs, (config, settings))]
    with listening, _metrics_folder(config.workers), _signals() as stop:
        for member in members:
            member.start()
        try:
            if _wait_until_ready(ready.is_set, members, stop):
                on_ready(url(config.host, listening))
            return _watch(members, stop)
        finally:
            _end(members)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError with the cause."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((bare, port))
        listening.listen(worker.CONNECTIONS)
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host} port {port}: {error.strerror}; choose another --port") from error
    return listening


def url(host: str, listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    port = listening.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"


def _wait_until_ready(ready: Callable[[], bool], members: list[_Member], stop: _Stop) -> bool:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and not stop.asked and not any(member.has_died() for member in members):
        if ready():
            return True
        time.sleep(0.02)
    return False


def _watch(members: list[_Member], stop: _Stop) -> int:
    """Start again what dies, until asked to stop."""
    while not stop.asked:
        connection.wait([member.process.sentinel for member in members if member.process], TICK_S)
        for member in members:
            if stop.asked or not member.has_died():
                continue
            status = member.status()
            quick = time.monotonic() - member.started_s < QUICK_DEATH_S
            member.quick_deaths = member.quick_deaths + 1 if quick else 0
            print(f"soundalike: process {member.name!r} ended with status {status}", file=sys.stderr, flush=True)
            if member.quick_deaths >= QUICK_DEATHS:
                print(f"soundalike: process {member.name!r} does not stay alive; stopping", file=sys.stderr, flush=True)
                return 3
            if quick:
                time.sleep(TICK_S)
            member.start()
    return 0


def _end(members: list[_Member]) -> None:
    """Ask every process to end, wait for it, kill what does not."""
    running = [member.process for member in members if member.process is not None]
    for process in running:
        process.terminate()
    deadline_s = time.monotonic() + STOP_S
    for process in running:
        process.join(max(0.0, deadline_s - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


class _Stop:
    """Whether a signal asked for the end."""

    asked = False


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Take note of SIGINT and SIGTERM."""
    stop = _Stop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.asked = True

    before = [(number, signal.signal(number, handle)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Where several workers write their metrics (`search.service.metrics`); one worker needs no files."""
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
