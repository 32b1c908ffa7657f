"""Progress and failures of a job, and stopping it: the interface between the job's thread and the runner."""

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
    """The latest progress of a running job, written by its thread and read by the runner; the bulk job's report."""

    progress_: JobProgress
    failures: list[IndexFailure] = field(default_factory=list)

    def progress(self, progress: IndexProgress) -> None:
        """Note the progress."""
        self.progress_ = JobProgress(
            progress.files_done,
            progress.files_total,
            progress.failed,
            progress.audio_s,
            progress.share,
            progress.left_s,
        )

    def failure(self, failure: IndexFailure) -> None:
        """Note a file that could not be indexed."""
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)

    def warning(self, warned: IndexWarning) -> None:
        """Log a defect of a file that was indexed anyway."""
        log.info("%s: %s", warned.path, warned.warning)

    def note(self, text: str) -> None:
        """Log a line for people."""
        log.info("%s", text)


class Halted(Exception):
    """A job was stopped on request."""


@dataclass(frozen=True)
class ProgressWatcher:
    """Reports the progress of a job over all contents, and stops it when ``halt`` is set."""

    latest: LatestProgress
    halt: threading.Event

    def __call__(self, done: int, total: int) -> None:
        """Note the progress. Raises Halted."""
        self.latest.progress_ = JobProgress(done, total, share=done / total if total else 0.0)
        if self.halt.is_set():
            raise Halted


def report_unread(latest: LatestProgress, failures: Iterable[JobFailure]) -> None:
    """Report files that could not be decoded."""
    for failed in failures:
        latest.failure(_Unreadable(failed.file, failed.cause))


@dataclass(frozen=True)
class _Unreadable:
    """A file that could not be decoded, and why: implements `IndexFailure`."""

    path: str
    cause: str


def failure_of(job: Job, failure: IndexFailure) -> JobFailure:
    """The failure with a name for the client: as uploaded, the path below a scanned folder, or the file's name."""
    names = dict(zip(job.paths, job.files, strict=True))
    if job.kind == "scan":
        name = printable(PurePath(failure.path).name)
        with suppress(ValueError):
            name = printable(str(PurePath(failure.path).relative_to(job.paths[0])))
    else:
        name = "upload" if job.files else printable(PurePath(failure.path).name)
    return JobFailure(names.get(failure.path, name), printable(failure.cause))
