"""Moments: passages with their own boundaries, several per recording, by order and combination."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search.analysis.time.passages import Passage, followed, passages
from search.engine import moments
from search.engine.phrases import orders
from search.engine.policy import LEAST_MEANT
from search.engine.stretches import ALONE, Stretch, stretches
from search.errors import QueryError
from search.model import Moment, TextPart
from tests.commandline import soundalike as command
from tests.search.test_events import RATE_HZ, hiss, siren

NOTHING = "7"
"""Words that mean no class."""


def beeps(seconds: float) -> np.ndarray:
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * 1000 * at_s) * (np.sin(8 * np.pi * at_s) > 0)


def laid(seconds: float, *sounds: tuple[float, np.ndarray]) -> np.ndarray:
    wave = hiss(seconds)
    for at_s, sound in sounds:
        wave[int(at_s * RATE_HZ) : int(at_s * RATE_HZ) + len(sound)] += sound
    return wave


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings with sirens and beeps in both orders, and at once; their library. Beside a siren that is as loud the
    encoder hears no beeps: there it is softer.
    """
    folder = tmp_path_factory.mktemp("moments")
    (folder / "sounds").mkdir()
    recordings = {
        "siren-beeps": laid(26, (6, siren(4)), (18, beeps(2))),
        "beeps-siren": laid(16, (3, beeps(2)), (9, siren(4))),
        "both": laid(12, (4, 0.2 * siren(4)), (4, beeps(4))),
    }
    for name, wave in recordings.items():
        soundfile.write(folder / "sounds" / f"{name}.wav", wave, RATE_HZ)
    done = command("index", folder / "sounds", "--library", folder / "library", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def library(folder: Path):
    with soundalike.open_library(folder / "library") as library:
        yield library


def asked(library: soundalike.Library, text: str, **more) -> list[Moment]:
    return list(library.moments(soundalike.Query((TextPart(text),), **more)).moments)


# --- passages -----------------------------------------------------------------------------------------------

ZEROS = np.zeros(40)


def line(**peaks: float) -> np.ndarray:
    values = ZEROS.copy()
    for place, height in peaks.items():
        start, end = place.removeprefix("at").split("to")
        values[int(start) : int(end)] = height
    return values


def test_a_passage_lasts_as_long_as_its_frames_score_a_share_of_the_best():
    """Frames of a second; it begins half a frame after its first one and ends half a frame after its last."""
    frames = line(at10to12=0.4, at12to15=0.8, at15to17=0.1)
    (found,) = passages(np.arange(40.0), frames, line(at8to20=0.8), 1.0, 40.0)
    assert (found.start_s, found.end_s, found.score) == pytest.approx((10.5, 14.5, 0.8))


def test_a_pause_parts_two_passages_and_a_weak_one_is_none():
    frames = line(at5to8=0.8, at10to12=0.7, at20to22=0.5, at30to32=0.2)
    found = passages(np.arange(40.0), frames, frames, 1.0, 40.0)
    assert [(one.start_s, one.end_s) for one in found] == [(5.5, 11.5), (20.5, 21.5)]
    assert passages(np.arange(40.0), ZEROS, ZEROS, 1.0, 40.0) == []
    assert passages(ZEROS[:0], ZEROS[:0], ZEROS[:0], 1.0, 0.0) == []


def test_a_passage_at_the_beginning_and_at_the_end_stays_inside():
    frames = line(at0to3=0.8, at38to40=0.8)
    spans = {(one.start_s, one.end_s) for one in passages(np.arange(40.0), frames, frames, 1.0, 39.2)}
    assert spans == {(0.0, 2.5), (38.2, 39.2)}


def test_one_thing_follows_another_within_the_gap():
    first, second = [Passage(0, 4, 0.5)], [Passage(10, 12, 0.4), Passage(60, 61, 0.9)]
    assert followed(first, second, 30) == [Passage(0, 12, pytest.approx(0.2**0.5))]
    assert followed(second, first, 30) == []
    assert followed(first, second, 5) == []
    assert followed(first, [Passage(1, 3, 0.9)], 30) == []


def test_words_say_order_and_company():
    assert orders((TextPart("dog, then car"),)) == (None, [(TextPart("dog, then car"),)])
    assert orders((TextPart("dog THEN car"),)) == ("THEN", [(TextPart("dog"),), (TextPart("car"),)])
    assert orders((TextPart("bark WITHOUT loud music"),))[1][1] == (TextPart("loud music"),)
    for wrong in ((TextPart("a THEN b THEN c"),), (TextPart("a THEN b"), TextPart("c")), (TextPart(" WHILE b"),)):
        with pytest.raises(QueryError):
            orders(wrong)


# --- stretches ----------------------------------------------------------------------------------------------


class Segments:
    """A view of segments of five seconds: ``near`` are the content, the begin and the score of those near to each
    side.
    """

    def __init__(self, *near: list[tuple[int, float, float]]) -> None:
        self.index = self.columns = self
        self._all = [one for side in near for one in side]
        self._near = near

    def __len__(self) -> int:
        return len(self._all)

    def search(self, vectors: np.ndarray, n: int, among: object) -> tuple[np.ndarray, np.ndarray]:
        ids, scores = np.full((len(vectors), n), -1), np.zeros((len(vectors), n), np.float32)
        for row, side in enumerate(self._near):
            ids[row, : len(side)] = [self._all.index(one) for one in side]
            scores[row, : len(side)] = [score for _, _, score in side]
        return scores, ids

    def place(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        contents, starts, _ = np.array([self._all[place] for place in ids]).reshape(-1, 3).T
        return contents.astype(np.int64), starts, starts + 5


def found(*near: list[tuple[int, float, float]], apart_s: float) -> list[Stretch]:
    return list(stretches(Segments(*near), np.zeros((2, 4), np.float32), 10, None, apart_s))


def test_what_one_side_alone_finds_comes_last_and_is_little():
    """Of forty recordings of dogs, one of them with a car."""
    dogs = [(number, 100.0, 0.9 - number / 100) for number in range(40)]
    first, *alone = found(dogs, [(30, 110.0, 0.3)], apart_s=30.0)
    assert (first.content_id, first.start_s, first.end_s) == (30, 100.0, 115.0)
    assert [one.content_id for one in alone] == list(range(ALONE))
    assert {(one.start_s, one.end_s) for one in alone} == {(72.5, 132.5)}


def test_two_sides_belong_together_as_far_apart_as_they_may_be():
    near = found([(1, 0.0, 0.5)], [(1, 25.0, 0.4)], apart_s=20.0)
    assert [(one.start_s, one.end_s) for one in near] == [(0.0, 30.0)]
    far = found([(1, 0.0, 0.5)], [(1, 25.0, 0.4)], apart_s=5.0)
    assert [(one.start_s, one.end_s) for one in far] == [(0.0, 10.0), (20.0, 35.0)]


def test_what_lies_within_a_stretch_is_not_read_again():
    again = found([(1, 0.0, 0.5), (1, 20.0, 0.4)], [(1, 10.0, 0.6), (1, 30.0, 0.3)], apart_s=60.0)
    spans = [(one.start_s, one.end_s) for one in again]
    assert len(spans) == len(set(spans))
    for place, (start_s, end_s) in enumerate(spans):
        assert not any(begin <= start_s and end_s <= end for begin, end in spans[:place])


# --- over a library -----------------------------------------------------------------------------------------


def test_words_find_passages_with_their_own_boundaries(library):
    """The siren of each recording, where it begins and ends to half a second; no segment begins or ends there."""
    found = {one.clip.title: one for one in reversed(asked(library, "siren"))}
    for title, start_s, end_s in (("siren-beeps", 6, 10), ("beeps-siren", 9, 13)):
        assert found[title].start_s == pytest.approx(start_s, abs=0.5)
        assert found[title].end_s == pytest.approx(end_s, abs=0.5)
        assert found[title].exact


def test_an_example_finds_passages_too(library, tmp_path):
    soundfile.write(tmp_path / "example.wav", siren(3), RATE_HZ)
    part = soundalike.AudioPart(str(tmp_path / "example.wav"))
    first = library.moments(soundalike.Query((part,), k=1)).moments[0]
    assert first.end_s - first.start_s < 5.5
    assert first.score > 0.5


def test_a_sound_after_another_is_found_in_that_order_only(library):
    (first, *_) = asked(library, "siren THEN beeping")
    assert first.clip.title == "siren-beeps"
    assert first.start_s == pytest.approx(6, abs=0.6)
    assert first.end_s == pytest.approx(20, abs=0.7)
    assert asked(library, "beeping THEN siren")[0].clip.title == "beeps-siren"
    tight = library.moments(soundalike.Query((TextPart("siren THEN beeping"),)), gap_s=2).moments
    assert all(one.score < first.score for one in tight)


def test_company_and_its_absence(library):
    assert asked(library, "siren WHILE beeping")[0].clip.title == "both"
    assert asked(library, "siren WITHOUT beeping")[0].clip.title != "both"


def test_where_either_of_two_sounds_is_unlikely_there_is_no_answer(library, monkeypatch):
    """Not the other one with a score of almost 0; a siren that is sure makes up for nothing."""
    monkeypatch.setattr(moments, "LEAST_LIKELY", 0.0)
    every = asked(library, "siren WHILE rooster crowing")
    monkeypatch.undo()
    likely = [one for one in every if one.score >= moments.LEAST_LIKELY]
    assert asked(library, "siren WHILE rooster crowing") == likely != every
    monkeypatch.setattr(moments, "LEAST_LIKELY", 0.05)
    for text in ("siren WHILE rooster crowing", "siren THEN rooster crowing", "rooster crowing WITHOUT siren"):
        assert asked(library, text) == [], text
    assert asked(library, "siren THEN beeping") != []


def test_words_that_mean_no_class_are_heard_by_their_vectors_alone(library, monkeypatch):
    """Some class is always meant most."""
    encoder, heard = library.encoders.of(library.spaces.get()), []
    graph = encoder.sounds().network
    monkeypatch.setattr(type(graph), "_run", noting(type(graph)._run, heard))
    assert encoder.read_text([NOTHING]).meant.max() < LEAST_MEANT
    asked(library, f"siren WHILE {NOTHING}")
    assert {outputs for outputs, _ in heard} == {("frames",)}


def test_each_window_goes_through_the_network_once(library, monkeypatch):
    """For vectors and for classes of its frames."""
    graph, heard = library.encoders.of(library.spaces.get()).sounds().network, []
    monkeypatch.setattr(type(graph), "_run", noting(type(graph)._run, heard))
    asked(library, "siren THEN beeping", where='title = "beeps-siren"')
    windows = [window.tobytes() for _, waves in heard for window in waves]
    assert len(windows) == len(set(windows)) > 0


def noting(run, heard):
    def noted(self, waves, *outputs):
        heard.append((outputs, waves.copy()))
        return run(self, waves, *outputs)

    return noted


def test_moments_are_paged_and_filtered(library):
    whole = asked(library, "siren", k=3)
    query = soundalike.Query((TextPart("siren"),), k=1, offset=1)
    second = library.moments(query)
    assert second.moments == (whole[1],)
    assert second.next_offset == 2
    assert {one.clip.title for one in asked(library, "siren", where='title = "both"')} == {"both"}


def test_a_file_that_is_gone_has_the_passage_of_its_segment(folder: Path, tmp_path: Path):
    (tmp_path / "sounds").mkdir()
    file = tmp_path / "sounds" / "gone.wav"
    soundfile.write(file, laid(12, (5, siren(4))), RATE_HZ)
    assert command("index", tmp_path / "sounds", "--library", tmp_path / "library", "--quiet").returncode == 0
    file.unlink()
    with soundalike.open_library(tmp_path / "library") as library:
        (first, *_) = asked(library, "siren")
        assert not first.exact
        assert first.end_s - first.start_s == pytest.approx(5)
        assert asked(library, "siren THEN beeping") == []


def test_what_has_no_moments_is_refused(library):
    for parts in ((soundalike.NotesPart("C4 D4 E4"),), (TextPart("siren", -1.0),), (soundalike.ClipPart(99),)):
        with pytest.raises(QueryError):
            library.moments(soundalike.Query(parts))


def test_the_command_line_prints_moments(folder: Path):
    where = ("--library", folder / "library")
    found = json.loads(command("search", "--text", "siren", "--moments", "--json", *where).stdout)
    assert set(found) == {"moments", "took_ms", "next_offset"}
    assert {"clip_id", "path", "start_s", "end_s", "score", "exact"} <= set(found["moments"][0])
    shown = command("search", "siren THEN beeping", *where)
    assert shown.returncode == 0
    assert "siren-beeps.wav" in shown.stdout
    rows = list(csv.DictReader(io.StringIO(command("search", "siren", "--moments", "--csv", *where).stdout)))
    assert rows[0]["rank"] == "1"
    assert command("search", "siren", "--moments", "--collapse", *where).returncode == 2
    assert command("search", "siren", "--moments", "--gap", "-1", *where).returncode == 2
