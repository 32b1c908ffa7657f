"""Tempo and key of what has them: loops, tunes, songs.

Both are looked for in the first four minutes. A tempo is the period after which onsets come again, at it and
its multiples, in most passages. Whether there is a key, the correlation of pitch classes with a profile says
(Krumhansl, Kessler 1982, weights of Temperley 1999); which it is, profiles that tell keys with the same notes apart,
fitted on songs 241 to 909 of POP909. What is less sure than music is has neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.facts.definitions import KEYS
from search.facts.frames import Frames, Samples, padded_size
from search.facts.mix import RATE_HZ

Numbers = NDArray[np.float64]

_LONGEST_S: Final = 240.0

_ONSET_FRAME, _ONSET_HOP = 512, 128
ONSETS_PER_S: Final = RATE_HZ / _ONSET_HOP
_BANDS: Final = 24
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 5000.0
_SOFT: Final = 1e-4
_PASSAGE_S, _PASSAGE_STEP_S = 8.0, 2.0
_SLOWEST, _FASTEST = 50.0, 210.0
_USUAL, _USUAL_OF_SHORT, _SPREAD_OCTAVES = 80.0, 90.0, 1.2
"""Of periods that fit alike the one nearest to the usual tempo is taken: of songs, and of loops."""
_OF_SHORT: Final = 0.5
"""How far what is missing at the end of a passage is made up for: of a short sound, which has only one, half."""
_LONGEST_LAG: Final = 0.8
_MULTIPLES: Final = (1, 2, 3, 4)
TEMPO_SURE: Final = 0.3
_WEAKEST: Final = 0.1
"""The least that must begin: in a steady tone, which beats with the frames, it is .03, in natural sounds .2."""

_CHROMA_FRAME, _CHROMA_HOP = 4096, 2048
_CHROMA_LOWEST_HZ, _CHROMA_HIGHEST_HZ = 100.0, 2000.0
_PEAK_SHARE: Final = 0.01
_MAJOR: Final = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR: Final = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)
KEY_SURE: Final = 0.63
_KEY_MAJOR: Final = (8.7, -1.9, 0.1, -4.3, 5.4, 2.1, -6.4, 7.1, -1.4, -1.8, -8.8, 0.9)
_KEY_MINOR: Final = (9.3, -5.8, 1.0, 4.0, -4.6, -1.4, -1.8, 7.5, 0.4, -8.0, -0.7, 0.1)
"""How much each pitch class, from the tonic up, speaks for a key: a multinomial regression on the shares of notes."""
_KEY_POWER: Final = 0.7
"""Of the shares of pitch classes: a loud note is not all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ``value`` (beats a minute, or the place of a key) and how sure it is, 0 to 1."""

    value: float
    sure: float


class Music:
    """Takes in a mix."""

    def __init__(self) -> None:
        self._onset_frames = Frames(_ONSET_FRAME, _ONSET_HOP, 1)
        self._chroma_frames = Frames(_CHROMA_FRAME, _CHROMA_HOP, 1)
        self._levels: list[NDArray[np.float32]] = []
        self._onsets: Numbers | None = None
        self._peaks: list[Numbers] = []
        self._left = round(_LONGEST_S * RATE_HZ)

    def add(self, samples: Samples) -> None:
        """Take in the next ``samples`` (1, n)."""
        samples = samples[:, : self._left]
        self._left -= samples.shape[1]
        if not samples.shape[1]:
            return
        frames = self._onset_frames.add(samples)[0]
        if len(frames):
            self._onsets = None
            magnitudes = np.abs(np.fft.rfft(frames * _ONSET_WINDOW, axis=1))
            # sums, no product of matrices: its threads would be in the way of those that measure other files
            bands = np.add.reduceat(magnitudes[:, : _EDGES[-1]], _EDGES[:-1], axis=1) / _WIDTHS
            self._levels.append(np.asarray(np.log1p(bands / _SOFT), np.float32))
        frames = self._chroma_frames.add(samples)[0]
        if len(frames):
            self._peaks.append(_peaks(np.fft.rfft(frames * _CHROMA_WINDOW, axis=1)))

    # --- tempo ----------------------------------------------------------------------------------------------

    def onsets(self) -> Numbers:
        """(n,) how much begins at each moment, `ONSETS_PER_S` a second."""
        if self._onsets is None:
            self._onsets = self._found_onsets()
        return self._onsets

    def _found_onsets(self) -> Numbers:
        if not self._levels:
            return np.empty(0)
        levels = np.concatenate(self._levels)
        rise = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(axis=1).astype(np.float64)
        width = round(ONSETS_PER_S)
        local = np.convolve(np.pad(rise, width // 2, mode="edge"), np.full(width, 1.0 / width), mode="same")
        return np.asarray(np.maximum(rise - local[width // 2 : width // 2 + len(rise)], 0.0))

    def tempo(self) -> Found | None:
        """Beats a minute; None under 1.3 seconds, and where nothing begins."""
        onsets = self.onsets()
        size, step = (round(length_s * ONSETS_PER_S) for length_s in (_PASSAGE_S, _PASSAGE_STEP_S))
        if len(onsets) < size // 6 or onsets.max() < _WEAKEST:
            return None
        is_short = len(onsets) < size
        size = min(size, len(onsets))
        passages = np.lib.stride_tricks.sliding_window_view(onsets, size)[::step]
        spectra = np.fft.rfft(passages - passages.mean(axis=1, keepdims=True), padded_size(size), axis=1)
        alike = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, :size]
        power = alike[:, :1]
        loud = power[:, 0] > 0.05 * power.max()
        alike = (alike[loud] / np.maximum(power[loud], 1e-12)).mean(axis=0) * (size / np.arange(size, 0, -1)) ** (
            _OF_SHORT if is_short else 1.0
        )
        lags = np.arange(int(_LONGEST_LAG * size))  # of longer ones too few moments are compared
        alike = alike[: len(lags)]
        fits = np.stack([np.interp(_PERIODS * many, lags, alike, right=np.nan) for many in _MULTIPLES])
        fits[0] = np.nan_to_num(fits[0], nan=-1.0)  # a beat that is longer than that is none
        sure = np.nanmean(fits, axis=0)
        usual = np.exp(-0.5 * (np.log2(_BEATS / (_USUAL_OF_SHORT if is_short else _USUAL)) / _SPREAD_OCTAVES) ** 2)
        best = int(np.argmax(np.maximum(sure, 0) * usual))
        return Found(float(_BEATS[best]), float(np.clip(sure[best], 0.0, 1.0)))

    # --- key ------------------------------------------------------------------------------------------------

    def key(self) -> Found | None:
        """The place of a key in `KEYS`; None where there are no tones."""
        if not self._peaks:
            return None
        pitch, magnitude = np.concatenate(self._peaks, axis=1)
        roots = np.sqrt(magnitude)
        total = _pitch_classes(pitch, roots)
        if total.sum() <= 0 or total.std() <= 0:
            return None
        fits = _STANDARD_PROFILES @ (total - total.mean()) / total.std()
        tuning = np.angle(np.sum(roots * np.exp(2j * np.pi * pitch))) / (2 * np.pi)
        tuned = _pitch_classes(pitch - tuning, magnitude)
        shares = (tuned / max(float(tuned.sum()), 1e-12)) ** _KEY_POWER
        return Found(float(np.argmax(_KEY_PROFILES @ shares)), float(np.clip(fits.max(), 0.0, 1.0)))


def _peaks(spectra: NDArray[np.complexfloating]) -> Numbers:
    """(2, n) the pitch (69 is A at 440 Hz) and the magnitude of the peaks of ``spectra`` (frames, bins)."""
    power = spectra.real**2 + spectra.imag**2
    least = _PEAK_SHARE**2 * power.max(axis=1, keepdims=True)
    below, inner, above = (power[:, _FIRST_BIN + shift : _LAST_BIN + shift] for shift in (0, 1, 2))
    frame, place = np.nonzero((inner > below) & (inner >= above) & (inner > least))
    place += _FIRST_BIN + 1
    near = [np.sqrt(power[frame, place + shift]) for shift in (-1, 0, 1)]
    left, middle, right = (np.log(magnitude + 1e-9) for magnitude in near)
    exact = place + 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    return np.stack((69 + 12 * np.log2(exact * RATE_HZ / _CHROMA_FRAME / 440.0), near[1]))


def _pitch_classes(pitch: Numbers, weights: Numbers) -> Numbers:
    """(12,) how much of each pitch class there is, what lies between two left out."""
    nearest = np.round(pitch)
    clear = np.maximum(0, 1 - 2 * np.abs(pitch - nearest))
    return np.asarray(np.bincount(nearest.astype(np.int64) % 12, weights * clear, minlength=12), np.float64)


def _edges() -> NDArray[np.int64]:
    """(bands + 1,) the bins at which bands begin, evenly spaced in pitch, each of one at least."""
    hz = np.exp(np.linspace(np.log(_LOWEST_HZ), np.log(_HIGHEST_HZ), _BANDS + 1))
    return np.unique(np.round(hz * _ONSET_FRAME / RATE_HZ).astype(np.int64))


_ONSET_WINDOW: Final = np.hanning(_ONSET_FRAME).astype(np.float32)
_CHROMA_WINDOW: Final = np.hanning(_CHROMA_FRAME).astype(np.float32)
_FIRST_BIN: Final = int(_CHROMA_LOWEST_HZ * _CHROMA_FRAME / RATE_HZ)
_LAST_BIN: Final = int(_CHROMA_HIGHEST_HZ * _CHROMA_FRAME / RATE_HZ)
_EDGES: Final = _edges()
_WIDTHS: Final = (np.diff(_EDGES) * _ONSET_FRAME).astype(np.float32)
_PROFILES: Final = np.stack([np.roll(mode, note) for mode in (_MAJOR, _MINOR) for note in range(len(KEYS) // 2)])
_STANDARD_PROFILES: Final = np.stack([(one - one.mean()) / (one.std() * len(one)) for one in _PROFILES])
"""A product with what has a mean of 0 and a deviation of 1 is the correlation."""
_BEATS: Final = np.geomspace(_SLOWEST, _FASTEST, 400)
_PERIODS: Final = 60.0 * ONSETS_PER_S / _BEATS
_KEY_PROFILES: Final = np.stack([np.roll(mode, note) for mode in (_KEY_MAJOR, _KEY_MINOR) for note in range(12)])
