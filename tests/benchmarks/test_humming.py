"""The humming benchmark: seeded hums with the stated errors, fair judging, baselines that find tunes."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest
import soundfile

from benchmarks.fitting.humming import buzz, logistic, turned
from benchmarks.humming import ANYWHERE, CONDITIONS, HALF_TEMPO, LEAP, SINGLE_NOTES, asking, tune_sets
from benchmarks.humming.asking import HumResult, Score, is_repeat
from benchmarks.humming.baselines import ExhaustiveDtw
from benchmarks.humming.command import Humming
from benchmarks.humming.conditions import draw
from benchmarks.humming.hashing import PitchVectorHashing
from benchmarks.humming.hums import DIFFICULTIES, SAMPLE_RATE_HZ, Line, hum
from benchmarks.humming.tune_sets import NamedTune, mir_qbsh, read_pitch_vector, recombined, write_midi
from search.analysis.melody.contours import contour_of_curve, contour_of_notes
from search.analysis.melody.midi import tunes_from_midi
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import pitch_of
from search.errors import UsageError
from search.settings import Settings
from tests.search.melodies import curve_of, tune

TUNES = [NamedTune(f"walks/{seed}", tune(seed)) for seed in range(30)]


def line_of(notes: Notes) -> Line:
    return Line(notes.start_s, notes.end_s, notes.pitch.astype(np.float64))


def test_equal_seeds_give_equal_hums_and_others_do_not():
    """A hum is a function of its tune, level, seed and number."""
    first, again, other = (draw(TUNES, "middle", ANYWHERE, duration_s=4.0, seed=seed, number=3) for seed in (5, 5, 6))
    assert first[0] == again[0]
    assert np.array_equal(first[1].wave, again[1].wave)
    assert not np.array_equal(first[1].wave[:1000], other[1].wave[:1000])


@pytest.mark.parametrize("level", DIFFICULTIES)
def test_a_hum_keeps_to_its_level(level):
    """Tempo and transposition within their ranges, about as long as asked, within full scale."""
    for seed in range(8):
        sung = hum(line_of(TUNES[0].notes), 0, 6.0, DIFFICULTIES[level], np.random.default_rng(seed))
        low, high = DIFFICULTIES[level].tempo
        assert low <= sung.tempo <= high
        assert abs(sung.transposed) <= 7
        assert 4.0 < len(sung.wave) / SAMPLE_RATE_HZ <= 6.5
        assert np.abs(sung.wave).max() <= 0.9001


@pytest.mark.parametrize("condition", [LEAP, SINGLE_NOTES])
def test_a_leaping_voice_spans_more_than_one_that_stays(condition):
    """Of the same tune, from the same place, followed by the pitch tracker."""
    leaping, plain = (
        pitch_of(draw(TUNES, "easy", one, duration_s=6.0, seed=1, number=2)[1].wave).pitch
        for one in (condition, ANYWHERE)
    )
    assert np.nanmax(leaping) - np.nanmin(leaping) > np.nanmax(plain) - np.nanmin(plain)


def test_half_tempo_takes_twice_the_time():
    """Every hum of that condition, at any level."""
    _, sung = draw(TUNES, "middle", HALF_TEMPO, duration_s=6.0, seed=1, number=2)
    assert sung.tempo == pytest.approx(0.5)


def test_a_hum_can_be_followed_by_the_pitch_tracker():
    """Of an easy hum most of the time is voiced, and the pitches' range is about the tune's."""
    notes = TUNES[1].notes
    sung = hum(line_of(notes), 0, 8.0, DIFFICULTIES["easy"], np.random.default_rng(1))
    tracked = pitch_of(sung.wave).pitch
    assert np.isfinite(tracked).mean() > 0.6
    tune_range = np.ptp(notes.pitch[: sung.last])
    assert np.nanpercentile(tracked, 98) - np.nanpercentile(tracked, 2) == pytest.approx(tune_range, abs=3.5)


def test_the_tuning_hums_are_others():
    """Another tune (upside down and backwards: twice gives the first again), another voice, and seeded too."""
    notes = TUNES[2].notes
    back = turned(turned(notes))
    assert back.pitch == pytest.approx(notes.pitch)
    assert turned(notes).pitch[0] == notes.pitch.min() + notes.pitch.max() - notes.pitch[-1]
    waves = [buzz(notes, 0, 4.0, np.random.default_rng(seed)) for seed in (1, 1)]
    assert np.array_equal(waves[0], waves[1])


def test_a_repeat_of_the_phrase_counts_and_another_phrase_does_not():
    """Played again a fifth higher 20 s later, the phrase is right there too; elsewhere it is wrong."""
    phrase = tune(3, 30)
    other = tune(4, 30)
    starts = [phrase.start_s, other.start_s + 40, phrase.start_s + 80]
    ends = [phrase.end_s, other.end_s + 40, phrase.end_s + 80]
    notes = Notes(
        np.concatenate(starts), np.concatenate(ends), np.concatenate([phrase.pitch, other.pitch, phrase.pitch + 7])
    )
    assert is_repeat(notes, 0.0, 8.0, 1.9)
    assert is_repeat(notes, 0.0, 8.0, 80.5)
    assert not is_repeat(notes, 0.0, 8.0, 40.0)


def test_scores_are_the_plain_shares():
    """Ranks 0, 1 and none: a third, two thirds, a half; the passage counts among the first ranks alone; one of three
    wrong ones is over 60 % sure."""
    asked = [HumResult(0, 0, True, 0.9, "good", 10.0, 9.0), HumResult(1, 1, None, 0.7, "weak", 20.0, 18.0)]
    asked.append(HumResult(2, None, None, 0.1, "none", 90.0, 80.0))
    score = Score.of("middle", ANYWHERE, asked)
    assert (score.top1, score.top10, score.mrr) == pytest.approx((1 / 3, 2 / 3, 0.5))
    assert (score.right_place, score.refused, score.median_ms) == pytest.approx((1.0, 1 / 3, 20.0))
    assert score.surely_wrong == pytest.approx(1 / 3)


@pytest.mark.thorough
def test_hums_find_their_tunes_from_files(tmp_path):
    """The whole way, from WAV files to judged answers: easy hums are nearly all found."""
    with asking.catalogue([tune.notes for tune in TUNES], tmp_path) as library:
        asked = asking.ask_all(library, TUNES, "easy", ANYWHERE, hums=8, seed=3)
    score = Score.of("easy", ANYWHERE, asked)
    assert score.top1 >= 0.75
    assert score.top10 >= 0.85


@pytest.mark.thorough
@pytest.mark.parametrize("make", [ExhaustiveDtw, PitchVectorHashing])
def test_baselines_find_a_clean_hum(make):
    """A perfect hum, transposed and at another tempo: exhaustive DTW has it first, hashing in the first ten."""
    pytest.importorskip("numba", reason="exhaustive DTW is compiled by numba, which the bench extra brings")
    contours = [contour_of_notes(tune.notes) for tune in TUNES]
    hum_of_7 = contour_of_curve(curve_of(TUNES[7].notes, float(TUNES[7].notes.start_s[10]), 9.0, 1.1, 4.0))
    found = make(contours).rank(hum_of_7, 10)
    assert found[0] == 7 if make is ExhaustiveDtw else 7 in found


def test_mir_qbsh_is_read_as_published(tmp_path):
    """midiFile and waveFile/year/person, .pv beside the recordings, 8 kHz 8 bit; what names no tune is left out."""
    (tmp_path / "midiFile").mkdir()
    for number in (1, 20):
        write_midi(tmp_path / f"midiFile/{number:05}.mid", tune(number))
    person = tmp_path / "waveFile/year2003/person00001"
    person.mkdir(parents=True)
    for name in ("00001", "00020", "00099"):
        soundfile.write(person / f"{name}.wav", np.zeros(8000, np.float32), 8000, subtype="PCM_U8")
    (person / "00001.pv").write_text("0\n60.5\n61\n0\n")
    tunes, hums = mir_qbsh(tmp_path)
    assert [tune.name for tune in tunes] == ["midiFile/00001", "midiFile/00020"]
    assert [hum.tune for hum in hums] == ["midiFile/00001", "midiFile/00020"]
    assert hums[1].pitch is None
    vector = read_pitch_vector(hums[0].pitch)
    assert vector[1:3].tolist() == [60.5, 61]
    assert np.isnan(vector[[0, 3]]).all()


def test_another_layout_is_refused(tmp_path):
    """A folder that is not MIR-QBSH, one without MIDI files, and a pitch vector that is none, say what is wrong."""
    with pytest.raises(UsageError, match="midiFile and waveFile"):
        mir_qbsh(tmp_path)
    with pytest.raises(UsageError, match="no MIDI file"):
        tune_sets.midi_folder(tmp_path)
    (tmp_path / "a.pv").write_text("RIFF")
    with pytest.raises(UsageError, match="not a pitch vector"):
        read_pitch_vector(tmp_path / "a.pv")


def test_written_midi_reads_back(tmp_path):
    """What write_midi writes, tunes_from_midi reads: pitches equal, times to two milliseconds."""
    notes = tune(8)
    write_midi(tmp_path / "a.mid", notes)
    read = tunes_from_midi(str(tmp_path / "a.mid"))[0].notes
    assert read.pitch.tolist() == notes.pitch.tolist()
    assert read.start_s == pytest.approx(notes.start_s, abs=0.002)


def test_filling_tunes_are_new_and_singable():
    """Recombined tunes are seeded, in order of time, within the range of notes, and none is a source tune."""
    made, again = recombined(TUNES, 6, 1), recombined(TUNES, 6, 1)
    for notes, same in zip(made, again, strict=True):
        assert np.array_equal(notes.pitch, same.pitch)
        assert np.all(np.diff(notes.start_s) >= 0)
        assert 30 <= notes.pitch.min() <= notes.pitch.max() <= 100
        assert not any(np.array_equal(notes.pitch, source.notes.pitch) for source in TUNES)


def test_the_logistic_regression_finds_what_made_the_labels():
    """From 4,000 labels drawn with known weights, the weights come back within a fifth."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2))
    labels = rng.uniform(size=4000) < 1 / (1 + np.exp(-(2 * x[:, 0] - x[:, 1] + 0.5)))
    assert logistic(x, labels) == pytest.approx([2.0, -1.0, 0.5], abs=0.2)


@pytest.mark.thorough
def test_the_command_measures_and_writes_its_report(tmp_path, capsys):
    """A small run: tables on stdout, JSON and figure on disk, absent tunes and growth measured."""
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number in range(12):
        write_midi(folder / f"{number:02}.mid", tune(number))
    parser, bench = argparse.ArgumentParser(), Humming()
    bench.configure(parser)
    words = ["--tunes", folder, "--hums", 1, "--absent", 1, "--sizes", 10, 30, "--level", "middle"]
    words += ["--only", "hums", "absent", "growth"]
    words += ["--json", tmp_path / "out.json", "--report", tmp_path / "out.md"]
    assert bench.run(parser.parse_args([str(word) for word in words]), Settings.from_env({})) == 0
    assert "synthetic" in capsys.readouterr().out
    written = json.loads((tmp_path / "out.json").read_text())
    assert [score["condition"] for score in written["scores"]] == list(CONDITIONS)
    assert [size["tunes"] for size in written["growth"]] == [10, 30]
    assert (tmp_path / "out.png").stat().st_size > 1000
