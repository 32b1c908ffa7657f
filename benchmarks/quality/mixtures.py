"""Sounds mixed into long recordings at known places: material for measuring moments and events.

The recordings are those of natural that last at least `LEAST_BACKGROUND_S`, repeated until they fill a mixture. A sound
is trimmed of the silence around it, lasts `EVENT_S` at most, and is set to a level above that of the recording beneath
it.
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
"""How much louder than the recording beneath it a sound is (RMS): lowest and highest."""
_LEAST_LEVEL: Final = 0.003
"""The least level (RMS) that a recording beneath a sound counts with, so that a sound on silence is audible."""
_SILENCE: Final = 0.02
"""Share of the level (RMS) of a sound's loudest 50 ms: softer parts before and after it are cut off."""
_STEP: Final = RATE_HZ // 20
_APART_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A file with one sound, and its label."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class PlacedSound:
    """A sound in a mixture: label, start and end in seconds from the mixture's start."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Mixture:
    """A recording at `RATE_HZ`, and the sounds mixed into it, in order of time."""

    wave: Wave
    sounds: tuple[PlacedSound, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How mixtures are made: their length, sounds in each, and the levels of sounds over the recording beneath them."""

    shortest_s: float = 60.0
    longest_s: float = 300.0
    sounds: int = 4
    levels_db: tuple[float, float] = LEVELS_DB


def labelled(manifest: Path) -> list[Sound]:
    """Return the files of a data set that has the column ``label``; labels are written as words."""
    rows = _rows(manifest)
    return [Sound(manifest.parent / row["path"], row["label"].replace("_", " ")) for row in rows]


def named(manifest: Path) -> list[Sound]:
    """Return the short files of natural whose names contain exactly one word for a sound, which becomes the label."""
    rows = [row for row in _rows(manifest) if float(row["seconds"]) < LEAST_BACKGROUND_S]
    words = [(row, sound_words(row["original_path"])) for row in rows]
    return [Sound(manifest.parent / row["path"], next(iter(word))) for row, word in words if len(word) == 1]


def backgrounds(manifest: Path) -> list[Path]:
    """Return the long recordings of natural."""
    return [manifest.parent / row["path"] for row in _rows(manifest) if float(row["seconds"]) >= LEAST_BACKGROUND_S]


def mixtures(sounds: Sequence[Sound], recordings: Sequence[Path], count: int, plan: Plan, seed: int) -> list[Mixture]:
    """Return ``count`` mixtures. Labels are equally likely and differ within a mixture. The seed determines them."""
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


def mixture_at(
    recording: Path, seconds: float, sounds: Sequence[Sound], starts_s: Sequence[float], rng: np.random.Generator
) -> Mixture:
    """Return ``seconds`` of a recording with sounds at these times, which may overlap."""
    wave = _background(recording, seconds)
    placed = [
        _place(wave, sound, int(start_s * RATE_HZ), LEVELS_DB, rng)
        for sound, start_s in zip(sounds, starts_s, strict=True)
    ]
    return _mixture(wave, placed)


def _spread(wave: Wave, sounds: Sequence[Sound], plan: Plan, rng: np.random.Generator) -> Mixture:
    """Put one sound into each equal part of the recording, so that none overlap."""
    part = len(wave) // len(sounds)
    longest = int((EVENT_S + _APART_S) * RATE_HZ)
    starts = [place * part + int(rng.integers(max(part - longest, 1))) for place in range(len(sounds))]
    return _mixture(
        wave, [_place(wave, sound, start, plan.levels_db, rng) for sound, start in zip(sounds, starts, strict=True)]
    )


def _place(
    wave: Wave, sound: Sound, begin: int, levels_db: tuple[float, float], rng: np.random.Generator
) -> PlacedSound | None:
    """Add a sound to a recording from sample ``begin`` on. Return None if the sound is too short."""
    event = sound_of(sound.path)
    under = wave[begin : begin + len(event)]
    event = event[: len(under)]
    if len(event) < LEAST_EVENT_S * RATE_HZ:
        return None
    gain = 10 ** (rng.uniform(*levels_db) / 20) * max(_level(under), _LEAST_LEVEL) / max(_level(event), 1e-6)
    under += np.float32(gain) * event
    return PlacedSound(sound.label, begin / RATE_HZ, (begin + len(event)) / RATE_HZ)


def _mixture(wave: Wave, placed: Sequence[PlacedSound | None]) -> Mixture:
    peak = np.float32(max(float(np.abs(wave).max(initial=1.0)), 1.0))
    return Mixture(wave / peak, tuple(sound for sound in placed if sound is not None))


def _background(path: Path, seconds: float) -> Wave:
    wave = _read(path, None)
    return np.resize(wave, int(seconds * RATE_HZ)).astype(np.float32)


def sound_of(path: Path) -> Wave:
    """Return a sound without the silence around it, cut to `EVENT_S` and faded in and out over 10 ms."""
    wave = _read(path, 3 * EVENT_S)
    steps = len(wave) // _STEP
    if not steps:
        return wave[:0]
    loud = np.sqrt(np.mean(np.square(wave[: steps * _STEP].reshape(steps, _STEP)), axis=1))
    inside = np.flatnonzero(loud > _SILENCE * loud.max())
    if not len(inside):
        return wave[:0]
    begin = int(inside[0]) * _STEP
    # after a pause comes another sound
    pauses = np.flatnonzero(np.diff(inside) > _PAUSE_STEPS)
    last = int(inside[pauses[0]]) if len(pauses) else int(inside[-1])
    event = wave[begin : min((last + 1) * _STEP, begin + int(EVENT_S * RATE_HZ))].copy()
    fade = np.linspace(0, 1, min(RATE_HZ // 100, len(event)), dtype=np.float32)
    event[: len(fade)] *= fade
    event[len(event) - len(fade) :] *= fade[::-1]
    return event


_PAUSE_STEPS: Final = 20
"""In steps of 50 ms: a pause of one second ends a sound."""


def _read(path: Path, end_s: float | None) -> Wave:
    blocks: list[NDArray[np.float32]] = list(audio.stream(str(path), RATE_HZ, end_s=end_s))
    return np.concatenate([np.empty(0, np.float32), *blocks])


def _level(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


def _rows(manifest: Path) -> list[Mapping[str, str]]:
    return [row for _, row in items.rows(manifest, ("path",))]
