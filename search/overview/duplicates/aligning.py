"""Do two recordings hold the same sound, where does one lie in the other, and how much louder is it?

The normalised cross-correlation of the samples: a copy that was re-encoded, trimmed or turned up or down is the same
wave, shifted and scaled, and another take of the same thing is not, however alike it sounds. The correlation is
computed by Fourier transform at twice the sample rate, because codecs and resampling shift by fractions of a sample.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Wave

OVERSAMPLING: Final = 2
OCTAVES_HZ: Final = (60.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 3700.0)
_TOP: Final = 0.95
"""Up to this share of the band that the samples have: resampling ends the rest."""
_FAINT: Final = 1e-7
_DELAYS: Final = 17
_FLOOR: Final = 1e-4
"""Passages quieter than this (-80 dB) are silence: they correlate with nothing."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """``offset_s``: where in the longer wave the shorter one begins (negative: before it); ``correlation`` in [0, 1]
    over the passage that both have; ``covered``: the share of the shorter wave that this is; ``gain_db``: how much
    louder the shorter wave is there; ``in_bands``: the mean correlation of its octaves (`in_bands`).
    """

    offset_s: float
    correlation: float
    covered: float
    gain_db: float
    in_bands: float


def align(short: Wave, long: Wave, sample_rate_hz: int, *, least_covered: float) -> Alignment | None:
    """Where ``short`` (s,) lies in ``long`` (l,) best, over shifts at which they share ``least_covered`` of ``short``.

    None where either is silent. The sign of the correlation does not matter: a turned-over plug is the same sound.
    """
    if len(short) < 2 or len(long) < 2 or max(_rms(short), 0.0) < _FLOOR or _rms(long) < _FLOOR:
        return None
    # lags of the start of ``short`` in ``long``, in samples of the finer grid
    product, grid = _cross(short, long)
    energies = _shared_energies(short, long)
    lags = np.arange(-(len(short) - 1), len(long))
    shared = np.minimum(lags + len(short), len(long)) - np.maximum(lags, 0)
    allowed = shared >= max(1, math.ceil(least_covered * min(len(short), len(long))))
    fine = np.repeat(np.where(allowed, 1.0 / np.maximum(energies, 1e-12), 0.0), OVERSAMPLING)[: len(product)]
    scores = np.abs(product) * fine
    best = int(np.argmax(scores))
    lag = int(lags[best // OVERSAMPLING])
    inside, across = _passage(short, long, lag)
    return Alignment(
        offset_s=grid[0] / sample_rate_hz + best / (OVERSAMPLING * sample_rate_hz),
        correlation=float(min(scores[best], 1.0)),
        covered=float(shared[best // OVERSAMPLING] / min(len(short), len(long))),
        gain_db=20.0 * math.log10(max(_rms(inside), 1e-9) / max(_rms(across), 1e-9)),
        in_bands=in_bands(inside, across, sample_rate_hz),
    )


def in_bands(one: Wave, other: Wave, sample_rate_hz: int) -> float:
    """The mean over octaves of how well two aligned waves (n,) correlate there, in [0, 1].

    A low tone that dies away is like any other of its pitch, and it is most of a drum's energy: the hits of one drum
    correlate to .99. What they do above it is noise, another each time. An octave with next to no energy in either has
    no say (where none has, nothing speaks against: 1). Within a sample each octave may have a delay of its own, as
    codecs leave.
    """
    size = 1 << (len(one) - 1).bit_length()
    spectra = np.fft.rfft(one, size), np.fft.rfft(other, size)
    hertz = np.fft.rfftfreq(size, 1.0 / sample_rate_hz)
    cuts = np.searchsorted(hertz, [edge for edge in OCTAVES_HZ if edge <= _TOP * sample_rate_hz / 2])
    if len(cuts) < 2:
        return 1.0
    totals = [float(np.vdot(spectrum, spectrum).real) for spectrum in spectra]
    turns = np.exp(2j * np.pi * np.outer(np.linspace(-1.0, 1.0, _DELAYS) / sample_rate_hz, hertz[cuts[0] : cuts[-1]]))
    cross = turns * (spectra[0] * np.conj(spectra[1]))[cuts[0] : cuts[-1]]
    found = []
    for first, last in itertools.pairwise(cuts.tolist()):
        powers = [float(np.vdot(spectrum[first:last], spectrum[first:last]).real) for spectrum in spectra]
        if all(power > _FAINT * total for power, total in zip(powers, totals, strict=True)):
            agreement = np.abs(cross[:, first - cuts[0] : last - cuts[0]].sum(axis=1).real).max()
            found.append(float(agreement) / math.sqrt(powers[0] * powers[1]))
    return min(float(np.mean(found)), 1.0) if found else 1.0


def _cross(short: Wave, long: Wave) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Sums of products at every lag from ``-(s - 1)`` to ``l - 1``, `OVERSAMPLING` to a sample, and that range."""
    length = len(short) + len(long) - 1
    size = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    product = np.fft.irfft(spectrum, OVERSAMPLING * size) * OVERSAMPLING
    first = OVERSAMPLING * (len(short) - 1)
    ordered = np.concatenate((product[len(product) - first :] if first else product[:0], product))
    return ordered[: OVERSAMPLING * length], (-(len(short) - 1), len(long) - 1)


def _shared_energies(short: Wave, long: Wave) -> NDArray[np.float64]:
    """At every lag, the root of the product of both energies over the samples that overlap."""
    of_short = np.concatenate(([0.0], np.cumsum(short.astype(np.float64) ** 2)))
    of_long = np.concatenate(([0.0], np.cumsum(long.astype(np.float64) ** 2)))
    lags = np.arange(-(len(short) - 1), len(long))
    start, end = np.maximum(lags, 0), np.minimum(lags + len(short), len(long))
    in_long = of_long[end] - of_long[start]
    in_short = of_short[end - lags] - of_short[start - lags]
    floor = _FLOOR**2 * (end - start)
    quiet = (in_long < floor) | (in_short < floor)
    energies: NDArray[np.float64] = np.sqrt(np.maximum(in_long, 0.0) * np.maximum(in_short, 0.0))
    return np.where(quiet, np.inf, energies)


def _passage(short: Wave, long: Wave, lag: int) -> tuple[Wave, Wave]:
    start, end = max(lag, 0), min(lag + len(short), len(long))
    return short[start - lag : end - lag], long[start:end]


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave.astype(np.float64) ** 2))) if len(wave) else 0.0
