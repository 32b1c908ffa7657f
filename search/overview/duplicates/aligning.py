"""Compare two sounds: do they contain the same wave, at which offset, and how much louder is one?

First it finds the offset: the peak of the normalised cross-correlation of the samples, by Fourier transform, at twice
the sample rate, because codecs and resampling shift by fractions of a sample. Then it compares cells of an octave by an
eighth of a second: a copy has the same wave in every cell. Hits of one drum share a low tone with a correlation of
0.99, and nothing above it; loops of one drum kit share every stroke but one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from search.model import Wave

OVERSAMPLING: Final = 2
OCTAVES_HZ: Final = (60.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 7600.0)
LEAST_COVERED: Final = 0.8
"""The share of the shorter sound that the longer one must contain."""

_LEAST_CORRELATION: Final = 0.3
"""Below this correlation, cells are not compared."""
_LEAST_ENERGY: Final = 0.03
"""The share of the shorter sound's energy that the shared passage must contain."""
_QUIET: Final = 1e-6
"""A passage 60 dB below its whole sound is not correlated."""
_FLOOR: Final = 1e-5
"""Sounds below this (-100 dB) are silence."""

_MORE_S: Final = 0.1
_AUDIBLE: Final = 0.01
"""A part 40 dB below its whole sound counts as silence."""

_FRAME_S: Final = 0.064
_FRAMES: Final = 4
"""Frames in a cell, which are half of `_FRAME_S` apart."""
_DELAYS: Final = 17
_DEPTH_DB: Final = 70.0
"""A cell this far below the loudest is ignored."""
_LOUD_DB: Final = 25.0
_MOMENT_DB: Final = 20.0
"""A moment whose loudest cell is this far below the loudest of all is ignored."""
_NEEDED: Final = 0.9
_NEEDED_PER_DB: Final = 0.01
"""The required correlation of a cell: `_NEEDED` in the loudest, less for each dB below it, because codecs spend their
bits on loud cells."""
_LENIENCE: Final = 0.4
_MOST_LIKE: Final = 0.1
_BEYOND: Final = 8.0
"""An octave's worst loud cell departs by its excess over this many times the dissimilarity of the best tenth of cells.
Codecs make all cells dissimilar; phrases of one sampled instrument differ only where they have other notes."""
_EDGE: Final = 3
"""Cells at either end that may be in a fade, where the level changes within a frame; in short sounds, a fifth."""
_MOST_BELOW: Final = 20.0
"""Most times that an octave may be as dissimilar as those above it: codecs keep the low octaves most similar."""
_THE_SAME, _THRICE = 1e-4, 3.0
"""If the best tenth is no more dissimilar than this, no codec was involved: departures count three times, except in the
shortest sounds."""
_BEYOND_TOP: Final = 1.02
"""If the peak of one sound is this many times that of the other, the other may have been clipped."""
_STEP: Final = 2.0**-15
"""The step of 16 bits. Cells near their noise are ignored, so that a copy at -40 dB is judged by what remains of it."""
_ABOVE_NOISE: Final = 4.0


@dataclass(frozen=True, slots=True)
class SoundAlignment:
    """How two sounds align.

    ``offset_s``: where in the second sound the first begins (negative: before it); ``correlation`` in [0, 1] over the
    shared passage; ``covered``: its share of the shorter sound; ``shared_s``: its length; ``gain_db``: how much louder
    the first sound is there; ``at_worst``: the share of octaves that agree in the worst moment; ``loud_at_worst``: the
    correlation of the worst loud cell; ``departs``: how much less similar an octave's worst loud cell is than its best
    cells predict, ignoring clipping, 0 to 3; ``each_has_more``: whether both have more sound outside that passage.
    """

    offset_s: float
    correlation: float
    covered: float
    shared_s: float
    gain_db: float
    at_worst: float
    loud_at_worst: float
    departs: float
    each_has_more: bool


