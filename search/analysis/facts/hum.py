"""Mains hum: constant spectral lines at 50 or 60 Hz and their multiples, equally loud in soft and in loud moments.

A band of some hertz around each line is isolated, and soft moments of it get more weight: other sounds come and go, and
when they pause, only the line remains. The weighted spectrum shows how far the line stands out of its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Samples, quantile
from search.analysis.facts.mix import RATE_HZ

if TYPE_CHECKING:
    from soxr import ResampleStream

_SLOWER: Final = 8
"""The lines are below 500 Hz, so an eighth of the mix's sample rate is enough."""
_RATE_HZ: Final = RATE_HZ / _SLOWER
_SHORTEST_S, _LONGEST_S = 2.9, 12.0
"""The shortest and longest sound for one spectrum: the longer, the narrower are constant lines, and the further they
stand out."""
_SIZE: Final = 1 << 15
_BIN_HZ: Final = _RATE_HZ / _SIZE
_BESIDE: Final = 1024
"""Bins that are examined around a line: 43 Hz."""
_BESIDE_RATE_HZ: Final = _BESIDE * _BIN_HZ
_WHOLE_HZ, _NONE_HZ = 14.0, 16.0
"""The band around a line: fully included up to the first distance, excluded beyond the second."""
_MOMENT_S: Final = 0.25
"""The softness of a moment is measured over this much sound on either side."""
_SOFTEST: Final = 0.25
"""A lower limit for softness, as a quantile of all moments: otherwise only the end of a fade would count."""
_FAINTEST: Final = 1e-16
_SILENT_DB: Final = -77.0
"""A line of less amplitude (rms -80 dBFS) is inaudible, and does not count."""
_HARMONICS: Final = 8
_OFF: Final = 0.0012
_DETUNED: Final = np.linspace(-_OFF, _OFF, 9)
"""The relative deviations of a mains frequency that are tried; all its lines deviate by the same share."""
_AROUND_HZ: Final = 9.0
_LOBE: Final = 1.65
"""The half width of a constant line, divided by the effective length of the sound."""
_BESIDE_IT: Final = 0.9
"""The quantile of levels around a line above which its prominence is measured."""
_STAYS: Final = 0.25
"""The quantile of a line's prominences over time that counts."""
_STANDS_OUT_DB: Final = 6.0
_FIRST: Final = 2
"""At least one of the first two lines must stand out by `_STANDS_OUT_DB`."""
_MOST_DB: Final = 25.0
"""The most that one line counts, because a musical note is one line, or few."""
_WEIGHTS: Final = np.array([2.5, 0.7, 0.7, 0.7, 1.0, 1.0, 1.0, 0.3])
"""The weights of the lines: hardly any note is at 50 or 60 Hz, but many are at its octaves."""
_TOGETHER_DB, _BESIDE_OTHER_DB = 48.0, 12.0
"""How far the lines of a mains frequency must stand out together, and how much further than those of the other one."""

Numbers = NDArray[np.float64]


