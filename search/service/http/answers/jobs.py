"""Jobs, folders and the state of the service."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds, RoundedShare


class ProgressOut(Answered):
    """The progress of a job.

    `share` is the part of the work that is done, counting parts of long files; `left_s` is how long the rest will take,
    if known.
    """

    files_done: int
    files_total: int
    failed: int
    audio_s: RoundedSeconds
    share: RoundedShare
    left_s: RoundedSeconds | None


class FailureOut(Answered):
    """A file that could not be indexed, and why."""

    file: str
    cause: str


class JobOut(Answered):
    """A job. Times are seconds since 1970, UTC. ``clip_ids`` are the clips of its files, once they are indexed."""

    id: int
    kind: Literal["index", "scan", "remove", "duplicates", "map", "facts", "events", "fingerprints", "speech"]
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    files: list[str]
    created: RoundedSeconds
    started: RoundedSeconds | None
    finished: RoundedSeconds | None
    progress: ProgressOut
    failures: list[FailureOut]
    clip_ids: list[int]
    reason: str | None


class JobsOut(Answered):
    """A page of jobs, newest first."""

    total: int
    offset: int
    jobs: list[JobOut]


class RootOut(Answered):
    """A folder that the library indexes. ``scanned`` is seconds since 1970, UTC.

    ``path`` is its path on the service's machine, or null if clients may not see it; ``name`` is the last part of it.
    """

    id: int
    name: str
    path: str | None
    present: bool
    clips: int
    missing: int
    scanned: RoundedSeconds | None


class RootsOut(Answered):
    """The folders that the library indexes, and ``uploads``: how many clips were uploaded.

    ``addable``: whether clients can add a folder by its path.
    """

    roots: list[RootOut]
    uploads: int
    addable: bool


class FailedFileOut(Answered):
    """An existing file that could not be indexed. ``folder`` is the name of its root, null for uploads; ``file`` is its
    path below it.
    """

    folder: str | None
    file: str
    cause: str


class FailuresOut(Answered):
    """A page of files that could not be indexed."""

    total: int
    offset: int
    failures: list[FailedFileOut]


class HealthOut(Answered):
    """The process answers."""

    status: Literal["ok"]


class DegradedOut(Answered):
    """Something that does not work now, and ``why``. Searches still work, except with ``catalog``.

    ``writing``: nothing can be stored, so uploads, new jobs, feedback and changes of clips are refused.
    ``jobs``: waiting jobs do not run; they start by themselves once the cause is gone.
    ``snapshots``: the last snapshot of another machine cannot be fetched; answers are right, but take longer.
    ``catalog``: the catalog does not answer, so the service answers no requests until it does.
    """

    what: Literal["writing", "jobs", "snapshots", "catalog"]
    why: str


class ReadyOut(Answered):
    """The state of the library; ``melody``: it can be searched by humming. ``jobs`` counts waiting and running jobs;
    ``giving_way``: they run slower, because requests are being answered.

    ``unmeasured`` counts clips with sound but without facts; the service measures them when it is idle.

    ``starting``, for seconds after the start: searches by sound and by words wait for a model.
    ``away``: the catalog does not answer, so the other fields are unknown.
    ``warm``: the models of all spaces are loaded; those of a new space are loaded soon after it appears.
    """

    status: Literal["ready", "starting", "away"]
    clips: int
    segments: int
    spaces: list[str]
    melody: bool
    unmeasured: int
    jobs: int
    giving_way: bool
    warm: bool
    degraded: list[DegradedOut]


class JobEvent(Answered):
    """A server-sent event: ``data`` is a job as JSON, ``id`` its version."""

    event: Literal["job"]
    id: str
    data: str
