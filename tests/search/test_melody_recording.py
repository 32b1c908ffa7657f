"""Tunes from recordings: one voice is tracked, sounds without a tune have no contour, hums find recordings."""

from __future__ import annotations

import numpy as np
import pytest

from search.analysis.melody.contours import Contour
from search.analysis.melody.extraction import TuneExtractor
from search.analysis.melody.loudness import Loudness, lead_of
from search.analysis.melody.model import PitchCurve
from search.analysis.melody.pitch import HOP_S, SAMPLE_RATE_HZ, pitch_of, pitch_of_blocks
from search.analysis.melody.recording import contours_of_recording
from search.model import Wave
from tests.search.melodies import curve_of, index_of_contours, tune, voice


def _contours(wave: Wave) -> tuple[Contour, ...]:
    """As the extractor hears it, in one piece."""
    loudness = Loudness()
    curve = pitch_of_blocks(loudness.listen([wave]))
    return contours_of_recording(curve, loudness.levels_db(len(curve.pitch)))


@pytest.mark.thorough
def test_a_hum_finds_the_recording_of_its_tune_and_the_place():
    """Six sung recordings are indexed by their sound; a hum in another key and tempo finds the right one."""
    contours = []
    for number in range(6):
        notes = tune(number)
        sung = voice(curve_of(notes, 0.0, min(30.0, notes.duration_s)), seed=number)
        contours.append(_contours(sung)[0])
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
        assert _contours(wave.astype(np.float32)) == ()


def _over_a_bass(seed: int) -> Wave:
    """A lead that pauses for .8 s in each 2 s, over a voice that goes on, two octaves lower and softer by 14 dB."""
    lead = curve_of(tune(seed), 0.0, 20.0)
    pauses = (np.arange(len(lead.pitch)) * lead.hop_s) % 2.0 > 1.2
    lead = PitchCurve(np.where(pauses, np.nan, lead.pitch).astype(np.float32), lead.hop_s)
    bass = PitchCurve(np.full(len(lead.pitch), 43.4, np.float32), lead.hop_s)
    return np.asarray(voice(lead) + 0.2 * voice(bass), np.float32)


def test_what_plays_in_the_pauses_of_who_leads_is_no_part_of_the_tune():
    """The pitch tracker follows the bass wherever the lead is silent; the lead's contour, kept beside it, does not."""
    whole, lead = _contours(_over_a_bass(2))
    assert np.mean(whole.pitch < 52) > 0.3
    assert np.mean(lead.pitch < 52) < 0.02


def test_a_recording_of_even_loudness_is_kept_once():
    """Where nobody is softer nothing is left out, however soft the recording is as a whole, and where it fades."""
    wave = voice(curve_of(tune(4), 0.0, 60.0))
    fading = wave * np.linspace(1.0, 0.01, len(wave), dtype=np.float32)
    for steady in (wave, np.float32(0.01) * wave, fading):
        assert len(_contours(steady)) == 1


def test_curves_of_a_few_frames_have_a_lead_too():
    """However short, a curve is as long as it was."""
    for frames in range(12):
        curve = PitchCurve(np.full(frames, 60, np.float32), HOP_S)
        assert len(lead_of(curve, np.zeros(frames)).pitch) == frames


def test_loudness_is_the_same_in_blocks_of_any_length():
    """What is left of a block counts with the next; frames beyond the sound are silent, and nothing at all is fine."""
    wave = voice(curve_of(tune(3), 0.0, 3.0))
    whole, parts = Loudness(), Loudness()
    assert next(iter(whole.listen([wave]))) is wave
    blocks = [wave[at : at + 777] for at in range(0, len(wave), 777)]
    assert sum(len(block) for block in parts.listen(blocks)) == len(wave)
    frames = len(wave) // round(HOP_S * SAMPLE_RATE_HZ)
    assert np.allclose(whole.levels_db(frames), parts.levels_db(frames))
    assert whole.levels_db(frames + 9)[-5:].tolist() == [-120.0] * 5
    assert len(Loudness().levels_db(0)) == 0


def test_the_extractor_keeps_the_lead_beside_the_whole():
    """What indexing stores is the lead's contour, in whatever blocks the recording comes."""
    wave = _over_a_bass(2)
    encoding = TuneExtractor().recording([wave[:9_999], wave[9_999:]])
    assert [np.mean(contour.cents < 5_200) < 0.02 for contour in encoding.contours] == [False, True]
