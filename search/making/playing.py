"""Renders notes: with FluidSynth and a soundfont, else as plucked strings (`search.analysis.melody.rendering`)."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from search.analysis.melody.model import Notes
from search.analysis.melody.rendering import render
from search.errors import UsageError, printable
from search.model import Wave

RATE_HZ: Final = 44_100
SOUNDFONTS: Final = (
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf3/default-GM.sf3",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
)
"""Common locations of a system's soundfont."""
_LONGEST_S: Final = 120.0
_TICKS: Final = 480
_LOUDNESS: Final = 96


def soundfont(named: Path | None) -> Path | None:
    """Return the named soundfont, else the system's; None if there is none, or no FluidSynth.

    Raises UsageError if a named soundfont cannot be played.
    """
    if named is not None and not named.is_file():
        raise UsageError(f"{printable(str(named))}: there is no such soundfont")
    if shutil.which("fluidsynth") is None:
        if named is not None:
            raise UsageError("FluidSynth plays soundfonts, and is not installed: apt install fluidsynth")
        return None
    return named or next((Path(one) for one in SOUNDFONTS if Path(one).is_file()), None)


def played(notes: Notes, font: Path | None, instrument: int = 0) -> tuple[Wave, int]:
    """Render ``notes`` as mono samples (n,). Return them and their rate.

    ``instrument`` is a General MIDI number (0 to 127) of the soundfont. Raises UsageError if FluidSynth fails.
    """
    if font is None:
        return render(notes, RATE_HZ), RATE_HZ
    import soundfile

    with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
        midi, wav = Path(folder, "tune.mid"), Path(folder, "tune.wav")
        write_midi(midi, notes, instrument)
        command = ["fluidsynth", "-ni", "-q", "-r", str(RATE_HZ), "-g", "0.6", "-F", str(wav), str(font), str(midi)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_LONGEST_S)  # noqa: S603  its own name
            samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
        except (OSError, subprocess.SubprocessError, soundfile.LibsndfileError) as error:
            raise UsageError(f"fluidsynth cannot play {printable(str(font))}: {error}") from error
    wave: Wave = np.clip(samples.mean(axis=1), -1, 1).astype(np.float32)
    return wave, RATE_HZ


def write_midi(path: Path, notes: Notes, instrument: int = 0, comment: str = "") -> None:
    """Write notes as a MIDI file with ``comment`` as its text. Raises UsageError if it cannot be written."""
    try:
        path.write_bytes(as_midi(notes, instrument, comment))
    except OSError as error:
        raise UsageError(f"{printable(str(path))}: cannot be written ({error})") from error


def as_midi(notes: Notes, instrument: int = 0, comment: str = "") -> bytes:
    """Return the bytes of such a file. Characters of the comment that are not Latin-1 are replaced."""
    track = mido.MidiTrack()
    if comment:
        track.append(mido.MetaMessage("text", text=comment.encode("latin-1", "replace").decode("latin-1")))
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.Message("program_change", program=instrument))
    events = [(float(at_s), 1, round(float(pitch))) for at_s, pitch in zip(notes.start_s, notes.pitch, strict=True)]
    events += [(float(at_s), 0, round(float(pitch))) for at_s, pitch in zip(notes.end_s, notes.pitch, strict=True)]
    now = 0
    for at_s, begins, pitch in sorted(events):
        tick = round(at_s * 2 * _TICKS)
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, note=pitch, velocity=_LOUDNESS if begins else 0, time=max(tick - now, 0)))
        now = max(now, tick)
    out = io.BytesIO()
    mido.MidiFile(ticks_per_beat=_TICKS, tracks=[track]).save(file=out)
    return out.getvalue()
