"""Events: what happens when inside a recording, kept beside its space, filtered by, and exported."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search.analysis.time import events as of_frames
from search.analysis.time import frames
from search.analysis.time.background import background
from search.analysis.time.events import LEAST, PER_MINUTE, EventRows, events_of
from search.analysis.time.frames import KEPT, FrameTags, agreed, frame_times
from search.analysis.time.labels import FORMS
from search.analysis.time.stored import FOLDER
from search.analysis.time.table import EventTable
from search.columns.parsing import parse
from search.errors import AudioError, QueryError, WhereError
from search.library import events as of_library
from search.model import AudioEncoding, FrameEncoding
from tests.commandline import soundalike as command

RATE_HZ = 32_000
FRAME_S = 0.5


def hiss(seconds: float, seed: int = 3) -> np.ndarray:
    return 0.003 * np.random.default_rng(seed).normal(size=int(seconds * RATE_HZ))


def siren(seconds: float) -> np.ndarray:
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    turns = np.cumsum(800 + 400 * np.sin(np.pi * at_s)) / RATE_HZ
    return 0.3 * sum(np.sin(2 * np.pi * harmonic * turns) / harmonic for harmonic in (1, 2, 3))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``sounds`` and their ``library`` with events: hiss with a siren from 6 to 10 s, hiss alone, silence."""
    folder = tmp_path_factory.mktemp("events")
    (folder / "sounds").mkdir()
    walk = hiss(14)
    walk[6 * RATE_HZ : 10 * RATE_HZ] += siren(4)
    soundfile.write(folder / "sounds" / "walk.wav", walk, RATE_HZ)
    soundfile.write(folder / "sounds" / "hiss.wav", hiss(3, seed=4), RATE_HZ)
    soundfile.write(folder / "sounds" / "silence.wav", np.zeros(2 * RATE_HZ), RATE_HZ)
    done = command("index", folder / "sounds", "--library", folder / "library", "--events", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of the library, to be changed; the sounds lie where they were."""
    shutil.copytree(filled / "library", tmp_path / "library")
    return tmp_path


def ids(library: soundalike.Library) -> dict[str, int]:
    return {clip.title: clip.id for clip in library.reader.clips(library.clips.ids().tolist())}


# --- frames and events --------------------------------------------------------------------------------------


def tags_of(lines: dict[int, list[float]], windows: int, frames: int) -> FrameTags:
    """The tags of windows, from the probabilities of some classes in all frames, one window after the other."""
    classes = np.zeros((windows, frames, KEPT), np.uint16)
    probabilities = np.zeros((windows, frames, KEPT), np.float16)
    for place, (class_, line) in enumerate(lines.items()):
        classes[:, :, place] = class_
        probabilities[:, :, place] = np.array(line).reshape(windows, frames)
    return FrameTags(classes, probabilities)


def listed(rows: EventRows) -> list[tuple[int, float, float]]:
    ends = rows.starts_ms + rows.lengths_ms
    return list(zip(rows.classes.tolist(), (rows.starts_ms / 1000).tolist(), (ends / 1000).tolist(), strict=True))


def test_a_class_that_stays_likely_is_one_event_and_a_pause_makes_two():
    """Frames .5 s apart: a gap of one unlikely frame is a second without it, longer than an event's pause."""
    line = [0, 0.9, 0.8, 0, 0.9, 0, 0, 0]
    rows = events_of(tags_of({7: line}, 1, 8), np.array([[0.0, 4.0]]), FRAME_S)
    assert listed(rows) == [(7, 0.75, 1.25), (7, 1.75, 2.25)]
    assert rows.probabilities.tolist() == [round(255 * float(np.float16(0.9)))] * 2


def test_what_is_unlikely_or_far_below_its_best_is_no_event():
    line = [LEAST, 0.15, 0, 0, 0.15, 0.9, 0.9, 0.15]
    rows = events_of(tags_of({1: line}, 1, 8), np.array([[0.0, 4.0]]), FRAME_S)
    assert listed(rows) == [(1, 2.75, 3.25)]


def test_of_windows_that_overlap_each_moment_is_taken_from_the_one_that_has_it_nearer_its_middle():
    spans = np.array([[0.0, 4.0], [2.0, 6.0], [10.0, 14.0]])
    at_s, counts = frame_times(spans, 8, FRAME_S)
    kept = at_s[counts]
    assert (np.diff(kept) > 0).all()
    assert kept.tolist() == [*np.arange(0, 6, FRAME_S), *np.arange(10, 14, FRAME_S)]
    assert counts[0].sum() == 6


def test_a_class_is_as_likely_as_both_windows_that_have_a_moment_say():
    """Windows of four frames .5 s apart that overlap by half. Class 7 is named by both, class 8 by the first alone."""
    tags = tags_of({7: [0.9] * 4 + [0.5] * 4, 8: [0.9] * 4 + [0] * 4}, 2, 4)
    tags.classes[1, :, 1] = 9
    tags.probabilities[:, :, 2:] = 0.1
    tags.probabilities[1, :, 1] = 0.3
    spans = np.array([[0.0, 2.0], [1.0, 3.0]])
    likely = agreed(tags, spans, FRAME_S).probabilities
    np.testing.assert_allclose(likely[0, :, 0], [0.9, 0.9, 0.75, 0.75], atol=2e-3)
    np.testing.assert_allclose(likely[1, :, 0], [0.75, 0.75, 0.5, 0.5], atol=2e-3)
    np.testing.assert_allclose(likely[0, :, 1], [0.9, 0.9, 0.5, 0.5], atol=2e-3)  # the least likely one there is .1
    apart = agreed(tags, spans * [[1], [9]], FRAME_S).probabilities
    np.testing.assert_allclose(apart, tags.probabilities, atol=1e-3)
    assert agreed(FrameTags(tags.classes[:0], tags.probabilities[:0]), spans[:0], FRAME_S).probabilities.shape[0] == 0


def test_what_two_windows_agree_on_does_not_depend_on_how_many_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(5)
    classes = np.stack([[rng.permutation(20)[:KEPT] for _ in range(8)] for _ in range(11)]).astype(np.uint16)
    tags = FrameTags(classes, rng.uniform(0, 1, classes.shape).astype(np.float16))
    spans = np.stack([np.arange(11) * 2.0, np.arange(11) * 2.0 + 4], axis=1)
    at_once = agreed(tags, spans, FRAME_S).probabilities
    monkeypatch.setattr(frames, "_AT_ONCE", 3)
    np.testing.assert_array_equal(agreed(tags, spans, FRAME_S).probabilities, at_once)


def test_events_do_not_depend_on_how_many_windows_are_read_at_once(monkeypatch: pytest.MonkeyPatch):
    """Nor on whether runs go on from part to part; windows overlap, and some lie apart."""
    rng = np.random.default_rng(6)
    n = 40
    classes = np.stack([[rng.permutation(12)[:KEPT] for _ in range(8)] for _ in range(n)]).astype(np.uint16)
    tags = FrameTags(classes, rng.uniform(0, 1, classes.shape).astype(np.float16))
    starts = np.cumsum(rng.choice([2.0, 2.0, 2.0, 9.0], n))
    spans = np.stack([starts, starts + 4], axis=1)
    at_once = events_of(tags, spans, FRAME_S)
    assert len(at_once) > n
    for count in (1, 7):
        monkeypatch.setattr(of_frames, "_WINDOWS_AT_ONCE", count)
        monkeypatch.setattr(of_frames, "_FRAMES_AT_ONCE", count)
        parts = events_of(tags, spans, FRAME_S)
        for name in ("classes", "starts_ms", "lengths_ms", "probabilities"):
            np.testing.assert_array_equal(getattr(parts, name), getattr(at_once, name))


def test_events_of_hours_take_little_memory():
    """Of three hours in which four classes are likely all the time: less than frames with their times and tags."""
    n = 4320
    rng = np.random.default_rng(7)
    classes = np.tile(np.arange(KEPT, dtype=np.uint16), (n, 16, 1))
    likely = np.where(np.arange(KEPT) < 4, rng.uniform(0.1, 1, (n, 16, KEPT)), 0).astype(np.float16)
    spans = np.stack([np.arange(n) * 2.5, np.arange(n) * 2.5 + 5], axis=1)
    tracemalloc.start()
    rows = events_of(FrameTags(classes, likely), spans, 0.3125)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(rows.classes.tolist()) == {0, 1, 2, 3}
    counted = n * 8 * 4
    assert peak_bytes < 32 * counted + (4 << 20)


def test_what_lies_behind_the_end_of_a_short_sound_is_repetition_and_no_event():
    rows = events_of(tags_of({1: [0.9] * 8}, 1, 8), np.array([[0.0, 1.6]]), FRAME_S)
    assert listed(rows) == [(1, 0.0, 1.6)]


def test_a_sound_of_many_events_keeps_the_likeliest_within_two_kilobytes_a_minute():
    rng = np.random.default_rng(2)
    n = 120
    classes = np.tile(rng.permutation(500)[: n * KEPT % 500 or 8][:KEPT], (n, 8, 1)).astype(np.uint16)
    probabilities = rng.uniform(0, 1, (n, 8, KEPT)).astype(np.float16)
    probabilities[:, ::2] = 0
    spans = np.stack([np.arange(n) * 0.5, np.arange(n) * 0.5 + 0.5], axis=1)
    rows = events_of(FrameTags(classes, probabilities), spans, 0.0625)
    size = sum(array.nbytes for array in (rows.classes, rows.starts_ms, rows.lengths_ms, rows.probabilities))
    assert len(rows) <= PER_MINUTE
    assert size <= 2048
    assert (np.diff(rows.starts_ms.astype(int)) >= 0).all()


def test_the_likeliest_classes_of_a_frame_are_kept():
    frames = np.linspace(0, 1, 2 * KEPT, dtype=np.float32)[np.newaxis, np.newaxis]
    tags = FrameTags.likeliest(FrameEncoding(AudioEncoding(np.eye(1, dtype=np.float32)), frames))
    assert sorted(tags.classes[0, 0].tolist()) == list(range(KEPT, 2 * KEPT))
    np.testing.assert_allclose(tags.probabilities[0, 0], frames[0, 0, tags.classes[0, 0]], atol=1e-3)


# --- in the bulk job ----------------------------------------------------------------------------------------


def listens_no_more(*_: object) -> None:
    raise AssertionError("a file was listened to again")


@pytest.mark.thorough
def test_indexing_finds_them_in_its_own_pass(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No file is listened to a second time; by hand it is, and finds the same."""
    before = command("events", 1, 2, 3, "--json", "--library", filled / "library")
    with monkeypatch.context() as patched:
        patched.setattr(of_library, "of_file", listens_no_more)
        made = ("--library", tmp_path / "library", "--events", "--quiet")
        assert command("index", filled / "sounds", *made).returncode == 0
    within = command("events", "--json", "--library", tmp_path / "library")
    assert json.loads(within.stdout) == {"clips": 3, "failed": []}
    assert command("events", "--again", "--library", tmp_path / "library").returncode == 0
    after = command("events", 1, 2, 3, "--json", "--library", tmp_path / "library")
    assert _lines(after.stdout) == _lines(before.stdout)


def _lines(printed: str) -> dict[str, list[tuple[str, float, float]]]:
    """The events of clips by their titles."""
    return {
        line["title"]: [(one["name"], one["start_s"], one["end_s"]) for one in line["events"]]
        for line in json.loads(printed)
    }


def test_python_indexes_with_events(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(of_library, "of_file", listens_no_more)
    with soundalike.open_library(tmp_path / "library", create=True) as library:
        assert soundalike.index(library, [filled / "sounds"], events=True) == ()
        assert library.refresh()
        assert len(library.events.clip_ids()) == 3


def test_events_that_nothing_can_find_are_refused_before_anything_is_indexed(filled: Path, tmp_path: Path):
    options = ("--library", tmp_path / "library", "--encoder", "spectral", "--events")
    done = command("index", filled / "sounds", *options)
    assert done.returncode == 2
    assert "cnn:soundalike-1" in done.stderr
    with soundalike.open_library(tmp_path / "library") as library:
        assert library.reader.spaces() == []


# --- the table ----------------------------------------------------------------------------------------------


def rows_of(*events: tuple[int, float, float, float]) -> EventRows:
    classes, starts, ends, probabilities = (np.array(column) for column in zip(*events, strict=True))
    return EventRows(
        classes.astype(np.uint16),
        (1000 * starts).astype(np.uint32),
        (1000 * (ends - starts)).astype(np.uint32),
        (255 * probabilities).astype(np.uint8),
    )


def test_a_table_is_asked_how_long_something_sounds_altogether():
    table = EventTable.of(
        {
            5: rows_of((1, 0, 4, 0.9), (2, 2, 6, 0.9), (1, 10, 11, 0.3)),
            3: EventRows.empty(),
            9: rows_of((1, 0, 2, 0.9), (1, 100, 103, 0.8)),
        }.items()
    )
    assert table.contents.tolist() == [3, 5, 9]
    assert table.contents_with([1], 0.5, 4).tolist() == [5, 9]
    assert table.contents_with([1], 0.5, 4.5).tolist() == [9]
    assert table.contents_with([1, 2], 0.5, 6).tolist() == [5]
    assert table.contents_with([1, 2], 0.5, 6.1).tolist() == []
    assert table.contents_with([], 0.5, 0).tolist() == []
    assert 3 in table
    assert 4 not in table


def test_a_table_changes_by_contents():
    table = EventTable.of({3: rows_of((1, 0, 4, 0.9)), 5: rows_of((2, 0, 4, 0.9)), 7: EventRows.empty()}.items())
    changed = table.changed({5: rows_of((4, 1, 2, 0.5)), 6: EventRows.empty()}.items(), np.array([True, True, False]))
    assert changed.contents.tolist() == [3, 5, 6]
    assert listed(changed.rows(5)) == [(4, 1.0, 2.0)]
    assert listed(changed.rows(3)) == [(1, 0.0, 4.0)]
    assert changed.rows(7) is None


def test_what_sounds_in_a_tenth_of_a_recording_is_background_unless_it_is_much_likelier_than_there():
    """Rain all along, one bark, five birds; of the rain a burst that is surer than the rest stands out."""
    rain = [(1, at, at + 9, 0.4) for at in range(0, 90, 10)]
    rows = rows_of(*rain, (1, 95, 99, 0.95), (2, 20, 22, 0.5), *((3, at, at + 1, 0.6) for at in range(0, 50, 10)))
    is_background = background(rows, 100)
    assert is_background.tolist() == [True] * 9 + [False] * 7
    assert background(EventRows.empty(), 100).tolist() == []


def test_a_short_sound_is_what_it_is_and_has_no_background():
    assert background(rows_of((1, 0, 5, 0.9), (2, 0, 9, 0.5)), 9).tolist() == [False, False]


def test_a_time_line_says_what_is_background():
    rows = rows_of(*((1, at, at + 9, 0.4) for at in range(0, 90, 10)), (0, 20, 22, 0.5))
    line = of_library.named(rows, ("Dog", "Rain"), 0.3, 100)
    assert [event.background for event in line if event.name == "Rain"] == [True] * 9
    assert [event.background for event in line if event.name == "Dog"] == [False]


# --- a library ----------------------------------------------------------------------------------------------


def test_a_siren_is_found_where_it_sounds(filled: Path):
    """Its time line says when it begins and ends; that of hiss says nothing of one, that of silence nothing at all."""
    with soundalike.open_library(filled / "library") as library:
        clips = ids(library)
        line = library.events.of(clips["walk"])
        assert line.stored
        (heard,) = [event for event in line.events if event.name == "Siren"]
        assert heard.start_s == pytest.approx(6, abs=0.5)
        assert heard.end_s == pytest.approx(10, abs=0.6)
        assert "Siren" not in {event.name for event in library.events.of(clips["hiss"], least=0.3).events}
        assert library.events.of(clips["silence"], least=0).events == ()
        with pytest.raises(QueryError, match="no clip has the id 99"):
            library.events.of(99)


def test_events_that_were_not_found_before_are_found_when_they_are_asked_for(folder: Path, filled: Path):
    with soundalike.open_library(filled / "library") as library:
        before = library.events.of(ids(library)["walk"])
    shutil.rmtree(next((folder / "library" / "spaces").glob("*")) / FOLDER)
    with soundalike.open_library(folder / "library") as library:
        now = library.events.of(ids(library)["walk"])
        assert not now.stored
        assert now.events == before.events
        with pytest.raises(WhereError, match="soundalike events"):
            library.clips.ids("has 'Siren'")
        assert library.events.clip_ids().tolist() == []
        assert library.events.find() == ()
        assert library.events.of(ids(library)["walk"]).stored
        assert len(library.events.clip_ids()) == 3


def test_only_what_came_is_listened_to_and_what_went_is_forgotten(folder: Path, filled: Path, tmp_path: Path):
    (tmp_path / "more").mkdir()
    soundfile.write(tmp_path / "more" / "new.wav", siren(3), RATE_HZ)
    steps = []
    with soundalike.open_library(folder / "library") as library:
        soundalike.index(library, [tmp_path / "more"])
        assert library.events.find(lambda done, total: steps.append((done, total))) == ()
        assert steps == [(1, 1)]
        assert command("remove", filled / "sounds" / "hiss.wav", "--library", folder / "library").returncode == 0
        library.refresh()
        library.events.find(lambda done, total: steps.append((done, total)))
        assert steps == [(1, 1)]
        assert len(library.spaces.events_of(library.spaces.get()).value()) == 3


def test_a_filter_asks_for_events(filled: Path):
    with soundalike.open_library(filled / "library") as library:
        walk = ids(library)["walk"]
        assert library.clips.ids("has 'siren'").tolist() == [walk]
        assert library.clips.ids('has "Siren" > 0.3 for 2 s and not silent').tolist() == [walk]
        assert library.clips.ids("has 'Siren' > 0.5 for 9 s").tolist() == []
        assert walk not in library.clips.ids("not has 'Siren'")
        assert library.clips.ids("has 'no such class'").tolist() == []
        found = library.search(soundalike.Query((soundalike.TextPart("siren"),), where="has 'Siren' for 1 s"))
        assert [hit.clip_id for hit in found.hits] == [walk]


@pytest.mark.parametrize("wrong", ["has", "has Siren", "has 'Siren' >", "has 'Siren' for", "has 'Siren' < .5"])
def test_a_filter_for_events_that_makes_no_sense_is_refused(wrong: str):
    with pytest.raises(WhereError):
        parse(wrong)


def test_damaged_events_are_named_with_the_remedy_and_made_anew(folder: Path):
    space = next((folder / "library" / "spaces").glob("*"))
    (snapshot,) = (space / FOLDER).iterdir()
    file = snapshot / "probabilities.npy"
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 4
    file.write_bytes(changed)
    done = command("verify", "--library", folder / "library")
    assert done.returncode != 0
    assert "soundalike events --again" in done.stdout + done.stderr
    file.write_bytes(b"")
    with soundalike.open_library(folder / "library") as library:
        assert not library.events.of(ids(library)["hiss"]).stored
    assert command("events", "--again", "--library", folder / "library").returncode == 0
    assert command("verify", "--library", folder / "library").returncode == 0


def test_an_encoder_that_names_nothing_has_no_events(tmp_path: Path):
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "hiss.wav", hiss(1), RATE_HZ)
    words = ("index", tmp_path / "sounds", "--library", tmp_path / "library", "--encoder", "spectral", "--quiet")
    assert command(*words).returncode == 0
    done = command("events", "--library", tmp_path / "library")
    assert done.returncode == 2
    assert "cnn:soundalike-1" in done.stderr


# --- the command line ---------------------------------------------------------------------------------------


def test_the_command_line_shows_and_exports(filled: Path, tmp_path: Path):
    with soundalike.open_library(filled / "library") as library:
        walk = ids(library)["walk"]
    shown = command("events", walk, "--library", filled / "library")
    assert shown.returncode == 0
    assert "Siren" in shown.stdout
    (line,) = json.loads(command("events", walk, "--json", "--library", filled / "library").stdout)
    assert line["clip_id"] == walk
    assert {"name", "start_s", "end_s", "probability", "background"} == set(line["events"][0])
    out = tmp_path / "walk.txt"
    words = ("events", walk, "--export", "audacity", "--out", out, "--library", filled / "library")
    assert command(*words).returncode == 0
    start, end, _ = next(row.split("\t") for row in out.read_text("utf-8").splitlines() if row.endswith("Siren"))
    assert float(start) == pytest.approx(6, abs=0.5)
    assert float(end) == pytest.approx(10, abs=0.6)
    missing = command("events", 99, "--library", filled / "library")
    assert missing.returncode == 1
    assert "no clip has the id 99" in missing.stderr
    assert command("events", walk, "--least", "2", "--library", filled / "library").returncode == 2
    assert command("events", "--export", "srt", "--library", filled / "library").returncode == 2


def test_exports_are_what_other_programs_read():
    """Audacity's labels, Raven's table, CSV with quotes, SubRip's times; a name never breaks a line."""
    events = (soundalike.Event("Baby cry, infant cry", 1.25, 3661.5, 0.75),)
    assert FORMS["audacity"](events) == "1.250\t3661.500\tBaby cry, infant cry\n"
    table = list(csv.DictReader(io.StringIO(FORMS["raven"](events)), delimiter="\t"))
    assert table[0]["Begin Time (s)"] == "1.250"
    assert table[0]["Annotation"] == "Baby cry, infant cry"
    (row,) = csv.DictReader(io.StringIO(FORMS["csv"](events)))
    assert row == {
        "start_s": "1.250",
        "end_s": "3661.500",
        "name": "Baby cry, infant cry",
        "probability": "0.750",
        "background": "0",
    }
    assert FORMS["srt"](events) == "1\n00:00:01,250 --> 01:01:01,500\n[Baby cry, infant cry]\n"
    assert all(form(()).count("\n") <= 1 for form in FORMS.values())


def test_a_file_that_is_gone_is_an_error_of_that_clip(folder: Path, tmp_path: Path):
    (tmp_path / "more").mkdir()
    file = tmp_path / "more" / "gone.wav"
    soundfile.write(file, hiss(1, seed=9), RATE_HZ)
    with soundalike.open_library(folder / "library") as library:
        soundalike.index(library, [tmp_path / "more"])
        file.unlink()
        with pytest.raises(AudioError, match=r"gone\.wav"):
            library.events.of(ids(library)["gone"])
        (failure,) = library.events.find()
        assert failure.file.endswith("gone.wav")
