"""The building blocks of the demo collection's sounds: noise, rings, clicks, strings, envelopes.

Every function returns mono float64 at ``rate`` (Hz); lengths are in samples, times in seconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def times(rate: int, seconds: float) -> Samples:
    """The time of every sample, in seconds."""
    return np.arange(round(rate * seconds)) / rate


def noise(
    rng: np.random.Generator, rate: int, seconds: float, low_hz: float, high_hz: float, *, slope: float
) -> Samples:
    """Noise between two frequencies with soft edges; ``slope`` is the exponent of 1/f in amplitude (0 white, 1 brown).

    Shaped in the frequency domain, so it costs two FFTs; the standard deviation is 1.
    """
    count = round(rate * seconds)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / rate), 1.0)
    gain = (hertz / 1000.0) ** -slope
    gain /= 1 + (low_hz / hertz) ** 4
    gain /= 1 + (hertz / high_hz) ** 4
    shaped = np.fft.irfft(spectrum * gain, count)
    return shaped / max(float(shaped.std()), 1e-12)


def drift(rng: np.random.Generator, rate: int, seconds: float, period_s: float) -> Samples:
    """A smooth random curve in [0, 1] that changes about once every ``period_s``."""
    knots = rng.random(max(int(seconds / period_s) + 3, 4))
    position = np.linspace(0, len(knots) - 2, round(rate * seconds))
    left = position.astype(int)
    part = (1 - np.cos(np.pi * (position - left))) / 2
    curve: Samples = knots[left] * (1 - part) + knots[left + 1] * part
    return curve


def tone(hertz: Samples, rate: int, partials: tuple[float, ...] = (1.0,)) -> Samples:
    """Harmonics of a pitch curve (Hz at every sample) with these amplitudes; those above half the rate are left out."""
    phase = 2 * np.pi * np.cumsum(hertz) / rate
    top = float(hertz.max()) if len(hertz) else 0.0
    out = np.zeros(len(hertz))
    for number, amplitude in enumerate(partials, 1):
        if top * number < rate / 2:
            out += amplitude * np.sin(number * phase)
    return out


def ring(rate: int, seconds: float, modes: tuple[tuple[float, float, float], ...]) -> Samples:
    """A struck body: for every mode (Hz, amplitude, decay time in seconds) a decaying sine."""
    t = times(rate, seconds)
    out = np.zeros(len(t))
    for hertz, amplitude, decay_s in modes:
        if hertz < rate / 2:
            out += amplitude * np.exp(-t / decay_s) * np.sin(2 * np.pi * hertz * t)
    return out


def burst(
    rng: np.random.Generator, rate: int, seconds: float, low_hz: float, high_hz: float, *, decay_s: float
) -> Samples:
    """A percussive burst of noise: sharp start, exponential end."""
    return noise(rng, rate, seconds, low_hz, high_hz, slope=0.0) * np.exp(-times(rate, seconds) / decay_s)


def string(rng: np.random.Generator, rate: int, seconds: float, hertz: float, bright: float) -> Samples:
    """A plucked string after Karplus and Strong (Computer Music Journal 7(2), 1983), a period at a time.

    ``bright`` in [0, 1] sets how sharp the pluck is. The loop's averaging delays by half a sample.
    """
    period = max(round(rate / hertz - 0.5), 2)
    pluck = rng.uniform(-1, 1, period)
    pluck = bright * pluck + (1 - bright) * (pluck + np.roll(pluck, 1) + np.roll(pluck, 2)) / 3
    rows = np.empty((round(rate * seconds) // period + 1, period))
    rows[0] = pluck
    for number in range(1, len(rows)):
        before = rows[number - 1]
        rows[number] = 0.4985 * (before + np.roll(before, 1))
    return rows.ravel()[: round(rate * seconds)]


def formants(source: Samples, rate: int, centres_hz: tuple[float, ...]) -> Samples:
    """A voice's source, filtered by resonances at ``centres_hz`` (a vocal tract's formants), each about 10 % wide."""
    spectrum = np.fft.rfft(source)
    hertz = np.fft.rfftfreq(len(source), 1 / rate)
    gain = np.full(len(hertz), 0.005)
    for order, centre in enumerate(centres_hz):
        gain += 0.6**order / (1 + ((hertz - centre) / (0.06 * centre + 20)) ** 2)
    return np.fft.irfft(spectrum * gain, len(source))


def place(out: Samples, sound: Samples, at: int) -> None:
    """Mix ``sound`` into ``out`` in place from sample ``at`` on; what exceeds the end is cut."""
    if 0 <= at < len(out):
        part = sound[: len(out) - at]
        out[at : at + len(part)] += part


def fade(wave: Samples, rate: int, seconds: float) -> Samples:
    """The same sound with a linear start and end, so that it does not click."""
    count = min(round(rate * seconds), len(wave) // 2)
    out = wave.copy()
    slope = np.linspace(0, 1, count, endpoint=False)
    out[:count] *= slope
    out[len(out) - count :] *= slope[::-1]
    return out
