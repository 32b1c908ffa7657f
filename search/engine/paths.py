"""A path between two sounds: contents of a space that lead from one to the other in even steps.

What lies near the arc between both vectors may be on it. A sound's place on the way is its angle from the beginning
beside that from the end; a path goes forward only, so it takes nothing twice. Of all paths of so many steps the one
whose largest step is the smallest is taken, and of these the one with the least sum of squares: the most even.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.pooled import pooled
from search.engine.ranking import rank_each
from search.engine.views import SpaceView
from search.model import Bitmap, Ids, Vectors

EVERY: Final = 1_000
"""Of so many contents, or fewer, every one may be on the path."""
NEAR_THE_ARC: Final = 64
"""Of more, so many beside each place on the arc, at least, and `POOL` together."""
POOL: Final = 512
_ALIKE: Final = 1e-6

Angles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """What a path should do: lead from one unit vector (dim,) to another in so many steps."""

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    steps: int


@dataclass(frozen=True, slots=True)
class ContentPath:
    """The ``content_ids`` between two sounds (s - 1,), and how alike each step's two are: ``similarities`` (s,)."""

    content_ids: Ids
    similarities: NDArray[np.float64]


def on_the_arc(way: Way) -> Vectors:
    """(steps - 1, dim) the unit vectors that part the arc between both ends into so many equal steps."""
    one, other, steps = way.start.astype(np.float64), way.end.astype(np.float64), way.steps
    angle = float(np.arccos(np.clip(one @ other, -1.0, 1.0)))
    places = np.arange(1, steps)[:, np.newaxis] / steps
    if np.sin(angle) < _ALIKE:
        mixed = (1 - places) * one + places * other
    else:
        mixed = (np.sin((1 - places) * angle) * one + np.sin(places * angle) * other) / np.sin(angle)
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    unit: Vectors = (mixed / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def candidates(view: SpaceView, way: Way, among: Bitmap, every: Ids) -> Ids:
    """The contents that may be on a path, ascending: of ``every`` (n,) that passes, those near the arc."""
    if len(every) <= EVERY:
        return np.unique(every)
    depth = max(NEAR_THE_ARC, POOL // (way.steps - 1))
    rankings = rank_each(view, on_the_arc(way), depth, among)
    return np.intersect1d(np.concatenate([one.content_ids for one in rankings]), every)


def path(view: SpaceView, way: Way, content_ids: Ids) -> ContentPath:
    """The most even path through ``content_ids`` (n,); of fewer steps where there are fewer contents."""
    vectors = pooled(view, content_ids)
    sounding = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0)
    content_ids, vectors = content_ids[sounding], vectors[sounding]
    order = np.argsort(_places(vectors, way), kind="stable")
    content_ids = content_ids[order]
    nodes = np.concatenate([way.start[np.newaxis], vectors[order], way.end[np.newaxis]]).astype(np.float64)
    similarities = np.clip(nodes @ nodes.T, -1.0, 1.0)
    chain = evenest(np.arccos(similarities), min(way.steps, len(nodes) - 1))
    return ContentPath(content_ids[np.array(chain[1:-1], np.int64) - 1], similarities[chain[:-1], chain[1:]])


def evenest(angles: Angles, steps: int) -> list[int]:
    """The nodes of the path from the first to the last of (n, n) ``angles``, ever forward, in ``steps`` steps.

    Its largest step is as small as may be; of the paths of which that holds, the sum of squares is the least.
    """
    forward = np.where(np.triu(np.ones(angles.shape, np.bool_), 1), angles, np.inf)
    largest = np.full(len(angles), np.inf)
    largest[0] = 0.0
    for _ in range(steps):
        largest = np.maximum(largest[:, np.newaxis], forward).min(axis=0)
    squares = np.where(forward <= largest[-1] + _ALIKE, forward**2, np.inf)
    total = np.full(len(angles), np.inf)
    total[0] = 0.0
    before: list[NDArray[np.intp]] = []
    for _ in range(steps):
        sums = total[:, np.newaxis] + squares
        before.append(sums.argmin(axis=0))
        total = sums.min(axis=0)
    chain = [len(angles) - 1]
    for came_from in reversed(before):
        chain.append(int(came_from[chain[-1]]))
    return chain[::-1]


def nearest_to_arc(view: SpaceView, way: Way, content_ids: Ids) -> ContentPath:
    """The plain way to measure a path beside: at each place of the arc the nearest content that was not taken yet."""
    vectors = pooled(view, content_ids).astype(np.float64)
    taken: list[int] = []
    for target in on_the_arc(way):
        near = vectors @ target
        near[taken] = -np.inf
        taken.append(int(near.argmax()))
    return ContentPath(content_ids[taken], _along(vectors[taken], way))


def _along(vectors: NDArray[np.float64], way: Way) -> NDArray[np.float64]:
    nodes = np.concatenate([way.start[np.newaxis], vectors, way.end[np.newaxis]])
    return np.asarray((nodes[:-1] * nodes[1:]).sum(axis=1))


def _places(vectors: Vectors, way: Way) -> Angles:
    """(n,) how far along the way each is, from 0 to 1."""
    from_start, from_end = (np.arccos(np.clip(vectors.astype(np.float64) @ one, -1, 1)) for one in (way.start, way.end))
    return np.asarray(from_start / np.maximum(from_start + from_end, _ALIKE))
