"""Mel filter banks in numpy, built once when an encoder is loaded.

There are two scales: HTK's (Kaldi: triangles are linear in mel) and Slaney's (librosa: linear in Hz, equal area).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def kaldi_bank(bands: int, fft_size: int, rate_hz: int, low_hz: float, high_hz: float) -> NDArray[np.float32]:
    """(fft_size // 2 + 1, bands) triangles as in Kaldi's ``MelBanks``: mel = 1127 ln(1 + f / 700), linear in mel.

    Kaldi ignores the bin at half the sampling rate, so the last row is zero.
    """
    low, high = _htk_mel(np.array([low_hz, high_hz])).tolist()
    edges = np.linspace(low, high, bands + 2)
    mel = _htk_mel(np.arange(fft_size // 2 + 1) * rate_hz / fft_size)
    bank = _triangles(mel, edges)
    bank[-1] = 0.0
    return bank.astype(np.float32)


def slaney_bank(bands: int, fft_size: int, rate_hz: int, low_hz: float, high_hz: float) -> NDArray[np.float32]:
    """(fft_size // 2 + 1, bands) triangles of Slaney's Auditory Toolbox (librosa's default), each of area 1 in Hz."""
    edges = _slaney_hz(np.linspace(_slaney_mel(low_hz), _slaney_mel(high_hz), bands + 2))
    bank = _triangles(np.arange(fft_size // 2 + 1) * rate_hz / fft_size, edges)
    return (bank * (2.0 / (edges[2:] - edges[:-2]))).astype(np.float32)


def even_bank(bands: int, fft_size: int, rate_hz: int, low_hz: float, high_hz: float) -> NDArray[np.float32]:
    """(fft_size // 2 + 1, bands) triangles at equal distances, each of area 1 in Hz."""
    edges = np.linspace(low_hz, high_hz, bands + 2)
    bank = _triangles(np.arange(fft_size // 2 + 1) * rate_hz / fft_size, edges)
    return (bank * (2.0 / (edges[2:] - edges[:-2]))).astype(np.float32)


def _triangles(at: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(bins, bands): triangle ``b`` rises from ``edges[b]`` to ``edges[b + 1]`` and falls to ``edges[b + 2]``."""
    rise = (at[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - at[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall))


def _htk_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(hz / 700.0)


# Slaney's scale: 3 mel per 200 Hz up to 1 kHz, then 27 mel to each factor of 6.4
_KNEE_HZ = 1000.0
_HZ_PER_MEL = 200.0 / 3.0
_KNEE_MEL = _KNEE_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _slaney_mel(hz: float) -> float:
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP) if hz >= _KNEE_HZ else hz / _HZ_PER_MEL


def _slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel >= _KNEE_MEL, _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL)), mel * _HZ_PER_MEL)
