"""Jobs: their queue, the work that they share with workers, and their reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from search.model import (
    CatalogChange,
    Claim,
    Job,
    JobKind,
    JobOutcome,
    JobProgress,
    JobRequest,
    JobState,
    PassState,
    Sending,
    WorkCounts,
    WorkFile,
    WorkPass,
    WorkResult,
)


class JobQueue(Protocol):
    """The jobs of a service, as its clients see them (`search.model`). Needs no lease."""

    def add(self, kind: JobKind, files: Sequence[tuple[str, str]], sending: Sending | None = None) -> Job:
        """Queue a job for ``files`` (absolute path and the client's name of each). It is stored when this returns.

        Files may join an existing job; a job that has ended is then queued again. A repeated upload (the same key
        within a day) is not added again: the job has its files already, and ``files`` are not among its paths.

        Raises QueryError if the job is full (`MAX_JOB_FILES`), cancelled or unknown, or if the key was used for other
        files; LibraryError if the disk is full or the library is read-only.
        """

    def get(self, job_id: int) -> Job | None:
        """Return the job, None if there is none with that id."""

    def version(self, job_id: int) -> int | None:
        """Return only the job's version, which is cheap: a client reads the job again when its version changes."""

    def having(self, paths: Sequence[str]) -> frozenset[str]:
        """Return the ``paths`` that jobs have, after waiting for any `add` in progress. Raises LibraryError."""

    def list(self, state: JobState | None, offset: int, limit: int) -> tuple[int, list[Job]]:
        """Return the number of jobs in ``state`` (None: all), and a page of them, newest first."""

    def counts(self) -> Mapping[str, int]:
        """Return the number of jobs in each state; states without jobs are left out."""

    def request(self, job_id: int, request: JobRequest) -> Job | None:
        """Pause, resume, cancel, retry or forget a job. Return its new state; of a forgotten job, its last state.

        A running job stops within seconds, not at once. Only a job that has ended can be forgotten; only one that is
        done or failed can be retried. None if there is no such job. Raises QueryError if the job's state does not allow
        the request.
        """


class JobWork(Protocol):
    """The jobs of a service, as the process that runs them sees them."""

    def claim(self) -> Job | None:
        """Take the oldest queued job and mark it as running; None if there is none.

        Jobs of the kinds `search.model.GIVING_WAY` come last. Before that, jobs of processes that died are queued
        again, or marked as failed after `search.model.MAX_ATTEMPTS`.
        """

    def is_awaited(self) -> bool:
        """Return whether a job is queued that others give way to. Raises LibraryError."""

    def report(self, job_id: int, progress: JobProgress) -> JobRequest | None:
        """Report that the job is alive, and its progress. Return the client's pending request, if any."""

    def finish(self, job_id: int, outcome: JobOutcome, files: int | None = None) -> None:
        """Record that the job ended (done, failed, cancelled), or that it stopped (paused, or queued again).

        ``files`` is how many of its files it processed. If more have joined since, the job is queued again for these.
        """


class ChunkPlan(Protocol):
    """Work that a job shares with workers on any machine, as the job sees it (`search.model.work`)."""

    def begin(
        self, space_id: int, kept_out: Sequence[str], *, max_duration_s: float | None = None, facts: bool = True
    ) -> WorkPass:
        """Start a new pass. Chunks left from an earlier pass are dropped; workers still on them can no longer write."""

    def put(self, pass_id: int, files: Sequence[WorkFile]) -> None:
        """Add a chunk. Raises ClaimLost if another job has started a pass since."""

    def collect(self, pass_id: int) -> list[WorkResult]:
        """Return the results of files of some finished chunks, which are already written. Each is returned once."""

    def counts(self, pass_id: int) -> WorkCounts:
        """Return how much is left. Raises ClaimLost if another job has started a pass since."""

    def set_state(self, state: PassState) -> WorkPass | None:
        """Pause, continue or end the newest pass, if there is one. Chunks that are claimed are finished in any case."""

    def current(self) -> WorkPass | None:
        """Return the newest pass."""


class ChunkWork(Protocol):
    """The same work, as a worker sees it. Needs no lease: a claim is a lease on one chunk."""

    def current(self) -> WorkPass | None:
        """Return the newest pass."""

    def claim(self, holder: str) -> Claim | None:
        """Claim the oldest free chunk; None if there is none. ``holder`` names the worker for people.

        A chunk is free again if its claim was not renewed, or if the claiming process is gone from this machine. A
        chunk that was lost three times is halved; a chunk of a single file becomes a recorded failure.
        """

    def renew(self, claim: Claim, done_bytes: int = 0, done_audio_s: float = 0.0) -> None:
        """Report that the worker is alive, and how much it has done. Raises ClaimLost."""

    def close(
        self,
        claim: Claim,
        changes: Sequence[CatalogChange],
        results: Sequence[WorkResult],
        rest: Sequence[WorkFile] = (),
    ) -> int:
        """Write all of ``changes`` and mark the chunk as done, in one transaction. Return the new sequence number.

        ``rest`` are files that the worker did not process; they become a new chunk. Raises ClaimLost, and the errors of
        `CatalogWriter.apply`.
        """

    def give_back(self, claim: Claim, *, failed: bool) -> None:
        """Free the chunk for another worker, unless the claim is lost. ``failed`` counts as if the worker had died."""


class Chunks(ChunkPlan, ChunkWork, Protocol):
    """Shared work, from both sides."""


class IndexProgress(Protocol):
    """The progress of the bulk job."""

    @property
    def files_done(self) -> int:
        """Files processed so far."""

    @property
    def files_total(self) -> int:
        """All files of the job."""

    @property
    def audio_s(self) -> float:
        """Seconds of sound decoded."""

    @property
    def failed(self) -> int:
        """Files that could not be indexed."""

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""

    @property
    def left_s(self) -> float | None:
        """Estimated seconds left, None if unknown."""


class IndexFailure(Protocol):
    """A file that the bulk job could not index."""

    @property
    def path(self) -> str:
        """The file's absolute path."""

    @property
    def cause(self) -> str:
        """Why it failed."""


class IndexWarning(Protocol):
    """A defective file that the bulk job indexed all the same."""

    @property
    def path(self) -> str:
        """The file's absolute path."""

    @property
    def warning(self) -> str:
        """The defect."""
