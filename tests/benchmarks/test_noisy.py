"""The benchmark of noisy queries, and how it separates steady noise from the foreground."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.common.steady import steady_noise
from benchmarks.quality import noisy
from benchmarks.quality.encoding import EncodingCache
from search import wiring
from search.settings import Settings
from tests.benchmarks.sounds import write_set

RATE_HZ = 16_000


def notes() -> np.ndarray:
    """Three seconds: a note that dies away each half second, (samples,) float32."""
    at_s = np.arange(RATE_HZ // 2) / RATE_HZ
    one = [np.sin(2 * np.pi * hz * at_s) * np.exp(-9 * at_s) for hz in (440, 1250, 2700, 660, 1800, 900)]
    return (0.5 * np.concatenate(one)).astype(np.float32)


def hiss() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.02, 3 * RATE_HZ).astype(np.float32)


def test_noise_is_taken_out_and_what_stands_before_it_stays() -> None:
    noise, _ = steady_noise(notes() + hiss(), RATE_HZ)
    assert noise.shape == hiss().shape
    left = notes() + hiss() - noise - notes()
    assert np.mean(left**2) < 0.35 * np.mean(hiss() ** 2)


def test_the_share_of_noise_is_that_of_its_energy() -> None:
    both = notes() + hiss()
    truth = np.mean(hiss() ** 2) / np.mean(both**2)
    assert steady_noise(both, RATE_HZ)[1] == pytest.approx(truth, rel=0.35)
    assert steady_noise(notes(), RATE_HZ)[1] < 0.02
    assert steady_noise(hiss(), RATE_HZ)[1] > 0.65


@pytest.mark.parametrize("samples", [1, 100, 800])
def test_a_sound_of_any_length_has_some_or_none(samples: int) -> None:
    """Silence has none, and no sample is lost."""
    noise, share = steady_noise(np.zeros(samples, np.float32), RATE_HZ)
    assert (noise.tolist(), share) == ([0.0] * samples, 0.0)
    assert steady_noise(hiss()[:samples], RATE_HZ)[0].shape == (samples,)


def test_questions_are_asked_in_noise_in_each_way(tmp_path) -> None:
    """Without noise a tone that dies away is asked as it is; in noise less is found."""
    settings = Settings.from_env({})
    dataset = noisy.load(write_set(tmp_path))
    found = noisy.measure(dataset, wiring.encoder("spectral", settings), settings, EncodingCache(None), [3, 6])
    assert [noise.level_db for noise in found] == list(noisy.NOISES_DB)
    assert all(len(noise.figures) == len(noisy.WAYS) for noise in found)
    assert 0 <= found[3].figures[0][0] < found[0].figures[0][0] <= 1
    assert noisy.table(found).count(" dB |") == 3 * len(noisy.WAYS)


def test_clips_of_learning_material_answer_by_the_words_of_their_names(tmp_path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    rows = ("path,repo,original_path,seconds", "a.wav,one/r,x/RainHeavy_2.ogg,3.0", "b.wav,two/r,x/theme.ogg,3.0")
    (tmp_path / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    (item,) = noisy.load(tmp_path / "manifest.csv").items
    assert (item.path.name, item.labels, item.group) == ("a.wav", frozenset({"rain"}), "one/r")