def align(one: Wave, other: Wave, sample_rate_hz: int) -> SoundAlignment | None:
    """The best alignment of ``one`` (n,) in ``other`` (m,), over shifts that share `LEAST_COVERED` of the shorter.

    None if either is silent, or they share no wave. The sign does not matter: inverted polarity is the same sound.
    """
    if len(one) < 2 or len(other) < 2 or rms(one) < _FLOOR or rms(other) < _FLOOR:
        return None
    if len(one) > len(other):
        found = align(other, one, sample_rate_hz)
        return None if found is None else replace(found, offset_s=-found.offset_s, gain_db=-found.gain_db)
    products = np.abs(_products(one, other))
    best = int(np.argmax(products * np.repeat(_weights(one, other), OVERSAMPLING)))
    lag = best // OVERSAMPLING - (len(one) - 1)
    inside, across = _passage(one, other, lag)
    correlation = min(float(products[best]) / max(rms(inside) * rms(across) * len(inside), 1e-30), 1.0)
    if correlation < _LEAST_CORRELATION:
        return None
    agreed = _both_ways(inside, across, sample_rate_hz)
    at_worst, loud_at_worst = agreed[:, :2].min(axis=0).tolist()
    departs = float(agreed[:, 2].max())
    cut_off = clipped_alike(inside, across) if departs > 0 else None
    if cut_off is not None:
        departs = min(departs, float(_both_ways(*cut_off, sample_rate_hz)[:, 2].max()))
    return SoundAlignment(
        offset_s=(best / OVERSAMPLING - (len(one) - 1)) / sample_rate_hz,
        correlation=correlation,
        covered=len(inside) / min(len(one), len(other)),
        shared_s=len(inside) / sample_rate_hz,
        gain_db=20.0 * math.log10(max(rms(inside), 1e-9) / max(rms(across), 1e-9)),
        at_worst=at_worst,
        loud_at_worst=loud_at_worst,
        departs=departs,
        each_has_more=_each_has_more(one, other, lag, sample_rate_hz),
    )


def rms(wave: Wave) -> float:
    """The root mean square of a wave (n,), 0 for an empty one."""
    return float(np.sqrt(np.mean(wave.astype(np.float64) ** 2))) if len(wave) else 0.0


def clipped_alike(one: Wave, other: Wave) -> tuple[Wave, Wave] | None:
    """Two aligned waves (n,), with the one that has higher peaks clipped like the other; None if neither has.

    A clipped copy agrees with its original once that is clipped as well; different notes still differ.
    """
    level = np.abs(one), np.abs(other)
    soft = level[0] < 0.5 * level[0].max()
    gain = float((level[0][soft] * level[1][soft]).sum() / max(float(np.square(level[0][soft]).sum()), 1e-20))
    above = gain * level[0] > level[1].max(), level[1] > gain * level[0].max()
    if gain * level[0].max() > _BEYOND_TOP * level[1].max():
        top = float(np.median(level[1][above[0]])) / gain
        return np.clip(one, -top, top), other
    if level[1].max() > _BEYOND_TOP * gain * level[0].max():
        top = gain * float(np.median(level[0][above[1]]))
        return one, np.clip(other, -top, top)
    return None


def _both_ways(one: Wave, other: Wave, sample_rate_hz: int) -> NDArray[np.float64]:
    """(2, 3): `agreement` in both directions, each wave brought to the level of the other."""
    return np.array([agreement(one, other, sample_rate_hz), agreement(other, one, sample_rate_hz)])


