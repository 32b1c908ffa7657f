"""Tunes and hums for tests of melodies: seeded, and small enough to index in a second."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np

from search.analysis.melody.contours import VECTOR_DIM, Contour, contour_of_notes, windows_of
from search.analysis.melody.contourtable import ContourTable
from search.analysis.melody.index import MelodyIndex
from search.analysis.melody.model import Notes, PitchCurve
from search.analysis.melody.space import stored_contour
from search.model import StoredContour
from search.vectors.exact import ExactIndex

HOP_S = 0.016


def tune(seed: int, count: int = 80) -> Notes:
    """A random walk on a major scale, in eighth to half notes at 120 beats a minute, with occasional rests."""
    rng = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    degree = 7 + np.cumsum(rng.choice([-3, -2, -1, 1, 2, 4], count, p=[0.1, 0.2, 0.25, 0.25, 0.15, 0.05]))
    degree = np.abs(degree) % 15
    pitch = 60 + scale[degree % 7] + 12 * (degree // 7)
    length = rng.choice([0.25, 0.5, 0.75, 1.0], count, p=[0.4, 0.4, 0.1, 0.1])
    rest = np.where(rng.uniform(size=count) < 0.05, 0.5, 0.0)
    start = np.concatenate([[0.0], np.cumsum(length + rest)[:-1]])
    return Notes(start, start + length, pitch.astype(np.float32))


def curve_of(notes: Notes, first_s: float, length_s: float, tempo: float = 1.0, shift: float = 0.0) -> PitchCurve:
    """A perfect hum of ``length_s`` from ``first_s`` on, at ``tempo`` times the speed, ``shift`` semitones higher."""
    at_s = first_s + np.arange(0, length_s, HOP_S) * tempo
    which = np.searchsorted(notes.start_s, at_s, side="right").clip(1) - 1
    sounding = at_s < notes.end_s[which]
    return PitchCurve(np.where(sounding, notes.pitch[which] + shift, np.nan).astype(np.float32), HOP_S)


def index_of(tunes: list[Notes]) -> MelodyIndex:
    """A melody index over the exact vector index; tune number i has the id i."""
    return index_of_contours([contour_of_notes(notes) for notes in tunes])


def index_of_contours(contours: Sequence[Contour]) -> MelodyIndex:
    """The same for contours."""
    vectors, pages, next_id = ExactIndex(VECTOR_DIM), [], 0
    for number, contour in enumerate(contours):
        _, rows = windows_of(contour)
        vectors.add(np.arange(next_id, next_id + len(rows)), rows)
        pages.append(StoredContour(number, next_id, stored_contour(contour)))
        next_id += len(rows)
    return MelodyIndex(vectors, ContourTable.of(pages))


def voice(curve: PitchCurve, sample_rate_hz: int = 16_000, seed: int = 0) -> np.ndarray:
    """``curve`` as a buzzing tone with a little noise, silent where it is NaN."""
    count = int(len(curve.pitch) * curve.hop_s * sample_rate_hz)
    which = np.minimum((np.arange(count) / sample_rate_hz / curve.hop_s).astype(int), len(curve.pitch) - 1)
    pitch = curve.pitch[which]
    sounding = np.isfinite(pitch)
    phase = np.cumsum(440 * 2 ** ((np.where(sounding, pitch, 0) - 69) / 12) / sample_rate_hz) * 2 * np.pi
    wave = sum(np.sin(k * phase) / k for k in range(1, 6)) * sounding
    return (0.3 * wave + 0.002 * np.random.default_rng(seed).normal(size=count)).astype(np.float32)


def write_midi(path: Path, notes: Notes, *, title: str = "", copyright_: str = "") -> Path:
    """Write a MIDI file of two tracks: the title, and the notes on a track called "Melody"."""
    song = mido.MidiFile(ticks_per_beat=480)
    first, second = mido.MidiTrack(), mido.MidiTrack()
    song.tracks.extend([first, second])
    if title:
        first.append(mido.MetaMessage("track_name", name=title))
    if copyright_:
        first.append(mido.MetaMessage("copyright", text=copyright_))
    second.append(mido.MetaMessage("track_name", name="Melody"))
    now = 0
    for start_s, end_s, pitch in zip(notes.start_s, notes.end_s, notes.pitch, strict=True):
        start, end = round(float(start_s) * 960), round(float(end_s) * 960)  # 120 beats a minute
        second.append(mido.Message("note_on", note=int(pitch), velocity=80, time=start - now))
        second.append(mido.Message("note_off", note=int(pitch), velocity=0, time=end - start))
        now = end
    path.parent.mkdir(parents=True, exist_ok=True)
    song.save(os.fspath(path))
    return path
