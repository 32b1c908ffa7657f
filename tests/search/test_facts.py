"""Facts: what a sound is, its defects, and queries of libraries by facts."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search.analysis.facts import octaves
from search.analysis.facts.definitions import DEFECTS, FACTS, packed, unpacked
from search.analysis.facts.measuring import measure
from search.analysis.facts.mix import Mix
from search.analysis.facts.music import ONSETS_PER_S, Music
from search.errors import AudioError, WhereError
from search.library.library import Library
from tests.commandline import soundalike as command

RATE_HZ = 44_100


def noise(seconds: float = 2.0, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE_HZ))


def tone(hz: float, seconds: float = 2.0, level: float = 0.25) -> np.ndarray:
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)


def facts_of(tmp_path: Path, wave: np.ndarray, rate_hz: int = RATE_HZ, subtype: str = "PCM_16") -> dict:
    path = tmp_path / "sound.wav"
    soundfile.write(path, wave, rate_hz, subtype=subtype)
    return measure(str(path))


# --- levels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_a_sine_of_known_level_has_the_loudness_that_the_standard_says(tmp_path: Path, rate_hz: int) -> None:
    """BS.1770: 997 Hz at full scale in one channel is -3.01 LKFS; in two it is 3 LU more."""
    wave = 10 ** (-20 / 20) * np.sin(2 * np.pi * 997 * np.arange(4 * rate_hz) / rate_hz)
    assert facts_of(tmp_path, wave, rate_hz)["loudness"] == pytest.approx(-23.01, abs=0.05)
    assert facts_of(tmp_path, np.stack((wave, wave), 1), rate_hz)["loudness"] == pytest.approx(-20.0, abs=0.05)


def test_pauses_are_gated_and_quiet_parts_make_the_range(tmp_path: Path) -> None:
    """EBU Tech 3341, case 3: 10 s at -36, 60 s at -23, 10 s at -36 LUFS is -23; here shorter. Tech 3342: 10 LU."""
    rate_hz = 8000
    at_s = np.arange(10 * rate_hz) / rate_hz
    sine = np.sin(2 * np.pi * 1000 * at_s)[:, None] * np.ones(2)
    levels = [10 ** (db / 20) * sine for db in (-36, -23, -23, -36)]
    assert facts_of(tmp_path, np.concatenate(levels), rate_hz)["loudness"] == pytest.approx(-23.0, abs=0.1)
    quiet = facts_of(tmp_path, np.concatenate((0.1 * sine, 0.1 * 10**-0.5 * sine)), rate_hz)
    assert quiet["loudness_range"] == pytest.approx(10.0, abs=1.0)
    padded = np.concatenate((0.1 * sine, 0 * sine))
    assert facts_of(tmp_path, padded, rate_hz)["loudness"] == pytest.approx(-20.0, abs=0.1)


def test_a_peak_between_samples_is_seen(tmp_path: Path) -> None:
    """A sine at a fourth of the rate, sampled beside its tops: 3 dB above its highest sample."""
    wave = 0.5 * np.sin(np.pi / 2 * np.arange(RATE_HZ) + np.pi / 4)
    assert facts_of(tmp_path, wave)["true_peak_db"] == pytest.approx(-6.0, abs=0.2)


def test_very_short_and_silent_sounds_have_what_means_something(tmp_path: Path) -> None:
    click = facts_of(tmp_path, noise(0.05))
    assert -30 < click["loudness"] < -10
    assert "loudness_range" not in click
    silence = facts_of(tmp_path, np.zeros(RATE_HZ))
    assert silence["sounding_s"] == 0
    assert silence["defects"] == ()
    meaningless = {"loudness", "true_peak_db", "centroid_hz", "brightness", "bandwidth_hz", "head_silence_s"}
    assert not meaningless & set(silence)
    assert facts_of(tmp_path, noise(0.002))["channels"] == 1


# --- spectrum -----------------------------------------------------------------------------------------------


def test_dark_and_bright_are_told_apart(tmp_path: Path) -> None:
    dark, bright = facts_of(tmp_path, tone(200)), facts_of(tmp_path, noise())
    assert dark["centroid_hz"] == pytest.approx(200, abs=60)
    assert (dark["brightness"], bright["brightness"]) == ("very dark", "very bright")
    assert dark["noisiness"] < 0.01 < 0.9 < bright["noisiness"]


def test_the_bandwidth_is_that_of_the_sound_not_of_the_file(tmp_path: Path) -> None:
    """Noise up to 8 kHz in a file of 44.1 kHz."""
    wave = low_passed(noise(), 8000)
    facts = facts_of(tmp_path, wave)
    assert facts["bandwidth_hz"] == pytest.approx(8000, abs=300)
    assert facts["defects"] == ("re-encoded",)
    assert facts_of(tmp_path, noise())["bandwidth_hz"] > 21_500


def low_passed(wave: np.ndarray, hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(wave)
    spectrum[np.fft.rfftfreq(len(wave), 1 / RATE_HZ) > hz] = 0
    return np.fft.irfft(spectrum, len(wave))


# --- defects ------------------------------------------------------------------------------------------------


def swelling(seed: int = 1) -> np.ndarray:
    """Three seconds of noise that swells and fades, in two unlike channels."""
    rise = np.sin(np.pi * np.linspace(0.02, 0.98, 3 * RATE_HZ)) ** 2
    return np.stack((noise(3, 0.15, seed) * rise, noise(3, 0.15, seed + 1) * rise), axis=1)


def cut_out(wave: np.ndarray) -> np.ndarray:
    wave = wave.copy()
    for place in (40_000, 60_000, 80_000):
        wave[place : place + 400] = 0
    return wave


FLAWS = {
    "clipping": lambda wave: np.clip(4 * wave, -0.7, 0.7),
    "dc offset": lambda wave: wave + 0.02,
    "dropouts": cut_out,
    "silence at head": lambda wave: np.concatenate((np.zeros((RATE_HZ, 2)), wave)),
    "silence at tail": lambda wave: np.concatenate((wave, np.zeros((RATE_HZ, 2)))),
    "fake stereo": lambda wave: np.stack((wave[:, 0],) * 2, axis=1),
    "out of phase": lambda wave: np.stack((wave[:, 0], -wave[:, 0] + 0.1 * wave[:, 1]), axis=1),
    "re-encoded": lambda wave: np.stack([low_passed(one, 11_000) for one in wave.T], axis=1),
}


@pytest.mark.parametrize("name", FLAWS)
def test_each_defect_is_named_and_no_other(tmp_path: Path, name: str) -> None:
    assert facts_of(tmp_path, swelling())["defects"] == ()
    assert facts_of(tmp_path, FLAWS[name](swelling()))["defects"] == (name,)


def test_what_only_looks_like_a_defect_is_none(tmp_path: Path) -> None:
    """Square waves, tones that touch full scale, pauses that fade, music that is cut to bits of 8."""
    assert facts_of(tmp_path, np.sign(tone(441)) * 0.5)["defects"] == ()
    assert facts_of(tmp_path, tone(50, level=1.0))["defects"] == ()
    assert facts_of(tmp_path, tone(4000))["defects"] == ()
    pause = np.concatenate((noise() * np.linspace(1, 0, 2 * RATE_HZ), np.zeros(4000), noise()))
    assert facts_of(tmp_path, pause)["defects"] == ()


def test_bits_are_those_that_are_needed(tmp_path: Path) -> None:
    """16 bits blown up to 24 are told; what floats hold needs more."""
    wave = np.round(noise() * 2**15) / 2**15
    assert facts_of(tmp_path, wave, subtype="PCM_24")["bits"] == 16
    assert facts_of(tmp_path, noise(), subtype="PCM_24")["bits"] == 24
    assert "bits" not in facts_of(tmp_path, noise() / 3, subtype="FLOAT")


def test_out_of_phase_is_not_taken_for_silent(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, np.stack((tone(440), -tone(440)), axis=1))
    assert facts["loudness"] == pytest.approx(-12.7, abs=0.1)
    assert facts["sounding_s"] == pytest.approx(2, abs=0.02)
    assert facts["correlation"] == pytest.approx(-1, abs=1e-5)  # 16 bits


def test_facts_do_not_depend_on_how_a_sound_comes_in_blocks(tmp_path: Path) -> None:
    from search.analysis.facts.measuring import Measurement
    from search.audio import Block
    from search.model import AudioInfo

    wave = cut_out(np.clip(3 * swelling(), -0.7, 0.7)).T.astype(np.float32)
    results = []
    for cuts in ([], [1, 39_990, 40_100, 60_200], range(0, wave.shape[1], 997)):
        measurement = Measurement(AudioInfo("WAV", "PCM_16", RATE_HZ, 2, None))
        for part in np.split(wave, list(cuts), axis=1):
            measurement.add(Block(0.0, RATE_HZ, part))
        results.append(measurement.facts())
    for other in results[1:]:
        assert _close(other, results[0])


def _close(one: dict, other: dict) -> bool:
    numbers = [name for name, value in one.items() if isinstance(value, float)]
    words = {name: value for name, value in one.items() if name not in numbers}
    same = all(one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-5) for name in numbers)
    return same and words == {name: value for name, value in other.items() if name not in numbers}


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"RIFF1234WAVE")
    with pytest.raises(AudioError, match=r"no\.wav"):
        measure(str(tmp_path / "no.wav"))


def test_what_is_kept_is_what_was_measured() -> None:
    """Numbers to float32, words by their place, several words as bits."""
    values = {"loudness": -23.5, "brightness": "dark", "defects": ("clipping", "truncated")}
    assert unpacked(packed(values)) == values
    assert unpacked(packed({})) == {}
    assert len({fact.name for fact in FACTS}) == len(FACTS)


def test_peaks_that_are_cut_without_a_flat_top_are_clipping(tmp_path: Path) -> None:
    """Of bright noise one sample at a time is cut. Tones come up to one level too, but in the same way or roundly."""
    bright = np.diff(noise(2.0, 0.2, seed=3))
    assert "clipping" in facts_of(tmp_path, np.clip(bright, -0.7, 0.7))["defects"]
    assert "clipping" not in facts_of(tmp_path, 0.9 * bright / np.abs(bright).max())["defects"]
    for hz in (200, 200.3, 440, 441, 997.3, 1002.3, 4410):
        assert "clipping" not in facts_of(tmp_path, tone(hz))["defects"]


def test_clipping_is_found_of_one_stroke_and_of_all_the_sound(tmp_path: Path) -> None:
    """Three different peaks on one level are enough, and a flat top with one more; noise that is hardly else is cut."""
    at = np.arange(RATE_HZ)
    stroke = noise(1.0, 0.02, seed=5)
    for place, hz in ((9_000, 300), (20_000, 170), (31_000, 240)):
        stroke += 0.9 * np.exp(-0.5 * ((at - place) / 400) ** 2) * np.cos(2 * np.pi * hz * (at - place) / RATE_HZ)
    assert "clipping" in facts_of(tmp_path, np.clip(stroke, -0.8, 0.8))["defects"]
    assert "clipping" not in facts_of(tmp_path, 0.9 * stroke)["defects"]
    dense = np.clip(40 * noise(2.0, 0.2, seed=6), -0.7, 0.7)
    assert "clipping" in facts_of(tmp_path, dense)["defects"]


def test_a_dropout_may_begin_and_end_where_the_wave_crosses_zero(tmp_path: Path) -> None:
    wave = tone(441, 2.0, 0.3) + noise(2.0, 0.0001, seed=7)
    wave[20_000:20_400] = 0  # whole periods of a hundred samples
    assert facts_of(tmp_path, wave)["defects"] == ("dropouts",)


# --- pitch, tempo, key, form ----------------------------------------------------------------------------------


def struck(hz: float, seconds: float) -> np.ndarray:
    """A tone of four harmonics that dies away."""
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.3 * np.exp(-5 * at_s) * sum(np.sin(2 * np.pi * hz * h * at_s) / h for h in (1, 2, 3, 4))


def pattern(tempo: float, beats: int) -> np.ndarray:
    """Whole beats of a kick, a hat between them and a clap on each second one."""
    beat = round(60 / tempo * RATE_HZ)
    wave = np.zeros(beats * beat)
    for number in range(2 * beats):
        first = number * beat // 2
        length = min(beat // 2, len(wave) - first)
        fade = np.exp(-np.arange(length) / RATE_HZ * (25 if number % 2 else 12))
        hit = noise(length / RATE_HZ + 0.01, 0.15, number)[:length] if number % 2 or number % 4 == 2 else 0
        wave[first : first + length] += fade * (hit + (0 if number % 2 else tone(60, 1, 0.5)[:length]))
    return wave


@pytest.mark.parametrize("hz", [82.4, 220.0, 440.0, 1046.5])
def test_a_struck_tone_has_its_pitch_and_note_and_is_a_one_shot(tmp_path: Path, hz: float) -> None:
    facts = facts_of(tmp_path, struck(hz, 1.5))
    assert facts["pitch_hz"] == pytest.approx(hz, rel=0.01)
    assert facts["root_note"] == {82.4: "E", 220.0: "A", 440.0: "A", 1046.5: "C"}[hz]
    assert facts["form"] == "one-shot"
    assert facts["events"] == 1
    assert facts["attack_s"] <= 0.02
    assert facts["decay_s"] == pytest.approx(17 / 20 / 5 * np.log(10), abs=0.05)
    assert "tempo" not in facts


@pytest.mark.parametrize("tempo", [80, 100, 125])
def test_whole_beats_are_a_loop_of_their_tempo(tmp_path: Path, tempo: int) -> None:
    facts = facts_of(tmp_path, pattern(tempo, 8))
    assert facts["tempo"] == pytest.approx(tempo, rel=0.02)
    assert facts["form"] == "loop"
    assert facts["events"] >= 8
    assert "key" not in facts


def test_a_loop_of_sixteen_beats_has_their_tempo_though_strokes_come_after_one_and_a_half(tmp_path: Path) -> None:
    wave = np.zeros(8 * RATE_HZ)
    for stroke in range(11):
        first = stroke * 3 * RATE_HZ // 4
        hit = (noise(0.2, 0.3, 1) * np.exp(-20 * np.arange(RATE_HZ // 5) / RATE_HZ))[: len(wave) - first]
        wave[first : first + len(hit)] += hit
    facts = facts_of(tmp_path, wave)
    assert facts["tempo"] == pytest.approx(120, rel=0.01)
    assert facts["form"] == "loop"


@pytest.mark.parametrize(("beats", "length_s", "strokes"), [(4, 2.9, (0, 6)), (8, 5.0, (0, 1, 6))])
def test_a_short_loop_whose_parts_begin_alike_is_a_loop(
    tmp_path: Path, beats: int, length_s: float, strokes: tuple[int, ...]
) -> None:
    """Few strokes at odd places, in each two beats: no period is sure by itself."""
    wave = np.zeros(round(length_s * RATE_HZ))
    for part in range(beats // 2):
        for stroke in strokes:
            first = round((part + stroke / 8) * 2 * length_s / beats * RATE_HZ)
            hit = (noise(0.6, 0.3, stroke) * np.exp(-9 * np.arange(round(0.6 * RATE_HZ)) / RATE_HZ))[
                : len(wave) - first
            ]
            wave[first : first + len(hit)] += hit
    facts = facts_of(tmp_path, wave)
    assert facts["form"] == "loop"
    assert facts["tempo"] == pytest.approx(60 * beats / length_s, rel=0.02)


@pytest.mark.parametrize("tempo", [100, 125, 140])
def test_drums_that_go_on_have_the_tempo_of_their_beat(tmp_path: Path, tempo: int) -> None:
    """Not half of it, nor two thirds, which come again as well."""
    assert facts_of(tmp_path, pattern(tempo, 32))["tempo"] == pytest.approx(tempo, rel=0.02)


def test_how_much_is_percussion_and_silence_at_the_end_does_not_count() -> None:
    """Hats are more of it than notes that come up in 20 ms and ring on, at the same times."""
    hats, notes, at_s = np.zeros(15 * RATE_HZ), np.zeros(15 * RATE_HZ), np.arange(RATE_HZ) / RATE_HZ
    for number, first in enumerate(range(0, 14 * RATE_HZ, RATE_HZ // 2)):
        hats[first : first + RATE_HZ] += np.diff(noise(1, 0.2, number), prepend=0) * np.exp(-20 * at_s)
        note = tone(220 * 2 ** (number * 5 % 12 / 12), 1.0, 0.2)
        notes[first : first + RATE_HZ] += note * np.minimum(at_s / 0.02, 1) * np.exp(-3 * at_s)
    assert percussion_of(hats) > 0.5 > percussion_of(notes)
    rings_out = np.concatenate((hats, np.zeros(30 * RATE_HZ)))
    assert percussion_of(rings_out) == pytest.approx(percussion_of(hats), abs=0.05)


def test_a_weight_is_there_for_all_that_speaks_for_a_beat_and_what_comes_again_counts_by_pace() -> None:
    rng = np.random.default_rng(1)
    curves, beats = rng.random((4, 3000)), np.array([60.0, 120.0])
    found = octaves.evidence(beats, np.array([0.5, 0.6]), curves, ONSETS_PER_S)
    assert found.shape == (2, len(octaves.OF_TUNES)) == (2, len(octaves.OF_DRUMS))
    again = found[:, 16 : octaves.PLAIN]
    by_pace = found[:, octaves.PLAIN : 2 * octaves.PLAIN - 16]
    np.testing.assert_allclose(by_pace, np.log2(beats / octaves.USUAL)[:, np.newaxis] * again)


def percussion_of(wave: np.ndarray) -> float:
    mix, music = Mix(RATE_HZ), Music()
    music.add(mix.add(np.asarray(wave, np.float32)[np.newaxis]))
    return octaves.percussion(octaves.curves(music.levels(), music.onsets(), ONSETS_PER_S), ONSETS_PER_S)


def test_a_cadence_has_its_key(tmp_path: Path) -> None:
    """C, F, G, C in major; A minor, D minor, E, A minor."""
    major = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)]
    minor = [(57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64)]
    for chords, key in ((major, "C major"), (minor, "A minor")):
        parts = [sum(struck(440 * 2 ** ((n - 69) / 12), 1) for n in chord) for chord in chords]
        assert facts_of(tmp_path, np.concatenate(parts))["key"] == key


def test_a_tune_that_is_played_freely_has_a_tempo_and_a_single_stroke_of_it_has_none(tmp_path: Path) -> None:
    """Chords and their notes at 120 beats a minute, each 30 ms early or late: its half counts the same."""
    rng, wave = np.random.default_rng(0), np.zeros(22 * RATE_HZ)
    for beat in range(40):
        chord = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))[beat // 4 % 4]
        first = round((0.5 + beat / 2 + rng.normal(0, 0.03)) * RATE_HZ)
        for up in chord if beat % 4 == 0 else chord[beat % 3 : beat % 3 + 1]:
            note = 0.3 * struck(262 * 2 ** (up / 12), 1.0)[: len(wave) - first]
            wave[first : first + len(note)] += note
    facts = facts_of(tmp_path, wave)
    assert facts["key"] == "C major"
    assert min(abs(facts["tempo"] / tempo - 1) for tempo in (60, 120)) < 0.04
    assert facts["tempo_certainty"] < 0.3
    assert "tempo" not in facts_of(tmp_path, wave[: 3 * RATE_HZ])


@pytest.mark.parametrize("hz", [200, 440, 1234.5])
def test_a_steady_tone_has_a_pitch_and_no_tempo(tmp_path: Path, hz: float) -> None:
    facts = facts_of(tmp_path, tone(hz, 3.0))
    assert facts["pitch_hz"] == pytest.approx(hz, rel=0.01)
    assert "tempo" not in facts


def test_noise_and_silence_have_neither_pitch_nor_tempo_nor_key(tmp_path: Path) -> None:
    for wave in (noise(6), swelling()[:, 0], np.zeros(3 * RATE_HZ)):
        facts = facts_of(tmp_path, wave)
        assert not {"pitch_hz", "root_note", "tempo", "key"} & set(facts)


def test_mains_hum_is_found_from_notes(tmp_path: Path) -> None:
    """50 Hz with harmonics under noise; a bass that plays G for a while is none."""
    hum = sum(tone(50 * harmonic, 6, 0.01 / harmonic) for harmonic in (1, 2, 3, 5))
    facts = facts_of(tmp_path, noise(6, 0.02) + hum)
    assert facts["defects"] == ("hum",)
    assert facts["hum_db"] > 10
    assert facts_of(tmp_path, np.concatenate([struck(49, 1)] * 6))["defects"] == ()
    faint = sum(tone(60.03 * harmonic, 5, 0.003 / harmonic) for harmonic in range(1, 8))
    assert facts_of(tmp_path, noise(5, 0.03, seed=8) + faint)["defects"] == ("hum",), "20 dB below the sound"
    organ = sum(tone(98 * harmonic, 6, 0.1 / harmonic) for harmonic in range(1, 5))
    assert facts_of(tmp_path, noise(6, 0.005, seed=9) + organ)["defects"] == (), "a G that is held is no hum"


@pytest.mark.parametrize("seconds", [4.0, 8.0, 20.0])
def test_the_first_two_lines_say_whether_all_are_looked_at(seconds: float) -> None:
    """They are the same measured alone as among all eight; and in noise without a line neither stands out."""
    from search.analysis.facts import hum

    rng = np.random.default_rng(3)
    at_s = np.arange(round(seconds * hum.RATE_HZ)) / hum.RATE_HZ
    noise = rng.normal(0, 0.01, len(at_s))
    lines = sum(0.05 / n * np.sin(2 * np.pi * 50 * n * at_s) for n in range(1, 9))
    for wave, is_found in ((noise, False), (noise + lines, True)):
        spectrum = hum._spectrum(wave[:: hum._SLOWER].astype(np.float32))
        all_lines, first = hum._prominences(spectrum), hum._prominences(spectrum, harmonics=2)
        np.testing.assert_allclose(first, all_lines[..., :2])
        hums = hum.Hum()
        for part in np.array_split(wave.astype(np.float32), 7):
            hums.add(part[np.newaxis])
        assert (hums.found_db() is not None) == is_found


def test_hum_is_found_by_what_is_soft(tmp_path: Path) -> None:
    """Strokes of low noise, once a second for ten: the hum is 20 dB below them, and stands alone between them."""
    at_s = np.arange(10 * RATE_HZ) / RATE_HZ
    strokes = low_passed(noise(10, 1.0), 400) * np.exp(-6 * (at_s % 1.0))
    hum = sum(tone(50.02 * harmonic, 10, 1 / harmonic) for harmonic in range(1, 8))
    for level, defects in ((0.01, ("hum",)), (0.0, ())):
        wave = 0.1 * strokes / strokes.std() + level * hum / hum.std()
        assert facts_of(tmp_path, wave)["defects"] == defects


# --- libraries ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sounds, and a library of them that is measured."""
    folder = tmp_path_factory.mktemp("facts")
    (folder / "sounds").mkdir()
    waves = {"dark": tone(200, level=0.5), "loud": noise(level=0.2), "soft": noise(level=0.01)}
    waves["padded"] = np.concatenate((np.zeros(RATE_HZ), noise(1)))
    for name, wave in waves.items():
        soundfile.write(folder / "sounds" / f"{name}.wav", wave, RATE_HZ)
    words = ("index", folder / "sounds", "--library", folder / "library", "--encoder", "spectral", "--quiet")
    done = command(*words, "--facts")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def library(folder: Path):
    with soundalike.open_library(folder / "library") as library:
        yield library


