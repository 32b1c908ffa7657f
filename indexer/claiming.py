"""A worker: claims chunks of a shared pass, runs each through the same pipeline as any job, and closes it.

Chunks overlap: while the last windows of one are encoded, files of the next are decoded. A chunk's results are written
in one transaction, which checks the claim. If the worker fails or is killed before a chunk is closed, nothing of that
chunk is written, and another worker does it.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from indexer.clock import JobGivingWay, StageClock
from indexer.executors import LocalExecutor, Result
from indexer.hearing import hearing
from indexer.held import HeldChunk
from indexer.model import Copy, Outcome, Task
from indexer.patience import Patience
from indexer.pipeline import Piece
from indexer.scan import is_absent
from search.errors import ClaimLost, JobError, LibraryError, printable
from search.model import Claim, Content, Root, Space, StoredFacts, WorkPass
from search.ports import CatalogWriter, Chunks, Encoder

RENEW_S = 15.0
"""How often claims are renewed: a quarter of the time until a claim expires."""


_NOT_OF_THE_FILES = (LibraryError, JobError, KeyboardInterrupt)
"""Errors that end a worker but are not caused by the chunks that it holds."""


class WorkLibrary(Protocol):
    """What a worker needs of a library (`search.library.library.Library` is one)."""

    @property
    def chunks(self) -> Chunks:
        """Where chunks are claimed and closed."""

    @property
    def writer(self) -> CatalogWriter:
        """Where contents are looked up."""

    @property
    def giving_way(self) -> JobGivingWay:
        """Reports whether somebody on this machine is querying the library."""

    def roots(self) -> list[Root]:
        """Its roots."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What a worker did: chunks, files, those that failed, seconds of sound, and chunks that it lost to others."""

    chunks: int = 0
    files: int = 0
    failed: int = 0
    audio_s: float = 0.0
    lost: int = 0

    def plus(self, other: Worked) -> Worked:
        """Both together."""
        return Worked(
            self.chunks + other.chunks,
            self.files + other.files,
            self.failed + other.failed,
            self.audio_s + other.audio_s,
            self.lost + other.lost,
        )


