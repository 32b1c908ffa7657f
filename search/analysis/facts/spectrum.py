"""Each channel's spectrum about every 50 ms, with sine windows twice as long, for brightness and bandwidth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Frames, Samples, even_size, padded_size

Numbers = NDArray[np.float64]

HOP_S: Final = 0.05
_ROWS: Final = 16
"""Frames that are transformed at once, so that they stay in the cache."""
_BOX_HZ: Final = 200.0
"""Spectra are smoothed over this width before an edge is looked for."""
_ROUNDING: Final = (2.0**-15) ** 2 / 12
"""The power of the noise of rounding to 16 bits."""
_ABOVE_ROUNDING: Final = 4.0
_BELOW_LOUDEST: Final = 1e-9
_NEAR_HZ, _FAR_HZ = 250.0, 1250.0
"""An edge is measured by comparing the spectrum at these distances below and above it."""
_LOWEST_HZ: Final = 100.0
_NEAR_BINS, _ABOVE_LEAKS = 3, 10.0
_RATES_KEPT: Final = 8
"""Sample rates whose tables are cached: for a short sound, making them takes as long as the rest."""
_LOWEST_EDGE_HZ, _EVEN = 3000.0, 0.1
"""An edge must be at least this high, and the spectrum below it at least this flat: a resampler or a codec cuts off a
noise-like spectrum."""


class Spectrum:
    """Adds up the spectra of a sound with this number of ``channels``."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._window, self.hz = _window(sample_rate_hz)
        hop = len(self._window) // 2
        self._frames = Frames(2 * hop, hop, channels, lead=hop)
        self._squares = np.zeros(2 * len(self.hz))
        """Sums of squares of the real and the imaginary part of each line."""
        self._edges = np.zeros(2 * len(self.hz))
        """The same for frames half outside the sound; an abrupt beginning or end has every frequency there."""
        self._first = True
        self._count = 0
        self._rounding = _ROUNDING * hop * channels

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (channels, n)."""
        frames = self._frames.add(samples)
        count = frames.shape[1]
        if not count:
            return
        for channel in frames:
            if self._first:
                self._edges += self._squares_of(channel[:1])
            for first in range(int(self._first), count, _ROWS):
                self._squares += self._squares_of(channel[first : first + _ROWS])
        self._count += count - int(self._first)
        self._first = False

    def end(self) -> None:
        """Add the rest."""
        for channel in self._frames.end(self._frames.size):
            self._edges += self._squares_of(channel)

    def _squares_of(self, frames: Samples) -> Samples:
        """The sums of squares over frames (k, size): (2 * bins,)."""
        parts = np.fft.rfft(frames * self._window, axis=1).view(np.float32)
        np.square(parts, out=parts)
        return np.asarray(parts.sum(axis=0))

    def shape(self) -> SpectralShape:
        """The shape of the mean spectrum."""
        return SpectralShape.of(self.hz, self.mean_power(), self._rounding)

    def mean_power(self) -> Numbers:
        """The mean power at each of ``hz`` (bins,)."""
        squares = self._squares / self._count if self._count else self._edges
        return np.asarray(squares[::2] + squares[1::2])


@dataclass(frozen=True, slots=True)
class SpectralShape:
    """The ``centroid_hz``, ``noisiness`` and ``bandwidth_hz`` of a spectrum; None if it is empty.

    ``edge_db`` is how far it falls at the end of the bandwidth.
    """

    centroid_hz: float | None = None
    noisiness: float | None = None
    bandwidth_hz: float | None = None
    edge_db: float = 0.0

    @classmethod
    def of(cls, hz: Numbers, power: Numbers, rounding: float) -> SpectralShape:
        """The shape of the mean ``power`` (bins,) at each of ``hz``; ``rounding`` is the power of rounding noise."""
        box = max(1, round(_BOX_HZ / hz[1]))
        smooth = _smooth(power, box)
        loudest = float(smooth.max(initial=0.0))
        leaks = _smooth(_leaked(power), box)
        floor = np.maximum(max(_ABOVE_ROUNDING * rounding, _BELOW_LOUDEST * loudest), _ABOVE_LEAKS * leaks)
        present = np.flatnonzero(smooth > floor)
        if not len(present) or loudest <= 0:
            return cls()
        top = int(present[-1]) + 1
        inside = slice(int(np.searchsorted(hz, min(_LOWEST_HZ, hz[top - 1] / 2))), top)
        magnitudes = np.sqrt(power[inside])
        if magnitudes.sum() <= 0:
            return cls(bandwidth_hz=float(hz[top - 1]))
        centroid = float((hz[inside] * magnitudes).sum() / magnitudes.sum())
        flat = np.maximum(power[inside], 1e-30)
        noisiness = float(np.exp(np.log(flat).mean()) / flat.mean())
        return cls(centroid, noisiness, float(hz[top - 1]), _edge_db(hz, smooth, float(hz[top - 1]), rounding))


def hop_of(sample_rate_hz: int) -> int:
    """The number of samples in a hop, the step of loudness."""
    return max(2, round(HOP_S * sample_rate_hz))


@lru_cache(_RATES_KEPT)
def _window(sample_rate_hz: int) -> tuple[Samples, Numbers]:
    """The window, of a size with a fast transform, and the frequency of each line."""
    size = even_size(2 * hop_of(sample_rate_hz))
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
    return window, np.arange(size // 2 + 1) / size * sample_rate_hz


def _smooth(power: Numbers, box: int) -> Numbers:
    """The mean over ``box`` bins around each bin (bins,); beyond the ends the power is 0."""
    before, after = box // 2, (box - 1) // 2
    sums = np.cumsum(np.concatenate((np.zeros(before + 1), power, np.zeros(after))))
    return np.asarray(np.maximum(sums[box:] - sums[:-box], 0.0) / box)


def _leaked(power: Numbers) -> Numbers:
    """The power that the window leaks into each bin (bins,): 1 / (4 d^2 - 1)^2 of a line d bins away."""
    size = padded_size(len(power))
    return np.asarray(np.fft.irfft(np.fft.rfft(power, size) * _leaks(size), size)[: len(power)])


@lru_cache(_RATES_KEPT)
def _leaks(size: int) -> NDArray[np.complex128]:
    """The Fourier transform of the leakage of a line at each distance, in both directions."""
    distance = np.minimum(np.arange(size), np.arange(size, 0, -1)).astype(np.float64)
    share = np.where(distance > _NEAR_BINS, 1.0 / (4 * distance**2 - 1) ** 2, 0.0)
    return np.asarray(np.fft.rfft(share), np.complex128)


def _edge_db(hz: Numbers, smooth: Numbers, edge_hz: float, rounding: float) -> float:
    """How far the spectrum falls at ``edge_hz``, in dB; 0 if no bins lie above it, or if a tone ends the spectrum."""
    below = smooth[(hz >= edge_hz - _FAR_HZ) & (hz <= edge_hz - _NEAR_HZ)]
    above = smooth[(hz >= edge_hz + _NEAR_HZ) & (hz <= edge_hz + _FAR_HZ)]
    if not len(below) or not len(above) or edge_hz < _LOWEST_EDGE_HZ:
        return 0.0
    even = np.exp(np.log(np.maximum(below, 1e-30)).mean()) / max(float(below.mean()), 1e-30)
    if even < _EVEN:
        return 0.0
    floor = max(float(above.mean()), rounding / 100)
    return float(10 * np.log10(max(float(below.mean()), 1e-30) / floor))
