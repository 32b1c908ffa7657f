"""The workers that a job starts for its shared pass, and looks after: processes of this machine, or actors on Ray.

They hold nothing that counts. One that ends without being asked to is started again; what it had claimed is done by
others. Only when they end one after the other, and nothing gets done, does the job end too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

from indexer.ports import Share
from indexer.sharing import SharedWork
from indexer.staffing import One, Staffing
from search.errors import JobError, printable
from search.ground import process
from search.ports import ChunkPlan

ENDS_IN_VAIN = 5
"""So often for each worker may one end, with nothing done in between, before the job ends: a bad file ends it less
often before it is told apart (`search.model.work.MAX_FAILED_CLAIMS`)."""
STOPPING_S = 60.0
"""How long workers may take to write what they have finished."""


class Crew:
    """Keeps ``count`` workers going. The first are started when there is work."""

    def __init__(self, count: int, start: Callable[[], One], note: Callable[[str], None]) -> None:
        self._count = count
        self._start = start
        self._note = note
        self._workers: list[One] = []
        self._ends = 0
        self._done = 0

    def check(self, done: int) -> None:
        """Start what is missing. ``done`` is how much has been done by now. Raises JobError when they are of no use."""
        if done > self._done:
            self._done, self._ends = done, 0
        for worker in list(self._workers):
            cause = worker.ended()
            if cause is None:
                continue
            self._workers.remove(worker)
            self._ends += 1
            if self._ends >= ENDS_IN_VAIN * self._count:
                raise JobError(f"its workers end, one after the other: {cause}")
            self._note(f"a worker ended, and is started again: {cause}")
        while len(self._workers) < self._count:
            self._workers.append(self._start())

    def close(self) -> None:
        """Stop all, and wait until what they have finished is written."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait(STOPPING_S)
        self._workers = []


class LocalWorker:
    """``soundalike work`` in a process of its own, which ends when this one does, however that ends."""

    def __init__(self, staffing: Staffing) -> None:
        command = [sys.executable, "-m", "search.cli", "work", "--library", str(staffing.library), "--until-eof"]
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has ended
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            [*command, "--workers", str(staffing.threads), "--quiet", *staffing.options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env={**process.environment_for_others(), **staffing.environment},
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ended(self) -> str | None:
        """See `One`."""
        status = self._process.poll()
        if status is None:
            return None
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        self._errors.close()
        why = f"killed by signal {-status}" if status < 0 else f"status {status}"
        return printable(lines[-1].removeprefix("soundalike: ")) if lines else why

    def stop(self) -> None:
        """See `One`."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """See `One`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def starter(staffing: Staffing) -> Callable[[], One]:
    """What starts a worker. Raises UsageError where it is to be on Ray, and that is not installed."""
    if staffing.on is None:
        return partial(LocalWorker, staffing)
    from indexer.onray import RayCluster  # who has no cluster needs no package

    return RayCluster(staffing).start


@contextmanager
def crew_of(staffing: Staffing, note: Callable[[str], None]) -> Iterator[Crew]:
    """The workers of ``staffing``, within the block. Raises UsageError as `starter`."""
    crew = Crew(staffing.count, starter(staffing), note)
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def sharing(chunks: ChunkPlan, staffing: Staffing | None, note: Callable[[str], None]) -> Iterator[Share]:
    """What makes a job's pass a shared one, with workers that it starts, if ``staffing`` wants any."""
    if staffing is None or not staffing.count:
        yield partial(SharedWork, chunks)
        return
    with crew_of(staffing, note) as crew:
        yield partial(SharedWork, chunks, check=crew.check)


def threads_of(threads: int | None, count: int, processors: int) -> int:
    """How many ``threads`` (None: one per processor) each of ``count`` workers has."""
    return max(1, (threads or processors) // max(1, count))
