"""YAMNet as a normal encoder."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import peers
from search.errors import EncoderError, ModelNotFound
from search.settings import Settings


@pytest.fixture(scope="module")
def yamnet(shared: Path) -> peers.YamnetEncoder:
    pytest.importorskip("ai_edge_litert", reason="the extra bench is not installed")
    return peers.load("", Settings.from_env({"SOUNDALIKE_MODELS": str(shared / "models")}))


def waves(count: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal((count, 80_000))).astype(np.float32)


@pytest.mark.shared
def test_vectors_are_unit_rows_that_do_not_depend_on_the_batch(yamnet: peers.YamnetEncoder) -> None:
    """One window alone or among others: the same vector; no window: an empty array; the caller's array stays."""
    given = waves()
    kept = given.copy()
    together = yamnet.encode_audio(given).vectors
    alone = np.concatenate([yamnet.encode_audio(given[i : i + 1]).vectors for i in range(3)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(given, kept)
    assert yamnet.encode_audio(given[:0]).vectors.shape == (0, peers.DIM)


@pytest.mark.shared
def test_silence_has_a_vector_and_wrong_windows_are_refused(yamnet: peers.YamnetEncoder) -> None:
    """Zeros are sound too; another length, or samples that are not finite, are an error that names the shape."""
    silence = yamnet.encode_audio(np.zeros((1, 80_000), np.float32)).vectors
    assert np.isfinite(silence).all()
    with pytest.raises(EncoderError, match="80000"):
        yamnet.encode_audio(waves()[:, :-1])
    bad = waves(1)
    bad[0, 7] = np.nan
    with pytest.raises(EncoderError, match="finite"):
        yamnet.encode_audio(bad)
    with pytest.raises(EncoderError, match="cannot read"):
        yamnet.encode_text(["rain"])


@pytest.mark.shared
def test_a_model_by_path_is_not_centred_and_has_another_fingerprint(yamnet: peers.YamnetEncoder, shared: Path) -> None:
    """Plain embeddings have no negative value and a cosine near one for any two sounds; centred ones do not."""
    plain = peers.load(str(shared / "models" / peers.FILE_NAME), Settings.from_env({}))
    assert plain.spec.fingerprint != yamnet.spec.fingerprint
    assert plain.encode_audio(waves(1)).vectors.min() >= 0
    assert yamnet.encode_audio(waves(1)).vectors.min() < 0


def test_without_its_file_the_error_names_the_ways_to_give_it(tmp_path: Path) -> None:
    """The places that were tried, the variable, the path as a variant."""
    settings = Settings(library=tmp_path, models=(tmp_path,), model_cache=tmp_path / "cache")
    with pytest.raises(ModelNotFound, match="SOUNDALIKE_MODELS"):
        peers.load("", settings)
    with pytest.raises(ModelNotFound, match=r"nowhere\.tflite"):
        peers.load("nowhere.tflite", settings)


def test_another_file_is_refused(tmp_path: Path) -> None:
    """What is no TensorFlow Lite model is an error that names the file."""
    pytest.importorskip("ai_edge_litert", reason="the extra bench is not installed")
    file = tmp_path / "other.tflite"
    file.write_bytes(b"no model at all, but long enough to be looked at")
    with pytest.raises(EncoderError, match=r"other\.tflite"):
        peers.load(str(file), Settings.from_env({}))


def test_the_family_is_registered_as_any_other_package_would_do_it() -> None:
    """The entry point of this distribution names the loader."""
    points = {point.name: point.value for point in entry_points(group="soundalike.encoders")}
    assert points["yamnet"] == "benchmarks.quality.peers:load"
