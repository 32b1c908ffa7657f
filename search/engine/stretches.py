"""Finds stretches of recordings that may match a query, by the stored vectors of segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.model import Bitmap, Ids, Vectors

SEGMENTS: Final = 200
PER_HIT: Final = 20
"""The least segments that are searched, and the segments for each requested hit; the larger number counts."""
LONGEST_S: Final = 60.0
"""The longest stretch. Longer matches are found in parts."""
ALONE: Final = 6
"""The most stretches with only one of two sounds. They are guesses, and cost as much to read as those with both."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a content. ``score`` is that of its best segment, ``best`` the span of that segment."""

    content_id: int
    start_s: float
    end_s: float
    score: float
    best: tuple[float, float]


def stretches(
    view: SpaceView, vectors: Vectors, count: int, among: Bitmap | None, apart_s: float = 0.0
) -> Iterator[Stretch]:
    """Yield stretches that may match one vector, or both of two (q, dim), for ``count`` hits; the likeliest first.

    Matches of two vectors are at most ``apart_s`` from each other.
    """
    n = min(len(view.index), max(SEGMENTS, PER_HIT * count))
    if not n:
        return
    scores, ids = view.index.search(vectors, n, among)
    sides = [_joined(view, row, near) for row, near in zip(ids, scores, strict=True)]
    yield from sides[0] if len(sides) == 1 else _in_both(sides[0], sides[1], apart_s)


def _joined(view: SpaceView, segment_ids: Ids, scores: NDArray[np.float32]) -> list[Stretch]:
    """Join segments that overlap or touch into stretches, the best first."""
    there = segment_ids >= 0
    segment_ids, scores = segment_ids[there], scores[there]
    contents, starts, ends = view.columns.place(segment_ids)
    stays = (contents >= 0) & (scores > 0)
    order = np.lexsort((starts[stays], contents[stays]))
    columns = (contents[stays][order], starts[stays][order], ends[stays][order], scores[stays][order])
    stretches: list[Stretch] = []
    for content_id, start_s, end_s, score in zip(*(column.tolist() for column in columns), strict=True):
        last = stretches[-1] if stretches else None
        one = Stretch(content_id, start_s, end_s, score, (start_s, end_s))
        if (
            last is not None
            and last.content_id == content_id
            and start_s <= last.end_s
            and end_s - last.start_s <= LONGEST_S
        ):
            stretches[-1] = _one_of(last, one)
        else:
            stretches.append(one)
    return sorted(stretches, key=lambda stretch: -stretch.score)


def _one_of(one: Stretch, other: Stretch) -> Stretch:
    """Join two stretches, from the earlier start to the later end."""
    better = one if one.score >= other.score else other
    start_s, end_s = min(one.start_s, other.start_s), max(one.end_s, other.end_s)
    return Stretch(one.content_id, start_s, end_s, better.score, better.best)


def _in_both(first: Sequence[Stretch], second: Sequence[Stretch], apart_s: float) -> Iterator[Stretch]:
    """Yield stretches with both sounds in one content, at most `LONGEST_S` long, scored by the less likely sound.

    After them come the best `ALONE` stretches with only one sound, extended by their surroundings: segments show only
    the louder of two simultaneous sounds.
    """
    of_content: dict[int, list[Stretch]] = {}
    for stretch in second:
        of_content.setdefault(stretch.content_id, []).append(stretch)
    both: list[Stretch] = []
    met: set[Stretch] = set()
    for one in first:
        for other in of_content.get(one.content_id, ()):
            joined = _one_of(one, other)
            pause_s = max(one.start_s, other.start_s) - min(one.end_s, other.end_s)
            if pause_s <= apart_s and joined.end_s - joined.start_s <= LONGEST_S:
                score = min(one.score, other.score)
                both.append(Stretch(one.content_id, joined.start_s, joined.end_s, score, joined.best))
                met |= {one, other}
    read: dict[int, list[Stretch]] = {}
    yield from _not_read(sorted(both, key=lambda stretch: -stretch.score), read)
    alone = sorted((one for one in (*first, *second) if one not in met), key=lambda stretch: -stretch.score)
    yield from islice(_not_read((_with_surroundings(one, apart_s) for one in alone), read), ALONE)


def _not_read(candidates: Iterable[Stretch], read: dict[int, list[Stretch]]) -> Iterator[Stretch]:
    """Yield the candidates that are not within an earlier one, and add them to ``read`` (by content)."""
    for one in candidates:
        before = read.setdefault(one.content_id, [])
        if not any(other.start_s <= one.start_s and one.end_s <= other.end_s for other in before):
            before.append(one)
            yield one


def _with_surroundings(stretch: Stretch, around_s: float) -> Stretch:
    """Extend a stretch by ``around_s`` on both sides, to at most `LONGEST_S`."""
    more_s = min(around_s, max(0.0, LONGEST_S - (stretch.end_s - stretch.start_s)) / 2)
    start_s, end_s = max(0.0, stretch.start_s - more_s), stretch.end_s + more_s
    return Stretch(stretch.content_id, start_s, end_s, stretch.score, stretch.best)
