"""Jobs: long work that a service does for its clients.

A job is stored in the catalog before its client gets an answer, and stays until long after it ended. So neither a crash
nor a restart loses a job::

    queued -> running -> done | failed | cancelled
                 ^ |
                 | v
               paused

Pausing stops the work and keeps what is done; resuming queues the job again. A job whose process died is queued again
too, up to `MAX_ATTEMPTS` times. A job of the kinds `GIVING_WAY` is queued again when a job of another kind waits. A job
that is done or failed may be retried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

JobKind: TypeAlias = Literal[
    "index", "scan", "remove", "duplicates", "map", "facts", "events", "fingerprints", "speech"
]
JobState: TypeAlias = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
JobRequest: TypeAlias = Literal["pause", "resume", "cancel", "retry", "forget"]
"""A client's request for a job. Only a job that has ended can be retried or forgotten."""

GIVING_WAY: Final[frozenset[JobKind]] = frozenset(["facts", "events", "fingerprints", "speech"])
"""Kinds of job that process every sound for hours and resume where they stopped. The other kinds go first."""

MAX_ATTEMPTS = 3
"""A job whose process died this many times is not tried again: the job may be what kills the process."""


MAX_JOB_FILES = 1000
"""The most files of an upload job. Limited because every client that follows a job reads all names."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A job's progress: ``audio_s`` is how much sound it decoded, ``share`` (0 to 1) how much of the work is done.

    ``left_s`` is the estimated time left at this run's pace, None if unknown.
    """

    files_done: int = 0
    files_total: int = 0
    failed: int = 0
    audio_s: float = 0.0
    share: float = 0.0
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A file that could not be indexed, with the name that the client gave it, and why.

    Examples:
        >>> for failure in soundalike.index(library, ["nowhere.wav"]):
        ...     print(failure.cause)
        no such file or folder
    """

    file: str
    cause: str


@dataclass(frozen=True, slots=True)
class Sending:
    """An upload request. ``job_id``: the job that it joins, None for a new one.

    ``key`` identifies the request if the client repeats it after a lost answer. ``files`` is a digest of the files.
    """

    job_id: int | None = None
    key: str | None = None
    files: str = ""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How a job ended, or that it is queued again. ``reason`` says why it failed or waits."""

    state: JobState
    reason: str | None = None
    failures: tuple[JobFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job. ``paths`` are absolute; ``files`` are the client's names for them, in the same order.

    Times are UTC seconds since the epoch. ``clip_ids`` are the clips of ``paths`` that are in the catalog already.
    ``request`` is a client's pending request for a running job. ``version`` grows with every change.
    """

    id: int
    kind: JobKind
    state: JobState
    paths: tuple[str, ...]
    files: tuple[str, ...]
    created: float
    started: float | None
    finished: float | None
    progress: JobProgress
    failures: tuple[JobFailure, ...]
    clip_ids: tuple[int, ...]
    reason: str | None
    request: JobRequest | None
    attempts: int
    version: int
