"""Which hits are more than alike: the content that was asked with, another shape of its recording, or its tune."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.audio.sources import OpenSound
from search.columns import ClipColumns
from search.engine.confidence import GOOD_FROM
from search.engine.tunes import TunesFound
from search.engine.views import LibraryView, Recordings
from search.errors import AudioError
from search.model import AudioPart, Clip, ClipPart, Content, Ids, Part, Sameness, SegmentPart, TunePart
from search.ports import ContentReader


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks with: ``wholes`` (n,) contents as they are, ``passages`` (m,) those with a passage of it."""

    wholes: Ids
    passages: Ids
    recordings: Recordings

    def same(self, clip: Clip, tunes: TunesFound) -> Sameness | None:
        """In which way a hit, of which ``tunes`` know, is the same as what was asked with; None if at most alike."""
        match = tunes.matches.get(clip.id)
        if clip.content_id in self.wholes:
            return "content"
        if match is not None:
            return "tune" if match.probability >= GOOD_FROM else None
        known = np.concatenate([self.wholes, self.passages])
        stands_for = self.recordings.of(np.array([clip.content_id], np.int64))
        return "recording" if np.isin(stands_for, self.recordings.of(known))[0] else None


def asked_with(parts: Sequence[Part], library: LibraryView, clips: Iterable[Clip], catalog: ContentReader) -> Asked:
    """What ``parts`` ask with, as far as one of ``clips`` may be the same.

    A file is read for its digest only where one of them is a file of its size.
    """
    wholes, passages = set[int](), set[int]()
    found = list(clips)
    for part in parts:
        if part.weight <= 0:
            continue
        is_passage = isinstance(part, SegmentPart)
        if isinstance(part, AudioPart | TunePart):
            is_passage = part.start_s > 0 or part.end_s is not None
        asked = passages if is_passage else wholes
        asked.update(_contents_of(part, found, catalog) if isinstance(part, AudioPart) else _content_of(part, library))
    return Asked(_ids(wholes), _ids(passages - wholes), library.recordings)


def _content_of(part: Part, library: LibraryView) -> list[int]:
    """The content of a clip or a segment, if it is there."""
    each: list[ClipColumns] = [view.columns for view in library.spaces]
    if isinstance(part, SegmentPart):
        contents = [int(columns.place(np.array([part.segment_id], np.int64))[0][0]) for columns in each]
        return [content for content in contents if content >= 0]
    if not isinstance(part, ClipPart | TunePart):
        return []
    known = [columns.content_of(part.clip_id) for columns in each]
    return [content for content in known if content is not None]


def _contents_of(part: AudioPart, clips: Iterable[Clip], catalog: ContentReader) -> set[int]:
    """The contents of those clips that are the file of a part, byte for byte, as fast as they were indexed."""
    likely = [clip for clip in clips if clip.root.speed == part.speed and part.track in (None, clip.track)]
    by_path = {clip.content_id for clip in likely if clip.absolute_path == part.path}
    if by_path:
        return by_path
    try:
        size_bytes = Path(part.path).stat().st_size
        likely = [clip for clip in likely if clip.size_bytes == size_bytes]
        if not likely:
            return set()
        with OpenSound(part.path) as sound:
            digest = sound.digest()
    except (OSError, AudioError):  # it was read a moment ago; now nobody can say whether it is the same
        return set()
    known: dict[int, Content] = catalog.contents({clip.content_id for clip in likely})
    return {content_id for content_id, content in known.items() if content.digest == digest}


def _ids(some: set[int]) -> Ids:
    return np.array(sorted(some), np.int64)
