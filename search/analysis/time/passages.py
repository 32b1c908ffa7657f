"""Where in a recording that which is asked for begins and ends, and in which order or company it comes.

Vectors of a space are centred, so that what has nothing to do with a question scores about 0: a passage lasts as long
as its frames score a share of what its best frame does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHARE_OF_PEAK: Final = 0.3
"""A passage begins and ends where its frames score so much of its best one; chosen on learning material."""
SHARE_OF_BEST: Final = 0.5
"""A passage of a recording is none where it scores less than so much of the recording's best."""
PAUSE_FRAMES: Final = 3
"""A longer pause parts two passages: a second."""
EDGE_FRAMES: Final = 0.5
"""It begins so many frames after its first, which has a part of it only, and ends so many after its last."""
MOST: Final = 50
"""Passages of one stretch of a recording."""

Line = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Passage:
    """From ``start_s`` to ``end_s`` of a recording; ``score`` is what frames were given with: a cosine, or how likely
    it is that what is asked for is there. Higher is better.
    """

    start_s: float
    end_s: float
    score: float


def passages(at_s: Line, frames: Line, windows: Line, frame_s: float, end_s: float) -> list[Passage]:
    """The passages of a stretch, best first.

    ``at_s`` (n,) is when each frame is, ascending; ``frames`` (n,) how near it is to what is asked for, ``windows``
    (n,) how near the windows around it are. The windows say where something is, the frames from when to when.
    No passage lasts beyond ``end_s``. What scores 0 or less is none.
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
    """One of ``first``, then one of ``second`` that begins ``gap_s`` after its end at most: from the one to the other.

    Two that overlap follow each other where the second begins later, and its middle lies behind the first. The score is
    the geometric mean: one that is sure and one that is not are less than two that are likely.
    """
    return [
        Passage(one.start_s, other.end_s, math.sqrt(max(one.score, 0.0) * max(other.score, 0.0)))
        for one in first
        for other in second
        if one.start_s < other.start_s <= one.end_s + gap_s and (other.start_s + other.end_s) / 2 >= one.end_s
    ]


def _stretch(frames: Line, peak: int, free: NDArray[np.bool_]) -> tuple[int, int]:
    """The first and the last frame of the passage around ``peak``."""
    likely = (frames >= SHARE_OF_PEAK * float(frames[peak])) & free
    near = np.flatnonzero(likely)
    place = int(np.searchsorted(near, peak))
    parted = np.flatnonzero(np.diff(near) > PAUSE_FRAMES)
    begin = int(parted[parted < place].max()) + 1 if (parted < place).any() else 0
    end = int(parted[parted >= place].min()) if (parted >= place).any() else len(near) - 1
    return int(near[begin]), int(near[end])
