"""Choosing the beat among the tempos that fit, since half and twice the tempo fit as well.

A weighted sum of features decides. They are the recurrence after an eighth of a beat to sixteen beats, over passages of
24 s, for bass, middle and treble each; the tempo and the density of onsets; and recurrence times tempo and density,
since the same recurrence means something else at a slow beat than at a fast one. There are weights for tunes and for
drums, mixed by the share of percussion in the onsets. Both are conditional logits, fitted together with the share by
`python -m benchmarks.fitting.tempo`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.octave_weights import OF_DRUMS, OF_TUNES, PERCUSSION, TRAITS

Numbers = NDArray[np.float64]

_GROUPS: Final = (slice(0, 8), slice(8, 15), slice(15, None))
"""Groups of the bands of `search.analysis.facts.tempo`: bass (to 300 Hz), middle (to 1,200 Hz), treble."""
_PASSAGE_S, _PASSAGE_STEP_S, _LONGEST_LAG = 24.0, 6.0, 0.7
USUAL: Final = 80.0
_SOUNDING: Final = 0.1
"""The sound after the last onset with this share of the strongest does not count."""
_LEAST_ONSET: Final = 0.15
"""An onset is a peak of this share of a strong one (the .98 quantile)."""
_USUAL_ONSETS: Final = 1.0
"""The usual density of onsets: two per beat, as a power of two."""
RATIOS: Final = np.array([
    1/8, 1/6, 1/4, 1/3, 3/8, 1/2, 5/8, 2/3, 3/4, 7/8, 1, 5/4, 4/3, 3/2, 7/4, 2, 5/2, 3, 7/2, 4, 5, 6, 7, 8, 12, 16,
])  # fmt: skip
"""The lags, in beats, at which recurrence is measured."""
PLAIN: Final = 16 + 4 * len(RATIOS)
"""The number of features of `evidence` for pace and for the recurrence of four curves. Recurrence times tempo and
recurrence times density follow."""


def rises(levels: NDArray[np.float32], per_s: float) -> Numbers:
    """The onset strength of each moment, relative to its surroundings (n,), from ``levels`` (n, bands)."""
    rise = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(axis=1).astype(np.float64)
    width = round(per_s)
    local = np.convolve(np.pad(rise, width // 2, mode="edge"), np.full(width, 1.0 / width), mode="same")
    return np.asarray(np.maximum(rise - local[width // 2 : width // 2 + len(rise)], 0.0))


def curves(levels: NDArray[np.float32], onsets: Numbers, per_s: float) -> Numbers:
    """Onset strengths (4, n) in all bands (``onsets``), bass, middle, treble, from the first to the last loud onset."""
    each = np.stack([onsets, *(rises(levels[:, group], per_s) for group in _GROUPS)])
    loud = np.flatnonzero(onsets >= _SOUNDING * onsets.max())
    return each[:, loud[0] : loud[-1] + 1]


def chosen(beats: Numbers, sure: Numbers, each: Numbers, per_s: float, *, has_key: bool) -> int:
    """The index of the beat among ``beats``, whose recurrence is ``sure``; ``each`` is from `curves`.

    A sound without a key counts as drums, whatever its onsets.
    """
    share = percussion(each, per_s) if has_key else 1.0
    return int(np.argmax(evidence(beats, sure, each, per_s) @ (share * OF_DRUMS + (1 - share) * OF_TUNES)))


def percussion(each: Numbers, per_s: float) -> float:
    """The share of percussion in the onsets, 0 to 1."""
    usual = np.clip(traits(each, per_s), *TRAITS)
    return float(1 / (1 + np.exp(-(usual @ PERCUSSION[:-1] + PERCUSSION[-1]))))


def traits(each: Numbers, per_s: float) -> Numbers:
    """The features for percussion (14,): how strong, sharp and frequent onsets are in each of the curves."""
    mean, strong = each.mean(axis=1) + 1e-6, np.quantile(each, 0.98, axis=1) + 1e-6
    often = np.log(np.array([_onsets_per_s(curve, per_s) for curve in each]) + 0.1)
    return np.concatenate((np.log(mean[1:] / mean[0]), np.log(strong[1:] / strong[0]), np.log(strong / mean), often))


def evidence(beats: Numbers, sure: Numbers, each: Numbers, per_s: float) -> Numbers:
    """The features of each of ``beats`` (beats, features)."""
    fast = np.log2(beats / USUAL)
    dense, *dense_in = (np.log2(0.1 + _onsets_per_s(curve, per_s) * 60.0 / beats) for curve in each)
    mean = each.mean(axis=1)
    bass, treble = (float(mean[place] / max(float(mean[0]), 1e-9)) for place in (1, 3))
    rows = [fast, fast**2, treble * fast, treble * fast**2, treble * dense, dense, dense**2, sure]
    rows += [bass * fast, bass * fast**2, *dense_in, *(one**2 for one in dense_in)]
    lags = np.outer(RATIOS, 60.0 * per_s / beats)
    alike = np.concatenate(
        [np.interp(lags, np.arange(len(one)), one, right=0.0) for one in _autocorrelation(each, per_s)]
    )
    return np.concatenate((np.stack(rows), alike, fast * alike, (dense - _USUAL_ONSETS) * alike)).T


def _autocorrelation(each: Numbers, per_s: float) -> Numbers:
    """The autocorrelation of curves (4, lags), averaged over passages; 1 at lag 0, or 0 for silence."""
    size, step = min(each.shape[1], round(_PASSAGE_S * per_s)), round(_PASSAGE_STEP_S * per_s)
    lags = int(_LONGEST_LAG * size)
    each, total = each - each.mean(axis=1, keepdims=True), np.zeros((len(each), lags))
    for first in range(0, each.shape[1] - size + 1, step):
        passage = each[:, first : first + size]
        passage = passage - passage.mean(axis=1, keepdims=True)
        spectra = np.fft.rfft(passage, 1 << (2 * size - 1).bit_length(), axis=1)
        alike = np.fft.irfft(spectra.real**2 + spectra.imag**2, axis=1)[:, :lags]
        total += alike / np.maximum(alike[:, :1], 1e-9) * (size / np.arange(size, size - lags, -1))
    return np.asarray(total / np.maximum(total[:, :1], 1e-9))


def _onsets_per_s(onsets: Numbers, per_s: float) -> float:
    inner = onsets[1:-1]
    is_peak = (inner > onsets[:-2]) & (inner >= onsets[2:]) & (inner > _LEAST_ONSET * np.quantile(onsets, 0.98))
    return float(is_peak.sum() * per_s / len(onsets))
