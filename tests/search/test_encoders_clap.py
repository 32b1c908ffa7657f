"""CLAP against transformers' own processor and model, on a small model of random weights saved to disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from search import wiring
from search.encoders.filters import slaney_bank
from search.errors import EncoderError, ModelNotFound
from tests.search.encoder_helpers import settings, sounds, tiny_clap


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_clap(tmp_path_factory.mktemp("clap") / "tiny")


@pytest.fixture(scope="module")
def encoder(folder, tmp_path_factory):
    return wiring.encoder(f"clap:{folder}", settings(tmp_path_factory.mktemp("empty")))


@pytest.fixture(scope="module")
def published(folder):
    """The processor and the model as transformers gives them."""
    from transformers import ClapModel, ClapProcessor

    return ClapProcessor.from_pretrained(folder), ClapModel.from_pretrained(folder).eval()


def test_sounds_get_the_vectors_of_the_published_processor(encoder, published):
    """To 1e-4, also beside a pure tone and in silence, where float32 spectra differ."""
    processor, model = published
    waves = sounds(encoder.spec)
    inputs = processor.feature_extractor(list(waves), sampling_rate=48_000, return_tensors="pt")
    assert not inputs["is_longer"].any()
    with torch.inference_mode():
        wanted = model.get_audio_features(**inputs).pooler_output.numpy()
    got = encoder.encode_audio(waves).vectors
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    assert np.abs(got[0] - got[1]).max() > 1e-3, "the random model must tell sounds apart, or this test proves nothing"


def test_words_get_the_vectors_of_the_published_tokenizer(encoder, published):
    """Also when short and long texts share a batch."""
    processor, model = published
    texts = ["rain", "a dog barks far away while rain falls on a tin roof", "bell"]
    with torch.inference_mode():
        wanted = [
            model.get_text_features(**processor.tokenizer([text], return_tensors="pt")).pooler_output.numpy()[0]
            for text in texts
        ]
    got = encoder.encode_text(texts)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1.0, atol=1e-6)


def test_words_without_texts_underscores_and_endless_texts(encoder):
    """None gives no rows, an underscore reads as a space, and a text beyond the model's length is cut."""
    assert encoder.encode_text([]).shape == (0, encoder.spec.dim)
    plain, labelled, endless = encoder.encode_text(["dog bark", "dog_bark", "rain " * 5000])
    np.testing.assert_array_equal(plain, labelled)
    assert np.isfinite(endless).all()


def test_the_spec_is_the_models(encoder):
    spec = encoder.spec
    assert (spec.sample_rate_hz, spec.window_s, spec.hop_s, spec.can_text) == (48_000, 10.0, 5.0, True)
    assert spec.dim == 32


def test_the_fingerprint_follows_the_weights_and_not_the_place(folder, encoder, tmp_path):
    """A moved model is the same space; another random one is not."""
    shutil.copytree(folder, tmp_path / "models" / "moved")
    same = wiring.encoder("clap:moved", settings(tmp_path, (tmp_path / "models",)))
    assert same.spec.fingerprint == encoder.spec.fingerprint
    other = wiring.encoder(f"clap:{tiny_clap(tmp_path / 'other', seed=9)}", settings(tmp_path))
    assert other.spec.fingerprint != encoder.spec.fingerprint


def test_a_fused_model_is_refused(folder, tmp_path):
    """Its vectors of short clips are random."""
    fused = tmp_path / "fused"
    shutil.copytree(folder, fused)
    config = json.loads((fused / "config.json").read_text())
    config["audio_config"]["enable_fusion"] = True
    (fused / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncoderError, match="unfused"):
        wiring.encoder(f"clap:{fused}", settings(tmp_path))


def test_a_model_of_another_kind_is_refused(tmp_path):
    """transformers would fill a CLAP model with random weights and only warn."""
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(EncoderError, match="bert"):
        wiring.encoder(f"clap:{tmp_path / 'bert'}", settings(tmp_path))


def test_a_damaged_model_is_refused(folder, tmp_path):
    """Half a file of weights, as an interrupted copy leaves it."""
    half = tmp_path / "half"
    shutil.copytree(folder, half)
    whole = (half / "model.safetensors").read_bytes()
    (half / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncoderError, match="half"):
        wiring.encoder(f"clap:{half}", settings(tmp_path))


def test_without_a_network_the_error_names_the_ways(tmp_path, monkeypatch):
    """The folders, the setting, the download."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with pytest.raises(ModelNotFound) as caught:
        wiring.encoder("clap:nobody/no-such-model", settings(tmp_path, (tmp_path / "models",)))
    for way in (str(tmp_path / "models"), str(tmp_path / "cache"), "SOUNDALIKE_MODELS", "SOUNDALIKE_OFFLINE", "path"):
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_slaney_bank_is_the_feature_extractors(published):
    extractor = published[0].feature_extractor
    ours = slaney_bank(64, 1024, 48_000, extractor.frequency_min, extractor.frequency_max)
    np.testing.assert_allclose(ours, extractor.mel_filters_slaney, atol=1e-7)
