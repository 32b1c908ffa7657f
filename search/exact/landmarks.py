"""Landmarks: pairs of peaks of a spectrogram, which a recording keeps through codecs, noise, rooms and telephones.

A peak is louder than what is around it in time and pitch, whatever the level. Two of them, and the time between, make a
number that few other places of a library have (A. Wang, An Industrial-Strength Audio Search Algorithm, ISMIR 2003).
Pitch is counted in bands of a 36th of an octave, so that a recording played 2 % faster has its peaks one band higher,
and is found by asking for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Wave

RATE_HZ: Final = 11_025
_WINDOW: Final = 1024
HOP: Final = 256
FRAMES_PER_S: Final = RATE_HZ / HOP
_LOWEST_HZ, _HIGHEST_HZ, _BANDS_PER_OCTAVE = 180.0, 5200.0, 36
_BANDS: Final = int(_BANDS_PER_OCTAVE * np.log2(_HIGHEST_HZ / _LOWEST_HZ))

_AROUND: Final = (4, 3)
"""A peak is the largest within so many frames and bands."""
_NEAR: Final = (22, 12)
"""It stands out against the mean within so many frames and bands."""
_LEAST_PROMINENCE: Final = 0.5
_DEPTH: Final = 1e-3
"""The least magnitude that counts: 108 dB below a sine of full scale."""
_BLOCK: Final = 21
"""Frames (half a second) of which the most prominent peaks are kept, so that quiet passages have theirs."""
_CHUNK: Final = 96 * _BLOCK
_NEAREST_FRAMES, _FARTHEST_FRAMES, _WIDEST = 2, 47, 24
"""Of a pair: how far apart in frames and bands."""
ON_BITS: Final = 6
"""The lowest bits of a key: how many frames lie between the peaks; the others are their pitches."""
_SPREAD: Final = 2 * _WIDEST + 3


@dataclass(frozen=True, slots=True)
class Density:
    """How many ``peaks_per_s`` are kept, and in how many pairs each is the first (``pairs``)."""

    peaks_per_s: float
    pairs: int


KEPT: Final = Density(35.0, 3)
"""Of recordings: 95 landmarks a second."""
ASKED: Final = Density(35.0, 6)
"""Of what is asked: more, since noise puts peaks between those of the recording."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """n pairs: the band and frame of the first peak, and how many bands and frames on the second is; each (n,) int64.

    ``frames`` is the length of the sound.
    """

    frame: NDArray[np.int64]
    band: NDArray[np.int64]
    up: NDArray[np.int64]
    on: NDArray[np.int64]
    frames: int

    def __len__(self) -> int:
        """How many there are."""
        return len(self.frame)

    def keys(self, higher: int = 0) -> NDArray[np.uint32]:
        """(n,) the numbers that they are looked up by, of the same sound ``higher`` bands up (or, negative, down).

        Examples:
            >>> one = np.array([3])
            >>> Landmarks(one, one, one, one, 9).keys(1) == Landmarks(one, one + 1, one, one, 9).keys()
            array([ True])
        """
        bands = np.clip(self.band + higher, -1, _BANDS) + 1
        return (((bands * _SPREAD + self.up + _WIDEST + 1) << ON_BITS) + self.on).astype(np.uint32)


def landmarks(blocks: Iterable[Wave], density: Density) -> Landmarks:
    """The landmarks of a sound that comes in ``blocks`` (samples,) at `RATE_HZ`, in order of time. None of silence."""
    frame, band, prominence = [], [], []
    first = frames = 0
    per_block = max(1, round(density.peaks_per_s * _BLOCK / FRAMES_PER_S))
    for levels, begin, end in _chunks(blocks):
        at, where, how = _peaks(levels, per_block, begin)
        inside = (at >= begin) & (at < end)
        frame.append(at[inside] - begin + first)
        band.append(where[inside])
        prominence.append(how[inside])
        first += end - begin
        frames = first
    if not frame:
        return _pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32), 1, 0)
    return _pairs(np.concatenate(frame), np.concatenate(band), np.concatenate(prominence), density.pairs, frames)


def _pairs(
    frame: NDArray[np.int64], band: NDArray[np.int64], prominence: NDArray[np.float32], most: int, frames: int
) -> Landmarks:
    """Each peak with the ``most`` prominent ones that follow it closely enough."""
    begin = np.searchsorted(frame, frame + _NEAREST_FRAMES)
    counts = np.searchsorted(frame, frame + _FARTHEST_FRAMES, side="right") - begin
    one = np.repeat(np.arange(len(frame)), counts)
    other = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts - begin, counts)
    close = np.abs(band[other] - band[one]) <= _WIDEST
    one, other = one[close], other[close]
    order = np.lexsort((-prominence[other], one))
    one, other = one[order], other[order]
    kept = np.arange(len(one)) - np.searchsorted(one, one) < most
    one, other = one[kept], other[kept]
    return Landmarks(frame[one], band[one], band[other] - band[one], frame[other] - frame[one], frames)


def _peaks(
    levels: NDArray[np.float32], per_block: int, begin: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Frame, band and prominence of the ``per_block`` most prominent peaks of each block counted from ``begin``."""
    largest = _running_max(_running_max(levels, _AROUND[0]).T, _AROUND[1]).T
    prominence = levels - _running_mean(_running_mean(levels, _NEAR[0]).T, _NEAR[1]).T
    is_peak = (levels >= largest) & (levels > np.log(_DEPTH) + 1) & (prominence > _LEAST_PROMINENCE)
    frame, band = (places.astype(np.int64) for places in np.nonzero(is_peak))
    height = prominence[frame, band]
    block = (frame - begin) // _BLOCK
    order = np.lexsort((-height, block))
    sorted_blocks = block[order]
    kept = np.sort(order[np.arange(len(order)) - np.searchsorted(sorted_blocks, sorted_blocks) < per_block])
    return frame[kept], band[kept], height[kept]


