"""Which hits equal the query: the same content, another version of its recording, or its tune.

The query's contents are looked up in the catalog once, so the result for a hit does not depend on the other hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from search.audio.sources import OpenSound
from search.columns import ClipColumns
from search.engine.confidence import GOOD_FROM
from search.engine.question import Question
from search.engine.tunes import TunesFound
from search.engine.views import LibraryView, SameRecordings
from search.errors import AudioError
from search.model import AudioPart, Clip, ClipPart, Ids, Part, Sameness, SegmentPart, TunePart
from search.ports import ContentReader

_NOTHING: Final[Ids] = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class QueriedContents:
    """The contents of the library that a query consists of: ``contents`` (n,), at most one for each space.

    ``is_passage``: the query is only a passage of the content. ``leading`` (n,) are contents that equal the query as a
    whole, at the same speed: nothing is more similar. ``speed`` is the speed of the query's file, None if the query
    comes from the library. ``is_alone``: the query has one wanted part. With several, a hit answers all of them
    together and equals none.
    """

    is_alone: bool
    contents: Ids
    is_passage: bool
    speed: float | None
    recordings: SameRecordings
    leading: Ids

    def same(self, clip: Clip, tunes: TunesFound, copies: Mapping[int, Sequence[Clip]]) -> Sameness | None:
        """Return how a hit equals the query; None if it is only similar.

        ``tunes`` has the matched tunes. A hit with ``copies`` gets the closest relation among them.
        """
        if not self.is_alone:
            return None
        if any(self._is_content(one) for one in (clip, *copies.get(clip.id, ()))):
            return "content"
        match = tunes.matches.get(clip.id)
        if match is not None:
            return "tune" if match.probability >= GOOD_FROM else None
        if not self._is_as_fast(clip):
            return None
        stands_for = self.recordings.of(np.array([clip.content_id], np.int64))
        return "recording" if np.isin(stands_for, self.recordings.of(self.contents))[0] else None

    def copies(self, clip_ids: Sequence[int], columns: ClipColumns) -> list[int]:
        """Return the copies of a hit that may be the same content as the query."""
        if self.is_passage or not len(self.contents):
            return []
        contents = [columns.content_of(clip_id) for clip_id in clip_ids]
        return [clip_id for clip_id, one in zip(clip_ids, contents, strict=True) if one in self.contents.tolist()]

    def _is_content(self, clip: Clip) -> bool:
        return not self.is_passage and clip.content_id in self.contents.tolist() and self._is_as_fast(clip)

    def _is_as_fast(self, clip: Clip) -> bool:
        return self.speed is None or clip.root.speed == self.speed


def queried_contents(question: Question, catalog: ContentReader) -> QueriedContents:
    """Return the contents of the library that a query consists of, independently of its hits.

    The digest of a file is computed only if the library has a file of the same size.
    """
    recordings = question.library.recordings
    wanted = [part for part in question.parts if part.weight > 0]
    if len(wanted) != 1:
        return QueriedContents(False, _NOTHING, False, None, recordings, _NOTHING)
    (part,) = wanted
    is_passage = isinstance(part, SegmentPart)
    if isinstance(part, AudioPart | TunePart):
        is_passage = part.start_s > 0 or part.end_s is not None
    if isinstance(part, AudioPart):
        contents = _ids(_of_file(part, question.track, question.library, catalog))
        leading = _NOTHING if is_passage else _as_fast(contents, part.speed, question, catalog)
        return QueriedContents(True, contents, is_passage, part.speed, recordings, leading)
    contents = _ids(_of_library(part, question.library))
    leading = contents if isinstance(part, ClipPart) else _NOTHING
    return QueriedContents(True, contents, is_passage, None, recordings, leading)


def _as_fast(contents: Ids, speed: float, question: Question, catalog: ContentReader) -> Ids:
    """Return those of ``contents`` (n,) that have a clip with this speed."""
    if not contents.size:
        return contents
    clips_of = question.view.columns.clips_of(contents)
    clips = catalog.clips([clip_id for clip_ids in clips_of.values() for clip_id in clip_ids])
    return np.intersect1d(contents, [clip.content_id for clip in clips if clip.root.speed == speed])


def _of_library(part: Part, library: LibraryView) -> list[int]:
    """Return the content of a clip or a segment, if it exists."""
    each: list[ClipColumns] = [view.columns for view in library.spaces]
    if isinstance(part, SegmentPart):
        contents = [int(columns.place(np.array([part.segment_id], np.int64))[0][0]) for columns in each]
        return [content for content in contents if content >= 0]
    if not isinstance(part, ClipPart | TunePart):
        return []
    known = [columns.content_of(part.clip_id) for columns in each]
    return [content for content in known if content is not None]


def _of_file(part: AudioPart, track: int | None, library: LibraryView, catalog: ContentReader) -> list[int]:
    """Return the content with the same bytes and track as the query's file, if the library has it."""
    try:
        if not _has_size(library, Path(part.path).stat().st_size):
            return []
        with OpenSound(part.path) as sound:
            digest = sound.digest()
    except (OSError, AudioError):  # it was readable a moment ago; now it cannot be compared
        return []
    return [content.id for content in catalog.with_digest(digest) if content.track == track]


def _has_size(library: LibraryView, size_bytes: int) -> bool:
    """Return whether a clip's file has this size, by the columns in memory."""
    each = [part for view in library.spaces for part in (view.columns.base, view.columns.recent)]
    return any(bool((part.size_bytes == size_bytes).any()) for part in each)


def _ids(some: Sequence[int]) -> Ids:
    return np.unique(np.array(some, np.int64))
