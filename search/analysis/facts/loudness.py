"""Loudness by ITU-R BS.1770-5 and EBU Tech 3342, from the K-weighted energies of hops (`weighting`).

Results are within .01 LU of pyloudnorm with the same constants (`benchmarks.quality.facts`), in constant memory.
pyloudnorm needs SciPy and the whole sound, and its own filter deviates .1 LU from the standard's at 16 kHz.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from search.analysis.facts.frames import Numbers, quantile

_OFFSET: Final = -0.691
_ABSOLUTE: Final = -70.0
"""Blocks below this many LUFS do not count."""
_RELATIVE_LU: Final = -10.0
_RANGE_RELATIVE_LU: Final = -20.0
_RANGE_SHARES: Final = (0.1, 0.95)
_BLOCK_HOPS, _SHORT_TERM_HOPS, _STEP_HOPS = 8, 60, 2
"""In hops of 50 ms: blocks of 400 ms and of 3 s, and the distance of 100 ms from one block to the next."""
_AT_ONCE: Final = 1 << 15
"""Blocks per step: sums over all hops of a day would take 28 MB."""

_FRONT, _SIDE = 1.0, 1.41
_WEIGHTS: Final = {5: (_FRONT,) * 3 + (_SIDE,) * 2, 6: (_FRONT,) * 3 + (0.0,) + (_SIDE,) * 2}
"""The weights of L, R, C, (LFE,) Ls and Rs; channels of other layouts all have weight 1."""


def channel_weights(channels: int) -> Numbers:
    """The weight of each channel (channels,)."""
    return np.array(_WEIGHTS.get(channels, (_FRONT,) * channels))


def integrated(hops: Numbers, hop_s: float, duration_s: float) -> float | None:
    """The integrated loudness in LUFS, from the K-weighted energies of hops of ``hop_s``; None if below -70 LUFS."""
    if duration_s < _BLOCK_HOPS * hop_s:
        power = float(hops.sum()) / duration_s if duration_s else 0.0
        return _lufs(power) if power > _power(_ABSOLUTE) else None
    powers = _blocks(hops, hop_s, _BLOCK_HOPS, duration_s)
    loud = powers[powers > _power(_ABSOLUTE)]
    if not len(loud):
        return None
    return _lufs(float(loud[loud > _gate(loud, _RELATIVE_LU)].mean()))


def loudness_range(hops: Numbers, hop_s: float, duration_s: float) -> float | None:
    """The loudness range in LU; None if the sound is shorter than 3 s, or completely below -70 LUFS."""
    powers = _blocks(hops, hop_s, _SHORT_TERM_HOPS, duration_s)
    loud = powers[powers > _power(_ABSOLUTE)]
    if not len(loud):
        return None
    levels = 10 * np.log10(loud[loud > _gate(loud, _RANGE_RELATIVE_LU)])
    low, high = (float(quantile(levels, share)) for share in _RANGE_SHARES)
    return high - low


def _blocks(hops: Numbers, hop_s: float, length: int, duration_s: float) -> Numbers:
    """The mean power of every whole block of ``length`` hops, `_STEP_HOPS` apart."""
    count = int((duration_s / hop_s - length + 1e-6) // _STEP_HOPS) + 1
    if count < 1:
        return np.empty(0)
    powers = np.empty(count)
    for start in range(0, count, _AT_ONCE):
        first = np.arange(min(_AT_ONCE, count - start)) * _STEP_HOPS
        part = hops[start * _STEP_HOPS :][: first[-1] + length]
        sums = np.cumsum(np.concatenate(([0.0], part, np.zeros(length))))
        powers[start : start + len(first)] = np.maximum(sums[first + length] - sums[first], 0.0) / (length * hop_s)
    return powers


def _gate(powers: Numbers, relative_lu: float) -> float:
    """The power of a gate at ``relative_lu`` from the mean of ``powers``."""
    return float(powers.mean()) * 10 ** (relative_lu / 10)


def _lufs(power: float) -> float:
    return _OFFSET + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))
