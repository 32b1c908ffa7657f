"""Jobs, folders and how the service is."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds, RoundedShare


class ProgressOut(Answered):
    """How far a job is.

    `share` is how much of the work is done, long files part by part; `left_s` how long the rest will take, if known.
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
    """A job. Times are seconds since 1970, UTC. ``clip_ids`` are the clips of its files, once they are there."""

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

    ``path`` is where it lies on the service's machine, null where clients are not told; ``name`` its last part.
    """

    id: int
    name: str
    path: str | None
    present: bool
    clips: int
    missing: int
    scanned: RoundedSeconds | None


class RootsOut(Answered):
    """The folders that the library indexes, beside ``uploads``: the clips whose files were sent to it.

    ``addable``: whether a folder can be added by its path.
    """

    roots: list[RootOut]
    uploads: int
    addable: bool


class FailedFileOut(Answered):
    """A file that is there and could not be indexed. ``folder`` is the name of that which it lies in, null for uploads;
    ``file`` where it lies there.
    """

    folder: str | None
    file: str
    cause: str


class FailuresOut(Answered):
    """A page of them."""

    total: int
    offset: int
    failures: list[FailedFileOut]


class HealthOut(Answered):
    """The process answers."""

    status: Literal["ok"]


class DegradedOut(Answered):
    """Something that does not work now, and ``why``. Searches do.

    ``writing``: nothing can be kept, so uploads, new jobs, feedback and changes of clips are refused. ``jobs``: those
    that wait do not go on; they will, by themselves, once the cause is gone.
    ``snapshots``: what another machine published last cannot be fetched; answers are right, and take longer.
    ``catalog``: it does not answer, nor does this service until it does.
    """

    what: Literal["writing", "jobs", "snapshots", "catalog"]
    why: str


class ReadyOut(Answered):
    """The library is open and can be searched; ``melody``: by humming too. ``jobs`` are those that wait or run;
    ``giving_way``: slower than they could, since somebody asks something at this moment.

    ``unmeasured`` clips have sound and no facts yet: a service with nothing else to do measures them.

    ``starting``, within seconds of the start: questions are answered, but those by sound and by words wait for a model.
    ``away``: the catalog does not answer, so nothing is known of the rest.
    ``warm``: the models of its spaces are loaded; those of a space that is new are soon after it is.
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
