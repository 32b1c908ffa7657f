"""How well tunes are found in recordings: songs rendered with a lead over accompaniment, then hummed like other tunes.

No multitrack recordings with their melodies were available, so POP909's songs are rendered. The melody is sung
(harmonics under the formants of "la", vibrato, glides), alone or over a piano, or plucked like the piano below it, or
sung over that piano with a bass and drums. Renderings are cleaner than records, so the figures are an upper bound for
records.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.humming import ANYWHERE, asking
from benchmarks.humming.asking import Score
from benchmarks.humming.tune_sets import NamedTune
from search import wiring
from search.analysis.melody.midi import track_notes, tunes_from_midi
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of_blocks
from search.analysis.melody.rendering import render
from search.analysis.melody.space import SPEC
from search.model import AddContent, Content, FileFacts
from search.settings import Settings

SONG_S = 60.0
LEAD_ABOVE_DB = 3.0
"""How much louder than the accompaniment the lead is, about as in records."""

KINDS = ("sung alone", "sung over piano", "plucked over piano", "sung over a band")

BEAT_S = 0.5


@dataclass(frozen=True, slots=True)
class Recordings:
    """One kind of recording.

    ``frames_right``: of the frames in which the lead sounds, the share tracked within half a semitone of it, octaves
    aside. ``kept``: the share of recordings in which a tune was found at all. The rest are figures of hums of the
    middle level, from anywhere in the rendered minute.
    """

    kind: str
    songs: int
    frames_right: float
    kept: float
    top1: float
    top10: float
    right_place: float


def measure(files: Sequence[Path], kind: str, *, hums: int, seed: int) -> Recordings:
    """Render, index as ``soundalike index --melody`` does, hum and ask."""
    songs = [_first(tunes_from_midi(str(file))[0].notes, SONG_S) for file in files]
    extractor, right, with_tune = wiring.melody_extractor(), [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        wiring.library(folder, Settings.from_env(os.environ), create=True) as library,
    ):
        space, root = library.writer.space(SPEC), library.writer.root(folder)
        with library.writer.lease("soundalike bench humming", 0) as lease:
            for number, (file, notes) in enumerate(zip(files, songs, strict=True)):
                wave = recording(notes, _first(track_notes(str(file), "PIANO"), SONG_S), kind, seed + number)
                right.append(frames_right(notes, wave))
                encoding = extractor.recording([wave])
                with_tune += bool(encoding.contours)
                content = Content(f"{number:064x}", SONG_S, SAMPLE_RATE_HZ, 1, "WAV", "PCM_16")
                facts = FileFacts(f"{number}.wav", size_bytes=1, mtime_ns=0)
                library.writer.apply(lease, [AddContent(root.id, facts, content, "", {}, space.id, encoding)])
            library.publisher.publish(space, lease, always=True)
        named_tunes = [NamedTune(file.stem, notes) for file, notes in zip(files, songs, strict=True)]
        results = asking.ask_all(library, named_tunes, "middle", ANYWHERE, hums=hums, seed=seed)
    score = Score.of("middle", ANYWHERE, results)
    return Recordings(
        kind, len(songs), float(np.mean(right)), with_tune / len(songs), score.top1, score.top10, score.right_place
    )


def recording(lead: Notes, piano: Notes, kind: str, seed: int) -> NDArray[np.float32]:
    """Return ``lead`` performed as ``kind``: mono samples in [-1, 1] at the pitch tracker's rate."""
    melody = render(lead, SAMPLE_RATE_HZ) if kind.startswith("plucked") else _sung(lead, np.random.default_rng(seed))
    if kind.endswith("alone"):
        return melody
    accompaniment = render(piano, SAMPLE_RATE_HZ)
    if kind.endswith("band"):
        accompaniment = _band(piano, accompaniment, np.random.default_rng([seed, 1]))
    wave = np.zeros(max(len(melody), len(accompaniment)), np.float32)
    wave[: len(melody)] += melody / max(1e-9, _rms(melody))
    wave[: len(accompaniment)] += (
        accompaniment / max(1e-9, _rms(accompaniment)) * np.float32(10 ** (-LEAD_ABOVE_DB / 20))
    )
    return np.asarray(wave / np.abs(wave).max() * 0.8, np.float32)


