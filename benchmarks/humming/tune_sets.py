"""Collections of tunes for the humming benchmark, and a loader for MIR-QBSH as it is published."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.midi import tunes_from_midi
from search.analysis.melody.model import Notes
from search.errors import AudioError, UsageError, printable

POP909 = Path("../shared/data/pop909")
NOTTINGHAM = Path("../shared/data/nottingham")


@dataclass(frozen=True, slots=True, eq=False)
class NamedTune:
    """A tune of a collection; ``name`` is collection/file."""

    name: str
    notes: Notes


def midi_folder(folder: Path) -> list[NamedTune]:
    """Return the tune of every MIDI file in ``folder``, by name; files without a melody are left out.

    Raises UsageError if there is none.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".mid", ".midi"))
    tunes = []
    for file in files:
        try:
            tunes.append(NamedTune(f"{folder.name}/{file.stem}", tunes_from_midi(str(file))[0].notes))
        except AudioError:
            continue
    if not tunes:
        raise UsageError(f"{printable(str(folder))}: no MIDI file with a melody; name a folder with --tunes")
    return tunes


@dataclass(frozen=True, slots=True)
class RecordedHum:
    """A recording of MIR-QBSH: the wave file, its pitch vector file (if any) and the name of the hummed tune."""

    wave: Path
    pitch: Path | None
    tune: str


def mir_qbsh(folder: Path) -> tuple[list[NamedTune], list[RecordedHum]]:
    """Load MIR-QBSH (Jang 2006) as published: ``midiFile/00001.mid``, ``waveFile/year*/person*/00001.wav`` and ``.pv``.

    48 tunes, 4,431 hums, 8 s at 8 kHz from the beginning of the tune. Raises UsageError if the layout is another.
    """
    midi, waves = folder / "midiFile", folder / "waveFile"
    if not midi.is_dir() or not waves.is_dir():
        raise UsageError(f"{printable(str(folder))}: MIR-QBSH has the folders midiFile and waveFile")
    tunes = midi_folder(midi)
    name_of = {tune.name.split("/")[-1]: tune.name for tune in tunes}
    hums = []
    for wave in sorted(waves.rglob("*.wav")):
        if wave.stem in name_of:
            pitch = wave.with_suffix(".pv")
            hums.append(RecordedHum(wave, pitch if pitch.is_file() else None, name_of[wave.stem]))
    if not hums:
        raise UsageError(f"{printable(str(waves))}: no recording is named for one of the {len(tunes)} tunes")
    return tunes, hums


def collections(folders: Sequence[Path]) -> tuple[list[NamedTune], list[RecordedHum]]:
    """Return the tunes of every folder of MIDI files or MIR-QBSH, and the recorded hums of the latter.

    Raises UsageError if a folder has none.
    """
    tunes: list[NamedTune] = []
    hums: list[RecordedHum] = []
    for folder in folders:
        if (folder / "midiFile").is_dir():
            folder_tunes, recorded = mir_qbsh(folder)
            tunes += folder_tunes
            hums += recorded
        else:
            tunes += midi_folder(folder)
    return tunes, hums


def read_pitch_vector(file: Path) -> NDArray[np.float32]:
    """Read a ``.pv`` of MIR-QBSH: semitones, one line every 1/31.25 s; 0 (NaN here) if no pitch was labelled.

    Raises UsageError if a line is no number.
    """
    try:
        values = np.array([float(line) for line in file.read_text(encoding="ascii").split()], np.float32)
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{printable(str(file))}: not a pitch vector ({error})") from error
    return np.where(values > 0, values, np.float32(np.nan)).astype(np.float32)


def write_midi(file: Path, notes: Notes, ticks_per_second: int = 960) -> None:
    """Write a tune as a MIDI file of one track: 120 beats a minute, 480 ticks a beat. For tests and for listening."""
    body = bytearray()
    now = 0
    for start_s, end_s, pitch in zip(notes.start_s, notes.end_s, notes.pitch, strict=True):
        start, end = round(float(start_s) * ticks_per_second), round(float(end_s) * ticks_per_second)
        body += _variable(start - now) + bytes([0x90, int(pitch), 90])
        body += _variable(max(1, end - start)) + bytes([0x80, int(pitch), 0])
        now = max(end, start + 1)
    body += b"\x00\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks_per_second // 2)
    file.write_bytes(header + b"MTrk" + struct.pack(">I", len(body)) + bytes(body))


def _variable(value: int) -> bytes:
    """A MIDI variable-length quantity."""
    groups = [max(0, value) & 0x7F]
    value = max(0, value) >> 7
    while value:
        groups.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes(reversed(groups))


def recombined(tunes: Sequence[NamedTune], count: int, seed: int) -> list[Notes]:
    """Return ``count`` tunes that fill a large catalogue: phrases of two to five tunes, each transposed and stretched.

    They have notes and rhythms of real tunes, but each phrase is also mirrored, reversed, or both.
    """
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        parts, now = [], 0.0
        for pick in rng.integers(0, len(tunes), rng.integers(2, 6)):
            notes = tunes[pick].notes
            first = int(rng.integers(0, max(1, len(notes) - 24)))
            chosen = slice(first, first + int(rng.integers(24, 80)))
            stretch, move = rng.uniform(0.75, 1.33), int(rng.integers(-6, 7))
            start = (notes.start_s[chosen] - notes.start_s[first]) * stretch + now
            end = (notes.end_s[chosen] - notes.start_s[first]) * stretch + now
            # changed in any case, or its hum would rightly be found here: mirrored, backwards, or both
            pitch = notes.pitch[chosen] + move
            change = int(rng.integers(1, 4))
            if change & 1:
                pitch = 2 * np.round(pitch.mean()) - pitch
            if change & 2:
                pitch = pitch[::-1]
            parts.append((start, end, pitch))
            now = float(end[-1])
        starts, ends, pitches = (np.concatenate(column) for column in zip(*parts, strict=True))
        made.append(Notes(starts, ends, np.clip(pitches, 30, 100).astype(np.float32)))
    return made
