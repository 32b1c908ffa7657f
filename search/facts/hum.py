"""Mains hum: lines at 50 or 60 Hz and their multiples that are there all the time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.facts.frames import Frames, Samples
from search.facts.mix import RATE_HZ

_SLOWER: Final = 8
"""The lines lie below 500 Hz: an eighth of the mix's rate is enough."""
_FRAME: Final = 16_384 // _SLOWER
_HOP: Final = 8_192 // _SLOWER
_HARMONICS: Final = 8
_BIN_HZ: Final = RATE_HZ / _SLOWER / _FRAME
_AROUND_HZ: Final = 9.0
_LINE_BINS: Final = 1
"""A line lies within .7 Hz of its place."""
_NEAR_BINS: Final = 3
"""What lies nearer to a line is not beside it."""
_STAYS: Final = 0.25
"""Of the prominences of a line over time this share lies below the one that counts."""
_FEWEST_FRAMES: Final = 2
_STANDS_OUT_DB: Final = 6.0
"""One of the first two lines stands out so far at least."""
_MOST_DB: Final = 25.0
"""No line counts more: a note is one line, or few."""
_TOGETHER_DB, _BESIDE_OTHER_DB = 45.0, 16.0
"""The lines of one mains frequency stand out so far together, and so much further than those of the other."""


class Hum:
    """Takes in a mix and looks for hum."""

    def __init__(self) -> None:
        import soxr

        self._slower = soxr.ResampleStream(RATE_HZ, RATE_HZ / _SLOWER, 1, dtype="float32", quality="MQ")
        self._frames = Frames(_FRAME, _HOP, 1)
        self._prominences: list[NDArray[np.float32]] = []

    def add(self, samples: Samples) -> None:
        """Take in the next ``samples`` (1, n)."""
        frames = self._frames.add(self._slower.resample_chunk(samples[0])[np.newaxis])[0]
        if not len(frames):
            return
        top = int((_HARMONICS * 60 + 2 * _AROUND_HZ) / _BIN_HZ)
        spectra = np.fft.rfft(frames * _WINDOW, axis=1)[:, :top]
        levels_db = 10 * np.log10(spectra.real**2 + spectra.imag**2 + _FAINTEST)
        self._prominences.append(_prominences(levels_db))

    def found_db(self) -> float | None:
        """How far the lines of a hum stand out, in the mean; None where there is none, and under 3 s."""
        prominence = np.concatenate(self._prominences) if self._prominences else np.empty((0, len(_LINES_HZ)))
        if len(prominence) < _FEWEST_FRAMES:
            return None
        steady = np.asarray(np.quantile(prominence, _STAYS, axis=0), np.float64).reshape(2, _HARMONICS)
        together = np.clip(steady, 0.0, _MOST_DB).sum(axis=1)
        best = int(np.argmax(together))
        lines, ahead = steady[best], float(together[best] - together[1 - best])
        if together[best] < _TOGETHER_DB or ahead < _BESIDE_OTHER_DB or max(lines[0], lines[1]) < _STANDS_OUT_DB:
            return None
        return float(lines[lines > _STANDS_OUT_DB].mean())


_WINDOW: Final = np.hanning(_FRAME).astype(np.float32)
_FAINTEST: Final = 1e-9 / _SLOWER**2
_LINES_HZ: Final = tuple(mains * harmonic for mains in (50.0, 60.0) for harmonic in range(1, _HARMONICS + 1))
_PLACES: Final = np.array([round(hz / _BIN_HZ) for hz in _LINES_HZ])[:, np.newaxis]
_REACH: Final = round(_AROUND_HZ / _BIN_HZ)
_ON: Final = _PLACES + np.arange(-_LINE_BINS, _LINE_BINS + 1)
_BESIDE: Final = _PLACES + np.array([bins for bins in range(-_REACH, _REACH + 1) if abs(bins) > _NEAR_BINS])


def _prominences(levels_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """(frames, lines) how far each line stands out of what lies around it: the median of that."""
    half = _BESIDE.shape[1] // 2  # there are as many bins on each side
    around = np.partition(levels_db[:, _BESIDE], (half - 1, half), axis=2)[:, :, half - 1 : half + 1].mean(axis=2)
    return np.asarray(levels_db[:, _ON].max(axis=2) - around, np.float32)
