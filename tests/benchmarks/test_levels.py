"""The benchmark of levels: queries far below and above full scale."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.quality import datasets, levels
from benchmarks.quality.encoding import EncodingCache
from search import wiring
from search.settings import Settings
from tests.benchmarks.sounds import write_set


def test_a_sound_far_under_or_over_full_scale_is_found_first_also_without_a_network(tmp_path: Path) -> None:
    """As at its own level."""
    settings = Settings.from_env({})
    dataset = datasets.load(write_set(tmp_path))
    found = levels.measure(dataset, wiring.encoder("spectral", settings), settings, EncodingCache(None), [3, 6])
    assert [level.gain_db for level in found] == list(levels.GAINS_DB)
    assert {level.first for level in found if level.gain_db in (-40, 0, 20, 30)} == {1.0}
    assert levels.table(found).count("dB") == len(levels.GAINS_DB)


@pytest.mark.parametrize("gain_db", [-40.0, 30.0])
def test_questions_are_float_files_at_the_level_asked_for(tmp_path: Path, gain_db: float) -> None:
    """Not clipped, not rounded to integers."""
    sound = np.sin(np.arange(800) / 5).astype(np.float32) / 2
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="FLOAT")
    levels.at_level(tmp_path / "a.wav", gain_db, tmp_path / "b.wav")
    found, _ = soundfile.read(os.fspath(tmp_path / "b.wav"), dtype="float32")
    np.testing.assert_allclose(found, sound * 10 ** (gain_db / 20), rtol=1e-5)
