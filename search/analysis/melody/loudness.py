"""The level of a recording over time, to separate the lead from the accompaniment, which is softer.

When the lead pauses, a pitch tracker follows the accompaniment. These frames harm the tune more than wrong frames
during the lead. The recording is softer in these pauses, by as much as the lead is louder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import PitchCurve
from search.analysis.melody.pitch import HOP_S, SAMPLE_RATE_HZ, without_islands
from search.model import Wave

WITHIN_DB = 8.0
"""Frames that are softer than the loud moments around them by more than this do not belong to the lead (tuned)."""

EDGE_FRAMES = 4
"""Frames (64 ms) at each end of a loud stretch, in which the tracker mixes lead and accompaniment (tuned)."""

AROUND_S = 20.0
LOUD_PERCENTILE = 90.0
"""The level of loud moments around a frame is this percentile of the levels within 20 s."""

_HOP = round(HOP_S * SAMPLE_RATE_HZ)
_FRAMES = 3
"""A frame's level is the mean over this many frames (48 ms); a period of the lowest pitch takes 15 ms."""


class Loudness:
    """Measures blocks on their way to the pitch tracker, and keeps one level for each of its hops.

    >>> loudness = Loudness()
    >>> quiet, loud = np.full(3_200, 0.01, np.float32), np.full(3_200, 0.1, np.float32)
    >>> sum(len(block) for block in loudness.listen([quiet, loud]))
    6400
    >>> loudness.levels_db(25).round().astype(int)[[5, 20]].tolist()
    [-40, -20]
    """

    def __init__(self) -> None:
        self._powers: list[NDArray[np.float64]] = []
        self._left = np.empty(0, np.float32)

    def listen(self, blocks: Iterable[Wave]) -> Iterator[Wave]:
        """Yield the blocks (samples,), at the tracker's sample rate, unchanged."""
        for block in blocks:
            waiting = np.concatenate([self._left, block])
            hops = len(waiting) // _HOP
            self._powers.append(
                np.mean(np.square(waiting[: hops * _HOP].reshape(hops, _HOP), dtype=np.float64), axis=1)
            )
            self._left = waiting[hops * _HOP :]
            yield block

    def levels_db(self, frames: int) -> NDArray[np.float64]:
        """The level of each of the tracker's ``frames`` (frames,), in dB of full scale; -120 for silence."""
        power = np.concatenate([np.empty(0), *self._powers])[:frames]
        power = np.pad(power, (0, frames - len(power)))
        smooth = np.convolve(power, np.full(_FRAMES, 1 / _FRAMES), "same")[:frames] if frames else power
        return np.asarray(10 * np.log10(smooth + 1e-12), np.float64)


def lead_of(curve: PitchCurve, levels_db: NDArray[np.float64]) -> PitchCurve:
    """The curve without frames too soft for the lead: those `WITHIN_DB` below the loud moments around them.

    ``levels_db`` (n,) is the level of each frame. Frames within `EDGE_FRAMES` of a soft one are removed as well,
    because a frame's pitch depends on its surroundings, and a contour holds the last pitch through a rest.
    """
    frames = len(curve.pitch)
    if not frames:
        return curve
    soft = levels_db < _loud_db(levels_db) - WITHIN_DB
    near = np.convolve(soft, np.ones(2 * EDGE_FRAMES + 1, np.int64))[EDGE_FRAMES : EDGE_FRAMES + frames] > 0
    kept = without_islands(~near & np.isfinite(curve.pitch))
    return PitchCurve(np.where(kept, curve.pitch, np.nan).astype(np.float32), curve.hop_s)


def _loud_db(levels_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """The level (n,) of the loud moments around each frame. It varies: songs fade, and long recordings hold several."""
    frames, around, step = len(levels_db), round(AROUND_S / HOP_S), round(AROUND_S / 4 / HOP_S)
    if frames <= around:
        return np.full(frames, np.percentile(levels_db, LOUD_PERCENTILE))
    starts = np.append(np.arange(0, frames - around, step), frames - around)
    loud = [np.percentile(levels_db[start : start + around], LOUD_PERCENTILE) for start in starts]
    return np.interp(np.arange(frames), starts + around / 2, loud)
