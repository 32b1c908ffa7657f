"""Tunes from recordings: one voice is followed, what has no tune has no contour, and hums find recordings."""

from __future__ import annotations

import numpy as np

from search.melody.pitch import SAMPLE_RATE_HZ, pitch_of, pitch_of_blocks
from search.melody.recording import contour_of_recording
from tests.search.melodies import curve_of, index_of_contours, tune, voice


def test_a_hum_finds_the_recording_of_its_tune_and_the_place():
    """Six sung recordings are indexed by their sound; a hum in another key and tempo finds the right one."""
    contours = []
    for number in range(6):
        notes = tune(number)
        sung = voice(curve_of(notes, 0.0, min(30.0, notes.duration_s)), seed=number)
        contour = contour_of_recording(pitch_of(sung))
        assert contour is not None
        contours.append(contour)
    wanted = tune(5)
    answer = index_of_contours(contours).search_hum(curve_of(wanted, float(wanted.start_s[12]), 9.0, 0.85, 5.0))
    assert answer.hits[0].tune == 5
    assert abs(answer.hits[0].start_s - float(wanted.start_s[12])) < 1.0


def test_a_recording_in_blocks_is_heard_as_it_is_in_one_piece():
    """Following the pitch block by block, as for a recording of hours, gives the curve of the whole."""
    wave = voice(curve_of(tune(3), 0.0, 12.0))
    blocks = [wave[start : start + 7_001] for start in range(0, len(wave), 7_001)]
    whole, streamed = pitch_of(wave), pitch_of_blocks(iter(blocks))
    assert len(streamed.pitch) == len(whole.pitch)
    assert np.array_equal(np.isnan(streamed.pitch), np.isnan(whole.pitch))
    assert np.allclose(streamed.pitch, whole.pitch, atol=0.05, equal_nan=True)
    assert len(pitch_of_blocks(iter(())).pitch) == 0


def test_noise_silence_and_a_siren_have_no_tune():
    """What cannot be hummed is not indexed: noise, silence, nothing, and a tone that only glides."""
    rng = np.random.default_rng(0)
    at_s = np.arange(10 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    siren = 0.3 * np.sin(2 * np.pi * np.cumsum(600 + 300 * np.sin(2 * np.pi * 0.8 * at_s)) / SAMPLE_RATE_HZ)
    for wave in (rng.normal(0, 0.1, len(at_s)), np.zeros(len(at_s)), np.empty(0), siren):
        assert contour_of_recording(pitch_of(wave.astype(np.float32))) is None
