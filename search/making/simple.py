"""Simple sounds from words: "two short beeps, then a low rumble". A small vocabulary, each word a recipe.

What it cannot make it names. Beeps and bells are what they are; a rumble or a knock stands for the real thing, which a
recording would show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.errors import QueryError, printable
from search.model import Wave

RATE_HZ: Final = 32_000
MOST_TIMES: Final = 12
MOST_PARTS: Final = 12
_LOUDEST: Final = 0.7
_FADE_S: Final = 0.005

Samples: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a sound is made: its pitch, its length, the pause behind it, the pitch at its end beside that at its start
    (a factor), and its level.
    """

    pitch_hz: float
    length_s: float
    pause_s: float = 0.15
    glide: float = 1.0
    level_db: float = 0.0


Recipe: TypeAlias = Callable[[Shape, np.random.Generator], Samples]


def made(words: str, seed: int = 0) -> Wave:
    """What ``words`` say as mono samples (n,) in [-1, 1] at `RATE_HZ`; the same for the same ``seed``.

    Parts are separated by commas, "then" or "and", and come one after the other. Raises QueryError that lists what can
    be made, for a part that names none of it.

    >>> round(len(made("two short beeps")) / RATE_HZ, 1)
    0.5
    """
    rng = np.random.default_rng(seed)
    parts = _parts_of(words)
    if not parts:
        raise QueryError(f"say what to make: {', '.join(KINDS)}")
    if len(parts) > MOST_PARTS:
        raise QueryError(f"{len(parts)} sounds; {MOST_PARTS} at most")
    pieces = [piece for part in parts for piece in _part(part, rng)]
    wave = np.concatenate(pieces)
    return np.asarray(wave / max(float(np.abs(wave).max()), 1e-9) * _LOUDEST, np.float32)


def can_be_made(words: str) -> bool:
    """Whether `made` makes something of each part of these words.

    >>> can_be_made("two beeps, then a dog")
    False
    """
    parts = _parts_of(words)
    return 0 < len(parts) <= MOST_PARTS and all(_kind_of(part) for part in parts)


def _parts_of(words: str) -> list[str]:
    return [part for part in re.split(r"[,;.]|\bthen\b|\band\b", words.casefold()) if part.strip()]


def _kind_of(words: str) -> str | None:
    """The kind that a part names, in the singular or plural."""
    known = re.findall(r"[a-z]+", words)
    names = (name for word in known for name in (word, word.removesuffix("s"), word.removesuffix("es")))
    return next((name for name in names if name in _RECIPES), None)


def _part(words: str, rng: np.random.Generator) -> list[Samples]:
    """A sound as often as the words say, each with the pause behind it."""
    known = re.findall(r"[a-z0-9]+", words)
    kind = _kind_of(words)
    if kind is None:
        raise QueryError(f"{printable(words.strip())!r}: nothing of that can be made; there is {', '.join(KINDS)}")
    recipe, shape = _RECIPES[kind]
    times = 1
    for word in known:
        if word in _TIMES:
            times = _TIMES[word]
        elif word.isdigit():
            times = int(word)
        for change in _CHANGES.get(word, ()):
            shape = change(shape)
    if not 1 <= times <= MOST_TIMES:
        raise QueryError(f"{printable(words.strip())!r}: {times} times; from 1 to {MOST_TIMES}")
    pause = np.zeros(round(shape.pause_s * RATE_HZ))
    return [piece for _ in range(times) for piece in (_levelled(recipe(shape, rng), shape.level_db), pause)]


def _levelled(wave: Samples, level_db: float) -> Samples:
    """At a level beside the usual one, with soft ends."""
    wave = wave / max(float(np.abs(wave).max()), 1e-9) * 10 ** (level_db / 20)
    soft = min(round(_FADE_S * RATE_HZ), len(wave) // 2)
    wave[:soft] *= np.linspace(0, 1, soft)
    wave[len(wave) - soft :] *= np.linspace(1, 0, soft)
    return wave


# --- recipes ------------------------------------------------------------------------------------------------


def _times_s(shape: Shape) -> Samples:
    return np.arange(max(round(shape.length_s * RATE_HZ), 2)) / RATE_HZ


def _phase(hertz: Samples) -> Samples:
    phase: Samples = 2 * np.pi * np.cumsum(hertz) / RATE_HZ
    return phase


def _gliding(shape: Shape) -> Samples:
    at_s = _times_s(shape)
    hertz: Samples = shape.pitch_hz * shape.glide ** (at_s / at_s[-1])
    return hertz


def _tone(shape: Shape, rng: np.random.Generator) -> Samples:
    return np.sin(_phase(_gliding(shape)))


def _buzz(shape: Shape, rng: np.random.Generator) -> Samples:
    phase = _phase(_gliding(shape))
    wave: Samples = np.sum([np.sin(number * phase) / number for number in range(1, 16)], axis=0)
    return wave


def _hum(shape: Shape, rng: np.random.Generator) -> Samples:
    phase = _phase(_gliding(shape))
    return np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)


def _siren(shape: Shape, rng: np.random.Generator) -> Samples:
    turn = np.sin(2 * np.pi * _times_s(shape) / 1.5)
    phase = _phase(shape.pitch_hz * 2 ** (0.5 * turn))
    return np.sin(phase) + 0.4 * np.sin(2 * phase)


