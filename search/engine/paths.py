"""A path between two sounds: contents of a space that lead from one to the other in even steps.

Candidates are near the arc between both vectors. The position of a sound on the way is its angle from the start,
divided by the sum of its angles from the start and the end. A path only goes forward, so no sound comes twice. Of all
paths with the requested steps, the chosen one has the smallest largest step, and among these the least sum of squares.
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
"""Up to this many contents, every one is a candidate."""
NEAR_THE_ARC: Final = 64
"""Beyond that, the least candidates for each point of the arc; there are about `POOL` in all."""
POOL: Final = 512
_ALIKE: Final = 1e-6

Angles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """The requested path: from one unit vector (dim,) to another in ``steps`` steps."""

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    steps: int


@dataclass(frozen=True, slots=True)
class ContentPath:
    """The ``content_ids`` (s - 1,) between two sounds, and the ``similarities`` (s,) of the steps."""

    content_ids: Ids
    similarities: NDArray[np.float64]


def on_the_arc(way: Way) -> Vectors:
    """Return (steps - 1, dim) the unit vectors that divide the arc between both ends into equal steps."""
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
    """Return the contents that may be on a path, ascending: those of ``every`` (n,) that are near the arc."""
    if len(every) <= EVERY:
        return np.unique(every)
    depth = max(NEAR_THE_ARC, POOL // (way.steps - 1))
    rankings = rank_each(view, on_the_arc(way), depth, among)
    return np.intersect1d(np.concatenate([one.content_ids for one in rankings]), every)


def path(view: SpaceView, way: Way, content_ids: Ids) -> ContentPath:
    """Return the most even path through ``content_ids`` (n,); with fewer steps if there are fewer contents."""
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
    """Return the nodes of the forward path from the first to the last row of ``angles`` (n, n) in ``steps`` steps.

    Its largest step is as small as possible. Among such paths it has the least sum of squares.
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
    """Return a baseline path for measurements: at each point of the arc, the nearest content that is not used yet."""
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
    """Return (n,) the position of each on the way, from 0 to 1."""
    from_start, from_end = (np.arccos(np.clip(vectors.astype(np.float64) @ one, -1, 1)) for one in (way.start, way.end))
    return np.asarray(from_start / np.maximum(from_start + from_end, _ALIKE))
