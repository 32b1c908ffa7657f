"""Tunes from files to hums: MIDI files and recordings are indexed, found by humming and by notes, and never lost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from indexer.job import index
from indexer.model import Options, Summary
from search import wiring
from search.analysis.melody.model import Notes
from search.errors import QueryError, SoundalikeError
from search.library import maintenance, verifying
from search.library.library import Library
from search.model import MELODY_SPACE, Answer, AudioPart, ClipPart, HumPart, NotesPart, Query, TextPart, TunePart
from search.settings import Settings
from tests.commandline import soundalike
from tests.fakes import Notes as Report
from tests.search.melodies import curve_of, tune, voice, write_midi

RATE_HZ = 16_000


def write_hum(path: Path, notes: Notes, first: int, *, tempo: float = 1.15, shift: float = -5.0) -> Path:
    """A hum of ten seconds of a tune from its note ``first``."""
    soundfile.write(path, voice(curve_of(notes, float(notes.start_s[first]), 10.0, tempo, shift)), RATE_HZ)
    return path


class TuneLibrary:
    """A folder of tunes and sounds, a library with the encoder ``spectral``, and the job between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tunes = folder / "tunes"
        self.tunes.mkdir()
        self.library_folder = folder / "library"
        self.settings = Settings.from_env({})
        self.report = Report()

    def index(self, *paths: Path, melody: bool = False, prune: bool = False, speed: float | None = None) -> Summary:
        options = Options(workers=2, melody=melody, prune=prune, yes=True, speed=speed)
        names = [os.fspath(path) for path in paths or (self.tunes,)]
        encoder, tunes = wiring.encoder("spectral", self.settings), wiring.melody_extractor()
        with self.open(create=True) as library:
            return index(library, encoder, names, options, self.report, tunes=tunes)

    def open(self, *, create: bool = False) -> Library:
        return wiring.library(self.library_folder, self.settings, create=create)

    def search(self, *parts, **fields) -> Answer:
        with self.open() as library:
            return library.search(Query(tuple(parts), **fields))

    def names(self) -> list[str]:
        with self.open() as library:
            known = library.catalog.files(library.roots()[0].id, library.spaces.get(MELODY_SPACE).id)
            return sorted(path for path, file in known.items() if not file.missing)


@pytest.fixture
def tune_library(tmp_path: Path) -> TuneLibrary:
    """See `TuneLibrary`; with eight tunes."""
    made = TuneLibrary(tmp_path)
    for number in range(8):
        write_midi(made.tunes / f"tune {number}.mid", tune(number), title=f"The {number}th Walk")
    return made


def test_a_library_of_midi_files_alone_answers_hums_with_the_passage(tune_library: TuneLibrary) -> None:
    """Right tune, surely, within a second of where the hum began; the segment is one of the clip's own."""
    done = tune_library.index()
    assert (done.indexed, done.tunes, done.failed) == (8, 8, ())
    answer = tune_library.search(HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(3), 20))), k=3)
    best = answer.hits[0]
    assert (answer.verdict, Path(best.path).name, best.title) == ("good", "tune 3.mid", "The 3th Walk")
    assert best.start_s == pytest.approx(float(tune(3).start_s[20]), abs=1.0)
    assert best.end_s - best.start_s == pytest.approx(11.5, rel=0.2)
    assert best.probability is not None
    assert best.probability > 0.9
    assert [via.part for via in best.via] == ["hum 1"]
    assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
    with tune_library.open() as library:
        (view,) = library.view().of(MELODY_SPACE)
        contents, starts, _ = view.columns.place(np.array([best.segment_id]))
        assert library.reader.clips([best.clip_id])[0].content_id == contents[0]
        assert starts[0] == pytest.approx(best.start_s, abs=3.0)


