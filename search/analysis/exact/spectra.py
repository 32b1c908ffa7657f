"""The spectrogram for fingerprints, computed part by part, so that a long sound is never held completely.

One transform gives two banks of bands: narrow ones, for peaks, and broad ones, whose energies give outlines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.ground.products import product
from search.model import Wave

RATE_HZ: Final = 11_025
_WINDOW: Final = 1024
HOP: Final = 256
FRAMES_PER_S: Final = RATE_HZ / HOP
_LOWEST_HZ, _HIGHEST_HZ, _BANDS_PER_OCTAVE = 180.0, 5200.0, 36
BANDS: Final = int(_BANDS_PER_OCTAVE * np.log2(_HIGHEST_HZ / _LOWEST_HZ))
"""The number of narrow bands."""
BROAD: Final = 32
"""The number of broad bands, 1/7.7 octave each."""
_BROAD_HZ: Final = (280.0, 5000.0)
"""The range of the broad bands: street noise is loudest below it, and a telephone has nothing above 3.4 kHz."""

_ROWS: Final = 64
"""Frames that are transformed at once, so that they stay in the cache."""
DEPTH: Final = 1e-3
"""The least magnitude that counts: 108 dB below a sine of full scale."""
BLOCK: Final = 21
"""Frames per block (half a second); every part except the last has a whole number of blocks."""
_CHUNK: Final = 96 * BLOCK
MARGIN: Final = 26
"""Frames on both sides of a part with which peaks near its ends are compared, so that cutting changes nothing."""


@dataclass(frozen=True, slots=True)
class SpectrumPart:
    """A part of a spectrogram; the frames from ``begin`` to ``end`` of ``levels`` are new.

    ``levels`` (frames, `BANDS`) are natural logarithms of magnitudes; ``powers`` (end - begin, `BROAD`) are energies.
    """

    levels: NDArray[np.float32]
    powers: NDArray[np.float32]
    begin: int
    end: int


class Spectrogram:
    """The spectrogram of a sound at `RATE_HZ` that is given block by block, in order of time."""

    def __init__(self) -> None:
        self._before = _nothing()
        self._waiting: list[Wave] = []
        self._samples = 0

    def add(self, block: Wave) -> Iterator[SpectrumPart]:
        """Add a ``block`` (samples,); yield the next part if it is complete."""
        self._waiting.append(block)
        self._samples += len(block)
        if self._samples < (_CHUNK + 2 * MARGIN) * HOP + _WINDOW:
            return
        wave = self._taken()
        count = (len(wave) - _WINDOW) // HOP + 1
        self._waiting.append(wave[count * HOP :])
        self._samples = len(self._waiting[0])
        levels, powers = _joined(self._before, _spectra(wave))
        begin = min(len(self._before[0]), MARGIN)
        end = begin + (len(levels) - MARGIN - begin) // BLOCK * BLOCK
        self._before = levels[end - MARGIN :], powers[end - MARGIN :]
        yield SpectrumPart(levels, powers[begin:end], begin, end)

    def end(self) -> Iterator[SpectrumPart]:
        """Yield the last part, if anything is left."""
        wave = self._taken()
        if not len(self._before[0]) and 0 < len(wave) < _WINDOW:
            wave = np.pad(wave, (0, _WINDOW - len(wave)))
        levels, powers = _joined(self._before, _spectra(wave))
        begin = min(len(self._before[0]), MARGIN)
        if len(levels) > begin:
            yield SpectrumPart(levels, powers[begin:], begin, len(levels))

    def _taken(self) -> Wave:
        waiting, self._waiting = self._waiting, []
        return np.concatenate((np.empty(0, np.float32), *waiting))


def parts(blocks: Iterable[Wave]) -> Iterator[SpectrumPart]:
    """Yield the spectrogram of a sound from its ``blocks`` (samples,) at `RATE_HZ`, in order of time."""
    spectrogram = Spectrogram()
    for block in blocks:
        yield from spectrogram.add(block)
    yield from spectrogram.end()


_Spectra = tuple[NDArray[np.float32], NDArray[np.float32]]


def _nothing() -> _Spectra:
    return np.empty((0, BANDS), np.float32), np.empty((0, BROAD), np.float32)


def _joined(one: _Spectra, other: _Spectra) -> _Spectra:
    return (np.concatenate((one[0], other[0])), np.concatenate((one[1], other[1]))) if len(one[0]) else other


def _spectra(wave: Wave) -> _Spectra:
    """Natural logarithms of magnitudes (frames, `BANDS`) and energies (frames, `BROAD`) of a wave."""
    if len(wave) < _WINDOW:
        return _nothing()
    frames = np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[::HOP]
    levels, powers = np.empty((len(frames), BANDS), np.float32), np.empty((len(frames), BROAD), np.float32)
    for first in range(0, len(frames), _ROWS):
        part = slice(first, first + _ROWS)
        magnitudes = np.abs(np.fft.rfft(frames[part] * _HANN, axis=1))
        for bands, bins, filters in _NARROW_FILTERS:
            levels[part, bands] = product(magnitudes[:, bins], filters)
        np.square(magnitudes, out=magnitudes)
        powers[part] = product(magnitudes, _BROAD_FILTERS)
    np.maximum(levels, np.float32(DEPTH), out=levels)
    return np.log(levels, out=levels), powers


def _narrow_filters() -> NDArray[np.float32]:
    """Triangular filters (bins, bands) around each band's middle, as wide as a band, but at least a bin."""
    middle = _LOWEST_HZ * 2 ** (np.arange(BANDS) / _BANDS_PER_OCTAVE)
    width = np.maximum(middle * (2 ** (1 / _BANDS_PER_OCTAVE) - 1), RATE_HZ / _WINDOW)
    triangles = np.maximum(0, 1 - np.abs(_BIN_HZ - middle) / width)
    return np.asarray(triangles / triangles.sum(axis=0), np.float32)


