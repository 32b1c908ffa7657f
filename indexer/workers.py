"""The workers that a job starts for its shared pass and keeps running: processes of this machine, or actors on Ray.

They hold no state. A worker that ends without being asked to is restarted; other workers do its chunks. The job ends
only if workers keep ending and no work gets done.
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
from indexer.staffing import Staffing, StartedWorker
from search.errors import JobError, printable
from search.ground import process
from search.ports import ChunkPlan

MAX_FRUITLESS_ENDS = 5
"""How often, per worker, workers may end with nothing done in between before the job ends. A file that kills workers is
isolated after fewer ends (`search.model.work.MAX_FAILED_CLAIMS`)."""
STOPPING_S = 60.0
"""How long workers may take to write what they have finished."""


class Crew:
    """Keeps ``count`` workers running. The first call of `check` starts them."""

    def __init__(self, count: int, start: Callable[[], StartedWorker], note: Callable[[str], None]) -> None:
        self._count = count
        self._start = start
        self._note = note
        self._workers: list[StartedWorker] = []
        self._ends = 0
        self._done = 0

    def check(self, done: int) -> None:
        """Start missing workers. ``done`` is how much is done by now. Raises JobError if workers keep ending."""
        if done > self._done:
            self._done, self._ends = done, 0
        for worker in list(self._workers):
            cause = worker.ended()
            if cause is None:
                continue
            self._workers.remove(worker)
            self._ends += 1
            if self._ends >= MAX_FRUITLESS_ENDS * self._count:
                raise JobError(f"its workers keep ending: {cause}")
            self._note(f"a worker ended, and is started again: {cause}")
        while len(self._workers) < self._count:
            self._workers.append(self._start())

    def close(self) -> None:
        """Stop all workers, and wait until they have written what they finished."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait(STOPPING_S)
        self._workers = []


class LocalWorker:
    """``soundalike work`` in a separate process, which ends when this process ends, even if this one is killed."""

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
        """See `StartedWorker`."""
        status = self._process.poll()
        if status is None:
            return None
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        self._errors.close()
        why = f"killed by signal {-status}" if status < 0 else f"status {status}"
        return printable(lines[-1].removeprefix("soundalike: ")) if lines else why

    def stop(self) -> None:
        """See `StartedWorker`."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """See `StartedWorker`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def starter(staffing: Staffing) -> Callable[[], StartedWorker]:
    """A function that starts a worker. Raises UsageError if it is to run on Ray, and Ray cannot be used."""
    if staffing.on is None:
        return partial(LocalWorker, staffing)
    from indexer.onray import RayCluster  # the package is needed only for a cluster

    return RayCluster(staffing).start


@contextmanager
def crew_of(staffing: Staffing, note: Callable[[str], None]) -> Iterator[Crew]:
    """Run the workers of ``staffing`` within the block. Raises UsageError as `starter`."""
    crew = Crew(staffing.count, starter(staffing), note)
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def sharing(chunks: ChunkPlan, staffing: Staffing | None, note: Callable[[str], None]) -> Iterator[Share]:
    """Give what makes a job's pass a shared one, and run the workers of ``staffing``, if any, within the block."""
    if staffing is None or not staffing.count:
        yield partial(SharedWork, chunks)
        return
    with crew_of(staffing, note) as crew:
        yield partial(SharedWork, chunks, check=crew.check)


def threads_of(threads: int | None, count: int, processors: int) -> int:
    """How many threads each of ``count`` workers gets, of ``threads`` in total (None: one per processor)."""
    return max(1, (threads or processors) // max(1, count))
