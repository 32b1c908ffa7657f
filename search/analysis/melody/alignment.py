"""Exact alignment of a hum with many places in tunes at once: dynamic time warping in a band, in any key.

Every candidate gives the start and the tempo of the hum in the tune. Its stretch of the tune is sampled at that tempo,
so the warping path stays near the diagonal, within a band. Steps are (1, 1), (1, 2) and (2, 1), type I of Sakoe & Chiba
(1978): the tempo may halve or double locally. A row depends only on earlier rows, so numpy processes all candidates and
the whole width of the band at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

STEP_PENALTY = 0.3
"""The cost of every step that is not diagonal (tuned)."""

SMALL_ERROR = 1.0
"""In semitones: up to this a note is out of tune; beyond it is wrong."""

LARGEST_ERROR = 2.5
"""In semitones: larger errors cost no more than this one (tuned)."""

LARGEST_COST = SMALL_ERROR * (LARGEST_ERROR - SMALL_ERROR / 2)
"""The cost of `LARGEST_ERROR` (see `costs`)."""

IN_TUNE = 0.6
"""In semitones: notes with larger errors have less weight in estimating the key (tuned)."""

NO_DRIFT = 1.0
"""The weight of the prior that the key does not drift, in units of the whole hum (tuned)."""


@dataclass(frozen=True, slots=True, eq=False)
class TuneAlignment:
    """The alignment of every candidate.

    ``cost`` (c,) is the mean of `costs` over the frames, ``path`` (c, m) the stretch's frame at each frame of the hum,
    and ``shift`` (c,) the hum's key minus the stretch's, in semitones.
    """

    cost: Matrix
    path: NDArray[np.int32]
    shift: Matrix


def costs(difference: Matrix) -> Matrix:
    """The cost of errors of ``difference`` semitones (any shape): quadratic, then linear, then constant (Huber 1964).

    It is half the square up to `SMALL_ERROR`, then grows linearly up to `LARGEST_ERROR`. People are nearly always a
    little out of tune, so small errors mean little.
    """
    size = np.minimum(np.abs(difference), np.float32(LARGEST_ERROR))
    small = np.minimum(size, np.float32(SMALL_ERROR))
    cost: Matrix = small * (size - small * np.float32(0.5))
    return cost


def align(hum: Matrix, stretches: Matrix, shift: Matrix, octaves: Matrix, passes: int = 2) -> TuneAlignment:
    """Align ``hum`` (m,) with ``stretches`` (c, m + band - 1), both in semitones, starting anywhere in the band.

    ``shift`` (c,) is a first guess of the hum's key minus the stretch's; every pass corrects it along the path just
    found. ``octaves``, (c, m) or (1, m), are additional semitones where the voice jumped by an octave.
    """
    key = shift[:, None] + octaves
    cost, path = _warp(hum, stretches, key)
    for _ in range(passes - 1):
        key = _key(hum - octaves - np.take_along_axis(stretches, path, axis=1)) + octaves
        cost, path = _warp(hum, stretches, key)
    return TuneAlignment(cost, path, (key - octaves).mean(axis=1))


def _key(difference: Matrix) -> Matrix:
    """The hum's key minus the tune's over time (c, m), since it may drift: a robust line through ``difference`` (c, m).

    It takes two steps of weighted least squares, starting from the median, so that wrong notes have little influence.
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
    """One pass of dynamic time warping: costs (c,) and paths (c, m).

    Column b of row i is frame i + b of the stretch.
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
    """Trace back from the best last ``column`` (c,) of every candidate: the stretch's frame at every row (c, m)."""
    rows, count, _ = step.shape
    path = np.empty((count, rows), np.int32)
    everyone = np.arange(count)
    column = column.copy()
    pending = np.zeros(count, bool)  # in the middle of a step of two rows
    for i in range(rows - 1, -1, -1):
        path[:, i] = i + column
        taken = np.where(pending, 0, step[i, everyone, column])
        holding = (taken == 2) | pending
        # (2, 1): frame i - 1 of the hum was charged in this row's column; the row before that is one column right
        column = column - (taken == 1) + pending
        pending = holding & ~pending
    return path
