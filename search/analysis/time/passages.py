"""Finding where in a recording a match begins and ends, and matches that follow one another.

Vectors of a space are centred, so that unrelated sounds score about 0. So a passage lasts as long as its frames score
at least a share of its best frame's score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHARE_OF_PEAK: Final = 0.3
"""A passage begins and ends where its frames score this share of its best frame; chosen on training data."""
SHARE_OF_BEST: Final = 0.5
"""The least score of a passage, as a share of the best in the recording."""
PAUSE_FRAMES: Final = 3
"""A longer pause (a second) separates two passages."""
EDGE_FRAMES: Final = 0.5
"""A passage begins this many frames after its first frame, which only partly contains it, and ends as many after its
last."""
MOST: Final = 50
"""The most passages of one stretch of a recording."""

Line = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage from ``start_s`` to ``end_s`` of a recording.

    ``score`` is of the same kind as the scores of frames: a cosine, or a probability. Higher is better.
    """

    start_s: float
    end_s: float
    score: float


def passages(at_s: Line, frames: Line, windows: Line, frame_s: float, end_s: float) -> list[Passage]:
    """The passages of a stretch, best first.

    ``at_s`` (n,) are the times of frames, ascending; ``frames`` (n,) are their similarities to the query, and
    ``windows`` (n,) those of the windows around them. Windows locate a match, frames give its start and end. No passage
    extends beyond ``end_s``. Passages that score 0 or less are left out.
    """
    both = (frames + windows) / 2
    if not len(both) or both.max() <= 0:
        return []
    least, free = SHARE_OF_BEST * float(both.max()), np.ones(len(both), np.bool_)
    speaks = frames >= max(SHARE_OF_PEAK * float(frames.max()), 0.0)
    found: list[Passage] = []
    while len(found) < MOST:
        peak = int(np.argmax(np.where(free & speaks, both, -np.inf)))
        if not (free & speaks)[peak] or both[peak] < least:
            break
        first, last = _stretch(frames, peak, free)
        free[max(first - PAUSE_FRAMES, 0) : last + PAUSE_FRAMES + 1] = False
        until_s = min(float(at_s[last]) + EDGE_FRAMES * frame_s, end_s)
        from_s = float(at_s[first]) + (EDGE_FRAMES * frame_s if first else 0.0)
        found.append(Passage(max(min(from_s, until_s - frame_s), 0.0), until_s, float(both[peak])))
    return found


def followed(first: Sequence[Passage], second: Sequence[Passage], gap_s: float) -> list[Passage]:
    """Combine each of ``first`` with those of ``second`` that begin at most ``gap_s`` after its end.

    If two overlap, the second must begin later, and its middle must be after the end of the first. The score is the
    geometric mean, so that two likely passages beat a sure one with an unlikely one.
    """
    return [
        Passage(one.start_s, other.end_s, math.sqrt(max(one.score, 0.0) * max(other.score, 0.0)))
        for one in first
        for other in second
        if one.start_s < other.start_s <= one.end_s + gap_s and (other.start_s + other.end_s) / 2 >= one.end_s
    ]


def _stretch(frames: Line, peak: int, free: NDArray[np.bool_]) -> tuple[int, int]:
    """The first and last frame of the passage around ``peak``."""
    likely = (frames >= SHARE_OF_PEAK * float(frames[peak])) & free
    near = np.flatnonzero(likely)
    place = int(np.searchsorted(near, peak))
    parted = np.flatnonzero(np.diff(near) > PAUSE_FRAMES)
    begin = int(parted[parted < place].max()) + 1 if (parted < place).any() else 0
    end = int(parted[parted >= place].min()) if (parted >= place).any() else len(near) - 1
    return int(near[begin]), int(near[end])