def test_typed_notes_find_the_tune_and_a_filter_holds(tune_library: TuneLibrary) -> None:
    """By names of notes; a filter that leaves the tune out leaves it out."""
    tune_library.index()
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    line = tune(6)
    words = " ".join(
        f"{names[int(p) % 12]}{int(p) // 12 - 1}:{(e - s) / 0.4}"
        for s, e, p in zip(line.start_s[5:25], line.end_s[5:25], line.pitch[5:25], strict=True)
    )
    answer = tune_library.search(NotesPart(words))
    assert Path(answer.hits[0].path).name == "tune 6.mid"
    assert [via.part for via in answer.hits[0].via] == ["notes 1"]
    filtered = tune_library.search(NotesPart(words), where='path ~ "tune 2" or path ~ "tune 4"')
    assert {Path(hit.path).name for hit in filtered.hits} <= {"tune 2.mid", "tune 4.mid"}
    assert filtered.verdict != "good"


def test_a_clip_of_notes_alone_asks_for_the_same_tune(tune_library: TuneLibrary) -> None:
    """Another key and tempo of it is found surely, the very file first, the clip itself never; so for a passage."""
    line = tune(3)
    quick = Notes(line.start_s / 1.2, line.end_s / 1.2, line.pitch + np.float32(4))
    write_midi(tune_library.tunes / "version.mid", quick)
    shutil.copy(tune_library.tunes / "tune 5.mid", tune_library.tunes / "copy.mid")
    tune_library.index()
    with tune_library.open() as library:
        ids = {clip.path: clip.id for clip in library.reader.clips(range(1, 20))}
        names = lambda part: [hit.clip.path for hit in library.search(Query((part,), k=3)).hits]  # noqa: E731
        answer = library.search(Query((ClipPart(ids["tune 3.mid"]),), k=3))
        assert (answer.verdict, answer.hits[0].clip.path) == ("good", "version.mid")
        assert (answer.hits[0].probability or 0) > 0.9
        assert [via.part for via in answer.hits[0].via] == ["tune 1"]
        assert "tune 3.mid" not in [hit.clip.path for hit in answer.hits]
        late_s = float(line.start_s[20])
        assert names(TunePart(ids["tune 3.mid"], late_s, late_s + 10.0))[0] == "version.mid"
        assert names(ClipPart(ids["tune 5.mid"]))[0] == "copy.mid"
        assert library.search(Query((ClipPart(ids["tune 6.mid"]),))).verdict != "good"
        with pytest.raises(QueryError, match="no notes in this passage"):
            library.search(Query((TunePart(ids["tune 3.mid"], 500.0),)))
        with pytest.raises(QueryError, match="no clip has the id 999"):
            library.search(Query((TunePart(999),)))


def test_a_second_run_finds_nothing_to_do_and_follows_moves_copies_and_deletions(tune_library: TuneLibrary) -> None:
    """Clips of MIDI files keep their ids through moves, copies share a content, what is gone is missing or pruned."""
    tune_library.index()
    again = tune_library.index()
    assert (again.unchanged, again.indexed, again.tunes) == (8, 0, 0)
    (tune_library.tunes / "new").mkdir()
    (tune_library.tunes / "tune 1.mid").rename(tune_library.tunes / "new/first.mid")
    shutil.copy(tune_library.tunes / "tune 2.mid", tune_library.tunes / "copy.mid")
    (tune_library.tunes / "tune 7.mid").unlink()
    moved = tune_library.index()
    assert (moved.moved, moved.linked, moved.missing, moved.unchanged) == (1, 1, 1, 6)
    assert tune_library.index(prune=True).removed == 1
    assert "new/first.mid" in tune_library.names()
    assert "tune 7.mid" not in tune_library.names()
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(7), 10)))
    assert tune_library.search(hum).verdict != "good"
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(2), 10)))
    assert {Path(hit.path).name for hit in tune_library.search(hum, k=2).hits} == {"tune 2.mid", "copy.mid"}
    with tune_library.open() as library:
        assert verifying.verify(library) == []


@pytest.mark.thorough
def test_a_changed_midi_file_is_found_by_its_new_tune(tune_library: TuneLibrary) -> None:
    """The clip keeps its id and answers to the new tune alone."""
    tune_library.index()
    write_midi(tune_library.tunes / "tune 0.mid", tune(50))
    assert tune_library.index().changed == 1
    new = tune_library.search(HumPart(str(write_hum(tune_library.folder / "new.wav", tune(50), 12))))
    assert Path(new.hits[0].path).name == "tune 0.mid"
    assert tune_library.search(HumPart(str(write_hum(tune_library.folder / "old.wav", tune(0), 12)))).verdict != "good"


