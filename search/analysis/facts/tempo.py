"""The tempo: the period after which onsets come again, of those that fit the one that people mean by the beat.

How much begins at each moment is compared with what begins a period later, over passages of eight seconds. Periods at
whose multiples it comes again are candidates: the beat, half and twice of it, two thirds. In music that lasts longer
than a passage a weighted sum tells the beat among them: how much comes again after a quarter of it to eight of it, of
the bass, the middle and the treble each; how fast it is and how many onsets it has, of drums
otherwise than of pianos. Its weights are a conditional logit,
fitted by `python -m benchmarks.fitting.tempo`. How sure a tempo is, the period says that comes again best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import padded_size

Numbers = NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 60.0, 5000.0
BANDS: Final = 24
"""Levels are of bands evenly spaced in pitch from the one to the other frequency."""
_GROUPS: Final = (slice(None), slice(0, 8), slice(8, 15), slice(15, None))
"""All bands, the bass (to 300 Hz), the middle (to 1,200 Hz), the treble."""

_PASSAGE_S, _PASSAGE_STEP_S = 8.0, 2.0
_LOUD: Final = 0.05
"""Passages with less than this share of the power of the strongest do not count."""
SLOWEST, FASTEST = 50.0, 210.0
_USUAL, _USUAL_OF_SHORT, SPREAD_OCTAVES = 80.0, 90.0, 1.2
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
_LEAST_ONSET: Final = 0.15
"""An onset is a peak of this share of a strong one (the .98 quantile)."""
RATIOS: Final = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""After so many beats it is looked whether the same begins again."""
PACE: Final = 4 * len(RATIOS)
"""From which feature on they say how fast a candidate is, and how many onsets it has."""
FITTED: Final = np.array([
    6.78, -0.32, 9.82, -1.18, 1.58, 7.86, 3.01, -3.90, 5.90, -0.73, -4.24, -4.00,
    -3.06, -1.42, -6.42, -2.24, -7.58, -5.26, -4.58, 0.40, -5.51, 6.19, -1.18, 3.91,
    -1.18, -0.47, -1.95, -0.44, -3.74, -2.75, -3.37, 4.48, -1.75, 2.00, 2.67, 2.68,
    1.09, -0.32, 3.04, -0.51, 2.00, 2.31, -1.91, 0.45, 2.21, -4.27, 2.77, -1.40,
    -2.32, -2.74, 1.80, 1.21, -1.34, 1.54, -0.60, 5.39,
])  # fmt: skip
"""What each feature of `candidates` is worth: a row for all bands, bass, middle, treble each; then the pace."""


@dataclass(frozen=True, slots=True)
class MusicEstimate:
    """A ``value`` (beats a minute, or the place of a key) and how sure it is, 0 to 1."""

    value: float
    sure: float


def rises(levels: NDArray[np.float32], per_s: float) -> Numbers:
    """(n,) how much more begins at each moment than around it, of the ``levels`` (n, bands)."""
    rise = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(axis=1).astype(np.float64)
    width = round(per_s)
    local = np.convolve(np.pad(rise, width // 2, mode="edge"), np.full(width, 1.0 / width), mode="same")
    return np.asarray(np.maximum(rise - local[width // 2 : width // 2 + len(rise)], 0.0))


def tempo_of(levels: NDArray[np.float32], onsets: Numbers, per_s: float) -> MusicEstimate | None:
    """Beats a minute of ``levels`` (n, bands), so many ``per_s``, and their `rises`.

    None under 1.3 seconds, and where nothing begins.
    """
    size = round(_PASSAGE_S * per_s)
    if len(onsets) < size // 6 or onsets.max() < WEAKEST:
        return None
    is_short = len(onsets) < size
    alike = _again(onsets, per_s)
    sure = _sure(alike, per_s)
    usual = np.exp(-0.5 * (np.log2(BEATS / (_USUAL_OF_SHORT if is_short else _USUAL)) / SPREAD_OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(sure, 0) * usual))
    if is_short or sure[best] <= 0:
        return MusicEstimate(float(BEATS[best]), float(np.clip(sure[best], 0.0, 1.0)))
    tempos, evidence = candidates(levels, onsets, per_s)  # the autocorrelation again: a few ms of minutes
    chosen = float(tempos[np.argmax(evidence @ FITTED)])
    return MusicEstimate(chosen, float(np.clip(sure[best], 0.0, 1.0)))


def candidates(levels: NDArray[np.float32], onsets: Numbers, per_s: float) -> tuple[Numbers, Numbers]:
    """(k,) tempos that the beat may have, and (k, features) what speaks for each, of more than one passage."""
    alike = _again(onsets, per_s)
    sure = _sure(alike, per_s)
    tops = np.flatnonzero((sure[1:-1] > sure[:-2]) & (sure[1:-1] >= sure[2:])) + 1
    tops = tops[np.argsort(-sure[tops], kind="stable")][:_BEST] if len(tops) else np.array([int(np.argmax(sure))])
    tempos = BEATS[tops].tolist()
    for tempo in tempos[:_OCTAVES_OF]:
        for octave in (tempo / 2, 2 * tempo):
            if SLOWEST <= octave <= FASTEST and all(abs(octave / other - 1) > _SAME for other in tempos):
                tempos.append(octave)
    beats = np.array(tempos)
    periods = 60.0 * per_s / beats
    curves = [onsets, *(rises(levels[:, group], per_s) for group in _GROUPS[1:])]
    again = [alike, *(_again(curve, per_s) for curve in curves[1:])]
    rows = [_at(one, periods * ratio) for one in again for ratio in RATIOS]
    struck = float(curves[-1].mean() / max(onsets.mean(), 1e-9))
    fast, dense = np.log2(beats / _USUAL), np.log2(0.1 + _onsets_per_s(onsets, per_s) * 60.0 / beats)
    rows += [fast, fast**2, struck * fast, struck * fast**2, struck * dense, dense, dense**2]
    rows.append(np.interp(beats, BEATS, sure))
    return beats, np.stack(rows, axis=1)


def _again(onsets: Numbers, per_s: float) -> Numbers:
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


def _sure(alike: Numbers, per_s: float) -> Numbers:
    """(tempos,) of each of `BEATS` how much comes again after one to four."""
    lags, periods = np.arange(len(alike)), 60.0 * per_s / BEATS
    fits = np.stack([np.interp(periods * many, lags, alike, right=np.nan) for many in _MULTIPLES])
    fits[0] = np.nan_to_num(fits[0], nan=-1.0)  # a beat that is longer than that is none
    return np.asarray(np.nanmean(fits, axis=0))


def _at(alike: Numbers, lags: Numbers) -> Numbers:
    """What comes again after such times; 0 after longer ones than are compared."""
    return np.asarray(np.interp(lags, np.arange(len(alike)), alike, right=0.0))


def _onsets_per_s(onsets: Numbers, per_s: float) -> float:
    inner = onsets[1:-1]
    is_peak = (inner > onsets[:-2]) & (inner >= onsets[2:]) & (inner > _LEAST_ONSET * np.quantile(onsets, 0.98))
    return float(is_peak.sum() * per_s / len(onsets))


BEATS: Final = np.geomspace(SLOWEST, FASTEST, 400)
