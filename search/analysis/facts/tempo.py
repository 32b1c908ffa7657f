"""The tempo: the period with which onsets recur; among several that fit, the one that people perceive as the beat.

Onset strengths are autocorrelated over passages of eight seconds. Periods whose multiples show recurrence are
candidates: the beat, half and twice of it, two thirds. In music longer than a passage, `search.analysis.facts.octaves`
chooses the beat among them. The certainty of a tempo is that of the period with the best recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import padded_size
from search.analysis.facts.octaves import USUAL, chosen, curves

Numbers = NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 60.0, 5000.0
BANDS: Final = 24
"""The number of bands of the levels, evenly spaced in pitch between these frequencies."""

_PASSAGE_S, _PASSAGE_STEP_S = 8.0, 2.0
_LOUD: Final = 0.05
"""Passages with less than this share of the strongest passage's power do not count."""
SLOWEST, FASTEST = 50.0, 210.0
_USUAL_OF_SHORT, SPREAD_OCTAVES = 90.0, 1.2
"""The usual tempo of short sounds, and the spread: among periods that fit equally, the nearest to the usual one
wins."""
_OF_SHORT: Final = 0.5
"""The exponent of the correction for the shorter overlap at long lags, for short sounds, which have only one
passage."""
_LONGEST_LAG: Final = 0.8
_MULTIPLES: Final = (1, 2, 3, 4)
TEMPO_SURE, TEMPO_SURE_OF_TUNES = 0.3, 0.12
"""The least certainty of a tempo: for any sound, and for music, which is what has a key and lasts longer than a stroke.

Of 260 long recordings, those with a key and .1 or more are music with a beat; those with less have no clear beat."""
WEAKEST: Final = 0.1
"""The least onset strength: a steady tone, which beats with the frames, has .03; natural sounds have .2."""

_BEST, _OCTAVES_OF = 6, 3
"""The number of best periods that are candidates, and of how many of them twice and half are candidates, too."""
_SAME: Final = 0.04


@dataclass(frozen=True, slots=True)
class MusicEstimate:
    """A ``value`` (beats per minute, or the index of a key) and its certainty ``sure``, 0 to 1."""

    value: float
    sure: float


def tempo_of(levels: NDArray[np.float32], onsets: Numbers, per_s: float, *, has_key: bool) -> MusicEstimate | None:
    """The tempo in beats per minute, from ``levels`` (n, bands), ``per_s`` a second, and their ``onsets`` (`rises`).

    None if the sound is shorter than 1.3 seconds, or nothing begins in it.
    """
    size = round(_PASSAGE_S * per_s)
    if len(onsets) < size // 6 or onsets.max() < WEAKEST:
        return None
    is_short = len(onsets) < size
    alike = autocorrelation(onsets, per_s)
    sure = sure_of(alike, per_s)
    usual = np.exp(-0.5 * (np.log2(BEATS / (_USUAL_OF_SHORT if is_short else USUAL)) / SPREAD_OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(sure, 0) * usual))
    if is_short or sure[best] <= 0:
        return MusicEstimate(float(BEATS[best]), float(np.clip(sure[best], 0.0, 1.0)))
    tempos = candidates(sure)
    place = chosen(tempos, np.interp(tempos, BEATS, sure), curves(levels, onsets, per_s), per_s, has_key=has_key)
    return MusicEstimate(float(tempos[place]), float(np.clip(sure[best], 0.0, 1.0)))


def candidates(sure: Numbers) -> Numbers:
    """The candidate tempos (k,), from how ``sure`` the recurrence of each of `BEATS` is."""
    tops = np.flatnonzero((sure[1:-1] > sure[:-2]) & (sure[1:-1] >= sure[2:])) + 1
    tops = tops[np.argsort(-sure[tops], kind="stable")][:_BEST] if len(tops) else np.array([int(np.argmax(sure))])
    tempos = BEATS[tops].tolist()
    for tempo in tempos[:_OCTAVES_OF]:
        for octave in (tempo / 2, 2 * tempo):
            if SLOWEST <= octave <= FASTEST and all(abs(octave / other - 1) > _SAME for other in tempos):
                tempos.append(octave)
    return np.array(tempos)


def autocorrelation(onsets: Numbers, per_s: float) -> Numbers:
    """The autocorrelation of onsets (lags,), averaged over passages; 1 at lag 0."""
    size, step = (round(length_s * per_s) for length_s in (_PASSAGE_S, _PASSAGE_STEP_S))
    made_up = _OF_SHORT if len(onsets) < size else 1.0
    size = min(size, len(onsets))
    lags = int(_LONGEST_LAG * size)  # longer lags compare too few moments
    passages = np.lib.stride_tricks.sliding_window_view(onsets, size)[::step]
    spectra = np.fft.rfft(passages - passages.mean(axis=1, keepdims=True), padded_size(size), axis=1)
    alike = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, :size]
    power = alike[:, :1]
    loud = power[:, 0] >= _LOUD * power.max()
    alike = (alike[loud] / np.maximum(power[loud], 1e-12)).mean(axis=0) * (size / np.arange(size, 0, -1)) ** made_up
    return np.asarray(alike[:lags])


def sure_of(alike: Numbers, per_s: float) -> Numbers:
    """For each of `BEATS`, the mean autocorrelation at one to four beats (tempos,)."""
    lags, periods = np.arange(len(alike)), 60.0 * per_s / BEATS
    fits = np.stack([np.interp(periods * many, lags, alike, right=np.nan) for many in _MULTIPLES])
    fits[0] = np.nan_to_num(fits[0], nan=-1.0)  # a beat longer than the longest lag is impossible
    return np.asarray(np.nanmean(fits, axis=0))


BEATS: Final = np.geomspace(SLOWEST, FASTEST, 400)
