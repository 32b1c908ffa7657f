"""Each channel's spectrum, every 50 ms or little more, under sine windows twice as long: for brightness, bandwidth."""

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
"""Frames that are transformed at once: they stay in the cache."""
_BOX_HZ: Final = 200.0
"""Spectra are smoothed over so much before an edge is looked for."""
_ROUNDING: Final = (2.0**-15) ** 2 / 12
"""The power of what rounding to 16 bits leaves."""
_ABOVE_ROUNDING: Final = 4.0
_BELOW_LOUDEST: Final = 1e-9
_NEAR_HZ, _FAR_HZ = 250.0, 1250.0
"""An edge is what lies so far below and above it, compared."""
_LOWEST_HZ: Final = 100.0
_NEAR_BINS, _ABOVE_LEAKS = 3, 10.0
_RATES_KEPT: Final = 8
"""Of so many sample rates what does not depend on the sound is kept: of a short one it takes as long as the rest."""
_LOWEST_EDGE_HZ, _EVEN = 3000.0, 0.1
"""Where a resampler or a codec ends a spectrum, it goes on as noise up to there."""


class Spectrum:
    """Adds up the spectra of a sound of so many ``channels``."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._window, self.hz = _window(sample_rate_hz)
        hop = len(self._window) // 2
        self._frames = Frames(2 * hop, hop, channels, lead=hop)
        self._squares = np.zeros(2 * len(self.hz))
        """Of the real and the imaginary part of each line."""
        self._edges = np.zeros(2 * len(self.hz))
        """Of the frames that lie half outside: a sound that begins or ends at once has every frequency there."""
        self._first = True
        self._count = 0
        self._rounding = _ROUNDING * hop * channels

    def add(self, samples: Samples) -> None:
        """Take in the next ``samples`` (channels, n)."""
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
        """Take in what is left."""
        for channel in self._frames.end(self._frames.size):
            self._edges += self._squares_of(channel)

    def _squares_of(self, frames: Samples) -> Samples:
        """(2 * bins,) the sums over frames (k, size)."""
        parts = np.fft.rfft(frames * self._window, axis=1).view(np.float32)
        np.square(parts, out=parts)
        return np.asarray(parts.sum(axis=0))

    def shape(self) -> SpectralShape:
        """What the whole spectrum looks like."""
        return SpectralShape.of(self.hz, self.mean_power(), self._rounding)

    def mean_power(self) -> Numbers:
        """(bins,) the mean power at each of ``hz``."""
        squares = self._squares / self._count if self._count else self._edges
        return np.asarray(squares[::2] + squares[1::2])


@dataclass(frozen=True, slots=True)
class SpectralShape:
    """``centroid_hz``, ``noisiness`` and ``bandwidth_hz`` of a spectrum, None where there is none; ``edge_db`` is how
    steeply it ends there.
    """

    centroid_hz: float | None = None
    noisiness: float | None = None
    bandwidth_hz: float | None = None
    edge_db: float = 0.0

    @classmethod
    def of(cls, hz: Numbers, power: Numbers, rounding: float) -> SpectralShape:
        """The shape of the mean ``power`` (bins,) at each of ``hz``, of which so much is ``rounding``."""
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
    """Samples of a hop, by which loudness is added up."""
    return max(2, round(HOP_S * sample_rate_hz))


@lru_cache(_RATES_KEPT)
def _window(sample_rate_hz: int) -> tuple[Samples, Numbers]:
    """The window of a spectrum, of a size that is transformed quickly, and the frequency of each of its lines."""
    size = even_size(2 * hop_of(sample_rate_hz))
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
    return window, np.arange(size // 2 + 1) / size * sample_rate_hz


def _smooth(power: Numbers, box: int) -> Numbers:
    """(bins,) the mean over ``box`` bins around each, beyond the ends of which there is nothing."""
    before, after = box // 2, (box - 1) // 2
    sums = np.cumsum(np.concatenate((np.zeros(before + 1), power, np.zeros(after))))
    return np.asarray(np.maximum(sums[box:] - sums[:-box], 0.0) / box)


def _leaked(power: Numbers) -> Numbers:
    """(bins,) what the window puts there of the power elsewhere: of a line d bins away 1 / (4 d^2 - 1)^2."""
    size = padded_size(len(power))
    return np.asarray(np.fft.irfft(np.fft.rfft(power, size) * _leaks(size), size)[: len(power)])


@lru_cache(_RATES_KEPT)
def _leaks(size: int) -> NDArray[np.complex128]:
    """The Fourier transform of what a line leaves at each distance, either way."""
    distance = np.minimum(np.arange(size), np.arange(size, 0, -1)).astype(np.float64)
    share = np.where(distance > _NEAR_BINS, 1.0 / (4 * distance**2 - 1) ** 2, 0.0)
    return np.asarray(np.fft.rfft(share), np.complex128)


def _edge_db(hz: Numbers, smooth: Numbers, edge_hz: float, rounding: float) -> float:
    """How far the spectrum falls at ``edge_hz``; 0 where nothing lies above it, and where a tone ends it."""
    below = smooth[(hz >= edge_hz - _FAR_HZ) & (hz <= edge_hz - _NEAR_HZ)]
    above = smooth[(hz >= edge_hz + _NEAR_HZ) & (hz <= edge_hz + _FAR_HZ)]
    if not len(below) or not len(above) or edge_hz < _LOWEST_EDGE_HZ:
        return 0.0
    even = np.exp(np.log(np.maximum(below, 1e-30)).mean()) / max(float(below.mean()), 1e-30)
    if even < _EVEN:
        return 0.0
    floor = max(float(above.mean()), rounding / 100)
    return float(10 * np.log10(max(float(below.mean()), 1e-30) / floor))
