"""Which hits are more than alike: the content that was asked with, another shape of its recording, or its tune.

What was asked with is looked up in the catalog, once for a question: what a hit is does not depend on the others.
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
class Asked:
    """What a question asks with: ``contents`` (n,), one for each space at most; with a ``passage`` of it, or all of it.

    ``leading`` (n,) of these are the very content, whole and as fast: nothing is more like what is asked with.
    ``speed`` is how fast a file is played that was asked with, None for what is in the library. ``is_alone``: nothing
    else is looked for. Where more is, a hit answers all of it together, and is the same as none.
    """

    is_alone: bool
    contents: Ids
    is_passage: bool
    speed: float | None
    recordings: SameRecordings
    leading: Ids

    def same(self, clip: Clip, tunes: TunesFound, copies: Mapping[int, Sequence[Clip]]) -> Sameness | None:
        """In which way a hit, of which ``tunes`` know, is the same as what was asked with; None if at most alike.

        It stands for its ``copies`` too, and is what the most alike of them is.
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
        """Those of the copies of a hit that may be the very content."""
        if self.is_passage or not len(self.contents):
            return []
        contents = [columns.content_of(clip_id) for clip_id in clip_ids]
        return [clip_id for clip_id, one in zip(clip_ids, contents, strict=True) if one in self.contents.tolist()]

    def _is_content(self, clip: Clip) -> bool:
        return not self.is_passage and clip.content_id in self.contents.tolist() and self._is_as_fast(clip)

    def _is_as_fast(self, clip: Clip) -> bool:
        return self.speed is None or clip.root.speed == self.speed


def asked_with(question: Question, catalog: ContentReader) -> Asked:
    """What a question asks with, as far as it is in the library, whichever clips it finds.

    A file is read for its digest only where the library has a file of its size.
    """
    recordings = question.library.recordings
    wanted = [part for part in question.parts if part.weight > 0]
    if len(wanted) != 1:
        return Asked(False, _NOTHING, False, None, recordings, _NOTHING)
    (part,) = wanted
    is_passage = isinstance(part, SegmentPart)
    if isinstance(part, AudioPart | TunePart):
        is_passage = part.start_s > 0 or part.end_s is not None
    if isinstance(part, AudioPart):
        contents = _ids(_of_file(part, question.track, question.library, catalog))
        leading = _NOTHING if is_passage else _as_fast(contents, part.speed, question, catalog)
        return Asked(True, contents, is_passage, part.speed, recordings, leading)
    contents = _ids(_of_library(part, question.library))
    leading = contents if isinstance(part, ClipPart) else _NOTHING
    return Asked(True, contents, is_passage, None, recordings, leading)


def _as_fast(contents: Ids, speed: float, question: Question, catalog: ContentReader) -> Ids:
    """Those of ``contents`` (n,) with a clip that is played at this speed."""
    if not contents.size:
        return contents
    clips_of = question.view.columns.clips_of(contents)
    clips = catalog.clips([clip_id for clip_ids in clips_of.values() for clip_id in clip_ids])
    return np.intersect1d(contents, [clip.content_id for clip in clips if clip.root.speed == speed])


def _of_library(part: Part, library: LibraryView) -> list[int]:
    """The content of a clip or a segment, if it is there."""
    each: list[ClipColumns] = [view.columns for view in library.spaces]
    if isinstance(part, SegmentPart):
        contents = [int(columns.place(np.array([part.segment_id], np.int64))[0][0]) for columns in each]
        return [content for content in contents if content >= 0]
    if not isinstance(part, ClipPart | TunePart):
        return []
    known = [columns.content_of(part.clip_id) for columns in each]
    return [content for content in known if content is not None]


def _of_file(part: AudioPart, track: int | None, library: LibraryView, catalog: ContentReader) -> list[int]:
    """The content of the track of a file that was read, byte for byte, if it is there."""
    try:
        if not _has_size(library, Path(part.path).stat().st_size):
            return []
        with OpenSound(part.path) as sound:
            digest = sound.digest()
    except (OSError, AudioError):  # it was read a moment ago; now nobody can say whether it is the same
        return []
    return [content.id for content in catalog.with_digest(digest) if content.track == track]


def _has_size(library: LibraryView, size_bytes: int) -> bool:
    """Whether a clip's file has this size, by the columns that are in memory."""
    each = [part for view in library.spaces for part in (view.columns.base, view.columns.recent)]
    return any(bool((part.size_bytes == size_bytes).any()) for part in each)


def _ids(some: Sequence[int]) -> Ids:
    return np.unique(np.array(some, np.int64))
