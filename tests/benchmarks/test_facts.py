"""The benchmark of facts makes the defects that it looks for, and loops and one-shots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.quality import fact_songs, flaws, untouched
from search.analysis.facts.definitions import DEFECTS, KEYS
from search.analysis.facts.measuring import measure
from tests.search.melodies import tune, write_midi


@pytest.mark.parametrize("name", flaws.FLAWS)
def test_strong_defects_of_noise_are_told(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(3)
    wave = (0.1 * rng.normal(size=4 * flaws.RATE_HZ)).clip(-0.45, 0.45).astype(np.float32)
    assert flaws.FLAWS[name](wave, 2, rng, tmp_path / "flaw.wav")
    assert name in measure(str(tmp_path / "flaw.wav"))["defects"]


def test_every_defect_is_made() -> None:
    assert list(flaws.FLAWS) == list(DEFECTS)


def test_loops_are_whole_beats_and_one_shots_die_away() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        assert np.abs(flaws.loop(rng)).max() == pytest.approx(0.5)
        wave = flaws.one_shot(rng)
        assert np.abs(wave[-len(wave) // 20 :]).max() < 0.1


def test_an_excerpt_has_the_tempo_and_the_key_of_its_song(tmp_path: Path) -> None:
    """And the relative of a key is the relative of its relative."""
    write_midi(tmp_path / "song.mid", tune(3), title="Walk")
    tempo, key = fact_songs.excerpt(tmp_path / "song.mid", tmp_path / "cut.mid")
    assert tempo > 0
    assert 0 <= key < len(KEYS)
    named = tmp_path / "key_audio.txt"
    named.write_text("1.5\t25.0\tGb:maj\n25.0\t90.0\tEb:min\n")
    assert KEYS[fact_songs.named_key(named)] == "D# minor"
    assert KEYS[fact_songs.relative(KEYS.index("C major"))] == "A minor"
    assert all(fact_songs.relative(fact_songs.relative(place)) == place for place in range(len(KEYS)))


def test_what_an_untouched_clip_is_said_to_have_is_named_with_its_lines(tmp_path: Path) -> None:
    """Hum in one of three, none in noise; the short one is counted with all."""
    rng, at_s = np.random.default_rng(3), np.arange(6 * 16_000) / 16_000
    noise = rng.normal(0, 0.03, len(at_s)).astype(np.float32)
    lines = sum(0.02 / n * np.sin(2 * np.pi * 50 * n * at_s) for n in range(1, 8)).astype(np.float32)
    waves = [
        (tmp_path / "hummed.wav", noise + lines),
        (tmp_path / "noise.wav", noise),
        (tmp_path / "short.wav", noise[:20_000]),
    ]
    everything, with_hum, long, *named = untouched.false_alarms("made", waves, tmp_path)
    assert everything == "untouched, made, all: 1 of 3 with an alarm (0.3333)"
    assert with_hum == "untouched, made, 2.9 s and more: 1 of 2 with an alarm (0.5000)"
    assert long == "untouched, made, 3.5 s and more: 1 of 2 with an alarm (0.5000)"
    (line,) = named
    assert "hummed.wav, 6.0 s: hum (" in line
    assert " Hz at -34 dB, 40 above, 100.0" in line
    assert line.count("above") >= 6


def test_a_song_that_was_rendered_before_is_not_rendered_again_and_stays_where_that_is_asked(tmp_path: Path) -> None:
    song, wav, no_soundfont = tmp_path / "041.mid", tmp_path / "041.wav", tmp_path / "none.sf2"
    write_midi(song, tune(3), title="Walk")
    soundfile.write(wav, np.zeros(8000), 8000)
    kept = next(fact_songs.figures(tmp_path, no_soundfont, 1, tmp_path, None, keeps=True, with_librosa=False))
    assert kept.startswith("1 songs: tempo within 4 % 0.000")
    assert wav.is_file()
    next(fact_songs.figures(tmp_path, no_soundfont, 1, tmp_path, None, with_librosa=False))
    assert not wav.exists()