def titles(library: Library, where: str, by: str = "title") -> list[str]:
    return [clip.title for clip in library.reader.clips(library.clips.sorted_ids(where, by).tolist())]


def test_facts_filter_and_sort(library: Library) -> None:
    assert titles(library, "loudness > -15 and centroid_hz > 1000") == ["loud"]
    assert titles(library, 'brightness = "Very Dark"') == ["dark"]
    assert titles(library, 'brightness ~ "bright"') == ["loud", "padded", "soft"]
    assert titles(library, 'defects = "silence at head"') == ["padded"]
    assert titles(library, "defects != ''") == ["padded"]
    assert titles(library, 'defects != "hum" and not defects ~ "silence"') == ["dark", "loud", "soft"]
    assert titles(library, "correlation = none") == ["dark", "loud", "padded", "soft"]
    assert titles(library, "correlation != 0") == titles(library, "correlation != none") == []
    assert titles(library, "loudness != none", "loudness")[0] == "soft"
    assert titles(library, "loudness != none", "-loudness")[-1] == "soft"
    with pytest.raises(WhereError, match="clipping"):
        library.clips.ids('defects = "noise"')
    with pytest.raises(WhereError, match="loudness"):
        library.clips.ids("loudnes > 3")
    with pytest.raises(WhereError, match="sorted by"):
        library.clips.sorted_ids(by="brightness")


