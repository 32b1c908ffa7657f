"""Typed tunes: note names, ABC, and both rendered as sound."""

from __future__ import annotations

import numpy as np
import pytest

from search.analysis.melody.notation import BEAT_S, parse_abc, parse_notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of
from search.analysis.melody.rendering import render
from search.errors import QueryError


def test_names_are_pitches_one_beat_apart():
    """Octaves count from C, the last one holds, accidentals and H are understood."""
    notes = parse_notes("C4 D4 E F#4, Bb3 H A5")
    assert notes.pitch.tolist() == [60, 62, 64, 66, 58, 59, 81]
    assert np.diff(notes.start_s) == pytest.approx(BEAT_S)


def test_lengths_and_rests_take_time():
    """C4:2 lasts two beats, 1/2 half of one, r is silent."""
    notes = parse_notes("C4:2 r D4:1/2 E4")
    assert notes.start_s / BEAT_S == pytest.approx([0, 3, 3.5])
    assert notes.end_s / BEAT_S == pytest.approx([2, 3.5, 4.5])


@pytest.mark.parametrize(
    ("text", "named"), [("C4 X9 E4", "'X9'"), ("", "no notes"), ("r r", "no notes"), ("C4 E99", "octaves")]
)
def test_what_is_no_note_is_named(text, named):
    """The word that cannot be read stands in the message."""
    with pytest.raises(QueryError, match=named):
        parse_notes(text)


@pytest.mark.parametrize(
    "text",
    [
        *("C4:1/0 D4 E4", f"C4:{'9' * 400} D4 E4", f"C4:{'9' * 308} D4:{'9' * 308} E4", f"C4:{'9' * 5000} D4"),
        *(f"K:C\nQ:{'9' * 400}\nCDE", f"K:C\nC{'9' * 400}DEF", f"K:C\nC{'9' * 5000}DEF", "C4:999999 D4"),
    ],
)
def test_lengths_that_nobody_can_play_are_refused_in_words(text):
    """Divided by zero, endless, or with more digits than there are seconds."""
    with pytest.raises(QueryError, match=r"not a number that can be played|longer than 24 hours"):
        parse_notes(text)


def test_abc_reads_key_lengths_and_accidentals():
    """K:G sharpens F, an accidental holds until the bar line, capitals are an octave lower."""
    notes = parse_notes("X:1\nT:Test\nM:4/4\nL:1/8\nQ:1/4=120\nK:G\nG2 F ^c c | c' F,/ z/ =f |]")
    assert notes.pitch.tolist() == [67, 66, 73, 73, 84, 54, 77]
    assert notes.start_s == pytest.approx([0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75])


def test_abc_reads_rhythm_signs():
    """Broken rhythm, triplets, ties and chords keep their time."""
    notes = parse_abc("L:1/4\nQ:1/4=60\nK:C\nc>d (3efg a- a [CEG]2")
    assert notes.pitch.tolist() == [72, 74, 76, 77, 79, 81, 67]
    assert notes.end_s == pytest.approx([1.5, 2, 2 + 2 / 3, 2 + 4 / 3, 4, 6, 8])


def test_abc_modes_follow_the_circle_of_fifths():
    """D minor has one flat, A mixolydian two sharps, F# major six."""
    assert parse_abc("K:Dm\nB").pitch.tolist() == [70]
    assert parse_abc("K:Amix\nFCG").pitch.tolist() == [66, 61, 67]
    assert parse_abc("K:F#\nE B").pitch.tolist() == [65, 71]


def test_rendered_notes_sound_at_their_pitch():
    """What is rendered, the pitch tracker hears: each note in its middle, within a third of a semitone."""
    notes = parse_notes("A4 C5 E4 G4")
    wave = render(notes, SAMPLE_RATE_HZ)
    heard = pitch_of(wave)
    middle = ((notes.start_s + notes.end_s) / 2 / heard.hop_s).astype(int)
    assert heard.pitch[middle] == pytest.approx(notes.pitch, abs=0.34)
    assert np.abs(wave).max() <= 1.0
