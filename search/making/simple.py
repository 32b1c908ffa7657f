"""Makes simple sounds from words: "two short beeps, then a low rumble". The vocabulary is small; each noun is a recipe.

Errors name what cannot be made. Beeps and bells sound real; a rumble or a knock is only a placeholder for a recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from search.errors import QueryError, printable
from search.making.recipes import GLIDING, RATE_HZ, RECIPES, STRUCK, Recipe, SoundShape, Waveform
from search.model import Wave

KINDS: Final = tuple(RECIPES)
"""The kinds of sound that can be made."""
MOST_TIMES: Final = 12
MOST_PARTS: Final = 12
MOST_S: Final = 300.0
_USUAL: Final = 0.5
_LOUDEST: Final = 1.0
_FADE_S: Final = 0.005
_PITCHES_HZ: Final = (20.0, 15_000.0)
_LENGTHS_S: Final = (0.01, 30.0)
_LONGEST_PAUSE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """One part of the text: a sound, and how many times it plays."""

    recipe: Recipe
    shape: SoundShape
    times: int

    @property
    def duration_s(self) -> float:
        return self.times * (self.shape.length_s + self.shape.pause_s)

    def samples(self, rng: np.random.Generator) -> list[Waveform]:
        """Return the repeated sound, with a pause after each."""
        pause = np.zeros(round(self.shape.pause_s * RATE_HZ))
        sounds = (_levelled(self.recipe(self.shape, rng), self.shape.level_db) for _ in range(self.times))
        return [piece for sound in sounds for piece in (sound, pause)]


def made(words: str, seed: int = 0) -> Wave:
    """Make the sounds that ``words`` describe: mono samples (n,) in [-1, 1] at `RATE_HZ`. Deterministic by ``seed``.

    Parts are separated by commas, "then" or "and", and play one after the other. Raises QueryError, which names what
    cannot be made.

    >>> round(len(made("two short beeps")) / RATE_HZ, 1)
    0.5
    """
    rng = np.random.default_rng(seed)
    wave = np.concatenate([piece for asked in _asked(words) for piece in asked.samples(rng)])
    return np.asarray(wave * min(_USUAL, _LOUDEST / max(float(np.abs(wave).max()), 1e-9)), np.float32)


def can_be_made(words: str) -> bool:
    """Return whether `made` can make every part of these words.

    >>> can_be_made("two beeps, then a dog")
    False
    """
    return why_not(words) is None


def why_not(words: str, longest_s: float = MOST_S) -> str | None:
    """Return why `made` cannot make these words within ``longest_s``; None if it can.

    >>> why_not("a rising bell")
    "'a rising bell': the pitch of a bell cannot be rising"
    """
    try:
        _asked(words, longest_s)
    except QueryError as error:
        return str(error)
    return None


def _asked(words: str, longest_s: float = MOST_S) -> list[_Asked]:
    """Parse the parts. Raises QueryError as `made` does."""
    parts = [part for part in _BETWEEN.split(words.casefold()) if part.strip()]
    if not parts:
        raise QueryError(f"say what to make: {', '.join(KINDS)}")
    if len(parts) > MOST_PARTS:
        raise QueryError(f"{len(parts)} sounds; at most {MOST_PARTS} are allowed")
    asked = [_of_part(part) for part in parts]
    duration_s = sum(one.duration_s for one in asked)
    if duration_s > longest_s:
        raise QueryError(f"that lasts {duration_s:.0f} s; at most {longest_s:.0f} s are allowed")
    return asked


def _of_part(words: str) -> _Asked:
    said = _MEASURE.sub(" ", words)
    kind = _kind_of(said)
    try:
        if kind is None:
            raise QueryError(f"none of that can be made; use one of: {', '.join(KINDS)}")
        recipe, shape = RECIPES[kind]
        times = 1
        for word in re.findall(r"[0-9][a-z0-9.]*|[a-z]+", said):
            if word in _MOVING and recipe not in GLIDING:
                raise QueryError(f"the pitch of a {kind} cannot be {word}")
            for change in _CHANGES.get(word, ()):
                shape = change(shape)
            if word in _TIMES or word[0].isdigit():
                times = _times(word)
        for number, unit in _MEASURE.findall(words):
            if unit not in _HERTZ and recipe in STRUCK:
                raise QueryError(f"the length of a {kind} cannot be given in seconds")
            shape = _measured(shape, float(_TIMES.get(number, number)), unit)
    except QueryError as error:
        raise QueryError(f"{printable(words.strip())!r}: {error}") from error
    return _Asked(recipe, shape, times)


def _kind_of(words: str) -> str | None:
    """Return the kind of sound that a part names, in the singular or plural; None if there is none."""
    known = re.findall(r"[a-z]+", words)
    names = (name for word in known for name in (word, word.removesuffix("s"), word.removesuffix("es")))
    return next((name for name in names if name in RECIPES), None)


def _times(word: str) -> int:
    """Return the count that a word means, like ``twice`` or ``3``. Raises QueryError."""
    if word in _TIMES:
        return _TIMES[word]
    if not word.isdigit():
        raise QueryError(f"{word} is not understood; a number means how many times, or how many Hz, s or ms")
    if len(word) > _MOST_DIGITS or not 1 <= int(word) <= MOST_TIMES:
        raise QueryError(f"{word} times; it must be from 1 to {MOST_TIMES}")
    return int(word)


def _measured(shape: SoundShape, number: float, unit: str) -> SoundShape:
    """Return the shape with this pitch or length. Raises QueryError."""
    if unit in _HERTZ:
        hertz = number * _HERTZ[unit]
        _check(hertz, _PITCHES_HZ, "Hz")
        return replace(shape, pitch_hz=hertz)
    length_s = number * _SECONDS[unit]
    _check(length_s, _LENGTHS_S, "s")
    return replace(shape, length_s=length_s)


def _check(number: float, limits: tuple[float, float], unit: str) -> None:
    if not limits[0] <= number <= limits[1]:
        raise QueryError(f"{number:g} {unit}; it must be from {limits[0]:g} to {limits[1]:g} {unit}")


def _levelled(wave: Waveform, level_db: float) -> Waveform:
    """Fade both ends, and set the peak to ``level_db`` relative to 1."""
    soft = min(round(_FADE_S * RATE_HZ), len(wave) // 2)
    wave[:soft] *= np.linspace(0, 1, soft)
    wave[len(wave) - soft :] *= np.linspace(1, 0, soft)
    return wave / max(float(np.abs(wave).max()), 1e-9) * 10 ** (level_db / 20)


_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TIMES: Final = {word: number for number, word in enumerate(_NUMBERS, start=1)} | {"twice": 2, "thrice": 3}
_MOST_DIGITS: Final = 6
_HERTZ: Final = {"hz": 1.0, "hertz": 1.0, "khz": 1000.0}
_SECONDS: Final = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3}
_MEASURE: Final = re.compile(
    rf"(?<![\w.])([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?|{'|'.join(_NUMBERS)})[ -]*({'|'.join([*_HERTZ, *_SECONDS])})\b"
)
"""A pitch or a length: ``440 Hz``, ``two-second``."""
_BETWEEN: Final = re.compile(r"[,;]|\.(?![0-9])|\bthen\b|\band\b")
_Change: TypeAlias = Callable[[SoundShape], SoundShape]


def _pitch(factor: float) -> _Change:
    return lambda shape: replace(shape, pitch_hz=float(np.clip(shape.pitch_hz * factor, *_PITCHES_HZ)))


def _length(factor: float) -> _Change:
    return lambda shape: replace(shape, length_s=float(np.clip(shape.length_s * factor, *_LENGTHS_S)))


def _glide(factor: float) -> _Change:
    return lambda shape: replace(shape, glide=factor)


def _pause(factor: float) -> _Change:
    return lambda shape: replace(shape, pause_s=min(shape.pause_s * factor, _LONGEST_PAUSE_S))


def _level(change_db: float) -> _Change:
    return lambda shape: replace(shape, level_db=shape.level_db + change_db)


_MOVING: Final[Mapping[str, tuple[_Change, ...]]] = {"rising": (_glide(2.0),), "falling": (_glide(0.5),)}
_CHANGES: Final[Mapping[str, tuple[_Change, ...]]] = {
    "low": (_pitch(0.5),),
    "lower": (_pitch(0.5),),
    "deep": (_pitch(0.35),),
    "high": (_pitch(2.0),),
    "higher": (_pitch(2.0),),
    "short": (_length(0.35),),
    "brief": (_length(0.35),),
    "long": (_length(2.5),),
    **_MOVING,
    "quick": (_length(0.6), _pause(0.4)),
    "fast": (_length(0.6), _pause(0.4)),
    "slow": (_length(1.5), _pause(2.5)),
    "soft": (_level(-12.0),),
    "quiet": (_level(-12.0),),
    "loud": (_level(6.0),),
    "big": (_pitch(0.6), _length(1.5)),
    "small": (_pitch(1.7), _length(0.7)),
}
