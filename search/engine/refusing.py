"""What an answer excludes, and what it ranks lower: the clips of a query, and sounds like its unwanted parts.

A wanted clip of the query is excluded, because the user has it already; its copies are not. An unwanted clip never
appears, and neither do its copies and other versions of its recording. Clips that sound like it are ranked lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from search.engine.asking import AskedSpace, part_label
from search.engine.fusion import RankedClips
from search.engine.ranking import nearest
from search.engine.views import SameRecordings, SpaceView
from search.model import AudioPart, ClipPart, Ids, Part, SegmentPart, TunePart
from search.vectors.neighbourhoods import SAME

PUSHED_DOWN: Final = 200
"""How many contents like an unwanted sound are ranked lower. Further down, a reciprocal rank moves no hit."""
COPIES_OF_A_FILE: Final = 16
"""How many contents are checked for being a copy of an unwanted file."""


def left_out(parts: Sequence[Part], spaces: Sequence[AskedSpace], recordings: SameRecordings) -> frozenset[int]:
    """Return the clips that ``parts`` name, and every clip of an unwanted recording."""
    view = spaces[0].view
    in_hand = {part.clip_id for part in parts if isinstance(part, ClipPart | TunePart) and part.weight > 0}
    segments = [part.segment_id for part in parts if isinstance(part, SegmentPart) and part.weight > 0]
    if segments:
        in_hand |= _clips(view, _contents_of(segments, spaces))
    return frozenset(in_hand | _clips(view, recordings.with_versions(_refused(parts, spaces))))


def pushed_down(spaces: Sequence[AskedSpace], left: frozenset[int]) -> list[RankedClips]:
    """Return a ranking of what sounds like each unwanted sound, with its negative weight, for fusion.

    Only fusion with names and tunes needs it. In a ranking by sound, unwanted sounds are part of the query vector.
    """
    lists = []
    for one in spaces:
        for part in one.parts:
            if part.weight < 0 and not part.is_text:
                (ranking,) = nearest(one.view, part.vector[np.newaxis], PUSHED_DOWN)
                clips_of = one.view.columns.clips_of(ranking.content_ids)
                clip_ids = [
                    clip_id
                    for content_id in ranking.content_ids.tolist()
                    for clip_id in clips_of.get(content_id, ())
                    if clip_id not in left
                ]
                lists.append(_unscored(part.label, clip_ids, part.weight))
    return lists


def _refused(parts: Sequence[Part], spaces: Sequence[AskedSpace]) -> Ids:
    """Return the unwanted contents: of a clip, of a passage, or the copy in the library of an unwanted file."""
    contents: list[int] = []
    for place, part in enumerate(parts, start=1):
        if part.weight > 0:
            continue
        if isinstance(part, ClipPart | TunePart):
            of_clip = spaces[0].view.columns.content_of(part.clip_id)
            contents += [] if of_clip is None else [of_clip]
        elif isinstance(part, SegmentPart):
            contents += _contents_of([part.segment_id], spaces)
        elif isinstance(part, AudioPart):
            contents += _same_as(part_label(part, place), spaces)
    return np.array(contents, np.int64)


def _same_as(label: str, spaces: Sequence[AskedSpace]) -> list[int]:
    """Return the contents with a segment that is a copy of a part."""
    contents: list[int] = []
    for one in spaces:
        for part in one.parts:
            if part.label == label:
                (ranking,) = nearest(one.view, part.vector[np.newaxis], COPIES_OF_A_FILE)
                contents += ranking.content_ids[ranking.scores >= SAME].tolist()
    return contents


def _contents_of(segment_ids: Sequence[int], spaces: Sequence[AskedSpace]) -> list[int]:
    wanted = np.array(segment_ids, np.int64)
    contents = np.concatenate([one.view.columns.place(wanted)[0] for one in spaces])
    return [int(content) for content in np.unique(contents[contents >= 0])]


def _clips(view: SpaceView, contents: Iterable[int]) -> set[int]:
    found = view.columns.clips_of(np.array(list(contents), np.int64))
    return {clip_id for clip_ids in found.values() for clip_id in clip_ids}


def _unscored(label: str, clip_ids: Sequence[int], weight: float) -> RankedClips:
    n = len(clip_ids)
    return RankedClips(label, np.array(clip_ids, np.int64), np.zeros(n, np.float32), np.full(n, -1), weight)