def test_facts_are_printed_for_people_and_programs(folder: Path, library: Library) -> None:
    (clip_id,) = library.clips.ids('path ~ "padded"').tolist()
    where = ("--library", folder / "library")
    shown = command("facts", clip_id, *where)
    assert shown.returncode == 0, shown.stderr
    assert "LUFS" in shown.stdout
    (one,) = json.loads(command("facts", clip_id, "--json", *where).stdout)
    assert one["facts"]["defects"] == ["silence at head"]
    assert one["facts"]["head_silence_s"] == pytest.approx(1, abs=0.01)
    (same,) = json.loads(command("facts", folder / "sounds" / "padded.wav", "--json").stdout)
    assert same["facts"] == one["facts"]
    table = command("facts", "--sort", "loudness", "--reverse", "-k", "2", "--csv", *where).stdout.splitlines()
    assert table[0].startswith("clip_id,path,title,loudness")
    assert len(table) == 3
    assert command("facts", 999, *where).returncode == 2
    assert command("facts", folder / "none.wav").returncode == 1
    report = json.loads(command("defects", "--json", *where).stdout)
    assert [one["clip_id"] for one in report["defects"]["silence at head"]] == [clip_id]
    assert (report["without_defects"], report["unmeasured"]) == (3, 0)
    assert "silence at head: 1 clip\n" in command("defects", *where).stdout


