"""Tunes from recordings: one voice is followed, what has no tune has no contour, and hums find recordings."""

from __future__ import annotations

import numpy as np

from search.melody.book import Entry
from search.melody.contours import VECTOR_DIM, window_starts
from search.melody.index import MelodyIndex
from search.melody.pitch import SAMPLE_RATE_HZ
from search.melody.recording import contour_of_recording
from search.vectors.exact import ExactIndex
from tests.search.melodies import curve_of, tune, voice


def test_a_hum_finds_the_recording_of_its_tune_and_the_place():
    """Twelve sung recordings are indexed by their sound; a hum in another key and tempo finds the right one."""
    index, next_id = MelodyIndex(ExactIndex(VECTOR_DIM)), 0
    for number in range(12):
        notes = tune(number)
        contour = contour_of_recording(voice(curve_of(notes, 0.0, min(30.0, notes.duration_s)), seed=number))
        assert contour is not None
        index.add([Entry(number, next_id, contour)])
        next_id += len(window_starts(contour))
    wanted = tune(5)
    answer = index.search_hum(curve_of(wanted, float(wanted.start_s[12]), 9.0, 0.85, 5.0))
    assert answer.hits[0].tune == 5
    assert abs(answer.hits[0].start_s - float(wanted.start_s[12])) < 1.0


def test_noise_silence_and_a_siren_have_no_tune():
    """What cannot be hummed is not indexed: noise, silence, nothing, and a tone that only glides."""
    rng = np.random.default_rng(0)
    at_s = np.arange(10 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    siren = 0.3 * np.sin(2 * np.pi * np.cumsum(600 + 300 * np.sin(2 * np.pi * 0.8 * at_s)) / SAMPLE_RATE_HZ)
    for wave in (rng.normal(0, 0.1, len(at_s)), np.zeros(len(at_s)), np.empty(0), siren):
        assert contour_of_recording(wave.astype(np.float32)) is None
