"""Finding tunes by humming: alignment, the whole way from a curve and from sound, and hums without a tune."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from search.analysis.melody import octaves
from search.analysis.melody.alignment import LARGEST_COST, LARGEST_ERROR, SMALL_ERROR, STEP_PENALTY, align, costs
from search.analysis.melody.contours import contour_of_curve
from search.analysis.melody.hearing import listen
from search.analysis.melody.model import Notes, PitchCurve
from search.analysis.melody.notation import parse_notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of
from search.errors import QueryError
from tests.amounts import few
from tests.search.melodies import HOP_S, curve_of, index_of, index_of_contours, tune, voice

TUNES = [tune(seed) for seed in range(60)]


@pytest.fixture(scope="module")
def index():
    return index_of(TUNES)


def plain_warp(hum, stretch, shift):
    """The recurrence written out, one cell at a time: the oracle."""
    rows, band = len(hum), len(stretch) - len(hum) + 1

    def local(i, b):
        error = min(abs(hum[i] - shift - stretch[i + b]), LARGEST_ERROR)
        return error**2 / 2 if error < SMALL_ERROR else error - SMALL_ERROR / 2

    total = np.full((rows, band), np.inf)
    for b in range(band):
        total[0, b] = local(0, b)
    for i in range(1, rows):
        for b in range(band):
            best = total[i - 1, b]
            if b > 0:
                best = min(best, total[i - 1, b - 1] + STEP_PENALTY)
            if i > 1 and b + 1 < band:
                best = min(best, total[i - 2, b + 1] + local(i - 1, b) + STEP_PENALTY)
            total[i, b] = best + local(i, b)
    return total[-1].min() / rows


def test_alignment_is_the_plain_recurrence():
    """Vectorised over candidates and band, costs equal the ones computed cell by cell; paths never go back."""
    rng = np.random.default_rng(0)
    hum = rng.integers(55, 70, 30).astype(np.float32)
    stretches = rng.integers(55, 70, (5, 44)).astype(np.float32)
    shift = rng.uniform(-2, 2, 5).astype(np.float32)
    aligned = align(hum, stretches, shift, np.zeros((1, 30), np.float32), passes=1)
    assert aligned.cost == pytest.approx(
        [plain_warp(hum, s, k) for s, k in zip(stretches, shift, strict=True)], rel=1e-5
    )
    assert np.all(np.diff(aligned.path, axis=1) >= 0)
    assert np.all(np.diff(aligned.path, axis=1) <= 2)


def test_small_errors_cost_their_square_and_wrong_notes_no_more_than_the_most():
    """A quarter of a semitone is nothing beside one; beyond one the cost grows evenly, then stops."""
    found = costs(np.array([0.0, -0.25, 0.5, 1.0, -2.0, 2.5, 12.0], np.float32))
    assert found == pytest.approx([0.0, 0.03125, 0.125, 0.5, 1.5, LARGEST_COST, LARGEST_COST])


def test_one_wrong_note_moves_the_key_little():
    """A hum three semitones up, an octave out in one note of eight: still three semitones up."""
    stretch = np.repeat(np.array([60, 64, 62, 67, 65, 69, 71, 72], np.float32), 6)
    hum = stretch + 3
    hum[18:24] += 12
    aligned = align(hum, stretch[None], np.array([2.6], np.float32), np.zeros((1, 48), np.float32))
    assert aligned.shift[0] == pytest.approx(3.0, abs=0.1)


def test_a_voice_that_begins_notes_anew_finds_the_tune_that_repeats_them():
    """Two tunes of the same pitches at the same times, one holds what the other repeats: pauses tell them apart."""
    held = TUNES[3]
    half_s = (held.start_s + held.end_s) / 2
    repeated = Notes(
        np.stack([held.start_s, half_s], axis=1).ravel(),
        np.stack([half_s, held.end_s], axis=1).ravel(),
        np.repeat(held.pitch, 2),
    )
    sung = Notes(repeated.start_s, repeated.end_s - 0.04, repeated.pitch)
    hits = index_of([held, repeated]).search_hum(curve_of(sung, float(held.start_s[4]), 3.6)).hits
    assert [hit.tune for hit in hits] == [1, 0]
    assert hits[0].score > hits[1].score + 0.05


HUMMED = curve_of(TUNES[3], float(TUNES[3].start_s[4]), 9.0)


def other_version(notes, tempo=1.0, up=0.0):
    return Notes(notes.start_s / tempo, notes.end_s / tempo, (notes.pitch + up).astype(np.float32))


@pytest.mark.parametrize(("tempo", "up"), [(1.0, 0.0), (1.15, 5.0), (0.8, -7.0)])
def test_a_tune_that_is_there_twice_is_as_sure_as_one_that_is_there_once(tempo, up):
    """Also in another key, at another tempo; versions stand side by side, and a third tune between them is none."""
    once = index_of([TUNES[3], *TUNES[4:20]]).search_hum(HUMMED)
    twice = index_of([TUNES[3], *TUNES[4:20], other_version(TUNES[3], tempo, up)]).search_hum(HUMMED)
    assert {hit.tune for hit in twice.hits[:2]} == {0, 17}
    assert [hit.version_of for hit in twice.hits[:3]] == [0, 0, 1]
    assert once.verdict == twice.verdict == "good"
    sure = once.hits[0].probability
    assert [hit.probability for hit in twice.hits[:2]] == pytest.approx([sure, sure], abs=0.01)
    assert sure > 0.9
    assert twice.hits[2].probability < 0.1


def test_however_many_versions_there_are_each_is_sure():
    many = [other_version(TUNES[3], 1.0, up) for up in range(-6, 7)]
    hits = index_of([*many, *TUNES[4:8]]).search_hum(HUMMED, 20).hits
    assert all(hit.probability > 0.9 for hit in hits[: len(many)])
    assert [hit.version_of for hit in hits] == sorted(hit.version_of for hit in hits)


def test_tunes_that_go_elsewhere_for_a_while_are_rivals_and_not_versions():
    """Every fifth note is another one: the hum cannot be of both."""
    pitch = TUNES[3].pitch.copy()
    pitch[::5] += 3
    other = Notes(TUNES[3].start_s, TUNES[3].end_s, pitch)
    hits = index_of([TUNES[3], other, *TUNES[4:8]]).search_hum(HUMMED).hits
    assert (hits[0].tune, hits[1].tune) == (0, 1)
    assert hits[0].version_of != hits[1].version_of
    assert hits[1].probability < 0.5


def test_tunes_that_share_the_phrase_that_was_hummed_are_rivals():
    """A hum of six seconds cannot tell them apart, and neither is sure."""
    shared, first = TUNES[3], 20
    hummed = slice(first, int(np.searchsorted(shared.start_s, shared.start_s[first] + 6.5)))
    pitch = TUNES[9].pitch.copy()
    pitch[hummed] = shared.pitch[hummed]
    other = Notes(shared.start_s, shared.end_s, pitch)
    hits = index_of([shared, other, *TUNES[4:8]]).search_hum(curve_of(shared, float(shared.start_s[first]), 6.0)).hits
    assert {hit.tune for hit in hits[:2]} == {0, 1}
    assert hits[0].version_of != hits[1].version_of
    assert all(hit.probability < 0.6 for hit in hits[:2])


def test_a_recording_whose_notes_are_not_known_is_found_by_its_pitch():
    """Nothing says where its notes begin, and no start is held against it."""
    heard = [contour_of_curve(curve_of(notes, 0.0, 30.0)) for notes in TUNES[:8]]
    sung = curve_of(TUNES[5], float(TUNES[5].start_s[10]), 6.0)
    assert index_of_contours(heard).search_hum(sung).hits[0].tune == 5


@pytest.mark.parametrize("first", few([18, 19, 21, 22, 23, 24, 25, 26], 3))
def test_a_short_slow_hum_finds_its_tune_from_any_note(index, first):
    """3.4 s at three quarters of the tempo, from notes at which the tune has a window and from such as have none."""
    answer = index.search_hum(curve_of(TUNES[14], float(TUNES[14].start_s[first]), 3.4, 0.75, 1.0))
    assert 14 in [hit.tune for hit in answer.hits]


@pytest.mark.parametrize("tempo", [0.62, 0.8, 1.0, 1.3, 1.58])
@pytest.mark.parametrize("shift", [-12.0, 0.3, 7.0])
def test_a_clean_hum_finds_its_tune_place_tempo_and_key(index, tempo, shift):
    """From anywhere, at any tempo that is promised and in any key: first, surely, and within a second of its place."""
    wanted, start_s = 23, float(TUNES[23].start_s[20])
    answer = index.search_hum(curve_of(TUNES[wanted], start_s, 9.0, tempo, shift))
    best = answer.hits[0]
    assert best.tune == wanted
    assert best.start_s == pytest.approx(start_s, abs=1.0)
    assert best.tempo == pytest.approx(tempo, rel=0.12)
    assert best.transposed == pytest.approx(shift, abs=0.5)
    assert answer.verdict == "good"
    assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)


def test_a_sung_tune_is_found_from_its_sound(index):
    """Through the pitch tracker: sound in, tune out."""
    wave = voice(curve_of(TUNES[7], float(TUNES[7].start_s[15]), 8.0, 1.1, -6.0))
    answer = index.search_hum(pitch_of(wave))
    assert answer.hits[0].tune == 7
    assert answer.verdict == "good"


def test_typed_notes_find_their_tune(index):
    """Names of pitches with their lengths, in another octave."""
    line, names = TUNES[5], ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    words = [
        f"{names[int(p) % 12]}{int(p) // 12 - 2}:{(e - s) / 0.4}"
        for s, e, p in zip(line.start_s[8:28], line.end_s[8:28], line.pitch[8:28], strict=True)
    ]
    assert index.search_notes(parse_notes(" ".join(words))).hits[0].tune == 5


@pytest.mark.parametrize("asked", few([4, 10]))
def test_a_tune_that_is_not_there_is_no_match(index, asked):
    """The closest tunes come back, but the verdict says that none is it."""
    refused = sum(index.search_hum(curve_of(tune(1000 + n), 5.0, 9.0)).verdict == "none" for n in range(asked))
    assert refused >= 0.8 * asked


def test_nothing_indexed_is_no_match_and_k_must_be_positive():
    """An empty index answers clearly; k = 0 is a mistake."""
    empty = index_of([])
    answer = empty.search_hum(curve_of(TUNES[0], 0.0, 8.0))
    assert (answer.verdict, answer.hits, answer.reason) == ("none", (), "no tunes are indexed")
    with pytest.raises(QueryError, match="k is 0; it must be 1 or more"):
        empty.search_hum(curve_of(TUNES[0], 0.0, 8.0), k=0)


def test_silence_noise_and_a_click_are_no_melody(index):
    """No pitch, no tune; an empty recording too."""
    rng = np.random.default_rng(1)
    click = np.zeros(48_000, np.float32)
    click[20_000] = 1.0
    for wave in (
        np.zeros(160_000, np.float32),
        rng.normal(0, 0.1, 160_000).astype(np.float32),
        click,
        np.empty(0, np.float32),
    ):
        answer = index.search_hum(pitch_of(wave))
        assert answer.verdict == "no melody"
        assert answer.hits == ()
        assert answer.reason


def test_two_notes_are_no_melody(index):
    """A doorbell, however long it rings, is not enough of a tune."""
    bell = PitchCurve(np.tile(np.repeat([72.0, 68.0], 30), 10).astype(np.float32), HOP_S)
    answer = index.search_hum(bell)
    assert answer.verdict == "no melody"
    assert "only 2 different notes" in answer.reason


def curve_of_pitches(pitches: list[float], note_s: float = 0.4) -> PitchCurve:
    notes = np.repeat(np.array(pitches, np.float32)[:, None], round(note_s / HOP_S), axis=1)
    notes[:, -3:] = np.nan
    return PitchCurve(notes.ravel(), HOP_S)


@pytest.mark.parametrize(("pitches", "enough"), [
    ([60.0, 62.0, 64.0], True),
    ([60.0, 60.6, 61.2, 62.1, 60.1], True),
    ([72.0, 68.2, 71.8, 67.9, 72.1, 68.0], False),
    ([71.7, 60.0, 59.9, 72.2, 60.3, 59.8], False),
])  # fmt: skip
def test_three_pitches_are_a_tune_however_far_out_and_two_are_none(pitches, enough):
    """Half tones that run into one another are told apart; a doorbell that is out of tune, or an octave, stays one."""
    reason = listen(curve_of_pitches(pitches)).reason
    assert (reason == "") is enough
    assert enough or "that is not enough of a tune" in reason


def test_gliding_like_speech_is_no_melody(index):
    """A pitch that never rests is taken for speech."""
    rng = np.random.default_rng(2)
    points = rng.uniform(45, 57, 60)
    glide = PitchCurve(np.interp(np.arange(600) / 10, np.arange(60), points).astype(np.float32), HOP_S)
    answer = index.search_hum(glide)
    assert answer.verdict == "no melody"
    assert "speech" in answer.reason


def test_a_long_hum_is_answered_by_its_first_half_minute(index):
    """Five minutes of humming are no more work than thirty seconds, and find the tune."""
    long = PitchCurve(np.tile(curve_of(TUNES[9], 0.0, 30.0).pitch, 10), HOP_S)
    assert listen(long).curve.duration_s == pytest.approx(30.0, abs=0.1)
    assert index.search_hum(long).hits[0].tune == 9


def test_clipped_sound_still_finds_its_tune(index):
    """A recording driven into its limits keeps its pitch."""
    wave = voice(curve_of(TUNES[11], float(TUNES[11].start_s[12]), 8.0, 0.9, 2.0))
    answer = index.search_hum(pitch_of(np.clip(20 * wave, -1, 1).astype(np.float32)))
    assert answer.hits[0].tune == 11


def test_a_high_whistle_is_followed_beyond_the_model():
    """Whistling at 1.5 to 3 kHz, partly above what the pitch model hears, comes out at its own pitch."""
    notes = Notes(np.arange(8) * 0.4, np.arange(8) * 0.4 + 0.4, np.array([90, 94, 97, 99, 101, 97, 94, 90], np.float32))
    curve = curve_of(notes, 0.0, 3.2)
    at = np.arange(int(3.2 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch = np.nan_to_num(curve.pitch, nan=90.0)[np.minimum((at / HOP_S).astype(int), len(curve.pitch) - 1)]
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(440 * 2 ** ((pitch - 69) / 12)) / SAMPLE_RATE_HZ)
    heard = pitch_of(wave.astype(np.float32))
    middle = ((notes.start_s + 0.2) / heard.hop_s).astype(int)
    assert heard.pitch[middle] == pytest.approx(notes.pitch, abs=0.4)


@pytest.mark.shared
@pytest.mark.parametrize("clip", ["vocadito_10.wav", "vocadito_14.wav"])
def test_real_singing_is_heard_as_a_melody(shared, clip):
    """Two real singers: voiced most of the time, in many notes, and not refused as speech."""
    from search.audio import stream

    wave = np.concatenate(list(stream(str(shared / "data/vocadito" / clip), SAMPLE_RATE_HZ)))
    heard = listen(pitch_of(wave))
    assert heard.reason == ""
    assert len(heard.notes) >= 15
    assert 40 < np.nanmedian(heard.curve.pitch) < 70


@pytest.mark.parametrize("up", [-12.0, 12.0])
@pytest.mark.parametrize("from_note", few([3, 9, 15]))
def test_a_voice_that_leaves_its_octave_finds_its_tune(index, up, from_note):
    """From some note on an octave away, wherever that is."""
    notes = TUNES[31]
    pitch = notes.pitch.copy()
    pitch[20 + from_note :] += up
    jumped = Notes(notes.start_s, notes.end_s, pitch)
    answer = index.search_hum(curve_of(jumped, float(notes.start_s[20]), 10.0, 0.9, 2.0))
    assert answer.hits[0].tune == 31
    assert answer.verdict != "none"


def test_single_notes_an_octave_away_cost_a_jump_there_and_one_back():
    """The cheapest way through the octaves is the one that counting every way finds."""
    rng = np.random.default_rng(2)
    near = octaves.errors(rng.uniform(-14, 14, (4, 6)).astype(np.float32))
    ways = list(itertools.product(range(3), repeat=6))
    for place in range(4):
        costs = [
            np.mean([near[state, place, point] for point, state in enumerate(way)])
            + 0.2 * sum(one != other for one, other in itertools.pairwise(way))
            for way in ways
        ]
        assert octaves.least_cost(near, 0.2)[place] == pytest.approx(min(costs), abs=1e-5)
        assert octaves.path(near, 0.2)[place].tolist() == octaves.OCTAVES[list(ways[int(np.argmin(costs))])].tolist()


@pytest.mark.parametrize("tempo", [0.5, 2.0])
def test_half_and_double_tempo_are_found(index, tempo):
    answer = index.search_hum(curve_of(TUNES[12], float(TUNES[12].start_s[10]), 12.0, tempo, 0.0))
    assert answer.hits[0].tune == 12
