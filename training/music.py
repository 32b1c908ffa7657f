"""Music for training: single General MIDI instruments, drums, and POP909's songs with random instruments.

FluidSynth renders it with a General MIDI soundfont (Debian: ``fluidsynth``, ``fluid-soundfont-gm``, MIT licence). Only
the corpora are kept.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import soundfile
from numpy.random import Generator

from search.errors import UsageError
from search.model import Wave
from training.corpus import MEL, Sound

PROGRAMS = 128
DRUM_CHANNEL = 9
DRUM_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
DRUM_KEYS = range(27, 88)
TICKS_PER_BEAT = 480
"""With mido's default tempo (120 beats a minute), 960 ticks are one second."""
_TICKS_PER_S = 960
_GAP_S = 1.5

RANGES = {range(32, 40): (28, 55), range(40, 42): (55, 91), range(42, 44): (28, 67), range(56, 59): (40, 79)}
"""Lowest and highest key of families outside the default range (C3 to C6): basses, violins, low strings, brass."""


@dataclass(frozen=True, slots=True)
class Note:
    """A key from 0 to 127 struck with ``velocity`` (1 to 127), relative to the start of its phrase."""

    start_s: float
    seconds: float
    key: int
    velocity: int


Phrase = Sequence[Note]


def single_notes(program: int, rng: Generator) -> Phrase:
    """One to four notes of random length, slow enough to be heard separately."""
    low, high = key_range(program)
    notes, at = [], 0.0
    for _ in range(int(rng.integers(1, 5))):
        seconds = float(np.exp(rng.uniform(np.log(0.15), np.log(3.0))))
        notes.append(Note(at, seconds, int(rng.integers(low, high + 1)), int(rng.integers(45, 128))))
        at += seconds * rng.uniform(0.8, 1.3)
    return notes


def melody(program: int, rng: Generator) -> Phrase:
    """A random walk over a scale, sometimes in chords, at a random tempo."""
    low, high = key_range(program)
    scale = np.array([(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9, 12, 14)][int(rng.integers(3))])
    beat_s = rng.uniform(0.12, 0.6)
    tonic, degree, at = int(rng.integers(low, max(low + 1, high - 12))), 0, 0.0
    chords = rng.random() < 0.25
    notes = []
    while at < rng.uniform(3.0, 6.0):
        seconds = beat_s * rng.choice([0.5, 1.0, 1.0, 2.0])
        velocity = int(rng.integers(50, 120))
        for voice in range(3 if chords else 1):
            octave, step = divmod(degree + 2 * voice, 7)
            key = int(np.clip(tonic + 12 * octave + scale[step], low - 5, high + 5))
            notes.append(Note(at, seconds * rng.uniform(0.5, 1.1), key, velocity))
        degree = int(np.clip(degree + rng.integers(-3, 4), -5, 12))
        at += seconds
    return notes


def drum_phrase(rng: Generator) -> Phrase:
    """One drum struck a few times, or a pattern of several."""
    if rng.random() < 0.6:
        key = int(rng.choice(DRUM_KEYS))
        gaps = np.cumsum(np.exp(rng.uniform(np.log(0.08), np.log(1.0), int(rng.integers(1, 12)))))
        return [Note(float(at), 0.3, key, int(rng.integers(40, 128))) for at in np.minimum(gaps - gaps[0], 5.0)]
    beat_s, keys = rng.uniform(0.1, 0.3), rng.choice(np.arange(35, 60), 4, replace=False)
    played = rng.random((4, 16)) < rng.uniform(0.1, 0.6, (4, 1))
    return [
        Note(float(step * beat_s), 0.2, int(key), int(rng.integers(40, 128)))
        for key, row in zip(keys, played, strict=True)
        for step in np.flatnonzero(row)
    ]


def key_range(program: int) -> tuple[int, int]:
    """Lowest and highest key that an instrument usually plays."""
    for programs, keys in RANGES.items():
        if program in programs:
            return keys
    return 48, 84


def instruments(soundfont: Path, phrases: int, seed: int) -> Iterator[Sound]:
    """``phrases`` phrases of each General MIDI program, half notes and half melodies, each a sound of its own."""
    for program in range(PROGRAMS):
        rng = np.random.default_rng((seed, program))
        phrases_made = [(single_notes if i % 2 == 0 else melody)(program, rng) for i in range(phrases)]
        yield from _render_apart(
            soundfont,
            phrases_made,
            program=program,
            channel=0,
            name=f"gm/{program:03d}",
            reverb=float(rng.uniform(0, 0.8)),
        )


def drums(soundfont: Path, phrases: int, seed: int) -> Iterator[Sound]:
    """``phrases`` phrases of each drum kit."""
    for kit in DRUM_KITS:
        rng = np.random.default_rng((seed, 1000 + kit))
        phrases_made = [drum_phrase(rng) or [Note(0.0, 0.3, 38, 100)] for _ in range(phrases)]
        yield from _render_apart(
            soundfont, phrases_made, program=kit, channel=DRUM_CHANNEL, name=f"drums/{kit:03d}", reverb=0.3
        )


