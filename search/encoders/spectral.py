"""The encoder ``spectral``: the mean spectrum and how much each band varies. Needs no weights, only numpy.

It is the baseline in every quality table, and always available: it starts as fast as numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import check_waves, fingerprint, refuse_text, unit_rows
from search.encoders.filters import kaldi_bank
from search.encoders.normalisation import Normalisation
from search.errors import EncoderError, printable
from search.model import AudioEncoding, EncoderSpec, Vectors, Waves
from search.settings import Settings

REVISION = 1
"""Increases when the same samples would give another vector."""

RATE_HZ = 32_000
WINDOW_S, HOP_S = 5.0, 2.5
FFT_SIZE = 1024
FRAME_HOP = 512
BANDS = 128
LOW_HZ, HIGH_HZ = 0.0, 15_000.0
FLOOR = 1e-5
"""Power added to every band before the logarithm: about -90 dB of a full-scale sine, below most microphones' noise."""

DIM = 2 * BANDS


class SpectralEncoder:
    """An `Encoder` of log-mel statistics; see `load`."""

    def __init__(self, spec: EncoderSpec, normalisation: Normalisation | None) -> None:
        self.spec = spec
        self._normalisation = normalisation
        self._hann = np.hanning(FFT_SIZE).astype(np.float32)
        self._bank = kaldi_bank(BANDS, FFT_SIZE, RATE_HZ, LOW_HZ, HIGH_HZ)

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        check_waves(waves, self.spec)
        # one window at a time: its spectrum fits the cache, and results do not depend on the batch
        rows = np.array([self._statistics(wave) for wave in waves], np.float32).reshape(-1, DIM)
        return AudioEncoding(unit_rows(rows) if self._normalisation is None else self._normalisation.apply(rows))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError: statistics cannot read text."""
        raise refuse_text(self.spec.name)

    def _statistics(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """(samples,) -> (DIM,): every band's mean log power, relative to the mean of all bands, then its deviation."""
        frames = np.lib.stride_tricks.sliding_window_view(wave, FFT_SIZE)[::FRAME_HOP]
        spectrum = np.fft.rfft(frames * self._hann)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        log_mel = np.log(power @ self._bank + np.float32(FLOOR))
        means = log_mel.mean(axis=0)
        # the level of a recording says little about its content: ranks better without (on training data)
        return np.concatenate([means - means.mean(), log_mel.std(axis=0)])


def load(variant: str, settings: Settings) -> SpectralEncoder:
    """The encoder ``spectral``, or ``spectral:plain``, whose statistics are not standardised.

    Raises EncoderError for another variant.
    """
    del settings  # there are no weights to find and no device to choose
    if variant not in ("", "plain"):
        raise EncoderError(f"spectral:{printable(variant)}: there are only spectral and spectral:plain")
    normalisation = None if variant else Normalisation.shipped("spectral")
    spec = EncoderSpec(
        name="spectral:plain" if variant else "spectral",
        revision=str(REVISION),
        fingerprint=fingerprint(
            {
                "family": "spectral",
                "revision": REVISION,
                "window_s": WINDOW_S,
                "hop_s": HOP_S,
                "padding": "repeat",
                "normalisation": normalisation.digest if normalisation else None,
            }
        ),
        dim=DIM,
        sample_rate_hz=RATE_HZ,
        window_s=WINDOW_S,
        hop_s=HOP_S,
        calibration=normalisation.calibration if normalisation else None,
    )
    return SpectralEncoder(spec, normalisation)
