"""Tempo and key of loops, tunes and songs.

Both are estimated from the first four minutes, the tempo by `search.analysis.facts.tempo`. The correlation of pitch
classes with a profile decides whether there is a key (Krumhansl, Kessler 1982, weights of Temperley 1999). Other
profiles decide which key it is: they distinguish keys with the same notes, and were fitted on rendered songs (241 to
909 of POP909). If the certainty is below what music reaches, a sound has neither.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import KEYS
from search.analysis.facts.frames import Frames, Samples
from search.analysis.facts.mix import RATE_HZ
from search.analysis.facts.octaves import rises
from search.analysis.facts.tempo import BANDS, HIGHEST_HZ, LOWEST_HZ, MusicEstimate, tempo_of

Numbers = NDArray[np.float64]

_LONGEST_S: Final = 240.0

_ONSET_FRAME, _ONSET_HOP = 512, 128
ONSETS_PER_S: Final = RATE_HZ / _ONSET_HOP
_ROWS: Final = 64
"""Frames that are transformed at once, so that they stay in the cache."""
_SOFT: Final = np.float32(1e-4)

_CHROMA_FRAME, _CHROMA_HOP = 4096, 2048
_CHROMA_LOWEST_HZ, _CHROMA_HIGHEST_HZ = 100.0, 2000.0
_PEAK_SHARE: Final = 0.01
_MAJOR: Final = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR: Final = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)
KEY_SURE: Final = 0.63
_KEY_MAJOR: Final = (16.96, -10.27, 0.34, -9.50, 11.09, 1.49, -9.84, 15.37, -3.12, -2.32, -18.54, 4.74)
_KEY_MINOR: Final = (15.51, -15.49, 4.46, 10.40, -4.54, -1.93, -1.72, 15.32, -3.11, -19.06, 1.79, 1.68)
"""The weight of each pitch class, from the tonic up, for a key: `python -m benchmarks.fitting.keys`."""
_KEY_POWER: Final = 0.7
"""The exponent for shares of pitch classes, so that loud notes do not dominate."""


class Music:
    """Finds tempo and key of a mix."""

    def __init__(self) -> None:
        self._onset_frames = Frames(_ONSET_FRAME, _ONSET_HOP, 1)
        self._chroma_frames = Frames(_CHROMA_FRAME, _CHROMA_HOP, 1)
        self._levels: list[NDArray[np.float32]] = []
        self._onsets: Numbers | None = None
        self._peaks: list[Numbers] = []
        self._left = round(_LONGEST_S * RATE_HZ)

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (1, n)."""
        samples = samples[:, : self._left]
        self._left -= samples.shape[1]
        if not samples.shape[1]:
            return
        frames = self._onset_frames.add(samples)[0]
        if len(frames):
            self._onsets = None
            bands = np.empty((len(frames), len(_WIDTHS)), np.float32)
            for first in range(0, len(frames), _ROWS):
                part = slice(first, first + _ROWS)
                magnitudes = np.abs(np.fft.rfft(frames[part] * _ONSET_WINDOW, axis=1))
                # sums instead of a matrix product, whose threads would compete with those measuring other files
                np.add.reduceat(magnitudes[:, : _EDGES[-1]], _EDGES[:-1], axis=1, out=bands[part])
            bands /= _WIDTHS
            bands /= _SOFT
            self._levels.append(np.log1p(bands, out=bands))
        frames = self._chroma_frames.add(samples)[0]
        if len(frames):
            self._peaks.append(_peaks(np.fft.rfft(frames * _CHROMA_WINDOW, axis=1)))

    def onsets(self) -> Numbers:
        """The onset strength of each moment (n,), `ONSETS_PER_S` a second."""
        if self._onsets is None:
            self._onsets = rises(self.levels(), ONSETS_PER_S) if self._levels else np.empty(0)
        return self._onsets

    def levels(self) -> NDArray[np.float32]:
        """The levels (n, bands) from which onsets are computed."""
        return np.concatenate(self._levels) if self._levels else np.empty((0, len(_WIDTHS)), np.float32)

    def tempo(self, *, has_key: bool) -> MusicEstimate | None:
        """Beats per minute; None if the sound is shorter than 1.3 seconds or has no onsets."""
        return tempo_of(self.levels(), self.onsets(), ONSETS_PER_S, has_key=has_key)

    def key(self, least: float = 0.0) -> MusicEstimate | None:
        """The index of the key in `KEYS`; None if there are no tones, or its certainty is below ``least``."""
        if not self._peaks:
            return None
        pitch, magnitude = np.concatenate(self._peaks, axis=1)
        total = _pitch_classes(pitch, np.sqrt(magnitude))
        if total.sum() <= 0 or total.std() <= 0:
            return None
        fits = _STANDARD_PROFILES @ (total - total.mean()) / total.std()
        sure = float(np.clip(fits.max(), 0.0, 1.0))
        return MusicEstimate(float(np.argmax(_KEY_PROFILES @ self.shares())), sure) if sure >= least else None

    def shares(self) -> Numbers:
        """The share of each pitch class (12,), corrected for tuning, to the power `_KEY_POWER`."""
        pitch, magnitude = np.concatenate(self._peaks, axis=1)
        tuning = np.angle(np.sum(np.sqrt(magnitude) * np.exp(2j * np.pi * pitch))) / (2 * np.pi)
        tuned = _pitch_classes(pitch - tuning, magnitude)
        return np.asarray((tuned / max(float(tuned.sum()), 1e-12)) ** _KEY_POWER)


