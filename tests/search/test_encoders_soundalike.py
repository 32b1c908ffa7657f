"""The shipped weights: their content, how they encode sounds and words, and that words need no torch."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import numpy as np
import pytest

from search import wiring
from search.encoders import soundalike
from tests.search.encoder_helpers import settings, sounds

LARGEST_BYTES = 16_000_000
LARGEST_TOWER_BYTES = 8_000_000

VECTORS: list[list[float]] = [
    [0.11983, -0.04509, 0.17135, 0.13925, -0.05575, 0.17242],
    [0.15096, 0.39913, -0.04724, -0.14174, -0.11204, -0.1236],
    [0.16944, -0.08561, 0.08399, 0.13227, 0.03832, 0.10204],
    [-0.1236, -0.00477, 0.02608, 0.07211, 0.01307, 0.29191],
]
TAGS: list[dict[str, float]] = [
    {"Sine wave": 0.6306, "Music": 0.5768, "Chirp tone": 0.4792},
    {"Whip": 0.3375, "Tap": 0.2707, "Music": 0.2336},
    {"Sine wave": 0.6681, "Music": 0.6266, "Theremin": 0.5157},
    {"Silence": 0.6975, "Music": 0.4774, "Speech": 0.1754},
]
READ: dict[str, list[float]] = {
    "rain": [-0.00435, 0.11356, -0.06754, -0.11891, 0.17052, 0.12413],
    "a puppy barking": [0.025, -0.10163, -0.11329, 0.09647, -0.06519, -0.13768],
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The encoder as a new installation has it: no model folder, no network."""
    return wiring.encoder("cnn:soundalike-1", settings(tmp_path_factory.mktemp("home")))


def test_the_weights_are_in_the_package_and_small():
    file = resources.files("search.encoders").joinpath("data", soundalike.FILE)
    assert file.is_file()
    assert len(file.read_bytes()) <= LARGEST_BYTES
    with resources.as_file(file) as path:
        arrays = soundalike.read_arrays_of(path)
    tower = sum(array.nbytes for name, array in arrays.items() if name.startswith("tower/"))
    assert tower <= LARGEST_TOWER_BYTES


def test_it_is_the_default(tmp_path):
    from search.settings import Settings

    assert Settings.from_env({}).encoder == "cnn:soundalike-1"


def test_vectors_and_tags_are_those_that_were_measured(shipped):
    """Golden values: another front end, pooling or weights show here."""
    encoded = shipped.encode_audio(sounds(shipped.spec))
    np.testing.assert_allclose(encoded.vectors[:, :6], VECTORS, atol=2e-4)
    for tags, wanted in zip(encoded.tags, TAGS, strict=True):
        for name, probability in wanted.items():
            assert tags[shipped.spec.vocabulary.index(name)] == pytest.approx(probability, abs=2e-3), name


def test_words_are_read_as_measured(shipped):
    for text, wanted in READ.items():
        np.testing.assert_allclose(shipped.encode_text([text])[0, :6], wanted, atol=1e-4, err_msg=text)


def test_other_words_for_a_sound_lie_near_it_and_another_sound_does_not(shipped):
    dog, puppy, siren, police, rain = shipped.encode_text(
        ["dog", "puppy barking", "siren", "a police car far away", "heavy rain"]
    )
    assert dog @ puppy > 0.7 > dog @ siren
    assert siren @ police > 0.5 > siren @ rain


def test_what_texts_mean_is_the_same_alone_and_among_others(shipped):
    """One row for any text, whatever is in it, and none for none."""
    texts = ["rain", "", "door_close 01", "the " * 100, "дождь", *(f"bark {number}" for number in range(100))]
    together = shipped.meanings(texts)
    alone = np.concatenate([shipped.meanings([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    assert len(shipped.meanings([])) == 0


def test_meanings_of_the_same_thing_are_alike_and_of_different_things_are_not(shipped):
    slam, door, purr = shipped.meanings(["door slam", "closing the door", "cat purring"])
    assert slam @ door > 0.6
    assert abs(slam @ purr) < 0.2


def test_words_point_to_the_sounds_that_they_mean(shipped):
    """Noise is nearer to "white noise" than a rising tone is, and the tone nearer to "sine wave"."""
    _, _, tone, _ = shipped.encode_audio(sounds(shipped.spec)).vectors
    hiss = np.random.default_rng(1).normal(0, 0.1, (1, shipped.spec.window_samples)).astype(np.float32)
    (noise,) = shipped.encode_audio(hiss).vectors
    white, sine = shipped.encode_text(["white noise", "sine wave"])
    assert noise @ white > tone @ white
    assert tone @ sine > noise @ sine


def test_reading_needs_no_torch(tmp_path):
    code = (
        "import sys; from search import wiring; from search.settings import Settings; "
        "wiring.encoder('cnn:soundalike-1', Settings.from_env({})).encode_text(['rain']); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
