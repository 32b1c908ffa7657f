"""Many short clips that are made fast, for figures about how a job behaves. How the clips sound does not matter."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
FILES_PER_FOLDER = 1_000
COPY_EVERY = 20
"""One in this many clips is a copy of the one before it."""


def write_clips(folder: Path, count: int, seed: int, *, seconds: tuple[float, float] = (0.4, 1.6)) -> None:
    """Write ``count`` WAV files (16 kHz, 16 bit) of ``seconds`` (shortest, longest); each has noise of its own colour.

    Files lie in folders of a thousand; the same seed writes the same bytes. One in twenty is a copy of another.
    """
    rng = np.random.default_rng(seed)
    previous = b""
    for number in range(count):
        if number % FILES_PER_FOLDER == 0:
            inside = folder / f"{number // FILES_PER_FOLDER:04d}"
            inside.mkdir(parents=True, exist_ok=True)
        if number % COPY_EVERY != COPY_EVERY - 1:
            previous = wav(_noise(rng, float(rng.uniform(*seconds))))
        (inside / f"{number:06d}.wav").write_bytes(previous)


def write_long_recording(path: Path, hours: float, seed: int) -> None:
    """Write a FLAC file (16 kHz, mono) of ``hours`` in bounded memory: noise with another colour every 30 s."""
    import soundfile

    rng = np.random.default_rng(seed)
    block_s = 30.0
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16", format="FLAC") as file:
        for _ in range(round(hours * 3600 / block_s)):
            file.write(_noise(rng, block_s))


def wav(samples: NDArray[np.int16]) -> bytes:
    """Return the bytes of a WAV file of 16-bit samples (n,), one channel, at `RATE_HZ`."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    chunks = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(chunks)) + chunks


def _noise(rng: np.random.Generator, seconds: float) -> NDArray[np.int16]:
    """White noise, coloured by adding or subtracting a copy of itself with a random delay."""
    white = rng.standard_normal(round(seconds * RATE_HZ), np.float32)
    reach = int(rng.integers(1, 40))
    coloured = white[reach:] + float(rng.uniform(-1, 1)) * white[:-reach]
    level = float(rng.uniform(1_000, 8_000))
    return np.clip(coloured * level, -32_768, 32_767).astype(np.int16)