def test_sounds_and_tunes_live_side_by_side(tune_library: TuneLibrary) -> None:
    """Sound spaces skip MIDI files without calling them failures; words find both; a hum and a sound are merged."""
    at_s = np.arange(RATE_HZ) / RATE_HZ
    soundfile.write(tune_library.tunes / "whistle 5.wav", 0.3 * np.sin(2 * np.pi * 900 * at_s), RATE_HZ)
    done = tune_library.index()
    assert (done.indexed, done.failed) == (9, ())
    assert {Path(hit.path).name for hit in tune_library.search(TextPart("walk")).hits} == {
        f"tune {n}.mid" for n in range(8)
    }
    assert [Path(h.path).name for h in tune_library.search(TextPart("whistle")).hits] == ["whistle 5.wav"]
    sound = AudioPart(str(tune_library.tunes / "whistle 5.wav"))
    assert [Path(h.path).name for h in tune_library.search(sound).hits] == ["whistle 5.wav"]
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(5), 8)))
    merged = tune_library.search(hum, sound, k=3)
    assert {Path(hit.path).name for hit in merged.hits[:2]} == {"tune 5.mid", "whistle 5.wav"}
    assert merged.verdict == "good"
    assert {via.part for hit in merged.hits[:2] for via in hit.via} == {"hum 1", "audio 2"}
    with tune_library.open() as library:
        assert [view.space.name for view in library.view().of()] == ["spectral"]
        with pytest.raises(SoundalikeError, match="searched by humming"):
            library.search(Query((sound,), space=MELODY_SPACE))


def test_content_decides_what_is_sound_and_what_is_notes(tune_library: TuneLibrary) -> None:
    """Notes called .wav, .cue, .dat or nothing at all are tunes, a WAV called .mid or .cue is a sound; both stay so."""
    folder = tune_library.tunes
    for number, name in enumerate(("a.wav", "b.cue", "c.dat", "no suffix")):
        (folder / f"tune {number}.mid").rename(folder / name)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    for number, name in enumerate(("sound.mid", "sound.cue")):
        with (folder / name).open("wb") as file:
            soundfile.write(file, (1 + number) * tone, RATE_HZ, format="WAV")
    done, again = tune_library.index(), tune_library.index()
    assert (done.indexed, done.tunes, done.failed, done.left_out) == (10, 8, (), {})
    assert (again.indexed, again.unchanged, again.missing, again.failed) == (0, 10, 0, ())
    with tune_library.open() as library:
        notes = {clip.path: clip.notes for clip in library.reader.clips(range(1, 11))}
    assert sorted(path for path in notes if not notes[path]) == ["sound.cue", "sound.mid"]


@pytest.mark.parametrize("prune", [False, True])
def test_a_file_that_holds_something_else_now_stays_the_same_clip(tune_library: TuneLibrary, *, prune: bool) -> None:
    """Notes where a sound was, a sound where notes were: neither is missing or pruned for a moment; ids stay."""
    folder = tune_library.tunes
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    soundfile.write(folder / "sound.wav", tone, RATE_HZ)
    tune_library.index()
    with tune_library.open() as library:
        before = {clip.path: clip.id for clip in library.reader.clips(range(1, 20))}
    (folder / "sound.wav").replace(folder / "kept")
    shutil.copy(folder / "tune 3.mid", folder / "sound.wav")
    (folder / "kept").replace(folder / "tune 3.mid")
    done = tune_library.index(prune=prune)
    assert (done.missing, done.removed, done.failed) == (0, 0, ())
    with tune_library.open() as library:
        clips = {clip.path: clip for clip in library.reader.clips(range(1, 20))}
    assert {path: clip.id for path, clip in clips.items()} == before
    assert [path for path, clip in clips.items() if not clip.notes] == ["tune 3.mid"]


