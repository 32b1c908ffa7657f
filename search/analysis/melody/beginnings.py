"""Comparing windows of tunes only as far as a short hum reaches.

A hum of three seconds at half the tune's tempo fills half of a window. A vector index always compares whole windows, so
it would include an end that nobody hummed. So the beginnings of all windows are scanned instead, part by part.
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
"""A window that the hum fills with fewer points than this (half of it) is ignored: it says nothing (tuned)."""

FILLED_POINTS: Final = WINDOW_POINTS - 1
"""A window that lacks one point counts as whole."""

_PART: Final = 1 << 16
"""Windows that are read at once: 6 MB."""
_SAMPLE: Final = 32
"""A distance limit is estimated from this many of the closest windows in a sample; then the number of windows found is
right to within a fifth."""

Pitches = NDArray[np.float32]


def closest(index: VectorIndex, hum: HumWindows, k: int, among: Bitmap | None = None) -> tuple[Ids, Ids]:
    """The ``k`` closest windows of tunes for each window of a short ``hum``: the hum's window (n,), and the ids (n,).

    For windows that the hum fills, ``index`` finds them; for the others there may be some more or fewer than ``k``.
    """
    found = [_whole(index, hum, k, among), *_begun(index, hum, k, among)]
    return np.concatenate([which for which, _ in found]), np.concatenate([ids for _, ids in found])


def distances(beginnings: Pitches, windows: Pitches) -> Pitches:
    """The distances (q, n) of ``beginnings`` (q, p), in semitones, from those of ``windows`` (n, `WINDOW_POINTS`).

    They are sums of squares in the best key, minus the part that is the same for all windows.
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
    """The distance (q, 1) up to which there are ``k`` in a ``sample`` of distances (q, n)."""
    if sample.shape[1] <= k:
        return np.full((len(sample), 1), np.inf, np.float32)
    return np.partition(sample, k, axis=1)[:, k : k + 1]


def _ids(index: VectorIndex, among: Bitmap | None) -> Ids:
    """The ids of the allowed windows, ascending."""
    ids = index.ids()
    if among is None:
        return ids
    passing = np.flatnonzero(np.unpackbits(among, bitorder="little"))
    return np.intersect1d(ids, passing, assume_unique=True)
