"""From equal files and pairs of contents to groups of clips, each beside the copy worth keeping."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.engine.views import SpaceView
from search.model import Content, Duplicate, DuplicateGroup, Duplicates
from search.overview.duplicates.joining import Joined
from search.overview.duplicates.keeping import Copy, best_copy
from search.overview.duplicates.stored import Pairs
from search.ports import ContentReader


@dataclass(frozen=True, slots=True)
class _Step:
    """From one content to another of the same recording: where it begins there, how much louder it is."""

    content: int
    offset_s: float
    gain_db: float
    similarity: float


def groups(view: SpaceView, catalog: ContentReader, pairs: Pairs) -> Duplicates:
    """Every group of two clips or more, largest first, then by the clip worth keeping."""
    columns = view.columns
    present = columns.content_ids[columns.present]
    different, counts = np.unique(present, return_counts=True)
    steps = _steps(pairs, set(different.tolist()))
    found = [
        _group(members, steps)
        for chunk in _chunks(_recordings(different[counts > 1].tolist(), steps))
        for members in _copies(catalog, chunk)
    ]
    groups_ = sorted((g for g in found if g is not None), key=lambda g: (-len(g.clips), g.keep))
    newest = int(different[-1]) if len(different) else 0
    return Duplicates(pairs.sequence, newest <= pairs.checked_until, tuple(groups_))


def _steps(pairs: Pairs, present: set[int]) -> dict[int, list[_Step]]:
    """From each content to its duplicates, both ways; contents that went are passed over."""
    steps: dict[int, list[_Step]] = defaultdict(list)
    rows = (pairs.shorter, pairs.longer, pairs.offset_s, pairs.gain_db, pairs.similarity)
    for shorter, longer, offset_s, gain_db, similarity in zip(*(row.tolist() for row in rows), strict=True):
        if shorter in present and longer in present:
            steps[longer].append(_Step(shorter, offset_s, gain_db, similarity))
            steps[shorter].append(_Step(longer, -offset_s, -gain_db, similarity))
    return steps


def _recordings(copied: Iterable[int], steps: Mapping[int, list[_Step]]) -> list[list[int]]:
    """Contents of one recording together: those with several clips, and those joined by pairs."""
    joined = Joined((content, step.content) for content, onward in steps.items() for step in onward)
    members: dict[int, list[int]] = defaultdict(list)
    for content in sorted({*copied, *steps}):
        members[joined.first(content)].append(content)
    return list(members.values())


def _walk(start: int, steps: Mapping[int, list[_Step]]) -> dict[int, _Step]:
    """Every content that pairs lead to from ``start``, by the fewest, with the places and levels added up."""
    steps_to = {start: _Step(start, 0.0, 0.0, 1.0)}
    waiting = deque([start])
    while waiting:
        here = steps_to[waiting.popleft()]
        for step in steps.get(here.content, ()):
            if step.content not in steps_to:
                steps_to[step.content] = _Step(
                    step.content,
                    here.offset_s + step.offset_s,
                    here.gain_db + step.gain_db,
                    min(here.similarity, step.similarity),
                )
                waiting.append(step.content)
    return steps_to


def _chunks(recordings: list[list[int]]) -> Iterable[list[list[int]]]:
    for start in range(0, len(recordings), 500):
        yield recordings[start : start + 500]


def _copies(catalog: ContentReader, recordings: list[list[int]]) -> list[list[Copy]]:
    """The clips of these recordings, asked for together."""
    every = [content for members in recordings for content in members]
    contents: dict[int, Content] = catalog.contents(every)
    clips_of = catalog.clips_of(every)
    clips = {clip.id: clip for clip in catalog.clips([i for ids in clips_of.values() for i in ids])}
    return [
        [
            Copy(clips[clip_id], contents[content])
            for content in members
            if content in contents
            for clip_id in clips_of.get(content, ())
            if clip_id in clips
        ]
        for members in recordings
    ]


def _group(copies: list[Copy], steps: Mapping[int, list[_Step]]) -> DuplicateGroup | None:
    if len(copies) < 2:
        return None
    best, why = best_copy(copies)
    places = _walk(best.content.id, steps)
    members = [Duplicate(best.clip.id, "kept", gain_db=0.0)]
    for copy in copies:
        if copy.clip.id == best.clip.id:
            continue
        place = places.get(copy.content.id)
        if copy.content.id == best.content.id or place is None:
            members.append(Duplicate(copy.clip.id, "copy", gain_db=0.0))
        else:
            gain_db = None if math.isnan(place.gain_db) else place.gain_db
            members.append(Duplicate(copy.clip.id, "same recording", place.offset_s, gain_db, place.similarity))
    return DuplicateGroup(best.clip.id, why, tuple(members))
