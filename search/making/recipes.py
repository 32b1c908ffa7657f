"""Recipes for simple sounds, each by a formula: beeps, bells, knocks, noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 32_000

Waveform: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoundShape:
    """The parameters of a sound: pitch, length, the pause after it, glide (the ratio of end pitch to start pitch), and
    level.
    """

    pitch_hz: float
    length_s: float
    pause_s: float = 0.15
    glide: float = 1.0
    level_db: float = 0.0


Recipe: TypeAlias = Callable[[SoundShape, np.random.Generator], Waveform]


def _times_s(shape: SoundShape) -> Waveform:
    return np.arange(max(round(shape.length_s * RATE_HZ), 2)) / RATE_HZ


def _phase(hertz: Waveform) -> Waveform:
    phase: Waveform = 2 * np.pi * np.cumsum(hertz) / RATE_HZ
    return phase


def _gliding(shape: SoundShape) -> Waveform:
    at_s = _times_s(shape)
    hertz: Waveform = shape.pitch_hz * shape.glide ** (at_s / at_s[-1])
    return hertz


def _tone(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    return np.sin(_phase(_gliding(shape)))


def _buzz(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    phase = _phase(_gliding(shape))
    wave: Waveform = np.sum([np.sin(number * phase) / number for number in range(1, 16)], axis=0)
    return wave


def _hum(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    phase = _phase(_gliding(shape))
    return np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)


def _siren(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    turn = np.sin(2 * np.pi * _times_s(shape) / 1.5)
    phase = _phase(shape.pitch_hz * 2 ** (0.5 * turn))
    return np.sin(phase) + 0.4 * np.sin(2 * phase)


def _bell(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    """Sum the partials of a bell, after Rossing (The Science of Sound, 1990): hum, prime, tierce, quint, nominal,
    above.
    """
    at_s = _times_s(shape)
    partials = ((0.5, 0.6, 1.0), (1.0, 1.0, 0.7), (1.2, 0.7, 0.5), (1.5, 0.4, 0.4), (2.0, 0.8, 0.35), (2.7, 0.3, 0.2))
    rings = [
        gain * np.exp(-at_s / (share * shape.length_s * 0.5)) * np.sin(2 * np.pi * shape.pitch_hz * ratio * at_s)
        for ratio, gain, share in partials
    ]
    wave: Waveform = np.sum(rings, axis=0)
    return wave


def _knock(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    at_s = _times_s(shape)
    body = sum(
        np.exp(-at_s / 0.03) * np.sin(2 * np.pi * shape.pitch_hz * ratio * at_s) / ratio for ratio in (1.0, 2.3, 3.9)
    )
    return body + 0.5 * np.exp(-at_s / 0.004) * rng.standard_normal(len(at_s))


def _click(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.002) * np.sin(2 * np.pi * shape.pitch_hz * at_s)


def _noise(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    """Make noise around a pitch, an octave to each side."""
    spectrum = np.fft.rfft(rng.standard_normal(len(_times_s(shape))))
    hertz = np.maximum(np.fft.rfftfreq(len(_times_s(shape)), 1 / RATE_HZ), 1.0)
    octaves = np.log2(hertz / shape.pitch_hz)
    return np.fft.irfft(spectrum / (1 + octaves**4), len(_times_s(shape)))


def _drop(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.03) * np.sin(_phase(shape.pitch_hz * (1 + 6 * at_s)))


def _laser(shape: SoundShape, rng: np.random.Generator) -> Waveform:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.2) * np.sign(np.sin(_phase(shape.pitch_hz * 0.08 ** (at_s / at_s[-1]) + 80)))


RECIPES: Final[Mapping[str, tuple[Recipe, SoundShape]]] = {
    "beep": (_tone, SoundShape(1000, 0.3)),
    "blip": (_tone, SoundShape(1400, 0.07, 0.1)),
    "tone": (_tone, SoundShape(440, 1.0)),
    "whistle": (_tone, SoundShape(1600, 0.6, glide=1.4)),
    "chirp": (_tone, SoundShape(2800, 0.12, 0.12, glide=1.5)),
    "buzz": (_buzz, SoundShape(120, 0.8)),
    "horn": (_buzz, SoundShape(330, 0.9)),
    "alarm": (_buzz, SoundShape(900, 0.4, 0.2)),
    "hum": (_hum, SoundShape(100, 2.0)),
    "siren": (_siren, SoundShape(800, 4.0)),
    "bell": (_bell, SoundShape(600, 2.0, 0.1)),
    "chime": (_bell, SoundShape(1200, 1.5, 0.1)),
    "ding": (_bell, SoundShape(1500, 0.8, 0.1)),
    "knock": (_knock, SoundShape(180, 0.2, 0.2)),
    "thud": (_knock, SoundShape(60, 0.4, 0.3)),
    "click": (_click, SoundShape(2500, 0.03, 0.2)),
    "tick": (_click, SoundShape(3500, 0.02, 0.5)),
    "hiss": (_noise, SoundShape(6000, 1.5)),
    "noise": (_noise, SoundShape(2000, 1.5)),
    "rumble": (_noise, SoundShape(60, 3.0)),
    "wind": (_noise, SoundShape(400, 4.0)),
    "drop": (_drop, SoundShape(900, 0.15, 0.3)),
    "laser": (_laser, SoundShape(2500, 0.4)),
}
GLIDING: Final = (_tone, _buzz, _hum)
"""Recipes that use `SoundShape.glide`."""
STRUCK: Final = (_knock, _click, _drop)
"""Recipes with a fixed decay, independent of `SoundShape.length_s`."""
