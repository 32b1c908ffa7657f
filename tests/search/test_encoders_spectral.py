"""The encoder without weights against its formula, and its limits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from search import wiring
from search.encoders.filters import kaldi_bank
from search.errors import EncoderError
from tests.search.encoder_helpers import settings, sounds

VECTORS_AT = [0, 20, 64, 127, 128, 200]
VECTORS = [
    [0.00391, 0.02466, -0.04592, 0.01519, -0.04488, -0.09259],
    [-0.07153, -0.08999, -0.01227, 0.1251, 0.08979, 0.03755],
    [-0.01609, 0.01362, -0.0489, 0.02043, -0.03781, -0.10916],
    [-0.00819, -0.04319, -0.0043, 0.09015, 0.11976, 0.07251],
]


def test_golden_values(tmp_path):
    """First computed when the constants were fitted; tolerance 1e-4. A change needs another REVISION."""
    encoder = wiring.encoder("spectral", settings(tmp_path))
    vectors = encoder.encode_audio(sounds(encoder.spec)).vectors
    np.testing.assert_allclose(vectors[:, VECTORS_AT], VECTORS, atol=1e-4)


def test_a_vector_is_the_statistics_of_the_log_mel_spectrum(tmp_path):
    """Written out in float64, frame by frame."""
    encoder = wiring.encoder("spectral:plain", settings(tmp_path))
    wave = sounds(encoder.spec)[1]
    bank = kaldi_bank(128, 1024, 32_000, 0.0, 15_000.0).astype(np.float64)
    columns = []
    for start in range(0, len(wave) - 1024 + 1, 512):
        spectrum = np.fft.rfft(wave[start : start + 1024].astype(np.float64) * np.hanning(1024))
        columns.append(np.log(np.abs(spectrum) ** 2 @ bank + 1e-5))
    log_mel = np.array(columns)
    means = log_mel.mean(axis=0)
    wanted = np.concatenate([means - means.mean(), log_mel.std(axis=0)])
    got = encoder.encode_audio(wave[np.newaxis]).vectors[0]
    np.testing.assert_allclose(got, wanted / np.linalg.norm(wanted), atol=1e-5)


def test_loudness_hardly_matters(tmp_path):
    """Half the amplitude of a sound far above the floor: the same direction."""
    encoder = wiring.encoder("spectral", settings(tmp_path))
    noise = sounds(encoder.spec)[1] + np.random.default_rng(2).normal(0, 0.05, encoder.spec.window_samples)
    loud, soft = encoder.encode_audio(np.stack([noise, noise / 2]).astype(np.float32)).vectors
    assert loud @ soft > 0.999


def test_an_unknown_variant_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="spectral:plain"):
        wiring.encoder("spectral:loud", settings(tmp_path))


def test_it_starts_without_torch():
    """A command on a machine without a model starts in the time that numpy takes."""
    script = (
        "import sys; from search import wiring; from search.settings import Settings;"
        "wiring.encoder('spectral', Settings.from_env({}));"
        "sys.exit(bool({'torch', 'torchaudio', 'transformers', 'scipy'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
