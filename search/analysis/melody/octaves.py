"""A voice that leaves its octave: where a hum went up or down by twelve semitones, and perhaps back, told by the tune.

Of each point of a hum it is known how far it is from the tune in its own octave, in the one below and in the one above;
the cheapest way through these, with a cost for each jump, is found for all places at once (dynamic programming).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.alignment import costs

Matrix = NDArray[np.float32]

OCTAVES: Final = np.array([0.0, -12.0, 12.0], np.float32)
JUMP_S: Final = 0.6
"""What a jump costs, in semitones for so many seconds: that much, spread over the hum (tuned)."""


def errors(difference: Matrix) -> Matrix:
    """(3, c, points): what hums cost beside tunes in each of `OCTAVES`, by their ``difference`` (c, points)."""
    return costs(difference[None] - OCTAVES[:, None, None])


def least_cost(errors: Matrix, jump: float) -> Matrix:
    """(c,): the mean error along the cheapest way through ``errors`` (3, c, points); each jump costs ``jump``."""
    points = errors.shape[2]
    total = errors[:, :, 0].copy()
    for point in range(1, points):
        np.minimum(total, total.min(axis=0) + np.float32(jump * points), out=total)
        total += errors[:, :, point]
    cost: Matrix = total.min(axis=0) / np.float32(points)
    return cost


def path(errors: Matrix, jump: float) -> Matrix:
    """(c, points): the octaves along that way, in semitones."""
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
