"""Bring very quiet and very loud windows to a usual level; all others stay unchanged, to the last bit.

A recorder with 32-bit float samples has no fixed level: its files may peak 40 dB below full scale, or 30 dB above. A
network that is sensitive to level takes that for another sound (docs/decisions/0014-levels.md).
"""

from __future__ import annotations

import numpy as np

from search.audio.mixing import SILENCE
from search.model import Wave

QUIET_DB = -30.0
"""A window with a peak below this, in dB of full scale, is levelled."""

LOUD_DB = 6.0
"""So is a window with a peak above this. Peaks between full scale and this are clipped, as by a player: lossy decoders
and resampling overshoot."""

TARGET_DB = -6.0
"""The peak of a levelled window: the median of recordings."""

SOFT_DB = -12.0
"""A query sound with a peak below this is also searched at the usual level (search.engine.asking)."""

_QUIET, _LOUD, _TARGET = (10.0 ** (level_db / 20.0) for level_db in (QUIET_DB, LOUD_DB, TARGET_DB))


def peak_of(samples: Wave) -> float:
    """The peak of ``samples`` (n,), n > 0, of either sign; full scale is 1."""
    return max(float(samples.max()), -float(samples.min()))


def gain_of_soft(peak: float) -> float:
    """The gain that brings a soft sound with this ``peak`` to the usual level; 1 if it is not soft, or silent.

    Examples:
        >>> round(gain_of_soft(0.05), 1), gain_of_soft(0.5), gain_of_soft(0.0)
        (10.0, 1.0, 1.0)
    """
    return _TARGET / peak if SILENCE < peak < 10.0 ** (SOFT_DB / 20.0) else 1.0


def levelled(samples: Wave, peak: float) -> Wave:
    """``samples`` with this ``peak`` at a usual level, in [-1, 1]; silence stays as it is.

    May change the array in place.

    Examples:
        >>> quiet = np.array([0.001, -0.002], np.float32)
        >>> float(np.abs(levelled(quiet, peak_of(quiet))).max().round(3))
        0.501
    """
    if SILENCE < peak < _QUIET or peak > _LOUD:
        samples /= np.float32(peak)
        samples *= np.float32(_TARGET)
        return samples
    return np.clip(samples, -1.0, 1.0, out=samples) if peak > 1.0 else samples
