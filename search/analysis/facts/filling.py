"""The job that measures contents without facts, without encoding any of them again.

Results are written every few seconds, so an interrupted job resumes where it was.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Final

from search.analysis.facts.definitions import VERSION
from search.analysis.facts.measuring import measured
from search.errors import AudioError
from search.model import Clip, Content, JobFailure, KeepFacts, StoredFacts
from search.ports import FactsCatalog, Lease
from search.snapshots.filling import OnProgress, Rest, of_first, with_clips

_BATCH: Final = 64
"""The number of contents whose facts are written together."""
_NO_VERSION: Final = -1


def fill(
    catalog: FactsCatalog, lease: Lease, progress: OnProgress, *, rest: Rest, again: bool
) -> tuple[JobFailure, ...]:
    """Measure every sound that has no facts (``again``: every sound); return the files that failed.

    Each thread calls ``rest`` before every two seconds of sound. Raises LibraryBusy if the lease is lost, LibraryError
    (disk full), and what ``progress`` raises.
    """
    stop = threading.Event()

    def rest_or_stop() -> None:
        if stop.is_set():
            raise _Stopped
        rest()

    missing = catalog.without_facts(_NO_VERSION if again else VERSION)
    failures: list[JobFailure] = []
    done = 0
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="facts") as pool:
        waiting = with_clips(catalog, missing)
        while batch := list(islice(waiting, _BATCH)):
            results = pool.map(partial(_listened, rest_or_stop), batch)
            changes = []
            try:
                for (content, _), result in zip(batch, results, strict=True):
                    if isinstance(result, JobFailure):
                        failures.append(result)
                    else:
                        changes.append(KeepFacts(content.id, result))
                    done += 1
                    progress(done, len(missing))
            except BaseException:
                stop.set()  # do not wait for threads that are resting
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            finally:
                lease.check()
                catalog.apply(lease, changes)
    return tuple(failures)


class _Stopped(Exception):
    """The job was stopped while a sound was measured."""


def _listened(rest: Rest, one: tuple[Content, list[Clip]]) -> StoredFacts | JobFailure:
    content, clips = one
    try:
        return of_first(partial(_of_file, rest), content, clips)
    except AudioError as error:
        return JobFailure(error.path, error.cause)


def _of_file(rest: Rest, content: Content, clip: Clip) -> StoredFacts:
    return StoredFacts(VERSION, measured(clip.absolute_path, content.track, rest=rest))
