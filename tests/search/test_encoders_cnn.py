"""The mn networks and their front end against plain formulas, torchaudio, and the published implementation's output."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from search import wiring
from search.encoders import audioset, cnn
from search.encoders.filters import kaldi_bank
from search.encoders.mel import MelFrontEnd
from search.encoders.mn import WIDTHS, MnNetwork, MnShape, multiple_of_8
from search.encoders.spectrum import MelShape
from search.errors import EncoderError, ModelNotFound
from tests.search.encoder_helpers import random_mn, settings, sounds

MN04_VECTORS = [
    [-0.01063, 0.04169, -0.01593, -0.03288, 0.16504, -0.03025],
    [-0.01819, 0.11797, 0.01168, -0.0044, -0.06065, -0.03161],
    [-0.01586, 0.00273, -0.0113, 0.07058, 0.35865, 0.00991],
    [-0.03988, 0.02135, -0.04045, -0.0335, -0.07059, -0.04227],
]
MN04_TAGS = [
    {"Music": 0.29336, "Synthesizer": 0.28406, "Sine wave": 0.23392},
    {"Whip": 0.25569, "Tap": 0.10606, "Clapping": 0.04036},
    {"Sine wave": 0.61062, "Chirp tone": 0.38801, "Music": 0.0737},
    {"Silence": 0.57228, "Music": 0.18187, "Speech": 0.03073},
]


def test_the_mel_bank_is_kaldis():
    """As torchaudio computes it, for every number of bands that was published."""
    from torchaudio.compliance.kaldi import get_mel_banks

    for bands in (40, 64, 128, 256):
        wanted, _ = get_mel_banks(bands, 1024, 32_000.0, 0.0, 15_000.0, 100.0, -500.0, 1.0)
        np.testing.assert_allclose(kaldi_bank(bands, 1024, 32_000, 0.0, 15_000.0)[:-1].T, wanted, atol=2e-4)


def test_the_front_end_is_the_stft_of_the_published_recipe():
    """Pre-emphasis by convolution, torch.stft with its centred window, power, mel, logarithm."""
    shape = MelShape()
    waves = torch.from_numpy(0.1 * np.random.default_rng(1).standard_normal((2, 50_001)).astype(np.float32))
    wave = torch.nn.functional.conv1d(waves[:, None], torch.tensor([[[-0.97, 1.0]]]))[:, 0]
    window = torch.hann_window(800, periodic=False)
    spectrum = torch.stft(wave, 1024, 320, 800, window=window, center=True, return_complex=True)
    mel = torch.from_numpy(kaldi_bank(128, 1024, 32_000, 0.0, 15_000.0)).T @ spectrum.abs().square()
    wanted = ((mel + 1e-5).log() + 4.5) / 5
    got = MelFrontEnd(shape)(waves)
    assert got.shape == (2, 1, 128, 157)
    torch.testing.assert_close(got[:, 0], wanted, atol=1e-4, rtol=0)


def test_folding_the_norms_changes_nothing(tmp_path):
    network = random_mn(tmp_path / "tiny.pt")
    mel = torch.randn(3, 1, 128, 100)
    with torch.inference_mode():
        before = network(mel)
        network.fuse()
        after = network(mel)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("width", WIDTHS[:7])
def test_a_checkpoints_shapes_tell_its_width(width):
    """And its classes and embedding; from mn01 to mn10."""
    with torch.device("meta"):
        state = MnNetwork(MnShape(width, 10)).state_dict()
    shape = MnShape.of_state(state)
    assert (shape.width, shape.classes, shape.dim) == (width, 10, 6 * multiple_of_8(160 * width))


def test_channels_round_to_eight_and_never_far_down():
    """MobileNet's rule, on values worked out by hand."""
    assert [multiple_of_8(c) for c in (1.6, 9.6, 12, 44.8, 73.6, 268.8)] == [8, 16, 16, 48, 72, 272]


def test_a_convolutional_head_takes_the_mean_after_its_norm(tmp_path):
    """Averaging first, as done here, gives the published order's logits: the head is affine."""
    network = MnNetwork(MnShape(0.1, 5, "fully_convolutional", (2, 2, 2, 1))).eval()
    network.classifier[1].running_mean.normal_()
    mel = torch.randn(2, 1, 128, 64)
    with torch.inference_mode():
        published = network.classifier(network.features(mel)).mean((2, 3))
        torch.testing.assert_close(network(mel)[1], published, atol=1e-5, rtol=1e-4)


