"""The job that fingerprints what came since the last time: contents are listened to, none is encoded again.

Interrupted, it goes on where it was: what is done is published every so many seconds of sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from search import audio
from search.errors import AudioError
from search.exact.landmarks import FRAMES_PER_S, KEPT, RATE_HZ, Landmarks, landmarks
from search.exact.stored import Fingerprints
from search.model import Content, Ids, JobFailure
from search.ports import ContentReader, Lease

_SAVE_SHARE: Final = 4
_SAVE_S: Final = 20 * 3600.0
"""What is new is published after so many seconds of sound, and at least a fourth of what was there before."""
_PAGE: Final = 1000

Progress = Callable[[int, int], None]
"""Called with how many contents of how many were listened to; what it raises stops the job, which keeps the rest."""


def fill(
    content_ids: Ids,
    catalog: ContentReader,
    fingerprints: Fingerprints,
    lease: Lease,
    progress: Progress,
    *,
    sequence: int,
    again: bool,
) -> tuple[JobFailure, ...]:
    """Bring the fingerprints to ``content_ids`` (n,), the sounds of a catalog at ``sequence``; the files that failed.

    ``again``: take what is there away, and listen to all of them.
    Raises LibraryBusy when the lease is lost, LibraryUnwritable (disk full).
    """
    if again:
        fingerprints.discard()
    table = fingerprints.table()
    missing = np.setdiff1d(content_ids, table.contents)
    failures: list[JobFailure] = []
    added: list[tuple[int, Landmarks]] = []
    waiting_s, before_s = 0.0, float(table.begins[-1]) / FRAMES_PER_S

    def publish() -> None:
        nonlocal table
        lease.check()
        if not added and np.isin(table.contents, content_ids).all():
            return
        table = table.changed(added, np.isin(table.contents, content_ids))
        added.clear()
        fingerprints.publish(table, sequence)

    try:
        for done, (content, paths) in enumerate(_contents(catalog, missing), start=1):
            lease.check()
            try:
                added.append((content.id, _of_files(content, paths)))
            except AudioError as error:
                failures.append(JobFailure(error.path, error.cause))
            waiting_s += content.duration_s
            progress(done, len(missing))
            if waiting_s > max(_SAVE_S, before_s / _SAVE_SHARE):
                publish()
                before_s, waiting_s = before_s + waiting_s, 0.0
    finally:
        publish()
    return tuple(failures)


def _contents(catalog: ContentReader, content_ids: Ids) -> Iterator[tuple[Content, list[str]]]:
    """Each content with the paths of its files."""
    for start in range(0, len(content_ids), _PAGE):
        page = content_ids[start : start + _PAGE].tolist()
        clips_of = catalog.clips_of(page)
        clips = {clip.id: clip for clip in catalog.clips([one for ids in clips_of.values() for one in ids])}
        for content_id, content in sorted(catalog.contents(page).items()):
            yield content, [clips[one].absolute_path for one in clips_of.get(content_id, []) if one in clips]


def _of_files(content: Content, paths: list[str]) -> Landmarks:
    """The landmarks of a content, of the first of its files that can be read. Raises AudioError where none can."""
    failed = AudioError(paths[0] if paths else "", "no clip has this content any more")
    for path in paths:
        try:
            return landmarks(audio.stream(path, RATE_HZ, track=content.track), KEPT)
        except AudioError as error:
            failed = error
    raise failed
