"""Jobs: their queue, the work that they share, and what they say of themselves."""

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
    """The jobs of a service as its clients see them (`search.model`). Needs no lease."""

    def add(self, kind: JobKind, files: Sequence[tuple[str, str]], sending: Sending | None = None) -> Job:
        """Queue a job for ``files``: absolute path and the client's name of each. Once this returns it is kept.

        Files that join a job are done with it, by the job that has ended too: it is queued again. What was sent under
        the same key within a day is not added once more: the job has it already, and ``files`` are not among its paths.
        Raises QueryError for a job that takes no more files (`MAX_JOB_FILES`), is cancelled or not there, and for a
        key that other files were sent under; LibraryError when the disk is full or the library is read-only.
        """

    def get(self, job_id: int) -> Job | None:
        """The job, None where there is none of that id."""

    def version(self, job_id: int) -> int | None:
        """The job's version alone, which costs less: whoever follows a job reads it again when it has another."""

    def having(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of ``paths`` that jobs have, once whoever adds one now has done so or failed. Raises LibraryError."""

    def list(self, state: JobState | None, offset: int, limit: int) -> tuple[int, list[Job]]:
        """How many jobs are in ``state`` (None: all), and a page of them, newest first."""

    def counts(self) -> Mapping[str, int]:
        """How many jobs are in each state; states without any are left out."""

    def request(self, job_id: int, request: JobRequest) -> Job | None:
        """Pause, resume or cancel; the job as it then is. A running one stops within seconds, not at once. Or forget
        it, which is for a job that has ended: the job as it was. One that is done or failed may be tried again.

        None where there is no such job. Raises QueryError for what cannot be asked of a job in its state.
        """


class JobWork(Protocol):
    """The jobs of a service as the process sees them that works them off."""

    def claim(self) -> Job | None:
        """Take the oldest queued job, now running; None without any. Those of `search.model.GIVING_WAY` come last.

        First, whatever a process was running that is gone by now is queued again, or failed after
        `search.model.MAX_ATTEMPTS`.
        """

    def is_awaited(self) -> bool:
        """Whether a job is queued that others give way to. Raises LibraryError."""

    def report(self, job_id: int, progress: JobProgress) -> JobRequest | None:
        """Say that the job is alive and how far it is; what its client wants of it."""

    def finish(self, job_id: int, outcome: JobOutcome, files: int | None = None) -> None:
        """The job ended (done, failed, cancelled), or was stopped and is paused or queued again.

        ``files`` are how many of its files it did. Where more have joined it meanwhile it is queued again, for these.
        """


class ChunkPlan(Protocol):
    """Work that a job shares with workers on any machine (`search.model.work`), as the job sees it."""

    def begin(
        self, space_id: int, kept_out: Sequence[str], *, max_duration_s: float | None = None, facts: bool = True
    ) -> WorkPass:
        """A new pass. What was left of another one is dropped, and who does it still writes nothing any more."""

    def put(self, pass_id: int, files: Sequence[WorkFile]) -> None:
        """Add a chunk. Raises ClaimLost when another job began a pass since."""

    def collect(self, pass_id: int) -> list[WorkResult]:
        """What became of the files of some chunks that are done, and written; each is given once."""

    def counts(self, pass_id: int) -> WorkCounts:
        """How much is left. Raises ClaimLost when another job began a pass since."""

    def set_state(self, state: PassState) -> WorkPass | None:
        """Let the newest pass wait, go on or end, if there is one; what is claimed is done in any case."""

    def current(self) -> WorkPass | None:
        """The newest pass."""


class ChunkWork(Protocol):
    """The same as a worker sees it. Needs no lease: a claim is one, for one chunk."""

    def current(self) -> WorkPass | None:
        """The newest pass."""

    def claim(self, holder: str) -> Claim | None:
        """The right to do the oldest chunk that nobody does, None where there is none. ``holder`` is for people.

        A claim that was not renewed, or whose process is gone from this machine, is another's to take; a chunk that
        was lost so three times is halved, and a single file becomes a recorded failure.
        """

    def renew(self, claim: Claim, done_bytes: int = 0, done_audio_s: float = 0.0) -> None:
        """Say that the worker lives, and how much it has done. Raises ClaimLost."""

    def close(
        self,
        claim: Claim,
        changes: Sequence[CatalogChange],
        results: Sequence[WorkResult],
        rest: Sequence[WorkFile] = (),
    ) -> int:
        """Write all of ``changes`` and that the chunk is done, in one transaction, or none; the sequence reached.

        ``rest`` are files that were not looked at, which become a chunk of their own. Raises ClaimLost,
        and as `CatalogWriter.apply`.
        """

    def give_back(self, claim: Claim, *, failed: bool) -> None:
        """Let another do the chunk, unless the claim is lost; one that ``failed`` counts as if its worker had died."""


class Chunks(ChunkPlan, ChunkWork, Protocol):
    """Both sides of it."""


class IndexProgress(Protocol):
    """What the bulk job says of its progress."""

    @property
    def files_done(self) -> int:
        """Files that were looked at."""

    @property
    def files_total(self) -> int:
        """Files that there are."""

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
        """Seconds left, None where that is not known."""


class IndexFailure(Protocol):
    """What the bulk job says of a file that it could not index."""

    @property
    def path(self) -> str:
        """Where the file is, absolute."""

    @property
    def cause(self) -> str:
        """Why."""


class IndexWarning(Protocol):
    """What the bulk job says of a file that it indexed although something was amiss with it."""

    @property
    def path(self) -> str:
        """Where the file is, absolute."""

    @property
    def warning(self) -> str:
        """What was amiss."""
