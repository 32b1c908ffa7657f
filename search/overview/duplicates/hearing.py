"""A cache of decoded sounds for the comparison, and a cheap first comparison of two sounds.

The first comparison uses the envelope of each octave, sixty times a second. A copy has the same envelope, independently
of codec, level and added silence. It costs a thousandth of comparing the samples.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search import audio
from search.model import Wave
from search.overview.duplicates.aligning import frames, octave_bins

RATE_HZ: Final = 16_000
LEAST_ALIKE: Final = 0.6
"""In training data, copies reach 0.74 or more, 95 in 100 of them 0.9."""

FINGERPRINT: Final = 64
"""Values in a fingerprint."""

_SILENCE: Final = 1e-3
"""Before and after the sound, samples 60 dB below the peak are silence."""
_DEPTH: Final = 1e-5
_MOST_SAMPLES: Final = 64_000_000
"""Most samples in the cache: 256 MB."""
_MOST_ENVELOPES: Final = 20_000
_OVERLAP: Final = 4
"""How many frames contain a sample: with two, trimmed noise would have a different envelope."""
_FEW_FRAMES: Final = 64
"""Shorter sounds (under a second) skip the first comparison, which says nothing then; the second is cheap for them."""

OctaveBels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrackPassage:
    """A passage of a sound track of a file; ``end_s`` None: to the end."""

    path: str
    track: int
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class DecodedPassage:
    """The samples (n,) of a passage at `RATE_HZ`, without silence around them; they begin at ``start_s``."""

    wave: Wave
    start_s: float


class PassageDecoder:
    """Decodes passages, and caches the latest. Every method raises AudioError."""

    def __init__(self) -> None:
        self._passages: OrderedDict[TrackPassage, DecodedPassage] = OrderedDict()
        self._envelopes: OrderedDict[TrackPassage, OctaveBels] = OrderedDict()
        self._samples = 0

    def passage(self, place: TrackPassage) -> DecodedPassage:
        """The decoded passage."""
        found = self._passages.get(place)
        if found is None:
            found = self._passages[place] = _decoded(place)
            self._samples += len(found.wave)
            while self._samples > _MOST_SAMPLES and len(self._passages) > 1:
                self._samples -= len(self._passages.popitem(last=False)[1].wave)
        self._passages.move_to_end(place)
        return found

    def alike(self, one: TrackPassage, other: TrackPassage) -> bool:
        """Whether the envelopes of two passages are similar enough to compare their samples."""
        first, second = sorted((self.envelope(one), self.envelope(other)), key=lambda e: e.shape[1])
        return first.shape[1] < _FEW_FRAMES or likeness(first, second) >= LEAST_ALIKE

    def envelope(self, place: TrackPassage) -> OctaveBels:
        """The `envelope` of the passage."""
        found = self._envelopes.get(place)
        if found is None:
            found = self._envelopes[place] = envelope(self.passage(place).wave)
            if len(self._envelopes) > _MOST_ENVELOPES:
                self._envelopes.popitem(last=False)
        return found


def envelope(wave: Wave) -> OctaveBels:
    """(octaves, f): the level of each octave of a wave (n,) at `RATE_HZ` in each frame, in bels."""
    power = np.square(np.abs(frames(wave, RATE_HZ, _OVERLAP)))
    octaves = np.array([power[:, first:end].sum(axis=1) for first, end in octave_bins(RATE_HZ)])
    found: OctaveBels = np.log10(np.maximum(octaves, max(_DEPTH * float(octaves.max()), 1e-12))).astype(np.float32)
    inside = found.shape[1] - 3 * _OVERLAP // 2  # without frames that extend over either end
    return found[:, _OVERLAP // 2 : _OVERLAP // 2 + inside] if inside >= _FEW_FRAMES else found


def fingerprint(bels: OctaveBels) -> NDArray[np.float32]:
    """`FINGERPRINT` values that a copy shares with its original at any level, from an envelope (octaves, f).

    They are the level of each octave, its deviation, its speed of change and its quantiles, the correlations of
    octaves, and the length. The highest octave, which codecs drop first, is ignored. Weights bring the values to one
    scale.
    """
    octaves = bels[:-1].astype(np.float64)
    means = octaves.mean(axis=1)
    parted = octaves - means[:, np.newaxis]
    spread = parted.std(axis=1)
    norms = np.maximum(np.outer(spread, spread), 1e-6)
    together = (parted @ parted.T / octaves.shape[1] / norms)[np.triu_indices(len(octaves), 1)]
    speed = np.abs(octaves[:, 2:] - octaves[:, :-2]).mean(axis=1) if octaves.shape[1] > 2 else np.zeros(len(octaves))
    levels = np.percentile(octaves - octaves.max(), (10, 25, 50, 75, 90), axis=1).ravel()
    length = [math.log2(octaves.shape[1])]
    return np.concatenate((means - means.mean(), 2 * spread, 3 * speed, 0.7 * together, 0.5 * levels, length)).astype(
        np.float32
    )


def likeness(short: OctaveBels, long: OctaveBels) -> float:
    """The largest correlation of two envelopes, over shifts at which most of ``short`` is inside ``long``; 0 to 1."""
    short, long = (bels - bels.mean(axis=1, keepdims=True) for bels in (short, long))
    length = short.shape[1] + long.shape[1] - 1
    size = 1 << (length - 1).bit_length()
    spectrum = (np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))).sum(axis=0)
    product = np.fft.irfft(spectrum, size)
    sums = np.pad(np.cumsum(long, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    squares = np.pad(np.cumsum(np.square(long, dtype=np.float64).sum(axis=0)), (1, 0))
    reach = short.shape[1] // 4
    lags = np.arange(-reach, long.shape[1] - short.shape[1] + reach + 1)
    start, end = np.maximum(lags, 0), np.minimum(lags + short.shape[1], long.shape[1])
    energy = float(np.square(short).sum())
    means = np.square(sums[:, end] - sums[:, start]).sum(axis=0) / np.maximum(end - start, 1)
    shared = np.maximum(squares[end] - squares[start] - means, 0.1 * energy)
    return float(max((product[lags] / np.sqrt(np.maximum(shared * energy, 1e-12))).max(), 0.0))


def _decoded(place: TrackPassage) -> DecodedPassage:
    blocks = audio.stream(place.path, RATE_HZ, track=place.track, start_s=place.start_s, end_s=place.end_s)
    wave = np.concatenate(list(blocks))
    loud = np.flatnonzero(np.abs(wave) > _SILENCE * float(np.abs(wave).max(initial=0.0)))
    if not len(loud):
        return DecodedPassage(wave[:0], place.start_s)
    start = int(loud[0])
    return DecodedPassage(wave[start : int(loud[-1]) + 1].copy(), place.start_s + start / RATE_HZ)