def _broad_filters() -> NDArray[np.float32]:
    """The filters of broad bands (bins, bands), each of two adjacent triangles."""
    edges = np.geomspace(*_BROAD_HZ, 2 * BROAD + 1)
    width = np.maximum(np.diff(edges), RATE_HZ / _WINDOW)
    triangles = np.maximum(0, 1 - np.abs(_BIN_HZ - np.sqrt(edges[:-1] * edges[1:])) / width)
    return np.asarray(triangles.reshape(len(_BIN_HZ), BROAD, 2).sum(axis=2), np.float32)


def _in_octaves(filters: NDArray[np.float32]) -> tuple[tuple[slice, slice, NDArray[np.float32]], ...]:
    """Split ``filters`` (bins, bands) by octaves: the bands, the bins they use, and their filters."""
    found = []
    for first in range(0, BANDS, _BANDS_PER_OCTAVE):
        bands = slice(first, min(first + _BANDS_PER_OCTAVE, BANDS))
        used = np.flatnonzero(filters[:, bands].any(axis=1))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        found.append((bands, bins, np.ascontiguousarray(filters[bins, bands])))
    return tuple(found)


def running_mean(values: NDArray[np.float32], reach: int, axis: int = 0) -> NDArray[np.float32]:
    """The mean from ``reach`` rows before to ``reach`` rows after each row; end rows are repeated beyond the ends."""
    return _running(np.add, values, reach, axis) / np.float32(2 * reach + 1)


def running_max(values: NDArray[np.float32], reach: int, axis: int = 0) -> NDArray[np.float32]:
    """The maximum from ``reach`` rows before to ``reach`` rows after each row."""
    return _running(np.maximum, values, reach, axis)


def _running(of_two: np.ufunc, values: NDArray[np.float32], reach: int, axis: int) -> NDArray[np.float32]:
    """Reduce by ``of_two`` from ``reach`` before to ``reach`` after each row, by combining 1, 2, 4, ... rows."""
    count, width = values.shape[axis], 2 * reach + 1
    near = np.clip(np.arange(-reach, count + reach), 0, count - 1)
    powers, size, at = values.take(near, axis), 1, 1
    found = _rows(powers, 0, count, axis)
    while 2 * size <= width:
        powers = of_two(_rows(powers, 0, -size, axis), _rows(powers, size, None, axis))
        size *= 2
        if width & size:
            found = of_two(found, _rows(powers, at, at + count, axis))
            at += size
    return found


def _rows(values: NDArray[np.float32], first: int, last: int | None, axis: int) -> NDArray[np.float32]:
    return values[first:last] if axis == 0 else values[:, first:last]


_BIN_HZ: Final = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)[:, np.newaxis]
_HANN: Final = np.hanning(_WINDOW).astype(np.float32)
_NARROW_FILTERS: Final = _in_octaves(_narrow_filters())
_BROAD_FILTERS: Final = _broad_filters()
