"""A tiny data set of distinct sounds, and an encoder that reads words: for tests of the benchmark itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from search.model import AudioEncoding, EncoderSpec, Vectors, Waves

RATE_HZ = 8_000
PITCHES_HZ = {"low": 300.0, "middle": 900.0, "high": 2550.0}
BANDS = 16


def write_set(folder: Path, takes: int = 4, seconds: float = 0.6) -> Path:
    """Write ``takes`` clips of each pitch, two takes per group, and a manifest. Clip 0 is a copy of clip 1."""
    rng = np.random.default_rng(0)
    lines = ["path,label,group,text,fold"]
    for label, hertz in PITCHES_HZ.items():
        for take in range(takes):
            t = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
            wave = 0.3 * np.sin(2 * np.pi * hertz * (1 + 0.02 * take) * t) + 0.01 * rng.standard_normal(len(t))
            soundfile.write(folder / f"{label}_{take}.wav", wave, RATE_HZ)
            lines.append(f"{label}_{take}.wav,{label},{label}{take // 2},a {label} tone,{take // 2}")
    (folder / "low_0.wav").write_bytes((folder / "low_1.wav").read_bytes())
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


class ReadingEncoder:
    """Encodes the loudness of bands; for the text "a low tone" it gives the band in which a low tone is loud.

    ``windows`` counts the encoded windows. With ``deaf``, it encodes only the noise above the tones.
    """

    def __init__(self, name: str = "reading", *, deaf: bool = False) -> None:
        self.windows = 0
        self._audible = np.arange(BANDS) >= 12 if deaf else np.ones(BANDS, bool)
        self.spec = EncoderSpec(name, "1", f"{name}-1", BANDS, RATE_HZ, window_s=0.4, hop_s=0.2, can_text=True)

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        self.windows += len(waves)
        power = np.abs(np.fft.rfft(waves, axis=1))[:, 1:] ** 2
        bands = power.reshape(len(waves), BANDS, -1).sum(axis=2) * self._audible
        return AudioEncoding(unit(bands))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), BANDS))
        for row, text in enumerate(texts):
            label = text.split()[1]
            rows[row, int(PITCHES_HZ[label] / (RATE_HZ / 2) * BANDS)] = 1.0
        return unit(np.where(self._audible, rows, 0) + 1e-6)


def unit(rows: np.ndarray) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
