"""The data for moments and events: sounds are mixed into recordings at the stated places."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import soundfile

from benchmarks.quality.mixtures import RATE_HZ, Plan, Sound, backgrounds, labelled, mixture_at, mixtures
from benchmarks.quality.moments import overlap, questions


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A recording of 20 s of soft hiss, and two sounds of a second with silence around them; their manifests."""
    folder = tmp_path_factory.mktemp("mixtures")
    rng = np.random.default_rng(1)
    soundfile.write(folder / "long.wav", 0.01 * rng.normal(size=20 * RATE_HZ), RATE_HZ)
    tone = np.zeros(3 * RATE_HZ)
    tone[RATE_HZ : 2 * RATE_HZ] = 0.2 * np.sin(np.arange(RATE_HZ) / 5)
    rows = {"long.wav": ("", 20.0)}
    for name in ("dog_bark", "rain"):
        soundfile.write(folder / f"{name}.wav", tone, RATE_HZ)
        rows[f"{name}.wav"] = (name, 3.0)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "seconds"))
        writer.writerows((path, *facts) for path, facts in rows.items())
    return folder / "manifest.csv"


def test_sounds_lie_where_they_are_said_to_be(data):
    """Louder than what is around them from their beginning to their end; the same seed gives the same mixture."""
    sounds = [sound for sound in labelled(data) if sound.label]
    (mixture,) = mixtures(sounds, backgrounds(data), 1, Plan(15, 20, 2), seed=3)
    assert {one.label for one in mixture.sounds} == {"dog bark", "rain"}
    for one in mixture.sounds:
        assert one.end_s - one.start_s == pytest.approx(1, abs=0.1)
        inside = mixture.wave[int(one.start_s * RATE_HZ) : int(one.end_s * RATE_HZ)]
        assert inside.std() > 1.5 * np.median(np.abs(mixture.wave)) / 0.67
    (again,) = mixtures(sounds, backgrounds(data), 1, Plan(15, 20, 2), seed=3)
    np.testing.assert_array_equal(again.wave, mixture.wave)
    assert len(questions([mixture])) == 2


def test_sounds_may_be_laid_at_chosen_times(data):
    sounds = [Sound(data.parent / "rain.wav", "rain")] * 2
    mixture = mixture_at(data.parent / "long.wav", 10.0, sounds, (2.0, 2.0), np.random.default_rng(1))
    assert [round(one.start_s, 2) for one in mixture.sounds] == [2.0, 2.0]
    assert len(mixture.wave) == 10 * RATE_HZ


def test_overlap_is_what_two_have_in_common_of_what_either_has():
    assert overlap((0, 4), (2, 6)) == pytest.approx(2 / 6)
    assert overlap((0, 4), (4, 6)) == 0
    assert overlap((1, 2), (1, 2)) == 1
