"""The shipped encoder's file format, round trip, and text tower, on a miniature with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from search.encoders import soundalike
from search.encoders.soundalike import Whitening
from search.encoders.tower import LONGEST, UNKNOWN, WordPieces
from search.errors import EncoderError, ModelNotFound
from training.export import TagCalibration, network_tensors, space_tensors, write_bundle
from training.reading import Reader, TowerNetwork, TowerShape, pad
from training.space import fit_space
from training.student import build
from training.tower import tower_tensors

VOCABULARY = (UNKNOWN, "dog", "##s", "bark", "##ing", "rain", "a", "tin", "roof", ",")


@pytest.fixture(scope="module")
def space() -> Whitening:
    rows = np.random.default_rng(1).standard_normal((600, 384)).astype(np.float32) * np.geomspace(10, 0.1, 384)
    return fit_space(rows.astype(np.float32), (10.0, -3.0))


@pytest.fixture(scope="module")
def tower() -> TowerNetwork:
    torch.manual_seed(2)
    tower = TowerNetwork(TowerShape(len(VOCABULARY)))
    torch.nn.init.normal_(tower.class_meanings)
    torch.nn.init.normal_(tower.class_directions)
    return tower.eval()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, space, tower) -> Path:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("bundle") / "soundalike-1.safetensors"
    parts = {
        "network": network_tensors(build().eval(), TagCalibration(1.0, 0.0)),
        "space": space_tensors(space),
        "tower": tower_tensors(Reader(tower, WordPieces(VOCABULARY))),
    }
    write_bundle(path, parts, "test")
    return path


def test_a_bundle_loads_hears_and_reads(bundle):
    encoder = soundalike.load(bundle, "soundalike-1", "cpu")
    waves = np.random.default_rng(4).uniform(-0.1, 0.1, (2, encoder.spec.window_samples)).astype(np.float32)
    encoded = encoder.encode_audio(waves)
    assert encoded.vectors.shape == (2, 384)
    assert encoded.tags is not None
    assert encoded.tags.shape == (2, 527)
    read = encoder.encode_text(["a dog barking", "rain on a tin roof, no thunder", ""])
    assert read.shape == (3, 384)
    assert np.allclose(np.linalg.norm(read, axis=1), 1, atol=1e-6)
    assert encoder.encode_text([]).shape == (0, 384)


def test_a_texts_vector_does_not_depend_on_its_neighbours(bundle):
    encoder = soundalike.load(bundle, "soundalike-1", "cpu")
    alone = encoder.encode_text(["rain"])
    beside = encoder.encode_text(["a dog, a dog, a dog", "rain"])
    assert np.array_equal(alone[0], beside[1])


def test_padding_changes_no_reading(tower):
    pieces = WordPieces(VOCABULARY)
    with torch.inference_mode():
        alone = tower(pad([pieces.read("rain")]))
        padded = tower(pad([pieces.read("rain"), pieces.read("a dog, a dog, a dog barking")]))
    assert torch.allclose(alone[0], padded[0], atol=1e-6)


def test_the_tower_survives_eight_bits(bundle, tower):
    pieces = WordPieces(VOCABULARY)
    texts = ["a dog barking", "rain", "a tin roof"]
    with torch.inference_mode():
        expected = tower(pad([pieces.read(text) for text in texts])).numpy()
    found = soundalike.load(bundle, "soundalike-1", "cpu").encode_text(texts)
    assert np.sum(expected * found, axis=1).min() > 0.999


def test_another_file_is_refused_by_name(tmp_path, bundle):
    with pytest.raises(ModelNotFound):
        soundalike.load(tmp_path / "none.safetensors", "soundalike-1", "cpu")
    damaged = tmp_path / "cut.safetensors"
    damaged.write_bytes(bundle.read_bytes()[:5000])
    with pytest.raises(EncoderError, match=r"cut\.safetensors"):
        soundalike.load(damaged, "soundalike-1", "cpu")
    foreign = tmp_path / "foreign.safetensors"
    write_bundle(foreign, {"x": {"y": torch.zeros(1)}}, "test")
    with pytest.raises(EncoderError, match="not a soundalike-1 model"):
        soundalike.load(foreign, "soundalike-1", "cpu")


def test_whitening_evens_out_axes_by_its_power(space):
    rows = (np.random.default_rng(1).standard_normal((600, 384)) * np.geomspace(10, 0.1, 384)).astype(np.float32)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    before = np.linalg.svd(units - units.mean(0), compute_uv=False)
    after = np.linalg.svd((units - space.centre) @ space.matrix, compute_uv=False)
    assert after[0] / after[100] == pytest.approx((before[0] / before[100]) ** 0.75, rel=0.01)


def test_the_head_carries_the_calibration_of_the_tags():
    torch.manual_seed(3)
    network = build().eval()
    plain, calibrated = (
        network_tensors(network, TagCalibration(1, 0)),
        network_tensors(network, TagCalibration(0.5, -1)),
    )
    assert torch.allclose(
        calibrated["classifier.5.weight"].float(), plain["classifier.5.weight"].float() / 2, atol=1e-3
    )
    assert torch.allclose(
        calibrated["classifier.5.bias"].float(), plain["classifier.5.bias"].float() / 2 - 1, atol=1e-3
    )
    assert "classifier.5.weight" in network.state_dict()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Dogs barking", ["dog", "##s", "bark", "##ing"]),
        ("A tin-roof", ["a", "tin", UNKNOWN, "roof"]),
        ("ráin, 雨", ["rain", ",", UNKNOWN]),
        ("", [UNKNOWN]),
        ("   ", [UNKNOWN]),
    ],
)
def test_words_become_the_longest_pieces_from_the_left(text, pieces):
    words = WordPieces(VOCABULARY)
    assert [words.vocabulary[number] for number in words.read(text)] == pieces


def test_an_endless_text_is_read_to_a_limit():
    assert len(WordPieces(VOCABULARY).read("rain " * 10_000)) == LONGEST
