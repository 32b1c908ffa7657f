"""Sounds laid into long recordings at known places: what moments and events are measured on.

Recordings are those of natural that last at least `LEAST_BACKGROUND_S`, repeated until they fill a mixture. Sounds are
cut free of the silence around them, last `EVENT_S` at most, and are brought to a level over what lies beneath them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.sound_words import sound_words
from benchmarks.quality import items
from search import audio
from search.model import Wave

RATE_HZ: Final = 32_000
LEAST_BACKGROUND_S: Final = 20.0
EVENT_S: Final = 5.0
LEAST_EVENT_S: Final = 0.3
LEVELS_DB: Final = (3.0, 15.0)
"""How much louder than the recording under it a sound is, from and to."""
_LEAST_LEVEL: Final = 0.003
"""What is softer counts as so loud: a sound in silence is heard."""
_SILENCE: Final = 0.02
"""Of the loudest 50 ms of a sound: what is softer before and behind it is cut off."""
_STEP: Final = RATE_HZ // 20
_APART_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A file with one sound, and what it is."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class Laid:
    """A sound that was laid into a mixture, in seconds from its start."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Mixture:
    """A recording at `RATE_HZ`, and what was laid into it, in order of time."""

    wave: Wave
    sounds: tuple[Laid, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How mixtures are made: seconds of each, sounds in each, levels in dB over the recording beneath a sound."""

    shortest_s: float = 60.0
    longest_s: float = 300.0
    sounds: int = 4
    levels_db: tuple[float, float] = LEVELS_DB


def labelled(manifest: Path) -> list[Sound]:
    """The files of a data set with the column ``label``, as words."""
    rows = _rows(manifest)
    return [Sound(manifest.parent / row["path"], row["label"].replace("_", " ")) for row in rows]


def named(manifest: Path) -> list[Sound]:
    """The short files of natural whose names have one word for a sound, which is their label."""
    rows = [row for row in _rows(manifest) if float(row["seconds"]) < LEAST_BACKGROUND_S]
    words = [(row, sound_words(row["original_path"])) for row in rows]
    return [Sound(manifest.parent / row["path"], next(iter(word))) for row, word in words if len(word) == 1]


def backgrounds(manifest: Path) -> list[Path]:
    """The long recordings of natural."""
    return [manifest.parent / row["path"] for row in _rows(manifest) if float(row["seconds"]) >= LEAST_BACKGROUND_S]


def mixtures(sounds: Sequence[Sound], recordings: Sequence[Path], count: int, plan: Plan, seed: int) -> list[Mixture]:
    """So many mixtures; each label is equally likely, and comes once in a mixture. The same seed gives the same."""
    rng = np.random.default_rng(seed)
    by_label: dict[str, list[Sound]] = {}
    for sound in sounds:
        by_label.setdefault(sound.label, []).append(sound)
    labels = sorted(by_label)
    made = []
    for _ in range(count):
        wave = _background(recordings[int(rng.integers(len(recordings)))], rng.uniform(plan.shortest_s, plan.longest_s))
        chosen = rng.choice(len(labels), plan.sounds, replace=False)
        picked = [by_label[labels[label]][rng.integers(len(by_label[labels[label]]))] for label in chosen]
        made.append(_spread(wave, picked, plan, rng))
    return made


def laid(
    recording: Path, seconds: float, sounds: Sequence[Sound], starts_s: Sequence[float], rng: np.random.Generator
) -> Mixture:
    """So many seconds of a recording with sounds at these times, which may overlap."""
    wave = _background(recording, seconds)
    placed = [
        _lay(wave, sound, int(start_s * RATE_HZ), LEVELS_DB, rng)
        for sound, start_s in zip(sounds, starts_s, strict=True)
    ]
    return _mixture(wave, placed)


def _spread(wave: Wave, sounds: Sequence[Sound], plan: Plan, rng: np.random.Generator) -> Mixture:
    """One sound in each equal part of the recording, so that none overlap."""
    part = len(wave) // len(sounds)
    longest = int((EVENT_S + _APART_S) * RATE_HZ)
    starts = [place * part + int(rng.integers(max(part - longest, 1))) for place in range(len(sounds))]
    return _mixture(
        wave, [_lay(wave, sound, start, plan.levels_db, rng) for sound, start in zip(sounds, starts, strict=True)]
    )


def _lay(wave: Wave, sound: Sound, begin: int, levels_db: tuple[float, float], rng: np.random.Generator) -> Laid | None:
    """Add a sound to a recording from sample ``begin`` on; None of one that is too short."""
    event = sound_of(sound.path)
    under = wave[begin : begin + len(event)]
    event = event[: len(under)]
    if len(event) < LEAST_EVENT_S * RATE_HZ:
        return None
    gain = 10 ** (rng.uniform(*levels_db) / 20) * max(_level(under), _LEAST_LEVEL) / max(_level(event), 1e-6)
    under += np.float32(gain) * event
    return Laid(sound.label, begin / RATE_HZ, (begin + len(event)) / RATE_HZ)


def _mixture(wave: Wave, placed: Sequence[Laid | None]) -> Mixture:
    peak = np.float32(max(float(np.abs(wave).max(initial=1.0)), 1.0))
    return Mixture(wave / peak, tuple(sound for sound in placed if sound is not None))


def _background(path: Path, seconds: float) -> Wave:
    wave = _read(path, None)
    return np.resize(wave, int(seconds * RATE_HZ)).astype(np.float32)


def sound_of(path: Path) -> Wave:
    """A sound from where it begins to where it ends, or `EVENT_S` of it, faded in and out over 10 ms."""
    wave = _read(path, 3 * EVENT_S)
    steps = len(wave) // _STEP
    if not steps:
        return wave[:0]
    loud = np.sqrt(np.mean(np.square(wave[: steps * _STEP].reshape(steps, _STEP)), axis=1))
    inside = np.flatnonzero(loud > _SILENCE * loud.max())
    if not len(inside):
        return wave[:0]
    begin = int(inside[0]) * _STEP
    # what stands behind a pause is another sound
    pauses = np.flatnonzero(np.diff(inside) > _PAUSE_STEPS)
    last = int(inside[pauses[0]]) if len(pauses) else int(inside[-1])
    event = wave[begin : min((last + 1) * _STEP, begin + int(EVENT_S * RATE_HZ))].copy()
    fade = np.linspace(0, 1, min(RATE_HZ // 100, len(event)), dtype=np.float32)
    event[: len(fade)] *= fade
    event[len(event) - len(fade) :] *= fade[::-1]
    return event


_PAUSE_STEPS: Final = 20
"""Of 50 ms: after a pause of a second a sound is over."""


def _read(path: Path, end_s: float | None) -> Wave:
    blocks: list[NDArray[np.float32]] = list(audio.stream(str(path), RATE_HZ, end_s=end_s))
    return np.concatenate([np.empty(0, np.float32), *blocks])


def _level(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


def _rows(manifest: Path) -> list[Mapping[str, str]]:
    return [row for _, row in items.rows(manifest, ("path",))]
