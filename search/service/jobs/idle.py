"""Idle work of the jobs process: while no job waits, it measures sounds without facts, newest first.

It works in small steps on one core, without the writer's lease. Every `SAVE_S` it takes the lease, if that is free, and
writes its results. So uploads and other writers never wait for a measurement.
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
"""How often results are written."""
LOOK_S: Final = 10.0
"""How often to look for sounds without facts."""
RETRY_S: Final = 300.0
"""The least time between two checks of files that could not be read; also `RETRY_REST` times as long as one takes."""
RETRY_REST: Final = 50.0
_PAGE: Final = 64
_MOST_UNSAVED: Final = 512
"""Most results kept in memory while another writer holds the lease; then measuring pauses."""
_LEAST_PUBLISHED: Final = 1000
"""While sounds are still being measured, the least number of new facts for a snapshot."""
_ENDED: Final = object()

log = logging.getLogger("soundalike.facts")

Marks = Mapping[str, tuple[int, int] | None]
"""The files of a content, each with its size and modification time; None for a missing one."""


class IdleMeasuring:
    """Measures sounds without facts, in the time that it is given. Only one thread at a time may call it.

    A file that cannot be read is skipped until it changes. Nothing is fetched from object stores. If a sound crashed
    the process, the next process measures nothing.
    """

    def __init__(
        self, library: Library, attempt: Attempt | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``attempt`` is from the process before; ``clock`` returns seconds."""
        self._library = library
        self._attempt = attempt or Attempt()
        self._clock = clock
        self._steps: Iterator[None] = iter(())
        self._measured_now = 0
        self._unsaved: list[KeepFacts] = []
        self._unpublished = 0
        """How many facts are in the catalog but in no snapshot, so that readers must read them from the catalog."""
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
                "measuring content %d ended the process; no more is measured until the service restarts "
                "(SOUNDALIKE_FACTS=off leaves it out, soundalike facts --measure says more)",
                self._attempt.content_id,
            )

    def work(self, length_s: float, stop: threading.Event) -> bool:
        """Measure for ``length_s``, or until ``stop`` is set or nothing is left; returns whether something is left.

        It checks the time every two seconds of sound. Errors of the library are logged, and the work is tried again.
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
        """Measure two seconds of sound, or do what is due between sounds; returns whether there was anything to do."""
        if self._clock() >= self._save_at_s:
            self._save()
        if len(self._unsaved) >= _MOST_UNSAVED:
            return False
        self._attempt.content_id = self._measured_now
        self._is_listening = next(self._steps, _ENDED) is not _ENDED
        self._attempt.content_id = 0
        return self._is_listening or self._look()

    def _save(self) -> None:
        """Write the results; skip that if another writer holds the lease."""
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
        """Whether ``pending`` facts justify a snapshot; a small library gets one when nothing is left to measure."""
        if not pending:
            return False
        size = sum(self._library.catalog.measured_clips(VERSION))
        if self._is_listening or size >= PUBLISH_ALWAYS_BELOW:
            return pending >= max(size * PUBLISH_SHARE, _LEAST_PUBLISHED)
        return True

    def _look(self) -> bool:
        """Start on the sounds that have no facts now; returns whether it is time to, and there is something new."""
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
            known = catalog.facts(page)  # a job or another process may have measured it
            left = [one for one in page if one not in known or known[one].version != VERSION]
            for content, clips in with_clips(catalog, np.array(left, np.int64)):
                yield from self._listen(content, clips)

    def _forget_failures(self) -> Iterator[None]:
        """Forget the failures of contents whose files have changed."""
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
            except Exception:  # the edge of a measurement: go on with the next sound
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
        found = os.stat(path)  # noqa: PTH116 - pathlib would normalise some paths
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
