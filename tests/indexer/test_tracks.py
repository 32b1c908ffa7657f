"""Every sound track of a file is a clip: cameras with a track for each microphone, films in several languages."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np

from indexer.model import Options
from search import wiring
from search.analysis.melody.midi import tunes_from_midi
from search.analysis.melody.notation import parse_notes
from search.analysis.melody.rendering import render
from search.audio import stream
from search.model import AudioPart, Query
from search.settings import Settings
from tests.commandline import soundalike
from tests.indexer.conftest import RATE_HZ, Bench
from tests.search.soundfiles import encode


def tone(hz: float, level: float = 0.5) -> np.ndarray:
    """(frames, 1) of two seconds."""
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    return (level * np.sin(2 * np.pi * hz * time_s))[:, None].astype(np.float32)


def film(path: Path, *tracks: np.ndarray) -> Path:
    """A Matroska file with a sound track for each of ``tracks``."""
    return encode(path, list(tracks), RATE_HZ, "pcm_s16le", "matroska")


def tracks_of(bench: Bench) -> dict[str, list[int]]:
    """The tracks of the clips at each path."""
    found: dict[str, list[int]] = {}
    for clip in bench.library.catalog.clips(ids_of(bench)):
        found.setdefault(clip.path, []).append(clip.track)
    return found


def ids_of(bench: Bench) -> list[int]:
    """Every clip's id."""
    with bench.library.catalog.columns(bench.library.catalog.spaces()[0].id) as reader:
        return [row.id for row in reader.clips(0)]


def test_each_track_that_sounds_is_a_clip_and_silent_ones_are_reported(bench: Bench) -> None:
    """Of a camera's four tracks the two with a microphone are clips; one line says which were left out."""
    film(bench.sounds / "camera.mov", tone(0), tone(440), tone(0), tone(880))
    film(bench.sounds / "silent.mov", tone(0), tone(0))

    summary = bench.index()

    assert (summary.indexed, summary.failed) == (2, ())
    assert tracks_of(bench) == {"camera.mov": [1, 3], "silent.mov": [0]}
    assert [warned.warning for warned in summary.warnings if "camera" in warned.path] == [
        "tracks 0 and 2 of 4 (counted from 0) are silent"
    ]
    assert bench.index().unchanged == 2
    assert bench.library.catalog.verify() == []


def test_a_track_is_encoded_as_the_same_sound_alone_is(bench: Bench) -> None:
    """Its vectors are those of a file that holds nothing else."""
    film(bench.sounds / "film.mkv", tone(330), tone(770))
    film(bench.sounds / "alone.mkv", tone(770))
    bench.index()
    catalog = bench.library.catalog
    space = catalog.spaces()[0]
    contents = {(clip.path, clip.track): clip.content_id for clip in catalog.clips(ids_of(bench))}
    vectors = [catalog.encoding(contents[key], space.id).vectors for key in (("film.mkv", 1), ("alone.mkv", 0))]
    np.testing.assert_array_equal(*vectors)
    assert len(np.concatenate(list(stream(os.fspath(bench.sounds / "film.mkv"), 8000, track=1)))) == 16000


def test_the_tune_of_a_track_goes_on(bench: Bench, tmp_path: Path) -> None:
    """By the notes of that track, not by those of the file's first."""
    lines = [parse_notes(names) for names in ("C4 C4 C4 C4 C4 C4", "E4 G4 A4 G4 E4 D4")]
    film(bench.sounds / "film.mkv", *(render(line, RATE_HZ)[:, None] for line in lines))
    bench.index()
    (second,) = (clip for clip in bench.library.catalog.clips(ids_of(bench)) if clip.track == 1)
    given = ("--library", bench.library.path, "--count", 1, "--out", tmp_path / "on.mid")
    done = soundalike("compose", "--continue", second.id, *given)
    assert done.returncode == 0, done.stderr
    assert tunes_from_midi(str(tmp_path / "on.mid"))[0].notes.pitch[:6].tolist() == lines[1].pitch.tolist()
    for unknown in (2**63, "9" * 40):
        done = soundalike("compose", "--continue", unknown, *given)
        assert f"no clip has the id {unknown}" in done.stderr


def test_the_clips_of_a_file_move_go_missing_and_leave_together(bench: Bench) -> None:
    """A rename keeps every id; a file that is gone marks all of its clips, and pruning removes all."""
    path = film(bench.sounds / "film.mkv", tone(330), tone(770))
    bench.index()
    ids = ids_of(bench)

    path.rename(bench.sounds / "other.mkv")
    assert bench.index().moved == 1
    assert (ids_of(bench), tracks_of(bench)) == (ids, {"other.mkv": [0, 1]})

    (bench.sounds / "other.mkv").rename(bench.sounds.parent / "away.mkv")
    film(bench.sounds / "another.mkv", tone(220))
    assert bench.index().missing == 1
    assert [clip.missing for clip in bench.library.catalog.clips(ids)] == [True, True]
    assert bench.index(options=Options(workers=1, prune=True, yes=True)).removed == 1
    assert tracks_of(bench) == {"another.mkv": [0]}
    assert bench.library.catalog.verify() == []


def test_a_file_that_has_fewer_tracks_now_has_fewer_clips(bench: Bench) -> None:
    """The clip of the first track keeps its id, the others leave; copies have as many clips as the file."""
    path = film(bench.sounds / "film.mkv", tone(330), tone(770))
    (bench.sounds / "copy.mkv").write_bytes(path.read_bytes())
    bench.index()
    assert tracks_of(bench) == {"film.mkv": [0, 1], "copy.mkv": [0, 1]}
    first = min(clip.id for clip in bench.library.catalog.clips(ids_of(bench)) if clip.path == "film.mkv")

    film(path, tone(440))
    assert bench.index().changed == 1
    assert tracks_of(bench) == {"film.mkv": [0], "copy.mkv": [0, 1]}
    assert bench.library.catalog.clips([first])[0].path == "film.mkv"


def test_further_tracks_of_an_older_library_come_when_a_file_is_looked_at_again(bench: Bench) -> None:
    """What has vectors is not encoded again; a file that nobody touched is left as it is."""
    path = film(bench.sounds / "film.mkv", tone(330), tone(770))
    bench.index()
    with sqlite3.connect(bench.library.path / "catalog.sqlite") as old:  # as the version before left it
        old.execute("DELETE FROM findings")
        old.execute("DELETE FROM clips WHERE track = 1")
        old.execute("DELETE FROM encodings WHERE content_id = 2")
        old.execute("DELETE FROM contents WHERE id = 2")
    old.close()
    assert bench.index().unchanged == 1
    assert tracks_of(bench) == {"film.mkv": [0]}
    before = sum(bench.encoder.passes)

    path.touch()
    bench.index()

    assert tracks_of(bench) == {"film.mkv": [0, 1]}
    assert sum(bench.encoder.passes) - before == before // 2


def test_a_question_names_a_track_or_takes_the_first_that_sounds(bench: Bench) -> None:
    """``AudioPart.track`` is counted from 0; without it silent tracks are passed over."""
    film(bench.sounds / "film.mkv", tone(0), tone(330), tone(770))
    bench.index()
    asked = film(bench.sounds.parent / "asked.mkv", tone(0), tone(770), tone(330))
    settings = Settings.from_env({})
    with wiring.library(bench.library.path, settings, load_encoder=lambda name, settings: bench.encoder) as library:
        for track, expected in ((None, 2), (1, 2), (2, 1)):
            hit = library.search(Query((AudioPart(os.fspath(asked), track=track),), k=1)).hits[0]
            assert (hit.track, hit.clip.tracks) == (expected, 3)
