"""Mains hum: lines at 50 or 60 Hz and their multiples that are there all the time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.facts.frames import Samples
from search.facts.mix import RATE_HZ

_SLOWER: Final = 8
"""The lines lie below 500 Hz: an eighth of the mix's rate is enough."""
_RATE_HZ: Final = RATE_HZ / _SLOWER
_SHORTEST_S, _LONGEST_S = 2.9, 8.0
"""A spectrum is of so much sound: the longer, the narrower are lines that stay, and the further they stand out."""
_SIZE: Final = 16_384
_BIN_HZ: Final = _RATE_HZ / _SIZE
_HARMONICS: Final = 8
_DETUNED: Final = np.linspace(-0.0012, 0.0012, 7)
"""A mains frequency is off by such shares of itself, all its lines by the same."""
_AROUND_HZ: Final = 9.0
_LOBE: Final = 2.2
"""A line that stays is so wide on each side, over the length of the sound; a note that dies away is wider."""
_BESIDE_IT: Final = 0.9
"""Of what lies around a line it stands out of this share."""
_STAYS: Final = 0.25
"""Of the prominences of a line over time this share lies below the one that counts."""
_STANDS_OUT_DB: Final = 6.0
"""One of the first two lines stands out so far at least."""
_MOST_DB: Final = 20.0
"""No line counts more: a note is one line, or few."""
_TOGETHER_DB, _BESIDE_OTHER_DB = 32.0, 16.0
"""The lines of one mains frequency stand out so far together, and so much further than those of the other."""

Numbers = NDArray[np.float64]


class Hum:
    """Takes in a mix and looks for hum."""

    def __init__(self) -> None:
        import soxr

        self._slower = soxr.ResampleStream(RATE_HZ, _RATE_HZ, 1, dtype="float32", quality="MQ")
        self._samples = np.empty(0, np.float32)
        self._lines: list[Numbers] = []

    def add(self, samples: Samples) -> None:
        """Take in the next ``samples`` (1, n)."""
        self._samples = np.concatenate((self._samples, self._slower.resample_chunk(samples[0])))
        longest = round(_LONGEST_S * _RATE_HZ)
        while len(self._samples) >= longest:
            self._lines.append(_prominences(self._samples[:longest]))
            self._samples = self._samples[longest // 2 :]

    def found_db(self) -> float | None:
        """How far the lines of a hum stand out, in the mean; None where there is none, and under 3 s."""
        lines = self._lines
        if not lines:
            if len(self._samples) < _SHORTEST_S * _RATE_HZ:
                return None
            lines = [_prominences(self._samples)]
        steady = np.quantile(np.array(lines), _STAYS, axis=0)  # (mains, detuned, harmonics)
        together = np.clip(steady, 0.0, _MOST_DB).sum(axis=2)
        tuned = np.argmax(together, axis=1)
        sums = together[np.arange(2), tuned]
        best = int(np.argmax(sums))
        harmonics = steady[best, tuned[best]]
        is_ahead = sums[best] - sums[1 - best] >= _BESIDE_OTHER_DB
        if sums[best] < _TOGETHER_DB or not is_ahead or max(harmonics[0], harmonics[1]) < _STANDS_OUT_DB:
            return None
        return float(harmonics[harmonics > _STANDS_OUT_DB].mean())


_MAINS_HZ: Final = np.array([50.0, 60.0])[:, np.newaxis, np.newaxis]
_LINES_HZ: Final = _MAINS_HZ * (1 + _DETUNED[:, np.newaxis]) * np.arange(1, _HARMONICS + 1)
_PLACES: Final = np.round(_LINES_HZ / _BIN_HZ).astype(np.int64)
_ON: Final = _PLACES[..., np.newaxis] + np.arange(-1, 2)
_REACH: Final = round(_AROUND_HZ / _BIN_HZ)
_TOP: Final = int(_PLACES.max()) + _REACH + 1
_FAINTEST: Final = 1e-12


def _prominences(samples: NDArray[np.float32]) -> Numbers:
    """(mains, detuned, harmonics) how far each line stands out of what lies around it."""
    spectrum = np.fft.rfft(samples * np.hanning(len(samples)), _SIZE)[:_TOP]
    levels_db = 10 * np.log10(spectrum.real**2 + spectrum.imag**2 + _FAINTEST)
    lobe = round(_LOBE * _SIZE / len(samples))
    beside = np.concatenate((np.arange(-_REACH, -lobe), np.arange(lobe, _REACH)))
    around = _PLACES[..., np.newaxis] + beside
    return np.asarray(levels_db[_ON].max(axis=3) - np.quantile(levels_db[around], _BESIDE_IT, axis=3))