def _chunks(blocks: Iterable[Wave]) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Log magnitudes (frames, bands) of a part of the sound, and which frames of them are new in it.

    The others, on both sides, are what peaks near the ends are compared with, so that cutting changes nothing.
    """
    margin = _NEAR[0] + _AROUND[0]
    before = np.empty((0, _BANDS), np.float32)
    rest = np.empty(0, np.float32)
    waiting: list[Wave] = []
    samples = 0
    for block in blocks:
        waiting.append(block)
        samples += len(block)
        if samples + len(rest) >= (_CHUNK + 2 * margin) * HOP + _WINDOW:
            wave = np.concatenate((rest, *waiting))
            waiting, samples = [], 0
            count = (len(wave) - _WINDOW) // HOP + 1
            levels = np.concatenate((before, _levels(wave)))
            rest = wave[count * HOP :]
            begin = min(len(before), margin)
            end = begin + (len(levels) - margin - begin) // _BLOCK * _BLOCK
            yield levels, begin, end
            before = levels[end - margin :]
    wave = np.concatenate((rest, *waiting))
    if not len(before) and 0 < len(wave) < _WINDOW:
        wave = np.pad(wave, (0, _WINDOW - len(wave)))
    levels = np.concatenate((before, _levels(wave)))
    begin = min(len(before), margin)
    if len(levels) > begin:
        yield levels, begin, len(levels)


def _levels(wave: Wave) -> NDArray[np.float32]:
    """(frames, bands) natural logarithms of magnitudes of a wave."""
    if len(wave) < _WINDOW:
        return np.empty((0, _BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[::HOP]
    magnitudes = np.abs(np.fft.rfft(frames * _HANN, axis=1)).astype(np.float32)
    return np.asarray(np.log(np.maximum(magnitudes @ _FILTERS, np.float32(_DEPTH))), np.float32)


def _filters() -> NDArray[np.float32]:
    """(bins, bands) triangles around each band's middle, as wide as a band, or as a bin where bands are narrower."""
    hz = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)[:, np.newaxis]
    middle = _LOWEST_HZ * 2 ** (np.arange(_BANDS) / _BANDS_PER_OCTAVE)
    width = np.maximum(middle * (2 ** (1 / _BANDS_PER_OCTAVE) - 1), RATE_HZ / _WINDOW)
    triangles = np.maximum(0, 1 - np.abs(hz - middle) / width)
    return np.asarray(triangles / triangles.sum(axis=0), np.float32)


def _running_max(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The largest of ``reach`` rows before each to ``reach`` rows after it."""
    found = values.copy()
    for shift in range(1, reach + 1):
        np.maximum(found[shift:], values[:-shift], out=found[shift:])
        np.maximum(found[:-shift], values[shift:], out=found[:-shift])
    return found


def _running_mean(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The mean of the same rows; beyond an end the row at the end counts."""
    padded = np.pad(values, ((reach + 1, reach), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1), np.float32)


_HANN: Final = np.hanning(_WINDOW).astype(np.float32)
_FILTERS: Final = _filters()
