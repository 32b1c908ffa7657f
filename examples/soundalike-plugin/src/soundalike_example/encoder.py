"""The encoder ``bands``: how loud each of sixteen bands of the spectrum is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundalike import AudioEncoding, EncoderError, EncoderSpec, Settings, Vectors, Waves

SPEC = EncoderSpec(
    name="bands",
    revision="1",
    fingerprint="bands-1",  # identifies everything that determines a vector: change it if the formula changes
    dim=16,
    sample_rate_hz=16_000,
    window_s=1.0,
    hop_s=0.5,
)


class BandEncoder:
    """A `soundalike.Encoder`."""

    spec = SPEC

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """One vector (16,) of length 1 for each of ``waves`` (n, 16000). Raises EncoderError for another shape."""
        if waves.ndim != 2 or waves.shape[1] != SPEC.window_samples:
            raise EncoderError(f"bands takes windows of shape (n, {SPEC.window_samples}), not {waves.shape}")
        if not np.isfinite(waves).all():
            raise EncoderError("a window holds NaN or infinity")
        magnitudes = np.abs(np.fft.rfft(waves.astype(np.float64), axis=1))[:, 1:]  # (n, 8000), one for each hertz
        energies = magnitudes.reshape(len(waves), SPEC.dim, 500).sum(axis=2)
        levels = np.log1p(energies) + 1e-3  # so that silence has a vector too
        return AudioEncoding((levels / np.linalg.norm(levels, axis=1, keepdims=True)).astype(np.float32))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError: this encoder has no words."""
        raise EncoderError("bands cannot read words: search by --audio")


def load(variant: str, settings: Settings) -> BandEncoder:
    """Return the encoder. ``variant``, the part after the colon in ``bands:variant``, must be empty."""
    if variant:
        raise EncoderError(f"bands has no variant {variant!r}: say --encoder bands")
    return BandEncoder()
