"""Tunes from MIDI files: the melody is found, and every defect of a file is reported in one clear line."""

from __future__ import annotations

import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from search.analysis.melody.midi import read_midi, tunes_from_midi
from search.errors import AudioError


def write(file: Path, *tracks: tuple[str, list[tuple[int, int, int, int]]], kind: int = 1) -> str:
    """A MIDI file; a track is a name and notes (channel, pitch, start beat in quarters, length in quarters)."""
    song = mido.MidiFile(type=kind, ticks_per_beat=480)
    for name, notes in tracks:
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("track_name", name=name))
        events = []
        for channel, pitch, start, length in notes:
            events.append((start * 480, 1, mido.Message("note_on", channel=channel, note=pitch, velocity=80)))
            events.append(((start + length) * 480, 0, mido.Message("note_off", channel=channel, note=pitch)))
        now = 0
        for tick, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
        song.tracks.append(track)
    song.save(str(file))
    return str(file)


TUNE = [(0, pitch, i, 1) for i, pitch in enumerate((72, 74, 76, 77, 79, 77, 76, 74))]
CHORDS = [(1, pitch, 2 * i, 2) for i in range(4) for pitch in (48, 52, 55)]


def test_a_track_called_melody_is_the_tune(tmp_path):
    """The name decides, also against a busier track; times are seconds at 120 beats a minute."""
    path = write(tmp_path / "a.mid", ("PIANO", CHORDS), ("MELODY", TUNE))
    (tune,) = tunes_from_midi(path)
    assert tune.notes.pitch.tolist() == [note[1] for note in TUNE]
    assert tune.notes.start_s.tolist() == pytest.approx([0.5 * i for i in range(8)])
    assert tune.notes.duration_s == pytest.approx(4.0)


def test_without_names_the_line_shaped_like_a_melody_is_chosen(tmp_path):
    """One voice, in the middle register, in small steps beats chords below it, in one track with them or not."""
    drums = [(9, 38, i, 1) for i in range(8)]
    for tracks in ((("", CHORDS), ("", TUNE), ("", drums)), (("", [*CHORDS, *TUNE, *drums]),)):
        (tune,) = tunes_from_midi(write(tmp_path / "b.mid", *tracks))
        assert tune.notes.pitch.tolist() == [note[1] for note in TUNE]


def test_chords_under_a_tune_in_one_voice_leave_the_highest_notes(tmp_path):
    """A melody written with its chords in one track keeps its top line."""
    (tune,) = tunes_from_midi(write(tmp_path / "c.mid", ("", [*TUNE, *[(0, p, s, n) for _, p, s, n in CHORDS]])))
    assert tune.notes.pitch.tolist() == [note[1] for note in TUNE]


def test_tempo_changes_move_the_notes(tmp_path):
    """A tempo halved after two beats doubles what follows."""
    file = tmp_path / "d.mid"
    write(file, ("MELODY", TUNE))
    song = mido.MidiFile(str(file))
    song.tracks.insert(0, mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000, time=960)]))
    song.save(str(file))
    (tune,) = tunes_from_midi(str(file))
    assert tune.notes.start_s.tolist() == pytest.approx([0, 0.5, 1, 2, 3, 4, 5, 6])


def test_several_tracks_called_vocals_are_several_tunes(tmp_path):
    """Two singers give two tunes, told apart by their names."""
    low = [(1, pitch - 12, start, length) for _, pitch, start, length in TUNE]
    tunes = tunes_from_midi(write(tmp_path / "e.mid", ("Vocal 1", TUNE), ("Vocal 2", low), ("Bass", CHORDS)))
    assert [tune.name for tune in tunes] == ["Vocal 1", "Vocal 2"]


def test_a_file_without_notes_says_so(tmp_path):
    """A MIDI file without notes, or with drums only, is named with that cause."""
    for tracks in ((("MELODY", []),), (("", [(9, 38, i, 1) for i in range(8)]),)):
        with pytest.raises(AudioError, match=r"f\.mid: the MIDI file has no notes"):
            tunes_from_midi(write(tmp_path / "f.mid", *tracks))
    with pytest.raises(AudioError, match="fewer than 4 notes"):
        tunes_from_midi(write(tmp_path / "f.mid", ("MELODY", TUNE[:2])))