def agreement(one: Wave, other: Wave, sample_rate_hz: int) -> tuple[float, float, float]:
    """``at_worst``, ``loud_at_worst`` and ``departs`` of two aligned waves (n,) (`SoundAlignment`).

    They are zeros if all cells are ignored.

    Each frame of the second is brought to the level of the first, so that a fade is no disagreement. Each octave may
    have its own delay, as codecs and filters cause.
    """
    power, other_power, cross = _octaves(one, other, sample_rate_hz)
    gain = other_power.sum() / max(power.sum(), 1e-30)
    to_first = power.sum(axis=0) / np.maximum(other_power.sum(axis=0), 1e-12)
    cells, other_cells = _pooled(power), _pooled(other_power)
    correlation = _pooled(cross * np.sqrt(to_first)) / np.sqrt(
        np.maximum(cells * _pooled(other_power * to_first), 1e-30)
    )
    level = np.maximum(cells / max(cells.max(), 1e-30), other_cells / max(other_cells.max(), 1e-30))
    level_db = 10.0 * np.log10(np.maximum(level, 1e-12))
    noise = _noise(sample_rate_hz)[:, np.newaxis] * min(_FRAMES, power.shape[1])
    audible = (np.maximum(cells * gain, other_cells) > noise) & (np.maximum(cells, other_cells / gain) > noise)
    audible &= level_db > -_DEPTH_DB
    needed = np.maximum(_NEEDED + _NEEDED_PER_DB * level_db, 0.15 + _LENIENCE)
    agrees = np.clip((correlation - needed + _LENIENCE) / _LENIENCE, 0.0, 1.0)
    count = audible.sum(axis=0)
    moments = (count > 0) & (level_db.max(axis=0) > -_MOMENT_DB)
    loud = audible & (level_db > -_LOUD_DB)
    if not moments.any() or not loud.any():
        return 0.0, 0.0, 0.0
    at_worst = ((audible * agrees).sum(axis=0)[moments] / count[moments]).min()
    return float(at_worst), float(np.clip(correlation[loud].min(), 0.0, 1.0)), _departs(1.0 - correlation, loud)


