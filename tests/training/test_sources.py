"""Training material: procedural sounds, recordings, credits; and that none of it is in an evaluation set."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest

from search.errors import UsageError
from training import music, natural, overlap, procedural, speech
from training.credits import TABLE, collect
from training.development import REPOSITORIES
from training.overlap import EVALUATION, digests, files_of
from training.prepare import SOUNDFONT, Size, sources


@pytest.mark.parametrize("kind", procedural.KINDS, ids=lambda kind: kind.__name__)
def test_every_formula_makes_finite_sound_of_the_length_asked_for(kind):
    for seed in range(8):
        wave = kind(1.5, np.random.default_rng(seed))
        assert len(wave) == 48_000
        assert np.isfinite(wave).all()
        assert np.abs(wave).max() > 0


@pytest.mark.thorough
def test_procedural_sounds_repeat_from_their_seed():
    one, same = list(procedural.sounds(6, seed=2)), list(procedural.sounds(6, seed=2))
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0].samples, next(procedural.sounds(1, seed=3)).samples)


def test_a_faster_recording_is_shorter():
    wave = np.sin(np.arange(32_000, dtype=np.float32) / 20)
    assert len(natural.at_speed(wave, 1.2)) == pytest.approx(32_000 / 1.2, abs=2)
    assert natural.at_speed(wave, 1.0) is wave


def test_a_missing_manifest_says_what_is_needed(tmp_path):
    with pytest.raises(UsageError, match="natural"):
        natural.recordings(tmp_path / "manifest.csv")


def test_phrases_stay_in_an_instruments_range_and_have_notes():
    rng = np.random.default_rng(1)
    for program in range(music.PROGRAMS):
        low, high = music.key_range(program)
        notes = [*music.single_notes(program, rng), *music.melody(program, rng)]
        assert notes
        assert all(low - 5 <= note.key <= high + 5 and 1 <= note.velocity <= 127 for note in notes)


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUNDFONT.is_file(), reason="needs fluidsynth and fluid-soundfont-gm"
)
def test_an_instrument_is_heard_and_repeats_from_its_seed():
    first, again = (next(music.instruments(SOUNDFONT, 2, seed=1)) for _ in range(2))
    assert np.abs(first.samples).max() > 1e-3
    assert np.array_equal(first.samples, again.samples)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_captions_are_spoken(tmp_path):
    captions = tmp_path / "captions.csv"
    captions.write_text("audiocap_id,youtube_id,start_time,caption\n1,x,0,A dog barks -v twice\n")
    spoken = list(speech.utterances(captions, 3, seed=1))
    assert len(spoken) == 3
    assert all(len(sound.samples) > 3_000 for sound in spoken)


def test_close_pairs_are_found_and_others_are_not():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((5, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = overlap.close_pairs(rows, rows[[3]], list("abcde"), ["x"])
    assert [(pair.trained, pair.evaluated) for pair in pairs] == [("d", "x")]


@pytest.mark.shared
@pytest.mark.slow
def test_no_file_that_is_learnt_from_is_in_an_evaluation_set(shared):
    trained = digests(files_of(shared / "data" / "natural" / "manifest.csv"))
    evaluated: dict[str, object] = {}
    for name in EVALUATION:
        evaluated |= digests(files_of(shared / "data" / name / "manifest.csv"))
    assert len(evaluated) > 4_000
    assert not trained.keys() & evaluated.keys()


@pytest.mark.shared
def test_no_source_of_training_sound_reads_an_evaluation_set(shared):
    for name, make in sources(shared, SOUNDFONT, Size()).items():
        read = [str(argument) for argument in make.args]
        for evaluated in EVALUATION:
            assert not any(f"data/{evaluated}" in argument for argument in read), name


@pytest.mark.shared
def test_every_recording_that_is_learnt_from_is_credited(shared):
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    expected = [[str(value) for value in row] for row in collect(shared / "data" / "natural" / "manifest.csv")]
    assert rows[1:] == expected, "run python -m training.credits"


@pytest.mark.shared
def test_the_development_split_is_there_and_is_no_small_part(shared):
    found = natural.recordings(shared / "data" / "natural" / "manifest.csv")
    assert {recording.repository for recording in found} >= REPOSITORIES
    held = sum(recording.repository in REPOSITORIES for recording in found)
    assert 0.1 < held / len(found) < 0.2
