"""The process that does the jobs of a service, one after the other.

It is a separate process so that decoding and encoding never delay an answer, and so that a file that crashes a decoder
crashes only this process. The supervisor restarts it, and the running job continues or is given up
(`search.model.MAX_ATTEMPTS`). All of its state is in the catalog. While the catalog cannot be written (a full disk), it
waits and tries again (`search.service.jobs.trouble`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from search import plugins
from search.errors import (
    EncoderError,
    LibraryBusy,
    LibraryError,
    LibraryUnwritable,
    QueryError,
    SoundalikeError,
    StoreAway,
)
from search.ground.memory import give_back_freed_memory
from search.library import roots
from search.library.library import Library
from search.model import GIVING_WAY, Job, JobFailure, JobOutcome, JobRequest
from search.ports import JobWork
from search.service.jobs.idle import IdleMeasuring
from search.service.jobs.progress import Halted, LatestProgress, ProgressWatcher, failure_of, report_unread
from search.service.jobs.trouble import Retries, Trouble
from search.service.jobs.uploads import Uploads
from search.service.refusals import public_message
from search.settings import Settings

POLL_S = 0.5
NO_RECOGNISER: Final = "this service cannot recognise words: it needs the package soundalike[speech] and a model"
LEASE_WAIT_S = 30.0
"""How long a job waits for another writer before it is queued again."""
PUT_BACK_S = 4.0
"""How long a running job may take to stop before the process ends anyway. What it wrote stays."""

_PUT_BACK = JobOutcome("queued", "the service was shut down; the job resumes when it is back")
_GAVE_WAY = JobOutcome("queued", "another job goes first; then this one resumes")

log = logging.getLogger("soundalike.jobs")


class Runner:
    """Does the jobs of one library."""

    def __init__(
        self,
        library: Library,
        work: JobWork,
        uploads: Uploads,
        settings: Settings,
        indexed_s: float,
        *,
        trouble: Trouble | None = None,
        idle: IdleMeasuring | None = None,
    ) -> None:
        """``indexed_s``: the longest sound that an upload may add; ``trouble``: where to report why jobs cannot run;
        ``idle``: the work to do while no job waits.
        """
        self._library = library
        self._work = work
        self._uploads = uploads
        self._settings = settings
        self._indexed_s = indexed_s
        self._trouble = trouble or Trouble()
        self._idle = idle

    def run(self, stop: threading.Event) -> bool:
        """Do jobs until ``stop`` is set, then queue the running job again. False if a thread of it is still running."""
        retries = Retries(stop, self._trouble, self._message)
        while not stop.is_set():
            job = retries.insist(self._work.claim)
            if job is None:
                if not stop.is_set():
                    retries.succeeded()
                if not self._rest(stop):
                    return False
                continue
            outcome, has_ended = self._do(job, stop)
            give_back_freed_memory()
            retries.insist(partial(self._finish, job, outcome))
            if not has_ended:
                return False
            if outcome.state == "queued" and outcome is not _GAVE_WAY:
                retries.wait(outcome.reason or "")
            else:
                retries.succeeded()
        return True

    def _rest(self, stop: threading.Event) -> bool:
        """Do idle work until it is time to look for a job; returns whether its thread has ended."""
        ended = _Ended()
        if self._idle is not None:
            work = partial(self._idle.work, POLL_S, stop)
            thread = threading.Thread(target=ended.call, args=(work,), name="idle", daemon=True)
            thread.start()
            while thread.is_alive() and not stop.is_set():
                thread.join(POLL_S)
            thread.join(PUT_BACK_S)
            if thread.is_alive():
                return False
        if not ended.more:
            stop.wait(POLL_S)
        return True

    def _finish(self, job: Job, outcome: JobOutcome) -> None:
        self._work.finish(job.id, outcome, len(job.files))
        log.info("job %d is %s%s", job.id, outcome.state, f": {outcome.reason}" if outcome.reason else "")
        if outcome.state == "cancelled":  # read again: it indexed more after it was claimed
            self._uploads.discard_unindexed(self._library.jobs.get(job.id) or job, self._library.reader)

    def _do(self, job: Job, stop: threading.Event) -> tuple[JobOutcome, bool]:
        """Do one job in a thread and supervise it; returns its outcome, and whether the thread has ended."""
        log.info("job %d (%s) begins, attempt %d", job.id, job.kind, job.attempts)
        latest, halt, ended = LatestProgress(job.progress), threading.Event(), _Ended()
        work = partial(self._perform, job, latest, halt)
        thread = threading.Thread(target=ended.call, args=(work,), name="job", daemon=True)
        thread.start()
        request = None
        while thread.is_alive():
            thread.join(POLL_S)
            request = self._report(job, latest) or request
            if stop.is_set() or request in ("pause", "cancel") or self._gives_way(job):
                halt.set()
            if stop.is_set():
                thread.join(PUT_BACK_S)
                break
        if thread.is_alive():
            log.info("job %d does not stop at once; what it has not written is done again", job.id)
            return _PUT_BACK, False
        if not halt.is_set():
            return self._outcome(job, latest, ended), True
        return self._outcome(job, latest, ended, request, _PUT_BACK if stop.is_set() else _GAVE_WAY), True

    def _gives_way(self, job: Job) -> bool:
        """Whether another job goes first; False if the catalog cannot be used (a full disk)."""
        try:
            return job.kind in GIVING_WAY and self._work.is_awaited()
        except LibraryError:
            return False

    def _outcome(
        self,
        job: Job,
        latest: LatestProgress,
        ended: _Ended,
        request: JobRequest | None = None,
        halted: JobOutcome | None = None,
    ) -> JobOutcome:
        """The outcome of a job whose thread has ended. ``request``: the client's request that stopped it, if any; else
        ``halted``, if the runner stopped it.
        """
        failures = tuple(failure_of(job, one) for one in latest.failures)
        if ended.error is not None:
            return self._failed(ended.error, failures)
        if request == "cancel":
            return JobOutcome("cancelled", failures=failures)
        if request == "pause":
            return JobOutcome("paused")
        if halted is not None:
            return halted
        if job.kind == "index" and len(failures) >= len(job.files):
            return JobOutcome("failed", "none of the files could be indexed", failures)
        return JobOutcome("done", failures=failures)

    def _report(self, job: Job, latest: LatestProgress) -> JobRequest | None:
        """Report the progress; returns the client's request, or None if the catalog cannot be used (a full disk)."""
        try:
            return self._work.report(job.id, latest.progress_)
        except LibraryError as error:
            self._trouble.report(self._message(error))
            return None

    def _message(self, error: SoundalikeError) -> str:
        """The public text of an error."""
        return public_message(error, self._library.path)

    def _failed(self, error: Exception, failures: tuple[JobFailure, ...]) -> JobOutcome:
        """The outcome for an error, with its public text; the log has the whole error."""
        if not isinstance(error, SoundalikeError):
            return JobOutcome("failed", "an error in the service; its log says which", failures)
        log.warning("a job could not be done: %s", error)
        reason = self._message(error)
        if isinstance(error, LibraryBusy):
            return JobOutcome("queued", f"waits for another writer: {reason}")
        if isinstance(error, LibraryUnwritable):
            return JobOutcome("queued", f"waits until the library can be written: {reason}")
        if isinstance(error, StoreAway):
            return JobOutcome("queued", f"waits for the store: {reason}")
        return JobOutcome("failed", reason, failures)

    def _perform(self, job: Job, latest: LatestProgress, halt: threading.Event) -> None:
        watcher = ProgressWatcher(latest, halt)
        match job.kind:
            case "index":
                self._index(job, latest, halt)
            case "scan":
                self._scan(job, latest, halt)
            case "remove":
                roots.remove_root(self._library, job.paths[0], watcher, LEASE_WAIT_S)
            case _ if not self._spaces():
                return  # nothing is indexed yet, so there is nothing to do
            case "duplicates":
                self._library.duplicates.find(watcher)
            case "map":
                self._library.maps.draw(progress=watcher)
            case "facts":
                report_unread(latest, self._library.facts.measure(watcher))
            case "events":
                report_unread(latest, self._library.events.find(watcher))
            case "fingerprints":
                report_unread(latest, self._library.recordings.fingerprint(watcher))
            case "speech":
                report_unread(latest, self._spoken(watcher))

    def _spoken(self, watcher: ProgressWatcher) -> tuple[JobFailure, ...]:
        try:
            return self._library.speech.transcribe(watcher)
        except EncoderError as error:  # nothing is wrong with the library: its owner did not ask for speech
            log.warning("words cannot be recognised: %s", error)
            raise QueryError(NO_RECOGNISER) from error

    def _index(self, job: Job, latest: LatestProgress, halt: threading.Event) -> None:
        index: Callable[..., int] = plugins.job("index")
        index(
            self._library,
            self._encoder(),
            list(job.paths),
            self._settings,
            new_roots=self._uploads.batches(job.paths),
            report=latest,
            stop=halt,
            wait_s=LEASE_WAIT_S,
            max_duration_s=self._indexed_s,
            events=self._has_events(),
            fingerprints=self._has_fingerprints(),
        )

    def _scan(self, job: Job, latest: LatestProgress, halt: threading.Event) -> None:
        index: Callable[..., int] = plugins.job("index")
        paths, settings = list(job.paths), self._settings
        index(
            self._library,
            self._encoder(),
            paths,
            settings,
            report=latest,
            stop=halt,
            wait_s=LEASE_WAIT_S,
            events=self._has_events(),
            fingerprints=self._has_fingerprints(),
        )

    def _encoder(self) -> str:
        """The library's encoder, or the default one if the library has none yet."""
        names = self._spaces()
        return names[0] if names else self._settings.encoder

    def _has_events(self) -> bool:
        """Whether the library has events, so that new sounds need them too."""
        spaces = self._library.reader.spaces()
        return any(len(self._library.spaces.events_of(space).value()) for space in spaces if space.vocabulary)

    def _has_fingerprints(self) -> bool:
        """Whether the library has fingerprints, so that new sounds need them too."""
        return len(self._library.recordings.fingerprints.table().contents) > 0

    def _spaces(self) -> list[str]:
        """The library's spaces of sound."""
        return [space.name for space in self._library.reader.spaces() if not space.is_melody]


class _Ended:
    """How a call in another thread ended, and whether it returned that there is more to do."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.more: bool | None = None

    def call(self, work: Callable[[], bool | None]) -> None:
        try:
            self.more = work()
        except Halted:
            return
        except SoundalikeError as error:
            self.error = error
        except Exception as error:  # the edge of the job: the runner goes on, and the log has the traceback
            log.exception("a job failed unexpectedly")
            self.error = error
