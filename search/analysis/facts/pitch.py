"""The steady pitch of a sound by autocorrelation: its frequency, certainty, and note.

Each frame votes for the period at which its autocorrelation is highest, weighted by energy and correlation. A sound has
a pitch if one period gets most of the votes. So a bell or a voice on one note has one, and a melody, noise or a crowd
has none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from search.analysis.facts.definitions import NOTES
from search.analysis.facts.frames import Frames, Samples
from search.analysis.facts.mix import RATE_HZ

_FRAME, _HOP, _SIZE = 1024, 1024, 1280
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 2000.0
_ALIKE: Final = 0.75
"""A frame has a pitch if its autocorrelation at a period exceeds this."""
_FIRST: Final = 0.9
"""The shortest period counts that reaches this share of the best: multiples of the true period are equally good."""
_LEAST_ENERGY, _LOUD = 1e-6, 1e-5
"""Frames with less energy, absolutely or relative to the loudest frame near them, do not vote."""
_BIN_CENTS: Final = 10
_WIDTH: Final = 5
"""Votes within 50 cents are added up."""
SURE: Final = 0.5
"""A pitch with less certainty is no pitch."""

_SHORTEST, _LONGEST = int(RATE_HZ / _HIGHEST_HZ), int(RATE_HZ / _LOWEST_HZ)
_BINS: Final = int(1200 * np.log2(_HIGHEST_HZ / _LOWEST_HZ) / _BIN_CENTS) + 2 * _WIDTH
_HANN: Final = np.hanning(_FRAME).astype(np.float32)


def _autocorrelation(frames: Samples) -> Samples:
    """The autocorrelation (k, lags) of ``frames`` (k, `_SIZE`), which end with zeros."""
    spectra = np.fft.rfft(frames, axis=1)
    spectra *= spectra.conj()
    return np.asarray(np.fft.irfft(spectra, axis=1)[:, : _LONGEST + 2])


def _windowed(frames: Samples) -> Samples:
    """``frames`` (k, `_FRAME`) with a window applied and padded with zeros (k, `_SIZE`)."""
    windowed = np.zeros((len(frames), _SIZE), np.float32)
    np.multiply(frames, _HANN, out=windowed[:, :_FRAME])
    return windowed


_OF_WINDOW: Final = _autocorrelation(_windowed(np.ones((1, _FRAME), np.float32)))[0]
_OF_WINDOW_SHARE: Final = _OF_WINDOW / _OF_WINDOW[0]


class Pitch:
    """Finds the pitch of a mix."""

    def __init__(self) -> None:
        self._frames = Frames(_FRAME, _HOP, 1)
        self._votes = np.zeros(_BINS)
        self._energy = 0.0

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (1, n)."""
        self._take(self._frames.add(samples)[0])

    def end(self) -> None:
        """Add the rest of a sound shorter than a frame."""
        if not self._energy:
            self._take(self._frames.end(_FRAME)[0])

    def _take(self, frames: Samples) -> None:
        if not len(frames):
            return
        frames = _windowed(frames)
        energy = np.einsum("ks,ks->k", frames, frames)
        self._energy += float(energy.sum(dtype=np.float64))
        loud = energy > max(_LEAST_ENERGY, _LOUD * float(energy.max()))
        frames, energy = frames[loud], energy[loud]
        if not len(frames):
            return
        alike = _autocorrelation(frames) / (energy[:, np.newaxis] * _OF_WINDOW_SHARE)
        before, inside, after = (alike[:, _SHORTEST + shift : _LONGEST + 1 + shift] for shift in (-1, 0, 1))
        top = (inside >= before) & (inside >= after)
        bend = np.maximum(2 * inside - before - after, 1e-9)  # peaks of short periods lie between samples
        heights = np.where(top, inside + (after - before) ** 2 / (8 * bend), 0.0)
        best = heights.max(axis=1)
        first = np.argmax(heights >= _FIRST * best[:, np.newaxis], axis=1)
        rows = np.flatnonzero(best > _ALIKE)
        if not len(rows):
            return
        lag = first[rows] + _SHORTEST
        place = (rows, first[rows])
        exact = lag + 0.5 * (after[place] - before[place]) / bend[place]
        cents = 1200 * np.log2(RATE_HZ / exact / _LOWEST_HZ)
        bins = np.clip((cents / _BIN_CENTS).astype(np.int64) + _WIDTH, 0, _BINS - 1)
        self._votes += np.bincount(bins, energy[rows] * np.minimum(best[rows], 1.0), minlength=_BINS)

    def found(self) -> tuple[float, float] | None:
        """The pitch in Hz and its certainty, 0 to 1; None if the sound has no steady pitch."""
        if self._energy <= 0:
            return None
        near = np.convolve(self._votes, np.ones(2 * _WIDTH + 1), mode="same")
        middle = int(np.argmax(near))
        sure = float(near[middle]) / self._energy
        if sure < SURE:
            return None
        around = np.arange(max(0, middle - _WIDTH), min(_BINS, middle + _WIDTH + 1))
        cents = (float(np.average(around, weights=self._votes[around])) - _WIDTH + 0.5) * _BIN_CENTS
        return _LOWEST_HZ * 2 ** (cents / 1200), min(sure, 1.0)


def note(hz: float) -> str:
    """The note nearest to a pitch, with A at 440 Hz.

    Examples:
        >>> note(440.0), note(262.0)
        ('A', 'C')
    """
    return NOTES[round(69 + 12 * np.log2(hz / 440.0)) % 12]
