"""Windows far under or over the usual level are brought to it; all others stay as they are, to the last bit.

A recorder with 32-bit float samples has no right level: what it wrote may lie 40 dB under full scale, or 30 dB over it.
A network that hears levels takes that for another sound (docs/decisions/0014-levels.md).
"""

from __future__ import annotations

import numpy as np

from search.audio.mixing import SILENCE
from search.model import Wave

QUIET_DB = -30.0
"""A window whose highest sample lies below this, in dB of full scale, is levelled."""

LOUD_DB = 6.0
"""So is one above this. What lies between full scale and here is clipped, as a player does: lossy decoders and
resampling overshoot."""

TARGET_DB = -6.0
"""Where the highest sample of a levelled window comes to lie: the median of recordings."""

SOFT_DB = -12.0
"""A question whose highest sample lies below this is asked at the usual level too (search.engine.asking)."""

_QUIET, _LOUD, _TARGET = (10.0 ** (level_db / 20.0) for level_db in (QUIET_DB, LOUD_DB, TARGET_DB))


def peak_of(samples: Wave) -> float:
    """The highest sample of ``samples`` (n,), n > 0, of either sign; full scale is 1."""
    return max(float(samples.max()), -float(samples.min()))


def gain_of_soft(peak: float) -> float:
    """What brings a sound to the usual level whose highest sample is ``peak``; 1 where it is none that is soft.

    Examples:
        >>> round(gain_of_soft(0.05), 1), gain_of_soft(0.5), gain_of_soft(0.0)
        (10.0, 1.0, 1.0)
    """
    return _TARGET / peak if SILENCE < peak < 10.0 ** (SOFT_DB / 20.0) else 1.0


def levelled(samples: Wave, peak: float) -> Wave:
    """``samples``, whose highest is ``peak``, at a usual level, in [-1, 1]; silence stays as it is.

    The array may be changed.

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