def test_a_library_of_the_version_before_opens_and_is_measured(tmp_path: Path) -> None:
    """Written by the commit 41d938f, whose catalog is at migration 0009: three tones, whose files are gone.

    Read as it is, it has no facts; opened for writing it is migrated, and a file that is gone is a failure of its own.
    """
    with tarfile.open(Path(__file__).parents[1] / "data" / "library_0009.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    where = ("--library", tmp_path / "library")
    assert "3 sounds were not measured" in command("defects", *where).stderr
    refused = command("facts", "--where", "loudness > -99", "--json", *where)
    assert refused.returncode == 2
    assert "facts --measure" in refused.stderr
    measured = command("facts", "--measure", *where)
    assert measured.returncode == 1
    assert measured.stderr.count("no such file") == 3
    assert command("verify", *where).returncode == 0


def test_older_libraries_are_measured_without_encoding(folder: Path, tmp_path: Path) -> None:
    """Before that filters over facts are refused, and a clip is listened to when it is asked for."""
    words = ("--library", tmp_path / "library")
    index = ("index", folder / "sounds", *words, "--encoder", "spectral", "--quiet")
    assert command(*index, "--no-facts").returncode == 0
    assert "facts --measure" in command("defects", *words).stderr
    assert "0 clips have them; 4 were not measured" in command("info", *words).stdout
    with soundalike.open_library(tmp_path / "library") as library:
        for where, by in (("not loudness > -90", "title"), ("tempo = none", "title"), ("silent", "-loudness")):
            with pytest.raises(WhereError, match=r"none were measured .* soundalike facts --measure"):
                library.clips.sorted_ids(where, by)
        with pytest.raises(WhereError, match="defects"):
            library.search(soundalike.Query((soundalike.ClipPart(1),), where="defects = ''"))
        assert library.facts.of([1]) == {}
        (asked,) = json.loads(command("facts", 1, "--json", *words).stdout)
        done: list[tuple[int, int]] = []
        assert library.facts.measure(lambda *counts: done.append(counts)) == ()
        assert done[-1] == (4, 4)
        assert library.facts.of([1])[1]["loudness"] == pytest.approx(asked["facts"]["loudness"], abs=0.01)
        assert len(titles(library, "loudness > -90")) == 4
        done.clear()
        library.facts.measure(lambda *counts: done.append(counts))
        assert done == []
    info = json.loads(command("info", "--json", *words).stdout)
    assert (info["measured"], info["unmeasured"]) == (4, 0)


def test_index_measures_what_was_indexed_without_where_it_is_found_to(folder: Path, tmp_path: Path) -> None:
    """``--facts`` of a library whose sounds are all known."""
    index = ("index", folder / "sounds", "--library", tmp_path / "library", "--encoder", "spectral", "--quiet")
    for option, measured in (("--no-facts", 0), ("--yes", 0), ("--facts", 4)):
        assert command(*index, option).returncode == 0
        info = json.loads(command("info", "--json", "--library", tmp_path / "library").stdout)
        assert (info["measured"], info["unmeasured"]) == (measured, 4 - measured)


def test_clips_that_a_filter_cannot_know_are_counted(folder: Path, tmp_path: Path) -> None:
    """Those alone that might have passed: of an answer, of a list, and of an order."""
    sounds, words = tmp_path / "sounds", ("--library", tmp_path / "library")
    shutil.copytree(folder / "sounds", sounds)
    index = ("index", sounds, *words, "--encoder", "spectral", "--quiet")
    assert command(*index, "--facts").returncode == 0
    shutil.copy(sounds / "soft.wav", sounds / "other.wav")
    (sounds / "other.wav").write_bytes((sounds / "soft.wav").read_bytes() + b"LIST\x04\0\0\0more")
    assert command(*index, "--no-facts").returncode == 0
    with soundalike.open_library(tmp_path / "library") as library:
        assert len(library.clips.ids()) == 5
        assert library.facts.unmeasured("loudness > -15") == library.facts.unmeasured("not loudness > -15") == 1
        assert library.facts.unmeasured("loudness > -15 and title = 'loud'") == 0
        assert library.facts.unmeasured("loudness > -15 or title = 'other'") == 0
        assert library.facts.unmeasured("title = 'other'", "loudness") == library.facts.unmeasured(by="-loudness") == 1
        assert library.facts.unmeasured("title = 'other'") == library.facts.unmeasured() == 0
        answer = library.search(soundalike.Query((soundalike.ClipPart(5),), where="loudness > -90"))
        assert {hit.title for hit in answer.hits} == {"dark", "loud", "padded", "soft"}
        assert answer.warnings == (
            "1 clip could not be judged: its facts were not measured; run: soundalike facts --measure",
        )
        liked = soundalike.RecommendQuery((soundalike.ClipPart(1),), where="loudness > -90")
        assert library.recommend(liked).warnings == answer.warnings
    listed = command("facts", "--where", "loudness > -90", "--json", *words)
    assert len(json.loads(listed.stdout)) == 4
    assert "1 clip could not be judged" in listed.stderr


def test_a_setting_leaves_facts_out_and_an_option_wins(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the command line and programs; what a service indexes is measured by the same setting."""
    sound, at = folder / "sounds" / "dark.wav", tmp_path / "library"
    index = ("index", sound, "--library", at, "--encoder", "spectral", "--quiet")
    assert command(*index).returncode == 0
    with soundalike.open_library(at) as library:
        assert library.facts.of([1]) == {}, "nothing is measured unless it is said"
    monkeypatch.setenv("SOUNDALIKE_FACTS", "on")
    with soundalike.open_library(at) as library:
        assert soundalike.index(library, [folder / "sounds" / "loud.wav"], facts=False) == ()
        assert soundalike.index(library, [folder / "sounds" / "soft.wav"]) == ()
        assert list(library.facts.of([1, 2, 3])) == [3]
    monkeypatch.setenv("SOUNDALIKE_FACTS", "no")
    assert "on, idle or off" in command(*index).stderr


def test_the_table_of_facts_says_what_the_code_says() -> None:
    """Name, unit, meaning and source of each, in their order; and every defect is explained."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "facts.md").read_text("utf-8")
    facts, defects = page.split("## Defects")
    table = [line for line in facts.splitlines() if line.startswith("| `")]
    assert table == [f"| `{one.name}` | {one.unit or '-'} | {one.meaning} | {one.source} |" for one in FACTS]
    assert words_in(defects) == list(DEFECTS)


def words_in(table: str) -> list[str]:
    return [
        word
        for line in table.splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


# --- facts of hits --------------------------------------------------------------------------------------------


def test_hits_come_with_facts_and_in_their_order(folder: Path, library: Library) -> None:
    """As columns of the table and of CSV, in JSON, from low to high or back; without them nothing is added."""
    ask = ("search", "--clip", *library.clips.ids("title = 'loud'").tolist(), "--library", folder / "library")
    shown = ("--show", "loudness,brightness,tempo")
    plain, table = command(*ask), command(*ask, *shown)
    assert "LUFS" not in plain.stdout
    assert "LUFS" in table.stdout
    assert "very dark" in table.stdout
    hits = json.loads(command(*ask, *shown, "--sort", "loudness", "--json").stdout)["hits"]
    assert [{"loudness", "brightness"} <= set(hit["facts"]) <= set(shown[1].split(",")) for hit in hits] == [True] * 3
    levels = [hit["facts"]["loudness"] for hit in hits]
    assert levels == sorted(levels)
    back = command(*ask, *shown, "--sort", "loudness", "--reverse", "--csv").stdout.splitlines()
    assert back[0].endswith(",loudness,brightness,tempo")
    assert [float(line.split(",")[-3]) for line in back[1:]] == pytest.approx(levels[::-1], abs=0.01)
    assert json.loads(command(*ask, "--json").stdout)["hits"][0]["facts"] is None
    everything = json.loads(command(*ask, "--show", "all", "--json").stdout)["hits"][0]
    assert len(everything["facts"]) > 15


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--show", "loudnes"), "loudness"),
        (("--sort", "brightness"), "not a numeric fact"),
        (("--reverse",), "needs --sort"),
        (("--show", "tempo", "--moments"), "not for moments"),
    ],
)
def test_what_cannot_be_shown_is_refused(folder: Path, options: tuple[str, ...], says: str) -> None:
    refused = command("search", "--text", "loud", *options, "--library", folder / "library")
    assert refused.returncode == 2
    assert says in refused.stderr


def test_exports_have_facts(folder: Path, library: Library, tmp_path: Path) -> None:
    """Of hits, and of every clip that passes a filter, as CSV, JSON and a line each."""
    at = ("--library", folder / "library")
    loud = str(library.clips.ids("title = 'loud'")[0])
    for suffix in ("csv", "json", "jsonl"):
        hits, clips = tmp_path / f"hits.{suffix}", tmp_path / f"clips.{suffix}"
        assert command("export", "--hits", hits, "--clip", loud, "--show", "loudness", *at).returncode == 0
        done = command("export", "--clips", clips, "--where", "loudness > -30", *at)
        assert (done.returncode, done.stdout.endswith(": 3 clips\n")) == (0, True), done.stderr
        if suffix == "csv":
            assert hits.read_text().splitlines()[0].endswith(",loudness")
            rows = list(csv.DictReader(clips.open(newline="")))
            found = {row["title"]: (float(row["loudness"]), row["brightness"], row["defects"]) for row in rows}
            assert found["padded"][2] == "silence at head"
        else:
            read = json.loads if suffix == "json" else lambda text: [json.loads(line) for line in text.splitlines()]
            assert all(set(hit["facts"]) == {"loudness"} for hit in read(hits.read_text()))
            rows = read(clips.read_text())
            assert {row["title"]: row["facts"]["loudness"] for row in rows} == {
                title: pytest.approx(values[0]) for title, values in found.items()
            }
    assert command("export", "--clips", tmp_path / "clips.txt", *at).returncode == 2
    empty = tmp_path / "none.json"
    assert command("export", "--clips", empty, "--where", "loudness > 99", *at).returncode == 0
    assert json.loads(empty.read_text()) == []


def test_facets_count_facts(library: Library) -> None:
    """Each count's filter selects what it counts; what nobody measured is in none."""
    facts = library.clips.facets().facts
    assert {"loudness", "brightness", "defects"} <= set(facts)
    assert [(one.value, one.count) for one in facts["defects"]] == [("silence at head", 1)]
    assert sum(one.count for one in facts["loudness"]) == sum(one.count for one in facts["brightness"]) == 4
    for one in (facet for counts in facts.values() for facet in counts):
        assert len(library.clips.ids(one.where)) == one.count, one
    assert library.clips.facets("title = 'none of them'").facts == {}