class Worker:
    """Does chunks of one pass, in threads of this process, until none is left."""

    def __init__(
        self,
        library: WorkLibrary,
        encoder: Encoder,
        space: Space,
        *,
        threads: int,
        holder: str,
        patience: Patience | None = None,
        closed: Callable[[Worked], None] = lambda _: None,
    ) -> None:
        """``holder`` identifies this worker to people; ``closed`` is called with the result of each chunk."""
        self._library = library
        self._encoder = encoder
        self._space = space
        self._threads = threads
        self._holder = holder
        self._patience = patience or Patience()
        self._closed = closed
        self._clock = StageClock(rest=library.giving_way.rest)
        self._held: dict[str, HeldChunk] = {}
        self._chunk_of: dict[int, HeldChunk] = {}
        self._waiting: dict[str, deque[HeldChunk]] = defaultdict(deque)
        """Chunks by the paths of their files. A lost chunk may be claimed again while its windows are being encoded."""
        self._lock = threading.Lock()
        self._worked = Worked()

    def run(self, at: WorkPass, stop: threading.Event) -> Worked:
        """Work until no chunk of the pass can be claimed, or ``stop`` is set. Return what was done.

        When it stops, finished files are written and the rest is left to other workers. Raises JobError if this
        machine lacks a root, EncoderError, and LibraryError if the database stays unavailable.
        """
        self._worked = Worked()
        executor = LocalExecutor(
            self._encoder.spec, hearing(self._encoder, events=False).rows, self._threads, self._clock
        )
        try:
            with self._renewed(), closing(executor.run(self._tasks(at, stop), self)) as results:
                for result in results:
                    if result is not None:
                        self._take(result)
                    if stop.is_set():
                        break
        except BaseException as error:
            self._leave(failed=not isinstance(error, _NOT_OF_THE_FILES))
            raise
        self._leave(failed=False)
        return self._worked

    def read(self, task: Task, put: Callable[[Piece], None]) -> Result | None:
        """See `indexer.executors.Reader`."""
        return self._chunk_of[id(task)].read(task, put)

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """See `indexer.ledger.Contents`; waits for a database that is briefly unavailable."""
        return self._patience.ask(lambda: self._library.writer.find(digest))

    def facts(self, content_ids: Iterable[int]) -> Mapping[int, StoredFacts]:
        """See `indexer.ledger.Contents`."""
        return self._patience.ask(lambda: self._library.writer.facts(content_ids))

    # --- claiming -------------------------------------------------------------------------------------------

    def _tasks(self, at: WorkPass, stop: threading.Event) -> Iterator[Task | Outcome]:
        """The files of one chunk after another; the next chunk is claimed while files of the last are being read.

        A chunk that may have killed a worker is done alone, so that it cannot take another chunk down with it.
        """
        work = self._library.chunks
        while not stop.is_set():
            claim = self._patience.ask(lambda: work.claim(self._holder))
            if claim is None:
                return
            # another pass may have another encoder
            if claim.pass_id != at.id or (claim.failures and self._held):
                work.give_back(claim, failed=False)
                return
            yield from self._begun(claim, at).tasks
            if claim.failures:
                return

    def _begun(self, claim: Claim, at: WorkPass) -> HeldChunk:
        """Begin a claimed chunk. Raises JobError if this machine lacks one of its roots."""
        roots = {root.id: root for root in self._patience.ask(self._library.roots)}
        try:
            self._check_roots(claim, roots)
        except JobError:
            self._library.chunks.give_back(claim, failed=False)
            raise
        held = HeldChunk(
            claim, at, roots=roots, contents=self, space=self._space, spec=self._encoder.spec, clock=self._clock
        )
        with self._lock:
            for task in held.tasks:
                self._chunk_of[id(task)] = held
                self._waiting[task.path].append(held)
            self._held[claim.token] = held
        return held

    def _check_roots(self, claim: Claim, roots: dict[int, Root]) -> None:
        """Raise JobError if a root is missing: otherwise every file of an unmounted disk would fail."""
        for root_id in {file.root_id for file in claim.files}:
            if root_id not in roots:
                raise JobError("a folder of the job was removed from the library; plan the job again")
            if is_absent(roots[root_id].path):
                raise JobError(
                    f"{printable(roots[root_id].path)}: is not on this machine, or empty; mount it at this "
                    "path, and start the worker again"
                )

    @contextmanager
    def _renewed(self) -> Iterator[None]:
        """Renew the claims that are held while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._renew, args=(stop,), name="claims", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _renew(self, stop: threading.Event) -> None:
        while not stop.wait(RENEW_S):
            for held in list(self._held.values()):
                done = held.so_far()
                try:
                    self._library.chunks.renew(held.claim, done.bytes, done.audio_s)
                except ClaimLost:
                    held.is_lost = held.claim.token in self._held  # unless it was closed meanwhile
                except LibraryError:
                    continue  # it may be back before the claim runs out

    # --- closing --------------------------------------------------------------------------------------------

    def _take(self, result: Result) -> None:
        """Add the result of a file, and close its chunk if it was the last."""
        path = result.task.path if isinstance(result, Copy) else result.path
        with self._lock:
            held = self._waiting[path].popleft()
            if not self._waiting[path]:
                del self._waiting[path]
        held.take(result)
        if held.is_done:
            self._close(held)

    def _close(self, held: HeldChunk) -> None:
        """Write a chunk; if its claim was lost, write nothing."""
        work, rest = self._library.chunks, held.rest
        try:
            if held.is_lost:
                raise ClaimLost("it was lost before")
            outcomes = held.write(
                lambda changes, results: self._patience.ask(lambda: work.close(held.claim, changes, results, rest))
            )
        except ClaimLost:
            worked = Worked(lost=1)
        else:
            failures = sum(outcome.kind == "failed" for outcome in outcomes)
            worked = Worked(1, len(outcomes), failures, sum(outcome.duration_s for outcome in outcomes))
        self._forget(held)
        self._worked = self._worked.plus(worked)
        self._closed(worked)

    def _leave(self, *, failed: bool) -> None:
        """Write the finished files of unfinished chunks, and give the rest back to other workers."""
        for held in list(self._held.values()):
            with suppress(LibraryError):  # then it runs out by itself
                if held.is_begun and not failed:
                    self._close(held)
                else:
                    self._library.chunks.give_back(held.claim, failed=failed)
            self._forget(held)
        self._waiting.clear()

    def _forget(self, held: HeldChunk) -> None:
        with self._lock:
            self._held.pop(held.claim.token, None)
            for task in held.tasks:
                self._chunk_of.pop(id(task), None)