def songs(soundfont: Path, folder: Path, count: int, seconds: float, seed: int) -> Iterator[Sound]:
    """``seconds`` of each of ``count`` songs of POP909, with a random instrument per track; some tracks are left out.

    Raises UsageError if ``folder`` has no songs, or FluidSynth or the soundfont is missing.
    """
    rng = np.random.default_rng((seed, 2000))
    paths = sorted(folder.glob("*.mid"))
    if not paths:
        raise UsageError(f"{folder} holds no MIDI files: songs need ../shared/data/pop909")
    for path in [paths[int(i)] for i in rng.permutation(len(paths))[:count]]:
        song = mido.MidiFile(path)
        start_s = float(rng.uniform(0, max(0.0, song.length - seconds)))
        played = {name for name in ("MELODY", "BRIDGE", "PIANO") if rng.random() < 0.7} or {"MELODY"}
        for channel, track in enumerate(song.tracks):
            track[:] = [message for message in track if message.type != "program_change"]
            for message in track:
                if not message.is_meta:
                    message.channel = channel
            track.insert(0, mido.Message("program_change", channel=channel, program=int(rng.integers(PROGRAMS - 8))))
        song.tracks = [track for track in song.tracks if track.name in played or track.name == ""]
        wave = _render(soundfont, _passage(song, start_s, seconds), float(rng.uniform(0, 0.8)))
        yield Sound(f"pop909/{path.stem}", "pop909", wave)


def _passage(song: mido.MidiFile, start_s: float, seconds: float) -> mido.MidiFile:
    """The events of ``seconds`` from ``start_s`` on. Earlier settings are kept, earlier notes are not."""
    cut = mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT)
    track = mido.MidiTrack()
    cut.tracks.append(track)
    at_s = passed_s = 0.0
    for message in song:
        at_s += message.time
        if message.is_meta or (at_s < start_s and message.type in ("note_on", "note_off")):
            continue
        if at_s > start_s + seconds:
            break
        placed_s = max(0.0, at_s - start_s)
        track.append(message.copy(time=round((placed_s - passed_s) * _TICKS_PER_S)))
        passed_s = placed_s
    for channel in range(len(song.tracks) + 1):
        track.append(mido.Message("control_change", channel=channel, control=123, value=0, time=0))
    return cut


def _render_apart(
    soundfont: Path, phrases: Sequence[Phrase], *, program: int, channel: int, name: str, reverb: float
) -> Iterator[Sound]:
    """Render all phrases at once, with silence between them, and cut them apart again."""
    events, spans, start_s = [], [], 0.0
    for phrase in phrases:
        end_s = start_s + max(note.start_s + note.seconds for note in phrase)
        for note in phrase:
            on = start_s + note.start_s
            events.append((on, "note_on", note.key, note.velocity))
            events.append((on + note.seconds, "note_off", note.key, 0))
        spans.append((start_s, end_s + _GAP_S))
        start_s = end_s + _GAP_S
    song = mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT)
    track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=program)])
    song.tracks.append(track)
    passed = 0
    for at_s, kind, key, velocity in sorted(events):
        tick = round(at_s * _TICKS_PER_S)
        track.append(mido.Message(kind, channel=channel, note=key, velocity=velocity, time=tick - passed))
        passed = tick
    wave = _render(soundfont, song, reverb)
    for i, (first_s, last_s) in enumerate(spans):
        part = trim(wave[round(first_s * MEL.rate_hz) : round(last_s * MEL.rate_hz)])
        if len(part):
            yield Sound(f"{name}/{i}", name, part)


def trim(wave: Wave) -> Wave:
    """``wave`` without silence (60 dB below the peak) at either end; empty if all is silent."""
    audible = np.flatnonzero(np.abs(wave) > max(1e-4, 1e-3 * float(np.abs(wave).max(initial=0.0))))
    return wave[audible[0] : audible[-1] + 1] if len(audible) else wave[:0]


def _render(soundfont: Path, song: mido.MidiFile, reverb: float) -> Wave:
    """Render ``song`` as mono at the front end's rate. Raises UsageError if FluidSynth or the soundfont is missing."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "song.mid", Path(folder) / "song.wav"
        song.save(midi)
        command = [
            "fluidsynth",
            "-ni",
            "-q",
            "-r",
            str(MEL.rate_hz),
            "-g",
            "0.5",
            "-o",
            f"synth.reverb.level={reverb:.2f}",
        ]
        try:
            subprocess.run([*command, "-F", str(wav), str(soundfont), str(midi)], check=True, capture_output=True)  # noqa: S603  a program that was looked up
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"fluidsynth could not render with {soundfont} ({error}): install both, see docs/training.md"
            ) from error
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    mono: Wave = samples.mean(1)
    return mono
