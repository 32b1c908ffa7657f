"""Estimate the steady background noise of a sound: what a street, a fan or a tape adds to all of it.

In each frequency band, the level of the quietest tenth of the frames estimates the noise, which is then subtracted from
every frame (minimum statistics, R. Martin, Noise Power Spectral Density Estimation Based on Optimal Smoothing and
Minimum Statistics, 2001, with a quantile in place of the minimum).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Wave

_FRAME_S: Final = 0.032
_OVERLAP: Final = 4
_QUIETEST: Final = 0.1
_BIAS: Final = 1.3
"""Ratio of the mean to the quietest tenth, for steady noise that is smoothed over `_LONG` frames."""
_LONG, _SHORT, _BANDS = 8, 1, 6
"""Half widths of running means: in frames for the noise, in frames for the sound, and in bins."""
_TAKEN_OUT: Final = 2.0
_LEAST_GAIN: Final = 0.1


def steady_noise(wave: Wave, rate_hz: int) -> tuple[Wave, float]:
    """Return the steady noise (n,) in a sound (n,) at ``rate_hz``, and its share of the energy, 0 to 1.

    A sound that is itself steady (rain, a hum) counts as noise.
    """
    size = _OVERLAP * round(_FRAME_S * rate_hz / _OVERLAP)
    window = np.sqrt(np.hanning(size + 1)[:size]).astype(np.float32)
    hop = size // _OVERLAP
    padded = np.pad(wave, (size, size + hop))
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window, axis=1)
    power = np.square(np.abs(spectra))
    smooth = _running_mean(power, _LONG)
    place = int(_QUIETEST * (len(smooth) - 1))
    quiet = np.partition(smooth, place, axis=0)[place]
    noise = _BIAS * _running_mean(quiet[:, np.newaxis], _BANDS)[:, 0]
    kept = 1 - _TAKEN_OUT * noise / np.maximum(_running_mean(power, _SHORT), 1e-20)
    taken = 1 - np.sqrt(np.maximum(kept, _LEAST_GAIN**2))
    frames = np.fft.irfft(spectra * taken, size, axis=1) * window
    added = np.zeros((len(frames) + _OVERLAP - 1) * hop)
    for part in range(_OVERLAP):
        added[part * hop : (part + len(frames)) * hop] += frames[:, part * hop : (part + 1) * hop].ravel()
    share = min(float(noise.sum()) * len(power) / max(float(power.sum()), 1e-20), 1.0)
    return np.asarray(added[size : size + len(wave)] / (_OVERLAP / 2), np.float32), share


def _running_mean(values: NDArray[np.floating], reach: int) -> NDArray[np.float64]:
    """Means of each row with ``reach`` rows before and after it; the first and last rows repeat beyond the ends."""
    sums = np.cumsum(np.pad(values, ((reach + 1, reach), (0, 0)), mode="edge"), axis=0, dtype=np.float64)
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1))
