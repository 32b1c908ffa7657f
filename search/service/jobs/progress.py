"""How far a job is, what it could not do, and stopping it: what the thread of a job tells the runner, and is told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePath

from search.errors import printable
from search.model import Job, JobFailure, JobProgress
from search.ports import IndexFailure, IndexProgress, IndexWarning

MAX_FAILURES = 1000

log = logging.getLogger("soundalike.jobs")


@dataclass
class LatestProgress:
    """What a running job said last: implements the bulk job's report. Written by its thread, read by the runner's."""

    progress_: JobProgress
    failures: list[IndexFailure] = field(default_factory=list)

    def progress(self, progress: IndexProgress) -> None:
        """How far it is."""
        self.progress_ = JobProgress(
            progress.files_done,
            progress.files_total,
            progress.failed,
            progress.audio_s,
            progress.share,
            progress.left_s,
        )

    def failure(self, failure: IndexFailure) -> None:
        """A file that could not be indexed."""
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)

    def warning(self, warned: IndexWarning) -> None:
        """A file that was indexed although something was amiss with it."""
        log.info("%s: %s", warned.path, warned.warning)

    def note(self, text: str) -> None:
        """One line for a person."""
        log.info("%s", text)


class Halted(Exception):
    """A job was stopped, as requested."""


@dataclass(frozen=True)
class ProgressWatcher:
    """The progress of a job over all contents, reported; stops it when ``halt`` is set."""

    latest: LatestProgress
    halt: threading.Event

    def __call__(self, done: int, total: int) -> None:
        """Note how far the job is. Raises Halted."""
        self.latest.progress_ = JobProgress(done, total, share=done / total if total else 0.0)
        if self.halt.is_set():
            raise Halted


def report_unread(latest: LatestProgress, failures: Iterable[JobFailure]) -> None:
    """Tell of files that could not be listened to."""
    for failed in failures:
        latest.failure(_Unreadable(failed.file, failed.cause))


@dataclass(frozen=True)
class _Unreadable:
    """A file that could not be listened to, and why: implements `IndexFailure`."""

    path: str
    cause: str


def failure_of(job: Job, failure: IndexFailure) -> JobFailure:
    """By the client's name of the file; of a folder by where it lies there, of the whole library by the file's own."""
    names = dict(zip(job.paths, job.files, strict=True))
    if job.kind == "scan":
        name = printable(PurePath(failure.path).name)
        with suppress(ValueError):
            name = printable(str(PurePath(failure.path).relative_to(job.paths[0])))
    else:
        name = "upload" if job.files else printable(PurePath(failure.path).name)
    return JobFailure(names.get(failure.path, name), printable(failure.cause))
