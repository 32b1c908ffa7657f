"""What the jobs' process does while no job waits: it measures the sounds that have no facts yet, newest first.

A little at a time, on one core, and without the right to write: that is taken every `SAVE_S`, if nobody has it, to
write what was found. So uploads and other writers never wait for a sound to be measured.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

import numpy as np

from search.analysis.facts.definitions import VERSION
from search.analysis.facts.measuring import in_steps
from search.errors import AudioError, LibraryBusy, LibraryError, StoreAway, printable
from search.ground.urls import is_in_store
from search.library import leasing
from search.library.library import Library
from search.library.publisher import PUBLISH_ALWAYS_BELOW, PUBLISH_SHARE
from search.model import Clip, Content, KeepFacts, StoredFacts
from search.service.jobs.attempt import Attempt
from search.snapshots.filling import with_clips

SAVE_S: Final = 10.0
"""What was found is written so often."""
LOOK_S: Final = 10.0
"""Between two looks for sounds without facts."""
RETRY_S: Final = 300.0
"""Between two looks at files that could not be read, at least; and at least so many times as long as one takes:"""
RETRY_REST: Final = 50.0
_PAGE: Final = 64
_MOST_UNSAVED: Final = 512
"""So many results are kept while another writer is at work; then it is waited for."""
_LEAST_PUBLISHED: Final = 1000
"""While more sounds are measured, snapshots wait for at least so many facts."""
_ENDED: Final = object()

log = logging.getLogger("soundalike.facts")

Marks = Mapping[str, tuple[int, int] | None]
"""The files of a content, each with its size and time; None for one that is not there."""


class IdleMeasuring:
    """Measures what has no facts, in as much time as it is given. Only one thread at a time may ask it to.

    What cannot be read is left alone until its file changes. Nothing is fetched from object stores. Where a sound ended
    the process, the next one measures nothing.
    """

    def __init__(
        self, library: Library, attempt: Attempt | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``attempt`` is what the process before left; ``clock`` counts seconds."""
        self._library = library
        self._attempt = attempt or Attempt()
        self._clock = clock
        self._steps: Iterator[None] = iter(())
        self._measured_now = 0
        self._unsaved: list[KeepFacts] = []
        self._unpublished = 0
        """Facts that are in the catalog, and in no snapshot yet: readers take each of these from the catalog."""
        self._is_listening = False
        self._failed: dict[int, Marks] = {}
        self._seen = -1
        """The sequence number of the catalog at the last look."""
        self._look_at_s = self._save_at_s = clock() + LOOK_S
        self._retry_at_s = clock() + RETRY_S
        self._trouble = ""
        self._may = self._attempt.content_id == 0
        if not self._may:
            log.error(
                "measuring content %d ended the process; no more is measured until the service is started anew "
                "(SOUNDALIKE_FACTS=off leaves it out, soundalike facts --measure says more)",
                self._attempt.content_id,
            )

    def work(self, length_s: float, stop: threading.Event) -> bool:
        """Measure for so long, or until ``stop`` is set or nothing is left; whether something is.

        Ends within two seconds of sound. Whatever is wrong with the library is a line in the log, and tried again.
        """
        until_s = self._clock() + length_s
        try:
            while self._may and self._clock() < until_s and not stop.is_set():
                self._library.giving_way.rest()
                if not self._step():
                    return False
            self._trouble = ""
        except (LibraryError, StoreAway) as error:
            if str(error) != self._trouble:
                log.warning("sounds wait to be measured: %s", error)
            self._trouble, self._seen = str(error), -1
            self._look_at_s = self._clock() + LOOK_S
            return False
        return self._may

    def _step(self) -> bool:
        """Take in two seconds of sound, or do what is due between sounds; whether there was anything."""
        if self._clock() >= self._save_at_s:
            self._save()
        if len(self._unsaved) >= _MOST_UNSAVED:
            return False
        self._attempt.content_id = self._measured_now
        self._is_listening = next(self._steps, _ENDED) is not _ENDED
        self._attempt.content_id = 0
        return self._is_listening or self._look()

    def _save(self) -> None:
        """Write what was found; while another writer is at work the next time will do."""
        self._save_at_s = self._clock() + SAVE_S
        is_due = self._is_publication_due(self._unpublished + len(self._unsaved))
        if not self._unsaved and not is_due:
            return
        with suppress(LibraryBusy), self._library.catalog.lease(leasing.holder("facts"), 0.0) as lease:
            self._library.catalog.apply(lease, self._unsaved)
            self._unpublished += len(self._unsaved)
            self._unsaved.clear()
            for space in self._library.catalog.spaces():
                self._library.publisher.publish(space, lease, always=is_due)
            if is_due:
                self._unpublished = 0

    def _is_publication_due(self, pending: int) -> bool:
        """Whether so many facts are worth a snapshot: for a library that is small once nothing is left to measure."""
        if not pending:
            return False
        size = sum(self._library.catalog.measured_clips(VERSION))
        if self._is_listening or size >= PUBLISH_ALWAYS_BELOW:
            return pending >= max(size * PUBLISH_SHARE, _LEAST_PUBLISHED)
        return True

    def _look(self) -> bool:
        """Begin with what has no facts now; whether it is time to, and there is something new."""
        now_s = self._clock()
        if now_s < self._look_at_s:
            return False
        self._look_at_s = now_s + LOOK_S
        sequence = self._library.catalog.sequence()
        retries = bool(self._failed) and now_s >= self._retry_at_s
        if sequence == self._seen and not retries:
            return False
        self._seen = sequence
        self._steps = self._course(retries=retries)
        return True

    def _course(self, *, retries: bool) -> Iterator[None]:
        catalog = self._library.catalog
        if retries:
            yield from self._forget_failures()
        lacking = [one for one in catalog.without_facts(VERSION)[::-1].tolist() if one not in self._failed]
        for start in range(0, len(lacking), _PAGE):
            page = lacking[start : start + _PAGE]
            known = catalog.facts(page)  # by a job, or another process, since
            left = [one for one in page if one not in known or known[one].version != VERSION]
            for content, clips in with_clips(catalog, np.array(left, np.int64)):
                yield from self._listen(content, clips)

    def _forget_failures(self) -> Iterator[None]:
        """Forget those of contents whose files are not what they were."""
        begun_s = self._clock()
        failed = np.array([one for one, marks in self._failed.items() if marks], np.int64)
        for content, clips in with_clips(self._library.catalog, failed):
            if _marks(clips) != self._failed[content.id]:
                del self._failed[content.id]
            yield
        self._retry_at_s = self._clock() + max(RETRY_S, RETRY_REST * (self._clock() - begun_s))

    def _listen(self, content: Content, clips: list[Clip]) -> Iterator[None]:
        here = [clip for clip in clips if not is_in_store(clip.absolute_path)]
        marks = _marks(here)
        for clip in here:
            self._measured_now = content.id
            yield
            try:
                numbers = yield from in_steps(clip.absolute_path, content.track)
            except AudioError as error:
                log.info("%s has no facts: %s", printable(error.path), error.cause)
            except Exception:  # the edge of a measurement: the next sound is none the worse for it
                log.exception("%s has no facts", printable(clip.absolute_path))
            else:
                self._unsaved.append(KeepFacts(content.id, StoredFacts(VERSION, numbers)))
                return
            finally:
                self._measured_now = 0
        self._failed[content.id] = marks
        yield


def _marks(clips: list[Clip]) -> Marks:
    return {clip.absolute_path: _mark(clip.absolute_path) for clip in clips if not is_in_store(clip.absolute_path)}


def _mark(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a path may hold what pathlib takes for something else
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