def _departs(unlike: NDArray[np.float64], loud: NDArray[np.bool_]) -> float:
    """See `SoundAlignment`; ``unlike`` and ``loud`` (octaves, cells)."""
    edge = min(_EDGE, max(1, unlike.shape[1] // 5))
    inner, most, least = slice(edge, -edge), 0.0, math.inf
    for values, says in zip(unlike[::-1], loud[::-1], strict=True):  # from the highest octave down
        if says.any():
            usual = float(np.quantile(values[says], _MOST_LIKE))
            usual, least = min(usual, _MOST_BELOW * least), min(usual, least) if says.sum() >= _FRAMES else least
            departs = float(values[inner][says[inner]].max(initial=0.0)) - _BEYOND * usual
            most = max(most, departs * (_THRICE if usual < _THE_SAME and edge == _EDGE else 1.0))
    return most


def frames(wave: Wave, sample_rate_hz: int, overlap: int = 2) -> NDArray[np.complex64]:
    """The spectra (f, bins) of frames of a wave (n,); each sample is in ``overlap`` frames."""
    size = round(_FRAME_S * sample_rate_hz)
    padded = np.pad(wave, (size // 2, size))
    window = np.hanning(size).astype(np.float32)
    return np.fft.rfft(sliding_window_view(padded, size)[:: size // overlap] * window, axis=1).astype(np.complex64)


def octave_bins(sample_rate_hz: int) -> list[tuple[int, int]]:
    """The bins of a frame's spectrum in each octave: the first, and the one after the last."""
    size = round(_FRAME_S * sample_rate_hz)
    cuts = np.searchsorted(np.fft.rfftfreq(size, 1.0 / sample_rate_hz), OCTAVES_HZ)
    return list(itertools.pairwise(cuts.tolist()))


def _octaves(one: Wave, other: Wave, sample_rate_hz: int) -> tuple[NDArray[np.float64], ...]:
    """The power of the first, that of the second, and their cross power, each (octaves, frames)."""
    spectra, others = frames(one, sample_rate_hz), frames(other, sample_rate_hz)
    cross = spectra * np.conj(others)
    whole = cross.sum(axis=0)
    power, other_power, turns = _power(spectra), _power(others), _turns(sample_rate_hz)
    powers, other_powers, common = [], [], []
    for first, end in octave_bins(sample_rate_hz):
        by_delay = (turns[:, first:end] * whole[first:end]).sum(axis=1).real
        best = int(np.argmax(np.abs(by_delay)))
        turned = cross[:, first:end] * (turns[best, first:end] * np.sign(by_delay[best]))
        common.append(turned.real.sum(axis=1))
        powers.append(power[:, first:end].sum(axis=1))
        other_powers.append(other_power[:, first:end].sum(axis=1))
    return np.array(powers, np.float64), np.array(other_powers, np.float64), np.array(common, np.float64)


def _power(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    power: NDArray[np.float32] = np.square(spectra.real) + np.square(spectra.imag)
    return power


@lru_cache(maxsize=2)
def _turns(sample_rate_hz: int) -> NDArray[np.complex64]:
    """(`_DELAYS`, bins): factors for a spectrum, for delays of up to two samples."""
    hertz = np.fft.rfftfreq(round(_FRAME_S * sample_rate_hz), 1.0 / sample_rate_hz)
    delays_s = np.linspace(-2.0, 2.0, _DELAYS) / sample_rate_hz
    turns: NDArray[np.complex64] = np.exp(2j * np.pi * np.outer(delays_s, hertz)).astype(np.complex64)
    return turns


def _pooled(octaves: NDArray[np.float64]) -> NDArray[np.float64]:
    """(octaves, frames) -> (octaves, cells): sums over `_FRAMES` frames, at every frame."""
    count = min(_FRAMES, octaves.shape[1])
    sums: NDArray[np.float64] = sliding_window_view(octaves, count, axis=1).sum(axis=2)
    return sums


def _noise(sample_rate_hz: int) -> NDArray[np.float64]:
    """(octaves,): the power in a frame below which sound may be the rounding to 16 bits."""
    bins = np.array([end - first for first, end in octave_bins(sample_rate_hz)])
    window = float(np.sum(np.hanning(round(_FRAME_S * sample_rate_hz)) ** 2))
    noise: NDArray[np.float64] = _ABOVE_NOISE * bins * window * _STEP**2 / 12.0 * sample_rate_hz / 44_100
    return noise


def _products(one: Wave, other: Wave) -> NDArray[np.float64]:
    """The cross-correlation at every shift of ``one`` in ``other``, `OVERSAMPLING` per sample, from ``-(n - 1)`` on."""
    length = len(one) + len(other) - 1
    size = _transform_size(length)
    spectrum = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    product = np.fft.irfft(spectrum, OVERSAMPLING * size) * OVERSAMPLING
    first = OVERSAMPLING * (len(one) - 1)
    ordered: NDArray[np.float64] = np.concatenate((product[len(product) - first :], product))[: OVERSAMPLING * length]
    return ordered


def _transform_size(least: int) -> int:
    """A size of at least ``least``, and little more, with a fast Fourier transform."""
    two = 1 << max((least - 1).bit_length() - 4, 0)
    return next(factor * two for factor in (8, 9, 10, 12, 15, 16) if factor * two >= least)


def _weights(one: Wave, other: Wave) -> NDArray[np.float64]:
    """The weight of the cross-correlation at every shift; 0 if too little is shared.

    Shifts that share more of the first one's energy get a little more weight, because a tone correlates at many shifts.
    """
    of_one = np.concatenate(([0.0], np.cumsum(one.astype(np.float64) ** 2)))
    of_other = np.concatenate(([0.0], np.cumsum(other.astype(np.float64) ** 2)))
    lags = np.arange(-(len(one) - 1), len(other))
    start, end = np.maximum(lags, 0), np.minimum(lags + len(one), len(other))
    in_one, in_other = of_one[end - lags] - of_one[start - lags], of_other[end] - of_other[start]
    allowed = end - start >= max(1, math.ceil(LEAST_COVERED * min(len(one), len(other))))
    allowed &= (in_one > _LEAST_ENERGY * of_one[-1]) & (in_other > _QUIET * of_other[-1])
    weights: NDArray[np.float64] = np.where(
        allowed, 1.0 / np.sqrt(np.maximum(np.sqrt(in_one * of_one[-1]) * in_other, 1e-30)), 0.0
    )
    return weights


def _each_has_more(one: Wave, other: Wave, lag: int, sample_rate_hz: int) -> bool:
    """Whether both have sound outside the passage shared at a lag; less than `_MORE_S` may be a codec's padding."""
    start, end = max(lag, 0), min(lag + len(one), len(other))
    return all(
        any(len(part) > _MORE_S * sample_rate_hz and rms(part) > _AUDIBLE * rms(wave) for part in outside)
        for wave, outside in (
            (one, (one[: start - lag], one[end - lag :])),
            (other, (other[:start], other[end:])),
        )
    )


def _passage(one: Wave, other: Wave, lag: int) -> tuple[Wave, Wave]:
    start, end = max(lag, 0), min(lag + len(one), len(other))
    return one[start - lag : end - lag], other[start:end]
