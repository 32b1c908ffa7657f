"""The similarity of two sounds by aspect: timbre, pitch, envelope and rhythm, from small profiles stored with the
facts.

A profile has `SIZE` numbers: the course of the level, the spectrum in bands and in harmonics, and the recurrence of
onsets. Each aspect is compared separately; a likeness is from 0 to 1. What a sound does not have is NaN.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS, PLACES
from search.analysis.facts.envelope import LevelBytes, above, highest_db, power_of
from search.analysis.facts.frames import padded_size

Numbers = NDArray[np.float64]
Rows = NDArray[np.float32]

MEASURED: Final = ("timbre", "pitch", "envelope", "rhythm")
"""The measured aspects; what kind of sound it is, the encoder knows."""

_STEPS, _BANDS, _HARMONICS, _LAGS = 16, 24, 10, 24
_SIZES: Final = {"level": _STEPS, "length": 1, "band": _BANDS, "harmonic": _HARMONICS, "lag": _LAGS, "rate": 1}
SIZE: Final = sum(_SIZES.values())

_MANY_STEPS: Final = 1 << 16
_FLOOR_DB, _SPECTRUM_FLOOR_DB = -40.0, -60.0
_FAINTEST_DB: Final = -100.0
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 16_000.0
_AROUND: Final = 0.03
"""How far a harmonic may deviate, as a share of its frequency."""
_SHORTEST_LAG_S, _LONGEST_LAG_S = 0.1, 2.0
_EDGES_HZ: Final = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1)
_LAGS_S: Final = np.geomspace(_SHORTEST_LAG_S, _LONGEST_LAG_S, _LAGS)
_LEVEL_DB, _SPECTRUM_DB, _SEMITONES, _NOISY, _CORRELATION, _OCTAVES = 6.0, 6.0, 1.5, 0.15, 0.15, 1.5
"""The distances at which the likeness falls to 1/e."""


def _places() -> dict[str, slice]:
    found, at = {}, len(FACTS)
    for name, size in _SIZES.items():
        found[name] = slice(at, at + size)
        at += size
    return found


_AT: Final = _places()
NUMBERS: Final = len(FACTS) + SIZE
"""The length of a stored row: facts and profile."""


def profile(
    steps: LevelBytes,
    step_s: float,
    spectrum: tuple[Numbers, Numbers],
    pitch_hz: float | None,
    onsets: tuple[Numbers, float],
) -> NDArray[np.float32]:
    """The profile of a sound (SIZE,).

    It is made from the levels in ``steps`` of ``step_s``, the ``spectrum`` (frequencies, mean power), the pitch, and
    the ``onsets`` (onset strengths, and their number per second).
    """
    length_s, levels = _course(steps, step_s)
    hz, power = spectrum
    lags, rate = _rhythm(*onsets)
    parts = (levels, [np.log2(max(length_s, 1e-3))], _bands(hz, power), _harmonics(hz, power, pitch_hz), lags, [rate])
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def likenesses(example: Rows, others: Rows) -> dict[str, Numbers]:
    """The likeness of each of ``others`` (n, NUMBERS) to ``example`` (NUMBERS,): (n,) by aspect; 0 if unmeasured."""
    one, many = example.astype(np.float64), others.astype(np.float64)
    found = {
        "timbre": _timbre(one, many),
        "pitch": _pitch(one, many),
        "envelope": np.exp(-_apart(one, many, "level") / _LEVEL_DB - _apart(one, many, "length") / _OCTAVES),
        "rhythm": np.exp(-_apart(one, many, "lag") / _CORRELATION - _apart(one, many, "rate") / _OCTAVES),
    }
    known = ~np.isnan(many[:, PLACES["channels"]])
    return {name: np.where(known, np.nan_to_num(likeness), 0.0) for name, likeness in found.items()}


def _apart(one: Numbers, many: Numbers, part: str) -> Numbers:
    """The root mean square of differences (n,)."""
    return np.asarray(np.sqrt(np.mean((many[:, _AT[part]] - one[_AT[part]]) ** 2, axis=1)))


def _timbre(one: Numbers, many: Numbers) -> Numbers:
    """The likeness of timbre: by harmonics if both have a pitch (not necessarily the same), else by bands."""
    by_harmonics = _apart(one, many, "harmonic")
    by_bands = _apart(one, many, "band") + np.where(_has_pitch(one[np.newaxis]) != _has_pitch(many), _SPECTRUM_DB, 0.0)
    noisy = PLACES["noisiness"]
    noise = np.nan_to_num(np.abs(many[:, noisy] - one[noisy]))
    apart = np.where(np.isnan(by_harmonics), by_bands, by_harmonics)
    return np.asarray(np.exp(-apart / _SPECTRUM_DB - noise / _NOISY))


def _pitch(one: Numbers, many: Numbers) -> Numbers:
    """The likeness of pitch; two sounds without a pitch count as equal."""
    place = PLACES["pitch_hz"]
    semitones = 12 * np.abs(np.log2(many[:, place] / one[place]))
    neither = np.isnan(many[:, place]) & np.isnan(one[place])
    return np.where(neither, 1.0, np.nan_to_num(np.exp(-semitones / _SEMITONES)))


def _has_pitch(rows: Numbers) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(rows[:, PLACES["pitch_hz"]]))


def _course(steps: LevelBytes, step_s: float) -> tuple[float, Numbers]:
    """The length of the sounding part, and the levels of `_STEPS` equal parts of it, in dB relative to the highest."""
    sounding = above(steps, max(highest_db(steps) + _FLOOR_DB, _FAINTEST_DB))
    if not sounding.any():
        return 0.0, np.full(_STEPS, _FLOOR_DB)
    inside = steps[int(np.argmax(sounding)) : len(steps) - int(np.argmax(sounding[::-1]))]
    edges = np.linspace(0, len(inside), _STEPS + 1)
    whole = edges.astype(np.int64)
    parts = _powers(inside, whole)
    begun = (edges - whole) * power_of(inside[np.minimum(whole, len(inside) - 1)])
    power = np.diff(np.concatenate(([0.0], np.cumsum(parts))) + begun) / np.diff(edges)
    levels = 10 * np.log10(np.maximum(power, 1e-12))
    return len(inside) * step_s, np.maximum(levels - levels.max(), _FLOOR_DB)


def _powers(steps: LevelBytes, edges: NDArray[np.int64]) -> list[float]:
    """The sum of powers between each of ``edges`` and the next.

    A long recording is processed part by part, because its powers take eight times as much memory as its levels.
    """
    if len(steps) > _MANY_STEPS:
        return [float(power_of(steps[begin:end]).sum()) for begin, end in itertools.pairwise(edges.tolist())]
    sums = np.concatenate(([0.0], np.cumsum(power_of(steps))))
    powers: list[float] = np.diff(sums[edges]).tolist()
    return powers


def _bands(hz: Numbers, power: Numbers) -> Numbers:
    """The power in bands that are evenly spaced in pitch, in dB relative to the total."""
    edges = np.searchsorted(hz, _EDGES_HZ)
    sums = np.concatenate(([0.0], np.cumsum(power)))
    return _shares_db(np.diff(sums[np.minimum(edges, len(power))]))


def _harmonics(hz: Numbers, power: Numbers, pitch_hz: float | None) -> Numbers:
    if pitch_hz is None:
        return np.full(_HARMONICS, np.nan)
    middle = pitch_hz * np.arange(1, _HARMONICS + 1)
    reach = np.maximum(_AROUND * middle, 2 * (hz[1] - hz[0]))
    first, last = np.searchsorted(hz, middle - reach), np.searchsorted(hz, middle + reach)
    sums = np.concatenate(([0.0], np.cumsum(power)))
    return _shares_db(sums[last] - sums[first])


def _shares_db(power: Numbers) -> Numbers:
    total = float(power.sum())
    if total <= 0:
        return np.full(len(power), _SPECTRUM_FLOOR_DB)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power / total, 1e-12)), _SPECTRUM_FLOOR_DB))


def _rhythm(onsets: Numbers, per_s: float) -> tuple[Numbers, float]:
    """The autocorrelation of onsets at `_LAGS` lags, and log2 of 1 plus their number per second."""
    if len(onsets) < _SHORTEST_LAG_S * per_s or onsets.max() <= 0:
        return np.zeros(_LAGS), 0.0
    spectrum = np.fft.rfft(onsets - onsets.mean(), padded_size(len(onsets)))
    alike = np.fft.irfft(np.abs(spectrum) ** 2)[: len(onsets)]
    lags = np.interp(_LAGS_S * per_s, np.arange(len(alike)), alike / max(float(alike[0]), 1e-12), right=0.0)
    strong = onsets > 0.3 * onsets.max()
    starts = np.count_nonzero(strong & ~np.concatenate(([False], strong[:-1])))
    return np.clip(lags, -1, 1), float(np.log2(1 + starts / (len(onsets) / per_s)))
