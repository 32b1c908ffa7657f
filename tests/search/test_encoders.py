"""One contract suite over every encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search import wiring
from search.errors import EncoderError
from search.model import AudioEncoding
from search.ports import Encoder
from tests.search.encoder_helpers import random_mn, settings, sounds, tiny_clap


def _spectral(_request: pytest.FixtureRequest, tmp: Path) -> Encoder:
    return wiring.encoder("spectral", settings(tmp))


def _random_cnn(_request: pytest.FixtureRequest, tmp: Path) -> Encoder:
    random_mn(tmp / "tiny.pt")
    return wiring.encoder(f"cnn:{tmp / 'tiny.pt'}", settings(tmp))


def _random_clap(_request: pytest.FixtureRequest, tmp: Path) -> Encoder:
    return wiring.encoder(f"clap:{tiny_clap(tmp / 'tiny')}", settings(tmp))


def _mn04(request: pytest.FixtureRequest, tmp: Path) -> Encoder:
    shared: Path = request.getfixturevalue("shared")
    return wiring.encoder("cnn:mn04", settings(tmp, (shared / "models",)))


def _soundalike(_request: pytest.FixtureRequest, tmp: Path) -> Encoder:
    return wiring.encoder("cnn:soundalike-1", settings(tmp))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(_soundalike, id="cnn-soundalike-1"),
        pytest.param(_spectral, id="spectral"),
        pytest.param(_random_cnn, id="cnn-random"),
        pytest.param(_random_clap, id="clap-random", marks=pytest.mark.thorough),
        pytest.param(_mn04, id="cnn-mn04", marks=pytest.mark.shared),
    ],
)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """Every encoder in turn."""
    make: Callable[[pytest.FixtureRequest, Path], Encoder] = request.param
    return make(request, tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def encoding(encoder: Encoder) -> AudioEncoding:
    """What it makes of `sounds`."""
    return encoder.encode_audio(sounds(encoder.spec))


def test_every_row_is_a_finite_float32_of_length_one(encoder, encoding):
    """Also silence has a direction."""
    vectors = encoding.vectors
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, encoder.spec.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_tags_are_probabilities_of_the_vocabulary_or_absent(encoder, encoding):
    tags = encoding.tags
    if encoder.spec.vocabulary is None:
        assert tags is None
    else:
        assert tags.dtype == np.float32
        assert tags.shape == (4, len(encoder.spec.vocabulary))
        assert ((tags >= 0) & (tags <= 1)).all()


def test_different_sounds_have_different_vectors(encoding):
    alike = encoding.vectors @ encoding.vectors.T
    assert alike[~np.eye(4, dtype=bool)].max() < 0.9999


def test_the_same_samples_give_the_same_vector(encoder, encoding):
    np.testing.assert_array_equal(encoding.vectors, encoder.encode_audio(sounds(encoder.spec)).vectors)


def test_what_else_is_in_the_batch_does_not_matter(encoder):
    """To 1e-5: alone, first among four, last among eleven."""
    waves = sounds(encoder.spec)
    together = encoder.encode_audio(np.concatenate([waves, waves[::-1], waves[:3]]))
    for row, wave in enumerate(waves):
        alone = encoder.encode_audio(wave[np.newaxis])
        np.testing.assert_allclose(together.vectors[[row, 7 - row]], alone.vectors.repeat(2, axis=0), atol=1e-5)
        if alone.tags is not None:
            np.testing.assert_allclose(together.tags[[row, 7 - row]], alone.tags.repeat(2, axis=0), atol=1e-5)


def test_no_windows_give_no_rows(encoder):
    encoding = encoder.encode_audio(np.empty((0, encoder.spec.window_samples), np.float32))
    assert encoding.vectors.shape == (0, encoder.spec.dim)
    assert encoding.vectors.dtype == np.float32
    assert encoding.tags is None or encoding.tags.shape == (0, len(encoder.spec.vocabulary))


def test_the_callers_array_is_left_alone(encoder, encoding):
    """It may even be read-only, reversed in memory, or a memory map."""
    waves = sounds(encoder.spec)
    before = waves.copy()
    waves.setflags(write=False)
    backwards = encoder.encode_audio(waves[::-1]).vectors
    np.testing.assert_array_equal(waves, before)
    np.testing.assert_allclose(backwards[::-1], encoding.vectors, atol=1e-5)


def test_a_window_of_another_length_is_refused(encoder):
    """The message says which shape is wanted."""
    wanted = encoder.spec.window_samples
    for shape in [(1, wanted - 1), (wanted,), (1, 1, wanted), (0, 0)]:
        with pytest.raises(EncoderError, match=str(wanted)):
            encoder.encode_audio(np.zeros(shape, np.float32))


def test_samples_that_are_no_float32_are_refused(encoder):
    """Integers in [-32768, 32767] would be taken for a very loud sound."""
    for dtype in (np.float64, np.int16):
        with pytest.raises(EncoderError, match="float32"):
            encoder.encode_audio(np.zeros((1, encoder.spec.window_samples), dtype))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_refused(encoder, bad):
    """The message names the window."""
    waves = np.zeros((3, encoder.spec.window_samples), np.float32)
    waves[2, 17] = bad
    with pytest.raises(EncoderError, match="window 2"):
        encoder.encode_audio(waves)


def test_an_encoder_that_cannot_read_says_so(encoder):
    if not encoder.spec.can_text:
        with pytest.raises(EncoderError, match="cannot read"):
            encoder.encode_text(["rain"])


def test_the_spec_says_what_the_vectors_are(encoder):
    spec = encoder.spec
    assert spec.window_samples >= spec.hop_samples > 0
    assert len(spec.fingerprint) == 32
    assert spec.vocabulary is None or len(set(spec.vocabulary)) == len(spec.vocabulary)


def test_a_caller_in_autocast_gets_the_same_vectors(encoder, encoding):
    """A training loop may encode while its own mixed precision is on."""
    torch = pytest.importorskip("torch")
    waves = sounds(encoder.spec)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_allclose(encoder.encode_audio(waves).vectors, encoding.vectors, atol=1e-6)
