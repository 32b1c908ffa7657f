"""Tunes from MIDI files: which track and channel carries the melody, and its notes one at a time.

A track named melody, vocal, lead or the like is taken as the melody. Otherwise lines are rated by their shape: a melody
has one voice, is not low, is neither sparse nor dense, moves in small steps and seldom repeats a pitch.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import mido  # type: ignore[import-untyped]  # ships no types
import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import Notes, Tune
from search.audio.containers import chunks, head
from search.audio.metadata.chunktexts import of_chunks
from search.audio.metadata.fields import Field, as_text
from search.audio.opening import open_regular
from search.errors import AudioError
from search.ground.codepages import code_page, text_of

DRUM_CHANNEL = 9
DEFAULT_TEMPO_US = 500_000
"""Microseconds for a quarter note until a file says otherwise (Standard MIDI Files 1.0)."""

MAX_DURATION_S = 24 * 3600.0
"""Delta times of a damaged file can add up to years; nothing that long is a tune."""

MIN_NOTES = 4
_LARGEST_BYTES = 256 << 20
"""The most bytes read of a MIDI file, which seldom has more than 1 MiB."""

_TEXTS = {"copyright": "copyright", "text": "comment", "lyrics": "lyrics"}
_KARAOKE = {"@T": "title", "@I": "comment"}
_LINES = ("/", "\\")
"""The characters that mark a piece of karaoke text as the start of a line."""
_MELODY_NAME = re.compile(r"\b(melod\w*|vocals?|voice|lead|vox|sing\w*|soprano|tune|theme|canto)\b", re.IGNORECASE)
_BACKING_NAME = re.compile(r"\b(back\w*|harmon\w*|chord\w*|bass|drum\w*|perc\w*|pad|strings?|rhythm)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """The notes of one track and channel: (n, 3) start tick, end tick, pitch, by start."""

    name: str
    channel: int
    notes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MidiSong:
    """A MIDI file: its melodies, its title ("" if it has none), its texts, and its duration."""

    tunes: tuple[Tune, ...]
    title: str
    metadata: dict[str, str]
    duration_s: float


def tunes_from_midi(path: str) -> tuple[Tune, ...]:
    """The melody of a MIDI file: one tune, or several if several tracks are named as melodies.

    Raises AudioError if the file is not MIDI, is damaged, or has no line of at least four notes.
    """
    return read_midi(path).tunes


def read_midi(path: str) -> MidiSong:
    """Read a MIDI file with its melodies. Raises AudioError like `tunes_from_midi`."""
    song, around = _read(path)
    lines = _lines(song)
    if not lines:
        raise AudioError(path, "the MIDI file has no notes")
    melodies = [line for line in lines if _MELODY_NAME.search(line.name) and not _BACKING_NAME.search(line.name)]
    long_enough = [line for line in melodies if len(line.notes) >= MIN_NOTES]
    chosen = long_enough or [max(lines, key=_melodiousness)]
    clock = _clock(song)
    tunes = tuple(Tune(_one_voice(line.notes, clock), line.name if len(chosen) > 1 else "") for line in chosen)
    if any(len(tune.notes) < MIN_NOTES for tune in tunes):
        raise AudioError(path, f"the MIDI file has no melody: fewer than {MIN_NOTES} notes")
    if max(tune.notes.duration_s for tune in tunes) > MAX_DURATION_S:
        raise AudioError(path, "the MIDI file is damaged: it claims to last longer than a day")
    last_tick = max(int(line.notes[:, 1].max()) for line in lines)
    duration_s = min(float(np.interp(last_tick, *clock)), MAX_DURATION_S)
    fields = dict(reversed(list(as_text([*around, *_fields(song)]))))  # the first text of a name counts
    return MidiSong(tunes, fields.pop("title", ""), fields, duration_s)


def track_notes(path: str, name: str) -> Notes:
    """Every note of the tracks with this name, including chords, by start; none if there is no such track.

    Raises AudioError if the file is not MIDI, or is damaged.
    """
    song, _ = _read(path)
    rows = [line.notes for line in _lines(song) if line.name == name]
    notes = np.concatenate([np.empty((0, 3), np.int64), *rows])
    start, end, pitch = notes[np.argsort(notes[:, 0], kind="stable")].T
    clock = _clock(song)
    return Notes(np.interp(start, *clock), np.interp(end, *clock), pitch.astype(np.float32))


def _fields(song: mido.MidiFile) -> Iterator[tuple[str, str]]:
    """The texts of the file for full-text search: title, copyright, comments, lyrics.

    The name of the first track is the title of the song in a file of format 0, which has only one track, or if that
    track has no notes (Standard MIDI Files 1.0).
    """
    if song.tracks and (song.type == 0 or not any(message.type == "note_on" for message in song.tracks[0])):
        yield "title", str(song.tracks[0].name or "")
    said: dict[str, list[str]] = defaultdict(list)
    for track in song.tracks:
        for message in track:
            if message.type in _TEXTS:
                said[_TEXTS[message.type]].append(message.text)
    for text in said["comment"]:
        if name := _KARAOKE.get(text[:2]):
            yield name, text[2:]
    comments = [text for text in said.pop("comment") if text[:1] != "@"]
    said["lyrics" if any(text[:1] in _LINES for text in comments) else "comment"] += comments
    for name, texts in said.items():
        yield name, _sung(texts) if name == "lyrics" else " ".join(texts)


def _sung(pieces: list[str]) -> str:
    """Join syllables to words. Usually they contain the spaces between words, and slashes at the start of lines."""
    stand_apart = any(piece[:1] in _LINES or piece[:1].isspace() or piece[-1:].isspace() for piece in pieces)
    return re.sub(r"[/\\]", " ", ("" if stand_apart else " ").join(pieces))


def _read(path: str) -> tuple[mido.MidiFile, list[Field]]:
    """The parsed file with decoded texts, and the texts of a RIFF file around it.

    For damaged files mido raises various errors from its internals, so all of them are caught here.
    """
    with open_regular(path) as file:
        inner = next((chunk for chunk in chunks(file, head(file)) if chunk.name == b"data"), None)
        around = list(of_chunks(file)) if inner else []
        file.seek(inner.offset if inner else 0)
        data = file.read(_LARGEST_BYTES) or b""
    try:
        song = mido.MidiFile(file=io.BytesIO(data), clip=True)
        _decode(song)
    except (EOFError, OSError, ValueError, IndexError, KeyError, TypeError, mido.KeySignatureError) as error:
        raise AudioError(path, f"not a MIDI file, or a damaged one ({str(error) or type(error).__name__})") from error
    if song.ticks_per_beat <= 0:
        raise AudioError(path, "the MIDI file counts time in SMPTE frames or not at all, which is not supported")
    return song, around


def _decode(song: mido.MidiFile) -> None:
    """Decode texts and names, which mido reads as Latin-1, as UTF-8 or as one old code page."""
    places = [
        (message, name)
        for track in song.tracks
        for message in track
        for name in ("text", "name")
        if message.is_meta and not getattr(message, name, "").isascii()
    ]
    texts = [getattr(message, name).encode("latin-1") for message, name in places]
    page = code_page(texts)
    for (message, name), text in zip(places, texts, strict=True):
        setattr(message, name, text_of(text, page))


def _lines(song: mido.MidiFile) -> list[_Line]:
    """Every track and channel with notes, without drums. A note without an end lasts until the end of its track."""
    lines = []
    for track in song.tracks:
        notes: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        sounding: dict[tuple[int, int], int] = {}
        tick = 0
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off") or message.channel == DRUM_CHANNEL:
                continue
            key = (message.channel, message.note)
            if key in sounding:
                notes[message.channel].append((sounding.pop(key), tick, message.note))
            if message.type == "note_on" and message.velocity > 0:
                sounding[key] = tick
        for (channel, pitch), start in sounding.items():
            notes[channel].append((start, tick, pitch))
        name = str(track.name or "")
        for channel, played in notes.items():
            rows = np.array([note for note in played if note[1] > note[0]], np.int64).reshape(-1, 3)
            if len(rows):
                lines.append(_Line(name, channel, rows[np.lexsort((rows[:, 2], rows[:, 0]))]))
    return lines


def _melodiousness(line: _Line) -> float:
    """A rating of how melody-like a line is. Only the order matters; the weights are chosen by common sense."""
    start, end, pitch = line.notes.T
    top = _skyline(line.notes)
    alone = len(top) / len(line.notes)
    steps = np.abs(np.diff(top[:, 2])) if len(top) > 1 else np.zeros(1)
    small_steps = float(((steps > 0) & (steps <= 4)).mean())
    sounding = float((end - start).sum()) / max(1, int(end.max() - start.min()))
    height = float(np.clip((np.median(pitch) - 48) / 24, 0, 1))
    length = min(1.0, len(top) / 32)
    named = float(bool(_BACKING_NAME.search(line.name)))
    return 2 * alone + small_steps + height + length + min(1.0, sounding) - 2 * named


def _skyline(notes: NDArray[np.int64]) -> NDArray[np.int64]:
    """One voice out of many (m, 3): the highest note at every onset, cut off where the next one starts.

    A lower note that starts while a higher one still sounds is accompaniment and is skipped.
    """
    kept: list[list[int]] = []
    for start, end, pitch in notes[np.lexsort((-notes[:, 2], notes[:, 0]))].tolist():
        if kept:
            last = kept[-1]
            overlap = last[1] - start
            if start == last[0] or (pitch < last[2] and overlap > 0.5 * min(last[1] - last[0], end - start)):
                continue
            last[1] = min(last[1], start)
        kept.append([start, end, pitch])
    return np.array(kept, np.int64).reshape(-1, 3)


def _clock(song: mido.MidiFile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The (ticks, seconds) of every tempo change in any track, extended past the end, for interpolation."""
    changes = {0: DEFAULT_TEMPO_US}
    last_tick = 0
    for track in song.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and message.tempo > 0:
                changes[tick] = message.tempo
        last_tick = max(last_tick, tick)
    ticks = sorted(changes)
    tempi_s = np.array([changes[tick] for tick in ticks]) * 1e-6 / song.ticks_per_beat
    ends = np.array([*ticks[1:], max(last_tick, ticks[-1]) + 1], np.float64)
    seconds = np.concatenate([[0.0], np.cumsum((ends - np.array(ticks)) * tempi_s)])
    return np.concatenate([np.array(ticks, np.float64), ends[-1:]]), seconds


def _one_voice(notes: NDArray[np.int64], clock: tuple[NDArray[np.float64], NDArray[np.float64]]) -> Notes:
    top = _skyline(notes)
    start_s, end_s = np.interp(top[:, 0], *clock), np.interp(top[:, 1], *clock)
    return Notes(start_s, end_s, top[:, 2].astype(np.float32))
