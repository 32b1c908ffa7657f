"""Landmarks: pairs of peaks of a spectrogram, which survive codecs, noise, rooms and telephones.

A peak is louder than its surroundings in time and pitch, at any level. The pitches of two peaks and the time between
them make a key that few other places of a library have (A. Wang, An Industrial-Strength Audio Search Algorithm, ISMIR
2003). Bands are a 36th of an octave wide. So a recording played 2 % faster has its peaks one band higher, and is found
by looking up the shifted keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.spectra import (
    BANDS,
    BLOCK,
    DEPTH,
    FRAMES_PER_S,
    SpectrumPart,
    parts,
    running_max,
    running_mean,
)
from search.model import Wave

_AROUND: Final = (4, 3)
"""A peak is the maximum within this many frames and bands."""
_NEAR: Final = (22, 12)
"""It must stand out of the mean within this many frames and bands."""
_LEAST_PROMINENCE: Final = 0.5
_NEAREST_FRAMES, _FARTHEST_FRAMES, _WIDEST = 2, 47, 24
"""The least and most distance of a pair in frames, and the most in bands."""
_PEAKS_AT_ONCE: Final = 1 << 15
"""Peaks paired at once: a day has three million, and a hundred times as many pairs to choose from."""
ON_BITS: Final = 6
"""The number of lowest bits of a key, which hold the frames between the peaks; the others hold their pitches."""
_SPREAD: Final = 2 * _WIDEST + 3
KEYS: Final = (BANDS + 2) * _SPREAD << ON_BITS
"""The number of possible keys; every key is less."""


@dataclass(frozen=True, slots=True)
class Density:
    """The ``peaks_per_s`` that are kept, and the number of ``pairs`` in which each peak is the first."""

    peaks_per_s: float
    pairs: int


KEPT: Final = Density(35.0, 3)
"""The density for recordings: 95 landmarks a second."""
ASKED: Final = Density(50.0, 6)
"""The density for questions: higher, because noise adds peaks between those of the recording."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """n pairs: ``frame`` and ``band`` of the first peak, and the second is ``on`` frames and ``up`` bands further.

    Each is (n,) int64. ``frames`` is the length of the sound.
    """

    frame: NDArray[np.int64]
    band: NDArray[np.int64]
    up: NDArray[np.int64]
    on: NDArray[np.int64]
    frames: int

    def __len__(self) -> int:
        """The number of landmarks."""
        return len(self.frame)

    def keys(self, higher: int = 0) -> NDArray[np.uint32]:
        """The keys (n,) for look-up, of the same sound shifted up by ``higher`` bands (negative: down).

        Examples:
            >>> one = np.array([3])
            >>> Landmarks(one, one, one, one, 9).keys(1) == Landmarks(one, one + 1, one, one, 9).keys()
            array([ True])
        """
        bands = np.clip(self.band + higher, -1, BANDS) + 1
        return (((bands * _SPREAD + self.up + _WIDEST + 1) << ON_BITS) + self.on).astype(np.uint32)


def landmarks(blocks: Iterable[Wave], density: Density) -> Landmarks:
    """The landmarks of a sound from ``blocks`` (samples,) at `spectra.RATE_HZ`, in order of time. Silence has none."""
    peaks = Peaks(density)
    for part in parts(blocks):
        peaks.add(part)
    return peaks.landmarks()


class Peaks:
    """The peaks of a spectrogram whose parts are added in order of time."""

    def __init__(self, density: Density) -> None:
        self._density = density
        self._frame: list[NDArray[np.int64]] = []
        self._band: list[NDArray[np.int64]] = []
        self._prominence: list[NDArray[np.float32]] = []
        self._frames = 0

    def add(self, part: SpectrumPart) -> None:
        """Find the peaks of the next part."""
        per_block = max(1, round(self._density.peaks_per_s * BLOCK / FRAMES_PER_S))
        at, where, how = _peaks(part.levels, per_block, part.begin)
        inside = (at >= part.begin) & (at < part.end)
        self._frame.append(at[inside] - part.begin + self._frames)
        self._band.append(where[inside])
        self._prominence.append(how[inside])
        self._frames += part.end - part.begin

    def landmarks(self) -> Landmarks:
        """The landmarks of all parts."""
        none = np.empty(0, np.int64)
        frame, band = (np.concatenate((none, *of)) for of in (self._frame, self._band))
        prominence = np.concatenate((np.empty(0, np.float32), *self._prominence))
        pairs = [
            _pairs(frame, band, prominence, self._density.pairs, first)
            for first in range(0, max(len(frame), 1), _PEAKS_AT_ONCE)
        ]
        one, other = (np.concatenate(of) for of in zip(*pairs, strict=True))
        return Landmarks(frame[one], band[one], band[other] - band[one], frame[other] - frame[one], self._frames)


def _pairs(
    frame: NDArray[np.int64], band: NDArray[np.int64], prominence: NDArray[np.float32], most: int, first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair peaks from ``first`` on, each with up to ``most`` of the most prominent peaks that follow closely enough."""
    these = frame[first : first + _PEAKS_AT_ONCE]
    begin = np.searchsorted(frame, these + _NEAREST_FRAMES)
    counts = np.searchsorted(frame, these + _FARTHEST_FRAMES, side="right") - begin
    one = np.repeat(np.arange(first, first + len(these)), counts)
    other = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts - begin, counts)
    close = np.abs(band[other] - band[one]) <= _WIDEST
    one, other = one[close], other[close]
    order = np.lexsort((-prominence[other], one))
    one, other = one[order], other[order]
    kept = np.arange(len(one)) - np.searchsorted(one, one) < most
    return one[kept], other[kept]


def _peaks(
    levels: NDArray[np.float32], per_block: int, begin: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Frame, band and prominence of the ``per_block`` most prominent peaks of each block, counted from ``begin``."""
    largest = running_max(running_max(levels, _AROUND[0]), _AROUND[1], axis=1)
    prominence = levels - running_mean(running_mean(levels, _NEAR[0]), _NEAR[1], axis=1)
    is_peak = (levels >= largest) & (levels > np.log(DEPTH) + 1) & (prominence > _LEAST_PROMINENCE)
    frame, band = (places.astype(np.int64) for places in np.nonzero(is_peak))
    height = prominence[frame, band]
    block = (frame - begin) // BLOCK
    order = np.lexsort((-height, block))
    sorted_blocks = block[order]
    kept = np.sort(order[np.arange(len(order)) - np.searchsorted(sorted_blocks, sorted_blocks) < per_block])
    return frame[kept], band[kept], height[kept]
