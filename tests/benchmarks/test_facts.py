"""The benchmark of facts makes the defects that it asks for, and loops and one-shots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import fact_songs, flaws
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