def test_recordings_give_their_tunes_when_asked_and_only_once(tune_library: TuneLibrary) -> None:
    """Without --melody a recording has no tune; with it, a hum finds its passage; noise is known to have none."""
    sung = voice(curve_of(tune(30), 0.0, 30.0), seed=1)
    soundfile.write(tune_library.tunes / "singer.flac", sung, RATE_HZ)
    soundfile.write(tune_library.tunes / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 4 * RATE_HZ), RATE_HZ)
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(30), 15)))
    tune_library.index()
    assert tune_library.search(hum).verdict != "good"
    done = tune_library.index(melody=True)
    assert (done.indexed, done.unchanged, done.tunes, done.failed) == (0, 10, 1, ())
    best = tune_library.search(hum).hits[0]
    assert Path(best.path).name == "singer.flac"
    assert best.start_s == pytest.approx(float(tune(30).start_s[15]), abs=1.0)
    assert tune_library.index(melody=True).tunes == 0
    with tune_library.open() as library:
        assert verifying.verify(library) == []


@pytest.mark.thorough
def test_a_recording_is_hummed_as_it_is_played(tune_library: TuneLibrary) -> None:
    """What a folder's speed makes four times as long has its tune there; the passage has the times of the file."""
    sung = voice(curve_of(tune(30), 0.0, 30.0), seed=1)
    soundfile.write(tune_library.tunes / "quick.flac", sung, 4 * RATE_HZ)
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(30), 15)))
    assert tune_library.index(melody=True, speed=0.25).failed == ()
    best = tune_library.search(hum).hits[0]
    assert Path(best.path).name == "quick.flac"
    assert best.start_s == pytest.approx(float(tune(30).start_s[15]) / 4, abs=0.3)


def test_bad_files_are_named_and_the_rest_is_indexed(tune_library: TuneLibrary) -> None:
    """A corrupt MIDI file, one without notes and an empty one fail with their causes; nothing else does."""
    (tune_library.tunes / "corrupt.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\xff\xff\xff\xff garbage")
    (tune_library.tunes / "empty.mid").write_bytes(b"")
    silent = mido.MidiFile()
    silent.tracks.append(mido.MidiTrack([mido.MetaMessage("track_name", name="nothing here")]))
    silent.save(tune_library.tunes / "no notes.mid")
    done = tune_library.index()
    assert done.indexed == 8
    causes = {Path(failure.path).name: failure.cause for failure in done.failed}
    assert set(causes) == {"corrupt.mid", "empty.mid", "no notes.mid"}
    assert "no notes" in causes["no notes.mid"]
    assert "damaged" in causes["corrupt.mid"]


@pytest.mark.thorough
def test_a_backup_brings_the_tunes_back(tune_library: TuneLibrary) -> None:
    """Restored into another library, hums find their tunes there, and it is sound; so it is after a rebuild."""
    tune_library.index()
    with tune_library.open() as library:
        maintenance.backup(library, tune_library.folder / "copy.sqlite")
    hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(4), 6)))
    with wiring.library(tune_library.folder / "other", tune_library.settings, create=True) as other:
        with other.writer.lease("test", 0) as lease:
            maintenance.restore(other, tune_library.folder / "copy.sqlite", lease)
        assert Path(other.search(Query((hum,))).hits[0].path).name == "tune 4.mid"
        assert verifying.verify(other) == []
        with other.writer.lease("test", 0) as lease:
            maintenance.rebuild(other, other.spaces.get(MELODY_SPACE), lease)
        assert Path(other.search(Query((hum,))).hits[0].path).name == "tune 4.mid"


def test_a_reader_hears_of_new_tunes_without_a_new_snapshot(tune_library: TuneLibrary) -> None:
    """What another process adds is found as soon as the catalog has been looked at again."""
    tune_library.index()
    with tune_library.open() as reader:
        hum = HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(40), 6)))
        assert reader.search(Query((hum,))).verdict != "good"
        write_midi(tune_library.tunes / "late.mid", tune(40))
        tune_library.index()
        reader.refresh()
        assert Path(reader.search(Query((hum,))).hits[0].path).name == "late.mid"


