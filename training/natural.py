"""Training sounds from ../shared/data/natural: the recordings of its manifest, decoded at three speeds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from search.audio import stream
from search.errors import UsageError
from search.model import Wave
from training.corpus import MEL, Sound

SPEEDS = {"natural": 1.0, "natural-slow": 0.82, "natural-fast": 1.2}
"""Corpora by name: the same recordings played slower and lower, faster and higher."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A line of the manifest: the file (relative to the manifest), its origin, and its licence."""

    path: str
    repository: str
    original_path: str
    licence: str
    attribution: str


def recordings(manifest: Path) -> tuple[Recording, ...]:
    """The recordings of a manifest. Raises UsageError if it cannot be read."""
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(
            f"{manifest} cannot be read ({error.strerror}): training needs ../shared/data/natural"
        ) from error
    return tuple(
        Recording(row["path"], row["repo"], row["original_path"], row["licence"], row["attribution"]) for row in rows
    )


def sounds(manifest: Path, speed: float) -> Iterator[Sound]:
    """Every recording, decoded, played at ``speed``; its repository is its group."""
    for recording in recordings(manifest):
        wave = np.concatenate([np.empty(0, np.float32), *stream(str(manifest.parent / recording.path), MEL.rate_hz)])
        np.clip(wave, -1.0, 1.0, out=wave)
        yield Sound(recording.path, recording.repository, at_speed(wave, speed))


def at_speed(wave: Wave, speed: float) -> Wave:
    """``wave`` played ``speed`` times as fast, which also changes its pitch."""
    return wave if speed == 1 else np.asarray(soxr.resample(wave, MEL.rate_hz * speed, MEL.rate_hz), np.float32)
