"""Fitting of tempo and key: drums on the beats of songs, and candidate keys."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from benchmarks.fitting import keys, tempo
from benchmarks.fitting.choice import Choice, fit
from search.analysis.facts.octave_weights import OF_DRUMS, OF_TUNES, PERCUSSION


def test_drums_have_their_tempo_among_the_candidates() -> None:
    rng = np.random.default_rng(1)
    wave = tempo.drums(np.arange(0, 12, 0.5), 12 * tempo.RATE_HZ, rng)
    asked = tempo.beat_question("drums alone", 0, 0.5 * wave, 120.0)
    assert asked.choice.is_right.any()
    assert asked.choice.features.shape[1] == len(OF_TUNES) == len(OF_DRUMS)
    assert len(asked.traits) == len(PERCUSSION) - 1
    assert tempo.beat_question("drums alone", 0, 0.5 * wave, 97.0).choice.is_right.sum() == 0


def test_beats_follow_the_tempo_of_the_file(tmp_path: Path) -> None:
    """From 20 s on, where the excerpt begins: at 120, then at 60 beats a minute."""
    track = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=50 * 480),
            mido.Message("note_on", note=60, time=8 * 480),
        ]
    )
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "song.mid")
    expected = [*np.arange(0, 5, 0.5), *np.arange(5, 13, 1.0)]
    assert tempo.beats_of(tmp_path / "song.mid").tolist() == pytest.approx(expected)


def test_songs_of_the_benchmark_are_not_fitted_on() -> None:
    chosen = tempo.numbers(669, 3)
    assert min(chosen) == 241
    assert len(set(chosen)) == 669


def test_a_choice_is_learnt_and_stays_near_what_was_known() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(40, 3, 2))
    choices = [Choice(row, np.arange(3) == row[:, 0].argmax()) for row in rows]
    weights = fit(choices, 0.01)
    assert np.mean([one.is_right[np.argmax(one.features @ weights)] for one in choices]) > 0.9
    before = np.array([0.0, 5.0])
    assert fit(choices, 1e6, before) == pytest.approx(before, abs=1e-3)


def test_what_has_a_high_penalty_of_its_own_stays_where_it_was() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(40, 3, 2))
    choices = [Choice(row, np.arange(3) == row.sum(axis=1).argmax()) for row in rows]
    free, held = fit(choices, np.array([0.01, 1e6]))
    assert free > 0.5
    assert held == pytest.approx(0, abs=1e-3)


def test_a_scale_is_asked_for_its_key() -> None:
    shares = np.zeros(12)
    shares[[2, 4, 6, 7, 9, 11, 1]] = (5, 2, 3, 2, 4, 2, 1)  # D major
    one = keys.question(shares / shares.sum(), 2)
    assert int(np.argmax(one.features @ keys.OF_NOTES)) == 2
    assert one.is_right.nonzero()[0].tolist() == [2]


def test_weights_find_the_beat_that_they_were_fitted_on_and_tell_drums_from_tunes() -> None:
    """Of two candidates the slower is the beat of tunes, the faster of drums; their traits lie apart."""
    rng = np.random.default_rng(3)
    asked = []
    for number in range(40):
        is_drums = number % 2 == 1
        choice = Choice(np.array([[0.0, rng.normal()], [1.0, rng.normal()]]), np.array([not is_drums, is_drums]))
        traits = rng.normal(3.0 if is_drums else -3.0, 1.0, 2)
        asked.append(tempo.BeatQuestion("drums alone" if is_drums else "songs", number % 5, choice, traits))
    weights = tempo.fitted(asked)
    assert all(one.choice.is_right[weights.chosen(one)] for one in asked)
    lines = list(tempo.report(asked))
    assert lines[0].startswith("20 songs: found 1.000")
    assert lines[2] == "OF_TUNES"