def _bell(shape: Shape, rng: np.random.Generator) -> Samples:
    """Partials of a bell, after Rossing (The Science of Sound, 1990): hum, prime, tierce, quint, nominal, and above."""
    at_s = _times_s(shape)
    partials = ((0.5, 0.6, 1.0), (1.0, 1.0, 0.7), (1.2, 0.7, 0.5), (1.5, 0.4, 0.4), (2.0, 0.8, 0.35), (2.7, 0.3, 0.2))
    rings = [
        gain * np.exp(-at_s / (share * shape.length_s * 0.5)) * np.sin(2 * np.pi * shape.pitch_hz * ratio * at_s)
        for ratio, gain, share in partials
    ]
    wave: Samples = np.sum(rings, axis=0)
    return wave


def _knock(shape: Shape, rng: np.random.Generator) -> Samples:
    at_s = _times_s(shape)
    body = sum(
        np.exp(-at_s / 0.03) * np.sin(2 * np.pi * shape.pitch_hz * ratio * at_s) / ratio for ratio in (1.0, 2.3, 3.9)
    )
    return body + 0.5 * np.exp(-at_s / 0.004) * rng.standard_normal(len(at_s))


def _click(shape: Shape, rng: np.random.Generator) -> Samples:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.002) * np.sin(2 * np.pi * shape.pitch_hz * at_s)


def _noise(shape: Shape, rng: np.random.Generator) -> Samples:
    """Noise around a pitch, an octave to each side."""
    spectrum = np.fft.rfft(rng.standard_normal(len(_times_s(shape))))
    hertz = np.maximum(np.fft.rfftfreq(len(_times_s(shape)), 1 / RATE_HZ), 1.0)
    octaves = np.log2(hertz / shape.pitch_hz)
    return np.fft.irfft(spectrum / (1 + octaves**4), len(_times_s(shape)))


def _drop(shape: Shape, rng: np.random.Generator) -> Samples:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.03) * np.sin(_phase(shape.pitch_hz * (1 + 6 * at_s)))


def _laser(shape: Shape, rng: np.random.Generator) -> Samples:
    at_s = _times_s(shape)
    return np.exp(-at_s / 0.2) * np.sign(np.sin(_phase(shape.pitch_hz * 0.08 ** (at_s / at_s[-1]) + 80)))


_RECIPES: Final[Mapping[str, tuple[Recipe, Shape]]] = {
    "beep": (_tone, Shape(1000, 0.3)),
    "blip": (_tone, Shape(1400, 0.07, 0.1)),
    "tone": (_tone, Shape(440, 1.0)),
    "whistle": (_tone, Shape(1600, 0.6, glide=1.4)),
    "chirp": (_tone, Shape(2800, 0.12, 0.12, glide=1.5)),
    "buzz": (_buzz, Shape(120, 0.8)),
    "horn": (_buzz, Shape(330, 0.9)),
    "alarm": (_buzz, Shape(900, 0.4, 0.2)),
    "hum": (_hum, Shape(100, 2.0)),
    "siren": (_siren, Shape(800, 4.0)),
    "bell": (_bell, Shape(600, 2.0, 0.1)),
    "chime": (_bell, Shape(1200, 1.5, 0.1)),
    "ding": (_bell, Shape(1500, 0.8, 0.1)),
    "knock": (_knock, Shape(180, 0.2, 0.2)),
    "thud": (_knock, Shape(60, 0.4, 0.3)),
    "click": (_click, Shape(2500, 0.03, 0.2)),
    "tick": (_click, Shape(3500, 0.02, 0.5)),
    "hiss": (_noise, Shape(6000, 1.5)),
    "noise": (_noise, Shape(2000, 1.5)),
    "rumble": (_noise, Shape(60, 3.0)),
    "wind": (_noise, Shape(400, 4.0)),
    "drop": (_drop, Shape(900, 0.15, 0.3)),
    "laser": (_laser, Shape(2500, 0.4)),
}
KINDS: Final = tuple(_RECIPES)
"""What can be made."""

_NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TIMES: Final = {word: number for number, word in enumerate(_NUMBERS, start=2)} | {"twice": 2, "thrice": 3}
_Change: TypeAlias = Callable[[Shape], Shape]


def _pitch(factor: float) -> _Change:
    return lambda shape: replace(shape, pitch_hz=float(np.clip(shape.pitch_hz * factor, 20, 15_000)))


def _length(factor: float) -> _Change:
    return lambda shape: replace(shape, length_s=min(shape.length_s * factor, 30.0))


def _glide(factor: float) -> _Change:
    return lambda shape: replace(shape, glide=factor)


def _pause(factor: float) -> _Change:
    return lambda shape: replace(shape, pause_s=shape.pause_s * factor)


def _level(change_db: float) -> _Change:
    return lambda shape: replace(shape, level_db=shape.level_db + change_db)


_CHANGES: Final[Mapping[str, tuple[_Change, ...]]] = {
    "low": (_pitch(0.5),),
    "lower": (_pitch(0.5),),
    "deep": (_pitch(0.35),),
    "high": (_pitch(2.0),),
    "higher": (_pitch(2.0),),
    "short": (_length(0.35),),
    "brief": (_length(0.35),),
    "long": (_length(2.5),),
    "rising": (_glide(2.0),),
    "falling": (_glide(0.5),),
    "quick": (_length(0.6), _pause(0.4)),
    "fast": (_length(0.6), _pause(0.4)),
    "slow": (_length(1.5), _pause(2.5)),
    "soft": (_level(-12.0),),
    "quiet": (_level(-12.0),),
    "loud": (_level(6.0),),
    "big": (_pitch(0.6), _length(1.5)),
    "small": (_pitch(1.7), _length(0.7)),
}