def test_the_published_names_tell_what_the_weights_cannot():
    """Hop, bands and strides of EfficientAT's release files."""
    assert cnn.mel_of_file_name("mn10_as_hop_15_mAP_463.pt").hop == 480
    assert cnn.mel_of_file_name("mn10_as_mels_64_mAP_461.pt").bands == 64
    assert cnn.mel_of_file_name("mn40_as_mAP_483(2).pt") == MelShape()
    assert cnn.strides_of_file_name("mn10_as_fc_s2211_mAP_466.pt") == (2, 2, 1, 1)
    assert cnn.strides_of_file_name("mn04_as_mAP_432.pt") == (2, 2, 2, 2)


def test_a_checkpoint_by_its_path_is_neither_centred_nor_calibrated(tmp_path):
    random_mn(tmp_path / "mine.pt", width=0.2, classes=7)
    spec = wiring.encoder(f"cnn:{tmp_path / 'mine.pt'}", settings(tmp_path)).spec
    assert (spec.dim, spec.calibration, spec.vocabulary) == (192, None, None)
    assert (spec.sample_rate_hz, spec.window_s, spec.hop_s) == (32_000, 5.0, 2.5)


def test_the_fingerprint_follows_the_weights_and_not_the_name(tmp_path):
    """A copy is the same space, other weights are not."""
    random_mn(tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes())
    random_mn(tmp_path / "c.pt", seed=4)
    a, b, c = (wiring.encoder(f"cnn:{tmp_path / name}.pt", settings(tmp_path)).spec.fingerprint for name in "abc")
    assert a == b
    assert a != c


def test_weights_of_another_network_are_refused(tmp_path):
    """Also when only a few tensors are missing or of another shape: nothing is half used."""
    random_mn(tmp_path / "good.pt")
    state = torch.load(tmp_path / "good.pt", weights_only=True)
    torch.save({"layer.weight": torch.ones(3)}, tmp_path / "other.pt")
    torch.save({k: v for k, v in state.items() if k != "features.9.block.1.0.weight"}, tmp_path / "hole.pt")
    torch.save(state | {"classifier.2.weight": torch.ones(3, 3)}, tmp_path / "shape.pt")
    for name in ("other.pt", "hole.pt", "shape.pt"):
        with pytest.raises(EncoderError, match=f"{name}.*mn network"):
            wiring.encoder(f"cnn:{tmp_path / name}", settings(tmp_path))


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(ModelNotFound, match="cnn:mn04"):
        wiring.encoder("cnn:mn05", settings(tmp_path))


def test_without_its_file_mn04_names_the_ways_to_get_it(tmp_path):
    with pytest.raises(ModelNotFound, match=r"mn04_as_mAP_432\.pt.*SOUNDALIKE_MODELS"):
        wiring.encoder("cnn:mn04", settings(tmp_path))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_that_is_not_there_is_an_error(tmp_path):
    """Asked for by name it is never silently replaced."""
    from dataclasses import replace

    random_mn(tmp_path / "tiny.pt")
    with pytest.raises(EncoderError, match="no CUDA device"):
        wiring.encoder(f"cnn:{tmp_path / 'tiny.pt'}", replace(settings(tmp_path), device="cuda"))


def test_audioset_has_527_classes_in_published_order():
    names = audioset.class_names()
    assert (len(names), len(set(names))) == (527, 527)
    assert (names[0], names[74], names[526]) == ("Speech", "Dog", "Field recording")


@pytest.mark.shared
def test_mn04_gives_the_published_implementations_vectors_and_tags(shared, tmp_path):
    """Golden values computed with EfficientAT's own code on the same windows, then centred; tolerance 1e-4."""
    encoder = wiring.encoder("cnn:mn04", settings(tmp_path, (shared / "models",)))
    encoding = encoder.encode_audio(sounds(encoder.spec))
    np.testing.assert_allclose(encoding.vectors[:, :6], MN04_VECTORS, atol=1e-4)
    for row, wanted in zip(encoding.tags, MN04_TAGS, strict=True):
        likeliest = np.argsort(-row)[: len(wanted)]
        assert [encoder.spec.vocabulary[index] for index in likeliest] == list(wanted)
        np.testing.assert_allclose(row[likeliest], list(wanted.values()), atol=1e-4)