def frames_right(lead: Notes, wave: NDArray[np.float32]) -> float:
    """See `Recordings`."""
    tracked = pitch_of_blocks([wave])
    at_s = (np.arange(len(tracked.pitch)) + 0.5) * tracked.hop_s
    which = np.searchsorted(lead.start_s, at_s, side="right") - 1
    sounds = (which >= 0) & (at_s < lead.end_s[which])
    off = tracked.pitch[sounds] - lead.pitch[which[sounds]]
    octaves_aside = np.abs(off - 12 * np.round(off / 12))
    return float(np.mean(np.nan_to_num(octaves_aside, nan=12.0) <= 0.5))


def _sung(notes: Notes, rng: np.random.Generator) -> NDArray[np.float32]:
    """Twelve harmonics under the formants of "la", glides of 40 ms, vibrato on long notes, a little breath."""
    at_s = np.arange(int((notes.duration_s + 0.1) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    which = np.searchsorted(notes.start_s, at_s, side="right").clip(1) - 1
    since_s, left_s = np.maximum(at_s - notes.start_s[which], 0.0), notes.end_s[which] - at_s
    before = notes.pitch[np.maximum(which - 1, 0)]
    pitch = notes.pitch[which] + (before - notes.pitch[which]) * np.exp(-since_s / 0.013)
    pitch = pitch + 0.3 * np.clip((since_s - 0.2) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.5 * at_s)
    hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ
    tone = np.zeros(len(at_s))
    for harmonic in range(1, 13):
        f = hz * harmonic
        gain = 1 / (1 + ((f - 720) / 120) ** 2) + 0.6 / (1 + ((f - 1150) / 140) ** 2) + 0.05
        tone += np.where(f < 0.45 * SAMPLE_RATE_HZ, gain / harmonic, 0) * np.sin(harmonic * phase)
    tone *= np.clip(since_s / 0.02, 0, 1) * np.clip(left_s / 0.04, 0, 1)
    tone = tone / max(1e-9, float(np.abs(tone).max())) + 0.005 * rng.normal(size=len(tone))
    return np.asarray(tone / np.abs(tone).max() * 0.8, np.float32)


def _band(piano: Notes, played: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The piano as ``played``, a bass on its lowest notes and drums at 120 beats a minute, 2 and 3 dB softer."""
    bass, drums = np.zeros(len(played)), np.zeros(len(played))
    lowest = None
    for number, at in enumerate(range(0, len(played), round(BEAT_S * SAMPLE_RATE_HZ))):
        struck = np.abs(piano.start_s - at / SAMPLE_RATE_HZ) < BEAT_S / 2
        lowest = float(piano.pitch[struck].min()) if struck.any() else lowest
        since_s = np.arange(min(len(played) - at, round(BEAT_S * SAMPLE_RATE_HZ))) / SAMPLE_RATE_HZ
        beat = slice(at, at + len(since_s))
        if lowest is not None:
            hz = 440.0 * 2.0 ** ((lowest - 12 * max(0.0, np.ceil((lowest - 45) / 12)) - 69) / 12)
            bass[beat] = np.exp(-3 * since_s) * sum(np.sin(2 * np.pi * hz * k * since_s) / k for k in (1, 2, 3))
        drums[beat] = 0.25 * rng.normal(size=len(since_s)) * np.exp(-40 * (since_s % (BEAT_S / 2)))
        if number % 2:
            drums[beat] += 0.8 * rng.normal(size=len(since_s)) * np.exp(-18 * since_s)
        else:
            drums[beat] += 1.2 * np.sin(2 * np.pi * (50 + 60 * np.exp(-30 * since_s)) * since_s) * np.exp(-12 * since_s)
    parts = ((played, 1.0), (bass, 0.8), (drums, 0.7))
    return np.asarray(sum(gain * part / max(1e-9, _rms(part)) for part, gain in parts), np.float32)


def _first(notes: Notes, length_s: float) -> Notes:
    """The notes that end before ``length_s``; at least the first eight."""
    count = max(8, int(np.searchsorted(notes.end_s, length_s)))
    return Notes(notes.start_s[:count], notes.end_s[:count], notes.pitch[:count])


def _rms(wave: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