class Hum:
    """Looks for hum in a mix."""

    def __init__(self) -> None:
        self._waiting: list[Samples] = []
        self._waiting_samples = 0
        self._slower: ResampleStream | None = None
        self._samples = np.empty(0, np.float32)
        self._lines: list[Numbers] = []

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (1, n)."""
        self._waiting.append(samples[0])
        self._waiting_samples += samples.shape[1]
        if self._slower is None:
            if self._waiting_samples < _SHORTEST_S * RATE_HZ:
                return  # most sounds are shorter
            import soxr

            self._slower = soxr.ResampleStream(RATE_HZ, _RATE_HZ, 1, dtype="float32", quality="MQ")
        new = [self._slower.resample_chunk(one) for one in self._waiting]
        self._waiting = []
        self._samples = np.concatenate((self._samples, *new))
        longest = round(_LONGEST_S * _RATE_HZ)
        while len(self._samples) >= longest + longest // 2:
            self._lines.append(_prominences(_spectrum(self._samples[:longest])))
            self._samples = self._samples[longest // 2 :]

    def found_db(self) -> float | None:
        """The mean prominence of the lines of a hum; None if there is no hum, or the sound is shorter than 3 s."""
        if len(self._samples) < _SHORTEST_S * _RATE_HZ:
            return None
        last = _spectrum(self._samples[-round(_LONGEST_S * _RATE_HZ) :])  # including the end of the sound
        if not self._lines and _prominences(last, harmonics=_FIRST).max() < _STANDS_OUT_DB:
            return None
        over_time = np.array([*self._lines, _prominences(last)])
        steady = quantile(np.moveaxis(over_time, 0, -1), _STAYS)  # (mains, detuned, harmonics)
        together = np.clip(steady, 0.0, _MOST_DB) @ _WEIGHTS
        tuned = np.argmax(together, axis=1)
        sums = together[np.arange(2), tuned]
        best = int(np.argmax(sums))
        harmonics = steady[best, tuned[best]]
        is_ahead = sums[best] - sums[1 - best] >= _BESIDE_OTHER_DB
        if sums[best] < _TOGETHER_DB or not is_ahead or max(harmonics[:_FIRST]) < _STANDS_OUT_DB:
            return None
        return float(harmonics[harmonics > _STANDS_OUT_DB].mean())


_MAINS_HZ: Final = np.array([50.0, 60.0])[:, np.newaxis]
_LINES_HZ: Final = _MAINS_HZ * np.arange(1, _HARMONICS + 1)
_EACH: Final = np.arange(len(_MAINS_HZ))[:, np.newaxis, np.newaxis], np.arange(_HARMONICS)[:, np.newaxis]
_SIZES_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class _Around:
    """Tables for the band around each line, for spectra of ``size`` bins; the line's own bin comes first, as in an FFT.

    The band consists of ``bins`` (mains, harmonics, n) of a spectrum, weighted by ``shares`` (n,). It is resolved into
    `_BESIDE` finer bins, which lie ``off_hz`` (mains, harmonics, `_BESIDE`) off the line. The bins ``on`` (detuned,
    mains, harmonics, 3) belong to the line itself.
    """

    size: int
    bins: NDArray[np.int64]
    shares: Samples
    off_hz: Numbers
    on: NDArray[np.int64]


@lru_cache(_SIZES_KEPT)
def _around_lines(size: int) -> _Around:
    bin_hz, beside = _RATE_HZ / size, _BESIDE * size // _SIZE
    middles = np.round(_LINES_HZ / bin_hz).astype(np.int64)
    from_middle = np.fft.fftfreq(beside, 1 / beside).astype(np.int64)
    shares = np.clip((_NONE_HZ - np.abs(from_middle) * bin_hz) / (_NONE_HZ - _WHOLE_HZ), 0.0, 1.0)
    middles_hz = middles * bin_hz
    off_hz = np.fft.fftfreq(_BESIDE, 1 / _BESIDE) * _BIN_HZ - (_LINES_HZ - middles_hz)[..., np.newaxis]
    on = np.round((_LINES_HZ * (1 + _DETUNED[:, np.newaxis, np.newaxis]) - middles_hz) / _BIN_HZ).astype(np.int64)
    near = (on[..., np.newaxis] + np.arange(-1, 2)) % _BESIDE
    return _Around(size, middles[..., np.newaxis] + from_middle, shares.astype(np.float32), np.abs(off_hz), near)


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """The spectrum of samples, and their number of moments at the sample rate of a band around a line."""

    bins: NDArray[np.complexfloating]
    around: _Around
    count: int


def _spectrum(samples: Samples) -> _Spectrum:
    size = next(size for size in (_SIZE // 4, _SIZE // 2, _SIZE) if len(samples) <= size)
    return _Spectrum(np.fft.rfft(samples, size), _around_lines(size), int(len(samples) * _BESIDE_RATE_HZ / _RATE_HZ))


def _prominences(of: _Spectrum, harmonics: int = _HARMONICS) -> Numbers:
    """How far each of the first lines stands out of its surroundings, in dB (mains, detuned, harmonics)."""
    kept, count, tables = np.s_[:, :harmonics], of.count, of.around
    around = np.fft.ifft(of.bins[tables.bins[kept]] * tables.shares, axis=2)[..., :count]
    weights = _hann(count) / _power_near(around)
    sums = weights.sum(axis=2)
    counts_s = sums**2 / np.einsum("mhk,mhk->mh", weights, weights) / _BESIDE_RATE_HZ
    lines = np.fft.fft(weights * around, _BESIDE, axis=2)
    levels_db = 10 * np.log10(lines.real**2 + lines.imag**2 + _FAINTEST)
    lobe_hz = _LINES_HZ[kept] * _OFF + _LOBE / counts_s
    reach_hz = np.maximum(_AROUND_HZ, 2 * lobe_hz)
    off_hz = tables.off_hz[kept]
    is_beside = (off_hz >= lobe_hz[..., np.newaxis]) & (off_hz <= reach_hz[..., np.newaxis])
    sorted_db = np.sort(np.where(is_beside, levels_db, -np.inf), axis=2)
    above = np.round((1 - _BESIDE_IT) * (is_beside.sum(axis=2, keepdims=True) - 1)).astype(np.int64)
    beside_db = np.take_along_axis(sorted_db, _BESIDE - 1 - above, axis=2)[..., 0]
    mains, harmonic = _EACH
    on_db = levels_db[mains, harmonic[:harmonics], tables.on[:, :, :harmonics]].max(axis=3)
    faintest_db = _SILENT_DB + 20 * np.log10(sums * _SIZE / _BESIDE / 2)
    return np.swapaxes(np.where(on_db > faintest_db, on_db - beside_db, np.minimum(on_db - beside_db, 0.0)), 0, 1)


def _power_near(around: NDArray[np.complexfloating]) -> Numbers:
    """The power of each moment (mains, harmonics, moments), smoothed over the moments near it."""
    reach = max(1, int(_MOMENT_S * _BESIDE_RATE_HZ))
    power = around.real.astype(np.float64) ** 2 + around.imag.astype(np.float64) ** 2
    near = np.clip(np.arange(-reach - 1, power.shape[2] + reach), 0, power.shape[2] - 1)
    for _ in range(2):
        sums = np.cumsum(power[..., near], axis=2)
        power = (sums[..., 2 * reach + 1 :] - sums[..., : -2 * reach - 1]) / (2 * reach + 1)
    softest = quantile(power, _SOFTEST)[..., np.newaxis]
    return np.asarray(np.maximum(power, softest) + _FAINTEST)


@lru_cache(_SIZES_KEPT)
def _hann(count: int) -> Numbers:
    return np.hanning(count)
