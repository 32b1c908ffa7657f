"""Exact alignment of a hum with many places in tunes at once: dynamic time warping in a band, free of key.

Every candidate says where its hum starts in the tune and how fast it goes; its stretch of the tune is sampled at that
tempo, so the warping path stays near the diagonal and a band holds it. Steps are (1, 1), (1, 2) and (2, 1), the type
I of Sakoe & Chiba (1978): the tempo may halve or double locally, and a row needs only earlier rows, so that numpy
works on all candidates and the whole width of the band at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

STEP_PENALTY = 0.3
"""Cost of every step that is not diagonal (tuned)."""

SMALL_ERROR = 1.0
"""Semitones, up to which a note is out of tune; beyond it is a wrong one."""

LARGEST_ERROR = 2.5
"""Semitones; a wrong note costs no more than one that is out by this (tuned)."""

LARGEST_COST = SMALL_ERROR * (LARGEST_ERROR - SMALL_ERROR / 2)
"""What `costs` makes of it."""

IN_TUNE = 0.6
"""Semitones; notes that are out by more say less about the key (tuned)."""

NO_DRIFT = 1.0
"""A key drifts as if the whole hum had been heard so many times more without a drift (tuned)."""


@dataclass(frozen=True, slots=True, eq=False)
class TuneAlignment:
    """For every candidate: ``cost`` (c,) the mean of `costs` over the frames, ``path`` (c, m) the stretch's frame at
    each frame of the hum, ``shift`` (c,) the hum's key less the stretch's, in semitones.
    """

    cost: Matrix
    path: NDArray[np.int32]
    shift: Matrix


def costs(difference: Matrix) -> Matrix:
    """What being out by ``difference`` semitones (any shape) costs: half its square up to `SMALL_ERROR`, then growing
    evenly up to `LARGEST_ERROR` (Huber 1964). People are a little out of tune nearly always, which says little.
    """
    size = np.minimum(np.abs(difference), np.float32(LARGEST_ERROR))
    small = np.minimum(size, np.float32(SMALL_ERROR))
    cost: Matrix = small * (size - small * np.float32(0.5))
    return cost


def align(hum: Matrix, stretches: Matrix, shift: Matrix, octaves: Matrix, passes: int = 2) -> TuneAlignment:
    """Align ``hum`` (m,) with ``stretches`` (c, m + band - 1), both in semitones, starting at any place of the band.

    ``shift`` (c,) is a first guess of the hum's key less the stretch's; every pass corrects it along the path just
    found. ``octaves`` (c, m) or (1, m) says by how much more the hum is out where its voice left the octave.
    """
    key = shift[:, None] + octaves
    cost, path = _warp(hum, stretches, key)
    for _ in range(passes - 1):
        key = _key(hum - octaves - np.take_along_axis(stretches, path, axis=1)) + octaves
        cost, path = _warp(hum, stretches, key)
    return TuneAlignment(cost, path, (key - octaves).mean(axis=1))


def _key(difference: Matrix) -> Matrix:
    """(c, m): the hum's key less the tune's, as it drifts: a line through their ``difference`` (c, m) that wrong notes
    hardly move (two steps of weighted least squares from the median on).
    """
    length = difference.shape[1]
    at = ((np.arange(length) - (length - 1) / 2) / length).astype(np.float32)
    key = np.broadcast_to(np.median(difference, axis=1)[:, None], difference.shape).astype(np.float32)
    for _ in range(2):
        out = difference - key
        weight = 1 / np.maximum(1, np.abs(out) / np.float32(IN_TUNE)) ** 2
        middle = (weight * out).sum(axis=1) / weight.sum(axis=1)
        slope = (weight * (out - middle[:, None])) @ at / (weight @ at**2 + np.float32(NO_DRIFT * length / 12))
        key = key + middle[:, None] + slope[:, None] * at
    return key


def _warp(hum: Matrix, stretches: Matrix, key: Matrix) -> tuple[Matrix, NDArray[np.int32]]:
    """One pass of dynamic time warping: costs (c,) and paths (c, m). Column b of row i is frame i + b of the
    stretch.
    """
    count, length = stretches.shape
    rows, band = len(hum), length - len(hum) + 1
    target = hum[:, None] - key.T
    local = np.empty((rows, count, band), np.float32)
    for i in range(rows):
        local[i] = costs(stretches[:, i : i + band] - target[i][:, None])
    total = np.full((rows, count, band + 2), np.inf, np.float32)  # a column of infinity on either side
    step = np.zeros((rows, count, band), np.int8)
    total[0, :, 1:-1] = local[0]
    for i in range(1, rows):
        best = total[i - 1, :, 1:-1].copy()
        skip = total[i - 1, :, :-2] + STEP_PENALTY  # the tune moves two frames, the hum one
        better = skip < best
        np.copyto(best, skip, where=better)
        step[i][better] = 1
        if i > 1:
            hold = total[i - 2, :, 2:] + local[i - 1] + STEP_PENALTY  # the hum moves two frames, the tune one
            better = hold < best
            np.copyto(best, hold, where=better)
            step[i][better] = 2
        np.add(best, local[i], out=total[i, :, 1:-1])
    last = total[-1, :, 1:-1]
    column = last.argmin(axis=1)
    cost = last[np.arange(count), column] / rows
    return cost, _trace(step, column)


def _trace(step: NDArray[np.int8], column: NDArray[np.int64]) -> NDArray[np.int32]:
    """Walk back from the best last ``column`` (c,) of every candidate; the frame of the stretch at every row (c, m)."""
    rows, count, _ = step.shape
    path = np.empty((count, rows), np.int32)
    everyone = np.arange(count)
    column = column.copy()
    pending = np.zeros(count, bool)  # in the middle of a step of two rows
    for i in range(rows - 1, -1, -1):
        path[:, i] = i + column
        taken = np.where(pending, 0, step[i, everyone, column])
        holding = (taken == 2) | pending
        # (2, 1): frame i - 1 of the hum was charged in this row's column, the row before that stands one column right
        column = column - (taken == 1) + pending
        pending = holding & ~pending
    return path
