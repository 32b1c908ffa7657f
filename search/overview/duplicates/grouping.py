"""Make groups of clips from equal files and pairs of contents, each with the copy worth keeping.

Every clip of a group matches the kept one. There are no chains, in which the last may share nothing with the first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from search.engine.views import SpaceView
from search.model import Content, Duplicate, DuplicateGroup, DuplicateKind, Duplicates
from search.overview.duplicates.evidence import Evidence
from search.overview.duplicates.joining import Joined
from search.overview.duplicates.keeping import ComparedCopy, best_copy, is_lossless
from search.overview.duplicates.stored import Pairs
from search.ports import ContentReader


@dataclass(frozen=True, slots=True)
class _Step:
    """From a content to a duplicate: where the duplicate begins in it, and how much louder it is."""

    offset_s: float
    gain_db: float
    similarity: float


_Steps = Mapping[int, Mapping[int, _Step]]
"""By content and its duplicate."""


def groups(view: SpaceView, catalog: ContentReader, pairs: Pairs) -> Duplicates:
    """All groups of two clips or more, largest first, then by the clip worth keeping."""
    columns = view.columns
    present = columns.content_ids[columns.present]
    different, counts = np.unique(present, return_counts=True)
    steps = _steps(pairs, set(different.tolist()))
    found = [
        group
        for chunk in _chunks(_joined(different[counts > 1].tolist(), steps))
        for members in _copies(catalog, chunk, pairs.evidence)
        for group in _groups(members, steps)
    ]
    groups_ = sorted(found, key=lambda g: (-len(g.clips), g.keep))
    newest = int(different[-1]) if len(different) else 0
    return Duplicates(pairs.sequence, newest <= pairs.checked_until, tuple(groups_))


def _steps(pairs: Pairs, present: set[int]) -> _Steps:
    """From each content to its duplicates, in both directions; removed contents are skipped."""
    steps: dict[int, dict[int, _Step]] = defaultdict(dict)
    rows = (pairs.shorter, pairs.longer, pairs.offset_s, pairs.gain_db, pairs.similarity)
    for shorter, longer, offset_s, gain_db, similarity in zip(*(row.tolist() for row in rows), strict=True):
        if shorter in present and longer in present:
            steps[longer][shorter] = _Step(offset_s, gain_db, similarity)
            steps[shorter][longer] = _Step(-offset_s, -gain_db, similarity)
    return steps


def _joined(copied: Iterable[int], steps: _Steps) -> list[list[int]]:
    """Sets of contents that may form a group: those with several clips, and those joined by pairs."""
    joined = Joined((content, other) for content, onward in steps.items() for other in onward)
    members: dict[int, list[int]] = defaultdict(list)
    for content in sorted({*copied, *steps}):
        members[joined.first(content)].append(content)
    return list(members.values())


def _chunks(recordings: list[list[int]]) -> Iterable[list[list[int]]]:
    for start in range(0, len(recordings), 500):
        yield recordings[start : start + 500]


def _copies(
    catalog: ContentReader, recordings: list[list[int]], evidence: Mapping[int, Evidence]
) -> list[list[ComparedCopy]]:
    """The clips of these recordings, read together."""
    every = [content for members in recordings for content in members]
    contents: dict[int, Content] = catalog.contents(every)
    clips_of = catalog.clips_of(every)
    clips = {clip.id: clip for clip in catalog.clips([i for ids in clips_of.values() for i in ids])}
    return [
        [
            ComparedCopy(clips[clip_id], contents[content], evidence.get(content))
            for content in members
            if content in contents
            for clip_id in clips_of.get(content, ())
            if clip_id in clips
        ]
        for members in recordings
    ]


def _groups(copies: list[ComparedCopy], steps: _Steps) -> Iterator[DuplicateGroup]:
    """The best copy with all that match it; then the same for those that are left."""
    while len(copies) > 1:
        best, why = best_copy(copies)
        group = _agreeing(best, copies, steps)
        while len(group) > 1:
            again, why = best_copy(group)
            if again.content.id == best.content.id:
                yield _group(again, why, group, steps.get(again.content.id, {}))
                break
            best, group = again, _agreeing(again, group, steps)
        taken = {copy.clip.id for copy in group}
        copies = [copy for copy in copies if copy.clip.id not in taken]


def _agreeing(best: ComparedCopy, copies: Iterable[ComparedCopy], steps: _Steps) -> list[ComparedCopy]:
    with_it = {best.content.id, *steps.get(best.content.id, ())}
    return [copy for copy in copies if copy.content.id in with_it]


def _group(best: ComparedCopy, why: str, copies: list[ComparedCopy], steps: Mapping[int, _Step]) -> DuplicateGroup:
    members = [_member(best, "kept", _Step(0.0, 0.0, 1.0))]
    for copy in copies:
        if copy.clip.id != best.clip.id:
            step = steps.get(copy.content.id)
            same = _member(copy, "copy", _Step(0.0, 0.0, 1.0))
            members.append(same if step is None else _member(copy, "same recording", step))
    return DuplicateGroup(best.clip.id, why, tuple(members))


def _member(copy: ComparedCopy, kind: DuplicateKind, step: _Step) -> Duplicate:
    evidence = copy.evidence
    return Duplicate(
        copy.clip.id,
        kind,
        step.offset_s,
        None if math.isnan(step.gain_db) else step.gain_db,
        step.similarity,
        is_lossless(copy.content),
        None if evidence is None else evidence.bandwidth_hz,
        None if evidence is None else evidence.silence_s,
        None if evidence is None else evidence.clipped,
    )