def _peaks(spectra: NDArray[np.complexfloating]) -> Numbers:
    """The pitch (69 is A at 440 Hz) and the magnitude (2, n) of the peaks of ``spectra`` (frames, bins)."""
    power = (spectra * spectra.conj()).real
    least = _PEAK_SHARE**2 * power.max(axis=1, keepdims=True)
    below, inner, above = (power[:, _FIRST_BIN + shift : _LAST_BIN + shift] for shift in (0, 1, 2))
    frame, place = np.nonzero((inner > below) & (inner >= above) & (inner > least))
    place += _FIRST_BIN + 1
    near = [np.sqrt(power[frame, place + shift]) for shift in (-1, 0, 1)]
    left, middle, right = (np.log(magnitude + 1e-9) for magnitude in near)
    exact = place + 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    return np.stack((69 + 12 * np.log2(exact * RATE_HZ / _CHROMA_FRAME / 440.0), near[1]))


def _pitch_classes(pitch: Numbers, weights: Numbers) -> Numbers:
    """The amount of each pitch class (12,); pitches between two classes count less, those halfway nothing."""
    nearest = np.round(pitch)
    clear = np.maximum(0, 1 - 2 * np.abs(pitch - nearest))
    return np.asarray(np.bincount(nearest.astype(np.int64) % 12, weights * clear, minlength=12), np.float64)


def _edges() -> NDArray[np.int64]:
    """The bins (bands + 1,) at which bands begin, evenly spaced in pitch, each at least one bin wide."""
    hz = np.exp(np.linspace(np.log(LOWEST_HZ), np.log(HIGHEST_HZ), BANDS + 1))
    return np.unique(np.round(hz * _ONSET_FRAME / RATE_HZ).astype(np.int64))


_ONSET_WINDOW: Final = np.hanning(_ONSET_FRAME).astype(np.float32)
_CHROMA_WINDOW: Final = np.hanning(_CHROMA_FRAME).astype(np.float32)
_FIRST_BIN: Final = int(_CHROMA_LOWEST_HZ * _CHROMA_FRAME / RATE_HZ)
_LAST_BIN: Final = int(_CHROMA_HIGHEST_HZ * _CHROMA_FRAME / RATE_HZ)
_EDGES: Final = _edges()
_WIDTHS: Final = (np.diff(_EDGES) * _ONSET_FRAME).astype(np.float32)
_PROFILES: Final = np.stack([np.roll(mode, note) for mode in (_MAJOR, _MINOR) for note in range(len(KEYS) // 2)])
_STANDARD_PROFILES: Final = np.stack([(one - one.mean()) / (one.std() * len(one)) for one in _PROFILES])
"""Their product with values of mean 0 and standard deviation 1 is the correlation."""
_KEY_PROFILES: Final = np.stack([np.roll(mode, note) for mode in (_KEY_MAJOR, _KEY_MINOR) for note in range(12)])
