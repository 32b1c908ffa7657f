"""Tempo and key of POP909 songs rendered by FluidSynth, compared with librosa's tempo and key.

The reference key is the one that the data set's repository (``NNN/key_audio.txt``) gives for most of the excerpt.
Without these files it is the key of the excerpt's notes by the profiles of Krumhansl and Kessler. That estimate agrees
with the repository's key for only .72 of the songs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import soundfile
from numpy.typing import NDArray

from search.analysis.facts.definitions import KEYS
from search.analysis.facts.measuring import measure
from search.errors import UsageError

FIRST: Final = 41
"""The first song that is measured. The ones before it were used during development."""
EXCERPT_S: Final = (20.0, 45.0)
"""Where a song's excerpt begins, and how long it lasts."""
_BEGIN_S, _LENGTH_S = EXCERPT_S
_NEAR: Final = 0.04
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def figures(
    folder: Path,
    soundfont: Path,
    songs: int,
    scratch: Path,
    named: Path | None,
    *,
    keeps: bool = False,
    with_librosa: bool = True,
) -> Iterator[str]:
    """Yield the shares of songs whose tempo, key, and key or its relative key are right.

    ``named`` is the folder of the repository's keys; if None, the keys of the notes are the reference. With ``keeps``,
    the rendered songs stay in ``scratch``, and songs that are already there are not rendered again. Raises UsageError
    without FluidSynth.
    """
    right: dict[str, list[bool]] = {}
    for number in range(FIRST, FIRST + songs):
        midi, wav = scratch / "song.mid", scratch / f"{number:03d}.wav"
        tempo, of_notes = excerpt(folder / f"{number:03d}.mid", midi)
        key = of_notes if named is None else named_key(named / f"{number:03d}" / "key_audio.txt")
        if not wav.is_file():
            render(midi, scratch / "song.wav", soundfont)
            (scratch / "song.wav").rename(wav)
        facts = measure(str(wav))
        ratio = float(facts.get("tempo", 0.0)) / tempo  # type: ignore[arg-type]  # this fact is a number
        answer = KEYS.index(str(facts["key"])) if "key" in facts else -1
        judged = {
            "tempo within 4 %": abs(ratio - 1) <= _NEAR,
            "twice": abs(ratio - 2) <= 2 * _NEAR,
            "half": abs(ratio - 0.5) <= _NEAR / 2,
            "none": ratio == 0,
            "key": answer == key,
            "key or relative": answer in (key, relative(key)),
            "key of the notes by Krumhansl's profiles": of_notes == key,
        }
        if with_librosa:
            judged |= _by_librosa(wav, tempo, key)
        if not keeps:
            wav.unlink()
        for what, is_right in judged.items():
            right.setdefault(what, []).append(is_right)
    named_by = "of the notes" if named is None else "as the data set names them"
    shares = ", ".join(f"{what} {np.mean(of):.3f}" for what, of in right.items())
    yield f"{songs} songs: {shares}; keys {named_by}"


def _by_librosa(wav: Path, tempo_bpm: float, key: int) -> dict[str, bool]:
    from librosa.beat import beat_track
    from librosa.feature import chroma_cqt

    wave, rate_hz = soundfile.read(wav, dtype="float32", always_2d=True)
    found_bpm = float(np.ravel(beat_track(y=wave.mean(axis=1), sr=rate_hz)[0])[0])
    found = _key_of(chroma_cqt(y=wave.mean(axis=1), sr=rate_hz).sum(axis=1))
    return {
        "librosa's tempo": abs(found_bpm / tempo_bpm - 1) <= _NEAR,
        "key of librosa's chroma": found == key,
        "or relative": found in (key, relative(key)),
    }


def named_key(path: Path) -> int:
    """Return the place in `KEYS` of the key that a file gives for most of the excerpt.

    The file's lines are start, end, ``Gb:maj``. Raises UsageError for a file that cannot be read or names no key.
    """
    lasting: dict[int, float] = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            start, end, name = line.split()
            overlap = min(float(end), _BEGIN_S + _LENGTH_S) - max(float(start), _BEGIN_S)
            lasting[_place(name)] = lasting.get(_place(name), 0.0) + max(overlap, 0.0)
        return max(lasting, key=lambda key: lasting[key])
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} names no key ({error})") from error


def _place(name: str) -> int:
    root, mode = name.split(":")
    note = "C D EF G A B".index(root[0]) + root.count("#") - root.count("b")
    return note % 12 + (12 if mode == "min" else 0)


def excerpt(source: Path, target: Path, begin_s: float = EXCERPT_S[0]) -> tuple[float, int]:
    """Write a song's excerpt from ``begin_s``; return its tempo (bpm) and the place in `KEYS` of its notes' key."""
    song, at_s, before = mido.MidiFile(source), 0.0, 0
    tempo_bpm = 120.0
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    weights = np.zeros(12)
    begun: dict[int, float] = {}
    for message in song:
        at_s += message.time
        if message.type == "set_tempo" and at_s <= begin_s + _LENGTH_S / 2:
            tempo_bpm = 60e6 / message.tempo
        if message.is_meta or not begin_s <= at_s <= begin_s + _LENGTH_S:
            continue
        ticks = round((at_s - begin_s) * 2 * song.ticks_per_beat)
        track.append(message.copy(time=ticks - before))
        before = ticks
        if message.type in ("note_on", "note_off"):
            if message.note in begun:
                weights[message.note % 12] += at_s - begun.pop(message.note)
            if message.type == "note_on" and message.velocity:
                begun[message.note] = at_s
    mido.MidiFile(ticks_per_beat=song.ticks_per_beat, tracks=[track]).save(target)
    return tempo_bpm, _key_of(weights)


def _key_of(weights: NDArray[np.float64]) -> int:
    profiles = [np.roll(mode, note) for mode in (_MAJOR, _MINOR) for note in range(12)]
    return int(np.argmax([np.corrcoef(weights, profile)[0, 1] for profile in profiles]))


def relative(key: int) -> int:
    """Return the place of the relative key, which has the same notes."""
    return 12 + (key + 9) % 12 if key < 12 else (key + 3) % 12


def render(midi: Path, wav: Path, soundfont: Path) -> None:
    """Render a MIDI file with FluidSynth. Raises UsageError."""
    command = ["fluidsynth", "-ni", "-q", "-r", "22050", "-g", "0.5", "-F", str(wav), str(soundfont), str(midi)]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed program
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"fluidsynth could not render with {soundfont} ({error})") from error
