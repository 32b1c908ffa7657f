"""Octave jumps: where a hum goes up or down by twelve semitones, and perhaps back, compared with the tune.

For each point of a hum there are errors in its own octave, the one below and the one above. The cheapest path through
them, with a cost for each jump, is found for all places at once by dynamic programming.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.alignment import costs

Matrix = NDArray[np.float32]

OCTAVES: Final = np.array([0.0, -12.0, 12.0], np.float32)
JUMP_S: Final = 0.6
"""The cost of a jump, in semitones times seconds, spread over the length of the hum (tuned)."""


def errors(difference: Matrix) -> Matrix:
    """The costs (3, c, points) in each of `OCTAVES` of the ``difference`` (c, points) of hum and tune."""
    return costs(difference[None] - OCTAVES[:, None, None])


def least_cost(errors: Matrix, jump: float) -> Matrix:
    """The mean error (c,) along the cheapest path through ``errors`` (3, c, points); each jump costs ``jump``."""
    points = errors.shape[2]
    total = errors[:, :, 0].copy()
    for point in range(1, points):
        np.minimum(total, total.min(axis=0) + np.float32(jump * points), out=total)
        total += errors[:, :, point]
    cost: Matrix = total.min(axis=0) / np.float32(points)
    return cost


def path(errors: Matrix, jump: float) -> Matrix:
    """The octaves along the cheapest path, in semitones (c, points)."""
    states, count, points = errors.shape
    own = np.arange(states, dtype=np.int8)[:, None]
    before = np.zeros((points, states, count), np.int8)
    total = errors[:, :, 0].copy()
    for point in range(1, points):
        jumped = total.min(axis=0) + np.float32(jump * points)
        stays = total <= jumped
        before[point] = np.where(stays, own, total.argmin(axis=0)[None])
        total = np.where(stays, total, jumped) + errors[:, :, point]
    state = total.argmin(axis=0)
    octaves = np.empty((count, points), np.float32)
    for point in range(points - 1, -1, -1):
        octaves[:, point] = OCTAVES[state]
        state = before[point][state, np.arange(count)]
    return octaves