def test_what_is_no_tune_gets_a_clear_answer(tune_library: TuneLibrary) -> None:
    """Silence and two notes: no melody heard, no hits; a stranger's tune: no match; nothing indexed: said so."""
    tune_library.index()
    silence, bell = tune_library.folder / "silence.wav", tune_library.folder / "bell.wav"
    soundfile.write(silence, np.zeros(5 * RATE_HZ), RATE_HZ)
    two = Notes(np.arange(10) * 0.5, np.arange(10) * 0.5 + 0.5, np.tile([72.0, 68.0], 5).astype(np.float32))
    soundfile.write(bell, voice(curve_of(two, 0.0, 5.0)), RATE_HZ)
    for file in (silence, bell):
        answer = tune_library.search(HumPart(str(file)))
        assert (answer.verdict, answer.hits) == ("none", ())
        assert answer.reason.startswith("no melody heard: ")
    stranger = tune_library.search(HumPart(str(write_hum(tune_library.folder / "hum.wav", tune(77), 6))))
    assert (stranger.verdict, stranger.reason[:8]) == ("none", "no match")
    shutil.rmtree(tune_library.library_folder)
    shutil.rmtree(tune_library.tunes)
    at_s = np.arange(RATE_HZ) / RATE_HZ
    tune_library.tunes.mkdir()
    soundfile.write(tune_library.tunes / "a.wav", 0.3 * np.sin(2 * np.pi * 900 * at_s), RATE_HZ)
    tune_library.index()
    assert "no tunes" in tune_library.search(HumPart(str(silence))).reason


@pytest.mark.thorough
def test_from_index_to_hum_on_the_command_line(tune_library: TuneLibrary) -> None:
    """Index, hum, read the JSON; a hum of five minutes and a clipped one find their tune; render what was typed."""
    library, hum = tune_library.library_folder, tune_library.folder / "hum.wav"
    done = soundalike("index", tune_library.tunes, "--library", library, "--json")
    assert (done.returncode, json.loads(done.stdout)["tunes"]) == (0, 8)
    sung = voice(curve_of(tune(1), float(tune(1).start_s[9]), 32.0, 0.9, 4.0))
    for wave in (np.tile(sung, 10), np.clip(20 * sung[: 10 * RATE_HZ], -1, 1)):
        soundfile.write(hum, wave, RATE_HZ)
        found = soundalike("search", "--hum", hum, "--library", library, "--json", "-k", 2)
        answer = json.loads(found.stdout)
        assert (found.returncode, answer["verdict"]) == (0, "good")
        assert Path(answer["hits"][0]["path"]).name == "tune 1.mid"
        assert answer["hits"][0]["via"] == [{"part": "hum 1", "share": 1.0}]
    soundfile.write(hum, np.zeros(5 * RATE_HZ), RATE_HZ)
    silent = soundalike("search", "--hum", hum, "--library", library)
    assert (silent.returncode, "No melody heard" in silent.stdout) == (0, True)
    sound = tune_library.folder / "typed.wav"
    typed = soundalike("search", "--notes", "C4 D4 E4 F4 G4", "--render", sound, "--library", library)
    assert typed.returncode == 0
    assert soundfile.info(sound).duration == pytest.approx(2.08, abs=0.1)
    wrong = soundalike("search", "--notes", "C4 Q9", "--library", library)
    assert (wrong.returncode, "'Q9' is not a note" in wrong.stderr) == (2, True)
    assert soundalike("verify", "--library", library).returncode == 0
    assert soundalike("reindex", "--library", library).returncode == 0


@pytest.mark.shared
def test_real_singing_is_found_in_the_recording_itself(shared: Path, tmp_path: Path) -> None:
    """Two real singers, indexed as recordings: eight seconds from the middle of one find it, and where."""
    made = TuneLibrary(tmp_path)
    for number in range(8):
        write_midi(made.tunes / f"tune {number}.mid", tune(number))
    clips = sorted((shared / "data/vocadito").glob("*.wav"))
    for clip in clips:
        shutil.copy(clip, made.tunes)
    assert made.index(melody=True).tunes == 8 + len(clips)
    for clip in clips:
        best = made.search(HumPart(str(clip), start_s=5.0, end_s=13.0)).hits[0]
        assert Path(best.path).name == clip.name
        assert best.start_s == pytest.approx(5.0, abs=2.0)
