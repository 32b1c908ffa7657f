"""The values of long work that a service does for its clients.

A job is kept in the catalog from before its client has an answer until long after it ended, so that neither a crash
nor a restart loses one::

    queued -> running -> done | failed | cancelled
                 ^ |
                 | v
               paused

Pausing ends the work and keeps what is done; resuming queues it again. A job whose process died is queued again too,
up to `MAX_ATTEMPTS` times. One of `GIVING_WAY` is queued again whenever another kind waits. What is done or failed
may be tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

JobKind: TypeAlias = Literal[
    "index", "scan", "remove", "duplicates", "map", "facts", "events", "fingerprints", "speech"
]
JobState: TypeAlias = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
JobRequest: TypeAlias = Literal["pause", "resume", "cancel", "retry", "forget"]
"""What a client wants of a job; to try it again, or to forget it, of one that has ended."""

GIVING_WAY: Final[frozenset[JobKind]] = frozenset(["facts", "events", "fingerprints", "speech"])
"""Jobs that listen to every sound, for hours, and go on from where they stopped: the other kinds go first."""

MAX_ATTEMPTS = 3
"""A job that was running so often when its process died is not tried again: it may be what kills it."""


MAX_JOB_FILES = 1000
"""A job of uploads takes so many files: whoever follows one reads the names of all."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is; ``audio_s`` is how much sound it decoded, ``share`` (0 to 1) how much of the work is done.

    ``left_s`` is how long it will take at this run's pace, None where nobody knows.
    """

    files_done: int = 0
    files_total: int = 0
    failed: int = 0
    audio_s: float = 0.0
    share: float = 0.0
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A file that could not be indexed, by the name its client gave it, and why.

    Examples:
        >>> for failure in soundalike.index(library, ["nowhere.wav"]):
        ...     print(failure.cause)
        no such file or folder
    """

    file: str
    cause: str


@dataclass(frozen=True, slots=True)
class Sending:
    """An upload as its client sends it: it joins ``job_id`` where it is a part of more, and has a ``key`` where it may
    be sent again since its answer was lost. ``files`` is a digest of what is sent.
    """

    job_id: int | None = None
    key: str | None = None
    files: str = ""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How a job ended, or why it is queued again; ``reason`` says why it failed or waits."""

    state: JobState
    reason: str | None = None
    failures: tuple[JobFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job. ``paths`` are absolute, ``files`` the names that they have for the client, in the same order.

    Times are UTC seconds since the epoch. ``clip_ids`` are those of ``paths``, as far as they are in the catalog.
    ``request`` is what a client wants of a running job. ``version`` grows with every change.
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