@pytest.mark.parametrize(
    "content", [b"", b"MThd", b"RIFF....WAVE", b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0", b"text"]
)
def test_what_is_no_midi_file_says_so(tmp_path, content):
    """Empty, cut off, another format, or without a clock: one line with the file."""
    file = tmp_path / "g.mid"
    file.write_bytes(content)
    with pytest.raises(AudioError, match=r"g\.mid: (.*MIDI|the file is empty)"):
        tunes_from_midi(str(file))


def test_any_damage_is_an_audio_error_or_still_a_tune(tmp_path):
    """400 files with random bytes changed or cut: never another exception."""
    whole = Path(write(tmp_path / "h.mid", ("PIANO", CHORDS), ("MELODY", TUNE))).read_bytes()
    rng = np.random.default_rng(3)
    file, refused = tmp_path / "i.mid", 0
    for _ in range(400):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.uniform() < 0.5 else whole)
        for place in rng.integers(0, len(damaged), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        file.write_bytes(damaged)
        try:
            tunes_from_midi(str(file))
        except AudioError:
            refused += 1
    assert refused > 50


def test_a_missing_file_says_so(tmp_path):
    """No such file is not a damaged one."""
    with pytest.raises(AudioError, match="no such file"):
        tunes_from_midi(str(tmp_path / "none.mid"))


@pytest.mark.shared
def test_pop909_melodies_are_their_melody_tracks(shared):
    """The track called MELODY, note for note, in a real song."""
    path = str(shared / "data/pop909/001.mid")
    track = next(track for track in mido.MidiFile(path).tracks if track.name == "MELODY")
    written = [message.note for message in track if message.type == "note_on" and message.velocity]
    (tune,) = tunes_from_midi(path)
    assert tune.notes.pitch.tolist() == written


def with_texts(file: Path, page: str, *texts: tuple[str, str]) -> str:
    """A MIDI file whose first track holds texts (kind, text) in a code page."""
    song = mido.MidiFile(write(file, ("MELODY", TUNE)), charset=page)
    names = {"track_name": "name"}
    said = [mido.MetaMessage(kind, **{names.get(kind, "text"): text}) for kind, text in texts]
    song.tracks.insert(0, mido.MidiTrack(said))
    song.save(str(file))
    return str(file)


@pytest.mark.parametrize(
    ("title", "lyrics", "page"),
    [
        ("Möwe", "Gänse fliegen", "utf-8"),
        ("Möwe", "Gänse fliegen", "cp1252"),
        ("雷鳴と雨", "犬の鳴き声", "shift_jis"),
        ("Песня о Волге", "тихая река", "cp1251"),
        ("北京的街道", "下雨了", "gb18030"),
    ],
)
def test_texts_in_utf_8_and_old_code_pages(tmp_path, title, lyrics, page):
    """The standard says ASCII; all texts of a file are in one code page, names of tracks too."""
    path = with_texts(tmp_path / "a.mid", page, ("track_name", title), ("lyrics", lyrics), ("text", "plain"))
    song = read_midi(path)
    assert (song.title, song.metadata) == (title, {"comment": "plain", "lyrics": lyrics})


def test_a_song_is_called_as_its_track_is_where_there_can_be_but_one(tmp_path):
    """In format 0; in format 1 the name may be that of an instrument."""
    assert read_midi(write(tmp_path / "a.mid", ("The Harbour", TUNE), kind=0)).title == "The Harbour"
    assert read_midi(write(tmp_path / "b.mid", ("Violin", TUNE))).title == ""


def test_syllables_are_sung_as_words(tmp_path):
    """In lyrics that bring their spaces, in those that do not, and in karaoke files, whose title is a text."""
    cases = {
        ("lyrics",): (["Fog", "horn ", "far ", "away"], {"lyrics": "Foghorn far away"}),
        ("lyrics", ""): (["fog", "horn"], {"lyrics": "fog horn"}),
        ("text",): (["@KMIDI KARAOKE FILE", "@TThe Harbour", "@IAnn", "\\Fog", "horn ", "far", "/a", "way"], None),
    }
    for (kind, *_), (pieces, metadata) in cases.items():
        song = read_midi(with_texts(tmp_path / "a.kar", "latin-1", *((kind, piece) for piece in pieces)))
        if metadata is None:
            assert song.title == "The Harbour"
            assert song.metadata == {"comment": "Ann", "lyrics": "Foghorn far away"}
        else:
            assert (song.title, song.metadata) == ("", metadata)


def test_a_riff_around_a_midi_file_says_more(tmp_path):
    """RIFF MIDI (.rmi): the tune is that of the file within, the title that of the INFO list."""
    inner = Path(write(tmp_path / "a.mid", ("MELODY", TUNE))).read_bytes()
    title = "Möwe".encode("cp1252") + b"\0"
    info = b"INFO" + b"INAM" + struct.pack("<I", len(title)) + title + bytes(len(title) % 2)
    parts = b"".join(
        name + struct.pack("<I", len(part)) + part + bytes(len(part) % 2)
        for name, part in ((b"data", inner), (b"LIST", info))
    )
    path = tmp_path / "a.rmi"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"RMID" + parts)
    song = read_midi(str(path))
    assert song.title == "Möwe"
    assert song.tunes[0].notes.pitch.tolist() == [note[1] for note in TUNE]


def test_what_a_program_says_of_itself_is_no_comment(tmp_path):
    """As in the tags of sounds."""
    song = read_midi(with_texts(tmp_path / "a.mid", "latin-1", ("track_name", "FL Studio 12"), ("text", "Logic Pro")))
    assert (song.title, song.metadata) == ("", {})
