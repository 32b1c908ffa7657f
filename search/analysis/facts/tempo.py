"""The tempo: the period after which onsets come again, of those that fit the one that people mean by the beat.

How much begins at each moment is compared with what begins a period later, over passages of eight seconds. Periods at
whose multiples it comes again are candidates: the beat, half and twice of it, two thirds. In music that lasts longer
than a passage `search.analysis.facts.octaves` tells the beat among them. How sure a tempo is, the period says that
comes again best.
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
"""Levels are of bands evenly spaced in pitch from the one to the other frequency."""

_PASSAGE_S, _PASSAGE_STEP_S = 8.0, 2.0
_LOUD: Final = 0.05
"""Passages with less than this share of the power of the strongest do not count."""
SLOWEST, FASTEST = 50.0, 210.0
_USUAL_OF_SHORT, SPREAD_OCTAVES = 90.0, 1.2
"""Of periods that fit alike the one nearest to the usual tempo comes first: of songs, and of loops."""
_OF_SHORT: Final = 0.5
"""How far what is missing at the end of a passage is made up for: of a short sound, which has only one, half."""
_LONGEST_LAG: Final = 0.8
_MULTIPLES: Final = (1, 2, 3, 4)
TEMPO_SURE, TEMPO_SURE_OF_TUNES = 0.3, 0.12
"""How sure a tempo is at least: of any sound, and of what has a key and lasts longer than a stroke, which is music.

Of 260 long recordings those with a key and .1 or more are music with a beat; those with less hang in the air."""
WEAKEST: Final = 0.1
"""The least that must begin: in a steady tone, which beats with the frames, it is .03, in natural sounds .2."""

_BEST, _OCTAVES_OF = 6, 3
"""Candidates are so many of the periods that fit best, and twice and half so many of them."""
_SAME: Final = 0.04


@dataclass(frozen=True, slots=True)
class MusicEstimate:
    """A ``value`` (beats a minute, or the place of a key) and how sure it is, 0 to 1."""

    value: float
    sure: float


def tempo_of(levels: NDArray[np.float32], onsets: Numbers, per_s: float, *, has_key: bool) -> MusicEstimate | None:
    """Beats a minute of ``levels`` (n, bands), so many ``per_s``, and their `rises`.

    None under 1.3 seconds, and where nothing begins.
    """
    size = round(_PASSAGE_S * per_s)
    if len(onsets) < size // 6 or onsets.max() < WEAKEST:
        return None
    is_short = len(onsets) < size
    alike = again(onsets, per_s)
    sure = sure_of(alike, per_s)
    usual = np.exp(-0.5 * (np.log2(BEATS / (_USUAL_OF_SHORT if is_short else USUAL)) / SPREAD_OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(sure, 0) * usual))
    if is_short or sure[best] <= 0:
        return MusicEstimate(float(BEATS[best]), float(np.clip(sure[best], 0.0, 1.0)))
    tempos = candidates(sure)
    place = chosen(tempos, np.interp(tempos, BEATS, sure), curves(levels, onsets, per_s), per_s, has_key=has_key)
    return MusicEstimate(float(tempos[place]), float(np.clip(sure[best], 0.0, 1.0)))


def candidates(sure: Numbers) -> Numbers:
    """(k,) tempos that the beat may have, of how ``sure`` it is that `BEATS` come again."""
    tops = np.flatnonzero((sure[1:-1] > sure[:-2]) & (sure[1:-1] >= sure[2:])) + 1
    tops = tops[np.argsort(-sure[tops], kind="stable")][:_BEST] if len(tops) else np.array([int(np.argmax(sure))])
    tempos = BEATS[tops].tolist()
    for tempo in tempos[:_OCTAVES_OF]:
        for octave in (tempo / 2, 2 * tempo):
            if SLOWEST <= octave <= FASTEST and all(abs(octave / other - 1) > _SAME for other in tempos):
                tempos.append(octave)
    return np.array(tempos)


def again(onsets: Numbers, per_s: float) -> Numbers:
    """(lags,) how much alike onsets are after each time, in the mean of passages; 1 is wholly."""
    size, step = (round(length_s * per_s) for length_s in (_PASSAGE_S, _PASSAGE_STEP_S))
    made_up = _OF_SHORT if len(onsets) < size else 1.0
    size = min(size, len(onsets))
    lags = int(_LONGEST_LAG * size)  # of longer ones too few moments are compared
    passages = np.lib.stride_tricks.sliding_window_view(onsets, size)[::step]
    spectra = np.fft.rfft(passages - passages.mean(axis=1, keepdims=True), padded_size(size), axis=1)
    alike = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, :size]
    power = alike[:, :1]
    loud = power[:, 0] >= _LOUD * power.max()
    alike = (alike[loud] / np.maximum(power[loud], 1e-12)).mean(axis=0) * (size / np.arange(size, 0, -1)) ** made_up
    return np.asarray(alike[:lags])


def sure_of(alike: Numbers, per_s: float) -> Numbers:
    """(tempos,) of each of `BEATS` how much comes again after one to four."""
    lags, periods = np.arange(len(alike)), 60.0 * per_s / BEATS
    fits = np.stack([np.interp(periods * many, lags, alike, right=np.nan) for many in _MULTIPLES])
    fits[0] = np.nan_to_num(fits[0], nan=-1.0)  # a beat that is longer than that is none
    return np.asarray(np.nanmean(fits, axis=0))


BEATS: Final = np.geomspace(SLOWEST, FASTEST, 400)
