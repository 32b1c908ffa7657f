"""Windows of tunes compared only as far as a short hum reaches.

A hum of three seconds that is slower than its tune fills half of a window. Whole windows would be compared with an end
that nobody hummed, which no vector index can leave out. So the beginnings of all windows are read, a part at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.contours import WINDOW_POINTS, HumWindows, pitches_of
from search.model import Bitmap, Ids
from search.ports import VectorIndex

FEWEST_POINTS: Final = 12
"""Of a window of which a hum fills less than this half nothing is to be learnt (tuned)."""

FILLED_POINTS: Final = WINDOW_POINTS - 1
"""A window that hangs over by one is as good as whole."""

_PART: Final = 1 << 16
"""Windows that are read at once: 6 MB of them."""
_SAMPLE: Final = 32
"""So many of the closest in a sample say how close the closest of all are, to within a fifth of their number."""

Pitches = NDArray[np.float32]


def closest(index: VectorIndex, hum: HumWindows, k: int, among: Bitmap | None = None) -> tuple[Ids, Ids]:
    """The ``k`` closest windows of tunes for each of a short ``hum``'s: which of the hum's (n,), and their ids (n,).

    Those that the hum fills are found by ``index``; of the others' closest there may be some more or less than ``k``.
    """
    found = [_whole(index, hum, k, among), *_begun(index, hum, k, among)]
    return np.concatenate([which for which, _ in found]), np.concatenate([ids for _, ids in found])


def distances(beginnings: Pitches, windows: Pitches) -> Pitches:
    """(q, n): how far ``beginnings`` (q, p), in semitones, are from those of ``windows`` (n, `WINDOW_POINTS`) in any
    key: the sum of squares, less what is the same for all windows.
    """
    points = beginnings.shape[1]
    tunes = windows[:, :points]
    own = beginnings - beginnings.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", tunes, tunes) - tunes.sum(axis=1) ** 2 / points
    far: Pitches = own @ (-2 * tunes.T) + spread
    return far


def _whole(index: VectorIndex, hum: HumWindows, k: int, among: Bitmap | None) -> tuple[Ids, Ids]:
    rows = np.flatnonzero(hum.points >= FILLED_POINTS)
    if not len(rows):
        return rows, rows
    _, ids = index.search(hum.vectors[rows], k, among)
    return np.repeat(rows, ids.shape[1]), ids.ravel()


def _begun(index: VectorIndex, hum: HumWindows, k: int, among: Bitmap | None) -> Iterator[tuple[Ids, Ids]]:
    groups = [np.flatnonzero(hum.points == points) for points in range(FEWEST_POINTS, FILLED_POINTS)]
    begun = [(rows, pitches_of(hum.vectors[rows])[:, : hum.points[rows[0]]]) for rows in groups if len(rows)]
    tunes = _ids(index, among)
    step = max(1, k // _SAMPLE)
    sample = pitches_of(index.vectors(tunes[::step]))
    limits = [_limits(distances(beginnings, sample), k // step) for _, beginnings in begun]
    for part in np.array_split(tunes, len(tunes) // _PART + 1):
        windows = pitches_of(index.vectors(part))
        for (rows, beginnings), limit in zip(begun, limits, strict=True):
            which, place = np.nonzero(distances(beginnings, windows) <= limit)
            yield rows[which], part[place]


def _limits(sample: Pitches, k: int) -> Pitches:
    """(q, 1): how far the last of the ``k`` closest in a ``sample`` of distances (q, n) is."""
    if sample.shape[1] <= k:
        return np.full((len(sample), 1), np.inf, np.float32)
    return np.partition(sample, k, axis=1)[:, k : k + 1]


def _ids(index: VectorIndex, among: Bitmap | None) -> Ids:
    """The windows that may be found, ascending."""
    ids = index.ids()
    if among is None:
        return ids
    passing = np.flatnonzero(np.unpackbits(among, bitorder="little"))
    return np.intersect1d(ids, passing, assume_unique=True)
