"""Contours: independent of key and tempo, with a mapping back to the tune's time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis.melody.contours import (
    FRAME_S,
    LONGEST_REST_S,
    WINDOW_S,
    contour_of_curve,
    contour_of_notes,
    onsets,
    window_starts,
    windows_of,
    windows_of_hum,
)
from search.analysis.melody.model import Notes, PitchCurve
from tests.search.melodies import curve_of, tune


def test_rests_are_filled_and_long_ones_shortened():
    """Two notes ten seconds apart are half a second apart in the contour, and knots lead back to the tune's time."""
    notes = Notes(np.array([1.0, 12.0]), np.array([2.0, 13.0]), np.array([60, 64], np.float32))
    contour = contour_of_notes(notes)
    assert len(contour) * FRAME_S == pytest.approx(2 + LONGEST_REST_S)
    assert contour.pitch[0] == 60
    assert contour.pitch[-1] == 64
    assert contour.tune_time(np.array([0.0, 0.5, 1.5, 2.0])) == pytest.approx([1.0, 1.5, 12.0, 12.5])


def test_a_hum_and_its_tune_have_the_same_contour():
    """A perfect hum of the whole tune gives the tune's contour, rests and all."""
    notes = tune(1)
    heard = contour_of_curve(curve_of(notes, 0.0, notes.duration_s))
    written = contour_of_notes(notes)
    length = min(len(heard), len(written))
    assert length > 0.97 * max(len(heard), len(written))
    assert np.mean(np.abs(heard.pitch[:length] - written.pitch[:length]) < 0.5) > 0.9


def test_repeated_notes_have_starts():
    """Two quavers on one pitch are not a crotchet: where the second begins is known, of notes and of a voice."""
    notes = Notes(np.array([0.0, 0.4, 0.8]), np.array([0.4, 0.8, 1.2]), np.array([60, 60, 62], np.float32))
    assert contour_of_notes(notes).starts_s == pytest.approx([0.4, 0.8])
    pitch = np.repeat(np.array([60.0, 60.0, 62.0], np.float32), 25)
    pitch[[22, 23, 24, 48, 49]] = np.nan
    assert contour_of_curve(PitchCurve(pitch, 0.016)).starts_s == pytest.approx([0.4, 0.8])


def test_windows_do_not_know_the_key():
    """Transposed by any interval, a tune has the same vectors; they have unit length."""
    notes = tune(2)
    higher = Notes(notes.start_s, notes.end_s, notes.pitch + 7)
    spans, vectors = windows_of(contour_of_notes(notes))
    assert vectors == pytest.approx(windows_of(contour_of_notes(higher))[1], abs=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.all(spans[:, 1] > spans[:, 0])


@given(st.floats(0.6, 1.6), st.integers(0, 200))
@settings(max_examples=40)
def test_a_hum_has_a_window_close_to_one_of_its_tune(tempo, seed):
    """Whatever the tempo that is promised, some window of a perfect hum comes close to a window of the tune."""
    notes = tune(seed)
    hum = windows_of_hum(contour_of_curve(curve_of(notes, float(notes.start_s[10]), 8.0, tempo, 3.0)))
    _, vectors = windows_of(contour_of_notes(notes))
    assert float((hum.vectors @ vectors.T).max()) > 0.9


@given(st.lists(st.floats(0.05, 20.0), min_size=1, max_size=60), st.integers(0, 1000))
@settings(max_examples=60)
def test_every_place_of_a_tune_is_near_a_window(lengths, seed):
    """However its notes are spread, windows start in ascending order and leave no stretch of two windows between
    them."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum(lengths)
    notes = Notes(np.concatenate([[0.0], ends[:-1]]), ends, rng.integers(50, 80, len(lengths)).astype(np.float32))
    contour = contour_of_notes(notes)
    starts = window_starts(contour)
    assert np.all(np.diff(starts) > 0)
    assert np.all(np.diff(starts) <= WINDOW_S + 1e-9)
    assert len(contour) * FRAME_S - starts[-1] < 2 * WINDOW_S + 0.6


def test_onsets_are_where_the_pitch_steps():
    """Steps of a semitone are heard, wavering by a fifth of one is not."""
    pitch = np.repeat([60, 62, 61, 67], 10).astype(np.float32) + 0.2 * np.sin(np.arange(40)).astype(np.float32)
    assert onsets(pitch).tolist() == [0, 10, 20, 30]


def test_nothing_voiced_has_no_contour():
    """Silence is refused rather than turned into a flat line."""
    with pytest.raises(ValueError, match="at least one"):
        contour_of_curve(PitchCurve(np.full(100, np.nan, np.float32), 0.016))
